"""The strategies draw what they say, in every format, and shrink to simple points."""

from __future__ import annotations

import doctest
import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from stablelce.conformance import hard_cases, strategies
from stablelce.conformance.region_members import is_midpoint
from stablelce.conformance.regions import REGIONS, anchors
from stablelce.formats import BINARY16, BINARY64, FORMATS, Format, UIntArray

# find() runs until a point is met: more draws than a property needs, the same ones every time.
SEARCH = settings(database=None, derandomize=True, max_examples=3000)
UNSHRUNK = settings(SEARCH, phases=[Phase.generate])

BY_NAME = {region.name: region for region in REGIONS}
formats = pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: fmt.name)

Pair = tuple[Any, Any]


def encodings(fmt: Format, point: Pair) -> tuple[UIntArray, UIntArray]:
    return fmt.encodings(np.array([point[0]])), fmt.encodings(np.array([point[1]]))


def exactly(fmt: Format, scalar: Any) -> Fraction:
    return fmt.to_fraction(int(fmt.encodings(np.array([scalar]))[0]))


@pytest.mark.parametrize("name", list(BY_NAME))
@given(data=st.data(), fmt=st.sampled_from(FORMATS))
def test_a_region_draws_points_of_its_region(name: str, fmt: Format, data: st.DataObject) -> None:
    point = data.draw(strategies.region(name, fmt))
    z, t = encodings(fmt, point)
    assert BY_NAME["encodings"].contains(fmt, z, t).all()
    assert BY_NAME[name].contains(fmt, z, t).all()


@formats
@pytest.mark.parametrize("name", list(BY_NAME))
def test_a_region_shrinks_to_a_point_with_a_short_logit(name: str, fmt: Format) -> None:
    point = find(strategies.region(name, fmt), lambda _: True, settings=SEARCH)
    z, t = (exactly(fmt, part) for part in point)
    # Nothing was asked, so every integer is 0: the least size, a positive sign, the plainest target. Only
    # ends of tails and thresholds are no short numbers.
    assert z >= 0
    assert name in ("tails", "thresholds") or z.denominator.bit_length() <= fmt.precision
    assert t in (0, Fraction(1, 2), Fraction(1, 4)) or name in ("tiny targets", "near one")


LOG2 = Fraction(math.log(2))

Corner = Callable[[Format, Fraction, Fraction], bool]

REACHED: dict[str, tuple[str, Corner]] = {
    "a subnormal logit": ("tiny logits", lambda f, z, _: abs(z) < Fraction(2) ** f.emin),
    "one float from one half": ("tiny logits", lambda f, _, t: f.round(t) == f.round(Fraction(1, 2)) + 1),
    "the top quarter of encodings": ("encodings", lambda f, z, _: f.round(abs(z)) > 0.75 * f.max_finite),
    "a vanishing exponential": ("tails", lambda f, z, _: abs(z) > (1 - f.quantum) * LOG2),
    "a subnormal exponential": ("tails", lambda f, z, _: -f.emin < abs(z) / LOG2 < -f.quantum),
    "a loss midpoint, z > 0": ("midpoints", lambda f, z, t: z > 0 and is_midpoint(f, z * (1 - t))),
    "a loss midpoint, z < 0": ("midpoints", lambda f, z, t: z < 0 and is_midpoint(f, -z * t)),
    "a subnormal target": ("tiny targets", lambda f, _, t: t < Fraction(2) ** f.emin),
    "a tiny target far out": ("tiny targets", lambda _, z, t: abs(z) > 2**12 and t > 0),
    "the float below 1": ("near one", lambda f, _, t: f.round(t) == f.round(Fraction(1)) - 1),
    "the top binade": ("huge logits", lambda f, z, _: abs(z) >= Fraction(2) ** f.emax),
    "a soft target": ("moderate", lambda _, z, t: z < 0 and 0 < t < Fraction(1, 4)),
}


@pytest.mark.bulk
@formats
@pytest.mark.parametrize("corner", list(REACHED))
def test_a_region_reaches_its_corner(corner: str, fmt: Format) -> None:
    name, wanted = REACHED[corner]

    def at(point: Pair) -> bool:
        return wanted(fmt, *(exactly(fmt, part) for part in point))

    assert at(find(strategies.region(name, fmt), at, settings=UNSHRUNK))


def drawn(strategy: st.SearchStrategy[Pair], count: int) -> list[Pair]:
    """What Hypothesis draws in a run of so many examples."""
    points: list[Pair] = []

    @settings(UNSHRUNK, max_examples=count)
    @given(strategy)
    def keep(point: Pair) -> None:
        points.append(point)

    keep()
    return points


def test_nearly_all_thresholds_are_reached_on_both_sides_of_zero() -> None:
    """In a run of 600 draws; that the region holds each one exactly is shown in test_regions.py."""
    logits = np.array([float(z) for z, _ in drawn(strategies.region("thresholds", BINARY64), 600)])
    places = [sign * anchor for anchor in anchors(BINARY64) for sign in (1, -1)]
    met = [bool((np.abs(logits - place) < 1e-12 * abs(place)).any()) for place in places]
    assert sum(met) > 0.7 * len(places)  # Hypothesis repeats itself: about 280 distinct logits


