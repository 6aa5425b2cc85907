"""The measure of digits, on cases made by hand."""

from __future__ import annotations

import math

import pytest

from tests.certified.digits import correct_digits, fewest


@pytest.mark.parametrize(
    ("computed", "certified", "digits"),
    [
        (1.5, 1.5, math.inf),
        (0.0, 0.0, math.inf),
        (-0.0, 0.0, math.inf),
        (0.5, 1.0, math.log10(2)),
        (1.0 + 2.0**-20, 1.0, 20 * math.log10(2)),
        (1.0 + 2.0**-52, 1.0, 52 * math.log10(2)),
        (-1.0, 1.0, 0.0),  # a wrong sign
        (2.0**-1074, 1.0, 0.0),  # a lost value
        (0.0, 1.0, 0.0),
        (2.0**-10, 0.0, 10 * math.log10(2)),  # absolute where the exact value is 0
        (3.0, 0.0, 0.0),
        (2.0**-1073, 2.0**-1074, 0.0),
        (2.0**1000 * 1.5, 2.0**1000, math.log10(2)),  # the measure does not overflow
        (2.0**-1022, 2.0**1023, 0.0),
        (math.nan, 1.0, 0.0),
        (math.inf, 1.0, 0.0),
        (-math.inf, 0.0, 0.0),
    ],
)
def test_digits_by_hand(computed: float, certified: float, digits: float) -> None:
    assert correct_digits(computed, certified) == pytest.approx(digits, rel=1e-12, abs=1e-12)


def test_the_worst_coefficient_counts() -> None:
    assert fewest([1.0, 0.5], [1.0, 1.0]) == pytest.approx(math.log10(2))
    assert fewest([1.0, 2.0], [1.0, 2.0]) == math.inf


def test_every_coefficient_must_be_there() -> None:
    with pytest.raises(ValueError, match="argument 2 is longer"):
        fewest([1.0], [1.0, 2.0])
