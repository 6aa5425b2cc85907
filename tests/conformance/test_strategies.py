"""The strategies draw what they say, for every format, and shrink to simple points."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st

from stablelce.conformance import strategies
from stablelce.conformance.regions import REGIONS
from stablelce.formats import BINARY64, FORMATS, Format

QUIET = settings(database=None, derandomize=True, max_examples=2000)


@pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: fmt.name)
@pytest.mark.parametrize("name", [region.name for region in REGIONS])
@given(data=st.data())
def test_a_region_draws_points_of_its_region(name: str, fmt: Format, data: st.DataObject) -> None:
    z, t = data.draw(strategies.region(name, fmt))
    assert z.dtype == fmt.dtype
    assert t.dtype == fmt.dtype
    region = next(each for each in REGIONS if each.name == name)
    assert region.contains(fmt, fmt.encodings(np.array([z])), fmt.encodings(np.array([t]))).all()


@pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: fmt.name)
@given(data=st.data())
def test_pairs_are_finite_logits_with_targets_between_0_and_1(fmt: Format, data: st.DataObject) -> None:
    z, t = data.draw(strategies.pairs(fmt))
    assert np.isfinite(z.astype(np.float64))
    assert 0 <= t <= 1


@pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: fmt.name)
def test_pairs_reach_subnormal_logits_soft_targets_and_both_tails(fmt: Format) -> None:
    smallest_normal = 2.0**fmt.emin
    find(strategies.pairs(fmt), lambda p: 0 < abs(float(p[0])) < smallest_normal, settings=QUIET)
    find(strategies.pairs(fmt), lambda p: 0 < float(p[1]) < 2.0**-fmt.precision, settings=QUIET)
    tail = -fmt.emin * 0.6931
    low, _ = find(strategies.pairs(fmt), lambda p: float(p[0]) < -tail and p[1] == 0, settings=QUIET)
    high, _ = find(strategies.pairs(fmt), lambda p: float(p[0]) > tail and p[1] == 1, settings=QUIET)
    assert float(low) < 0 < float(high)


@given(z=strategies.logits("float32"), t=strategies.targets("bfloat16"))
def test_logits_and_targets_stand_alone(z: Any, t: Any) -> None:
    assert z.dtype == np.float32
    assert np.isfinite(z)
    assert 0 <= t <= 1


def test_special_logits_are_all_reached() -> None:
    drawn = strategies.special_logits(BINARY64)
    for wanted in (np.isnan, np.isposinf, np.isneginf, np.signbit):
        found = find(drawn, lambda z, wanted=wanted: bool(wanted(z)), settings=QUIET)  # type: ignore[misc]
        assert wanted(found)


@given(strategies.arrays_of_pairs("float16", max_size=5))
def test_arrays_of_pairs_have_one_length(columns: tuple[npt.NDArray[Any], npt.NDArray[Any]]) -> None:
    z, t = columns
    assert z.shape == t.shape
    assert z.size <= 5
    assert z.dtype == np.float16


def test_a_failure_of_a_naive_gradient_shrinks_to_a_point_of_its_region() -> None:
    z, t = find(
        strategies.region("middle", "float64"),
        lambda p: bool(p[1] == 1 and 1 / (1 + np.exp(-p[0])) == 1),
        settings=QUIET,
    )
    assert t == 1
    assert 36 < z <= 40


def test_an_unknown_region_is_named_with_those_there_are() -> None:
    with pytest.raises(ValueError, match="unknown region 'edge': use one of encodings, moderate"):
        strategies.region("edge", "float32")
