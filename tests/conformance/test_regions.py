"""Every region holds what it draws, reaches its corners, and is told apart from the others."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest

from stablelce.conformance.regions import REGIONS, Region, anchors, sample
from stablelce.formats import BFLOAT16, BINARY16, BINARY32, BINARY64, FORMATS, Format, UIntArray

BY_NAME = {region.name: region for region in REGIONS}
formats = pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: fmt.name)
regions = pytest.mark.parametrize("region", REGIONS, ids=lambda region: region.name)


def draw(region: Region | str, fmt: Format, count: int = 2000) -> tuple[UIntArray, UIntArray]:
    chosen = BY_NAME[region] if isinstance(region, str) else region
    return sample(chosen, fmt, count, np.random.default_rng(5))


def values(fmt: Format, encodings: UIntArray) -> npt.NDArray[np.float64]:
    converted: npt.NDArray[np.float64] = fmt.array(encodings).astype(np.float64)
    return converted


@formats
@regions
def test_every_point_lies_in_its_region_and_is_a_finite_logit_with_a_target(
    region: Region, fmt: Format
) -> None:
    z, t = draw(region, fmt)
    assert z.dtype == t.dtype == fmt.uint
    assert np.isfinite(values(fmt, z)).all()
    assert ((values(fmt, t) >= 0) & (values(fmt, t) <= 1)).all()
    assert region.contains(fmt, z, t).all()


@formats
@regions
def test_both_signs_of_the_logit_are_drawn(region: Region, fmt: Format) -> None:
    z, _ = draw(region, fmt)
    assert 0.4 < np.signbit(values(fmt, z)).mean() < 0.6  # 9 standard deviations of 2000 fair coins


@formats
@regions
def test_a_region_has_many_points(region: Region, fmt: Format) -> None:
    z, t = draw(region, fmt)
    distinct = len({*zip(z.tolist(), t.tolist(), strict=True)})
    # The tails of bfloat16 lie within 84 < |z| < 94: 24 floats of each sign, times two targets.
    assert distinct > (90 if region.name == "tails" and fmt is BFLOAT16 else 1000)


@regions
def test_a_seed_decides_the_points(region: Region) -> None:
    first, again = draw(region, BINARY64), draw(region, BINARY64)
    other, _ = sample(region, BINARY64, 2000, np.random.default_rng(6))
    assert (first[0] == again[0]).all()
    assert (first[1] == again[1]).all()
    assert (first[0] != other).any()


@formats
@regions
def test_zeros_and_largest_integers_give_points_of_the_region(region: Region, fmt: Format) -> None:
    bounds = region.bounds(fmt)
    for corner in ((0,) * len(bounds), bounds):
        z, t = region.expand(fmt, [np.array([n], dtype=np.uint64) for n in corner])
        assert BY_NAME["encodings"].contains(fmt, z, t).all()
        assert region.contains(fmt, z, t).all()


# Regions of which more than half may lie in another one, and why.
OVERLAPS: dict[str, set[str]] = {
    # |z| <= 50 is most of what has no large logits; binary16 underflows at 18.
    "moderate": set(BY_NAME) - {"midpoints", "huge logits"},
    "middle": {"tails"},  # in binary16
    "thresholds": {"tails"},  # 24 floats of bfloat16, a third of them beside 88, 89, 93 and so on
    "near optimum": {"tiny logits"},  # sigmoid(z) is 1/2 within a few floats
    "huge logits": {"midpoints"},  # from p*log 2 to the largest
}


@formats
@regions
def test_a_predicate_rejects_most_points_of_other_regions(region: Region, fmt: Format) -> None:
    for other in REGIONS:
        if region.name != "encodings" and other is not region:
            share = region.contains(fmt, *draw(other, fmt, 200)).mean()
            assert share < 0.5 or other.name in OVERLAPS.get(region.name, set()), other.name


@pytest.mark.parametrize("name", ["tails", "huge logits"])
def test_moderate_logits_are_neither_in_the_tails_nor_huge(name: str) -> None:
    for fmt in (BFLOAT16, BINARY32, BINARY64):
        assert not BY_NAME["moderate"].contains(fmt, *draw(name, fmt)).any()


@formats
@pytest.mark.parametrize("name", sorted(set(BY_NAME) - {"encodings", "moderate", "huge logits"}))
def test_a_special_region_is_rare_among_encodings(name: str, fmt: Format) -> None:
    """What a special region is for: uniform encodings hardly ever get there."""
    rare = BY_NAME[name].contains(fmt, *draw("encodings", fmt)).mean()
    # 0 and 1 are near the optimum of every large logit: half of the encodings, with two targets of eight.
    assert rare < (0.3 if name == "near optimum" else 0.15)


@formats
def test_encodings_visit_every_eighth_of_the_range_of_exponents(fmt: Format) -> None:
    z, _ = draw("encodings", fmt)
    magnitudes = z.astype(np.uint64) & np.uint64(fmt.sign_bit - 1)
    counts, _ = np.histogram(magnitudes.astype(np.float64), bins=8, range=(0, fmt.infinity))
    assert counts.min() > 180  # 250 expected, standard deviation 15


@pytest.mark.parametrize("fmt", [BINARY16, BFLOAT16, BINARY32], ids=lambda fmt: fmt.name)
def test_encodings_reach_subnormals_in_their_share(fmt: Format) -> None:
    z, _ = draw("encodings", fmt, 50_000)
    size = np.abs(values(fmt, z))
    share = ((size > 0) & (size < 2.0**fmt.emin)).mean()
    expected = fmt.min_normal / fmt.max_finite
    assert expected / 2 < share < expected * 2


@formats
def test_tiny_logits_reach_subnormals_and_the_optimum_at_one_half(fmt: Format) -> None:
    z, t = draw("tiny logits", fmt)
    size = np.abs(values(fmt, z))
    # One binade in (emax + p - 2) holds subnormal results for each of p-1 places.
    share = (fmt.precision - 1) / -fmt.quantum
    spread = math.sqrt(share * (1 - share) / size.size)  # of the mean of that many draws
    assert (size < 2.0**fmt.emin).mean() == pytest.approx(share, abs=5 * spread)
    assert 0.4 < (values(fmt, t) == 0.5).mean() < 0.75  # 9 draws of 17


@formats
@pytest.mark.parametrize("sign", [1, -1])
def test_every_threshold_is_reached_exactly_and_from_both_sides(fmt: Format, sign: int) -> None:
    z, _ = draw("thresholds", fmt, 30_000)
    places = fmt.ordinals(z) * sign
    targets = fmt.ordinals(fmt.encodings(np.array(anchors(fmt)).astype(fmt.dtype)))
    for place, anchor in zip(targets.tolist(), anchors(fmt), strict=True):
        near = places - place
        assert {-1, 0, 1} <= {*near[np.abs(near) <= 1].tolist()}, anchor


@formats
def test_tails_span_normal_subnormal_and_vanishing_exponentials(fmt: Format) -> None:
    z, t = draw("tails", fmt)
    log2_exp = -np.abs(values(fmt, z)) / np.log(2.0)
    normal, zero = log2_exp > fmt.emin, log2_exp < fmt.quantum - 1
    subnormal = ~normal & ~zero
    assert normal.mean() > 0.04
    assert zero.mean() > 0.005
    assert subnormal.mean() > 0.4
    for hard in (0.0, 1.0):  # in either tail, of the right and of the wrong answer
        for negative in (False, True):
            assert (
                subnormal & (values(fmt, t) == hard) & (np.signbit(values(fmt, z)) == negative)
            ).sum() > 100


@formats
def test_near_optimum_draws_every_distance_of_a_few_floats(fmt: Format) -> None:
    z, t = draw("near optimum", fmt)
    with np.errstate(over="ignore"):
        y = fmt.encodings((1 / (1 + np.exp(-values(fmt, z)))).astype(fmt.dtype))
    distances = fmt.ordinals(t) - fmt.ordinals(y)
    assert {-4, -3, -2, -1, 0, 1, 2, 3, 4} <= {*distances.tolist()}
    assert 0.05 < (distances == 0).mean() < 0.35  # one of nine, and more where 0 and 1 stop the walk


@formats
def test_tiny_targets_meet_moderate_logits_and_logits_of_any_size(fmt: Format) -> None:
    z, t = draw("tiny targets", fmt)
    size = np.abs(values(fmt, z))
    assert ((size > 1) & (size < 50)).mean() > 0.4
    assert (size > 2.0 ** (fmt.emax / 2)).mean() > 0.1
    assert (values(fmt, t) < 2.0**fmt.emin).any() or fmt is BINARY64  # one in 2000 there


@formats
def test_huge_logits_reach_the_top_binade(fmt: Format) -> None:
    size = np.abs(values(fmt, draw("huge logits", fmt, 20_000)[0]))
    assert (size >= 2.0**fmt.emax).any()
    assert (size < 2.0**12).any()
