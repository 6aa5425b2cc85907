"""Shared libraries: ``lib:./libfoo.so:symbol``, called through the C ABI in a process of their own.

The signatures, for arrays of n elements; `out` does not overlap the inputs, and nothing is aligned better
than its element::

    void symbol (const double *z, const double *t, double *out, size_t n);     loss, gradient, hessian
    void symbolf(const float  *z, const float  *t, float  *out, size_t n);
    void symbol (const double *z, double *out, size_t n);                      sigmoid, log_sigmoid, softplus
    void symbolf(const float  *z, float  *out, size_t n);
    void symbol (const double *z, const double *t, double *loss, double *gradient, size_t n);
    void symbolf(const float  *z, const float  *t, float  *loss, float  *gradient, size_t n);
                                                                               loss_and_gradient

A return value is ignored. Which functions are judged, by what stands after the last colon:

``name``
    ``name`` for double and ``namef`` for float, whichever the library has, compute the quantity that was
    asked for (``--quantity``, the loss unless given).
``name,double`` or ``name,float``
    ``name`` alone, with that type.
``prefix_*``
    ``prefix_loss``, ``prefix_lossf``, ``prefix_gradient`` ...: the star stands for the name of each quantity
    and of ``loss_and_gradient``. ``*`` alone stands for the bare names.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

from stablelce.conformance.subjects.base import ONE_ARGUMENT, QUANTITIES, Subject, SubjectError
from stablelce.conformance.subjects.foreign import Foreign
from stablelce.conformance.subjects.process import DEFAULT_LIMITS, Limits

__all__ = ["subject"]

_TYPES = {"double": "float64", "float": "float32"}
_HOST = Path(__file__).with_name("lib_host.py")


def subject(spec: str, quantity: str, limits: Limits = DEFAULT_LIMITS) -> Subject:
    """The functions of a shared library.

    Parameters
    ----------
    spec : str
        ``lib:PATH:SYMBOL``, as above.
    quantity : str
        What a symbol without a star computes.
    limits : Limits
        What its process may take.

    Raises
    ------
    SubjectError
        There is no such library, or it has none of the symbols.
    SubjectFault
        Loading it ended the process.
    """
    path, symbol = _parts(spec)
    wanted = _symbols(spec, symbol, quantity)
    # The system looks for a name without a slash in its own folders only.
    found = f"./{path}" if "/" not in path and Path(path).is_file() else path
    arguments = [f"{name}:{dtype}:{function}" for (name, dtype), function in wanted.items()]
    try:
        foreign = Foreign(
            spec, [sys.executable, "-I", "-S", str(_HOST), found, *arguments], limits, watched=True
        )
    except SubjectError as error:
        raise SubjectError(_unusable(spec, wanted, str(error))) from None
    offered = foreign.offer.formats
    symbols = {key: name for key, name in wanted.items() if key[1] in offered.get(key[0], ())}
    return foreign.subject(_version(path), _imports(found, symbols), _expressions(symbols))


def _parts(spec: str) -> tuple[str, str]:
    path, colon, symbol = spec.removeprefix("lib:").rpartition(":")
    if not colon or not path or not symbol:
        raise SubjectError(
            f"subject {spec!r}: write lib:./libfoo.so:symbol, with the name of a function in it."
        )
    if "/" in path and not Path(path).is_file():
        raise SubjectError(f"subject {spec!r}: there is no file {path!r}; check the path, or build it first.")
    return path, symbol


def _symbols(spec: str, symbol: str, quantity: str) -> dict[tuple[str, str], str]:
    """From quantity and dtype to the name of a function that may be there."""
    name, comma, kind = symbol.partition(",")
    if comma and kind not in _TYPES:
        raise SubjectError(f"subject {spec!r}: {kind!r} is no type; write {name},double or {name},float.")
    if name.count("*") > 1 or not name.replace("*", "x").isidentifier():
        raise SubjectError(
            f"subject {spec!r}: {name!r} is no name of a C function; one * may stand for the quantity."
        )
    quantities = (*QUANTITIES, "loss_and_gradient") if "*" in name else (quantity,)
    wanted = {}
    for one in quantities:
        function = name.replace("*", one)
        if comma:
            wanted[one, _TYPES[kind]] = function
        else:
            wanted[one, "float64"], wanted[one, "float32"] = function, f"{function}f"
    return wanted


def _unusable(spec: str, wanted: dict[tuple[str, str], str], text: str) -> str:
    if "none of the symbols" in text:
        names = ", ".join(list(wanted.values())[:4])
        more = ", ..." if len(wanted) > 4 else ""
        return (
            f"subject {spec!r}: the library has none of the functions {names}{more}; "
            f'check the spelling, and that C++ or Rust export it under that name (extern "C").'
        )
    reason = text.partition(": it says ")[2].partition("; see the docstring")[0] or text
    return f"subject {spec!r}: the library cannot be loaded ({reason}); build it for this machine."


def _version(path: str) -> str:
    try:
        return f"sha256 {hashlib.sha256(Path(path).read_bytes()).hexdigest()[:12]}"
    except OSError:  # found by the system, in a folder of its own
        return "unknown"


def _imports(path: str, symbols: dict[tuple[str, str], str]) -> str:
    """Lines that define ``call``, which does in the reader's process what the suite does in another."""
    names = {f"{quantity} {dtype}": name for (quantity, dtype), name in symbols.items()}
    return "\n".join(
        [
            "import ctypes",
            f"functions = {names!r}",
            "def call(quantity, *inputs, outputs=1):",
            f"    f = getattr(ctypes.CDLL({path!r}), functions[f'{{quantity}} {{inputs[0].dtype}}'])",
            "    out = [np.full_like(inputs[0], np.nan) for _ in range(outputs)]",
            "    pointers = [ctypes.c_void_p(a.ctypes.data) for a in (*inputs, *out)]",
            "    f(*pointers, ctypes.c_size_t(inputs[0].size))",
            "    return out if outputs > 1 else out[0]",
        ]
    )


def _expressions(symbols: dict[tuple[str, str], str]) -> dict[str, str]:
    made = {}
    for quantity, _ in symbols:
        arguments = "z" if quantity in ONE_ARGUMENT else "z, t"
        outputs = ", outputs=2" if quantity == "loss_and_gradient" else ""
        made[quantity] = f"call({quantity!r}, {arguments}{outputs})"
    return made
