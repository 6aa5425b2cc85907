"""Exact values: roundings against the definition at 5000 bits, zeros, ties, overflow, errors and digits.

Needs the runtime dependencies only, so that the oracle is tested where Arb is not installed as well.
"""

from __future__ import annotations

import importlib.util
import math
from decimal import Decimal, localcontext
from fractions import Fraction

import pytest

from stablelce.formats import BINARY16, BINARY32, BINARY64, FORMATS, Format
from stablelce.oracle import exact, ulp_error
from stablelce.oracle.decomposition import QUANTITIES
from stablelce.oracle.exact import backend
from stablelce.ulp import ulp_exponent
from tests.oracle import reference
from tests.oracle.cases import points

formats = pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: fmt.name)
LARGEST = BINARY64.to_fraction(BINARY64.max_finite)
quantities = pytest.mark.parametrize("quantity", QUANTITIES)


@formats
def test_encoding_sign_and_ulp_are_those_of_the_definition(fmt: Format) -> None:
    checked = 0
    for i, (z, t) in enumerate(zip(*points(fmt, 210), strict=True)):
        logit, target = fmt.to_fraction(int(z)), fmt.to_fraction(int(t))
        if not 0 < abs(logit) <= reference.LARGEST_LOGIT:
            continue
        quantity = QUANTITIES[i % len(QUANTITIES)]
        value = exact(quantity, logit, target, fmt)
        wanted = reference.value(quantity, logit, target)
        assert value.encoding == reference.rounded(quantity, logit, target, fmt), (quantity, logit, target)
        assert value.sign == (1 if wanted > 0 else -1)
        assert value.ulp_exponent == ulp_exponent(wanted, fmt)
        checked += 1
    assert checked > 80


@formats
def test_values_at_zero(fmt: Format) -> None:
    log_2 = reference.value("softplus", Fraction(0))
    for z in (0.0, -0.0):
        for t in (0, 0.25, 0.5, 1):
            assert exact("loss", z, t, fmt).encoding == fmt.round(log_2)
            assert exact("gradient", z, t, fmt).encoding == fmt.round(Fraction(1, 2) - Fraction(t))
        assert exact("softplus", z, None, fmt).encoding == fmt.round(log_2)
        assert exact("log_sigmoid", z, None, fmt).encoding == fmt.round(-log_2)
        assert exact("sigmoid", z, None, fmt).encoding == fmt.round(Fraction(1, 2))
        assert exact("hessian", z, None, fmt).encoding == fmt.round(Fraction(1, 4))


@formats
def test_ties_occur_at_zero_alone_and_go_to_even(fmt: Format) -> None:
    for k in (1, 3, 5):
        t = Fraction(k, 2 ** (fmt.precision + 2))  # 1/2 - t lies midway between two floats below 1/2
        tie = Fraction(1, 2) - t
        below, above = fmt.round(tie, -1), fmt.round(tie, 1)
        even = below if below % 2 == 0 else above
        assert above == below + 1
        assert exact("gradient", 0, t, fmt).encoding == even
        least = Fraction(2) ** fmt.quantum
        assert exact("gradient", least, t, fmt).encoding == above
        assert exact("gradient", -least, t, fmt).encoding == below


@formats
def test_an_exact_zero_is_positive(fmt: Format) -> None:
    for z in (0.0, -0.0):
        value = exact("gradient", z, 0.5, fmt)
        assert (value.encoding, value.sign, value.ulp_exponent) == (0, 0, fmt.quantum)
        assert value.error(0) == value.error(fmt.sign_bit) == 0
        assert value.error(1) == 1
        assert value.digits() == "0"
    assert exact("loss", -3.0, 1, fmt, weight=0).encoding == 0
    assert exact("gradient", -3.0, 1, fmt, pos_weight=0).encoding == 0


@formats
@pytest.mark.parametrize("a", [2.0**11, 2.0**60, 1e300, Fraction(2) ** 100000])
def test_a_zero_has_the_sign_of_the_value_it_stands_for(fmt: Format, a: Fraction | float) -> None:
    positive = [("sigmoid", -a, None), ("softplus", -a, None), ("loss", a, 1), ("loss", -a, 0)]
    positive += [("hessian", a, None), ("hessian", -a, None), ("gradient", -a, 0)]
    for quantity, z, t in positive:
        value = exact(quantity, z, t, fmt)
        assert (value.encoding, value.sign, value.ulp_exponent) == (0, 1, fmt.quantum)
        assert value.error(1) == 1
    for quantity, z, t in [("log_sigmoid", a, None), ("gradient", a, 1)]:
        value = exact(quantity, z, t, fmt)
        assert (value.encoding, value.sign) == (fmt.sign_bit, -1)


