"""The fixed data on which trainers are judged: small, the same everywhere, every number a short dyadic.

They are drawn by ``random.Random(seed).random()``, whose numbers Python keeps the same over its versions, and
rounded to multiples of 2^-10, so that they survive scaling by powers of two, float32 and text. Soft targets
are multiples of 2^-10 as well. Tests assert what each is called: the condition, the size of the coefficients,
that the separable ones are.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache

import numpy as np
import numpy.typing as npt

from stablelce import certificate
from stablelce.conformance.trainers.base import Floats

__all__ = [
    "BENIGN",
    "EXTREME",
    "HARD",
    "SEPARABLE",
    "SOFT",
    "Problem",
    "optimum",
    "problem",
    "scaled",
]

GRAIN = 1024


@dataclass(frozen=True)
class Problem:
    """Features, targets and weights of one named problem.

    Attributes
    ----------
    name : str
        What it is called in a record.
    x : ndarray of float64, shape (n, d)
        Features.
    t : ndarray of float64, shape (n,)
        Targets; 0 and 1 but for soft ones.
    s : ndarray of float64, shape (n,), optional
        Weights.
    """

    name: str
    x: Floats
    t: Floats
    s: Floats | None = None

    @property
    def labels(self) -> npt.NDArray[np.int64]:
        """Hard targets as integers."""
        return self.t.astype(np.int64)

    @property
    def total(self) -> Fraction:
        """The sum of the weights."""
        return Fraction(len(self.x)) if self.s is None else sum(map(Fraction, self.s.tolist()), Fraction(0))


Columns = Callable[[random.Random], Sequence[float]]


def _draw(
    name: str, seed: int, rows: int, columns: Columns, w: Sequence[float], b: float, *, soft: bool = False
) -> Problem:
    """Rows of features, and targets drawn by the model with coefficients w and b (or its probabilities)."""
    rng = random.Random(seed)
    x = np.array([columns(rng) for _ in range(rows)])
    x = np.rint(x * GRAIN) / GRAIN
    chances = [
        1 / (1 + math.exp(-math.fsum([*(a * c for a, c in zip(row, w, strict=True)), b]))) for row in x
    ]
    if soft:
        t = [min(max(round(GRAIN * (0.8 * p + 0.2 * rng.random())), 0), GRAIN) / GRAIN for p in chances]
    else:
        t = [float(rng.random() < p) for p in chances]
    return Problem(name, x, np.array(t))


def _normal(rng: random.Random) -> float:
    """A sum of twelve: no logarithm or cosine, whose last bits are the platform's."""
    return sum(rng.random() for _ in range(12)) - 6.0


def _two(rng: random.Random) -> Sequence[float]:
    return [_normal(rng), _normal(rng)]


def _three(rng: random.Random) -> Sequence[float]:
    return [_normal(rng), _normal(rng), _normal(rng)]


def _unscaled(rng: random.Random) -> Sequence[float]:
    return [100 + 5 * _normal(rng), 1000 * _normal(rng)]


def _collinear(rng: random.Random) -> Sequence[float]:
    first = _normal(rng)
    return [first, first + _normal(rng) / 64]


@cache
def problem(name: str) -> Problem:
    """The problem of that name."""
    made = {
        "plain": lambda: _draw("plain", 1, 120, _three, (1.0, -1.5, 0.75), 0.5),
        "uneven": lambda: _draw("uneven", 2, 240, _two, (1.0, 0.75), -2.0),
        "soft": lambda: _draw("soft", 3, 80, _three, (1.0, -1.5, 0.75), 0.5, soft=True),
        "unscaled": lambda: _draw("unscaled", 4, 120, _unscaled, (0.25, 0.001), -25.0),
        "collinear": lambda: _draw("collinear", 5, 120, _collinear, (8.0, -7.0), 0.5),
        "nearly separable": _nearly_separable,
        "separable": _separable,
        "quasi-separable": _quasi_separable,
    }
    return made[name]()


BENIGN = ("plain", "uneven")
HARD = ("unscaled", "collinear", "nearly separable")
SOFT = "soft"
SEPARABLE = ("separable", "quasi-separable")
EXTREME = (("tiny column", 0, -465), ("huge column", 0, 465))
"""Name, column of "plain", and the power of two it is multiplied by: 2^465 is 9.5e139."""


def _separable() -> Problem:
    """Rows of "plain" with the label told by the first feature, and a gap."""
    x = problem("plain").x
    kept = x[np.abs(x[:, 0]) > 0.25]
    return Problem("separable", kept, (kept[:, 0] > 0).astype(np.float64))


def _quasi_separable() -> Problem:
    """The same, and two rows on the boundary, one of each class."""
    base = _separable()
    boundary = np.array([[0.0, 1.0, 0.0], [0.0, 1.0, 0.0]])
    return Problem("quasi-separable", np.vstack([base.x, boundary]), np.append(base.t, [0.0, 1.0]))


def _nearly_separable() -> Problem:
    """Separable rows, and one of the wrong class in the middle of the four nearest to the gap.

    A plane with the four on one side, or upon it, and their middle on the other, or upon it, holds all five.
    """
    base = _separable()
    ones = base.x[base.t == 1]
    near = ones[np.argsort(ones[:, 0], kind="stable")[:4]]
    return Problem("nearly separable", np.vstack([base.x, near.mean(axis=0)]), np.append(base.t, 0.0))


def scaled(base: Problem, column: int, exponent: int, name: str = "") -> Problem:
    """The problem with one column times 2^exponent: its coefficient's optimum is 2^-exponent times that."""
    x = base.x.copy()
    x[:, column] = np.ldexp(x[:, column], exponent)
    return replace(base, name=name or f"{base.name}, column {column} times 2^{exponent}", x=x)


def optimum(judged: Problem, l2: Fraction, *, intercept: bool) -> Floats:
    """The correctly rounded optimum, proved; the intercept last if it is fitted.

    Raises
    ------
    NoUniqueOptimumError
        There is none.
    """
    key = (judged.x.tobytes(), judged.x.shape, judged.t.tobytes())
    weights = None if judged.s is None else judged.s.tobytes()
    return _optimum(key, weights, l2, intercept)


@cache
def _optimum(
    key: tuple[bytes, tuple[int, ...], bytes], weights: bytes | None, l2: Fraction, intercept: bool
) -> Floats:
    x = np.frombuffer(key[0]).reshape(key[1])
    s = None if weights is None else np.frombuffer(weights)
    found = certificate.exact_optimum(x, np.frombuffer(key[2]), s=s, l2=l2, fit_intercept=intercept)
    values = np.append(found.coef, found.intercept) if intercept else np.array(found.coef)
    values.flags.writeable = False
    return values
