"""How the matrix is read: what a check catches alone, alone without the oracle, and alone by name."""

from __future__ import annotations

from stablelce.conformance.contract import CHECKS
from stablelce.conformance.faults import find
from stablelce.conformance.faults.matrix import ASKS_THE_ORACLE, caught_by, checks, judge, row, rows
from stablelce.conformance.faults.results import Catch, FaultRow


def line(name: str, **catches: str) -> FaultRow:
    return FaultRow(
        name=name,
        formula="",
        quantity="loss",
        kind="element",
        failure_mode="",
        url="",
        formats=("float64",),
        tier="smoke",
        profile="accurate",
        catches=tuple(
            Catch(check=check, required=CHECKS[check].required, mode=mode, seconds=0.0)
            for check, mode in ((key.replace("_", " "), value) for key, value in catches.items())
        ),
        seconds=0.0,
        let_through={},
    )


def test_what_a_check_does_alone() -> None:
    made = (
        line("a", accuracy="x"),
        line("b", accuracy="x", mirror="y"),
        line("c", accuracy="x", tails="x", mirror="y", convexity="z"),
    )
    table = {one.check: one for one in checks(made)}
    assert list(table) == list(CHECKS)
    assert table["accuracy"].catches == ("a", "b", "c")
    assert table["accuracy"].alone == ("a",)
    assert table["accuracy"].alone_in_naming == ("a", "b")
    assert table["tails"].alone_in_naming == ()
    assert not table["tails"].needed
    assert table["mirror"].alone == ()
    assert table["mirror"].alone_without_oracle == ("b",)
    assert table["mirror"].needed
    assert table["convexity"].alone_without_oracle == ()
    assert table["convexity"].alone_in_naming == ("c",)
    assert set(ASKS_THE_ORACLE) < set(CHECKS)


def test_a_row_holds_each_failed_check_once_in_the_order_of_the_contract() -> None:
    fault = find("loss by log_sigmoid")
    made = row(fault)
    order = list(CHECKS)
    assert list(made.checks) == sorted(made.checks, key=order.index)
    assert len(set(made.checks)) == len(made.checks)
    assert set(fault.expected_checks) <= set(made.checks)
    assert dict.fromkeys(made.checks) == dict.fromkeys(sorted(caught_by(judge(fault)), key=order.index))
    assert all(0 < catch.seconds <= made.seconds for catch in made.catches)
    accuracy = next(catch for catch in made.catches if catch.check == "accuracy")
    assert accuracy.counterexample is not None
    assert accuracy.counterexample.call


def test_a_fault_leaves_nothing_behind_for_the_next() -> None:
    fault = find("every fifth call")
    assert caught_by(judge(fault)) == caught_by(judge(fault))


def test_rows_tell_their_progress() -> None:
    told: list[tuple[int, str]] = []
    fault = find("one encoding of bfloat16")
    assert [one.name for one in rows([fault], lambda *step: told.append(step))] == [fault.name]
    assert told == [(0, fault.name)]
