"""The files: inputs for the conformance suite, and beside them how they were found."""

from __future__ import annotations

import hashlib
import json
import platform
from importlib import metadata, util
from pathlib import Path
from typing import Any

import numpy as np

from stablelce.kernels import finals, longer, pairs, primitives, rebinding, table, table_layout
from stablelce.kernels.rebinding import files
from stablelce.kernels.search.kept import Kept
from stablelce.kernels.search.search import Plan

__all__ = ["DATA", "QUANTITIES", "name_of", "sources", "sources_sha256", "write"]

_PACKAGE = Path(__file__).resolve().parents[2]
DATA = _PACKAGE / "conformance" / "data"
QUANTITIES = ("loss", "gradient", "hessian")


def name_of(plan: Plan) -> str:
    """The name of the files of a format, without the suffix."""
    return f"hard_{plan.fmt.name}"


def sources() -> tuple[str, ...]:
    """The files that decide what is found, relative to the package: the kernels, the table and the search."""
    paths = {path for module in (finals, longer, pairs) for path in files(module)}
    paths |= {Path(str(module.__file__)) for module in (primitives, rebinding, table, table_layout)}
    paths |= set(Path(__file__).parent.glob("*.py")) - {Path(__file__).with_name("__main__.py")}
    return tuple(sorted(path.resolve().relative_to(_PACKAGE).as_posix() for path in paths))


def sources_sha256() -> str:
    """SHA-256 over names and contents of the sources; the same in any checkout."""
    digest = hashlib.sha256()
    for name in sources():
        content = (_PACKAGE / name).read_bytes().replace(b"\r\n", b"\n")  # git may check out other line ends
        digest.update(f"{name} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


def write(folder: Path, command: str, plan: Plan, kept: Kept, searched: int) -> tuple[Path, Path]:
    """Write the inputs and how they were found: nothing, or both whole.

    Parameters
    ----------
    folder : Path
        Where to; made if absent.
    command : str
        What makes the files again.
    plan, kept, searched
        What was searched, what was found, and how many inputs went through the sieve.

    Returns
    -------
    tuple of Path
        The file of inputs and the record.
    """
    fmt, arrays = plan.fmt, {}
    for quantity in QUANTITIES:
        z, t, bits = kept.columns(quantity)
        arrays[quantity] = np.stack([values.astype(fmt.dtype).view(fmt.uint) for values in (z, t)])
        arrays[f"{quantity}_bits"] = bits
    record: dict[str, Any] = {
        "command": command,
        "machine": f"{platform.machine()}, {platform.system()}",
        "versions": _versions(),
        "seed": plan.seed,
        "searched": searched,
        "moved": plan.moved,
        "kept": {quantity: arrays[quantity].shape[1] for quantity in QUANTITIES},
        "smallest_distance_bits": kept.smallest(),
        "sources": sources(),
        "sources_sha256": sources_sha256(),
    }
    folder.mkdir(parents=True, exist_ok=True)
    data, beside = folder / f"{name_of(plan)}.npz", folder / f"{name_of(plan)}.json"
    new = data.with_suffix(".new.npz"), beside.with_suffix(".new.json")
    np.savez_compressed(new[0], allow_pickle=False, **arrays)  # its zip entries carry no date
    new[1].write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    new[0].replace(data)
    new[1].replace(beside)
    return data, beside


def _versions() -> dict[str, str]:
    packages = [name for name in ("numpy", "numba") if util.find_spec(name)]
    return {"python": platform.python_version()} | {name: metadata.version(name) for name in packages}
