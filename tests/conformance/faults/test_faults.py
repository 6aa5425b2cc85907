"""What the suite owes the collection: every fault is one, and every one is caught, for the right reason."""

from __future__ import annotations

import numpy as np
import pytest

from stablelce.conformance.contract import CHECKS
from stablelce.conformance.faults import FAULTS, Fault
from stablelce.conformance.faults.matrix import judge
from stablelce.conformance.faults.proof import call, wrong_elements

SMOKE = [fault for fault in FAULTS if fault.tier == "smoke"]


def named(fault: Fault) -> str:
    return fault.name


@pytest.mark.parametrize("fault", SMOKE, ids=named)
def test_the_fault_is_caught_and_named(fault: Fault) -> None:
    result = judge(fault)
    failed = [(check.check, check.mode) for check in result.checks if check.status == "failed"]
    assert failed
    for check, mode in fault.expected.items():
        assert (check, mode) in failed


@pytest.mark.parametrize("fault", [f for f in FAULTS if f.kind == "element"], ids=named)
def test_the_oracle_proves_the_fault_at_its_trigger(fault: Fault) -> None:
    assert wrong_elements(fault, np.asarray(call(fault))), "the trigger shows nothing"


def test_names_are_unique_and_checks_exist() -> None:
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)
    for fault in FAULTS:
        assert set(fault.expected) <= set(CHECKS), fault.name
        assert fault.expected, fault.name
