"""What an implementation under test looks like to the suite."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, Protocol

from stablelce.formats import UIntArray

__all__ = [
    "FATAL",
    "KEYWORDS",
    "NUMPY_ARRAY",
    "ONE_ARGUMENT",
    "QUANTITIES",
    "REFUSED",
    "WEIGHTED",
    "AbsentSubjectError",
    "Deed",
    "Process",
    "Subject",
    "SubjectError",
    "SubjectFault",
]

QUANTITIES = ("loss", "gradient", "hessian", "sigmoid", "log_sigmoid", "softplus")
"""What can be judged, in the order of reports."""

ONE_ARGUMENT = frozenset({"sigmoid", "log_sigmoid", "softplus"})
"""The quantities that take the logit alone."""

KEYWORDS = ("weight", "pos_weight")
"""Keyword arguments that a subject may declare for its loss and gradient."""

WEIGHTED = ("loss", "gradient", "hessian")
"""The quantities that take them."""

NUMPY_ARRAY = "np.array({values}, dtype=np.{format})"
"""How NumPy's arrays are written; its bfloat16 comes from the package ml_dtypes."""


class SubjectError(ValueError):
    """A subject that cannot be loaded; the message is one sentence for its user."""


class AbsentSubjectError(SubjectError):
    """A known framework that is not installed; the message holds the install line."""


FATAL = frozenset({"process died", "hung", "flooded its output", "too much memory"})
"""Modes of a :class:`SubjectFault` after which the process of the subject is gone."""


REFUSED = "not called"
"""Mode of a :class:`SubjectFault` of a call that was not made, because earlier ones took too long."""


class SubjectFault(Exception):  # noqa: N818  # what a subject did, no error of the suite
    """A subject in a process of its own did not answer a call.

    Attributes
    ----------
    mode : str
        One of `FATAL`, `REFUSED`, or another short phrase.
    point : tuple of int, optional
        Encodings of one logit and target that are enough to cause it.
    """

    def __init__(self, mode: str, message: str, point: tuple[int, int] | None = None) -> None:
        super().__init__(message)
        self.mode, self.point = mode, point


class Deed(NamedTuple):
    """What a call did beside computing, and the first call that was seen to do it.

    Attributes
    ----------
    text : str
        ``"inputs written to"``, ``"altered ..."`` and what was altered, or ``"loading it altered ..."``.
    quantity : str
        The function that was called: one of `QUANTITIES`, or ``loss_and_gradient``.
    dtype_name : str
        The format it was called in.
    columns : tuple of arrays
        Encodings of the logits and, where it takes them, the targets.
    """

    text: str
    quantity: str
    dtype_name: str
    columns: tuple[UIntArray, ...]


class Process(Protocol):
    """The process in which a subject computes, where that is another one than the suite's."""

    def observed(self, *starts: str) -> tuple[Deed, ...]:
        """What calls did beside computing, of the kinds that begin so, since it was asked for last."""

    def renew(self) -> None:
        """End the process, so that the next call is the first of a fresh one."""

    def resident(self) -> int | None:
        """Bytes of memory in use; None where that tells nothing, as beside a garbage collector."""


@dataclass(frozen=True)
class Subject:
    """An implementation under test.

    Attributes
    ----------
    name : str
        The string that names it, as on the command line.
    functions : mapping
        From a name in `QUANTITIES`, or ``loss_and_gradient``, to a callable: arrays in, arrays out.
        ``f(z)`` for the quantities in `ONE_ARGUMENT`, ``f(z, t)`` for the others.
    formats : tuple of str, optional
        Names of the dtypes it offers; None when the suite shall probe.
    fewer_formats : mapping
        From a quantity that is offered in some of these formats only to those.
    keywords : frozenset of str
        Those of `KEYWORDS` that its loss and gradient take.
    compiles : bool
        Whether it compiles for each new shape, which takes far longer than the call: the smoke tier then
        keeps to fewer shapes.
    soft_targets : bool
        Whether targets strictly between 0 and 1 are part of what it offers.
    version : str
        Version of the package that computes, for the record.
    device : str
        What it computes on, in the framework's own words; empty where nothing is said.
    threads : int, optional
        How many threads it may use; None where nothing is said.
    imports : str
        Python lines that a reproducer starts with.
    expressions : mapping
        From a quantity to a Python expression in ``z`` and ``t`` that computes it after `imports`; from
        ``"quantity, keyword"`` to one in the array ``w`` as well.
    array : str
        How a reproducer writes an array: a template in ``{values}``, a list, and ``{format}``, the name of
        a dtype. The default is NumPy's.
    convert : str
        An expression that turns NumPy's array ``a`` into such an array.
    isolated : bool
        Whether it runs in a process of its own.
    process : Process, optional
        The process in which it computes, where that is not the suite's.
    points : mapping, optional
        For results that were computed elsewhere: the encodings of logits and targets, by quantity, at which
        alone there are any.
    """

    name: str
    functions: Mapping[str, Callable[..., Any]]
    formats: tuple[str, ...] | None = None
    fewer_formats: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    keywords: frozenset[str] = frozenset()
    compiles: bool = False
    soft_targets: bool = True
    version: str = "unknown"
    device: str = ""
    threads: int | None = None
    imports: str = ""
    expressions: Mapping[str, str] = field(default_factory=dict)
    array: str = NUMPY_ARRAY
    convert: str = "a"
    isolated: bool = False
    process: Process | None = None
    points: Mapping[str, tuple[UIntArray, UIntArray]] | None = None

    def offers(self, quantity: str, dtype: str | None = None) -> bool:
        """Whether the quantity is computed (in that format), alone or as part of ``loss_and_gradient``."""
        kept = self.functions if dtype is None else self.in_format(dtype).functions
        return quantity in kept or (quantity in ("loss", "gradient") and "loss_and_gradient" in kept)

    def in_format(self, dtype_name: str) -> Subject:
        """The subject with those functions only that it offers in one format."""
        kept = {
            q: f for q, f in self.functions.items() if dtype_name in self.fewer_formats.get(q, (dtype_name,))
        }
        return self if len(kept) == len(self.functions) else replace(self, functions=kept)
