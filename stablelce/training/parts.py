"""Data that come in parts, over and over again: each pass asks for them anew, and holds one at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from stablelce.training.blocks import ArrayBlocks, Block
from stablelce.training.survey import Coding, Part, Survey, survey

__all__ = ["PartBlocks", "Parts", "is_parts"]

Floats = npt.NDArray[np.float64]


def is_parts(X: Any, y: Any) -> bool:
    """Whether the first argument of ``fit`` gives rows in parts, with their labels.

    Raises
    ------
    TypeError
        It is an iterator, which gives one pass only.
    """
    if y is not None:
        return False
    if isinstance(X, Iterator):
        raise TypeError(
            f"X is a {type(X).__name__}, which gives its blocks once, and each pass needs them: "
            "pass a list of blocks, or a callable that returns a fresh iterator."
        )
    if isinstance(X, list | tuple):
        return bool(X) and isinstance(X[0], tuple)
    if callable(X):
        return True
    is_table = any(hasattr(X, name) for name in ("__array__", "shape", "columns", "tocsr"))
    return isinstance(X, Iterable) and not is_table and not isinstance(X, str | bytes | dict)


class Parts:
    """Parts of rows, ``(X, y)`` or ``(X, y, sample_weight)``, the same ones in each pass.

    Parameters
    ----------
    source : iterable, or callable
        Gives a fresh iterator over the parts each time: by ``iter``, or by being called.
    """

    def __init__(self, source: Any) -> None:
        self._source = source
        self._last: Any = None

    def __iter__(self) -> Iterator[Part]:
        """A fresh pass.

        Raises
        ------
        TypeError
            The source gave no iterator or the one of the last pass, or a part is no tuple of two or three.
        """
        given = self._source() if callable(self._source) else self._source
        if not isinstance(given, Iterable):
            raise TypeError(f"the callable returned {type(given).__name__}, not an iterator of blocks.")
        parts = iter(given)
        if parts is self._last:
            raise TypeError(
                "the callable returned the same iterator again: return a fresh one for each pass, as a "
                "generator function does."
            )
        self._last = parts
        for count, part in enumerate(parts):
            if not isinstance(part, tuple) or len(part) not in (2, 3):
                raise TypeError(
                    f"block {count} is a {type(part).__name__}"
                    f"{f' of {len(part)}' if isinstance(part, tuple) else ''}: give (X, y) or "
                    "(X, y, sample_weight)."
                )
            X, y, *weight = part
            yield X, y, weight[0] if weight else None

    def survey(self, *, soft: bool) -> Survey:
        """What all rows tell; it takes a pass.

        Raises
        ------
        TypeError, ValueError
            A part is not taken; the message says which, and the number of its first row.
        """
        found = Survey()
        for count, part in enumerate(self):
            try:
                found.merge(survey(part, soft=soft))
            except (TypeError, ValueError) as error:
                kind = TypeError if isinstance(error, TypeError) else ValueError
                raise kind(f"block {count}, whose row 0 is row {found.rows} of all: {error}") from None
        return found


class PartBlocks:
    """The rows of all parts as the passes take them.

    Parameters
    ----------
    parts : Parts
        The rows as they are given.
    found : Survey
        What they told.
    coding : Coding
        How they become rows of the objective.
    """

    def __init__(self, parts: Parts, found: Survey, coding: Coding) -> None:
        self._parts, self._rows, self._coding = parts, found.rows, coding
        self.features = found.features

    def __iter__(self) -> Iterator[Block]:
        """A fresh pass over all rows, in blocks of little memory.

        Raises
        ------
        ValueError
            There are not as many as in the first pass.
        """
        for rows in self.coded():
            yield from ArrayBlocks(*rows)

    def coded(self) -> Iterator[tuple[Any, Floats, Floats | None]]:
        """A fresh pass over the parts that have rows: features, targets, and weights or None.

        Raises
        ------
        ValueError
            There are not as many rows as in the first pass.
        """
        rows = 0
        for part in self._parts:
            if np.shape(part[0])[:1] == (0,):
                continue
            X, targets, weights = self._coding.rows(part)
            rows += len(targets)
            if rows > self._rows:
                break
            yield X, targets, weights
        if rows != self._rows:
            more = " or more" if rows > self._rows else ""
            raise ValueError(
                f"the blocks gave {self._rows} rows in the first pass and {rows}{more} in a later one: each "
                "pass must give the same rows."
            )
