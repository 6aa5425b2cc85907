"""The exact optimum: every figure against an independent solution, closed forms, and what must not matter."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stablelce.certificate import NotProvedError, NoUniqueOptimumError, Optimum, exact_optimum, optimum
from tests.certificate.reference import DIGITS, Reference, data, seeded, solve


def assert_rounds(got: float, exact: mpmath.mpf) -> None:
    """``got`` is the float64 nearest to a value known to 60 digits (a tie would need 53 zeros in a row)."""
    with mpmath.workdps(DIGITS):
        below, above = (np.nextafter(got, way) for way in (-np.inf, np.inf))
        assert (mpmath.mpf(below) + mpmath.mpf(got)) / 2 < exact < (mpmath.mpf(got) + mpmath.mpf(above)) / 2


def assert_matches(got: Optimum, want: Reference, *, fit_intercept: bool = True) -> None:
    values, errors = list(got.coef), list(got.standard_errors)
    if fit_intercept:
        values, errors = [*values, got.intercept], [*errors, got.intercept_standard_error]
    for value, exact in zip(
        [*values, *errors, got.loss], [*want.parameters, *want.errors, want.loss], strict=True
    ):
        assert_rounds(float(value), exact)


def bits(found: Optimum) -> tuple[Any, ...]:
    return (
        found.coef.tobytes(),
        found.intercept.hex(),
        found.loss.hex(),
        found.standard_errors.tobytes(),
        found.intercept_standard_error.hex(),
    )


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("l2", [0.0, 0.1, 1e-9, Fraction(1, 300)])
def test_all_figures_are_correctly_rounded(seed: int, fit_intercept: bool, l2: float | Fraction) -> None:
    x, t = data(seed, 40, 3)
    got = exact_optimum(x, t, l2=l2, fit_intercept=fit_intercept)
    assert_matches(got, solve(x, t, l2=l2, fit_intercept=fit_intercept), fit_intercept=fit_intercept)


@pytest.mark.parametrize("seed", range(4))
def test_weights_and_soft_targets(seed: int) -> None:
    x, _ = data(seed, 30, 2)
    rng = seeded(100 + seed)
    t, s = rng.random(30), rng.random(30) * 10.0 ** rng.integers(-3, 4, 30)
    t[:10] = rng.integers(0, 2, 10)
    got = exact_optimum(x, t, s=s, l2=1e-3)
    assert_matches(got, solve(x, t, s, 1e-3))


@given(
    st.lists(
        st.tuples(st.integers(-4, 4), st.integers(-4, 4), st.sampled_from([0.25, 0.5, 0.125, 1.0, 0.0])),
        min_size=4,
        max_size=8,
    )
)
def test_small_integers_match_the_reference_or_are_refused_with_a_proof(
    rows: list[tuple[int, int, float]],
) -> None:
    x, t = np.array([row[:2] for row in rows], dtype=float), np.array([row[2] for row in rows])
    try:
        got = exact_optimum(x, t)
    except NoUniqueOptimumError as error:
        check_direction(x, t, error)
        return
    want = solve(x, t)
    for value, exact in zip([*got.coef, got.intercept], want.parameters, strict=True):
        if value == 0:  # exactly 0: the reference comes near it
            assert abs(exact) < mpmath.mpf(10) ** -50
        else:
            assert_rounds(float(value), exact)
    assert_rounds(got.loss, want.loss)


def check_direction(x: Any, t: Any, error: NoUniqueOptimumError, *, fit_intercept: bool = True) -> None:
    """The proof, verified in fractions, independently of the package."""
    moved = []
    for row in np.asarray(x, dtype=np.float64).tolist():
        entries = [Fraction(v) for v in row] + [Fraction(1)] * fit_intercept
        moved.append(sum((a * b for a, b in zip(entries, error.direction, strict=True)), Fraction(0)))
    assert any(error.direction)
    if error.kind == "rank-deficient":
        assert not any(moved)
        return
    strict = []
    for move, target in zip(moved, np.asarray(t).tolist(), strict=True):
        along = move if target == 1 else -move
        assert along >= 0
        assert move == 0 or target in (0, 1)
        strict.append(along > 0)
    assert any(strict)
    assert all(strict) == (error.kind == "separable")


@pytest.mark.parametrize(("ones", "zeros"), [(1, 2), (3, 5), (999_999, 1), (1, 10**6)])
def test_an_intercept_alone_is_the_logit_of_the_mean(ones: int, zeros: int) -> None:
    got = exact_optimum(np.empty((2, 0)), [1, 0], s=[float(ones), float(zeros)])
    with mpmath.workdps(DIGITS):
        assert_rounds(got.intercept, mpmath.log(mpmath.mpf(ones) / zeros))
        n = ones + zeros
        p = mpmath.mpf(ones) / n
        assert_rounds(got.loss, -(p * mpmath.log(p) + (1 - p) * mpmath.log(1 - p)))
        assert_rounds(got.intercept_standard_error, 1 / mpmath.sqrt(n * p * (1 - p)))


@pytest.mark.parametrize("table", [(3, 5, 7, 11), (2, 4, 8, 9), (1, 100, 1000, 3)])
def test_a_binary_feature_gives_the_log_odds_ratio(table: tuple[int, int, int, int]) -> None:
    a, b, c, d = table  # x=1: a ones and b zeros; x=0: c ones and d zeros
    got = exact_optimum([[1], [1], [0], [0]], [1, 0, 1, 0], s=np.array(table, dtype=float))
    with mpmath.workdps(DIGITS):
        assert_rounds(float(got.coef[0]), mpmath.log(mpmath.mpf(a * d) / (b * c)))
        assert_rounds(got.intercept, mpmath.log(mpmath.mpf(c) / d))
        assert_rounds(
            float(got.standard_errors[0]), mpmath.sqrt(sum(mpmath.mpf(1) / count for count in table))
        )
        assert_rounds(got.intercept_standard_error, mpmath.sqrt(mpmath.mpf(1) / c + mpmath.mpf(1) / d))


def test_a_standard_error_that_is_a_float_is_found_exactly() -> None:
    got = exact_optimum([[1], [1], [0], [0]], [1, 0, 1, 0], s=[2.0, 4.0, 8.0, 8.0])
    assert got.standard_errors[0] == 1.0
    assert got.intercept == 0.0  # 8 to 8


def test_weights_count_as_duplicates() -> None:
    x, t = data(3, 25, 2)
    counts = seeded(4).integers(0, 4, 25)
    weighted = exact_optimum(x, t, s=counts.astype(float))
    assert bits(weighted) == bits(exact_optimum(np.repeat(x, counts, axis=0), np.repeat(t, counts)))


def test_the_order_of_rows_and_the_starting_point_leave_no_trace() -> None:
    x, t = data(5, 60, 4)
    want = bits(exact_optimum(x, t))
    order = seeded(6).permutation(60)
    assert bits(exact_optimum(x[order], t[order])) == want
    for start in ([0.1] * 4, [1e9, -1e9, 3.0, 0.0, 50.0], [np.nan] * 5, [1e300] * 5):
        assert bits(exact_optimum(x, t, start=start)) == want


def test_flipped_targets_give_opposite_parameters() -> None:
    x, t = data(7, 40, 3)
    one, other = exact_optimum(x, t), exact_optimum(x, 1 - t)
    assert (one.coef == -other.coef).all()
    assert one.intercept == -other.intercept
    assert one.loss == other.loss


def test_float32_counts_as_the_exact_numbers_it_holds() -> None:
    x, t = data(8, 40, 3)
    narrow = x.astype(np.float32)
    assert bits(exact_optimum(narrow, t)) == bits(exact_optimum(narrow.astype(np.float64), t))


@pytest.mark.parametrize("l2", [0.0, 0.5])
def test_columns_of_any_scale(l2: float) -> None:
    x, t = data(9, 50, 5)
    x = x * 10.0 ** np.array([-140, -70, 0, 70, 140])
    assert_matches(exact_optimum(x, t, l2=l2), solve(x, t, l2=l2))


def test_a_column_whose_range_exceeds_that_of_float64() -> None:
    x, t = data(10, 40, 2)
    x[:, 0] *= 1e140
    x[:5, 0] = [1e-200, 5e-324, 0.0, -1e-310, 1e-160]
    assert_matches(exact_optimum(x, t), solve(x, t))


def test_a_power_of_two_as_the_unit_of_a_feature() -> None:
    x, t = data(11, 40, 3)
    scaled = x * [1.0, 2.0**100, 2.0**-77]
    assert (exact_optimum(scaled, t).coef * [1.0, 2.0**100, 2.0**-77] == exact_optimum(x, t).coef).all()


@pytest.mark.parametrize("gap", [1e-6, 1e-10, 1e-13])
def test_nearly_collinear_columns(gap: float) -> None:
    x, t = data(12, 60, 3)
    x[:, 1] = x[:, 0] + gap * x[:, 1]
    t[:30] = 1 - t[:30]  # nothing to predict: not separable
    assert_matches(exact_optimum(x, t), solve(x, t))


def test_one_bit_between_two_columns_takes_more_precision() -> None:
    x, t = data(13, 60, 2)
    x[:, 1] = x[:, 0]
    x[0, 1] = np.nextafter(x[0, 0], 9)
    x[1, 1] = np.nextafter(x[1, 0], 9)
    t[:2] = [0.25, 0.75]  # these two rows alone tell the columns apart
    got = exact_optimum(x, t)
    assert got.precision > 128
    assert abs(got.coef[0]) > 1e14


def test_nearly_separable_data() -> None:
    x = np.linspace(-3, 3, 40)[:, None]
    t = (x[:, 0] > 0).astype(float)
    t[19], t[20] = 1, 0  # one pair on the wrong side
    assert_matches(exact_optimum(x, t), solve(x, t))
    s = np.ones(40)
    s[19] = s[20] = 1e-12
    assert_matches(exact_optimum(x, t, s=s), solve(x, t, s))


def test_weights_of_wide_range() -> None:
    """The optimum lies many short steps away: a row of weight 1e-10 pulls, ever so lightly, for long."""
    x = np.array([[1.0, 2.0], [3.0, -1.0], [-2.0, 1.0], [-1.0, -3.0], [2.0, 2.0], [-3.0, 1.0]])
    t = np.array([1.0, 1.0, 0.0, 0.0, 0.0, 1.0])
    s = np.array([1e10, 1e5, 1e9, 1e10, 1e-10, 1e-10])
    assert_matches(exact_optimum(x, t, s=s), solve(x, t, s))


@pytest.mark.parametrize("l2", [1e-3, 1e-12, 1e-60])
def test_separable_data_have_an_optimum_under_any_penalty(l2: float) -> None:
    x = np.array([[1.0], [2.0], [3.0], [5.0]])
    assert_matches(exact_optimum(x, [0, 0, 1, 1], l2=l2), solve(x, [0, 0, 1, 1], l2=l2))


def test_a_column_that_is_twice_another_has_an_optimum_under_a_penalty() -> None:
    x, t = data(14, 40, 2)
    x[:, 1] = 2 * x[:, 0]
    got = exact_optimum(x, t, l2=0.01)
    assert_matches(got, solve(x, t, l2=0.01))
    assert got.coef[1] == 2 * got.coef[0]


def test_a_huge_penalty_leaves_tiny_coefficients() -> None:
    x, t = data(15, 30, 2)
    assert_matches(exact_optimum(x, t, l2=1e200), solve(x, t, l2=1e200))


def test_symmetric_data_give_exact_zeros() -> None:
    x, t = data(16, 20, 2)
    got = exact_optimum(np.vstack([x, -x]), np.concatenate([t, 1 - t]))
    assert got.intercept.hex() == "0x0.0p+0"
    assert got.intercept_radius == 0
    assert_matches(
        exact_optimum(x, t, fit_intercept=False), solve(x, t, fit_intercept=False), fit_intercept=False
    )
    assert (got.coef == exact_optimum(x, t, fit_intercept=False).coef).all()


def test_an_unproved_zero_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(optimum, "are_zero", lambda *_: False)
    monkeypatch.setattr(optimum, "LAST_BITS", 256)
    with pytest.raises(NotProvedError, match="256 bits do not decide the rounding of parameter 1"):
        exact_optimum([[1.0], [-1.0], [2.0], [-2.0]], [0.25, 0.75, 1.0, 0.0])


def test_a_coefficient_beyond_float64_is_an_overflow() -> None:
    x, t = data(17, 30, 1)
    with pytest.raises(OverflowError, match="scale its column"):
        exact_optimum(x * 1e-320, t)


def test_the_radius_is_at_most_half_an_ulp() -> None:
    x, t = data(18, 50, 4)
    got = exact_optimum(x, t)
    assert (got.radius <= np.spacing(np.abs(got.coef)) / 2).all()
    assert 0 < got.intercept_radius <= np.spacing(abs(got.intercept)) / 2
    assert got.iterations > 0
