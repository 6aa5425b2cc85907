"""Provenance names what figures depend on, and nothing of the machine's owner."""

from __future__ import annotations

import getpass
import platform
from importlib import metadata
from pathlib import Path

import pytest

from stablelce.conformance import provenance as module
from stablelce.conformance.provenance import provenance, sources, sources_sha256


def test_the_sources_are_what_figures_depend_on() -> None:
    names = sources()
    assert list(names) == sorted(names)
    for needed in ("formats.py", "functions.py", "oracle/exact.py", "conformance/data/binary16.npz"):
        assert needed in names
    assert not [name for name in names if name.startswith(("report/", "cli/"))]


def test_the_hash_changes_with_any_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.py").write_text("x = 1\n", encoding="utf-8")
    monkeypatch.setattr(module, "_PACKAGE", tmp_path)
    before = sources_sha256()
    (tmp_path / "a.py").write_text("x = 2\n", encoding="utf-8")
    changed = sources_sha256()
    (tmp_path / "b.py").write_text("", encoding="utf-8")
    assert len({before, changed, sources_sha256()}) == 3


def test_versions_are_those_installed_and_absent_packages_are_left_out() -> None:
    made = provenance("stablelce report", ["numpy", "no-such-package-at-all"])
    assert made.packages == {"numpy": metadata.version("numpy")}
    assert made.command == "stablelce report"
    assert made.python == platform.python_version()
    assert made.sources_sha256 == sources_sha256()


def test_the_machine_is_described_without_names_or_paths() -> None:
    machine = provenance("x", []).machine
    assert platform.machine() in machine
    assert "cores" in machine
    assert platform.node() not in machine
    assert "/" not in machine
    assert f" {getpass.getuser()} " not in machine


def test_a_machine_without_cpuinfo_is_described_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreadable(*_: object, **__: object) -> str:
        raise OSError

    monkeypatch.setattr(Path, "read_text", unreadable)
    assert platform.machine() in module._machine()
