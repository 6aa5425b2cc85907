"""``stablelce explain``: what each form gives at one input, beside the exact value."""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Callable
from decimal import Context, Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import click
import numpy as np

from stablelce.cli.literals import Number, parse
from stablelce.cli.options import InputError, json_option, to_format, write_text
from stablelce.cli.terminal import Explanation, Row, console, print_explanation
from stablelce.conformance.contract import INFINITE_LOGITS
from stablelce.conformance.results import Value
from stablelce.conformance.subjects import resolve
from stablelce.formats import Format, to_dyadic
from stablelce.oracle import exact
from stablelce.ulp import ulp_error

__all__ = ["explain", "explanation"]

FORMS = {
    "naive": "numpy:naive",
    "logaddexp": "numpy:logaddexp",
    "fused": "numpy:fused",
    "stablelce": "stablelce",
}
DIGITS = 20
"""Significant digits of the exact value that are shown."""


def _number(_ctx: click.Context, _param: click.Parameter, value: str) -> Number:
    try:
        return parse(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


@click.command()
@click.option(
    "--z",
    "logit",
    metavar="NUMBER",
    callback=_number,
    required=True,
    help="The logit: 40, -1e-3, 0x1.8p+3, inf.",
)
@click.option(
    "--t", "target", metavar="NUMBER", callback=_number, required=True, help="The target, in [0, 1]."
)
@click.option(
    "--dtype",
    "fmt",
    metavar="DTYPE",
    callback=to_format,
    default="float64",
    show_default=True,
    help="The format.",
)
@json_option
def explain(logit: Number, target: Number, fmt: Format, json_file: Path | None) -> None:
    """Show what each form of loss and gradient gives at one input, and what is true there.

    z and t are rounded once to the dtype; the exact value is that of the rounded numbers.
    """
    if not target.is_target():
        raise InputError(f"--t {target.text} lies outside [0, 1]; a target is a probability.")
    z, t = logit.encoding(fmt), target.encoding(fmt)
    explanations = [explanation(quantity, z, t, fmt) for quantity in ("loss", "gradient")]
    inputs = {"z": Value.of(fmt, z), "t": Value.of(fmt, t)}
    notes = [
        f"{name} = {given.text.strip()} is no {fmt.dtype_name} number; {_decimal(fmt, encoding)} is used."
        for name, given, encoding in (("z", logit, z), ("t", target, t))
        if not given.is_in(fmt)
    ]
    if json_file is not None:
        write_text(json_file, _to_json(fmt, inputs, notes, explanations))
    print_explanation(fmt.dtype_name, inputs, notes, explanations, console())


def explanation(quantity: str, z: int, t: int, fmt: Format) -> Explanation:
    """Every form's result for one quantity, judged against the exact value."""
    encoding, digits, error = _truth(quantity, z, t, fmt)
    rows = []
    for form, subject in FORMS.items():
        got = _evaluate(resolve(subject).functions[quantity], z, t, fmt)
        rows.append(Row(form, Value.of(fmt, got), error(got)))
    rows.append(Row("exact", Value.of(fmt, encoding), error(encoding)))
    return Explanation(quantity, digits, tuple(rows))


def _decimal(fmt: Format, encoding: int) -> str:
    """The value with so many digits that its difference from a short decimal shows."""
    if not fmt.is_finite(encoding):
        return Value.of(fmt, encoding).decimal
    value = fmt.to_fraction(encoding)
    return f"{Context(prec=DIGITS).divide(Decimal(value.numerator), Decimal(value.denominator)):g}"


def _evaluate(function: Callable[..., Any], z: int, t: int, fmt: Format) -> int:
    # The naive form overflows loudly; its result is shown, so the warning says nothing more.
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return int(fmt.encodings(function(fmt.array([z]), fmt.array([t])))[0])


def _truth(quantity: str, z: int, t: int, fmt: Format) -> tuple[int, str, Callable[[int], float]]:
    """Encoding and digits of the exact value or limit, and the ulp error of an encoding against it."""
    if fmt.is_finite(z) and fmt.is_finite(t):
        value = exact(quantity, fmt.to_fraction(z), fmt.to_fraction(t), fmt)
        return value.encoding, value.digits(DIGITS), value.error
    limit = math.nan if fmt.is_nan(z) or fmt.is_nan(t) else _limit(quantity, z, fmt.to_fraction(t), fmt)
    encoding = fmt.round(limit) if isinstance(limit, Fraction) else _encode(limit, fmt)
    return encoding, str(float(limit)), lambda got: ulp_error(got, limit, fmt)


def _limit(quantity: str, z: int, t: Fraction, fmt: Format) -> Fraction | float:
    infinity = -math.inf if fmt.is_negative(z) else math.inf
    target = {0: "zero", 1: "one"}.get(int(t) if t.denominator == 1 else -1, "soft")
    key = (quantity, infinity, target)
    value = next(row.value for row in INFINITE_LOGITS if (row.quantity, row.z, row.target) == key)
    return {"1-t": 1 - t, "-t": -t}[value] if isinstance(value, str) else value


def _encode(value: float, fmt: Format) -> int:
    if math.isnan(value):
        return fmt.nan
    magnitude = fmt.infinity if math.isinf(value) else fmt.round_dyadic(*to_dyadic(abs(value)))
    return magnitude | (fmt.sign_bit if math.copysign(1, value) < 0 else 0)


def _to_json(fmt: Format, inputs: dict[str, Value], notes: list[str], explanations: list[Explanation]) -> str:
    found = {
        "dtype": fmt.dtype_name,
        **{name: value.model_dump() for name, value in inputs.items()},
        "notes": notes,
        "quantities": {
            one.quantity: {
                "exact": one.digits,
                "forms": {
                    row.form: {
                        **row.value.model_dump(),
                        "ulp_error": "inf" if math.isinf(row.error) else row.error,
                    }
                    for row in one.rows
                },
            }
            for one in explanations
        },
    }
    return json.dumps(found, indent=1) + "\n"
