"""What the suite owes the collection: every fault is one, is caught, and is named; every check is needed."""

from __future__ import annotations

import hashlib
import subprocess
import sys

import numpy as np
import pytest

from stablelce.conformance.contract import CHECKS
from stablelce.conformance.faults import FAULTS, Fault, find
from stablelce.conformance.faults.matrix import judge
from stablelce.conformance.faults.planting import right
from stablelce.conformance.faults.proof import call, wrong_elements
from stablelce.conformance.subjects.base import QUANTITIES

SMOKE = [fault for fault in FAULTS if fault.tier == "smoke"]
DEEP = [fault for fault in FAULTS if fault.tier != "smoke"]


def named(fault: Fault) -> str:
    return fault.name


def missed(fault: Fault, seed: int = 0) -> list[tuple[str, str]]:
    """The expected checks that do not fail, or that give another reason; all of them where nothing fails."""
    failed = [(c.check, c.mode) for c in judge(fault, seed=seed).checks if c.status == "failed"]
    return [pair for pair in fault.expected.items() if pair not in failed]


@pytest.mark.deep  # of the committed matrix, which says so of all, a tenth is computed again in every run
@pytest.mark.parametrize("fault", SMOKE, ids=named)
def test_the_fault_is_caught_and_named(fault: Fault) -> None:
    assert missed(fault) == []


@pytest.mark.deep  # the tier in which they are to be caught
@pytest.mark.parametrize("fault", DEEP, ids=named)
def test_the_rare_fault_is_caught_in_its_tier(fault: Fault) -> None:
    assert missed(fault) == []


@pytest.mark.deep
@pytest.mark.parametrize("seed", range(1, 11))
@pytest.mark.parametrize("fault", SMOKE, ids=named)
def test_the_fault_is_caught_whatever_the_seed(fault: Fault, seed: int) -> None:
    failed = [check for check in judge(fault, seed=seed).checks if check.status == "failed"]
    assert failed


def seed_of(name: str) -> int:
    """A seed of its own for each fault, the same in every run."""
    return 1 + hashlib.sha256(name.encode()).digest()[0]


@pytest.mark.bulk
@pytest.mark.parametrize("fault", SMOKE[::12], ids=named)
def test_one_fault_in_twelve_is_caught_by_another_seed(fault: Fault) -> None:
    failed = [c for c in judge(fault, seed=seed_of(fault.name)).checks if c.status == "failed"]
    assert failed


def test_an_audit_has_nothing_to_do_with_hypothesis() -> None:
    # Neither its seed nor its database can change what is caught, for it is not even imported.
    code = (
        "import sys; from stablelce.conformance.faults import FAULTS\n"
        "from stablelce.conformance.faults.matrix import judge\n"
        "judge(FAULTS[0]); assert 'hypothesis' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


# -- each fault is one -------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [fault for fault in FAULTS if fault.shows is None], ids=named)
def test_the_oracle_proves_the_fault_at_its_trigger(fault: Fault) -> None:
    assert wrong_elements(fault, np.asarray(call(fault)))


@pytest.mark.parametrize("fault", [fault for fault in FAULTS if fault.shows is not None], ids=named)
def test_calls_contradict_each_other_by_the_fault_and_not_without_it(fault: Fault) -> None:
    assert fault.shows is not None
    fault.mend()
    try:
        assert fault.shows(fault.quantity, fault.functions[fault.quantity], fault.formats[-1])
    finally:
        fault.mend()
    if "loss_and_gradient" not in fault.functions:  # whose fault shows in the pair alone
        assert not fault.shows(fault.quantity, right(fault.quantity), fault.formats[-1])


def test_the_right_function_is_right_at_every_trigger() -> None:
    for fault in FAULTS:
        if fault.shows is None and fault.profile == "accurate":
            quantity = {fault.quantity: right(fault.quantity)}
            sound = Fault(**{**vars(fault), "functions": quantity})
            assert wrong_elements(sound, np.asarray(call(sound))) == [], fault.name


def test_the_other_functions_of_a_fault_are_right() -> None:
    z, t = np.array([-3.0, 0.0, 0.5, 40.0]), np.array([0.0, 1.0, 0.5, 1.0])
    for fault in FAULTS:
        for name in set(fault.functions) - {fault.quantity, "loss_and_gradient"}:
            assert fault.functions[name](z, t).tolist() == right(name)(z, t).tolist(), fault.name


# -- the collection ------------------------------------------------------------------------------------


def test_the_collection_is_as_large_as_it_says() -> None:
    element = [fault for fault in FAULTS if fault.kind == "element"]
    assert len({fault.url for fault in element if fault.url}) >= 45
    assert {fault.quantity for fault in element} == set(QUANTITIES)
    assert {name for fault in element for name in fault.formats} == {
        "float16",
        "bfloat16",
        "float32",
        "float64",
    }
    assert sum(fault.kind == "batch" for fault in FAULTS) >= 6
    assert sum(fault.kind == "state" for fault in FAULTS) >= 6
    assert any(fault.tier == "deep" for fault in FAULTS)


def test_names_are_unique_and_checks_and_tiers_exist() -> None:
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)
    for fault in FAULTS:
        assert fault.expected, fault.name
        assert set(fault.expected_checks) <= set(CHECKS), fault.name
        assert fault.quantity in fault.functions
        assert fault.url.startswith("https://github.com/") or not fault.url


def test_every_check_is_expected_to_catch_something() -> None:
    expected = {check for fault in FAULTS for check in fault.expected}
    assert expected == set(CHECKS)


def test_an_unknown_name_is_refused() -> None:
    assert find("factor 2").quantity == "loss"
    with pytest.raises(ValueError, match="unknown fault 'factor 3'"):
        find("factor 3")
