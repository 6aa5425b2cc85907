"""The thresholds follow from the formats, and exact midpoints are exact midpoints."""

from __future__ import annotations

from fractions import Fraction

import gmpy2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stablelce.conformance import region_maps
from stablelce.conformance.region_maps import anchors, threshold_reach
from stablelce.conformance.regions import REGIONS, sample
from stablelce.formats import BINARY64, FORMATS, Format

formats = pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: fmt.name)

MIDPOINTS = next(region for region in REGIONS if region.name == "midpoints")


@formats
def test_anchors_hold_the_places_where_an_exponential_changes_its_class(fmt: Format) -> None:
    """Each class boundary of exp(-z), found by MPFR, has an anchor in the same float or a neighbour."""
    places = np.array([fmt.ordinal(fmt.round(Fraction(a))) for a in anchors(fmt)])
    boundaries = {
        "1 + exp(-z) rounds to 1": -fmt.precision,
        "exp(-z) becomes subnormal": fmt.emin,
        "exp(-z) rounds to 0": fmt.quantum - 1,
        "exp(z) overflows": -(fmt.emax + 1),
    }
    with gmpy2.context(precision=200):
        for what, power in boundaries.items():
            exact = Fraction(*gmpy2.mpq(abs(power) * gmpy2.const_log2()).as_integer_ratio())
            distance = np.abs(places - fmt.ordinal(fmt.round(exact))).min()
            assert distance <= 1, what


@formats
def test_anchors_are_sorted_positive_and_within_the_format(fmt: Format) -> None:
    found = anchors(fmt)
    assert list(found) == sorted(set(found))
    assert found[0] > 0
    assert found[-1] < float(fmt.to_fraction(fmt.max_finite))


@formats
def test_the_reach_of_a_threshold_is_small_beside_a_binade(fmt: Format) -> None:
    assert 1 <= threshold_reach(fmt) <= (1 << (fmt.precision - 1)) // 32


@given(st.integers(0, 2**64 - 2))
def test_zigzag_counts_all_integers_from_the_simplest(n: int) -> None:
    (signed,) = region_maps._zigzag(np.array([n], dtype=np.uint64)).tolist()
    assert signed == ((n + 1) // 2 if n % 2 else -(n // 2))


def test_targets_come_in_the_announced_shares() -> None:
    kinds = np.arange(region_maps.TARGET_KINDS, dtype=np.uint64)
    fraction = np.full(region_maps.TARGET_KINDS, 1 << 51, dtype=np.uint64)  # a quarter
    t = BINARY64.array(region_maps._targets(BINARY64, kinds, fraction)).tolist()
    assert t[:7] == [0.0, 1.0, 0.0, 1.0, 0.5, 0.25, 0.25]
    quarter_of_the_encodings = BINARY64.round(Fraction(1)) // 4
    assert BINARY64.encodings(np.array(t[7:])).tolist() == [quarter_of_the_encodings]


@formats
@given(data=st.data())
def test_the_exact_part_is_halfway_between_two_floats(fmt: Format, data: st.DataObject) -> None:
    """z*(1-t) or -z*t needs one bit more than the format has, and that bit is 1."""
    sign, *rest = (data.draw(st.integers(0, bound)) for bound in MIDPOINTS.bounds(fmt))
    z, t = region_maps.midpoints(fmt, [np.array([n], dtype=np.uint64) for n in (sign, *rest)])
    logit, target = fmt.to_fraction(int(z[0])), fmt.to_fraction(int(t[0]))
    assert (logit < 0) == bool(sign)
    part = logit * (1 - target) if logit > 0 else -logit * target
    odd = part.numerator
    while odd % 2 == 0:
        odd //= 2
    assert odd.bit_length() == fmt.precision + 1


@formats
def test_the_remainder_is_below_half_an_ulp_of_the_exact_part(fmt: Format) -> None:
    """So that the midpoint, nudged upward, is what rounding sees: log1p(exp(-|z|)) < exp(-|z|) < ulp/2."""
    z, t = sample(MIDPOINTS, fmt, 500, np.random.default_rng(1))
    for a, b in zip(z.tolist(), t.tolist(), strict=True):
        logit, target = fmt.to_fraction(a), fmt.to_fraction(b)
        part = logit * (1 - target) if logit > 0 else -logit * target
        half_ulp = Fraction(2) ** (
            part.numerator.bit_length() - part.denominator.bit_length() - fmt.precision
        )
        # exp(-x) < 2^-floor(1.44 x), since 1.44 < 1/log 2.
        bound = Fraction(1, 2 ** min(2000, int(abs(logit) * Fraction(144, 100))))
        assert bound < half_ulp
