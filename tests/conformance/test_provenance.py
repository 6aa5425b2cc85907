"""Provenance names everything the figures depend on, and nothing of the machine's owner."""

from __future__ import annotations

import hashlib
import os
import platform
import socket
from importlib import metadata
from pathlib import Path

import pytest

from stablelce.conformance import provenance as module
from stablelce.conformance.provenance import provenance, sources, sources_sha256
from tests.imports import imports

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "stablelce"

# What an audit runs: the suite, and the implementations that it may find in this package.
ENTRY_POINTS = (
    "conformance/runner.py",
    "conformance/subjects/own.py",
    "conformance/subjects/textbook.py",
    "functions.py",
    "oracle/arb_backend.py",
    "oracle/mpmath_backend.py",
)


def imported_by(name: str) -> set[str]:
    """The files of the package that a file of it imports, relative to the package."""
    modules = (one.module for one in imports(PACKAGE / name, ROOT))
    stems = [PACKAGE.parent.joinpath(*m.split(".")) for m in modules if m.startswith("stablelce.")]
    files = (file for stem in stems for file in (stem.with_suffix(".py"), stem / "__init__.py"))
    return {file.relative_to(PACKAGE).as_posix() for file in files if file.is_file()}


def plant(package: Path, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        path = package / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(module, "_PACKAGE", tmp_path)
    plant(tmp_path, {"ulp.py": b"x = 1\n", "oracle/exact.py": b"y = 2\n", "kernels/a/b.py": b"z = 3\n"})
    return tmp_path


def test_everything_an_audit_imports_is_a_source() -> None:
    seen: set[str] = set()
    todo = [*ENTRY_POINTS]
    while todo:
        name = todo.pop()
        if name not in seen:
            seen.add(name)
            todo.extend(imported_by(name))
    assert len(seen) > 40
    assert seen <= {*sources()}


def test_the_sources_are_sorted_files_that_exist() -> None:
    found = sources()
    assert list(found) == sorted(set(found))
    assert all((PACKAGE / name).is_file() for name in found)


def test_the_expected_results_in_the_package_are_sources() -> None:
    data = {path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.npz")}
    assert data
    assert data <= {*sources()}


def test_views_of_the_record_are_no_sources() -> None:
    assert not [name for name in sources() if name.startswith(("report/", "cli/", "__"))]


def test_only_what_computes_is_listed(package: Path) -> None:
    ignored = ("cli/app.py", "report/page.py", "__init__.py", "__main__.py", "oracle/notes.md", "py.typed")
    plant(package, dict.fromkeys(ignored, b""))
    plant(package, {"_arguments.py": b"", "conformance/data/a.npz": b"", "textbook.py": b""})
    assert sources() == (
        "_arguments.py",
        "conformance/data/a.npz",
        "kernels/a/b.py",
        "oracle/exact.py",
        "textbook.py",
        "ulp.py",
    )


@pytest.mark.parametrize(
    "change",
    [
        {"ulp.py": b"x = 2\n"},
        {"oracle/new.py": b""},
        {"kernels/a/c.npz": b"\r\n"},
    ],
)
def test_any_change_of_a_source_changes_the_hash(package: Path, change: dict[str, bytes]) -> None:
    before = sources_sha256()
    plant(package, change)
    assert sources_sha256() != before


def test_renaming_a_source_or_moving_text_between_two_changes_the_hash(package: Path) -> None:
    before = sources_sha256()
    (package / "oracle/exact.py").rename(package / "oracle/renamed.py")
    renamed = sources_sha256()
    (package / "oracle/renamed.py").rename(package / "oracle/exact.py")
    assert sources_sha256() == before
    plant(package, {"kernels/a/b.py": b"z = 3\ny = 2\n", "oracle/exact.py": b""})
    assert len({before, renamed, sources_sha256()}) == 3


def test_a_change_of_a_view_leaves_the_hash(package: Path) -> None:
    before = sources_sha256()
    plant(package, {"cli/app.py": b"print()\n", "report/page.py": b"\n"})
    assert sources_sha256() == before


def test_line_ends_of_a_checkout_do_not_matter_but_those_in_data_do(package: Path) -> None:
    before = sources_sha256()
    plant(package, {"ulp.py": b"x = 1\r\n"})
    assert sources_sha256() == before
    plant(package, {"conformance/a.npz": b"\n"})
    data = sources_sha256()
    plant(package, {"conformance/a.npz": b"\r\n"})
    assert sources_sha256() != data


def test_the_hash_is_over_names_lengths_and_contents(package: Path) -> None:
    parts = {"kernels/a/b.py": b"z = 3\n", "oracle/exact.py": b"y = 2\n", "ulp.py": b"x = 1\n"}
    text = b"".join(f"{name} {len(content)}\n".encode() + content for name, content in parts.items())
    assert package.is_dir()
    assert sources_sha256() == hashlib.sha256(text).hexdigest()


def test_versions_are_those_installed_and_absent_packages_are_left_out() -> None:
    made = provenance("stablelce report", ["numpy", "mpmath", "numpy", "no-such-distribution"])
    assert made.packages == {name: metadata.version(name) for name in ("mpmath", "numpy")}
    assert list(made.packages) == ["mpmath", "numpy"]


def test_the_record_holds_command_interpreter_sources_and_hash() -> None:
    made = provenance("stablelce report", [])
    assert made.command == "stablelce report"
    assert made.python == platform.python_version()
    assert made.sources == sources()
    assert made.sources_sha256 == sources_sha256()


def test_the_machine_is_architecture_processor_cores_and_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("processor : 0\nmodel name\t: A Chip: 3 GHz\nmodel name : other\n", encoding="utf-8")
    monkeypatch.setattr(module, "_CPUINFO", cpuinfo)
    monkeypatch.setattr(platform, "machine", lambda: "sparc")
    monkeypatch.setattr(platform, "system", lambda: "Plan9")
    monkeypatch.setattr(os, "cpu_count", lambda: 3)
    assert provenance("x", []).machine == "sparc, A Chip: 3 GHz, 3 cores, Plan9"


@pytest.mark.parametrize(("processor", "shown"), [("arm", "arm64, arm, 8"), ("", "arm64, 8")])
def test_a_machine_without_cpuinfo_is_described_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, processor: str, shown: str
) -> None:
    monkeypatch.setattr(module, "_CPUINFO", tmp_path / "absent")
    monkeypatch.setattr(platform, "machine", lambda: "arm64")
    monkeypatch.setattr(platform, "processor", lambda: processor)
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    assert provenance("x", []).machine.startswith(f"{shown} cores, ")


def test_no_host_name_and_no_path_is_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    for owner, name in ((platform, "node"), (socket, "gethostname")):
        monkeypatch.setattr(owner, name, lambda: "secret-host")
    text = provenance("x", ["numpy"]).model_dump_json()
    assert "secret-host" not in text
    assert str(ROOT) not in text
    assert str(Path.home()) not in text
