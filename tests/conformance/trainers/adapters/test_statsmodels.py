from __future__ import annotations

import importlib.util

import pytest

from stablelce.conformance.subjects.base import AbsentSubjectError
from stablelce.conformance.trainers.adapters import resolve
from stablelce.conformance.trainers.runner import audit

PRESENT = importlib.util.find_spec("statsmodels") is not None


@pytest.mark.skipif(PRESENT, reason="it is installed")
def test_its_absence_is_one_sentence_with_the_pip_line() -> None:
    with pytest.raises(AbsentSubjectError, match="pip install statsmodels"):
        resolve("statsmodels")


@pytest.mark.skipif(not PRESENT, reason="statsmodels is not part of the test environment")
@pytest.mark.parametrize("name", ["statsmodels", "statsmodels:glm"])
def test_its_fits_are_near_the_optimum(name: str) -> None:
    found = audit(name)
    assert (found.check("optimum").digits or 0) > 8
    glm = name.endswith("glm")
    assert found.check("duplication").status == ("passed" if glm else "not applicable")
    assert found.check("soft targets").status == ("passed" if glm else "not applicable")
