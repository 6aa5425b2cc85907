"""Hypothesis strategies: logits and targets on which implementations break, for anyone's tests.

    @given(pairs("float32"))
    def test_my_loss(point):
        z, t = point

Built on the integer maps of regions.py, so that what Hypothesis draws and what an audit samples are the
same sets, and shrinking moves to the simplest point of a region.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st

from stablelce.conformance import hard_cases
from stablelce.conformance.regions import REGIONS, Region
from stablelce.formats import Format, find_format

__all__ = ["arrays_of_pairs", "hard_pairs", "logits", "pairs", "region", "special_logits", "targets"]


def region(name: str, fmt: Format | str) -> st.SearchStrategy[tuple[Any, Any]]:
    """Points (z, t) of one region, as NumPy scalars of the format.

    Parameters
    ----------
    name : str
        Name of a region in `stablelce.conformance.regions.REGIONS`.
    fmt : Format or str
        The format, or the name of its dtype.

    Raises
    ------
    ValueError
        No region or format goes by that name.
    """
    known = {each.name: each for each in REGIONS}
    if name not in known:
        raise ValueError(f"unknown region {name!r}: use one of {', '.join(known)}.")
    return _points(known[name], find_format(fmt))


def _points(which: Region, fmt: Format) -> st.SearchStrategy[tuple[Any, Any]]:
    draws = st.tuples(*(st.integers(0, bound) for bound in which.bounds(fmt)))

    def point(integers: tuple[int, ...]) -> tuple[Any, Any]:
        z, t = which.expand(fmt, [np.array([n], dtype=np.uint64) for n in integers])
        return fmt.array(z)[0], fmt.array(t)[0]

    return draws.map(point)


def hard_pairs(fmt: Format | str) -> st.SearchStrategy[tuple[Any, Any]]:
    """The named hard cases, as NumPy scalars of the format."""
    found = find_format(fmt)
    z, t, _ = hard_cases.points(found)
    return st.sampled_from(list(zip(found.array(z), found.array(t), strict=True)))


def pairs(fmt: Format | str) -> st.SearchStrategy[tuple[Any, Any]]:
    """Points (z, t) of any region, or hard cases: finite logits, targets in [0, 1]."""
    return st.one_of(hard_pairs(fmt), *(region(each.name, fmt) for each in REGIONS))


def logits(fmt: Format | str) -> st.SearchStrategy[Any]:
    """Finite logits of any region."""
    return pairs(fmt).map(lambda point: point[0])


def targets(fmt: Format | str) -> st.SearchStrategy[Any]:
    """Targets in [0, 1]: hard, soft, tiny, next to 1."""
    return pairs(fmt).map(lambda point: point[1])


def special_logits(fmt: Format | str) -> st.SearchStrategy[Any]:
    """Both zeros, both infinities and NaN."""
    found = find_format(fmt)
    sign = found.sign_bit
    encodings = [0, sign, found.infinity, found.infinity | sign, found.nan]
    return st.sampled_from(list(found.array(encodings)))


def arrays_of_pairs(
    fmt: Format | str, max_size: int = 64
) -> st.SearchStrategy[tuple[npt.NDArray[Any], npt.NDArray[Any]]]:
    """One-dimensional arrays of logits and of targets, of one length from 0 to ``max_size``."""
    dtype = find_format(fmt).dtype

    def columns(points: list[tuple[Any, Any]]) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        return np.array([p[0] for p in points], dtype=dtype), np.array([p[1] for p in points], dtype=dtype)

    return st.lists(pairs(fmt), max_size=max_size).map(columns)
