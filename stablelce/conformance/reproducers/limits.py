"""Scripts for results at infinity, at NaN, under weights, and for a pair that disagrees with its parts."""

from __future__ import annotations

import re
from fractions import Fraction

from stablelce import oracle
from stablelce.conformance.evaluation import Run
from stablelce.conformance.judging import Finding
from stablelce.conformance.reproducers.script import (
    Reference,
    compare,
    expression,
    failing,
    head,
    inputs,
    text_of,
    ulp_exponent,
)

__all__ = ["limit_script", "pair_script", "weights_script"]


def limit_script(run: Run, check: str, quantity: str, finding: Finding) -> str:
    """One element alone; what should stand there is a limit, given and not computed."""
    assert finding.point is not None
    assert finding.want is not None
    fmt, want, (z, t) = run.fmt, finding.want, finding.point
    unit = ulp_exponent(fmt, want) if fmt.is_finite(want) else None
    strict = unit is None or run.profile in ("correctly-rounded", "faithful")
    fails = "error > 0" if strict else f"error > {run.bound:g}"
    if check == "signs of zeros at infinity":
        fails = "repr(got) != repr(want)"
    place = 0
    logits, targets = [z], [t]
    if finding.mode == "NaN spread":  # the NaN that spreads stands before the element
        place, logits, targets = 1, [fmt.nan, z], [t, t]
    return text_of(
        head(run, quantity, check, finding.mode),
        inputs(run, quantity, logits, targets),
        compare(fmt, expression(run, quantity) or "", place, Reference(want, "", unit, fails)),
    )


def weights_script(run: Run, check: str, quantity: str, finding: Finding) -> str:
    """One element with its weight; the finding's message names keyword and value, or else it is 0."""
    assert finding.point is not None
    fmt, (z, t) = run.fmt, finding.point
    told = re.match(r"with (\w+)=(\S+):", finding.message)
    keyword, weight = (told[1], fmt.round(Fraction(float(told[2])))) if told else ("weight", 0)
    text = expression(run, quantity, keyword)
    if text is None:
        return ""
    if weight == 0:
        reference = Reference(0, "", None, "error > 0")
    else:
        logit, target, factor = (fmt.to_fraction(code) for code in (z, t, weight))
        factors = (factor, Fraction(1)) if keyword == "weight" else (Fraction(1), factor)
        exact = oracle.exact(quantity, logit, target, fmt, weight=factors[0], pos_weight=factors[1])
        reference = Reference(exact.encoding, exact.digits(25), exact.ulp_exponent, failing(run))
    return text_of(
        head(run, quantity, check, finding.mode),
        inputs(run, quantity, [z], [t], [weight]),
        compare(fmt, text, 0, reference),
    )


def pair_script(run: Run, check: str, quantity: str, finding: Finding) -> str:
    """The pair's part beside the result of the function for that quantity alone."""
    assert finding.point is not None
    assert finding.want is not None
    both = run.subject.expressions.get("loss_and_gradient")
    if both is None:
        return ""
    z, t = finding.point
    part = 0 if quantity == "loss" else 1
    return text_of(
        head(run, quantity, check, finding.mode),
        inputs(run, quantity, [z], [t]),
        [
            f"pair, alone = {both}, {expression(run, quantity)}",
            f"got, want = float(pair[{part}][0]), float(alone[0])",
            f"error = abs(got - want) / 2.0**{ulp_exponent(run.fmt, finding.want)}",
            'print(f"got {got!r}, want {want!r}, error {error:.4g} ulp")',
            f"sys.exit(0 if error <= {2 * run.bound:g} else 1)",
        ],
    )
