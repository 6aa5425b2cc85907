"""The Numba engine: the first stages are compiled; the others are those of NumPy.

Results are those of the NumPy engine, bit for bit: both are the correctly rounded ones. Weights, and the
16-bit formats, which the compiler does not know, go to that engine altogether.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from stablelce.formats import BINARY32, Format, find_format
from stablelce.kernels import numpy_engine, threads
from stablelce.kernels.marks import BITS
from stablelce.kernels.numpy_engine import QUANTITIES
from stablelce.kernels.rounding import Block
from stablelce.kernels.selfcheck import check_loops

__all__ = ["LARGE_BLOCK", "PIECE", "Loops", "evaluate", "is_loaded", "load", "serves"]

PIECE = 1 << 20
"""Elements between two points at which threads wait for each other."""

STEP = 1 << 16
"""Elements of a call of compiled code, which marks each by a byte."""

LARGE_BLOCK = 1 << 18
"""Elements handed over at once: work for several threads, and no temporary but a byte for each."""


@dataclass(frozen=True)
class Loops:
    """What is compiled for a format."""

    fmt: Format
    drive: Any
    refuses: Any
    nothing: Block

    def refuse(self, z: Block, t: Block, losses: Block, gradients: Block, validate: bool) -> bool:
        """Whether the arrays are not for :meth:`run`: memory shared by an output, targets outside [0, 1]."""
        if len(t) < PIECE:
            return bool(self.refuses(z, t, losses, gradients, validate))
        return threads.in_pieces(
            lambda piece: bool(self.refuses(z, t[piece], losses, gradients, validate)), len(t), 1 << 12
        )

    def run(self, z: Block, t: Block, losses: Block, gradients: Block) -> None:
        """Losses and gradients; arrays in order and aligned, of no elements where not wanted, none shared."""
        if len(z) > PIECE:
            for part in _parts(len(z)):
                self.run(z[part], t[part], losses[part], gradients[part])
            return
        left = _first_stage(self, z, t, 0.0, losses, gradients, self.nothing)
        if left is not None:
            for name, out in (("loss", losses), ("gradient", gradients)):
                if len(out):
                    _finish(self, name, out, z, t, left)

    def evaluate(self, outs: dict[str, Block], z: Block, t: Block | None) -> None:
        """Quantities with the given target, or one other; blocks in order and aligned, no memory shared."""
        for part in _parts(len(z)):
            targets = None if t is None else t[part]
            _evaluate(self, {name: out[part] for name, out in outs.items()}, z[part], targets)


def _parts(size: int) -> Iterator[slice]:
    return (slice(start, start + PIECE) for start in range(0, size, PIECE))


_loaded: dict[int, Loops] = {}
"""By the width of the format, which hashes faster."""


class _Loading:
    """Threads that want loops which another thread is compiling wait for it."""

    def __init__(self) -> None:
        self.lock = Lock()


_loading = _Loading()

if hasattr(os, "register_at_fork"):
    # The lock may be held by a thread that a forked child does not have.
    os.register_at_fork(after_in_child=_loading.__init__)  # type: ignore[misc]  # made anew, in place


def load(fmt: Format) -> Loops:
    """The compiled loops of a format, which are loaded, or compiled and kept for later processes."""
    if fmt.width not in _loaded:
        with _loading.lock:
            if fmt.width not in _loaded:
                _loaded[fmt.width] = _load(fmt)
    return _loaded[fmt.width]


def _load(fmt: Format) -> Loops:
    from stablelce.kernels import compiled32, compiled64, compiled_checks
    from stablelce.kernels.compiled_vocabulary import load

    narrow = fmt == BINARY32
    loops = Loops(
        fmt,
        load(compiled32.drive if narrow else compiled64.drive, fmt.width, "iifooom"),
        load(compiled_checks.refuses32 if narrow else compiled_checks.refuses64, fmt.width, "iiiib"),
        np.empty(0, fmt.dtype),
    )
    with np.errstate(all="ignore"):
        check_loops(loops.evaluate, fmt)
    return loops


def serves(fmt: Format, *, weighted: bool) -> bool:
    """Whether there are compiled loops for this, loaded or not."""
    return fmt.width >= 32 and not weighted  # what hashes and compares formats takes longer


def is_loaded(fmt: Format) -> bool:
    """Whether they are loaded."""
    return fmt.width in _loaded


def evaluate(outs: Mapping[str, Block], z: Block, t: Block | None = None) -> None:
    """Compute quantities of a block of elements, as :func:`numpy_engine.evaluate`."""
    loops = load(find_format(z.dtype))
    logits = np.require(z, requirements=["C", "A"])
    targets = None if t is None else np.require(t, requirements=["C", "A"])
    results = {name: _result(out, z, t) for name, out in outs.items()}
    for group in _groups(results):
        loops.evaluate(group, logits, targets)
    for name, out in outs.items():
        if results[name] is not out:
            out[...] = results[name]


def _result(out: Block, *inputs: Block | None) -> Block:
    """The block to write: not the given one where it is strided, unaligned, or the memory of an input.

    An input is read again for the elements that are left undecided.
    """
    plain = out.flags.c_contiguous and out.flags.aligned
    shared = any(x is not None and np.may_share_memory(out, x) for x in inputs)
    return out if plain and not shared else np.empty(out.shape, out.dtype)


def _groups(results: dict[str, Block]) -> list[dict[str, Block]]:
    """Quantities that one pass computes: those with the given target together, others by themselves."""
    given = {name: out for name, out in results.items() if QUANTITIES[name].target is None}
    others = [{name: out} for name, out in results.items() if name not in given]
    return [given, *others] if given else others


def _evaluate(loops: Loops, outs: dict[str, Block], z: Block, t: Block | None) -> None:
    fixed = QUANTITIES[next(iter(outs))].target
    places = dict.fromkeys(BITS, loops.nothing)
    for name, out in outs.items():
        places[QUANTITIES[name].base] = out
    targets = loops.nothing if fixed is not None or t is None else t
    left = _first_stage(loops, z, targets, fixed or 0.0, *places.values())
    for name, out in outs.items():
        if QUANTITIES[name].sign < 0:
            np.negative(out, out=out)
        if left is not None:
            _finish(loops, name, out, z, t, left)


class Left(NamedTuple):
    """The elements that are left undecided in any quantity, and the marks that say in which."""

    places: npt.NDArray[np.intp]
    marks: npt.NDArray[np.uint8]

    @classmethod
    def of(cls, marks: npt.NDArray[np.uint8], start: int = 0) -> Left:
        """Those of a block that begins at ``start``; bytes would be searched twenty times as slowly."""
        places = np.flatnonzero(marks != 0)
        return cls(places + start, marks[places])


def _first_stage(
    loops: Loops, z: Block, t: Block, fixed: float, losses: Block, gradients: Block, hessians: Block
) -> Left | None:
    """The compiled loops, on several threads if there is enough to do; None if nothing is left."""
    if len(z) < threads.SHARED:
        marks = np.empty(len(z), np.uint8)
        return Left.of(marks) if loops.drive(z, t, fixed, losses, gradients, hessians, marks) else None
    found: list[Left] = []

    def work(piece: slice) -> bool:
        # Memory of this size comes from a heap; for more an allocator asks the system, page by page.
        room = np.empty(STEP, np.uint8)
        for start in range(piece.start, piece.stop, STEP):
            part = slice(start, min(start + STEP, piece.stop))
            marks = room[: part.stop - start]
            if loops.drive(z[part], t[part], fixed, losses[part], gradients[part], hessians[part], marks):
                found.append(Left.of(marks, start))
        return bool(found)

    if not threads.in_pieces(work, len(z), 1 << 12):
        return None
    return Left(*(np.concatenate(column) for column in zip(*found, strict=True)))


@np.errstate(all="ignore")
def _finish(loops: Loops, name: str, out: Block, z: Block, t: Block | None, left: Left) -> None:
    """The later stages, on the elements that are left."""
    index = left.places[(left.marks & BITS[QUANTITIES[name].base]) != 0]
    if index.size:
        points = numpy_engine.points(z[index], None if t is None else t[index])
        encodings = np.empty(index.size, loops.fmt.uint)
        numpy_engine.finish(name, points, encodings, np.zeros(index.size, bool))
        out.view(loops.fmt.uint)[index] = encodings
