"""The three textbook forms against mpmath at the exact binary inputs, and the places where they break."""

from __future__ import annotations

import ast
import math
import warnings
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mpmath import libmp

from stablelce import textbook
from stablelce.formats import BINARY16, BINARY32, BINARY64, FORMATS, Format
from stablelce.textbook import (
    fused_gradient,
    fused_loss,
    logaddexp_gradient,
    logaddexp_loss,
    naive_gradient,
    naive_loss,
)
from stablelce.ulp import ulp, ulp_error

Form = Callable[[npt.NDArray[Any], npt.NDArray[Any]], npt.NDArray[Any]]

LOSSES: tuple[Form, ...] = (naive_loss, logaddexp_loss, fused_loss)
GRADIENTS: tuple[Form, ...] = (naive_gradient, logaddexp_gradient, fused_gradient)

# NumPy tests its exp and log1p against at most 4 ulp (numpy/_core/tests/test_umath_accuracy.py and its
# tables), and 1 ulp is at most 2u relative, u = 2^-precision: 8u each.
#
# Loss: exp brings 8u, log1p passes on at most the relative error of its argument and brings 8u, so
# log1p(e) has 16u; a*w has 2u, one for 1-t and one for the product; the terms are not negative, so the
# sum has at most 17u, and u*|v| is at most 1 ulp(v). One more for the terms of second order, which reach
# 17u * 17u/2 = 0.6u in bfloat16 (u = 2^-8), and four for an exp in the subnormal range.
FUSED_LOSS_ULPS = 17 + 1 + 4

# Gradient, hard targets: s has 8u from exp, u from 1+e and u from the quotient; s <= 1-s, so 1-s has at
# most 11u. One more for second order, and four for an exp in the subnormal range.
FUSED_HARD_GRADIENT_ULPS = 11 + 1 + 4

# Gradient, soft targets, in the unit ulp(m), m = min(max(y, t), max(1-y, 1-t)): w has u, s has 10u, the
# difference u, all together at most 12u * max(w, s). For z >= 0, max(w, s) is max(1-t, 1-y) <= 1 while
# max(y, t) >= y >= 1/2, so max(w, s) <= 2m; z < 0 is the mirror image. One more for second order, and
# four for an exp in the subnormal range.
FUSED_SOFT_GRADIENT_ULPS = 2 * 12 + 1 + 4


def exact(z: float, t: float) -> tuple[Fraction, Fraction, Fraction]:
    """Loss, gradient, and the m of its unit, each with a relative error far below every bound here.

    The inputs are multiples of 2^-1074 below 2^10 and sigmoid(-|z|) exceeds 2^-1200, so 2600 bits hold
    every sum, cancellation included, with 300 bits to spare.
    """
    with mpmath.workprec(2600):
        logit, target = mpmath.mpf(z), mpmath.mpf(t)
        y, rest = 1 / (1 + mpmath.exp(-logit)), 1 / (1 + mpmath.exp(logit))
        loss = target * mpmath.log1p(mpmath.exp(-logit)) + (1 - target) * mpmath.log1p(mpmath.exp(logit))
        gradient = rest * -target + (1 - target) * y
        m = min(max(y, target), max(rest, 1 - target))
        return rational(loss), rational(gradient), rational(m)


def rational(value: Any) -> Fraction:
    p, q = libmp.to_rational(value._mpf_)
    return Fraction(int(p), int(q))


