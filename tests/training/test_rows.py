"""Logits by their definition, in rational arithmetic; and how near they are to the exact ones."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stablelce.formats import BINARY64
from stablelce.training import rows
from stablelce.training.blocks import Block
from stablelce.training.point import LOGIT_EXPONENT, Point
from stablelce.training.scales import measure

Doubles = npt.NDArray[np.float64]


def point_at(X: Doubles, coef: Doubles) -> Point:
    scales = measure(Block(X, np.zeros(len(X))))
    return Point.at(coef, scales, fit_intercept=coef.size > X.shape[1])


def rounded(value: Fraction) -> Fraction:
    return BINARY64.to_fraction(BINARY64.round(value))


def added(a: Fraction, b: Fraction) -> tuple[Fraction, Fraction]:
    s = rounded(a + b)
    return s, a + b - s


def logit_by_definition(x: list[float], w: list[float], b: float) -> Fraction:
    """The docstring of the module, operation by operation."""
    h, c = [Fraction(0)] * 8, [Fraction(0)] * 8
    for j, (feature, coefficient) in enumerate(zip(x, w, strict=True)):
        product = Fraction(feature) * Fraction(coefficient)
        p = rounded(product)
        e = rounded(product - p)
        h[j % 8], lost = added(h[j % 8], p)
        c[j % 8] = rounded(c[j % 8] + rounded(lost + e))
    for half in (4, 2, 1):
        for k in range(half):
            h[k], lost = added(h[k], h[k + half])
            c[k] = rounded(rounded(c[k] + c[k + half]) + lost)
    total, lost = added(h[0], Fraction(b))
    return rounded(total + rounded(c[0] + lost))


ordinary = st.floats(-1e6, 1e6)
tiny = st.builds(lambda m, e: float(np.ldexp(m, e)), st.floats(-1, 1), st.integers(-1070, -400))


@given(st.lists(st.tuples(ordinary | tiny, ordinary | tiny), max_size=20), ordinary)
def test_logits_follow_the_definition(pairs: list[tuple[float, float]], b: float) -> None:
    x, w = [a for a, _ in pairs], [a for _, a in pairs]
    X = np.array([x]).reshape(1, len(x))
    # A column whose features are all below 2^-860 is scaled, which is another definition.
    point = point_at(np.vstack([X, np.ones_like(X)]), np.array([*w, b]))
    with np.errstate(all="ignore"):
        (z,) = rows.logits(X, point).tolist()
    assert Fraction(z) == logit_by_definition(x, w, b)


def test_errors_of_products_that_underflow_are_those_of_a_fused_multiply_add() -> None:
    rng = np.random.default_rng(0)
    x = rng.uniform(1, 2, 20_000) * 2.0 ** rng.integers(-500, -450, 20_000)
    w = rng.uniform(1, 2, 20_000) * 2.0 ** rng.integers(-600, -450, 20_000)
    with np.errstate(all="ignore"):
        products, errors = rows._products(x, w)
    different = 0
    for a, b, p, e in zip(x.tolist(), w.tolist(), products.tolist(), errors.tolist(), strict=True):
        exact = Fraction(a) * Fraction(b)
        assert Fraction(p) == rounded(exact)
        assert Fraction(e) == rounded(exact - Fraction(p))
        different += Fraction(e) != exact - Fraction(p)
    assert different > 1000  # the region is reached


@pytest.mark.parametrize("features", [1, 8, 100])
def test_logits_err_by_little_more_than_half_an_ulp_however_much_cancels(features: int) -> None:
    rng = np.random.default_rng(1)
    X = rng.normal(size=(50, features)) * 2.0 ** rng.integers(-10, 10, (50, features))
    w = rng.normal(size=features)
    b = -float(X[0] @ w)  # the first row's logit is what rounding leaves
    z = rows.logits(X, point_at(X, np.append(w, b)))
    for x, found in zip(X.tolist(), z.tolist(), strict=True):
        terms = [Fraction(a) * Fraction(c) for a, c in zip(x, w.tolist(), strict=True)]
        exact = sum(terms, Fraction(b))
        size = sum(map(abs, terms), abs(Fraction(b)))
        count = features + 1
        # Proposition 5.5 of Ogita, Rump and Oishi, for any order of the sums.
        bound = abs(exact) * Fraction(1, 2**53) + size * Fraction(3 * count, 2**53) ** 2
        assert abs(Fraction(found) - exact) <= bound


def test_logits_are_held_within_limits() -> None:
    X = np.array([[1e150, 1.0], [-1e150, 1.0], [1e150, -1.0]])
    with np.errstate(all="ignore"):
        z = rows.logits(X, point_at(X, np.array([1e300, -1e308, 1.7e308])))
    limit = 2.0**LOGIT_EXPONENT
    assert z.tolist() == [limit, -limit, limit]


def test_a_column_of_zeros_takes_no_part() -> None:
    X = np.array([[0.0, 1.0], [0.0, 2.0]])
    z = rows.logits(X, point_at(X, np.array([1e308, 2.0, 1.0])))
    assert z.tolist() == [3.0, 5.0]
