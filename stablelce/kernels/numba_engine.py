"""The Numba engine: the first stage compiled, for binary32 and binary64; the later stages are NumPy's.

Results are those of the NumPy engine, bit for bit: both are the correctly rounded ones. Weights, and the
16-bit formats, which the compiler does not know, go to that engine altogether.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from stablelce.formats import BINARY32, BINARY64, Format, find_format
from stablelce.kernels import numpy_engine, threads
from stablelce.kernels.numpy_engine import QUANTITIES
from stablelce.kernels.rounding import Block
from stablelce.kernels.selfcheck import WrongArithmeticError, check_loops

__all__ = ["evaluate", "load", "serves"]

BITS = {"loss": 1, "gradient": 2, "hessian": 4}
"""Marks of undecided elements: those of ``compiled``, which is not imported before it is needed."""

_loaded: dict[Format, Any] = {}


def load(fmt: Format) -> None:
    """Load the compiled loops of a format, or compile them and keep them for later processes."""
    if fmt in _loaded:
        return
    from stablelce.kernels import compiled

    _loaded[fmt] = compiled.load(fmt.width)
    try:
        with np.errstate(all="ignore"):
            check_loops(evaluate, fmt)
    except WrongArithmeticError:
        del _loaded[fmt]
        raise


def serves(fmt: Format, *, weighted: bool) -> bool:
    """Whether there are compiled loops for this, loaded or not."""
    return fmt in (BINARY32, BINARY64) and not weighted


def is_loaded(fmt: Format) -> bool:
    """Whether they are loaded."""
    return fmt in _loaded


def evaluate(outs: Mapping[str, Block], z: Block, t: Block | None = None) -> None:
    """Compute quantities of a block of elements, as :func:`numpy_engine.evaluate`."""
    fmt = find_format(z.dtype)
    load(fmt)
    logits = np.require(z, requirements=["C", "A"])
    targets = None if t is None else np.require(t, requirements=["C", "A"])
    results = {name: _result(out, z, t) for name, out in outs.items()}
    left = np.empty(len(logits), np.uint8)
    for group in _groups(results):
        _evaluate(fmt, group, logits, targets, left)
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


def _evaluate(fmt: Format, outs: dict[str, Block], z: Block, t: Block | None, left: Block) -> None:
    drive = _loaded[fmt]
    nothing = np.empty(0, z.dtype)
    (name, *_) = outs
    quantity = QUANTITIES[name]
    fixed = quantity.target
    targets = nothing if fixed is not None or t is None else t
    places = [nothing, nothing, nothing]
    for name, out in outs.items():
        places[list(BITS).index(QUANTITIES[name].base)] = out

    def work(start: int, stop: int) -> bool:
        some: bool = drive(
            z[start:stop],
            targets[start:stop],
            0.0 if fixed is None else fixed,
            *(place[start:stop] for place in places),
            left[start:stop],
        )
        return some

    some = threads.in_pieces(work, len(z), 1 << 12)
    for name, out in outs.items():
        if QUANTITIES[name].sign < 0:
            np.negative(out, out=out)
        if some:
            _finish(name, fmt, out, z, t, left)


def _finish(name: str, fmt: Format, out: Block, z: Block, t: Block | None, left: Block) -> None:
    """The later stages, on the elements that are left."""
    index = np.flatnonzero(left & BITS[QUANTITIES[name].base])
    if not index.size:
        return
    points = numpy_engine.points(z[index], None if t is None else t[index])
    encodings = np.empty(index.size, fmt.uint)
    numpy_engine.finish(name, points, encodings, np.zeros(index.size, bool))
    out.view(fmt.uint)[index] = encodings
