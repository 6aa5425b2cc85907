from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stablelce import oracle
from stablelce.conformance.contract import PROFILES, Profile, allowed_error
from stablelce.conformance.judging import allowance, gradient_allowance
from stablelce.formats import FORMATS, Format
from stablelce.oracle.batch import gradient_unit_exponent
from stablelce.oracle.dyadic import Dyadic
from stablelce.oracle.exact import backend
from stablelce.ulp import ulp

formats = st.sampled_from(FORMATS)
profiles = st.sampled_from(PROFILES)


@given(st.data(), formats, profiles)
def test_no_result_within_the_bound_lies_further_off_than_its_allowance(
    data: st.DataObject, fmt: Format, profile: Profile
) -> None:
    # Any float `got` and any exact value within `bound` ulps(exact) of it.
    bound = allowed_error(profile, fmt)
    got = fmt.to_fraction(data.draw(st.integers(0, fmt.max_finite)))
    steps = data.draw(st.fractions(min_value=-2 * Fraction(bound), max_value=2 * Fraction(bound)))
    exact = got + steps * ulp(got, fmt)
    if abs(got - exact) <= Fraction(bound) * ulp(exact, fmt):
        assert abs(got - exact) <= allowance(fmt, got, bound)


@given(st.data(), formats, profiles)
def test_an_allowance_is_at_most_twice_the_bound(data: st.DataObject, fmt: Format, profile: Profile) -> None:
    bound = allowed_error(profile, fmt)
    got = fmt.to_fraction(data.draw(st.integers(0, fmt.max_finite)))
    assert (
        Fraction(bound) * ulp(got, fmt) <= allowance(fmt, got, bound) <= 2 * Fraction(bound) * ulp(got, fmt)
    )


@given(st.data(), formats)
def test_a_gradient_s_allowance_is_the_oracle_s_unit_or_next_to_it(data: st.DataObject, fmt: Format) -> None:
    # sigmoid is taken from above: at a power of two the unit may be twice the oracle's, never half.
    one = fmt.round(Fraction(1))
    z = data.draw(st.integers(0, fmt.max_finite)) | data.draw(st.sampled_from([0, fmt.sign_bit]))
    t = data.draw(st.integers(0, one))
    unit = gradient_unit_exponent(Dyadic(*fmt.decode(z)), Dyadic(*fmt.decode(t)), fmt, backend())
    allowed = gradient_allowance(fmt, fmt.to_fraction(z), fmt.to_fraction(t), 1.0)
    assert allowed in (Fraction(2) ** unit, Fraction(2) ** (unit + 1))


@pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: fmt.name)
@pytest.mark.parametrize("z", [Fraction(0), Fraction(1, 2), Fraction(-3, 4), Fraction(5), Fraction(-10)])
def test_with_hard_targets_a_gradient_is_allowed_ulps_of_its_exact_value(fmt: Format, z: Fraction) -> None:
    for t in (Fraction(0), Fraction(1)):
        exact = oracle.exact("gradient", z, t, fmt)
        assert gradient_allowance(fmt, z, t, 1.0) == Fraction(2) ** exact.ulp_exponent
