"""The second stage against the oracle: exact parts that are midpoints, and logits beyond the table."""

from __future__ import annotations

import numpy as np
import pytest

from stablelce.formats import BINARY64, FORMATS, Format, UIntArray
from stablelce.kernels.rounding import Doubles, Mask
from stablelce.kernels.wide import wide
from stablelce.oracle.batch import expected

each_format = pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: fmt.name)

CASES = {"loss": ("loss", 1.0), "gradient": ("gradient", 1.0), "hessian": ("hessian", 1.0)}
HARD = {"sigmoid": ("gradient", 1.0, 0.0), "softplus": ("loss", 1.0, 0.0), "log_sigmoid": ("loss", -1.0, 1.0)}

TARGETS = (0.25, 0.375, 0.5, 0.75, 0.1, 2.0**-54, 2.0**-25, 2.0**-12, 2.0**-9, 1e-20, 1 - 2.0**-53, 0.0, 1.0)
EXTREME = (5e-324, 2.0**-1022, 1e-300, 2.0**-800, 2.0**-799, 1e-240, 1e-200)


def encoded(values: Doubles, fmt: Format) -> UIntArray:
    """Rounded to a format; nothing that is finite becomes infinite."""
    largest = float(fmt.to_fraction(fmt.max_finite))
    return fmt.encodings(np.clip(values, -largest, largest).astype(fmt.dtype))


def check(quantity: str, fmt: Format, z: UIntArray, t: UIntArray) -> Mask:
    """Compare what is decided with the oracle, and say where that is."""
    logits, targets = (fmt.array(x).astype(np.float64) for x in (z, t))
    if quantity in CASES:
        base, sign = CASES[quantity]
        wanted = expected(quantity, z, t, fmt).encodings
    else:
        base, sign, target = HARD[quantity]
        targets = np.full_like(logits, target)
        wanted = expected(quantity, z, None, fmt).encodings
    with np.errstate(all="ignore"):  # the kernels run so
        encodings, decided = wide(base, sign, logits, targets, fmt)
    assert encodings.dtype == fmt.uint
    wrong = np.flatnonzero(decided & (encodings != wanted))
    assert not wrong.size, [(logits[i].hex(), targets[i].hex(), hex(encodings[i])) for i in wrong[:3]]
    return decided


def grid(z: Doubles, t: tuple[float, ...], fmt: Format) -> tuple[UIntArray, UIntArray]:
    """Every logit of either sign with every target."""
    logits, targets = np.meshgrid(np.concatenate([z, -z]), np.array(t))
    return encoded(logits.ravel(), fmt), encoded(targets.ravel(), fmt)


def logits(low: float, high: float, count: int, seed: int) -> Doubles:
    """Uniform by exponent, short significands among them: with t = 1/4 a third gives exact midpoints."""
    rng = np.random.default_rng(seed)
    z = low * (high / low) ** rng.random(count)
    return np.where(rng.random(count) < 0.3, np.round(z), z)


@each_format
@pytest.mark.parametrize("quantity", [*CASES, *HARD])
def test_what_is_decided_inside_the_table_is_right(fmt: Format, quantity: str) -> None:
    z, t = grid(np.concatenate([logits(1e-3, 64, 20, 1), logits(64, 690, 40, 2)]), TARGETS, fmt)
    decided = check(quantity, fmt, z, t)
    assert decided.any() or quantity == "hessian"


@each_format
@pytest.mark.parametrize("quantity", [*CASES, *HARD])
def test_what_is_decided_beyond_the_table_is_right(fmt: Format, quantity: str) -> None:
    edges = np.array([690.0, np.nextafter(690.0, 700), 745.0, 745.2, 746.0, 746.1, 750.0, 2.0**400, 2.0**401])
    z = np.concatenate([edges, logits(690, 800, 12, 3), logits(800, 1e300, 25, 4), [1e300, 1.7e308]])
    decided = check(quantity, fmt, *grid(z, (*TARGETS, *EXTREME), fmt))
    assert decided.any()


