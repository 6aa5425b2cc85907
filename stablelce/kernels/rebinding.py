"""A kernel's own source on another number type: its functions, bound to other primitives.

A kernel module imports the primitives by name into its globals. Here each of its functions is made again
from the same code object, with globals in which the primitives are others: on enclosures they give the
proof, on Python's floats an independent run of the same source.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

__all__ = ["files", "rebind"]

Namespace = dict[str, Any]

_FAMILY = "stablelce.kernels."
_PRIMITIVES = _FAMILY + "primitives"


def rebind(module: ModuleType, primitives: Mapping[str, Callable[..., Any]]) -> Namespace:
    """The globals of a kernel module, with its functions bound to other primitives.

    Functions that it imports from other kernel modules are rebound too, in the globals of those.

    Parameters
    ----------
    module : module
        A module of ``stablelce.kernels``, or one made from such a module's source.
    primitives : mapping of str to callable
        What stands for a function of that name, wherever it is defined: a primitive, or a function of a
        kernel that is replaced as a whole.

    Returns
    -------
    dict
        Names to values. Calls between the functions go through these dictionaries, so that a value that is
        replaced afterwards is the one that is called.

    Raises
    ------
    TypeError
        If the module, or one that it imports from, holds a kernel module itself: ``module.function`` would
        get past the rebinding.
    """
    return _rebound(vars(module), primitives, {})


def files(module: ModuleType) -> list[Path]:
    """The files whose functions :func:`rebind` makes again: the module's, and those that it imports from."""
    done: dict[int, Namespace] = {}
    _rebound(vars(module), {}, done)
    return sorted(Path(namespace["__file__"]) for namespace in done.values())


def _rebound(source: Namespace, primitives: Mapping[str, Any], done: dict[int, Namespace]) -> Namespace:
    """Each dictionary of globals is made again once, however its functions import each other."""
    if id(source) in done:
        return done[id(source)]
    namespace = done[id(source)] = dict(source)
    for name, value in source.items():
        if isinstance(value, ModuleType) and value.__name__.startswith(_FAMILY):
            raise TypeError(f"{source['__name__']} imports {value.__name__} whole: import its functions.")
        if not isinstance(value, FunctionType):
            continue
        if value.__name__ in primitives:
            namespace[name] = primitives[value.__name__]
        elif value.__module__.startswith(_FAMILY) and value.__module__ != _PRIMITIVES:
            namespace[name] = _copy(value, _rebound(value.__globals__, primitives, done))
    return namespace


def _copy(function: FunctionType, namespace: Namespace) -> FunctionType:
    copy = FunctionType(
        function.__code__, namespace, function.__name__, function.__defaults__, function.__closure__
    )
    copy.__kwdefaults__ = function.__kwdefaults__
    return copy
