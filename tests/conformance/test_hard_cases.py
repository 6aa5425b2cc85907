"""Hard cases: named once, sourced, representable, and hard for the reason that is given."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from fractions import Fraction

import gmpy2
import numpy as np
import pytest

from stablelce import oracle
from stablelce.conformance.hard_cases import HARD_CASES, HardCase, edges, hard_to_round, points
from stablelce.conformance.region_members import is_midpoint
from stablelce.formats import BFLOAT16, BINARY16, BINARY32, BINARY64, FORMATS, Format, find_format
from stablelce.oracle.exact import Exact
from tests.midpoints import from_midpoint

QUANTITIES = ("loss", "gradient", "hessian", "sigmoid", "log_sigmoid", "softplus")
formats = pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: fmt.name)


def case_named(name: str, fmt: Format | None = None) -> HardCase:
    return next(case for case in (*HARD_CASES, *(edges(fmt) if fmt else ())) if case.name == name)


def rounded(fmt: Format, value: float) -> Fraction:
    return fmt.to_fraction(fmt.round(Fraction(value)))


def exact_part(fmt: Format, z: float, t: float) -> Fraction:
    logit, target = rounded(fmt, z), rounded(fmt, t)
    return logit * (1 - target) if logit > 0 else -logit * target


@formats
def test_each_case_has_a_name_of_its_own_and_a_source(fmt: Format) -> None:
    cases = (*HARD_CASES, *edges(fmt))
    assert len({case.name for case in cases}) == len(cases)
    assert len(HARD_CASES) >= 60
    for case in cases:
        if "http" in case.source:
            assert re.fullmatch(r"https://github\.com/[^/ ]+/[^/ ]+/(issues|pull)/\d+(: .+)?", case.source)
        else:  # a reason, which speaks of the values involved
            assert re.search(r"\b(z|t|3z/4|exp|gradient|bound)\b", case.source), case.name
        assert case.targets, case.name
        assert all(0 <= t <= 1 for t in case.targets), case.name
        assert all(find_format(name).name == name for name in case.formats or ()), case.name


@formats
def test_points_are_finite_distinct_and_named(fmt: Format) -> None:
    z, t, names = points(fmt)
    assert z.dtype == t.dtype == fmt.uint
    assert len(z) == len(t) == len(names) == len({*zip(z.tolist(), t.tolist(), strict=True)})
    assert all(fmt.is_finite(e) for e in z.tolist())
    one = fmt.round(Fraction(1))
    assert ((t >= 0) & (t <= one)).all()
    known = {case.name for case in (*HARD_CASES, *edges(fmt))}
    assert {*names} <= known


@formats
def test_both_zeros_meet_every_easy_target(fmt: Format) -> None:
    z, t, _ = points(fmt)
    drawn = {*zip(z.tolist(), t.tolist(), strict=True)}
    easy = [fmt.round(Fraction(target)) for target in (0, Fraction(1, 2), 1)]
    assert {(zero, target) for zero in (0, fmt.sign_bit) for target in easy} <= drawn


@formats
def test_both_ends_of_the_format_are_there(fmt: Format) -> None:
    z, _, _ = points(fmt)
    for magnitude in (1, fmt.min_normal, fmt.max_finite):
        assert {magnitude, magnitude | fmt.sign_bit} <= {*z.tolist()}


def test_a_case_stands_only_in_the_formats_it_names_and_can_fit() -> None:
    names = {fmt.name: {*points(fmt)[2]} for fmt in FORMATS}
    assert [name for name in names if "midpoint in binary32" in names[name]] == ["binary32"]
    assert [name for name in names if "huge logit" in names[name]] == ["bfloat16", "binary32", "binary64"]


@pytest.mark.parametrize(
    ("name", "fmt"),
    [
        ("midpoint, integer logit", BINARY64),
        ("midpoint beside an integer", BINARY64),
        ("midpoint in binary32", BINARY32),
        *[
            (f"{name} of {fmt.name}{end}", fmt)
            for name in ("midpoint", "midpoint of three eighths", "midpoint of five eighths")
            for fmt in FORMATS
            for end in ("", ", negative")
        ],
    ],
)
def test_a_midpoint_case_has_a_midpoint_for_its_exact_part(name: str, fmt: Format) -> None:
    case = case_named(name, fmt)
    assert any(is_midpoint(fmt, exact_part(fmt, case.z, t)) for t in case.targets)


@formats
def test_the_complement_of_the_target_is_a_midpoint_and_the_remainder_decides(fmt: Format) -> None:
    case = case_named(f"complement a midpoint of {fmt.name}", fmt)
    (t,) = case.targets
    complement = 1 - rounded(fmt, t)
    assert is_midpoint(fmt, complement)
    # A tie would go to even, which is 1; the gradient is 1 - t - exp(-60), so it goes down.
    assert fmt.round(complement) == fmt.round(Fraction(1))
    gradient = oracle.exact("gradient", rounded(fmt, case.z), rounded(fmt, t), fmt)
    assert gradient.encoding == fmt.next_down(fmt.round(Fraction(1)))


def test_a_representable_exact_part_is_not_moved_by_a_vanishing_remainder() -> None:
    case = case_named("representable exact part")
    part = exact_part(BINARY32, case.z, 0.25)
    loss = oracle.exact("loss", rounded(BINARY32, case.z), Fraction(1, 4), BINARY32)
    assert BINARY32.to_fraction(loss.encoding) == part


def test_the_midpoint_of_the_sigmoid_is_decided_by_the_cubic_term() -> None:
    z = Fraction(3, 2**23)
    tie = Fraction(1, 2) + z / 4
    assert is_midpoint(BINARY32, tie)
    found = oracle.exact("sigmoid", z, None, BINARY32).encoding
    assert found == BINARY32.round(tie, -1) != BINARY32.round(tie)


@formats
def test_six_quanta_make_a_gradient_between_two_subnormals(fmt: Format) -> None:
    z = 6 * Fraction(2) ** fmt.quantum
    gradient = oracle.exact("gradient", z, Fraction(1, 2), fmt)
    assert is_midpoint(fmt, z / 4)
    assert gradient.encoding == 1 != fmt.round(z / 4)


@formats
def test_the_exponentials_change_their_class_within_two_floats(fmt: Format) -> None:
    """By MPFR, from the inputs next to the case: normal or subnormal, nonzero or zero, finite or not."""
    largest = fmt.to_fraction(fmt.max_finite)
    classes: dict[str, Callable[[Fraction, Fraction], bool]] = {
        "last normal exponential": lambda value, _: value < Fraction(2) ** fmt.emin,
        "smallest exponential": lambda value, _: value < Fraction(2) ** fmt.quantum,
        "last exponential": lambda value, _: value < Fraction(2) ** (fmt.quantum - 1),
        "half an ulp of 1": lambda value, _: value < Fraction(1, 2**fmt.precision),
        "first infinite exponential": lambda _, inverse: inverse > largest,
    }
    with gmpy2.context(precision=300, emin=-3000, emax=3000):
        for name, crossed in classes.items():
            z = fmt.round(Fraction(case_named(f"{name} of {fmt.name}", fmt).z))
            results = []
            for place in (z - 2, z + 2):
                size = gmpy2.mpq(fmt.to_fraction(place))
                pair = (Fraction(*gmpy2.exp(x).as_integer_ratio()) for x in (-size, size))
                results.append(crossed(*pair))
            assert results == [False, True], name


@formats
@pytest.mark.parametrize("z", [2.0, -2.0, 7.0, -7.0])
def test_an_optimum_has_its_target_in_the_float_of_sigmoid(fmt: Format, z: float) -> None:
    name = "optimum" if abs(z) == 2.0 else "optimum in the tail"
    case = case_named(f"{name} of {fmt.name}{', negative' if z < 0 else ''}", fmt)
    best = oracle.exact("sigmoid", rounded(fmt, z), None, fmt).encoding
    # Binary64 arithmetic, and a second rounding, may miss the nearest float by one.
    assert min(abs(fmt.round(Fraction(t)) - best) for t in case.targets) <= 1


def test_the_smoothed_labels_are_the_optimum_of_their_logit() -> None:
    case = case_named("smoothed labels")
    assert abs(oracle.exact("gradient", case.z, case.targets[0]).value(Fraction(1, 2**80))) < Fraction(
        1, 2**52
    )


def test_the_tail_cases_are_half_an_ulp_of_1() -> None:
    """sigmoid(-z) = 2^-54 up to a few ulp at the logit of the thread: 1 - sigmoid(-z) rounds to 1."""
    case = case_named("half an ulp of 1")
    exact = oracle.exact("sigmoid", -case.z, None, BINARY64).value(Fraction(1, 2**120))
    assert abs(exact / Fraction(1, 2**54) - 1) < Fraction(1, 2**40)


@pytest.mark.parametrize("using", ["arb", "mpmath"])
@formats
def test_the_oracle_decides_each_case_in_50_ms(fmt: Format, using: str) -> None:
    z, t, names = points(fmt)
    for ze, te, name in zip(z.tolist(), t.tolist(), names, strict=True):
        for quantity in QUANTITIES:
            # A slow one is timed again: the machine may be busy, the algorithm may not.
            assert any(_seconds(quantity, ze, te, fmt, using) < 0.05 for _ in range(5)), (name, quantity)


def _seconds(quantity: str, z: int, t: int, fmt: Format, using: str) -> float:
    begin = time.perf_counter()
    decided = oracle.exact(quantity, fmt.to_fraction(z), fmt.to_fraction(t), fmt, using=using)
    assert isinstance(decided, Exact)
    return time.perf_counter() - begin


@pytest.mark.parametrize("quantity", QUANTITIES)
@formats
def test_the_two_oracles_agree_on_each_case(fmt: Format, quantity: str) -> None:
    z, t, names = points(fmt)
    target = t if quantity in ("loss", "gradient") else None
    arb, mpmath = (oracle.expected(quantity, z, target, fmt, using) for using in ("arb", "mpmath"))
    assert [names[i] for i in np.flatnonzero(arb.encodings != mpmath.encodings)] == []
    assert (arb.units == mpmath.units).all()
    assert (arb.sides == mpmath.sides).all()


def test_the_derived_cases_exist_on_both_sides_of_zero() -> None:
    cases = edges(BINARY16)
    assert sorted(case.z for case in cases) == sorted(-case.z for case in cases)


# -- inputs that a search found --------------------------------------------------------------------

searched = pytest.mark.parametrize("fmt", [BINARY32, BINARY64], ids=lambda fmt: fmt.name)


@searched
@pytest.mark.parametrize("quantity", ["loss", "gradient", "hessian"])
def test_the_exact_result_is_as_near_to_a_midpoint_as_is_said(quantity: str, fmt: Format) -> None:
    """Of every input, by the oracle, to within 2^-100 of an ulp."""
    z, t, bits = hard_to_round(quantity, fmt)
    assert z.size > 100
    logits, targets = fmt.array(z).astype(float), fmt.array(t).astype(float)
    wrong = []
    for x, y, bit in zip(logits.tolist(), targets.tolist(), bits.tolist(), strict=True):
        distance = from_midpoint(quantity, x, y, fmt, Fraction(1, 2**100))
        # The upper bound holds of all; it is close where the error of the search is of no account.
        close = bit > 25 or distance * 2 ** (bit + 1) > Fraction(99, 100)
        if not (distance < Fraction(1, 2**bit) and close):
            wrong.append((x, y, bit, float(distance)))
    assert wrong == []


@searched
@pytest.mark.parametrize(("quantity", "kept"), [("softplus", "loss"), ("sigmoid", "gradient")])
def test_functions_of_the_logit_have_the_inputs_of_target_0(quantity: str, kept: str, fmt: Format) -> None:
    z, t, _ = hard_to_round(kept, fmt)
    assert hard_to_round(quantity, fmt)[0].tolist() == z[t == 0].tolist()
    one = t == fmt.round(Fraction(1))
    assert {*(z[one] ^ fmt.uint.type(fmt.sign_bit)).tolist()} == {*z[t == 0].tolist()}


@searched
def test_a_log_sigmoid_is_a_softplus_at_the_mirrored_logit(fmt: Format) -> None:
    z, _, bits = hard_to_round("log_sigmoid", fmt)
    softplus, _, others = hard_to_round("softplus", fmt)
    assert (z ^ fmt.uint.type(fmt.sign_bit)).tolist() == softplus.tolist()
    assert bits.tolist() == others.tolist()
    for x in fmt.array(z[:50]).astype(float).tolist():
        assert from_midpoint("log_sigmoid", x, 0.0, fmt, Fraction(1, 2**60)) < Fraction(1, 2**12)


@searched
@pytest.mark.parametrize("quantity", QUANTITIES)
def test_inputs_are_valid_distinct_and_the_hardest_come_first(quantity: str, fmt: Format) -> None:
    z, t, bits = hard_to_round(quantity, fmt)
    assert z.dtype == t.dtype == fmt.uint
    assert z.size == len({*zip(z.tolist(), t.tolist(), strict=True)})
    assert all(fmt.is_finite(encoding) for encoding in z.tolist())
    assert (t <= fmt.round(Fraction(1))).all()
    assert (np.diff(bits) <= 0).all()
    assert bits.min() >= 12


def test_the_short_formats_have_none_as_every_logit_is_judged() -> None:
    for fmt in (BINARY16, BFLOAT16):
        assert [column.size for column in hard_to_round("loss", fmt)] == [0, 0, 0]


def test_an_unknown_quantity_is_named() -> None:
    with pytest.raises(ValueError, match="unknown quantity 'cost': use one of loss, "):
        hard_to_round("cost", BINARY64)


def test_the_data_cannot_be_changed_by_who_reads_it() -> None:
    z, _, _ = hard_to_round("hessian", BINARY64)
    first = int(z[0])
    z[0] = 0
    assert hard_to_round("hessian", BINARY64)[0][0] == first
