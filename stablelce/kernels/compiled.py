"""The kernels compiled: the same source, in loops that the compiler turns into vector instructions.

The only module here that imports Numba. Every kernel function is made again from its own code, bound to the
primitives below, and inlined into a loop over a chunk. A chunk goes through several short loops, because
one loop over all stages is one chain of dependent operations, longer than what a processor looks ahead:
short loops let it work on several elements at once.

Contraction of products and sums happens where a primitive asks for it and nowhere else: no fast-math, no
reassociation.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any, cast

import numba
import numpy as np
from llvmlite import ir
from llvmlite.binding import get_host_cpu_features
from numba import njit, types
from numba.extending import intrinsic

from stablelce.kernels import cache, finals, pairs, plain, primitives
from stablelce.kernels.rebinding import rebind
from stablelce.kernels.table import SIGMOID_HIGH, SIGMOID_LOW, SOFTPLUS_HIGH, SOFTPLUS_LOW
from stablelce.kernels.table_layout import LIMIT

__all__ = ["load"]

CHUNK = 512
"""Elements per chunk: a dozen columns of binary64 stay in the second-level cache."""

LOSS, GRADIENT, HESSIAN = 1, 2, 4
"""Bits of the quantities wanted, and of those left undecided."""

ROUND_TO_INTEGER = 6755399441055744.0

_inlined = njit(inline="always", error_model="numpy")

_settings: Any = numba.config


def _has_fused_multiply_add() -> bool:
    """Whether the processor has the instruction, and NUMBA_CPU_FEATURES has not taken it away."""
    chosen = _settings.CPU_FEATURES
    if chosen is not None:
        return "+fma" in chosen.split(",")
    return bool(get_host_cpu_features().get("fma", False)) or platform.machine() in ("aarch64", "arm64")


FUSED = _has_fused_multiply_add()


def _fma_as_instruction(_context: Any, _a: Any, _b: Any, _c: Any) -> Any:
    """a*b + c, rounded once."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.fma(*arguments)

    return types.float64(types.float64, types.float64, types.float64), generate


