"""Fixed-point sums: the integers of their definition, the bound of the error, and independence of order."""

from __future__ import annotations

import pickle
from fractions import Fraction

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stablelce.formats import BINARY64
from stablelce.sums import FixedPointSum
from stablelce.sums.fixed_point import GREATEST_EXPONENT, LEAST_EXPONENT, ROWS, UNIT

Doubles = npt.NDArray[np.float64]

BOUND = Fraction(5, 8)
"""Of the error of one product, in units of 2**(k + UNIT), from the docstring."""


def rounded(value: Fraction) -> Fraction:
    return BINARY64.to_fraction(BINARY64.round(value))


def integer_by_definition(r: float, x: float, k: int) -> int:
    """m1 * 2**52 + m2, in rational arithmetic with the roundings of the definition."""
    unit = Fraction(2) ** (k - 51)
    sigma1, sigma2 = 3 * unit * 2**51, 3 * unit / 2
    product = Fraction(r) * Fraction(x)
    high = rounded(product + sigma1) - sigma1
    low = rounded(rounded(product - high) + sigma2) - sigma2
    total = (high + low) / unit * 2**52
    assert total.denominator == 1
    return int(total)


def total(r: Doubles, x: Doubles) -> Fraction:
    return sum((Fraction(a) * Fraction(b) for a, b in zip(r.tolist(), x.tolist(), strict=True)), Fraction(0))


def exponent_for(r: Doubles, x: Doubles) -> int:
    largest = max(abs(Fraction(a) * Fraction(b)) for a, b in zip(r.tolist(), x.tolist(), strict=True))
    k = LEAST_EXPONENT
    while largest > Fraction(2) ** k:
        k += 1
    return k


def factors() -> st.SearchStrategy[float]:
    few_bits = st.builds(lambda m, e: float(np.ldexp(m, e)), st.integers(-64, 64), st.integers(-60, 0))
    return st.floats(-1, 1) | few_bits


@given(st.lists(st.tuples(factors(), factors()), min_size=1, max_size=20), st.integers(-300, 300))
def test_the_integers_are_those_of_the_definition(pairs: list[tuple[float, float]], scale: int) -> None:
    r = np.array([a for a, _ in pairs])
    x = np.ldexp(np.array([b for _, b in pairs]), scale)
    k = exponent_for(r, x)
    found = FixedPointSum([k])
    found.add_products(r, x[:, np.newaxis])
    assert found.integers() == [
        sum(integer_by_definition(a, b, k) for a, b in zip(r.tolist(), x.tolist(), strict=True))
    ]


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("odd", [1, 2**20 + 1, 2**51 - 1])
@pytest.mark.parametrize("nudge", [-1, 0, 1])
def test_products_next_to_a_midpoint_are_rounded_once(sign: float, odd: int, nudge: int) -> None:
    # (2^26 + a)(2^26 + b) near odd * 2^(g-1): the product is a midpoint, and its rounding error decides.
    k, half = 0, 2.0**-52
    r = 1.0 - 2.0**-30
    x = sign * odd * half / r
    for step in range(-3, 4):
        near = np.array([x + step * np.spacing(x)]) * (1 + nudge * 2.0**-52)
        if abs(r * near[0]) > 1:
            continue
        found = FixedPointSum([k])
        found.add_products(np.array([r]), near[:, np.newaxis])
        assert found.integers() == [integer_by_definition(r, float(near[0]), k)]


def test_midpoints_that_the_rounding_error_decides_are_met() -> None:
    """Search for such products, so that the correction is known to run; compare each with the definition."""
    rng = np.random.default_rng(0)
    met = 0
    for odd in rng.integers(2**48, 2**51, 4000).tolist():
        r = float(rng.uniform(0.5, 1))
        x = (2 * odd + 1) * 2.0**-52 / r
        exact, product = Fraction(r) * Fraction(x), r * x
        if (
            abs(product) > 1
            or Fraction(product) != Fraction(2 * odd + 1, 2**52)
            or exact == Fraction(product)
        ):
            continue
        met += 1
        found = FixedPointSum([0])
        found.add_products(np.array([r]), np.array([[x]]))
        assert found.integers() == [integer_by_definition(r, x, 0)]
    assert met > 100


