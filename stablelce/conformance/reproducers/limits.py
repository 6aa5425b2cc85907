"""Scripts for results at infinity, at NaN, under weights, and for a pair that disagrees with its parts."""

from __future__ import annotations

import contextlib
import math
import re
from fractions import Fraction

import numpy as np

from stablelce import oracle
from stablelce.conformance.checks.elements import is_nan
from stablelce.conformance.checks.pair import PAIRED
from stablelce.conformance.checks.weights import NOT_MASKED
from stablelce.conformance.evaluation import Run, SubjectProblem
from stablelce.conformance.judging import Finding
from stablelce.conformance.reproducers.script import (
    Reference,
    compare,
    copies,
    expression,
    failing,
    head,
    inputs,
    text_of,
    ulp_exponent,
)

__all__ = ["limit_script", "pair_script", "weights_script"]


def limit_script(run: Run, check: str, quantity: str, finding: Finding) -> str:
    """One element, or as many copies as show it; what should stand there is a given limit."""
    assert finding.point is not None
    assert finding.want is not None
    fmt, want, (z, t) = run.fmt, finding.want, finding.point
    unit = ulp_exponent(fmt, want) if fmt.is_finite(want) else None
    strict = unit is None or run.profile in ("correctly-rounded", "faithful")
    fails = "error > 0" if strict else f"error > {run.bound:g}"
    if check == "signs of zeros at infinity":
        fails = "repr(got) != repr(want)"
    logits, targets = [z], [t]
    if finding.mode == "NaN spread":  # the NaN that spreads stands before the element
        logits, targets = [fmt.nan, z], [t, t]
    count, place = _repeated(run, quantity, logits, targets, finding)
    return text_of(
        head(run, quantity, check, finding.mode),
        copies(run, quantity, logits, targets, count),
        compare(fmt, expression(run, quantity) or "", place, Reference(want, "", unit, fails)),
    )


def _repeated(run: Run, quantity: str, z: list[int], t: list[int], finding: Finding) -> tuple[int, int]:
    """How often to repeat the elements so that the last of them has the finding's result, and where."""
    fmt = run.fmt
    for count in (1, 2, 3, 4, 5, 8, 9, 16, 17, 32, 33, 37, 65, 130):
        columns = (np.array(part * count, dtype=fmt.uint) for part in (z, t))
        with contextlib.suppress(SubjectProblem):
            got = run.evaluate(quantity, *columns)[len(z) - 1 :: len(z)]
            alike = np.flatnonzero((got == finding.got) | (is_nan(fmt, got) & fmt.is_nan(finding.got or 0)))
            if alike.size:
                return count, int(alike[0]) * len(z) + len(z) - 1
    return 1, len(z) - 1


def weights_script(run: Run, check: str, quantity: str, finding: Finding) -> str:
    """One element with its weight; the finding's message names keyword and value, or it is a mask.

    There is none for two weights together, nor for a limit under a weight.
    """
    assert finding.point is not None
    fmt, (z, t) = run.fmt, finding.point
    told = re.match(r"with (\w+)=(\S+):", finding.message)
    if told is None and finding.mode != NOT_MASKED:
        return ""
    keyword, weight = (told[1], fmt.round(Fraction(float(told[2])))) if told else ("weight", 0)
    text = expression(run, quantity, keyword)
    if text is None:
        return ""
    if keyword == "weight" and weight == 0:
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
    shape, place = _pair_shape(run, quantity, z, t, finding)
    lines = copies(run, quantity, [z], [t], math.prod(shape))
    unit = ulp_exponent(run.fmt, finding.want) if run.fmt.is_finite(finding.want) else 0
    return text_of(
        head(run, quantity, check, finding.mode),
        lines if len(shape) == 1 else [f"{line}.reshape({shape})" for line in lines],
        [
            f"pair, alone = {both}, {expression(run, quantity)}",
            f"got, want = float(pair[{part}]{place}), float(alone{place})",
            f"error = abs(got - want) / 2.0**{unit}",
            'print(f"got {got!r}, want {want!r}, error {error:.4g} ulp")',
            f"sys.exit(0 if error <= {2 * run.bound:g} or repr(got) == repr(want) else 1)",
        ],
    )


def _pair_shape(
    run: Run, quantity: str, z: int, t: int, finding: Finding
) -> tuple[tuple[int, ...], list[int] | tuple[int, ...]]:
    """A shape of copies of a point in which the pair has the finding's result, and the place."""
    fmt = run.fmt
    for shape in ((1,), *PAIRED[1:], PAIRED[0]):
        arrays = (fmt.array(np.full(shape, part, dtype=fmt.uint)) for part in (z, t))
        with contextlib.suppress(SubjectProblem):
            pair = run.part(run.call("loss_and_gradient", *arrays), quantity)
            got = fmt.encodings(run.array(quantity, pair, shape))
            alike = np.argwhere((got == finding.got) | (is_nan(fmt, got) & fmt.is_nan(finding.got or 0)))
            if len(alike):
                return shape, tuple(alike[0].tolist()) if len(shape) != 1 else alike[0].tolist()
    return (1,), [0]
