"""What a fit is given, checked: the objective, and the rows themselves for the solvers that pick them.

Rows come as arrays, in blocks, or as chunks of dask arrays. "newton" and "gd" pass over them; "sgd" visits
them one by one, block by block; "exact" puts them into one array, which has to fit into memory.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from stablelce.training.blocks import ArrayBlocks
from stablelce.training.dask_rows import Chunks, DaskProblem, is_dask
from stablelce.training.inputs import Features
from stablelce.training.labels import class_targets, soft_targets, two_classes, vector
from stablelce.training.parts import PartBlocks, Parts
from stablelce.training.problem import Problem
from stablelce.training.solvers.steps import Samples
from stablelce.training.sparse import SparseRows
from stablelce.training.survey import Coding
from stablelce.training.weights import row_weights, sample_weights

__all__ = ["PROVABLE", "Aims", "ArrayTask", "Given", "PassTask", "Task", "of_arrays", "of_parts"]

PROVABLE = 10**7
"""Elements of X at most that "exact" takes from blocks: the proof needs about 200 bytes for each, 2 GB."""

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]
Whole = tuple[Any, Floats, Floats | None]
"""All rows: features, targets, effective weights or None where all are 1."""


class Task(Protocol):
    """What to fit."""

    @property
    def features(self) -> int:
        """Number of features."""

    def problem(self) -> Problem:
        """The objective, ready for passes."""

    def separation(self, total_weight: float) -> float:
        """A loss that only coefficients which separate the classes reach; 0 where that cannot be told.

        One row with a margin of 0 or less has a loss of log(2) or more, and so a share of at least log(2)
        times its weight in the mean. A part in 2^20 is left for roundings.
        """

    def samples(self, total_weight: float) -> Iterator[Samples]:
        """All rows, to be picked one by one: a fresh pass over their blocks, in the order given.

        Raises
        ------
        ValueError
            The weights are so small that one over their mean is not finite.
        """

    def whole(self) -> Whole:
        """All rows at once.

        Raises
        ------
        ValueError
            There are too many, and they were given in parts.
        """


@dataclass(frozen=True, slots=True)
class Aims:
    """The parameters of the objective: the penalty, whether there is an intercept, weights of classes."""

    l2: float
    fit_intercept: bool
    class_weight: Any = None


@dataclass(frozen=True, slots=True)
class Given:
    """What a fit is given, checked.

    Attributes
    ----------
    task : Task
        What to fit.
    classes : ndarray, shape (2,)
        The labels; 0 and 1 for targets.
    names : ndarray of str objects, or None
        The names of the features, where a frame gave them.
    """

    task: Task
    classes: Array
    names: npt.NDArray[np.object_] | None


# -- rows in arrays ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ArrayTask:
    """Rows in arrays.

    Attributes
    ----------
    rows : ndarray or SparseRows
        Features.
    targets : ndarray of float64
        Targets in [0, 1].
    weights : ndarray of float64, or None
        Effective weights; None where all are 1.
    aims : Aims
        The objective's parameters.
    """

    rows: Array | SparseRows
    targets: Floats
    weights: Floats | None
    aims: Aims

    @property
    def features(self) -> int:
        return int(self.rows.shape[1])

    def problem(self) -> Problem:
        rows: Any = self.rows  # sparse ones are sliced like an array, and that is all that is asked of them
        blocks = ArrayBlocks(rows, self.targets, self.weights)
        return Problem(blocks, l2=self.aims.l2, fit_intercept=self.aims.fit_intercept)

    def samples(self, total_weight: float) -> Iterator[Samples]:
        yield _samples(self.whole(), self.aims, _inverse_mean(len(self.targets), total_weight))

    def whole(self) -> Whole:
        return self.rows, self.targets, self.weights

    def separation(self, total_weight: float) -> float:
        hard = bool(((self.targets == 0.0) | (self.targets == 1.0)).all())
        if self.aims.l2 > 0 or not hard:
            return 0.0
        least = 1.0 if self.weights is None else float(self.weights[self.weights > 0].min())
        return _separation(least, total_weight)


def of_arrays(taken: Features, y: Any, weight: Any, aims: Aims, *, soft: bool) -> Given:
    """What is given in arrays: checked features, labels or targets, and weights.

    Raises
    ------
    TypeError, ValueError
        Labels, targets or weights are not taken; the message says which, where, and what to do.
    """
    count = taken.shape[0]
    if soft:
        classes = np.array([0, 1])
        targets = soft_targets(y, count)
        weights = sample_weights(weight, count)
    else:
        labels = vector(y, "y", count)
        classes = two_classes(labels)
        targets = class_targets(labels, classes)
        weights = row_weights(targets, sample_weights(weight, count), aims.class_weight, classes)
    return Given(ArrayTask(taken.rows, targets, weights, aims), classes, taken.names)


# -- rows in parts -----------------------------------------------------------------------------


class PassTask:
    """Rows in parts, one of which is held at a time.

    Parameters
    ----------
    problem : Problem
        The objective.
    source : PartBlocks
        The rows.
    aims : Aims
        The objective's parameters.
    least_weight : float
        The least weight of a row that is not 0.
    hard : bool
        Whether every target is 0 or 1.
    """

    def __init__(
        self, problem: Problem, source: PartBlocks, aims: Aims, *, least_weight: float, hard: bool
    ) -> None:
        self._problem, self._source, self._aims = problem, source, aims
        self._least = 0.0 if aims.l2 > 0 or not hard else least_weight
        self.features = problem.features

    def problem(self) -> Problem:
        return self._problem

    def separation(self, total_weight: float) -> float:
        return _separation(self._least, total_weight)

    def samples(self, total_weight: float) -> Iterator[Samples]:
        scale = _inverse_mean(self._problem.rows, total_weight)
        return (_samples(part, self._aims, scale) for part in self._source.coded())

    def whole(self) -> Whole:
        rows, features = self._problem.rows, self.features
        if rows * features > PROVABLE:
            raise ValueError(
                f"solver='exact' proves its result with all rows in memory, 200 bytes for each element, and "
                f"takes at most {PROVABLE} elements from blocks: {rows} rows of {features} features are "
                "more. Pass one array if there is memory for the proof, or take solver='newton'."
            )
        X, t, s = np.empty((rows, features)), np.empty(rows), np.ones(rows)
        first = 0
        for found, targets, weights in self._source.coded():
            part = slice(first, first + len(targets))
            X[part], t[part] = found[:], targets
            if weights is not None:
                s[part] = weights
            first = part.stop
        return X, t, s


def of_parts(X: Any, y: Any, weight: Any, aims: Aims, *, soft: bool) -> Given:
    """What is given in blocks, or as dask arrays; it takes a pass.

    Raises
    ------
    TypeError, ValueError
        A part is not taken; the message says which, and the number of its first row.
    """
    if weight is not None and not is_dask(X):
        raise TypeError("sample_weight is given beside blocks: give blocks (X, y, sample_weight).")
    chunks = Chunks(X, y, weight) if is_dask(X) else None
    parts = Parts(X if chunks is None else chunks.fetched)
    found = (parts if chunks is None else chunks).survey(soft=soft)
    coding = Coding.of(found, aims.class_weight, soft=soft)
    source = PartBlocks(parts, found, coding)
    problem = (
        Problem(source, l2=aims.l2, fit_intercept=aims.fit_intercept)
        if chunks is None
        else DaskProblem(chunks, found, coding, l2=aims.l2, fit_intercept=aims.fit_intercept)
    )
    task = PassTask(problem, source, aims, least_weight=coding.least_weight(found), hard=found.hard)
    return Given(task, np.array([0, 1]) if coding.classes is None else coding.classes, found.names)


def _inverse_mean(rows: int, total_weight: float) -> float:
    """n/S, by which the steps of "sgd" multiply each weight."""
    scale = rows / total_weight
    if scale == math.inf:
        raise ValueError(
            f"the weights are too small for steps over single rows, {total_weight} in all: multiply all "
            "weights by a power of two, which changes no coefficient."
        )
    return scale


def _samples(part: Whole, aims: Aims, scale: float) -> Samples:
    rows, targets, weights = part
    weights = np.full(len(targets), scale) if weights is None else weights * scale
    return Samples(rows, targets, weights, aims.l2, aims.fit_intercept)


def _separation(least: float, total_weight: float) -> float:
    return least / total_weight * math.log(2.0) * (1.0 - 2.0**-20)
