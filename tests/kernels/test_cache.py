"""Where compiled code is kept."""

from __future__ import annotations

import importlib.metadata
import sys
from pathlib import Path

import numba  # noqa: F401  # its version is a part of the key
import pytest

from stablelce.kernels import cache


def test_the_folder_is_the_chosen_one_and_can_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STABLELCE_CACHE_DIR", str(tmp_path / "there"))
    folder = cache.directory(fused=True)
    assert folder is not None
    assert folder.parent == tmp_path / "there"
    assert folder.is_dir()
    assert list(folder.iterdir()) == []


def test_without_a_choice_it_lies_below_the_users_caches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("STABLELCE_CACHE_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    for platform in ("linux", "win32", "darwin"):
        monkeypatch.setattr(sys, "platform", platform)
        monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "local"))
        monkeypatch.setenv("HOME", str(tmp_path / "home"))
        root = cache._root()
        assert root.is_relative_to(tmp_path)
        assert root.name == "stablelce"


def test_a_folder_that_cannot_be_made_is_one_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setenv("STABLELCE_CACHE_DIR", str(blocked / "below"))
    with pytest.warns(RuntimeWarning, match=r"cannot be kept in .*: set STABLELCE_CACHE_DIR to a folder"):
        assert cache.directory(fused=True) is None


def test_other_sources_tables_or_instructions_have_another_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = {cache._key(True), cache._key(False)}
    monkeypatch.setattr(cache, "SHA256", "another table")
    keys.add(cache._key(True))
    monkeypatch.setattr(importlib.metadata, "version", lambda _: "0")
    keys.add(cache._key(True))
    (tmp_path / "kernel.py").write_text("a = 1\n")
    monkeypatch.setattr(cache, "__file__", str(tmp_path / "cache.py"))
    keys.add(cache._key(True))
    (tmp_path / "kernel.py").write_text("a = 2\n")
    keys.add(cache._key(True))
    (tmp_path / "other").mkdir()
    for line in ("a = 1\n", "a = 2\n"):
        (tmp_path / "other" / "loops.py").write_text(line)
        keys.add(cache._key(True, (tmp_path / "other",)))
    assert len(keys) == 8
