"""Pairs of significand and exponent against exact rationals and MPFR."""

from __future__ import annotations

from fractions import Fraction

import gmpy2
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stablelce.kernels.scaled import Scaled, difference, exp_of_minus, product, total

finite = st.floats(allow_nan=False, allow_infinity=False)


def exact(pair: Scaled) -> Fraction:
    # The exponent of a zero says nothing.
    return Fraction(float(pair.m[0])) * Fraction(2) ** int(pair.e[0]) if pair.m[0] else Fraction(0)


def block(value: float) -> np.ndarray:
    return np.array([value])


@given(st.lists(finite, min_size=1, max_size=4))
def test_a_product_loses_a_rounding_per_factor_whatever_the_size(factors: list[float]) -> None:
    wanted = Fraction(1)
    for factor in factors:
        wanted *= Fraction(factor)
    got = exact(product(*(block(factor) for factor in factors)))
    # The first multiplication is by 1, each further one rounds once, by at most 2^-53 of the product.
    assert abs(got - wanted) <= (len(factors) - 1) * Fraction(1, 2**53) * (1 + Fraction(1, 2**50)) * abs(
        wanted
    )


@given(finite, finite, finite, finite)
def test_a_sum_of_products_is_as_good_as_its_largest_term(a: float, b: float, c: float, d: float) -> None:
    x, y = product(block(a), block(b)), product(block(c), block(d))
    for got, wanted in ((total(x, y), exact(x) + exact(y)), (difference(x, y), exact(x) - exact(y))):
        # One rounding of the sum, and below 2^-1000 of the larger term what the alignment cuts off.
        bound = abs(wanted) * Fraction(1, 2**53) + max(abs(exact(x)), abs(exact(y))) / 2**1000
        assert abs(exact(got) - wanted) <= bound


@given(finite, finite)
def test_an_exact_zero_is_positive(a: float, b: float) -> None:
    x = product(block(a), block(b))
    assert not np.signbit(difference(x, x).m[0])


@given(st.floats(0.0, 2800.0))
def test_the_exponential_keeps_its_digits_below_the_normal_range(a: float) -> None:
    with gmpy2.context(precision=120, emin=-10000):
        wanted = Fraction(*map(int, gmpy2.exp(-gmpy2.mpfr(a)).as_integer_ratio()))
    with np.errstate(all="ignore"):
        got = exact(exp_of_minus(block(a)))
    # exp is good to 4 ulp (NumPy's own limit for its vector loops, and libm is better), taken four times;
    # three products add half an ulp each.
    assert abs(got - wanted) <= wanted * Fraction(18, 2**52)


def test_beyond_every_weight_the_exponential_stays_positive_and_negligible() -> None:
    with np.errstate(all="ignore"):
        far = exact(exp_of_minus(block(np.inf)))
    assert 0 < far < Fraction(1, 2**1075) / Fraction(2) ** 2048


def test_out_of_range_becomes_infinity_and_signed_zero() -> None:
    big, small = product(block(1e308), block(-1e308)), product(block(5e-324), block(-5e-324))
    with np.errstate(all="ignore"):
        assert big.unscaled()[0] == -np.inf
        assert small.unscaled()[0] == 0
        assert np.signbit(small.unscaled()[0])