@formats
@quantities
def test_results_are_right_down_to_half_the_smallest_subnormal(fmt: Format, quantity: str) -> None:
    """Around each a where exp(-a) crosses a small multiple of a quarter of the smallest subnormal."""
    for k in (1, 2, 3, 5, 6, 7, 9):
        a = BINARY64.to_fraction(BINARY64.round(Fraction(-(fmt.quantum - 2) * math.log(2) - math.log(k))))
        if a > reference.LARGEST_LOGIT + 50:  # exp(750) < 2^1083: the bound of the reference still holds
            continue
        for z in (a, -a):
            t = Fraction(int(z > 0))
            assert exact(quantity, z, t, fmt).encoding == reference.rounded(quantity, z, t, fmt)


def test_a_weighted_value_may_overflow() -> None:
    value = exact("loss", 2.0, 0, BINARY16, weight=60000)
    assert value.encoding == BINARY16.infinity
    assert value.error(BINARY16.infinity) == 0
    assert value.error(BINARY16.infinity | BINARY16.sign_bit) == math.inf
    assert value.error(BINARY16.nan) == math.inf
    wanted = reference.value("loss", Fraction(2), weight=Fraction(60000))
    ulp = Fraction(2) ** ulp_exponent(wanted, BINARY16)
    error = (wanted - BINARY16.to_fraction(BINARY16.max_finite)) / ulp
    assert value.error(BINARY16.max_finite) == pytest.approx(float(error), rel=2.0**-52)


@quantities
@pytest.mark.parametrize(("v", "p"), [(3.0, 0.1), (1e-300, 1e300), (1e300, 0.0), (0.1, 7.0)])
def test_weights_multiply_exactly(quantity: str, v: float, p: float) -> None:
    if quantity in ("sigmoid", "softplus", "log_sigmoid"):
        with pytest.raises(ValueError, match="function of z alone"):
            exact(quantity, 1.0, weight=v, pos_weight=p)
        return
    for z in (-650.0, -20.5, -0.3, 2.0**-40, 5.0, 300.0):
        for t in (0.0, 0.1, 1.0):
            value = reference.value(quantity, *(Fraction(x) for x in (z, t, v, p)))
            # Terms of at most 2^2010 cancel to no less than 2^-2020 here: 2^-1500 of 5000 bits is left.
            assert exact(quantity, z, t, weight=v, pos_weight=p).encoding == BINARY64.round(value)


@formats
def test_error_is_the_distance_in_ulps(fmt: Format) -> None:
    for z, t in ((1.5, 0.25), (-7.0, 0.0), (9.0, 1.0)):
        for quantity in QUANTITIES:
            value, wanted = exact(quantity, z, t, fmt), reference.value(quantity, Fraction(z), Fraction(t))
            candidates = [value.encoding + d for d in (-2, -1, 0, 1, 700)]
            for got in [*candidates, 0, fmt.sign_bit, fmt.max_finite, fmt.max_finite | fmt.sign_bit, 1]:
                for unit in (None, value.ulp_exponent + 3):
                    k = ulp_exponent(wanted, fmt) if unit is None else unit
                    # One rounding, of the quotient, is 2^-53 of it; what overflows is held.
                    want = min(abs(fmt.to_fraction(got) - wanted) / Fraction(2) ** k, LARGEST)
                    error = Fraction(value.error(got, unit))
                    assert abs(error - want) <= Fraction(1, 2**61) + want / 2**53, (quantity, z, t, got)
            assert value.error(value.encoding) <= 0.5
            assert value.error(fmt.nan) == value.error(fmt.infinity) == math.inf


def test_a_huge_error_stays_finite() -> None:
    least = exact("sigmoid", -1000.0)
    assert least.error(BINARY64.max_finite) == LARGEST
    assert ulp_error("sigmoid", -1000.0, None, BINARY64.max_finite) == LARGEST


def test_value_is_as_near_as_asked() -> None:
    for bits in (10, 100, 1000):
        width = Fraction(1, 2**bits)
        wanted = reference.value("gradient", Fraction(3), Fraction(1, 4))
        assert abs(exact("gradient", 3, 0.25).value(width) - wanted) <= width / 2
    assert exact("gradient", 0, 0.25).value(Fraction(1)) == Fraction(1, 4)


