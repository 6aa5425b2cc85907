"""Enclosures by arb: the remainder inside, as narrow as asked."""

from __future__ import annotations

from fractions import Fraction

import pytest
from flint import ctx
from hypothesis import given
from hypothesis import strategies as st

from stablelce.oracle import arb_backend
from stablelce.oracle.arb_backend import bounds
from stablelce.oracle.decomposition import REMAINDERS
from stablelce.oracle.dyadic import ONE
from tests.oracle.backends import assert_encloses, assert_encloses_everywhere


def test_the_remainder_lies_inside_at_chosen_arguments() -> None:
    assert_encloses_everywhere(bounds)


@given(st.sampled_from(REMAINDERS), st.floats(0, 900, exclude_min=True), st.sampled_from([64, 128, 512]))
def test_the_remainder_lies_inside(name: str, a: float, precision: int) -> None:
    assert_encloses(bounds, name, Fraction(a), precision)


@given(st.sampled_from(REMAINDERS), st.integers(1, 2**300), st.integers(-320, -290))
def test_an_argument_of_many_bits_is_not_rounded(name: str, m: int, e: int) -> None:
    assert_encloses(bounds, name, Fraction(m) * Fraction(2) ** e, 64)


def test_the_precision_of_the_caller_is_left_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    with ctx.workprec(77):
        bounds("variance", ONE, 128)
        assert ctx.prec == 77
        monkeypatch.setattr(arb_backend, "_evaluate", lambda *_: 1 // 0)
        with pytest.raises(ZeroDivisionError):
            bounds("variance", ONE, 128)
        assert ctx.prec == 77
