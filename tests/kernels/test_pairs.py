"""The kernel of binary64 against Arb, where its reduction, its series and its table are worst."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from stablelce.kernels import finals
from stablelce.kernels.pairs import expm1_minus, pairs, reduced
from stablelce.kernels.primitives import two_sum
from stablelce.kernels.rounding import Doubles
from stablelce.kernels.table_layout import ENTRIES, LIMIT
from tests.kernels.arguments import fraction, relative_errors, sampled


@pytest.fixture(scope="module")
def arguments() -> Doubles:
    return sampled(800)


def test_both_pairs_are_within_the_proved_bound(arguments: Doubles) -> None:
    d, d_low, y, y_low = pairs(arguments)
    softplus, sigmoid = relative_errors(arguments, [d, d_low], [y, y_low])
    for errors in (softplus, sigmoid):
        worst = int(np.argmax(errors))
        assert errors[worst] < finals.PAIR, arguments[worst].hex()
    # The bound is no idle one: samples come close to it.
    assert max(softplus.max(), sigmoid.max()) > finals.PAIR / 64


def test_the_comparison_sees_a_wrong_low_word(arguments: Doubles) -> None:
    d, _, y, y_low = pairs(arguments)
    softplus, sigmoid = relative_errors(arguments, [d], [y, y_low * (1 + 2.0**-10)])
    assert softplus.max() > finals.PAIR
    assert sigmoid.max() > finals.PAIR


def test_both_pairs_are_normalised(arguments: Doubles) -> None:
    d, d_low, y, y_low = pairs(arguments)
    assert (d + d_low == d).all()
    assert (y + y_low == y).all()


def test_values_are_positive_and_ordered(arguments: Doubles) -> None:
    d, _, y, _ = pairs(arguments)
    # For e = exp(-a): e/(1+e) < log(1+e) < e, and sigmoid(-a) <= 1/2, softplus(-a) <= log 2.
    assert (y > 0).all()
    assert (y <= d).all()
    assert (y <= 0.5).all()
    assert (d <= np.log(2)).all()


def test_the_reduction_is_exact_and_to_the_nearest_entry(arguments: Doubles) -> None:
    j, r = reduced(arguments)
    assert j.min() >= 0
    assert j.max() <= ENTRIES - 1
    assert (np.abs(r) <= 1 / 64).all()
    for a, index, rest in zip(arguments.tolist(), j.tolist(), r.tolist(), strict=True):
        assert Fraction(index, 32) + Fraction(rest) == Fraction(a), a.hex()


def test_halfway_between_entries_the_even_one_is_taken() -> None:
    # ROUND_TO_INTEGER rounds ties to even.
    middle = (np.arange(8) + 0.5) / 32
    j, r = reduced(middle)
    assert j.tolist() == [0, 2, 2, 4, 4, 6, 6, 8]
    assert (np.abs(r) == 1 / 64).all()


def test_the_ends_of_the_range_take_the_ends_of_the_table() -> None:
    j, r = reduced(np.array([0.0, LIMIT]))
    assert j.tolist() == [0, ENTRIES - 1]
    assert r.tolist() == [0.0, 0.0]


def test_expm1_of_the_rest_by_its_own_series() -> None:
    rng = np.random.default_rng(5)
    r = np.concatenate([rng.uniform(-1, 1, 300) / 64, [1 / 64, -1 / 64], 2.0 ** -rng.uniform(6, 500, 300)])
    high, low = expm1_minus(r)
    for x, h, d in zip(r.tolist(), high.tolist(), low.tolist(), strict=True):
        exact, term = Fraction(0), Fraction(1)
        for k in range(1, 16):  # the next term is below (1/64)^15 / 16! < 2^-134 of r
            term = term * -Fraction(x) / k
            exact += term
        # The first term left out is r^10/10! < 2^-75 |r|; the words below -r are r^2/2 as a pair, and r^3/6
        # in a few roundings of 2^-53, |r|^3/6 < 2^-14 |r|.
        assert abs(fraction(h, d) - exact) <= abs(exact) * Fraction(1, 2**65), x.hex()
        total, rest = two_sum(h, d)
        assert abs(rest) <= abs(total) * 2.0**-52
