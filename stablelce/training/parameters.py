"""The rules for the parameters of the estimator, checked when it is fitted."""

from __future__ import annotations

import math
import numbers
import os
from typing import Any

import numpy as np

__all__ = ["SOLVERS", "check_parameters", "seed_of"]

SOLVERS = ("newton", "gd", "sgd", "exact")


def check_parameters(parameters: dict[str, Any]) -> None:
    """Refuse a value that no solver can use.

    Raises
    ------
    TypeError
        A parameter is of the wrong kind.
    ValueError
        A parameter is out of range; the message names it.
    """
    if parameters["solver"] not in SOLVERS:
        raise ValueError(f"solver must be one of {', '.join(SOLVERS)}: got {parameters['solver']!r}.")
    for name in ("l2", "tol"):
        if not _is_real(parameters[name]) or not 0.0 <= parameters[name] < math.inf:
            raise ValueError(
                f"{name} must be a finite number that is not negative: got {parameters[name]!r}."
            )
    rate = parameters["rate"]
    if rate is not None and not (_is_real(rate) and 0.0 < rate < math.inf):
        raise ValueError(f"rate must be a positive number, or None for the default: got {rate!r}.")
    for name in ("max_iter", "batch_size"):
        if not isinstance(parameters[name], numbers.Integral) or parameters[name] < 1:
            raise ValueError(f"{name} must be a positive integer: got {parameters[name]!r}.")
    checkpoint = parameters["checkpoint"]
    if checkpoint is not None and not isinstance(checkpoint, str | os.PathLike):
        raise TypeError(f"checkpoint must be the path of a directory, or None for none: got {checkpoint!r}.")
    callbacks = parameters["callbacks"]
    if callbacks is not None and not (
        isinstance(callbacks, list | tuple) and all(callable(one) for one in callbacks)
    ):
        raise TypeError("callbacks must be a list of callables, each of which takes one argument.")


def seed_of(random_state: Any) -> int:
    """A seed: the integer given, one drawn from the generator given, or a fresh one for None.

    Raises
    ------
    ValueError
        It is no such thing.
    """
    if random_state is None:
        return int(np.random.SeedSequence().generate_state(1, np.uint64)[0])
    if isinstance(random_state, numbers.Integral) and int(random_state) >= 0:
        return int(random_state)
    if isinstance(random_state, np.random.Generator):
        return int(random_state.integers(2**63))
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(2**31 - 1))
    raise ValueError(
        "random_state must be an integer that is not negative, a NumPy generator or None: "
        f"got {random_state!r}."
    )


def _is_real(value: Any) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, bool)
