"""The kernel of the narrower formats against Arb, and against the kernel of binary64."""

from __future__ import annotations

import numpy as np
import pytest

from stablelce.formats import BINARY64
from stablelce.kernels import finals
from stablelce.kernels.pairs import pairs
from stablelce.kernels.plain import plain
from stablelce.kernels.rounding import Doubles
from stablelce.kernels.table_layout import LIMIT
from tests.kernels.arguments import relative_errors, sampled


@pytest.fixture(scope="module")
def arguments() -> Doubles:
    return sampled(800, seed=1)


def test_both_numbers_are_within_the_proved_bound(arguments: Doubles) -> None:
    d, y = plain(arguments)
    softplus, sigmoid = relative_errors(arguments, [d], [y])
    for errors in (softplus, sigmoid):
        worst = int(np.argmax(errors))
        assert errors[worst] < finals.PLAIN, arguments[worst].hex()
    # The bound is no idle one: a rounding of a binary64 number is within a factor of 32 of it.
    assert max(softplus.max(), sigmoid.max()) > finals.PLAIN / 32


def test_the_comparison_sees_a_wrong_number(arguments: Doubles) -> None:
    d, y = plain(arguments)
    shifted = [values * (1 + 2 * finals.PLAIN) for values in (d, y)]
    softplus, sigmoid = relative_errors(arguments, shifted[:1], shifted[1:])
    assert softplus.max() > finals.PLAIN
    assert sigmoid.max() > finals.PLAIN


def test_it_agrees_with_the_leading_words_of_the_pairs(arguments: Doubles) -> None:
    d, y = plain(arguments)
    d_pair, _, y_pair, _ = pairs(arguments)
    # Each errs by PLAIN, or PAIR and half an ulp, 2^-53.
    assert (np.abs(d - d_pair) <= (finals.PLAIN + 2.0**-52) * d_pair).all()
    assert (np.abs(y - y_pair) <= (finals.PLAIN + 2.0**-52) * y_pair).all()


def test_the_ends_of_the_range() -> None:
    d, y = plain(np.array([0.0, 5e-324, LIMIT]))
    assert BINARY64.encodings(y)[:2].tolist() == BINARY64.encodings(np.array([0.5, 0.5])).tolist()
    assert BINARY64.encodings(d)[0] == BINARY64.encodings(np.log(np.array(2.0)))
    # exp(-690) = 2^-995.5, and both functions are next to it.
    assert 2.0**-996 < y[2] <= d[2] < 2.0**-995


def test_elements_do_not_depend_on_each_other(arguments: Doubles) -> None:
    whole = plain(arguments)
    for start in (0, 7, 1000):
        part = plain(arguments[start : start + 3])
        for values, piece in zip(whole, part, strict=True):
            assert (
                BINARY64.encodings(values[start : start + 3]).tolist() == BINARY64.encodings(piece).tolist()
            )
