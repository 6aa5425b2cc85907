"""The elements that the checks of arrays use."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from stablelce.conformance.checks.elements import distant, everyday_points, mixed_points
from stablelce.conformance.evaluation import Run
from stablelce.formats import FORMATS, Format
from tests.conformance.correct import subject


@pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: fmt.name)
def test_targets_of_a_subject_of_hard_ones_are_the_nearest(fmt: Format) -> None:
    soft, hard = Run(subject(), fmt, "accurate"), Run(replace(subject(), soft_targets=False), fmt, "accurate")
    for points in (everyday_points, mixed_points):
        t = fmt.array(points(hard, 200)[1])
        assert set(t.tolist()) == {0.0, 1.0}
    given, made = (fmt.array(everyday_points(run, 200)[1]).astype(float) for run in (soft, hard))
    assert (made[given != 0.5] == np.rint(given[given != 0.5])).all()


def test_every_fifth_logit_is_unusual_and_each_kind_occurs() -> None:
    fmt = FORMATS[2]
    everyday, mixed = (
        points(Run(subject(), fmt, "accurate"), 100) for points in (everyday_points, mixed_points)
    )
    same = np.delete(np.arange(100), np.s_[2::5])
    assert (everyday[0][same] == mixed[0][same]).all()
    assert len(set(mixed[0][2::5].tolist())) == 15
    assert {0.5, 0.0, 1.0} < set(fmt.array(mixed[1]).tolist())


@pytest.mark.parametrize(("steps", "found"), [(0, None), (16, None), (17, 1)])
def test_two_results_may_be_as_far_apart_as_twice_the_bound_in_either_unit(
    steps: int, found: int | None
) -> None:
    fmt = FORMATS[2]
    run = Run(subject(), fmt, "accurate")
    assert run.bound == 4
    points = everyday_points(run, 3)
    want = fmt.encodings(np.array([1, 2, np.nan], np.float32))
    got = want.copy()
    got[1] += fmt.uint.type(steps)
    got[2] |= fmt.sign_bit
    assert distant(run, "loss", points, got, want) == found
    got[2] = fmt.infinity
    assert distant(run, "loss", points, got, want) == (2 if found is None else found)