@formats
def test_all_midpoints_are_exact_midpoints(fmt: Format) -> None:
    points = drawn(strategies.region("midpoints", fmt), 200)
    parts = [[exactly(fmt, part) for part in point] for point in points]
    assert len(points) >= 150
    assert all(is_midpoint(fmt, z * (1 - t) if z > 0 else -z * t) for z, t in parts)


@formats
@given(data=st.data())
def test_pairs_are_scalars_of_the_format_with_finite_logits_and_targets(
    fmt: Format, data: st.DataObject
) -> None:
    z, t = data.draw(strategies.pairs(fmt.dtype_name))
    assert isinstance(z, np.generic)
    assert z.dtype == t.dtype == fmt.dtype
    assert np.isfinite(z.astype(np.float64))
    assert 0 <= t <= 1


@pytest.mark.parametrize("name", list(BY_NAME))
def test_pairs_reach_each_region(name: str) -> None:
    def inside(point: Pair) -> bool:
        z, t = encodings(BINARY64, point)
        return bool(BY_NAME[name].contains(BINARY64, z, t).all() and abs(point[0]) > 0)

    assert inside(find(strategies.pairs("float64"), inside, settings=UNSHRUNK))


@formats
def test_pairs_reach_the_hard_cases_negative_zero_included(fmt: Format) -> None:
    z, t, _ = hard_cases.points(fmt)
    known = {*zip(z.tolist(), t.tolist(), strict=True)}

    def negative_zero(point: Pair) -> bool:
        return bool(point[0] == 0 and np.signbit(point[0]))

    for strategy in (strategies.pairs(fmt), strategies.hard_pairs(fmt)):
        point = find(strategy, negative_zero, settings=UNSHRUNK)
        logit, target = encodings(fmt, point)
        assert (int(logit[0]), int(target[0])) in known


@given(z=strategies.logits("float32"), t=strategies.targets("bfloat16"))
def test_logits_and_targets_stand_alone(z: Any, t: Any) -> None:
    assert z.dtype == np.float32
    assert np.isfinite(z)
    assert t.dtype.name == "bfloat16"
    assert 0 <= t <= 1


@formats
@pytest.mark.parametrize(
    "wanted",
    [
        np.isnan,
        lambda z: z > 0 and np.isinf(z),
        lambda z: z < 0 and np.isinf(z),
        lambda z: z == 0 and np.signbit(z),
        lambda z: z == 0 and not np.signbit(z),
    ],
    ids=["nan", "inf", "-inf", "-0", "+0"],
)
def test_each_special_logit_is_reached(fmt: Format, wanted: Callable[[Any], bool]) -> None:
    found = find(strategies.special_logits(fmt), wanted, settings=SEARCH)
    assert found.dtype == fmt.dtype
    assert wanted(found)


@formats
@given(data=st.data(), size=st.integers(0, 9))
def test_arrays_of_pairs_have_one_length_and_the_format(fmt: Format, data: st.DataObject, size: int) -> None:
    z, t = data.draw(strategies.arrays_of_pairs(fmt, max_size=size))
    assert z.shape == t.shape == (z.size,)
    assert z.size <= size
    assert z.dtype == t.dtype == fmt.dtype
    assert BY_NAME["encodings"].contains(fmt, fmt.encodings(z), fmt.encodings(t)).all()


@pytest.mark.parametrize("size", [0, 1, 7])
def test_arrays_of_pairs_reach_each_length(size: int) -> None:
    def long(columns: tuple[npt.NDArray[Any], npt.NDArray[Any]]) -> bool:
        return columns[0].size == size

    assert long(find(strategies.arrays_of_pairs("float16", max_size=7), long, settings=UNSHRUNK))


def test_a_failing_gradient_shrinks_to_the_least_logit_that_shows_it() -> None:
    """The textbook sigmoid(z) - 1 is 0 from 37 on, though the exact value is -exp(-37)."""

    def is_zero(point: Pair) -> bool:
        return bool(point[1] == 1 and 1 / (1 + np.exp(-point[0])) - 1 == 0)

    z, t = find(strategies.region("middle", "float64"), is_zero, settings=SEARCH)
    assert t == 1
    assert 36.5 < z < 37.5


@pytest.mark.parametrize("name", ["edge", "", "Tails"])
def test_an_unknown_region_is_named_with_those_there_are(name: str) -> None:
    with pytest.raises(ValueError, match=f"unknown region '{name}': use one of encodings, moderate, "):
        strategies.region(name, "float32")


@pytest.mark.parametrize(
    "make",
    [
        strategies.pairs,
        strategies.logits,
        strategies.targets,
        strategies.hard_pairs,
        strategies.special_logits,
        strategies.arrays_of_pairs,
        lambda fmt: strategies.region("tails", fmt),
    ],
)
def test_an_unknown_format_is_refused_at_once(make: Callable[[str], object]) -> None:
    with pytest.raises(ValueError, match="unknown format 'float8'"):
        make("float8")


def test_a_format_goes_by_each_of_its_names() -> None:
    for name in (BINARY16, "binary16", "float16"):
        z = find(strategies.logits(name), lambda _: True, settings=SEARCH)
        assert z.dtype == np.float16


def test_the_examples_in_the_docstrings_run() -> None:
    results = doctest.testmod(strategies)
    assert results.failed == 0
    assert results.attempted >= 10
