"""Which weighted results are looked at, and which of the wrong ones is told."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from stablelce.conformance.checks.weights import _Call, _compare, _masked, _suspects
from stablelce.conformance.contract import Profile
from stablelce.conformance.evaluation import Run
from stablelce.formats import BINARY32, UIntArray
from tests.conformance.correct import function, moved, subject

FMT = BINARY32


def encoded(*values: float) -> UIntArray:
    return np.array([FMT.round(Fraction(value)) for value in values], dtype=FMT.uint)


def results(quantity: str, call: _Call, steps: list[int]) -> UIntArray:
    """The right results of a call, each moved by so many floats."""
    z, t = FMT.array(call.z), FMT.array(call.t)
    weights = {name: FMT.array(part) for name, part in call.weights.items()}
    right = function(quantity)(z, t, **weights)
    parts = [moved(step)(right, z, t)[i : i + 1] for i, step in enumerate(steps)]
    return FMT.encodings(np.concatenate(parts))


@pytest.mark.parametrize("steps", [[900, 90], [90, 900]])
def test_of_two_wrong_results_the_worse_one_is_told(steps: list[int]) -> None:
    call = _Call(encoded(1, 2), encoded(0, 0), {"weight": encoded(3, 3)})
    run = Run(subject(), FMT, "accurate")
    found = _compare(run, "loss", call, results("loss", call, steps), [0, 1], 2)
    assert found is not None
    assert found.point == (int(call.z[steps.index(900)]), 0)


@pytest.mark.parametrize("profile", ["correctly-rounded", "faithful"])
def test_two_floats_off_is_a_suspect_where_less_than_one_is_allowed(profile: Profile) -> None:
    call = _Call(encoded(1, 2, 3), encoded(0, 0, 0), {"weight": encoded(3, 3, 3)})
    got = results("loss", call, [0, 2, 0])
    assert list(_suspects(Run(subject(), FMT, profile), "loss", call, got)) == [1]


def test_a_tiny_target_under_pos_weight_is_no_cancelled_gradient() -> None:
    call = _Call(encoded(2), encoded(2.0**-12), {"pos_weight": encoded(3)})
    got = results("gradient", call, [90])
    assert list(_suspects(Run(subject(), FMT, "accurate"), "gradient", call, got)) == [0]


def test_where_weights_mask_every_pair_of_them_meets_every_element() -> None:
    *_, both = _masked(Run(subject(), FMT, "accurate"), ("pos_weight", "weight"))
    columns: list[Any] = [both.z, both.t, both.weights["pos_weight"], both.weights["weight"]]
    sign, largest = FMT.sign_bit, FMT.max_finite
    given = {0, FMT.infinity, largest}
    assert given | {sign | one for one in given} | {FMT.nan} < set(both.z.tolist())
    met = set(zip(*(column.tolist() for column in columns), strict=True))
    assert len(met) == len({(z, t) for z, t, _, _ in met}) * 3 * 3
    assert {w for *_, w in met} == set(encoded(0, 0.5, 1).tolist())
