"""Hard cases: named once, sourced, representable, and hard."""

from __future__ import annotations

import time

import numpy as np
import pytest

from stablelce import oracle
from stablelce.conformance.hard_cases import HARD_CASES, points
from stablelce.formats import FORMATS, Format


def test_each_case_has_a_name_of_its_own_and_a_source() -> None:
    names = [case.name for case in HARD_CASES]
    assert len(set(names)) == len(names) >= 50
    assert all(case.source and all(0 <= t <= 1 for t in case.targets) for case in HARD_CASES)


@pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: fmt.name)
def test_points_are_finite_distinct_and_named(fmt: Format) -> None:
    z, t, names = points(fmt)
    assert len(z) == len(t) == len(names) == len({*zip(z.tolist(), t.tolist(), strict=True)})
    assert all(fmt.is_finite(e) for e in [*z.tolist(), *t.tolist()])
    assert fmt.sign_bit in z.tolist()
    assert 0 in z.tolist()
    values = fmt.array(t).astype(np.float64)
    assert values.min() >= 0
    assert values.max() <= 1


@pytest.mark.parametrize("using", ["arb", "mpmath"])
@pytest.mark.parametrize("quantity", ["loss", "gradient", "hessian", "sigmoid", "log_sigmoid", "softplus"])
def test_the_oracle_decides_each_case_in_50_ms(quantity: str, using: str) -> None:
    # The best of three tries: the machine may be busy, the algorithm may not.
    for fmt in FORMATS:
        z, t, names = points(fmt)
        for ze, te, name in zip(z.tolist(), t.tolist(), names, strict=True):
            best = min(_seconds(quantity, ze, te, fmt, using) for _ in range(3))
            assert best < 0.05, (name, fmt.name)


def _seconds(quantity: str, z: int, t: int, fmt: Format, using: str) -> float:
    begin = time.perf_counter()
    oracle.exact(quantity, fmt.to_fraction(z), fmt.to_fraction(t), fmt, using=using)
    return time.perf_counter() - begin


@pytest.mark.parametrize("quantity", ["loss", "gradient", "hessian", "sigmoid", "log_sigmoid", "softplus"])
@pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: fmt.name)
def test_the_two_oracles_agree_on_each_case(fmt: Format, quantity: str) -> None:
    z, t, names = points(fmt)
    target = t if quantity in ("loss", "gradient") else None
    arb, mpmath = (oracle.expected(quantity, z, target, fmt, using) for using in ("arb", "mpmath"))
    different = [names[i] for i in np.flatnonzero(arb.encodings != mpmath.encodings)]
    assert different == []
    assert (arb.units == mpmath.units).all()
    assert (arb.sides == mpmath.sides).all()