def _low_word_of_encoding(_context: Any, _a: Any) -> Any:
    """The low 32 bits of the encoding of a float: its integer, once 3 * 2^51 has been added."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        bits = builder.bitcast(arguments[0], ir.IntType(64))
        return builder.and_(bits, ir.Constant(ir.IntType(64), 0xFFFFFFFF))

    return types.uint64(types.float64), generate


_fma: Any = intrinsic(_fma_as_instruction)
_low_word: Any = intrinsic(_low_word_of_encoding)

# -- the vocabulary ----------------------------------------------------------------------------


@_inlined
def _select(condition: Any, a: Any, b: Any) -> Any:
    return a if condition else b


@_inlined
def _absolute(a: Any) -> Any:
    return abs(a)


@_inlined
def _to_index(a: Any) -> Any:
    # Not int(a): a conversion to a signed integer is done one by one, and indexing by it tests the sign.
    return _low_word(a + ROUND_TO_INTEGER)


@_inlined
def _take(column: Any, index: Any) -> Any:
    return column[index]


@_inlined
def _two_sum(a: Any, b: Any) -> Any:
    s = a + b
    part = s - a
    return s, (a - (s - part)) + (b - part)


@_inlined
def _fast_two_sum(a: Any, b: Any) -> Any:
    s = a + b
    return s, b - (s - a)


@_inlined
def _fused_two_prod(a: Any, b: Any) -> Any:
    p = a * b
    return p, _fma(a, b, -p)


@_inlined
def _fused_two_square(a: Any) -> Any:
    p = a * a
    return p, _fma(a, a, -p)


@_inlined
def _fused_mul_add(a: Any, b: Any, c: Any) -> Any:
    return _fma(a, b, c)


VOCABULARY: dict[str, Callable[..., Any]] = {
    "select": _select,
    "absolute": _absolute,
    "to_index": _to_index,
    "take": _take,
    "two_sum": _two_sum,
    "fast_two_sum": _fast_two_sum,
}
if FUSED:
    VOCABULARY |= {"mul_add": _fused_mul_add, "two_prod": _fused_two_prod, "two_square": _fused_two_square}
else:  # those of NumPy arrays, which split their operands
    _splitting = dict(vars(primitives))
    for _name in ("_split", "mul_add", "two_prod", "two_square"):
        _splitting[_name] = _inlined(FunctionType(_splitting[_name].__code__, _splitting))
    VOCABULARY |= {name: _splitting[name] for name in ("mul_add", "two_prod", "two_square")}


def _compile(module: ModuleType) -> dict[str, Any]:
    """The functions of a kernel module, bound to the vocabulary and to each other, to be inlined."""
    namespace = rebind(module, VOCABULARY)
    todo, done = [namespace], set()
    while todo:
        current = todo.pop()
        done.add(id(current))
        for name, value in current.items():
            if isinstance(value, FunctionType):
                if id(value.__globals__) not in done and value.__module__.startswith("stablelce.kernels."):
                    todo.append(value.__globals__)
                current[name] = _inlined(value)
    return namespace


_PAIRS, _PLAIN, _FINALS = _compile(pairs), _compile(plain), _compile(finals)
_reduced, _increment, _softplus, _sigmoid = (
    _PAIRS[name] for name in ("reduced", "increment", "softplus", "sigmoid")
)
_from_entry = _PLAIN["from_entry"]
_distance, _loss, _gradient, _hessian = (_FINALS[n] for n in ("distance", "loss", "gradient", "hessian"))
_plain_loss, _plain_gradient, _plain_hessian = (
    _FINALS[n] for n in ("plain_loss", "plain_gradient", "plain_hessian")
)

# -- the loops, each over one chunk ------------------------------------------------------------

_loop = njit(error_model="numpy", nogil=True)


@_loop
def outside(t: Any) -> Any:
    """Whether any target lies outside [0, 1]; NaN does not."""
    found = False
    for i in range(t.size):
        found |= (t[i] < 0) | (t[i] > 1)
    return found


@_loop
def _load(z: Any, t: Any, fixed: Any, columns: Any) -> Any:
    """The chunk in binary64, as results may be written over it; a = |z|, 0 where it is beyond the table."""
    zs, ts, a = columns[0], columns[1], columns[2]
    for i in range(z.size):
        zs[i] = z[i]
        size = abs(zs[i])
        a[i] = size if size <= LIMIT else 0.0
    for i in range(z.size):
        ts[i] = t[i] if t.size else fixed


@_loop
def _reduce(n: Any, a: Any, j: Any, r: Any) -> Any:
    for i in range(n):
        j[i], r[i] = _reduced(a[i])


@_loop
def _make_pairs(n: Any, j: Any, r: Any, columns: Any) -> Any:
    u, u_low, square, square_low, d, d_low, y, y_low = columns
    for i in range(n):
        k = j[i]
        u[i], u_low[i], square[i], square_low[i] = _increment(SIGMOID_HIGH[k], SIGMOID_LOW[k], r[i])
    for i in range(n):
        k = j[i]
        d[i], d_low[i] = _softplus(
            SOFTPLUS_HIGH[k], SOFTPLUS_LOW[k], u[i], u_low[i], square[i], square_low[i]
        )
    for i in range(n):
        k = j[i]
        y[i], y_low[i] = _sigmoid(SIGMOID_HIGH[k], SIGMOID_LOW[k], u[i], u_low[i], square[i])


@_loop
def _losses64(z: Any, t: Any, a: Any, d: Any, d_low: Any, out: Any, left: Any) -> Any:
    for i in range(out.size):
        w, w_low = _distance(z[i], t[i])
        high, low, bound = _loss(a[i], w, w_low, d[i], d_low[i])
        lower, upper = high + (low - bound), high + (low + bound)
        out[i] = lower
        left[i] |= LOSS * (1 - ((lower == upper) & (abs(z[i]) <= LIMIT)))


@_loop
def _gradients64(z: Any, t: Any, y: Any, y_low: Any, out: Any, left: Any) -> Any:
    for i in range(out.size):
        w, w_low = _distance(z[i], t[i])
        high, low, bound = _gradient(w, w_low, y[i], y_low[i])
        lower, upper = high + (low - bound), high + (low + bound)
        out[i] = lower if z[i] >= 0 else -lower
        left[i] |= GRADIENT * (1 - ((lower == upper) & (abs(z[i]) <= LIMIT)))


@_loop
def _hessians64(z: Any, t: Any, y: Any, y_low: Any, out: Any, left: Any) -> Any:
    for i in range(out.size):
        high, low, bound = _hessian(y[i], y_low[i])
        lower, upper = high + (low - bound), high + (low + bound)
        out[i] = lower
        left[i] |= HESSIAN * (1 - ((lower == upper) & (abs(z[i]) <= LIMIT) & (t[i] == t[i])))


@_loop
def drive64(z: Any, t: Any, fixed: Any, loss: Any, gradient: Any, hessian: Any, left: Any) -> Any:
    """Losses, gradients and hessians of binary64 arrays; ``left`` says which are left undecided.

    An output of no elements is not wanted. Without elements in ``t``, every target is ``fixed``.
    """
    columns = np.empty((12, CHUNK))
    zs, ts, a, r = columns[0], columns[1], columns[2], columns[3]
    d, d_low, y, y_low = columns[4], columns[5], columns[6], columns[7]
    parts = (columns[8], columns[9], columns[10], columns[11], d, d_low, y, y_low)
    j = np.empty(CHUNK, np.uint32)
    some = False
    for start in range(0, z.size, CHUNK):
        stop = min(start + CHUNK, z.size)
        undecided = left[start:stop]
        undecided[:] = 0
        _load(z[start:stop], t[start:stop], fixed, (zs, ts, a))
        _reduce(stop - start, a, j, r)
        _make_pairs(stop - start, j, r, parts)
        _losses64(zs, ts, a, d, d_low, loss[start:stop], undecided)
        _gradients64(zs, ts, y, y_low, gradient[start:stop], undecided)
        _hessians64(zs, ts, y, y_low, hessian[start:stop], undecided)
        some |= undecided.any()
    return some


@_loop
def _make_plain(n: Any, j: Any, r: Any, d: Any, y: Any) -> Any:
    for i in range(n):
        k = j[i]
        d[i], y[i] = _from_entry(SOFTPLUS_HIGH[k], SIGMOID_HIGH[k], r[i])


@_loop
def _losses32(z: Any, t: Any, a: Any, d: Any, out: Any, left: Any) -> Any:
    for i in range(out.size):
        w = 1.0 - t[i] if z[i] >= 0 else t[i]
        value, bound = _plain_loss(a[i], w, d[i])
        lower, upper = np.float32(value - bound), np.float32(value + bound)
        out[i] = lower
        left[i] |= LOSS * (1 - ((lower == upper) & (abs(z[i]) <= LIMIT)))


@_loop
def _gradients32(z: Any, t: Any, y: Any, out: Any, left: Any) -> Any:
    for i in range(out.size):
        w = 1.0 - t[i] if z[i] >= 0 else t[i]
        value, bound = _plain_gradient(w, y[i])
        lower, upper = np.float32(value - bound), np.float32(value + bound)
        out[i] = lower if z[i] >= 0 else -lower
        # Zeros are equal whatever their signs, so the sign of a result that rounds to zero is left open.
        sure = (lower == upper) & (abs(z[i]) <= LIMIT) & ((lower != 0) | (w == 0))
        left[i] |= GRADIENT * (1 - sure)


@_loop
def _hessians32(z: Any, t: Any, y: Any, out: Any, left: Any) -> Any:
    for i in range(out.size):
        value, bound = _plain_hessian(y[i])
        lower, upper = np.float32(value - bound), np.float32(value + bound)
        out[i] = lower
        left[i] |= HESSIAN * (1 - ((lower == upper) & (abs(z[i]) <= LIMIT) & (t[i] == t[i])))


@_loop
def drive32(z: Any, t: Any, fixed: Any, loss: Any, gradient: Any, hessian: Any, left: Any) -> Any:
    """The same for binary32 arrays, computed in binary64."""
    columns = np.empty((6, CHUNK))
    zs, ts, a, r, d, y = columns[0], columns[1], columns[2], columns[3], columns[4], columns[5]
    j = np.empty(CHUNK, np.uint32)
    some = False
    for start in range(0, z.size, CHUNK):
        stop = min(start + CHUNK, z.size)
        undecided = left[start:stop]
        undecided[:] = 0
        _load(z[start:stop], t[start:stop], fixed, (zs, ts, a))
        _reduce(stop - start, a, j, r)
        _make_plain(stop - start, j, r, d, y)
        _losses32(zs, ts, a, d, loss[start:stop], undecided)
        _gradients32(zs, ts, y, gradient[start:stop], undecided)
        _hessians32(zs, ts, y, hessian[start:stop], undecided)
        some |= undecided.any()
    return some


@contextmanager
def _cached(directory: Path | None) -> Iterator[None]:
    """Let loops be kept in a directory; the compiler's own setting is as before afterwards."""
    before = _settings.CACHE_DIR
    _settings.CACHE_DIR = "" if directory is None else str(directory)
    try:
        yield
    finally:
        _settings.CACHE_DIR = before


def load(width: int) -> Callable[..., Any]:
    """The loops of binary32 or binary64: from the cache, or compiled and kept there."""
    kind = types.float32 if width == 32 else types.float64
    drive = drive32 if width == 32 else drive64
    given = types.Array(kind, 1, "C", readonly=True)
    made = types.Array(kind, 1, "C")
    directory = cache.directory(FUSED)
    if directory is not None:
        with _cached(directory):
            drive.enable_caching()
    drive.compile((given, given, types.float64, made, made, made, types.Array(types.uint8, 1, "C")))
    drive.disable_compile()
    return cast("Callable[..., Any]", drive)
