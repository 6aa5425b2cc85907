from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from stablelce.conformance import hard_cases
from stablelce.conformance.evaluation import Run
from stablelce.conformance.points import TIERS, budget, region_points
from stablelce.conformance.regions import REGIONS
from stablelce.formats import BINARY32, FORMATS, Format
from tests.conformance.correct import subject


def drawn(run: Run, quantity: str, names: tuple[str, ...] = (), seed: int = 0) -> list[bytes]:
    return [z.tobytes() + t.tobytes() for z, t in region_points(run, quantity, names, 5, seed)]


RUN = Run(subject(), BINARY32, "accurate")


def test_a_higher_tier_takes_more_points() -> None:
    plans = [budget(tier) for tier in TIERS]
    for less, more in pairwise(plans):
        assert less.accuracy < more.accuracy
        assert less.relations < more.relations
        assert less.curve < more.curve


def test_an_unknown_tier_is_named() -> None:
    with pytest.raises(ValueError, match="unknown tier 'quick': use one of smoke, standard, deep"):
        budget("quick")  # type: ignore[arg-type]  # the mistake


@pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: fmt.name)
def test_no_names_mean_the_hard_cases_and_every_region(fmt: Format) -> None:
    first, *rest = region_points(Run(subject(), fmt, "accurate"), "loss", (), 5, 0)
    assert first[0].tobytes() == hard_cases.points(fmt)[0].tobytes()
    hardest, *_ = hard_cases.hard_to_round("loss", fmt)
    if hardest.size:
        assert rest.pop(0)[0].tolist() == hardest[:5].tolist()
    assert [(z.shape, t.shape) for z, t in rest] == [((5,), (5,))] * len(REGIONS)


def test_named_regions_are_drawn_alone() -> None:
    both = drawn(RUN, "loss", ("tails", "middle"))
    assert len(both) == 2
    assert set(both) < set(drawn(RUN, "loss"))
    assert drawn(RUN, "loss", ("tails",))[0] in both
    assert len(drawn(RUN, "loss", ("hard cases",))) == 2  # those with names, and those hard to round


def test_functions_of_the_logit_alone_skip_regions_that_differ_in_targets() -> None:
    assert len(drawn(RUN, "sigmoid")) == len(drawn(RUN, "hessian")) == len(drawn(RUN, "loss")) - 4


def test_points_follow_from_the_seed() -> None:
    assert drawn(RUN, "loss", seed=3) == drawn(RUN, "loss", seed=3)
    assert drawn(RUN, "loss", seed=3)[1:] != drawn(RUN, "loss", seed=4)[1:]


def test_without_soft_targets_all_targets_are_hard() -> None:
    run = Run(subject(soft_targets=False), BINARY32, "accurate")
    for (z, t), (same, soft) in zip(
        region_points(run, "loss", (), 50, 0), region_points(RUN, "loss", (), 50, 0), strict=True
    ):
        assert set(BINARY32.array(t).tolist()) <= {0.0, 1.0}
        assert np.array_equal(z, same)
        assert np.array_equal(BINARY32.array(t) == 1, BINARY32.array(soft) > 0.5)
