"""Dask arrays: each pass runs on the workers, over their chunks, and a few numbers per feature come back.

A worker maps a chunk of rows to a small state, and states merge in a tree. All sums in them are of integers,
so neither the chunks nor the workers show in the result; and a state is a pure function of a chunk, so what
is lost with a worker is computed again elsewhere. This is the one module here that loads dask.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from stablelce.training.lipschitz import Squares
from stablelce.training.passes import State, differentiate
from stablelce.training.point import Point
from stablelce.training.problem import Problem
from stablelce.training.scales import Scales, measure
from stablelce.training.survey import Coding, Part, Survey, survey

__all__ = ["Chunks", "DaskProblem", "is_dask"]

Doubles = npt.NDArray[np.float64]

FAN_IN = 8
"""States that are merged at once: a tree of them is flat, and no worker waits for all the others."""


def is_dask(X: Any) -> bool:
    """Whether it is one of dask's collections."""
    return hasattr(X, "__dask_graph__")


class Chunks:
    """The chunks of rows of dask arrays, and passes over them.

    Parameters
    ----------
    X : dask.array.Array, shape (n, features)
        Features; chunks of columns are put together.
    y : dask.array.Array or array_like, shape (n,)
        Labels or targets.
    weight : dask.array.Array or array_like, shape (n,), optional
        Sample weights.

    Raises
    ------
    TypeError
        X is a dask collection of another kind.
    ValueError
        The shapes do not fit together, or y is missing.
    """

    def __init__(self, X: Any, y: Any, weight: Any) -> None:
        from dask import array
        from dask.delayed import delayed

        if not isinstance(X, array.Array):
            raise TypeError(f"X is a dask {type(X).__name__}: pass X.to_dask_array(lengths=True).")
        if y is None:
            raise ValueError("X is a dask array, and there are no labels or targets: pass them as well.")
        if X.ndim != 2:
            raise ValueError(f"X must have two dimensions, rows and features: got the shape {X.shape}.")
        rows: Any = X  # published without types
        if np.isnan(rows.shape[0]):
            rows = rows.compute_chunk_sizes()
        rows = rows.rechunk({1: -1})
        columns = [rows.to_delayed().ravel()]
        for name, column in (("y", y), ("sample_weight", weight)):
            if column is None:
                columns.append([None] * rows.numblocks[0])
                continue
            columns.append(_aligned(column, name, rows).to_delayed())
        self._delayed = delayed
        self._parts = list(zip(*columns, strict=True))
        self._first = np.cumsum([0, *rows.chunks[0]])[:-1].tolist()

    def gather(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Merge what a function gives for each part, the number of its first row, and the arguments."""
        run, merge = self._delayed(_call, pure=False), self._delayed(_merged, pure=False)
        # One object in the graph, not a copy for every part: with many features these are large.
        call = self._delayed(_Call(function, arguments), pure=False)
        found = [run(call, part, first) for part, first in zip(self._parts, self._first, strict=True)]
        while len(found) > 1:
            found = [merge(found[i : i + FAN_IN]) for i in range(0, len(found), FAN_IN)]
        return found[0].compute()

    def fetched(self) -> Iterator[Part]:
        """The chunks of rows themselves, one after the other, for what must be done on this machine."""
        from dask.base import compute

        get: Any = compute  # published without types
        for part in self._parts:
            yield get(*part)

    def survey(self, *, soft: bool) -> Survey:
        """What all rows tell; it takes a pass."""
        found: Survey = self.gather(_survey, soft)
        return found


class DaskProblem(Problem):
    """The objective over chunks on workers.

    Parameters
    ----------
    chunks : Chunks
        The data.
    found : Survey
        What they told.
    coding : Coding
        How they become rows of the objective.
    l2, fit_intercept
        As in :class:`~stablelce.training.problem.Problem`.
    """

    def __init__(
        self, chunks: Chunks, found: Survey, coding: Coding, *, l2: float, fit_intercept: bool
    ) -> None:
        self._chunks, self._coding, self.features = chunks, coding, found.features
        self._prepare(l2=l2, fit_intercept=fit_intercept)

    def _measured(self) -> Scales:
        scales: Scales = self._chunks.gather(_measure, self._coding, self.features)
        return scales

    def _squares(self) -> Squares:
        squares: Squares = self._chunks.gather(_square, self._coding, self.scales)
        return squares

    def _state(self, coef: Doubles, slices: int) -> State:
        state: State = self._chunks.gather(
            _differentiate, self._coding, self.scales, coef, self.fit_intercept, slices
        )
        return state


def _aligned(column: Any, name: str, X: Any) -> Any:
    """One value per row, in the chunks of the rows."""
    from dask import array

    if isinstance(column, np.ma.MaskedArray):
        raise TypeError(
            f"{name} is a masked array: pass its data, without the rows that hold masked elements."
        )
    make: Any = array.from_array  # published without types
    given: Any = column if isinstance(column, array.Array) else make(np.asarray(column))
    if given.ndim == 1 and np.isnan(given.shape[0]):
        given = given.compute_chunk_sizes()
    if given.shape != X.shape[:1]:
        raise ValueError(f"{name} must have one element for each row of X: got {given.shape} for {X.shape}.")
    return given.rechunk((X.chunks[0],))


# -- on the workers ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Call:
    """What is done with every part."""

    function: Callable[..., Any]
    arguments: tuple[Any, ...]


def _call(call: _Call, part: Part, first: int) -> Any:
    return call.function(part, first, *call.arguments)


def _merged(found: list[Any]) -> Any:
    first = deepcopy(found[0])  # a worker may be asked for it again
    for other in found[1:]:
        first.merge(other)
    return first


def _survey(part: Part, first: int, soft: bool) -> Survey:
    try:
        return survey(part, soft=soft)
    except (TypeError, ValueError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(f"the chunk whose row 0 is row {first} of all: {error}") from None


def _measure(part: Part, first: int, coding: Coding, features: int) -> Scales:
    scales = Scales.of_nothing(features)
    for block in coding.blocks(part):
        scales.merge(measure(block, first + scales.rows))
    return scales


def _square(part: Part, _first: int, coding: Coding, scales: Scales) -> Squares:
    squares = Squares(scales)
    for block in coding.blocks(part):
        squares.add(block)
    return squares


def _differentiate(
    part: Part, _first: int, coding: Coding, scales: Scales, coef: Doubles, fit_intercept: bool, slices: int
) -> State:
    state = State.of_nothing(Point.at(coef, scales, fit_intercept=fit_intercept), slices)
    for block in coding.blocks(part):
        state.merge(differentiate(block, scales, coef, fit_intercept=fit_intercept, slices=slices))
    return state
