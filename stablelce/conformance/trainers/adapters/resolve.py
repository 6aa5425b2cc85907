"""From the string that names a trainer to the trainer."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, get_args

from stablelce.conformance.subjects.base import AbsentSubjectError, SubjectError
from stablelce.conformance.subjects.importing import (
    attribute,
    describe,
    import_file,
    suggestion,
)
from stablelce.conformance.subjects.importing import (
    import_module as import_named,
)
from stablelce.conformance.trainers.base import Order, Trainer
from stablelce.conformance.trainers.running import takes

__all__ = ["KNOWN", "from_object", "resolve"]

_OWN = ("", ":gd", ":sgd", ":exact")
_SOLVERS = ("lbfgs", "newton-cg", "newton-cholesky", "liblinear", "sag", "saga", "sgd")

ADAPTERS: dict[str, tuple[str, str, str]] = {
    **{f"stablelce{one}": ("own", "stablelce", "pip install stablelce") for one in _OWN},
    **{f"sklearn:{one}": ("sklearn", "sklearn", "pip install scikit-learn") for one in _SOLVERS},
    "statsmodels": ("statsmodels", "statsmodels", "pip install statsmodels"),
    "statsmodels:glm": ("statsmodels", "statsmodels", "pip install statsmodels"),
}
"""By name: the module here, the package it needs, the line that installs that; in the order of reports."""

KNOWN = tuple(ADAPTERS)
"""Names of the trainers that have an adapter."""


def resolve(spec: str, options: Mapping[str, Any] | None = None) -> Trainer:
    """The trainer that a string names.

    Parameters
    ----------
    spec : str
        One of `KNOWN`, ``package.module:attr`` or ``./file.py:attr``, where attr is a class or a factory.
    options : mapping, optional
        Keyword arguments of the class or factory.

    Raises
    ------
    AbsentSubjectError
        The package is not installed; the message holds the pip line.
    SubjectError
        The string names nothing that can be judged, or it does not take the options.
    """
    given = dict(options or {})
    if spec in ADAPTERS:
        found = _adapted(spec, given)
        _try(spec, found)
        return found
    where, colon, path = spec.rpartition(":")
    if not (colon and where and path):
        raise SubjectError(
            f"unknown trainer {spec!r}{suggestion(spec, KNOWN)}; use one of {', '.join(KNOWN)}, "
            f"package.module:Class or ./file.py:Class."
        )
    if where in ("sklearn", "statsmodels"):
        raise SubjectError(
            f"unknown trainer {spec!r}{suggestion(spec, KNOWN)}; use one of "
            f"{', '.join(name for name in KNOWN if name.startswith(where))}."
        )
    module = import_file(spec, Path(where)) if where.endswith(".py") else import_named(spec, where)
    target: Any = module
    for name in path.split("."):
        target = attribute(spec, target, name)
    version = getattr(module, "__version__", None)
    return from_object(target, given, name=spec, version=version if isinstance(version, str) else "unknown")


def from_object(
    target: Any,
    options: Mapping[str, Any] | None = None,
    *,
    name: str | None = None,
    version: str = "unknown",
) -> Trainer:
    """The trainer that a class, a factory or an estimator is; a `Trainer` is itself.

    A class may declare ``steps(X, y, rate, count)``, a static method that returns coefficients and intercept
    after so many steps of plain gradient descent from 0 on its objective, and ``order``, "batch" (the
    default) or "rows", what one of these steps sees. Of the options, ``steps`` gets those that it names.

    Raises
    ------
    SubjectError
        It is none of these, or does not take the options.
    """
    if isinstance(target, Trainer):
        return target
    given = dict(options or {})
    spec = name or getattr(target, "__qualname__", None) or type(target).__qualname__
    if callable(target):
        make = partial(target, **given)
    elif callable(getattr(target, "fit", None)):
        if given:
            raise SubjectError(f"trainer {spec!r} is an estimator, which takes no options: name its class.")
        make = partial(copy.deepcopy, target)
    else:
        raise SubjectError(
            f"trainer {spec!r} is of type {type(target).__name__}; name a class with a method fit, or a "
            "function that returns an estimator."
        )
    steps = getattr(target, "steps", None)
    if callable(steps) and given:
        steps = partial(steps, **{key: value for key, value in given.items() if takes(steps, key)})
    order = _order(spec, target)
    bare = Trainer(spec, make, steps=steps if callable(steps) else None, order=order, options=given)
    estimator = _try(spec, bare)
    return Trainer(
        spec,
        make,
        takes_weights=takes(estimator.fit, "sample_weight"),
        steps=bare.steps,
        order=order,
        options=given,
        version=version,
    )


def _order(spec: str, target: Any) -> Order:
    given = getattr(target, "order", "batch")
    for known in get_args(Order):
        if given == known:
            order: Order = known
            return order
    raise SubjectError(f"trainer {spec!r}: its 'order' is {given!r:.40}; use 'batch' or 'rows'.")


def _adapted(spec: str, options: dict[str, Any]) -> Trainer:
    module, package, install = ADAPTERS[spec]
    try:
        found: Trainer = import_module(f"{__package__}.{module}").trainer(spec, options)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != package:
            raise SubjectError(_broken(spec, package, install, error)) from None
        raise AbsentSubjectError(
            f"trainer {spec!r}: {package} is not installed; install it with: {install}"
        ) from None
    except Exception as error:  # noqa: BLE001 - a broken installation raises OSError, ImportError...
        raise SubjectError(_broken(spec, package, install, error)) from None
    return found


def _broken(spec: str, package: str, install: str, error: Exception) -> str:
    return (
        f"trainer {spec!r}: {package} is installed but cannot be used ({describe(error)}); "
        f"repair it, perhaps with: {install}"
    )


def _try(spec: str, trainer: Trainer) -> Any:
    """An estimator, made to see that it can be."""
    try:
        estimator = trainer.make()
    except Exception as error:  # noqa: BLE001 - the class of a stranger raises anything
        names = ", ".join(trainer.options) or "none"
        raise SubjectError(
            f"trainer {spec!r}: making it with the options {names} raised {describe(error)}; mend them."
        ) from None
    if not callable(getattr(estimator, "fit", None)):
        raise SubjectError(
            f"trainer {spec!r} makes an object of type {type(estimator).__name__}, which has no method fit."
        )
    return estimator
