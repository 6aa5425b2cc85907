"""What a subject offers: which quantities, in which formats."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from stablelce.conformance.evaluation import Run, SubjectProblem
from stablelce.conformance.subjects.base import QUANTITIES, Subject
from stablelce.formats import BINARY64, FORMATS, Format, find_format

__all__ = ["offered_formats", "offered_quantities"]


def offered_quantities(subject: Subject, fmt: Format | None = None) -> tuple[str, ...]:
    """What it offers, in that format or at all."""
    return tuple(name for name in QUANTITIES if subject.offers(name, None if fmt is None else fmt.dtype_name))


def offered_formats(subject: Subject, wanted: Sequence[Format] | None) -> list[Format]:
    """The formats declared, or those in which a benign array comes back in its own dtype."""
    candidates = FORMATS if wanted is None else [fmt for fmt in FORMATS if fmt in wanted]
    if subject.formats is not None:
        declared = {find_format(name) for name in subject.formats}
        return [fmt for fmt in candidates if fmt in declared]
    found = [fmt for fmt in FORMATS if _probe(subject, fmt)]
    # A subject that raises everywhere, or returns no array, is judged in binary64, where that shows.
    return [fmt for fmt in candidates if fmt in (found or [BINARY64])]


def _probe(subject: Subject, fmt: Format) -> bool:
    z = np.array([1.0, -1.0, 1.0, -1.0]).astype(fmt.dtype)
    t = np.array([0.0, 0.0, 1.0, 1.0]).astype(fmt.dtype)
    run = Run(subject, fmt, "stable")
    name = offered_quantities(subject)[0]
    try:
        result = run.call(name, z, t)
    except SubjectProblem:
        return False
    return isinstance(result, (np.ndarray, np.generic)) and result.dtype.name == fmt.dtype_name
