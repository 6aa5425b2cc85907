"""The record of a proof: what was proved, of which sources and table, by which command and versions."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Iterable
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from stablelce.kernels import (
    longer_layout,
    longer_limbs,
    longer_table,
    primitives,
    rebinding,
    table,
    table_layout,
)
from stablelce.kernels.proof.balls import versions
from stablelce.kernels.proof.cells import KERNELS
from stablelce.kernels.proof.longer import Bounds
from stablelce.kernels.proof.summary import RangeBound, log2_upward
from stablelce.kernels.rebinding import files

__all__ = ["sources", "table_sha256", "write"]

_PACKAGE = Path(__file__).resolve().parents[2]


def sources() -> dict[str, str]:
    """SHA-256 of each file that the proof depends on, by its name relative to the package.

    The kernels that were run and what they import; the primitives, whose contract is assumed; what makes the
    table known; the engine.
    """
    paths = {path for kernel in KERNELS.values() for path in files(kernel.module)}
    paths |= set(files(longer_limbs))
    others = (primitives, rebinding, table, table_layout, longer_table, longer_layout)
    paths |= {Path(str(module.__file__)) for module in others}
    paths |= set(Path(__file__).parent.glob("*.py"))
    named = {path.resolve().relative_to(_PACKAGE).as_posix(): path for path in paths}
    return {name: _sha256(named[name]) for name in sorted(named)}


def table_sha256() -> str:
    """SHA-256 of the table as the kernels read it."""
    columns = (table.SOFTPLUS_HIGH, table.SOFTPLUS_LOW, table.SIGMOID_HIGH, table.SIGMOID_LOW)
    return table_layout.digest(np.stack(columns, axis=1))


def write(
    folder: Path, command: str, cells: tuple[int, int], bounds: Iterable[RangeBound], limbs: Bounds
) -> Path:
    """Write proof.json.

    Parameters
    ----------
    folder : Path
        Where to; made if absent.
    command : str
        What makes the record again.
    cells : tuple of int
        First and last cell.
    bounds : iterable of RangeBound
        What was proved of the kernels with a table.
    limbs : Bounds
        What was proved of ``longer_limbs``.

    Returns
    -------
    Path
        The file.
    """
    record: dict[str, Any] = {
        "version": 1,
        "command": command,
        "machine": f"{platform.machine()}, {platform.system()}",
        "versions": {
            "python": platform.python_version(),
            "numpy": metadata.version("numpy"),
            **versions(),
        },
        "cells": list(cells),
        "bounds": [asdict(b) | {"log2_bound": log2_upward(b.bound)} for b in bounds],
        "longer_limbs": {
            name: {"bound": float(bound), "log2_bound": log2_upward(float(bound))}
            for name, bound in limbs._asdict().items()
        },
        "table_sha256": table_sha256(),
        "longer_table_sha256": longer_table.SHA256,
        "sources": sources(),
    }
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "proof.json"
    path.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    return path


def _sha256(path: Path) -> str:
    content = path.read_bytes().replace(b"\r\n", b"\n")  # git may check out other line ends
    return hashlib.sha256(content).hexdigest()
