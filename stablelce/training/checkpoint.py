"""Checkpoints of a fit: killed at any moment and started again, it ends with the same bits.

A solver can go on from any state it was in, so the state is all that is kept: a JSON file, numbers in
hexadecimal so that no bit is lost. It is written beside the old one, flushed to the disk, and renamed over
it, which the system does as a whole or not at all: at every moment the file is a complete one.

A file also says which fit it belongs to: the parameters that decide the path, and a digest of the objective.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from stablelce.training.solvers.state import State

__all__ = ["Checkpoint", "digest", "prepare"]

FILE = "fit.json"
VERSION = 3
SHARE = 0.05
"""Part of the time that writing may take; a fit that is short of it is written less often."""

_ADVICE = "remove it, or pass another directory"


def digest(arrays: Iterable[npt.NDArray[Any]]) -> str:
    """A name for the bits of arrays, which are read one after the other."""
    hashed = hashlib.sha256()
    for array in arrays:
        hashed.update(f"{array.dtype.str}{array.shape}".encode())
        hashed.update(np.ascontiguousarray(array).tobytes())
    return hashed.hexdigest()


def prepare(directory: str | os.PathLike[str]) -> None:
    """Make the directory, and find out what is wrong with it before a fit begins.

    Raises
    ------
    OSError
        It cannot be made, or no file can be written there.
    ValueError
        It is no name of a directory, or holds a file that is damaged or of another version.
    """
    if not os.fspath(directory):
        raise ValueError("checkpoint is an empty name: pass '.' for this directory, or None for none.")
    folder = Path(directory)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except (OSError, ValueError) as error:
        reason = "it is a file" if isinstance(error, FileExistsError) else _reason(error)
        raise type(error)(
            f"no checkpoint can be kept in {str(directory)!r}: {reason}; pass a directory to write to."
        ) from None
    _body(folder / FILE)


class Checkpoint:
    """The file of one fit.

    Parameters
    ----------
    directory : path
        Where the file ``fit.json`` is kept; made if absent.
    identity : mapping of str to str
        What tells this fit from another.
    """

    def __init__(self, directory: str | os.PathLike[str], identity: Mapping[str, str]) -> None:
        self._path = Path(directory) / FILE
        self._identity = dict(identity)
        self._due = 0.0

    def load(self) -> tuple[State, list[float], int | None] | None:
        """The state, the losses and the seed that were kept, or None where nothing was.

        Raises
        ------
        OSError
            The file cannot be read.
        ValueError
            It is damaged, of another version, or of another fit; the message says what differs.
        """
        kept = _body(self._path)
        if kept is None:
            return None
        for name, value in self._identity.items():
            if kept["identity"].get(name) != value:
                raise ValueError(
                    f"{self._path} is the checkpoint of another fit: its {name} is "
                    f"{kept['identity'].get(name)}, not {value}. Go on with that fit, {_ADVICE}."
                )
        return _state(kept["state"]), [float.fromhex(x) for x in kept["losses"]], kept["seed"]

    def save(self, state: State, losses: Sequence[float], seed: int | None, *, last: bool = False) -> None:
        """Keep a state, unless writing has taken its share of the time already and it is not the last."""
        begun = time.monotonic()
        if begun < self._due and not last:
            return
        body = {
            "version": VERSION,
            "identity": self._identity,
            "seed": seed,
            "state": _values(state),
            "losses": [loss.hex() for loss in losses],
        }
        try:
            _write(self._path, json.dumps({"body": body, "sha256": _seal(body)}))
        except OSError as error:
            raise type(error)(
                f"cannot write {self._path}: {_reason(error)}; mend that, or pass another directory."
            ) from None
        ended = time.monotonic()
        self._due = ended + (ended - begun) * (1.0 / SHARE - 1.0)


def _body(path: Path) -> dict[str, Any] | None:
    """What a file holds, checked, or None where there is no file."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        kept, sealed = content["body"], content["sha256"]
        version = kept["version"]
    except FileNotFoundError:
        return None
    except OSError as error:
        raise type(error)(f"cannot read {path}: {_reason(error)}; {_ADVICE}.") from None
    except (ValueError, KeyError, TypeError):
        raise ValueError(f"{path} is no checkpoint of a fit: {_ADVICE}.") from None
    if _seal(kept) != sealed or version != VERSION:
        raise ValueError(f"{path} is damaged or of another version: {_ADVICE}.")
    found: dict[str, Any] = kept
    return found


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def _values(state: State) -> dict[str, Any]:
    return {
        "iteration": state.iteration,
        "coef": [x.hex() for x in state.coef.tolist()],
        "loss": state.loss.hex(),
        "initial": state.initial.hex(),
        "gradient_norm": state.gradient_norm.hex(),
        "step": state.step.hex(),
        "slices": state.slices,
        "stalled": state.stalled,
        "ratio": state.ratio.hex(),
        "status": state.status,
    }


def _state(values: dict[str, Any]) -> State:
    coef = np.array([float.fromhex(x) for x in values["coef"]], dtype=np.float64)
    coef.flags.writeable = False
    names = ("loss", "initial", "gradient_norm", "step", "ratio")
    return State(**{**values, **{name: float.fromhex(values[name]) for name in names}, "coef": coef})


def _seal(body: object) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def _write(path: Path, text: str) -> None:
    """Replace a file as a whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", dir=path.parent, prefix=f".{path.name}.", delete=False
    ) as file:
        try:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
            Path(file.name).replace(path)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise
    _sync_directory(path.parent)


def _sync_directory(directory: Path) -> None:
    """Flush the renaming itself, where the system knows files for directories."""
    if os.name != "posix":
        return
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
