from __future__ import annotations

from stablelce.conformance import provenance as shared
from stablelce.conformance.trainers.provenance import sources
from tests.conformance.test_provenance import imported_by

ENTRY_POINTS = (
    "certificate/optimum.py",
    "conformance/trainers/adapters/own.py",
    "conformance/trainers/runner.py",
    "training/estimator.py",
)


def test_everything_an_audit_of_trainers_imports_is_a_source() -> None:
    seen: set[str] = set()
    todo = [*ENTRY_POINTS]
    while todo:
        name = todo.pop()
        if name not in seen:
            seen.add(name)
            todo.extend(imported_by(name))
    assert len(seen) > 60
    # What the packages re-export lazily under the public name is listed by its own modules.
    assert {name for name in seen if name != "__init__.py"} <= {*sources()}


def test_the_other_record_does_not_depend_on_the_trainers() -> None:
    assert not [name for name in shared.sources() if "trainers" in name]


def test_the_hash_is_over_these_sources() -> None:
    made = shared.provenance("a command", ("numpy",), sources())
    assert made.sources == sources()
    assert made.sources_sha256 == shared.sources_sha256(sources())
    assert made.sources_sha256 != shared.sources_sha256()
    assert made.command == "a command"