@pytest.mark.parametrize("scale", [LEAST_EXPONENT, -450, 0, 450, GREATEST_EXPONENT])
def test_the_error_stays_within_its_bound_on_ill_conditioned_columns(scale: int) -> None:
    rng = np.random.default_rng(1)
    half = rng.uniform(-1, 1, 700) * 2.0 ** -rng.integers(0, 40, 700)
    r = np.concatenate([half, -half, [2.0**-60]])
    column = np.ldexp(rng.uniform(0.5, 1, 700), scale)
    x = np.concatenate([column, column, [np.ldexp(0.7, scale)]])
    order = rng.permutation(r.size)
    r, x = r[order], x[order]
    exact = total(r, x)
    found = FixedPointSum([scale])
    found.add_products(r, x[:, np.newaxis])
    error = abs(found.value() - exact) / Fraction(2) ** (scale + UNIT)
    assert 0 < error <= BOUND * r.size
    # The condition is about 2^70 here: a plain sum keeps nothing of the 2^-60 that is left.
    assert abs(float(found.value()) / float(exact) - 1) < 2.0**-30


def test_the_bound_of_one_product_is_nearly_reached() -> None:
    rng = np.random.default_rng(2)
    worst = Fraction(0)
    for r, x in rng.uniform(0.5, 1, (3000, 2)).tolist():
        found = FixedPointSum([0])
        found.add_products(np.array([r]), np.array([[x]]))
        worst = max(worst, abs(found.value() - Fraction(r) * Fraction(x)) * 2**-UNIT)
    assert BOUND * 3 / 4 < worst <= BOUND


def test_the_order_chunks_and_merges_do_not_show() -> None:
    rng = np.random.default_rng(3)
    r, x = rng.uniform(-1, 1, 5000), rng.normal(size=(5000, 3)) * [1e-140, 1.0, 1e140]
    exponents = np.frexp(np.abs(x).max(axis=0))[1]
    whole = FixedPointSum(exponents)
    whole.add_products(r, x)
    for _ in range(20):
        order = rng.permutation(len(r))
        cuts = np.sort(rng.integers(0, len(r), rng.integers(1, 30)))
        parts = []
        for index in np.split(order, cuts):
            part = FixedPointSum(exponents)
            part.add_products(r[index], x[index])
            parts.append(pickle.loads(pickle.dumps(part)))
        while len(parts) > 1:
            a, b = rng.choice(len(parts), 2, replace=False)
            parts[a].merge(parts[b])
            del parts[b]
        assert parts[0].limbs.tobytes() == whole.limbs.tobytes()


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_the_largest_products_fill_a_chunk_and_many_merges_without_overflow(sign: float) -> None:
    found = FixedPointSum([0])
    found.add_products(np.full(ROWS, sign), np.ones((ROWS, 1)))
    wanted = Fraction(int(sign) * ROWS)
    assert found.value() == wanted
    for _ in range(32):  # to the 2^43 rows of the docstring
        found.merge(found)
        wanted *= 2
    assert found.value() == wanted


def test_float32_features_are_taken_exactly() -> None:
    rng = np.random.default_rng(4)
    r, x = rng.uniform(-1, 1, 500), rng.uniform(-1, 1, (500, 2)).astype(np.float32)
    narrow, wide = FixedPointSum([0, 0]), FixedPointSum([0, 0])
    narrow.add_products(r, x)
    wide.add_products(r, x.astype(np.float64))
    assert narrow.limbs.tobytes() == wide.limbs.tobytes()


def test_nothing_added_is_zero() -> None:
    empty = FixedPointSum([5, -7])
    empty.add_products(np.zeros(0), np.zeros((0, 2)))
    assert [empty.value(j) for j in range(2)] == [0, 0]
    nothing = FixedPointSum(np.zeros(0, np.int64))
    nothing.add_products(np.ones(3), np.zeros((3, 0)))
    assert nothing.integers() == []


def test_misuse_is_refused() -> None:
    with pytest.raises(ValueError, match="scale the column"):
        FixedPointSum([LEAST_EXPONENT - 1])
    with pytest.raises(ValueError, match="scale the column"):
        FixedPointSum([GREATEST_EXPONENT + 1])
    with pytest.raises(ValueError, match="same exponents"):
        FixedPointSum([1]).merge(FixedPointSum([2]))
    for product in (2.5, np.nan):
        with pytest.raises(ValueError, match="the data has changed"):
            FixedPointSum([1]).add_products(np.ones(1), np.array([[product]]))
    with pytest.raises(ValueError, match="2048 rows"):
        FixedPointSum([1]).add_encodings(np.zeros((2, 1), np.uint64), ROWS + 1)
