"""Regions reach what they claim, in bulk and through Hypothesis, and their predicates tell them apart."""

from __future__ import annotations

import math

import numpy as np
import pytest

from stablelce.conformance.regions import REGIONS, Region, anchors, sample
from stablelce.formats import FORMATS, Format, UIntArray

BY_NAME = {region.name: region for region in REGIONS}
formats = pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: fmt.name)
regions = pytest.mark.parametrize("region", REGIONS, ids=lambda region: region.name)


def _draw(region: Region, fmt: Format, count: int = 4000) -> tuple[UIntArray, UIntArray]:
    return sample(region, fmt, count, np.random.default_rng(5))


def _values(fmt: Format, encodings: UIntArray) -> np.ndarray:
    return fmt.array(encodings).astype(np.float64)


@formats
@regions
def test_every_point_is_a_finite_logit_and_a_target_in_its_region(region: Region, fmt: Format) -> None:
    z, t = _draw(region, fmt)
    assert np.isfinite(_values(fmt, z)).all()
    assert ((_values(fmt, t) >= 0) & (_values(fmt, t) <= 1)).all()
    assert region.contains(fmt, z, t).all()


@formats
@regions
def test_both_signs_of_the_logit_are_drawn(region: Region, fmt: Format) -> None:
    z, _ = _draw(region, fmt)
    assert 0.3 < (_values(fmt, z) < 0).mean() < 0.7


@formats
@pytest.mark.parametrize(
    "name", ["middle", "thresholds", "tails", "near optimum", "tiny targets", "near one"]
)
def test_a_predicate_rejects_most_points_drawn_uniformly_over_encodings(name: str, fmt: Format) -> None:
    # binary16 and bfloat16 have few values: a third of the encodings lie near some threshold.
    z, t = _draw(BY_NAME["encodings"], fmt)
    assert BY_NAME[name].contains(fmt, z, t).mean() < 0.6


@formats
def test_integers_of_zero_give_the_simplest_point(fmt: Format) -> None:
    for region in REGIONS:
        z, t = region.expand(fmt, [np.zeros(1, dtype=np.uint64) for _ in region.bounds(fmt)])
        assert np.isfinite(_values(fmt, z)).all()
        assert ((_values(fmt, t) >= 0) & (_values(fmt, t) <= 1)).all()


@formats
def test_encodings_reach_subnormals_and_the_top_binade(fmt: Format) -> None:
    z, _ = _draw(BY_NAME["encodings"], fmt, 40_000)
    size = np.abs(_values(fmt, z))
    assert size.max() > 2.0 ** (fmt.emax - 1)
    if fmt.width == 16:  # one encoding in 30 to 250 is subnormal; one in 250 to 2000 in the long formats
        assert ((size > 0) & (size < 2.0**fmt.emin)).sum() > 20
    assert (size < 1e-3).mean() > 0.2


@formats
def test_tails_span_the_normal_and_the_subnormal_results(fmt: Format) -> None:
    z, _ = _draw(BY_NAME["tails"], fmt)
    log2_exp = -np.abs(_values(fmt, z)) / math.log(2.0)
    normal, zero = log2_exp > fmt.emin, log2_exp < fmt.quantum - 1
    assert normal.any()
    assert zero.any()
    assert (~normal & ~zero).mean() > 0.3


@formats
def test_midpoints_are_midpoints_of_the_exact_part(fmt: Format) -> None:
    """|z|*w, w = 1-t or t, lies half-way between two neighbours in at least a fifth of the draws."""
    z, t = _draw(BY_NAME["midpoints"], fmt, 500)
    hits = 0
    for ze, te in zip(z.tolist(), t.tolist(), strict=True):
        logit, target = fmt.to_fraction(ze), fmt.to_fraction(te)
        part = abs(logit) * (1 - target if logit > 0 else target)
        below = fmt.round(part, -1)
        hits += part != fmt.to_fraction(fmt.round(part)) and fmt.round(part, 1) != below
    assert hits >= 100


@formats
def test_thresholds_visit_every_anchor(fmt: Format) -> None:
    z, _ = _draw(BY_NAME["thresholds"], fmt, 20_000)
    size = np.abs(_values(fmt, z))
    spacing = 2.0 ** (1 - fmt.precision)
    for anchor in anchors(fmt):
        assert (np.abs(size - anchor) <= 40 * spacing * anchor).any(), anchor


@formats
def test_anchors_are_where_a_term_is_absorbed_or_underflows(fmt: Format) -> None:
    points = anchors(fmt)
    for exact in (
        fmt.precision * math.log(2.0),
        -fmt.emin * math.log(2.0),
        (1 - fmt.quantum) * math.log(2.0),
    ):
        assert exact in points


def test_the_same_seed_gives_the_same_points() -> None:
    first, second = (sample(REGIONS[0], FORMATS[3], 50, np.random.default_rng(9)) for _ in range(2))
    assert (first[0] == second[0]).all()
    assert (first[1] == second[1]).all()
