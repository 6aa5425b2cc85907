"""What the estimates claim: within three units of the exact value in binary64, and the contract's limits."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from stablelce import oracle
from stablelce.conformance.checks.accuracy import expect
from stablelce.conformance.checks.special import limit
from stablelce.conformance.estimates import estimate
from stablelce.conformance.hard_cases import points
from stablelce.conformance.regions import REGIONS, sample
from stablelce.conformance.subjects.base import QUANTITIES
from stablelce.formats import BINARY64


@pytest.mark.parametrize("region", REGIONS, ids=lambda region: region.name)
@pytest.mark.parametrize("quantity", QUANTITIES)
def test_three_units_in_every_region(quantity: str, region: object) -> None:
    chosen = next(each for each in REGIONS if each is region)
    z, t = sample(chosen, BINARY64, 300, np.random.default_rng(5))
    got = BINARY64.encodings(estimate(quantity, BINARY64.array(z), BINARY64.array(t)))
    assert expect(BINARY64, quantity, z, t).errors(got).max() <= 3


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_three_units_in_the_hard_cases(quantity: str) -> None:
    z, t, _ = points(BINARY64)
    got = BINARY64.encodings(estimate(quantity, BINARY64.array(z), BINARY64.array(t)))
    assert expect(BINARY64, quantity, z, t).errors(got).max() <= 3


@pytest.mark.parametrize("quantity", ["loss", "gradient", "hessian"])
def test_weights_as_the_oracle_has_them(quantity: str) -> None:
    for z in (-800.0, -5.0, 0.0, 2.0, 40.0):
        for t in (0.0, 1.0) if quantity == "gradient" else (0.0, 0.3, 1.0):
            for v, p in ((1.0, 3.0), (0.7, 1.0), (0.1, 10.0)):
                exact = oracle.exact(quantity, z, t, BINARY64, weight=v, pos_weight=p)
                value = estimate(quantity, np.array([z]), np.array([t]), np.array([v]), np.array([p]))
                assert exact.error(int(BINARY64.encodings(value)[0])) <= 5, (z, t, v, p)


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_limits_and_nan(quantity: str) -> None:
    for z in (BINARY64.infinity, BINARY64.infinity | BINARY64.sign_bit):
        for target in (0.0, 0.25, 1.0):
            t = BINARY64.round(Fraction(target))
            value = estimate(quantity, BINARY64.array([z]), BINARY64.array([t]))
            assert int(BINARY64.encodings(value)[0]) == limit(BINARY64, quantity, z, t)
    assert np.isnan(estimate(quantity, np.array([np.nan]), np.array([0.0]))).all()


def test_weight_zero_masks_and_pos_weight_counts_at_infinity() -> None:
    z, t = np.array([np.inf, -np.inf, np.nan]), np.array([0.0, 1.0, 1.0])
    assert estimate("loss", z, t, np.zeros(3)).tolist() == [0.0, 0.0, 0.0]
    assert estimate("gradient", np.array([-np.inf]), np.array([1.0]), None, np.array([3.0])).tolist() == [
        -3.0
    ]


def test_an_unknown_quantity_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown quantity 'cost'"):
        estimate("cost", 1.0)
