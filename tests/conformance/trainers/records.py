"""Audits of trainers made by hand, for what is printed and written."""

from __future__ import annotations

from typing import Any

from stablelce.conformance.results import Provenance
from stablelce.conformance.trainers.contract import CHECKS
from stablelce.conformance.trainers.results import TrainerCheck, TrainerRecord, TrainerResult


def check(name: str, status: Any = "passed", **changes: Any) -> TrainerCheck:
    fields: dict[str, Any] = {"fits": 2, "mode": "silent" if status == "failed" else ""}
    fields |= {"message": f"what {name} found: [1.0, 2.0] | 3"} | changes
    return TrainerCheck(check=name, status=status, required=CHECKS[name].required, **fields)


def result(*given: TrainerCheck, **changes: Any) -> TrainerResult:
    """All checks passed but those given."""
    by_name = {one.check: one for one in given}
    fields: dict[str, Any] = {
        "trainer": "mine:Trainer",
        "version": "1.2",
        "options": {"C": "inf"},
        "isolated": True,
        "required_profile": "accurate",
        "checks": tuple(by_name.get(name, check(name)) for name in CHECKS),
        "seconds": 0.5,
    }
    return TrainerResult(**(fields | changes))


def record(*trainers: TrainerResult, **absent: str) -> TrainerRecord:
    made = Provenance(
        command="stablelce audit --trainer mine:Trainer",
        machine="a machine",
        python="3.11.7",
        packages={"numpy": "2.4.6"},
        sources=("formats.py",),
        sources_sha256="0" * 64,
    )
    return TrainerRecord(provenance=made, trainers=trainers, absent=absent)
