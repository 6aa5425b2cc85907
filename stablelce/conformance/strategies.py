"""Hypothesis strategies: logits and targets on which implementations break, for anyone's tests.

Built on the integer maps of regions.py, so that what Hypothesis draws and what an audit samples are the
same sets, and shrinking moves to the simplest point of a region.

Examples
--------
>>> import numpy as np
>>> from hypothesis import given
>>> from stablelce.conformance.strategies import pairs
>>> @given(pairs("float32"))
... def test_my_loss_is_not_negative(point):
...     z, t = point
...     assert t * np.logaddexp(0, -z) + (1 - t) * np.logaddexp(0, z) >= 0
>>> test_my_loss_is_not_negative()
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st

from stablelce.conformance import hard_cases
from stablelce.conformance.regions import REGIONS
from stablelce.formats import Format, find_format

__all__ = ["arrays_of_pairs", "hard_pairs", "logits", "pairs", "region", "special_logits", "targets"]

Pair = tuple[Any, Any]
"""A logit and a target, NumPy scalars of one dtype."""


def region(name: str, fmt: Format | str) -> st.SearchStrategy[Pair]:
    """Points (z, t) of one region, as NumPy scalars of the format.

    Parameters
    ----------
    name : str
        Name of a region in `stablelce.conformance.regions.REGIONS`.
    fmt : Format or str
        The format, its name, or the name of its dtype.

    Raises
    ------
    ValueError
        No region or format goes by that name.

    Examples
    --------
    >>> from hypothesis import find
    >>> z, t = find(region("near optimum", "float64"), lambda point: True)
    >>> float(z), float(t)
    (0.0, 0.5)
    """
    chosen = next((each for each in REGIONS if each.name == name), None)
    if chosen is None:
        known = ", ".join(each.name for each in REGIONS)
        raise ValueError(f"unknown region {name!r}: use one of {known}.")
    found, expand = find_format(fmt), chosen.expand

    def point(integers: tuple[int, ...]) -> Pair:
        z, t = expand(found, [np.array([n], dtype=np.uint64) for n in integers])
        return found.array(z)[0], found.array(t)[0]

    return st.tuples(*(st.integers(0, bound) for bound in chosen.bounds(found))).map(point)


def hard_pairs(fmt: Format | str) -> st.SearchStrategy[Pair]:
    """The named hard cases, as NumPy scalars of the format; -0 is among the logits.

    Parameters
    ----------
    fmt : Format or str
        The format, its name, or the name of its dtype.
    """
    found = find_format(fmt)
    z, t, _ = hard_cases.points(found)
    return st.sampled_from(list(zip(found.array(z), found.array(t), strict=True)))


def pairs(fmt: Format | str) -> st.SearchStrategy[Pair]:
    """Points (z, t) of any region, or hard cases: finite logits, targets in [0, 1].

    Parameters
    ----------
    fmt : Format or str
        The format, its name, or the name of its dtype.
    """
    return st.one_of(hard_pairs(fmt), *(region(each.name, fmt) for each in REGIONS))


def logits(fmt: Format | str) -> st.SearchStrategy[Any]:
    """Finite logits of any region, as NumPy scalars: for functions of z alone.

    Parameters
    ----------
    fmt : Format or str
        The format, its name, or the name of its dtype.

    Examples
    --------
    >>> from hypothesis import find
    >>> z = find(logits("float16"), lambda z: z > 11)
    >>> bool(np.isfinite(z)), z.dtype.name
    (True, 'float16')
    """
    return pairs(fmt).map(lambda point: point[0])


def targets(fmt: Format | str) -> st.SearchStrategy[Any]:
    """Targets in [0, 1], as NumPy scalars: 0, 1, one half, tiny, next to 1, spread between.

    Parameters
    ----------
    fmt : Format or str
        The format, its name, or the name of its dtype.
    """
    return pairs(fmt).map(lambda point: point[1])


def special_logits(fmt: Format | str) -> st.SearchStrategy[Any]:
    """Both zeros, both infinities and NaN, as NumPy scalars.

    Parameters
    ----------
    fmt : Format or str
        The format, its name, or the name of its dtype.
    """
    found = find_format(fmt)
    sign = found.sign_bit
    encodings = [0, sign, found.infinity, found.infinity | sign, found.nan]
    return st.sampled_from(list(found.array(encodings)))


def arrays_of_pairs(
    fmt: Format | str, max_size: int = 64
) -> st.SearchStrategy[tuple[npt.NDArray[Any], npt.NDArray[Any]]]:
    """One-dimensional arrays of logits and of targets, of one length from 0 to ``max_size``.

    Parameters
    ----------
    fmt : Format or str
        The format, its name, or the name of its dtype.
    max_size : int
        The largest length.

    Examples
    --------
    >>> from hypothesis import find
    >>> z, t = find(arrays_of_pairs("float32", max_size=8), lambda columns: columns[0].size == 3)
    >>> z.shape, t.shape
    ((3,), (3,))
    """
    dtype = find_format(fmt).dtype

    def columns(points: list[Pair]) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        return np.array([p[0] for p in points], dtype=dtype), np.array([p[1] for p in points], dtype=dtype)

    return st.lists(pairs(fmt), max_size=max_size).map(columns)
