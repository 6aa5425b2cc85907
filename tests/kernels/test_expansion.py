"""Sums of words known to within a bound, against both exact ends of the interval rounded as rationals."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stablelce.formats import BINARY64, FORMATS, Format
from stablelce.kernels import expansion
from stablelce.kernels.expansion import round_sum
from stablelce.kernels.primitives import two_sum
from stablelce.kernels.rounding import Doubles, Mask

each_format = pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: fmt.name)

COUNT = 1500


def check(words: list[Doubles], bound: Doubles, fmt: Format) -> Mask:
    """Compare what is decided with both ends, and say where that is."""
    with np.errstate(all="ignore"):  # the kernels run so
        encodings, decided = round_sum([word.copy() for word in words], bound, fmt)
    assert encodings.dtype == fmt.uint
    for i in np.flatnonzero(decided).tolist():
        total = sum((Fraction(float(word[i])) for word in words), Fraction(0))
        ends = {fmt.round(total - Fraction(float(bound[i]))), fmt.round(total + Fraction(float(bound[i])))}
        assert ends == {int(encodings[i])}, ([float(word[i]).hex() for word in words], float(bound[i]).hex())
    return decided


def signs(rng: np.random.Generator, count: int = COUNT) -> Doubles:
    return rng.choice([-1.0, 1.0], count)


def numbers(rng: np.random.Generator, low: int, high: int, count: int = COUNT) -> Doubles:
    """Floats with exponents in a range; every third has few bits."""
    significands = 1 + rng.integers(0, 2**52, count) / 2.0**52
    short = 1 + rng.integers(0, 4, count) / 4
    chosen = np.where(rng.random(count) < 1 / 3, short, significands)
    return signs(rng, count) * np.ldexp(chosen, rng.integers(low, high, count))


def scattered(rng: np.random.Generator, words: list[Doubles]) -> list[Doubles]:
    """The same sums: zeros among the words, a pair added that cancels, the order another in each row."""
    x = numbers(rng, -200, 10)
    columns = np.stack([*words, np.where(rng.random(COUNT) < 0.3, x, 0.0), np.zeros(COUNT)])
    columns[-1] = -columns[-2]
    return list(rng.permuted(columns, axis=0))


def midpoints(fmt: Format, rng: np.random.Generator) -> list[Doubles]:
    """Midpoints of two neighbours of a format as sums of two words, both signs, subnormals left out."""
    span = min(-fmt.emin - 2, 400)
    q = rng.integers(-span, 8, COUNT)
    even = rng.integers(2 ** (fmt.precision - 1), 2**fmt.precision, COUNT).astype(np.float64)
    power = rng.random(COUNT) < 0.2
    even[power] = 2.0 ** (fmt.precision - 1)
    # Below a power of two the spacing is half of that above.
    half = np.where(power & (rng.random(COUNT) < 0.5), -0.25, 0.5)
    sign, scale = signs(rng), np.ldexp(1.0, q - fmt.precision + 1)
    return [sign * even * scale, sign * half * scale]


@each_format
@pytest.mark.parametrize("seed", range(2))
def test_exact_midpoints_and_a_small_remainder_are_right_and_decided(fmt: Format, seed: int) -> None:
    rng = np.random.default_rng(seed)
    exact = midpoints(fmt, rng)
    remainder = np.abs(exact[0]) * numbers(rng, -200, -110)
    bound = 2.0**-69 * np.abs(remainder)
    decided = check([*exact, remainder, 2.0**-54 * remainder], bound, fmt)
    assert decided.all()
    # Without a remainder the value is a tie, and no bound tells to which side.
    assert not check([*exact, 0 * remainder], np.abs(bound), fmt).any()


@each_format
@pytest.mark.parametrize("seed", range(2))
def test_order_zeros_and_words_that_cancel_do_not_matter(fmt: Format, seed: int) -> None:
    rng = np.random.default_rng([seed, 1])
    exact = midpoints(fmt, rng)
    remainder = np.abs(exact[0]) * numbers(rng, -120, -57)
    words = scattered(rng, [*exact, remainder])
    decided = check(words, 2.0**-69 * np.abs(remainder), fmt)
    assert decided.mean() > 0.5


@each_format
@pytest.mark.parametrize("length", range(3, 7))
def test_words_of_any_sizes(fmt: Format, length: int) -> None:
    rng = np.random.default_rng([length, 2])
    words = [numbers(rng, -160, 12) for _ in range(length)]
    for word in words:
        word[rng.random(COUNT) < 0.2] = 0.0
    words[-1] = np.where(
        rng.random(COUNT) < 0.4, -words[0] * (1 + rng.integers(-2, 3, COUNT) * 2.0**-52), words[-1]
    )
    bound = np.ldexp(1.0, rng.integers(-300, -40, COUNT))
    decided = check(words, bound, fmt)
    assert decided.any()


@each_format
def test_a_bound_that_reaches_a_midpoint_leaves_the_sum_undecided(fmt: Format) -> None:
    rng = np.random.default_rng(3)
    exact = midpoints(fmt, rng)
    remainder = np.abs(exact[0]) * numbers(rng, -100, -56)
    decided = check([*exact, remainder], 1.25 * np.abs(remainder), fmt)
    assert not decided.any()


@each_format
def test_sums_at_the_ends_of_the_range(fmt: Format) -> None:
    rng = np.random.default_rng(4)
    if fmt == BINARY64:
        largest = np.full(COUNT, 2.0**1000)
        smallest = np.full(COUNT, 2.0**-1022)
    else:
        # The midpoint of the largest value and the next power of two, where infinity begins.
        half_quantum = Fraction(2) ** (fmt.quantum - 1)
        largest = np.full(
            COUNT, float(fmt.to_fraction(fmt.max_finite) + Fraction(2) ** (fmt.emax - fmt.precision))
        )
        smallest = float(half_quantum) * rng.integers(0, 8, COUNT)
    for start in (largest, smallest):
        size = np.where(start == 0, float(start.max()), start)
        words = [signs(rng) * start, size * numbers(rng, -120, -10), size * numbers(rng, -300, -100)]
        decided = check(words, np.abs(words[-1]) / 2, fmt)
        assert decided.any() or fmt == BINARY64


def test_a_form_that_is_not_normalised_is_left_undecided() -> None:
    """A rest that outweighs the second word would move the sum by more than a last place."""
    s, slack = np.ones(4), np.zeros(4)
    d = np.array([2.0**-60, 2.0**-60, 2.0**-60, -(2.0**-60)])
    rest = np.array([0.75, -(2.0**-60), 2.0**-70, 2.0**-70])
    values, sure = expansion._round_to_odd(s, d, rest, slack)
    assert sure.tolist() == [False, False, True, True]
    assert values[2:].tolist() == [1 + 2.0**-52, 1 - 2.0**-53]


def test_a_tiny_second_word_is_left_to_the_last_stage() -> None:
    # 2^-54 |d| would be subnormal.
    words = [np.array([1.0]), np.array([2.0**-1020]), np.array([2.0**-1074])]
    assert not check(words, np.zeros(1), BINARY64).any()


@given(st.sampled_from(FORMATS), st.lists(st.floats(-(2.0**12), 2.0**12), min_size=3, max_size=6))
def test_any_words(fmt: Format, values: list[float]) -> None:
    check([np.array([value]) for value in values], np.array([2.0**-1070]), fmt)


@given(st.lists(st.floats(-(2.0**60), 2.0**60), min_size=3, max_size=6))
def test_the_normalised_form_is_the_same_sum_to_within_its_error(values: list[float]) -> None:
    words = [np.array([value]) for value in values]
    s, d, rest, error = (float(part[0]) for part in expansion._normalised(words))
    distance = abs(sum(map(Fraction, values), Fraction(0)) - Fraction(s) - Fraction(d) - Fraction(rest))
    assert distance <= Fraction(error)
    assert (s, d) == two_sum(s, d)


@each_format
def test_a_remainder_whose_sign_is_ignored_is_seen(fmt: Format, monkeypatch: pytest.MonkeyPatch) -> None:
    normalised = expansion._normalised

    def positive(words: list[Doubles]) -> tuple[Doubles, ...]:
        s, d, rest, error = normalised(words)
        # What is left below a midpoint: the third word in binary64, the second in the others.
        return (s, d, np.abs(rest), error) if fmt == BINARY64 else (s, np.abs(d), np.abs(rest), error)

    rng = np.random.default_rng(6)
    exact = midpoints(fmt, rng)
    remainder = np.abs(exact[0]) * numbers(rng, -120, -110)
    arguments: Any = ([*exact, remainder], 2.0**-69 * np.abs(remainder), fmt)
    check(*arguments)
    monkeypatch.setattr(expansion, "_normalised", positive)
    with pytest.raises(AssertionError):
        check(*arguments)
