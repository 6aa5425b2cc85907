"""The contract, as data: profiles of accuracy, special values, and which checks are required.

Every number that decides a verdict stands in this file.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from stablelce.formats import BFLOAT16, BINARY16, Format

__all__ = [
    "CHECKS",
    "INFINITE_LOGITS",
    "PROFILES",
    "CheckSpec",
    "InfiniteLogit",
    "Profile",
    "allowed_error",
]

Profile = Literal["correctly-rounded", "faithful", "accurate", "stable"]

PROFILES: tuple[Profile, ...] = ("correctly-rounded", "faithful", "accurate", "stable")
"""From the strictest to the loosest; each one implies those after it."""


def allowed_error(profile: Profile, fmt: Format) -> float:
    """The largest error, in units, that a profile allows in a format.

    For `correctly-rounded` and `faithful` this is what their definitions imply (one half, below one); those
    two are judged by encodings, not by this number. `stable` grants six lost bits, less where a format has
    few: 64 units of bfloat16 would be half of its significand.
    """
    if profile == "stable":
        return {BINARY16: 16.0, BFLOAT16: 4.0}.get(fmt, 64.0)
    return {"correctly-rounded": 0.5, "faithful": 1.0, "accurate": 4.0}[profile]


Target = Literal["zero", "soft", "one", "any"]


@dataclass(frozen=True)
class InfiniteLogit:
    """What a quantity is at an infinite logit: a limit, or a limit that depends on the target.

    ``value`` is a float whose zero carries its sign, or the name of an expression in t that is exact
    in every format up to one rounding: "1-t" or "-t".
    """

    quantity: str
    z: float
    target: Target
    value: float | Literal["1-t", "-t"]


_INF = float("inf")

INFINITE_LOGITS: tuple[InfiniteLogit, ...] = (
    InfiniteLogit("loss", _INF, "one", 0.0),
    InfiniteLogit("loss", _INF, "soft", _INF),
    InfiniteLogit("loss", _INF, "zero", _INF),
    InfiniteLogit("loss", -_INF, "one", _INF),
    InfiniteLogit("loss", -_INF, "soft", _INF),
    InfiniteLogit("loss", -_INF, "zero", 0.0),
    InfiniteLogit("gradient", _INF, "one", -0.0),
    InfiniteLogit("gradient", _INF, "soft", "1-t"),
    InfiniteLogit("gradient", _INF, "zero", 1.0),
    InfiniteLogit("gradient", -_INF, "one", -1.0),
    InfiniteLogit("gradient", -_INF, "soft", "-t"),
    InfiniteLogit("gradient", -_INF, "zero", 0.0),
    InfiniteLogit("hessian", _INF, "any", 0.0),
    InfiniteLogit("hessian", -_INF, "any", 0.0),
    InfiniteLogit("sigmoid", _INF, "any", 1.0),
    InfiniteLogit("sigmoid", -_INF, "any", 0.0),
    InfiniteLogit("softplus", _INF, "any", _INF),
    InfiniteLogit("softplus", -_INF, "any", 0.0),
    InfiniteLogit("log_sigmoid", _INF, "any", -0.0),
    InfiniteLogit("log_sigmoid", -_INF, "any", -_INF),
)
"""Limits of the exact values. A zero that stands for a nonzero limit process has that side's sign."""


@dataclass(frozen=True)
class CheckSpec:
    """What a check is about, and whether a subject must pass it."""

    name: str
    required: bool
    summary: str


def _spec(name: str, summary: str, required: bool = True) -> tuple[str, CheckSpec]:
    return name, CheckSpec(name, required, summary)


CHECKS: dict[str, CheckSpec] = dict(
    (
        _spec("accuracy", "every result within the error that the profile allows"),
        _spec(
            "hard cases",
            "named inputs on which implementations have failed, zeros too, and the hardest to round",
        ),
        _spec("tails", "no result is 0 where the exact value is a normal number"),
        _spec("subnormals", "results below the smallest normal number are not flushed to 0"),
        _spec(
            "sign and range", "loss >= 0, gradient in [-1,1] with the sign of y-t, hessian in [0,1/4], ..."
        ),
        _spec("mirror", "loss(z,t) = loss(-z,1-t), gradient(z,t) = -gradient(-z,1-t) where 1-t is exact"),
        _spec("monotonicity", "loss, gradient and the functions of z rise or fall with z"),
        _spec("convexity", "loss(z-h) + loss(z+h) >= 2 loss(z)"),
        _spec("difference", "loss(z,0) - loss(z,1) = z"),
        _spec("affine in t", "loss(z,t) = t loss(z,1) + (1-t) loss(z,0)"),
        _spec("finite difference", "gradient and hessian agree with central differences"),
        _spec("pair", "loss_and_gradient gives what loss and gradient give"),
        _spec("infinite logits, hard targets", "the limits at z = inf and -inf for t = 0 and 1"),
        _spec("infinite logits, soft targets", "the limits for 0 < t < 1", required=False),
        _spec("signs of zeros at infinity", "a zero limit has the sign of its side", required=False),
        _spec("NaN", "NaN in gives NaN out, and in no other element"),
        _spec("dtype", "the result has the dtype of its inputs"),
        _spec("shapes", "0-d, empty, two-dimensional and broadcast inputs give the broadcast shape"),
        _spec("layouts", "strided, reversed, transposed and read-only inputs give the same bits"),
        _spec("lanes", "an element alone equals the element at any place in arrays of any length"),
        _spec("inputs unchanged", "the arrays passed in are not written to"),
        _spec("environment", "rounding mode, FTZ, error state and random state stay as they were"),
        _spec("memory", "repeated calls do not take ever more memory", required=False),
        _spec("warnings and output", "no warning is issued and nothing is printed", required=False),
        _spec("weights", "weight and pos_weight scale what they should and nothing else"),
    )
)
"""All checks by name, in the order of reports."""
