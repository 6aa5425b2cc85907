"""What to tell the user about the state that a solver ended in."""

from __future__ import annotations

import numpy as np

from stablelce.training.solvers.state import Floats, State, Status, has_risen

__all__ = ["complaint"]

TINY = 2.0**-500
"""Columns below it have squares that are no normal floats, once they are weighted."""

_PROOF = "solver='exact' or stablelce.certify proves whether there is an optimum"


def complaint(
    state: State,
    *,
    solver: str,
    max_iter: int,
    tol: float,
    separation: float,
    maxima: Floats | None = None,
) -> str | None:
    """Why the last state is no optimum to the tolerance, and what to do; None where it is one.

    Parameters
    ----------
    state : State
        The last state.
    solver, max_iter, tol
        Parameters of the fit.
    separation : float
        A loss below which the coefficients are known to separate the classes; 0 where none is.
    maxima : ndarray of float64, optional
        The largest magnitude of each feature.
    """
    status: Status = state.status
    if status != "stopped" and state.loss < separation:
        status = "separated"
    after = f"{solver} stopped after {state.iteration} iterations"
    what = "last step" if solver == "newton" else "Newton step from there"
    size = f"the {what} has the relative size {state.step:.1e}, and tol is {tol:.1e}"
    other = "" if solver == "newton" else "take solver='newton', pass rate=None, "
    rate, scale = _of_rate(state, tol), _of_scale(maxima)
    if status in ("running", "stuck") and rate:
        return f"{after}, {rate}"
    if status in ("running", "stuck", "flat") and scale:
        return f"{after}, {scale}"
    complaints: dict[Status, str] = {
        "separated": f"The coefficients after {state.iteration} iterations of {solver} separate the two "
        "classes: every row is on its side, so larger ones always fit better and there is no optimum. Add a "
        f"penalty, l2 > 0, to have one. These coefficients are the last ones; {_PROOF}.",
        "flat": f"{solver} ended where the Hessian is singular in working precision: features are linearly "
        "dependent or nearly so (one given twice, a constant one beside the intercept, a mean far larger "
        "than the spread), or the data separable but for ties, so that other coefficients fit as well, or "
        f"all but. Centre or drop such features, or add a penalty, l2 > 0; {_PROOF}.",
        "overflow": f"{after}, for the next step leads to numbers that are not finite: the rate is too "
        "large. Pass rate=None for one that is safe, or scale the features; the coefficients are the last "
        "finite ones.",
        "stuck": f"{after}: no step leads any further in working precision, but {size}. Scale the "
        f"features, {other}add a penalty, l2 > 0, or raise tol; {_PROOF}.",
        "running": f"{solver} stopped at max_iter={max_iter} before it converged: {size}. Scale the "
        f"features, raise max_iter, {other}or add a penalty, l2 > 0; the data may be "
        f"separable: {_PROOF}.",
    }
    return complaints.get(status)


def _of_rate(state: State, tol: float) -> str:
    if not has_risen(state.loss, state.initial, tol):
        return ""
    return (
        f"at a loss of {state.loss:.6g} that began with {state.initial:.6g}: the rate is too large. Pass "
        "rate=None for one that is safe, or take solver='newton'."
    )


def _of_scale(maxima: Floats | None) -> str:
    """What to do about the first feature whose squares, which the Hessian holds, are no normal floats."""
    if maxima is None:
        return ""
    tiny = np.flatnonzero((maxima > 0) & (maxima < TINY))
    if not tiny.size:
        return ""
    return (
        f"for feature {tiny[0]} is at most {maxima[tiny[0]]:.1e} in magnitude, and its squares are too small "
        f"for a Hessian: multiply feature {tiny[0]} by a power of two, which scales its coefficient exactly."
    )
