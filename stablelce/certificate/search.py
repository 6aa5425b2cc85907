"""The way to a proof: float64 first, then proofs of why there is none, then more precision."""

from __future__ import annotations

from dataclasses import dataclass

from stablelce.certificate.balls import (
    BallProblem,
    Matrix,
    ball,
    column,
    exact_middle,
    inverse,
    matrix,
    precision,
)
from stablelce.certificate.errors import NotProvedError
from stablelce.certificate.krawczyk import Enclosure, descend, polish, prove
from stablelce.certificate.problem import Floats, Problem
from stablelce.certificate.separation import (
    refute,
    refute_along,
    refute_by_linear_program,
    refute_constant_targets,
)
from stablelce.certificate.start import MANY_STEPS, newton

__all__ = ["FIRST_BITS", "LAST_BITS", "Found", "find", "refine"]

FIRST_BITS = 128
"""53 bits of a result, 30 to tell a rounding, and 45 for the condition of the hessian."""

LAST_BITS = 4096
"""Beyond this precision the search gives up."""

_SHORT, _LONG = 15, 300
"""Newton steps in balls: where float64 came near, and where an optimum exists but lies far out."""

_COMPLAINT = (
    f"neither an optimum nor its absence could be proved with {LAST_BITS} bits and {_LONG} Newton steps: the "
    "classes are separable, or nearly so; SciPy's linear programs may find the direction (pip install "
    "scipy), and a penalty (l2 > 0) makes sure that there is an optimum."
)


@dataclass(frozen=True)
class Found:
    """An enclosure of the optimum, and how it was come by.

    Attributes
    ----------
    balls : BallProblem
        The problem in balls.
    enclosure : Enclosure
        The proof.
    bits : int
        Precision of the proof.
    steps : int
        Newton steps in float64 on the way.
    """

    balls: BallProblem
    enclosure: Enclosure
    bits: int
    steps: int


def find(problem: Problem, start: Floats | None) -> Found:
    """Enclose the unique optimum, from a scaled starting point.

    Raises
    ------
    NoUniqueOptimumError
        There is none: proved.
    NotProvedError
        Neither could be proved.
    """
    refute_constant_targets(problem)
    begun = newton(problem, start)
    if start is not None and not begun.converged:
        begun = newton(problem)
    point = column([ball(v) for v in begun.point.tolist()])
    if not begun.converged:
        refute(problem, (begun.point, begun.step))
        begun = newton(problem, begun.point, MANY_STEPS)
        point = column([ball(v) for v in begun.point.tolist()])
    balls = BallProblem(problem)
    if begun.converged:
        with precision(FIRST_BITS):
            enclosure = prove(balls, polish(balls, point, matrix(begun.inverse.tolist())))
        if enclosure is not None:
            return Found(balls, enclosure, FIRST_BITS, begun.steps)
        refute(problem, (begun.point, begun.step))
    origin = column([ball(0.0)] * problem.size)
    for start_point, descent, careful in (
        (point, _SHORT, False),
        (point, _LONG, False),
        (origin, _LONG, True),
    ):
        found, end = _escalate(balls, start_point, begun.steps, descent=descent, careful=careful)
        if found is not None:
            return found
        # Classes that are separable by less than float64 resolves: the steps went far, with many bits.
        refute_along(problem, [exact_middle(v) for v in end.entries()])
        if descent == _SHORT:
            refute_by_linear_program(problem)
    raise NotProvedError(_COMPLAINT)


def refine(found: Found) -> Found:
    """The same enclosure with twice the precision."""
    bits = 2 * found.bits
    with precision(bits):
        point = found.enclosure.optimum.mid()
        inverted = inverse(found.enclosure.hessian.mid())
        if inverted is not None:
            enclosure = prove(found.balls, polish(found.balls, point, inverted.mid()))
            if enclosure is not None:
                return Found(found.balls, enclosure, bits, found.steps)
    better, _ = _escalate(found.balls, point, found.steps, bits, descent=_SHORT, careful=True)
    if better is None:
        raise NotProvedError(_COMPLAINT)
    return better


def _escalate(
    balls: BallProblem,
    point: Matrix,
    steps: int,
    bits: int = FIRST_BITS,
    *,
    descent: int,
    careful: bool,
) -> tuple[Found | None, Matrix]:
    """Newton steps in balls, with more precision where that is what they lack; and where they led."""
    origin = column([ball(0.0)] * balls.size)
    while bits <= LAST_BITS:
        with precision(bits):
            if not balls.loss(point) < balls.loss(origin):
                point = origin
            point, ended = descend(balls, point, descent, careful=careful)
            if ended == "long":
                return None, point
            enclosure = prove(balls, point) if ended == "small" else None
            if enclosure is not None:
                return Found(balls, enclosure, bits, steps), point
        bits *= 2
    return None, point
