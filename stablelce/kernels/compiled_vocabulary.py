"""The vocabulary of the kernels for the compiler, and kernels bound to it; no other module imports Numba.

Every kernel function is made again from its own code, bound to the primitives below, and inlined where it is
called. Contraction of products and sums happens where a primitive asks for it and nowhere else: no
fast-math, no reassociation.
"""

from __future__ import annotations

import functools
import platform
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any, cast

import numba
from llvmlite import ir
from llvmlite.binding import get_host_cpu_features
from numba import njit, types
from numba.extending import intrinsic

from stablelce.kernels import cache, primitives
from stablelce.kernels.rebinding import rebind

__all__ = ["FUSED", "VOCABULARY", "compile_module", "encoding", "inlined", "keep", "load", "loop"]

ROUND_TO_INTEGER = 6755399441055744.0

inlined = njit(inline="always", error_model="numpy")
"""Makes a function that is put into the source of the loops that call it."""

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


def _encoding_as_integer(_context: Any, _a: Any) -> Any:
    """The encoding of a float."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], ir.IntType(64))

    return types.int64(types.float64), generate


_fma: Any = intrinsic(_fma_as_instruction)
_low_word: Any = intrinsic(_low_word_of_encoding)
encoding: Any = intrinsic(_encoding_as_integer)
"""The encoding of a binary64 number, as a signed integer."""

# -- the vocabulary ----------------------------------------------------------------------------


@inlined
def _select(condition: Any, a: Any, b: Any) -> Any:
    return a if condition else b


@inlined
def _absolute(a: Any) -> Any:
    return abs(a)


@inlined
def _to_index(a: Any) -> Any:
    # Not int(a): a conversion to a signed integer is done one by one, and indexing by it tests the sign.
    return _low_word(a + ROUND_TO_INTEGER)


@inlined
def _take(column: Any, index: Any) -> Any:
    return column[index]


@inlined
def _two_sum(a: Any, b: Any) -> Any:
    s = a + b
    part = s - a
    return s, (a - (s - part)) + (b - part)


@inlined
def _fast_two_sum(a: Any, b: Any) -> Any:
    s = a + b
    return s, b - (s - a)


@inlined
def _fused_two_prod(a: Any, b: Any) -> Any:
    p = a * b
    return p, _fma(a, b, -p)


@inlined
def _fused_two_square(a: Any) -> Any:
    p = a * a
    return p, _fma(a, a, -p)


@inlined
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
        _splitting[_name] = inlined(FunctionType(_splitting[_name].__code__, _splitting))
    VOCABULARY |= {name: _splitting[name] for name in ("mul_add", "two_prod", "two_square")}


def compile_module(module: ModuleType, *, early: bool = True) -> dict[str, Any]:
    """The functions of a kernel module, bound to the vocabulary and to each other, to be inlined.

    Early, into the source of the loop, which takes longer to compile, or late, by the code generator: a loop
    over a short kernel is turned into vector instructions only where it is early.
    """
    decorate = inlined if early else njit(forceinline=True, error_model="numpy")
    namespace = rebind(module, VOCABULARY)
    todo, done = [namespace], set()
    while todo:
        current = todo.pop()
        done.add(id(current))
        for name, value in current.items():
            if isinstance(value, FunctionType):
                if id(value.__globals__) not in done and value.__module__.startswith("stablelce.kernels."):
                    todo.append(value.__globals__)
                current[name] = decorate(value)
    return namespace


loop = njit(error_model="numpy", nogil=True)
"""Makes a loop of a function; it runs without the interpreter's lock."""


@contextmanager
def _cached(directory: Path | None) -> Iterator[None]:
    """Let loops be kept in a directory; the compiler's own setting is as before afterwards."""
    before = _settings.CACHE_DIR
    _settings.CACHE_DIR = "" if directory is None else str(directory)
    try:
        yield
    finally:
        _settings.CACHE_DIR = before


_directory = functools.cache(cache.directory)
"""Asked for once, so that a warning comes once."""


def load(function: Any, width: int, arguments: str) -> Callable[..., Any]:
    """A loop for binary32 or binary64 arrays: from the cache, or compiled and kept there.

    Parameters
    ----------
    function : dispatcher
        What :data:`loop` made.
    width : int
        32 or 64.
    arguments : str
        A letter for each: i for an array that is only read, o for one that is written, f for a float, n for
        an integer, m for an array of marks.
    """
    kind = types.float32 if width == 32 else types.float64
    by_letter = {
        "i": types.Array(kind, 1, "C", readonly=True),
        "o": types.Array(kind, 1, "C"),
        "f": types.float64,
        "n": types.int64,
        "m": types.Array(types.uint8, 1, "C"),
    }
    return keep(function, tuple(by_letter[letter] for letter in arguments))


def keep(function: Any, signature: tuple[Any, ...], folders: tuple[Path, ...] = ()) -> Callable[..., Any]:
    """A loop for arguments of these types: from the cache, or compiled and kept there.

    Parameters
    ----------
    function : dispatcher
        What :data:`loop` made.
    signature : tuple
        The compiler's types of the arguments.
    folders : tuple of Path
        Folders with sources, other than the kernels', that the loop is made of.
    """
    directory = _directory(FUSED, folders)
    if directory is not None:
        with _cached(directory):
            function.enable_caching()
    function.compile(signature)
    function.disable_compile()
    return cast("Callable[..., Any]", function)
