"""What the audit of this library finds: all that is required, and the shortfalls from correct rounding."""

from __future__ import annotations

from stablelce.conformance import audit
from tests.conformance.correct import ALL_FORMATS

FUSED = "computed by the fused form in binary64, which itself errs by up to about two units"
TWICE = "computed by the fused form in binary64 and then rounded to the format: two roundings"
RELATION = "the relation allows each term half a unit, and the fused form in binary64 errs by more"

SHORTFALLS: dict[tuple[str, str, str], str] = {
    ("accuracy", "float16", "loss"): TWICE,
    ("accuracy", "float16", "gradient"): TWICE,
    ("hard cases", "float16", "gradient"): TWICE,
    ("accuracy", "bfloat16", "loss"): TWICE,
    ("accuracy", "bfloat16", "gradient"): TWICE,
    ("hard cases", "bfloat16", "gradient"): TWICE,
    ("accuracy", "float32", "loss"): TWICE,
    ("accuracy", "float32", "gradient"): TWICE,
    ("hard cases", "float32", "gradient"): TWICE,
    ("accuracy", "float32", "sigmoid"): TWICE,
    ("hard cases", "float32", "sigmoid"): TWICE,
    ("accuracy", "float64", "loss"): FUSED,
    ("hard cases", "float64", "loss"): FUSED,
    ("affine in t", "float64", "loss"): RELATION,
    ("weights", "float64", "loss"): FUSED,
    ("accuracy", "float64", "gradient"): FUSED,
    ("hard cases", "float64", "gradient"): FUSED,
    ("finite difference", "float64", "gradient"): RELATION,
    ("weights", "float64", "gradient"): FUSED,
    ("accuracy", "float64", "hessian"): FUSED,
    ("hard cases", "float64", "hessian"): FUSED,
    ("finite difference", "float64", "hessian"): RELATION,
    ("weights", "float64", "hessian"): FUSED,
    ("accuracy", "float64", "sigmoid"): FUSED,
    ("hard cases", "float64", "sigmoid"): FUSED,
    ("accuracy", "float64", "log_sigmoid"): FUSED,
    ("hard cases", "float64", "log_sigmoid"): FUSED,
    ("accuracy", "float64", "softplus"): FUSED,
    ("hard cases", "float64", "softplus"): FUSED,
}
"""What fails against `correctly-rounded`, by (check, format, quantity), until the kernels are."""


def test_the_library_is_accurate_in_all_formats() -> None:
    result = audit("stablelce", tier="smoke", profile="accurate")
    assert [c for c in result.checks if c.status == "failed"] == []
    assert set(result.offered) == set(ALL_FORMATS)
    assert None not in result.profiles.values()
    assert "stable" not in result.profiles.values()


def test_its_shortfalls_from_correct_rounding_are_these_and_no_others() -> None:
    result = audit("stablelce", tier="smoke", profile="correctly-rounded")
    failed = {(c.check, c.format, c.quantity) for c in result.checks if c.status == "failed"}
    new = failed - SHORTFALLS.keys()
    assert not new, f"these fail without a reason given: {sorted(new, key=str)}"
    mended = SHORTFALLS.keys() - failed
    assert not mended, f"these pass now; take them out of the table: {sorted(mended)}"
