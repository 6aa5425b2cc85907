"""The look at all rows before the objective is known: how many there are, of which classes, how heavy.

Data that come in parts name their classes in parts too, and a balanced class weight needs the weights of all
rows. What one part tells is a small object that merges, so the parts may be looked at by different workers.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from stablelce.certificate import class_weights, effective_weights
from stablelce.formats import BINARY64
from stablelce.sums import ExactSum
from stablelce.training.blocks import ArrayBlocks, Block
from stablelce.training.inputs import features
from stablelce.training.labels import class_targets, distinct, soft_targets, two_classes, vector
from stablelce.training.weights import sample_weights

__all__ = ["Coding", "Part", "Survey", "survey"]

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]

Part = tuple[Any, Any, Any]
"""Some rows as a user gives them: features, labels or targets, weights or None."""

SOFT = None
"""The name of the one group of rows where targets name no class."""


@dataclass
class Group:
    """The rows of one class: the sum of their weights, and the least of these that is not 0."""

    unweighted: int = 0
    weights: ExactSum = field(default_factory=lambda: ExactSum(BINARY64))
    least: float = math.inf

    def add(self, rows: int, weights: Array | None) -> None:
        """Take in rows; without weights each has the weight 1."""
        if weights is None:
            self.unweighted += rows
            self.least = min(self.least, 1.0) if rows else self.least
        else:
            self.weights.add(weights)
            self.least = min(self.least, float(weights[weights > 0].min(initial=math.inf)))

    def merge(self, other: Group) -> None:
        """Take in other rows of the class."""
        self.unweighted += other.unweighted
        self.weights.merge(other.weights)
        self.least = min(self.least, other.least)

    @property
    def total(self) -> Fraction:
        """The exact sum of the weights."""
        return self.unweighted + Fraction(self.weights.value())


@dataclass
class Survey:
    """What some rows tell; equal for equal rows in any order and cut.

    Attributes
    ----------
    rows : int
        Number of rows.
    features : int
        Number of features; -1 where no part was seen.
    names : ndarray of str objects, or None
        The names of the features, where frames gave them.
    labels : ndarray, shape (2,) or less
        The labels seen, sorted; empty for soft targets.
    groups : dict
        The weights by label, or all of them under None for soft targets.
    hard : bool
        Whether every target is 0 or 1, or a label.
    """

    rows: int = 0
    features: int = -1
    names: npt.NDArray[np.object_] | None = None
    labels: Array = field(default_factory=lambda: np.empty(0))
    groups: dict[Any, Group] = field(default_factory=dict)
    hard: bool = True

    def merge(self, other: Survey) -> None:
        """Take in other rows.

        Raises
        ------
        ValueError
            They have other features, or there are more than two labels now.
        """
        if not other.rows:
            return
        if not self.rows:
            self.features, self.names, self.labels = other.features, other.names, other.labels
        self._check_same(other)
        self.labels = distinct(np.concatenate([self.labels, other.labels]), "y")
        self.rows += other.rows
        self.hard = self.hard and other.hard
        for label, group in other.groups.items():
            self.groups.setdefault(label, Group()).merge(group)

    def _check_same(self, other: Survey) -> None:
        if self.features != other.features:
            raise ValueError(f"it has {other.features} features, and those before have {self.features}.")
        ours = None if self.names is None else self.names.tolist()
        theirs = None if other.names is None else other.names.tolist()
        if ours != theirs:
            raise ValueError(f"its features are named {theirs}, and those before {ours}: give all alike.")


def survey(part: Part, *, soft: bool) -> Survey:
    """What one part tells, or what is wrong with it.

    Parameters
    ----------
    part : tuple
        Features, labels or targets, weights or None; all as ``LogisticRegression.fit`` takes them.
    soft : bool
        Whether there are targets in place of labels.

    Raises
    ------
    TypeError, ValueError
        As ``LogisticRegression.fit`` does; rows are counted within the part.
    """
    X, y, weight = part
    if np.shape(X)[:1] == (0,):
        return Survey()
    taken = features(X)
    rows, columns = taken.shape
    found = Survey(rows, columns, taken.names)
    weights = sample_weights(weight, rows, needs_some=False)
    if soft:
        targets = soft_targets(y, rows)
        found.hard = bool(((targets == 0.0) | (targets == 1.0)).all())
        found.groups[SOFT] = Group()
        found.groups[SOFT].add(rows, weights)
        return found
    labels = vector(y, "y", rows)
    found.labels = distinct(labels, "y")
    for label in found.labels:
        mask = labels == label
        group = found.groups[label.item() if isinstance(label, np.generic) else label] = Group()
        group.add(int(np.count_nonzero(mask)), None if weights is None else weights[mask])
    return found


@dataclass(frozen=True)
class Coding:
    """How rows as they are given become rows of the objective.

    Attributes
    ----------
    classes : ndarray, shape (2,), or None
        The labels; None for soft targets.
    class_weight : dict or None
        The weight of each class, as a number.
    """

    classes: Array | None
    class_weight: dict[Any, float] | None = None

    @classmethod
    def of(cls, found: Survey, class_weight: Any, *, soft: bool) -> Coding:
        """The coding for all rows.

        Raises
        ------
        ValueError
            There are not exactly two classes, or one has no weight; or ``class_weight`` is not taken.
        """
        if not found.rows:
            raise ValueError("there are no rows in the blocks: at least one is needed.")
        if soft:
            return cls(None)
        classes = two_classes(found.labels)
        first, second = classes.tolist()
        groups = found.groups[first], found.groups[second]
        numbers = class_weights((groups[0].total, groups[1].total), class_weight, (first, second))
        for label, group, number in zip((first, second), groups, numbers, strict=True):
            if not (group.total and number):
                raise ValueError(
                    f"All rows of the class {label!r} have the weight 0, so only one class is left, and two "
                    "classes are needed."
                )
        return cls(classes, None if class_weight is None else {first: numbers[0], second: numbers[1]})

    def least_weight(self, found: Survey) -> float:
        """The least effective weight of a row that is not 0: rounding a product keeps the order."""
        scale = self.class_weight or {}
        return min(group.least * scale.get(label, 1.0) for label, group in found.groups.items())

    def rows(self, part: Part) -> tuple[Any, Floats, Floats | None]:
        """Features, targets and effective weights of a part with rows, all taken for checked."""
        X, y, weight = part
        taken = features(X, check=False)
        rows = taken.shape[0]
        weights = sample_weights(weight, rows, needs_some=False)
        if self.classes is None:
            targets = soft_targets(y, rows)
        else:
            targets = class_targets(vector(y, "y", rows), self.classes)
            first, second = self.classes.tolist()
            weights = effective_weights(targets, weights, self.class_weight, (first, second))
        return taken.rows, targets, weights

    def blocks(self, part: Part) -> Iterator[Block]:
        """The rows of a part, in blocks; they are taken for checked."""
        if np.shape(part[0])[:1] != (0,):
            yield from ArrayBlocks(*self.rows(part))
