from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from stablelce.conformance.subjects.base import QUANTITIES
from stablelce.formats import FORMATS, Format
from tests.conformance.correct import fault, function, moved, offering, small_audit


@pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: fmt.name)
def test_hard_targets_of_16_bit_formats_are_exhausted_and_all_else_is_sampled(fmt: Format) -> None:
    judged = offering({name: function(name) for name in ("loss", "hessian")})
    result = small_audit(judged, formats=[fmt.dtype_name])
    coverage = {(a.quantity, a.targets): a.coverage for a in result.accuracy}
    whole = "exhaustive" if fmt.width == 16 else "sampled"
    assert coverage == {("loss", "hard"): whole, ("loss", "soft"): "sampled", ("hessian", "none"): whole}


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_the_largest_error_is_that_of_the_worst_input(quantity: str) -> None:
    judged = offering({quantity: fault(quantity, moved(3)).functions[quantity]})
    for measured in small_audit(judged, formats=["float32"]).accuracy:
        assert measured.worst is not None
        assert measured.worst.error == measured.largest_error >= 2
        assert measured.profile == ("accurate" if measured.largest_error <= 4 else "stable")
        assert measured.correctly_rounded < measured.points


def test_zeros_where_the_exact_value_is_normal_are_counted() -> None:
    def change(r: Any, z: Any, _t: Any) -> Any:
        return np.where(z > 2, 0, r).astype(r.dtype)

    judged = offering({"sigmoid": fault("sigmoid", change).functions["sigmoid"]})
    (measured,) = small_audit(judged, formats=["float32"]).accuracy
    assert 0 < measured.zeros < measured.points
    assert measured.profile is None


def test_a_curve_is_drawn_for_hard_targets_where_the_plan_has_one() -> None:
    result = small_audit(offering({"loss": function("loss")}), formats=["float32"], curve=1)
    assert {a.targets: bool(a.curve) for a in result.accuracy} == {"hard": True, "soft": False}
