"""What is asked of a trainer, as data: profiles of accuracy, allowances, and which checks are required.

Every number that decides a verdict stands in this file.

**What may be required of an iterative trainer.** Its tolerance is its own: no promise says how near to the
optimum a small gradient or a small step is. But whoever leaves the tolerance alone and prints the
coefficients takes the printed figures for right, and four are what tables print. So where the problem is
benign (features of unit size, a condition below 100, every coefficient far from 0: any method gets there)
four digits are required, warned or not. Where the problem is hard, a float64 method cannot do better than its
condition allows and a first-order one may stop far earlier: the digits are reported, not judged.

A relation holds between *exact* optima; of the fits it is asked within twice what the profile allows one of
them. A trainer that is coarser than its profile has failed "optimum" for that, and is not failed again:
"inconclusive" is the word, up to `COARSE` times its own error.
"""

from __future__ import annotations

from typing import Literal

from stablelce.conformance.contract import CheckSpec

__all__ = ["CHECKS", "COARSE", "DIGITS", "HIGHEST_CONDITION", "PROFILES", "TrainerProfile", "allowed"]

TrainerProfile = Literal["correctly-rounded", "accurate", "stable"]

PROFILES: tuple[TrainerProfile, ...] = ("correctly-rounded", "accurate", "stable")
"""From the strictest to the loosest; each one implies those after it."""

DIGITS: dict[TrainerProfile, float] = {"accurate": 4.0, "stable": 2.0}
"""Correct decimal digits of every coefficient, -log10 |w - w*|/|w*|. Four are what tables print; two are what
a coefficient needs to be told from its neighbours in any plot. `correctly-rounded` is judged by encodings."""

HIGHEST_CONDITION = 100.0
"""Of the hessian at the optimum of a benign problem."""

COARSE = 10.0
"""A relation that is off by more than this many times the trainer's own error, or the bound, is broken, not
coarse: two stops of the same rule on equivalent problems differ by a small factor, and no derivation gives
one."""


def allowed(profile: TrainerProfile) -> float:
    """The relative error of a coefficient that a profile allows.

    Half an ulp is at most 2^-53 of the value; one more half ulp is the distance of the correctly rounded
    optimum, with which coefficients are compared, from the exact one.
    """
    return 2.0**-52 if profile == "correctly-rounded" else 10.0 ** -DIGITS[profile]


def _spec(name: str, summary: str, required: bool = True) -> tuple[str, CheckSpec]:
    return name, CheckSpec(name, required, summary)


CHECKS: dict[str, CheckSpec] = dict(
    (
        _spec("one step", "one step of gradient descent from 0 is the exact one, up to rounding"),
        _spec("50 steps", "fifty steps are the exact ones, up to rounding"),
        _spec("monotone loss", "with a rate of at most 1/L the loss falls with every step"),
        _spec("loss curve", "the loss that the trainer reports never rises"),
        _spec("optimum", "on benign problems every coefficient has the digits of the profile"),
        _spec("hard problems", "the digits reached where the problem is hard", required=False),
        _spec("label flip", "exchanging the labels changes the signs of the coefficients"),
        _spec("duplication", "a row given twice counts as a row of weight 2"),
        _spec("row order", "the order of the rows does not matter"),
        _spec("row order, bits", "the order of the rows changes no bit", required=False),
        _spec("feature scaling", "a feature times 2^k has its coefficient times 2^-k, without penalty"),
        _spec("soft targets", "fit_soft has the digits of the profile, and for targets 0 and 1 is fit"),
        _spec("separable data", "coefficients stay finite, and a warning or an error says that none is best"),
        _spec("non-finite features", "NaN and infinities in the features are refused"),
        _spec("extreme features", "columns of 1e-140 and 1e140: finite coefficients, or an error"),
        _spec(
            "extreme features, digits",
            "the digits reached there, or a warning or error",
            required=False,
        ),
        _spec("inputs unchanged", "the arrays passed in are not written to"),
    )
)
"""All checks by name, in the order of reports."""