@each_format
def test_beyond_the_table_only_extreme_targets_are_left(fmt: Format) -> None:
    z, t = grid(np.concatenate([logits(691, 1e5, 30, 5), logits(1e5, 1e300, 30, 6)]), TARGETS[:-2], fmt)
    for quantity in ("loss", "gradient"):
        assert check(quantity, fmt, z, t).all()
    far = encoded(np.concatenate([logits(750, 1e300, 60, 7), [746.1]]), fmt)
    for quantity in ("hessian", *HARD):
        assert check(quantity, fmt, far, far).all()


@pytest.mark.parametrize("t", [0.25, 0.75])
def test_every_exact_part_of_a_loss_that_is_a_midpoint_is_decided(t: float) -> None:
    z = np.concatenate([logits(64, 690, 6000, 8), np.linspace(64, 128, 3000)])
    # 3z/4 needs 54 bits. Where it is a float, the first stage decides.
    numerators = [int(x * 2.0**48) * 3 for x in z.tolist()]
    bits = np.array([n.bit_length() - ((n & -n).bit_length() - 1) for n in numerators])
    z = z[bits == 54]
    assert z.size > 1000
    points = encoded(z if t == 0.25 else -z, BINARY64), encoded(np.full_like(z, t), BINARY64)
    undecided = z[~check("loss", BINARY64, *points)]
    assert undecided.size == 0, (undecided.size, undecided.min(), undecided.max())


def test_every_complement_that_is_a_midpoint_is_decided() -> None:
    # 1 - t is a midpoint: y decides, though it may be below 2^-1000000.
    z = np.concatenate([logits(40, 690, 1000, 9), logits(690, 1e300, 200, 10)])
    for t in (2.0**-54, 3 * 2.0**-54, 5 * 2.0**-54, 0.25 + 2.0**-54):
        undecided = z[
            ~check("gradient", BINARY64, encoded(z, BINARY64), encoded(np.full_like(z, t), BINARY64))
        ]
        assert undecided.size == 0, (t, undecided.size, undecided.min(), undecided.max())


def test_huge_products_neither_overflow_nor_lose_their_low_words() -> None:
    z = np.concatenate([logits(2.0**390, 2.0**410, 60, 11), logits(2.0**1000, 1.7e308, 60, 12)])
    for t in (0.25, 1 / 3, 2.0**-54, 0.0, 1e-20, 1e-100):
        for sign in (1, -1):
            points = encoded(sign * z, BINARY64), encoded(np.full_like(z, t), BINARY64)
            decided = check("loss", BINARY64, *points)
            assert decided.all()


@pytest.mark.parametrize("t", EXTREME[:3])
def test_words_too_small_to_show_a_remainder_beside_them_are_left(t: float) -> None:
    z = encoded(np.array([691.0, 700.0, 1e4, -691.0, -700.0, -1e4]), BINARY64)
    targets = encoded(np.full(6, t), BINARY64)
    for quantity in ("loss", "gradient"):
        assert not check(quantity, BINARY64, z, targets).any()


@each_format
def test_a_zero_has_the_sign_of_the_remainder(fmt: Format) -> None:
    far = np.array([2000.0, -2000.0])
    with np.errstate(all="ignore"):
        for base, sign, hard, wanted in (
            ("loss", 1.0, (1.0, 0.0), (0, 0)),  # softplus(-a)
            ("loss", -1.0, (1.0, 0.0), (fmt.sign_bit, fmt.sign_bit)),
            ("gradient", 1.0, (1.0, 0.0), (fmt.sign_bit, 0)),  # y - 1 and y
            ("hessian", 1.0, (1.0, 0.0), (0, 0)),
        ):
            encodings, decided = wide(base, sign, far, np.array(hard), fmt)
            assert encodings.tolist() == list(wanted), base
            assert decided.all()
