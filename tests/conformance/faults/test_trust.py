"""The self-test tries every check, and says what went wrong where the suite or the machine is broken."""

from __future__ import annotations

from dataclasses import replace
from unittest.mock import patch

import numpy as np

from stablelce.conformance.contract import CHECKS
from stablelce.conformance.faults import FAULTS, trust
from stablelce.conformance.faults.base import ALL
from stablelce.conformance.faults.trust import control, sample, trials
from stablelce.conformance.runner import audit
from stablelce.conformance.subjects.base import Subject


def test_the_sample_tries_every_check_failure_mode_and_format() -> None:
    chosen = sample()
    assert {check for fault in chosen for check in fault.expected} == set(CHECKS)
    assert {fault.failure_mode for fault in chosen} == {f.failure_mode for f in FAULTS if f.tier == "smoke"}
    assert {name for fault in chosen for name in fault.formats} == set(ALL)
    assert len(chosen) < len(FAULTS) // 3
    assert chosen == sample()


def test_a_suite_that_sees_nothing_is_not_trusted() -> None:
    told: list[tuple[int, int, str]] = []
    chosen = sample()[:2]
    right = replace(control(), formats=("float64",))
    nothing = audit(right, tier="smoke")
    with (
        patch.object(trust, "sample", lambda: chosen),
        patch.object(trust, "control", lambda: right),
        patch.object(trust, "judge", lambda _fault: nothing),
    ):
        made = trials(lambda *step: told.append(step))
    assert [trial.passed for trial in made] == [True, False, False]
    assert made[1].complaint.startswith("not seen by accuracy (")
    assert told[0] == (0, 3, "right implementation")
    assert told[-1] == (3, 3, "done")


def test_an_alarm_for_the_right_implementation_is_told() -> None:
    broken = Subject("broken", {"sigmoid": np.zeros_like}, formats=("float64",))
    with patch.object(trust, "sample", lambda: ()), patch.object(trust, "control", lambda: broken):
        (made,) = trials()
    assert not made.passed
    assert made.complaint == "accuracy fails for sigmoid float64: premature underflow or cancellation to 0"
