"""The words of the report, each explained in one or two sentences for readers who meet it first here."""

from __future__ import annotations

__all__ = ["PROFILE_NAMES", "WORDS"]

PROFILE_NAMES = {
    "correctly-rounded": "correctly rounded",
    "faithful": "faithful",
    "accurate": "accurate",
    "stable": "stable",
    None: "none",
}
"""Profiles as prose, from the strictest to "not even stable"."""

_MEANINGS = {
    "logit z, target t": """
        The inputs. A hard target is 0 or 1; a soft target lies between. The loss is
        t·log(1+exp(−z)) + (1−t)·log(1+exp(z)); the gradient is its derivative in z.""",
    "unit": """
        Errors are measured in units in the last place (ulp): one unit is the distance between
        neighbouring floats of the format at the exact value. For the gradient it is the ulp of
        min(max(y, t), max(1−y, 1−t)) with y = sigmoid(z): the same at hard targets, and at soft ones a
        unit that allows the unavoidable cancellation near y = t.""",
    "error": """
        The distance between a result and the exact value, in units. A result that is 0 where the exact
        value is a normal number is wrong by at least 2^(p−1) units, with p the precision in bits: 8.4e6
        in float32, 4.5e15 in float64. An infinity or a NaN in place of a finite value is an error of inf.
        Errors below 100 are shown rounded up.""",
    "correctly rounded": """
        The result is the float nearest to the exact value, ties to even: at most 0.5 units off.""",
    "faithful": """
        The result is one of the two floats around the exact value, or the exact value itself.""",
    "accurate": "At most 4 units off.",
    "stable": "At most 64 units off (16 in float16, 4 in bfloat16).",
    "none": """
        Further off than that somewhere, or an infinity, a NaN, a zero or a sign that has no business
        there.""",
    "float16, bfloat16, float32, float64": """
        The floating-point formats, by the names of their dtypes: binary16, binary32 and binary64 of
        IEEE 754, and bfloat16, the upper half of binary32.""",
    "oracle": """
        The source of the exact values: enclosures in high precision, refined until the rounding is
        decided.""",
    "required, informational": """
        A subject fails the audit on required checks only; informational findings are worth knowing.""",
}

WORDS = {term: " ".join(meaning.split()) for term, meaning in _MEANINGS.items()}
"""Each word with its meaning on one line."""
