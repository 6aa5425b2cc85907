"""Where compiled code is kept: a folder of its own for each version of the sources, table and compiler.

The compiler looks at the date of the file with the loop alone; it would not notice that a kernel, inlined
from another file, has changed.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
import warnings
from importlib import metadata
from pathlib import Path

from stablelce.kernels.table import SHA256

__all__ = ["directory"]


def directory(fused: bool, others: tuple[Path, ...] = ()) -> Path | None:
    """The folder, made if need be; None, with a warning, where nothing can be written.

    Below STABLELCE_CACHE_DIR, or the user's folder for caches. ``others`` are folders with sources that go
    into the compiled code beside those of the kernels.
    """
    folder = _root() / _key(fused, others)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        warnings.warn(
            f"compiled code cannot be kept in {folder} ({error.strerror}), so every process compiles it "
            f"anew: set STABLELCE_CACHE_DIR to a folder that can be written.",
            RuntimeWarning,
            stacklevel=2,
        )
        return None
    return folder


def _root() -> Path:
    chosen = os.environ.get("STABLELCE_CACHE_DIR")
    if chosen:
        return Path(chosen)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or tempfile.gettempdir()) / "stablelce"
    if sys.platform == "darwin":
        return Path("~/Library/Caches/stablelce").expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "stablelce"


def _key(fused: bool, others: tuple[Path, ...] = ()) -> str:
    """A hash of all that decides the code: kernel sources, table, versions, and the instructions used."""
    sha = hashlib.sha256(f"{SHA256} {fused} {sys.version}".encode())
    for package in ("numba", "llvmlite", "numpy"):
        sha.update(f"{package} {metadata.version(package)}".encode())
    for folder in (Path(__file__).parent, *others):
        for path in sorted(folder.glob("*.py")):
            sha.update(path.name.encode() + path.read_bytes())
    return sha.hexdigest()[:24]
