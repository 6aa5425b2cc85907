"""Defects planted in the kernel's source, each of which the proof has to reject."""

from __future__ import annotations

import math

import pytest

from stablelce.kernels.proof.cells import KERNELS, Kernel, prove_cells
from stablelce.kernels.proof.enclosure import ProofError
from tests.kernels.proof.running import planted

CELLS = (0, 1, 2, 20, 100, 1500, 20000)
"""Some defects show at small a only, some in the tail only."""

PROVED = 2.0**-70

U_LOW = "rest + mul_add(p, x_low, p_low * (x + x_low))"
RENORMALISED = f"fast_two_sum(product, {U_LOW})"
LAST = "return fast_two_sum(quotient, residual * ((1.0 - u) + square))"
SQUARE_LOW = "square_low = mul_add(2.0 * kept, u_low, square_low)"
EXPM1_LOW = "mul_add(r * square, series, 0.5 * square_low)"

REFUSED = {
    "swapped sum of expm1": ("fast_two_sum(-r, 0.5 * square)", "fast_two_sum(0.5 * square, -r)"),
    "swapped renormalisation": (RENORMALISED, f"fast_two_sum({U_LOW}, product)"),
    "swapped sum of softplus": ("fast_two_sum(s, u)", "fast_two_sum(u, s)"),
    "swapped second sum": ("fast_two_sum(high, -0.5 * square)", "fast_two_sum(-0.5 * square, high)"),
    "swapped numerator": ("fast_two_sum(p, u)", "fast_two_sum(u, p)"),
    "swapped denominator": ("fast_two_sum(1.0, kept)", "fast_two_sum(kept, 1.0)"),
}
"""Preconditions that do not hold."""

WORSE = {
    "no renormalisation": (RENORMALISED, RENORMALISED.removeprefix("fast_two_sum"), -40),
    "u_low dropped": ("kept = select(p >= TAIL, u, 0.0)", "u_low = 0.0 * u_low\n    {}", -62),
    "log of the rounded 1 + u": ("series = mul_add(u, -1 / 10", "u = (1.0 + u) - 1.0\n    {}", -56),
    "wrong coefficient of expm1": ("-1 / 5040", "-1 / 5041", -69),
    "wrong coefficient of log1p": ("1 / 7)", "1 / 8)", -58),
    "rounded coefficient of log1p": ("1 / 3)", "0.333333333333)", -63),
    "p_low dropped": ("take(SIGMOID_LOW, j)", "0.0", -56),
    "s_low dropped": ("take(SOFTPLUS_LOW, j)", "0.0", -56),
    "no division residual": (LAST, "return quotient, 0.0 * residual", -54),
    "coarse division residual": ("((1.0 - u) + square)", "1.0", -62),
    "residual of the high words only": ("(numerator_low - quotient * denominator_low)", "numerator_low", -62),
    "wrong sign of the second term": ("fast_two_sum(high, -0.5 *", "fast_two_sum(high, 0.5 *", -20),
    "wrong sign of a low word": ("- product) - product_low", "- product) + product_low", -55),
    "wrong sign of x": ("fast_two_sum(-r,", "fast_two_sum(r,", -8),
    "error of the first sum dropped": ("first + (second +", "(second +", -56),
    "no cross term of the square": (SQUARE_LOW, "", -68),
    "no square outside the tail": ("2.0**-256", "2.0**-4", -24),
    "no u_low in the denominator": ("error + kept_low", "error", -62),
    "no cross term of p": ("p_low * (x + x_low)", "0.0 * x", -62),
    "no low word of the square of r": (EXPM1_LOW, "(r * square) * series", -68),
    "table entry of the neighbour": ("take(SIGMOID_HIGH, j)", "take(SIGMOID_HIGH, j + 1)", -8),
}
"""Text, what stands for it, and the exponent that the bound exceeds in some cell."""


def largest(kernel: Kernel) -> float:
    """The largest bound; infinity where there is none."""
    try:
        bounds = [bound for cell in CELLS for bound in prove_cells(cell, cell, kernel)]
    except ProofError:
        return math.inf
    return max(max(bound.softplus, bound.sigmoid) for bound in bounds)


def test_without_a_defect_the_cells_are_proved() -> None:
    assert largest(planted()) == largest(KERNELS["pairs"]) < PROVED


@pytest.mark.parametrize("defect", WORSE)
def test_a_defect_spoils_the_bound(defect: str) -> None:
    text, replacement, exponent = WORSE[defect]
    assert largest(planted((text, replacement.replace("{}", text)))) > 2.0**exponent


@pytest.mark.parametrize("defect", REFUSED)
def test_an_unproved_precondition_is_refused(defect: str) -> None:
    for cell in CELLS:
        with pytest.raises(ProofError, match=rf"^cell {cell}: fast_two_sum: .* \(planted.py:\d+\)$"):
            list(prove_cells(cell, cell, planted(REFUSED[defect])))


def test_a_missing_cross_term_shows_at_small_a_only() -> None:
    kernel = planted((SQUARE_LOW, ""))
    (near,), (far,) = list(prove_cells(1, 1, kernel)), list(prove_cells(1500, 1500, kernel))
    assert near.softplus > 2.0**-68
    assert far.softplus < PROVED