@pytest.mark.parametrize("count", [1, 2, 17, 40])
@pytest.mark.parametrize(("quantity", "z"), [("sigmoid", -650.0), ("softplus", 0.1), ("log_sigmoid", 3.0)])
def test_digits_are_rounded_from_the_value(quantity: str, z: float, count: int) -> None:
    value = reference.value(quantity, Fraction(z))
    with localcontext() as context:
        context.prec = 900
        wanted = Decimal(value.numerator) / Decimal(value.denominator)
        assert Decimal(exact(quantity, z).digits(count)) == Decimal(f"{wanted:.{count - 1}e}")


def test_digits_of_a_decimal_tie_see_the_remainder() -> None:
    """loss(50000, 1 - 2^-5) is 1562.5 and something that starts 21714 places further on."""
    t = 1 - Fraction(1, 32)
    assert exact("loss", 50000, t).digits(4) == "1.563e+03"
    assert exact("loss", 50000, t).digits(5) == "1.5625e+03"
    assert exact("gradient", 50000, t).digits(1) == "3e-02"
    assert exact("sigmoid", 50000).digits(5) == "1.0000e+00"


def test_digits_wait_for_the_sign() -> None:
    """t is sigmoid(1) cut to 300 bits: the first enclosures of y - t hold zero."""
    y = reference.value("sigmoid", Fraction(1))
    t = Fraction(int(y * 2**300), 2**300)
    gradient = exact("gradient", 1, t)
    assert gradient.sign == 1
    with localcontext() as context:
        context.prec = 900
        wanted = Decimal((y - t).numerator) / Decimal((y - t).denominator)
        assert Decimal(gradient.digits(20)) == Decimal(f"{wanted:.19e}")


def test_digits_that_are_all_nines_carry() -> None:
    assert exact("sigmoid", 50).digits(10) == "1.000000000e+00"
    assert exact("sigmoid", 50).digits(22).startswith("9.99999999999999999999")


def test_digits_of_a_vanishing_value_only_say_so() -> None:
    assert exact("sigmoid", -1e300).digits() == "(less than 1e-6020)"
    assert exact("log_sigmoid", 1e300).digits() == "-(less than 1e-6020)"
    # sigmoid(-a) is exp(-a) but for a factor of 1 - exp(-a), and 20000 log(2) = 13862.94...
    assert exact("sigmoid", -13863).digits() == "(less than 1e-6020)"
    assert exact("sigmoid", -13862.75).digits(1) == "3e-6021"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("cost", 1.0, 0.0), "unknown quantity 'cost'"),
        (("loss", 1.0), "loss needs a target"),
        (("gradient", 1.0), "gradient needs a target"),
        (("loss", math.inf, 0.0), "inf is not finite"),
        (("loss", math.nan, 0.0), "nan is not finite"),
        (("loss", 1.0, math.nan), "nan is not finite"),
        (("loss", Fraction(1, 3), 0.0), "not a binary fraction"),
        (("loss", 1.0, -0.1), "outside"),
        (("loss", 1.0, 1 + 2.0**-52), "outside"),
        (("loss", 1.0, 0.0, "float128"), "unknown format"),
    ],
)
def test_what_has_no_exact_value_is_refused(arguments: tuple[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        exact(*arguments)


def test_weights_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ValueError, match="must not be negative"):
        exact("loss", 1.0, 0.0, weight=-1)
    with pytest.raises(ValueError, match="must not be negative"):
        exact("loss", 1.0, 0.0, pos_weight=-0.5)
    with pytest.raises(ValueError, match="hessian needs a target"):
        exact("hessian", 1.0, pos_weight=2)


def test_the_backend_is_arb_where_it_is_installed() -> None:
    name = "arb" if importlib.util.find_spec("flint") else "mpmath"
    assert backend() is backend(name)
    with pytest.raises(ValueError, match="unknown oracle backend 'mpfr'"):
        backend("mpfr")


def test_an_absent_arb_is_named_with_its_pip_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr("importlib.import_module", absent)
    with pytest.raises(ImportError, match=r"pip install 'stablelce\[suite\]', or pass using='mpmath'"):
        backend.__wrapped__("arb")


def test_formats_go_by_name() -> None:
    assert exact("sigmoid", 1, None, "float32").encoding == exact("sigmoid", 1, None, BINARY32).encoding
    assert exact("sigmoid", 1, None, "binary16").format is BINARY16
