from __future__ import annotations

from stablelce.conformance import provenance as shared
from stablelce.conformance.faults.provenance import sources


def test_the_suite_the_oracle_and_the_faults_count_and_nothing_else() -> None:
    names = sources()
    assert names == tuple(sorted(set(names)))
    for name in (
        "conformance/faults/absorption.py",
        "conformance/checks/accuracy.py",
        "conformance/data/binary16.npz",
        "conformance/subjects/base.py",
        "oracle/exact.py",
        "formats.py",
        "ulp.py",
    ):
        assert name in names
    folders = {name.split("/")[0] for name in names if "/" in name}
    assert folders == {"conformance", "oracle"}
    assert not any(name.startswith(("conformance/trainers", "conformance/subjects/own")) for name in names)


def test_a_change_of_a_fault_leaves_the_record_of_accuracy_as_it_is() -> None:
    assert not any(name.startswith("conformance/faults/") for name in shared.sources())


def test_the_hash_is_over_these_sources() -> None:
    made = shared.provenance("a command", ("numpy",), sources())
    assert made.sources == sources()
    assert made.sources_sha256 == shared.sources_sha256(sources())
    assert made.command == "a command"
