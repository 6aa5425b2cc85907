from __future__ import annotations

import numpy as np
import pytest
import scipy.special

from stablelce.conformance.subjects import resolve
from tests.conformance.subjects.adapters import AdapterTests

SUBJECT = resolve("scipy")


class TestSciPy(AdapterTests):
    subject = SUBJECT


def test_float16_is_not_offered_because_scipy_widens_it() -> None:
    assert scipy.special.expit(np.zeros(1, np.float16)).dtype != np.float16  # float64, or float32 since 1.18
    assert SUBJECT.formats == ("float32", "float64")


def test_softplus_is_offered_where_scipy_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scipy.special, "softplus", abs, raising=False)
    assert resolve("scipy").functions["softplus"] is abs
    monkeypatch.delattr(scipy.special, "softplus")
    assert "softplus" not in resolve("scipy").functions


def test_a_fault_of_the_composition_is_not_repaired() -> None:
    # 0 * -inf: the composed loss has no value at an infinite logit, and the adapter must not supply one.
    with np.errstate(invalid="ignore"):
        assert np.isnan(SUBJECT.functions["loss"](np.array([np.inf]), np.array([1.0])))
