"""Each check fails on a fault made for it, and a correct stranger passes them all."""

from __future__ import annotations

from typing import Any

import pytest

from stablelce.conformance.trainers.adapters import from_object
from stablelce.conformance.trainers.checks import ALL
from stablelce.conformance.trainers.contract import CHECKS
from stablelce.conformance.trainers.runner import _outcome, audit
from stablelce.conformance.trainers.running import Run
from tests.conformance.trainers import faulty

BY_NAME = {check.name: check for check in ALL}

# Check, fault, and words of the message or the mode that tell this failure from others.
FAULTS: list[tuple[str, Any, str]] = [
    ("one step", faulty.InterceptStepTwice, "parameter 3"),
    ("one step", faulty.SinglePrecisionSteps, "rounding explains"),
    ("50 steps", faulty.LateDrift, "after 50"),
    ("50 steps", faulty.StepsToNaN, "nan"),
    ("monotone loss", faulty.LargeRate, "raises the loss"),
    ("monotone loss", faulty.StepsToNaN, "NaN"),
    ("monotone loss", faulty.Standing, "leave the loss"),
    ("loss curve", faulty.RisingCurve, "is followed by"),
    ("optimum", faulty.ThreeDigits, "2.7 digits"),
    ("optimum", faulty.PenalisedIntercept, "digits"),
    ("hard problems", faulty.ThreeDigits, "digits"),
    ("label flip", faulty.FavoursOnes, "labels exchanged"),
    ("duplication", faulty.IgnoresWeights, "rows given twice"),
    ("row order", faulty.Forgets, "in another order"),
    ("row order, bits", faulty.OtherBits, "0x1."),
    ("feature scaling", faulty.ClipsFeatures, "2^2"),
    ("soft targets", faulty.RoundsTargets, "soft:"),
    ("separable data", faulty.SilentOnSeparable, "without a warning"),
    ("separable data", faulty.InfiniteOnSeparable, "inf"),
    ("non-finite features", faulty.TakesNaN, "plain with NaN"),
    ("extreme features", faulty.Squares, "nan"),
    ("extreme features, digits", faulty.GivesUpSilently, "0.0 digits; it did not warn"),
    ("inputs unchanged", faulty.WritesToX, "X of plain"),
    ("optimum", faulty.Raises, "RuntimeError: no"),
    ("optimum", faulty.NoCoefficients, "no coef_"),
    ("optimum", faulty.WrongShape, "of shape (4,)"),
    ("optimum", faulty.WrongIntercept, "no single number"),
]


@pytest.mark.parametrize(
    ("name", "fault", "said"), FAULTS, ids=lambda value: getattr(value, "__name__", value)
)
def test_the_fault_made_for_a_check_fails_it(name: str, fault: Any, said: str) -> None:
    run = Run(from_object(fault), "accurate")
    if name == "inputs unchanged":  # which looks at what the other checks did
        BY_NAME["optimum"].judge(run)
    found = _outcome(BY_NAME[name], run)
    assert found.status == "failed", found
    assert found.mode
    assert said in found.message
    assert found.required == CHECKS[name].required


def test_every_check_has_a_fault() -> None:
    assert {name for name, _, _ in FAULTS} == set(CHECKS) == set(BY_NAME)


@pytest.mark.parametrize("options", [{}, {"l2": 0.0625}], ids=["no penalty", "penalty"])
def test_a_correct_trainer_passes_every_check(options: dict[str, float]) -> None:
    found = audit(faulty.Newton, options=options)
    assert found.passed
    failed = {one.check for one in found.checks if one.status == "failed"}
    assert failed <= {"row order, bits"}, failed
    skipped = {one.check for one in found.checks if one.status == "not applicable"}
    assert skipped == ({"feature scaling"} if options else set())
    assert found.check("optimum").digits is not None


def test_steps_over_single_rows_are_judged_as_such() -> None:
    found = audit(faulty.Rows)
    assert found.passed
    status = {
        name: found.check(name).status for name in ("one step", "50 steps", "monotone loss", "loss curve")
    }
    assert status == {
        "one step": "passed",
        "50 steps": "passed",
        "monotone loss": "not applicable",
        "loss curve": "not applicable",
    }
    assert audit(type("Mistaken", (faulty.Rows,), {"order": "batch"})).check("one step").status == "failed"


def test_a_trainer_coarser_than_its_profile_fails_once() -> None:
    class Coarse(faulty.Newton):
        """An error of 2e-3 whose sign is that of the first row's label."""

        def fit(self, X: Any, y: Any, sample_weight: Any = None) -> faulty.Newton:
            super().fit(X, y, sample_weight)
            self.coef_ = self.coef_ * (1.002 if y[0] else 0.998)
            return self

    run = Run(from_object(Coarse), "accurate")
    assert BY_NAME["optimum"].judge(run).status == "failed"
    assert BY_NAME["label flip"].judge(run).status == "inconclusive"
    assert BY_NAME["optimum"].judge(Run(from_object(Coarse), "stable")).status == "passed"


@pytest.mark.parametrize(("factor", "mode"), [(1.001, "coarse"), (1.01, "relation broken")])
def test_too_few_digits_are_told_from_another_answer(factor: float, mode: str) -> None:
    class Flipped(faulty.Newton):
        def fit(self, X: Any, y: Any, sample_weight: Any = None) -> faulty.Newton:
            super().fit(X, y, sample_weight)
            self.coef_ = self.coef_ * (factor if len(X) == 120 and y.mean() < 0.5 else 1.0)
            return self

    found = BY_NAME["label flip"].judge(Run(from_object(Flipped), "accurate"))
    assert (found.status, found.mode) == ("failed", mode)


def test_the_highest_profile_asks_for_every_bit() -> None:
    assert not audit(faulty.Newton, profile="correctly-rounded").passed
    assert audit("stablelce:exact", profile="correctly-rounded").passed


def test_an_unknown_profile_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown profile 'faithful' of trainers"):
        audit(faulty.Newton, profile="faithful")  # type: ignore[arg-type]  # what is tested