def call(form: Form, z: float, t: float, fmt: Format = BINARY64) -> int:
    """Encoding of what a form returns for one pair of inputs, which the format holds exactly."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # the naive form overflows aloud, by design
        result = form(np.array([z], fmt.dtype), np.array([t], fmt.dtype))
    return int(fmt.encodings(result)[0])


def value(form: Form, z: float, t: float) -> float:
    return float(BINARY64.array([call(form, z, t)])[0])


def nearest(x: float, fmt: Format) -> float:
    return float(fmt.to_fraction(fmt.round(Fraction(x))))


@st.composite
def logits_and_targets(draw: st.DrawFn) -> tuple[Format, float, float]:
    """A format, a logit up to 800 in magnitude, a target: hard, soft, or next to the optimum."""
    fmt = draw(st.sampled_from(FORMATS))
    z = nearest(draw(st.floats(-800, 800)), fmt)
    kind = draw(st.sampled_from(["hard", "soft", "near the optimum"]))
    if kind == "hard":
        t = float(draw(st.integers(0, 1)))
    elif kind == "soft":
        t = nearest(draw(st.floats(0, 1)), fmt)
    else:
        _, y, _ = exact(z, 0.0)
        step = draw(st.integers(-2, 2))
        ordinal = min(max(fmt.ordinal(fmt.round(y)) + step, 0), fmt.ordinal(fmt.round(Fraction(1))))
        t = float(fmt.to_fraction(fmt.from_ordinal(ordinal)))
    return fmt, z, t


@given(logits_and_targets())
def test_fused_loss_is_within_its_derived_bound(point: tuple[Format, float, float]) -> None:
    fmt, z, t = point
    loss, _, _ = exact(z, t)
    assert ulp_error(call(fused_loss, z, t, fmt), loss, fmt) <= FUSED_LOSS_ULPS


@given(logits_and_targets())
def test_fused_gradient_is_within_its_derived_bound(point: tuple[Format, float, float]) -> None:
    fmt, z, t = point
    _, gradient, m = exact(z, t)
    bound = FUSED_HARD_GRADIENT_ULPS if t in (0, 1) else FUSED_SOFT_GRADIENT_ULPS
    assert ulp_error(call(fused_gradient, z, t, fmt), gradient, fmt, ulp(m, fmt)) <= bound


@pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: fmt.name)
@pytest.mark.parametrize("t", [0.0, 0.25, 1.0])
@pytest.mark.parametrize("z", [-80.0, -3.0, -0.5, 0.0, 0.5, 3.0, 80.0])
def test_fused_form_at_plain_points(fmt: Format, z: float, t: float) -> None:
    loss, gradient, m = exact(z, t)
    assert ulp_error(call(fused_loss, z, t, fmt), loss, fmt) <= FUSED_LOSS_ULPS
    assert ulp_error(call(fused_gradient, z, t, fmt), gradient, fmt, ulp(m, fmt)) <= FUSED_SOFT_GRADIENT_ULPS


@pytest.mark.parametrize("form", LOSSES + GRADIENTS, ids=lambda form: form.__name__)
@pytest.mark.parametrize("t", [0.0, 0.25, 1.0])
@pytest.mark.parametrize("z", [-3.0, -0.5, 0.0, 0.5, 3.0])
def test_all_forms_agree_where_none_breaks(form: Form, z: float, t: float) -> None:
    loss, gradient, _ = exact(z, t)
    got = Fraction(value(form, z, t))
    # For |z| <= 3 each form is a chain of at most eight operations on numbers below 4, each within 4 ulp
    # (at most 4 * 2^-51), and log and division enlarge an error by at most 1/(1-y) < 22 there.
    assert abs(got - (loss if form in LOSSES else gradient)) <= 22 * 8 * 4 * Fraction(1, 2**51)


@pytest.mark.parametrize("form", LOSSES + GRADIENTS, ids=lambda form: form.__name__)
@pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: fmt.name)
def test_the_dtype_is_kept_and_shapes_broadcast(form: Form, fmt: Format) -> None:
    z = np.array([[-1.0], [0.0], [2.0]]).astype(fmt.dtype)
    t = np.array([0.0, 0.5]).astype(fmt.dtype)
    result = form(z, t)
    assert result.dtype == fmt.dtype
    assert result.shape == (3, 2)


@pytest.mark.parametrize(
    ("form", "z", "t", "shown", "exact_shown"),
    [
        (naive_loss, 40.0, 1.0, "nan", "4.2e-18"),
        (naive_loss, 40.0, 0.0, "inf", "4.0e+01"),
        (naive_loss, -40.0, 0.0, "0.0e+00", "4.2e-18"),
        (naive_loss, -1000.0, 1.0, "inf", "1.0e+03"),
        (naive_loss, 30.0, 1.0, "9.348e-14", "9.358e-14"),
        (naive_gradient, 40.0, 1.0, "0.0e+00", "-4.2e-18"),
        (naive_gradient, 36.0, 1.0, "-2.22e-16", "-2.32e-16"),
        (naive_gradient, -720.0, 0.0, "0.0e+00", "2.0e-313"),
        (logaddexp_gradient, 40.0, 1.0, "0.0e+00", "-4.2e-18"),
        (fused_gradient, 1e-20, 0.5, "0.0e+00", "2.5e-21"),
    ],
)
def test_a_form_breaks_where_its_docstring_says(
    form: Form, z: float, t: float, shown: str, exact_shown: str
) -> None:
    loss, gradient, _ = exact(z, t)
    digits = len(shown.partition(".")[2].partition("e")[0]) or 1
    assert f"{value(form, z, t):.{digits}e}" == shown
    assert f"{float(loss if form in LOSSES else gradient):.{digits}e}" == exact_shown


def test_naive_loss_breaks_from_the_logit_its_docstring_names() -> None:
    assert math.isfinite(value(naive_loss, 36.73, 1.0))
    assert math.isnan(value(naive_loss, 36.74, 1.0))


def test_naive_exp_overflows_from_the_logit_its_docstring_names() -> None:
    with np.errstate(over="raise"):
        naive_gradient(np.array([-709.78]), np.array([0.0]))
        with pytest.raises(FloatingPointError):
            naive_gradient(np.array([-709.79]), np.array([0.0]))


def test_naive_loss_warns_where_it_breaks() -> None:
    with pytest.warns(RuntimeWarning, match="divide by zero"):
        naive_loss(np.array([40.0]), np.array([0.0]))


def test_logaddexp_gradient_loses_the_ulps_its_docstring_names() -> None:
    _, gradient, _ = exact(-33.3, 0.0)
    # 30 as printed; the exp that ends the form may add 4 either way, and so may the rounding of 30.
    assert 25 <= ulp_error(call(logaddexp_gradient, -33.3, 0.0), gradient, BINARY64) <= 35


@pytest.mark.parametrize("form", [logaddexp_loss, fused_loss], ids=lambda form: form.__name__)
def test_infinite_logits_are_beyond_the_textbook_losses(form: Form) -> None:
    assert math.isnan(value(form, math.inf, 1.0))
    assert math.isnan(value(form, -math.inf, 0.0))


@pytest.mark.parametrize("fmt", [BINARY16, BINARY32, BINARY64], ids=lambda fmt: fmt.name)
def test_fused_form_warns_at_no_finite_input(fmt: Format) -> None:
    largest = float(fmt.to_fraction(fmt.max_finite))
    z = np.array([-largest, -1.0, -0.0, 0.0, 1.0, largest], fmt.dtype)[:, None]
    t = np.array([0.0, 0.5, 1.0], fmt.dtype)
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        assert np.isfinite(fused_loss(z, t)).all()
        assert np.isfinite(fused_gradient(z, t)).all()


@pytest.mark.parametrize("t", [0, 0.25, 1])
@pytest.mark.parametrize("z", [-20, -1.5, 0, 0.75, 20])
def test_the_derivative_of_the_loss_is_y_minus_t(z: float, t: float) -> None:
    def loss(logit: Any) -> Any:
        return t * mpmath.log(1 + mpmath.exp(-logit)) + (1 - t) * mpmath.log(1 + mpmath.exp(logit))

    with mpmath.workprec(200):
        difference = mpmath.diff(loss, z) - (1 / (1 + mpmath.exp(-z)) - t)
        # mpmath.diff works at twice the precision with a step of 2^-200 or so; half the digits are ample.
        assert abs(difference) < mpmath.mpf(2) ** -100


def test_the_page_is_read_in_one_sitting() -> None:
    source = Path(textbook.__file__).read_text(encoding="utf-8")
    tree = ast.parse(source)
    documentation = {
        line
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.FunctionDef) and ast.get_docstring(node)
        for line in range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1)
    }
    code = [text for n, text in enumerate(source.splitlines(), 1) if text.strip() and n not in documentation]
    assert len(code) <= 60


def test_the_page_needs_numpy_only() -> None:
    tree = ast.parse(Path(textbook.__file__).read_text(encoding="utf-8"))
    froms = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    plain = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert froms == {"__future__", "typing"}
    assert plain == {"numpy", "numpy.typing"}
