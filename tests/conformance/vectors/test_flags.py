"""Flags tell the truth: textbook code fails where they say, and every failure of it carries one."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from stablelce import textbook
from stablelce.conformance.contract import allowed_error
from stablelce.conformance.vectors import shipped
from stablelce.conformance.vectors.flags import FLAGS, Point, flags_of
from stablelce.conformance.vectors.model import Vector
from stablelce.formats import BINARY32, BINARY64, FORMATS, Format
from stablelce.ulp import ulp_error

formats = pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: fmt.name)


def results(function: Callable[..., Any], quantity: str, fmt: Format) -> list[tuple[Vector, float]]:
    """The finite vectors of a quantity with the errors of a function, in units."""
    tests = [test for test in shipped(quantity, fmt).tests if test.exact is not None]
    z, t = (fmt.array([int(bits, 16) for bits in column]) for column in
            ([test.z for test in tests], [test.t or "0x0" for test in tests]))  # fmt: skip
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        got = fmt.encodings(function(z, t)).tolist()
    errors = []
    for test, encoding in zip(tests, got, strict=True):
        exact = fmt.to_fraction(int(test.expected, 16))
        unit = None if test.unit is None else 2**test.unit if test.unit >= 0 else 1 / _power(-test.unit)
        errors.append((test, ulp_error(encoding, exact, fmt, unit)))
    return errors


def _power(n: int) -> Any:
    from fractions import Fraction

    return Fraction(2**n)


@formats
@pytest.mark.parametrize(
    ("quantity", "function"), [("loss", textbook.naive_loss), ("gradient", textbook.naive_gradient)]
)
def test_every_failure_of_the_naive_form_carries_a_flag(
    quantity: str, function: Callable[..., Any], fmt: Format
) -> None:
    errors = results(function, quantity, fmt)
    # Against the rounded value, which is within half a unit of the exact one.
    failed = [test for test, error in errors if error > allowed_error("stable", fmt) + 1]
    assert len(failed) > 20
    plain = [test for test in failed if not test.flags]
    # In the middle of the range the naive form loses a few digits more than the loosest profile grants.
    assert all(abs(float(fmt.array([int(test.z, 16)])[0])) < 12 for test in plain)
    assert len(plain) <= len(failed) / 10


@pytest.mark.parametrize("fmt", [BINARY32, BINARY64], ids=lambda fmt: fmt.name)
@pytest.mark.parametrize(
    ("quantity", "flag", "function", "least"),
    [
        ("loss", "cancellation", textbook.naive_loss, 0.4),
        ("loss", "absorption", textbook.naive_loss, 0.4),
        ("loss", "saturation", textbook.naive_loss, 0.9),
        ("loss", "overflow", textbook.naive_loss, 0.4),
        ("loss", "underflow", textbook.naive_loss, 0.4),
        ("gradient", "cancellation", textbook.naive_gradient, 0.3),
    ],
)
def test_a_flag_is_on_vectors_that_catch_the_naive_form(
    quantity: str, flag: str, function: Callable[..., Any], least: float, fmt: Format
) -> None:
    errors = [error for test, error in results(function, quantity, fmt) if flag in test.flags]
    assert len(errors) >= 10
    assert sum(error > 4.5 for error in errors) >= least * len(errors)


@formats
def test_every_flag_is_used(fmt: Format) -> None:
    used = {flag for quantity in ("loss", "gradient", "hessian") for flag in shipped(quantity, fmt).flags}
    assert used == set(FLAGS)


@formats
def test_midpoint_means_that_the_digits_are_next_to_one_half(fmt: Format) -> None:
    for test in shipped("loss", fmt).tests:
        if test.exact is not None:
            near = abs(int(test.exact.partition(".")[2], 16) - 0x800) <= 16
            assert ("midpoint" in test.flags) == near


@pytest.mark.parametrize(
    ("z", "t", "flags"),
    [
        (math.nan, 0.0, ("nan",)),
        (0.0, math.nan, ("nan",)),
        (math.inf, 0.0, ("infinite-logit",)),
        (1.0, 0.0, ()),
        (40.0, 1.0, ("absorption",)),
        (-40.0, 0.0, ("absorption",)),
        (20.0, 0.5, ("cancellation",)),
        (40.0, 0.0, ("cancellation", "saturation")),
        (800.0, 0.0, ("cancellation", "saturation", "overflow", "underflow")),
    ],
)
def test_flags_of_plain_inputs(z: float, t: float, flags: tuple[str, ...]) -> None:
    expected = BINARY64.encodings(textbook.fused_loss(np.array([z]), np.array([t])))
    assert flags_of(Point("loss", BINARY64, z, t, int(expected[0]), None)) == flags
