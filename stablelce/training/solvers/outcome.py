"""What to tell the user about the state that a solver ended in."""

from __future__ import annotations

from stablelce.training.solvers.state import State, Status

__all__ = ["complaint"]

_PROOF = "solver='exact' or stablelce.certify proves whether there is an optimum"


def complaint(state: State, *, solver: str, max_iter: int, tol: float, separation: float) -> str | None:
    """Why the last state is no optimum to the tolerance, and what to do; None where it is one.

    Parameters
    ----------
    state : State
        The last state.
    solver, max_iter, tol
        Parameters of the fit.
    separation : float
        A loss below which the coefficients are known to separate the classes; 0 where none is.
    """
    status: Status = state.status
    if status != "stopped" and state.loss < separation:
        status = "separated"
    after = f"{solver} stopped after {state.iteration} iterations"
    what = "last step" if solver == "newton" else "Newton step from there"
    size = f"the {what} has the relative size {state.step:.1e}, and tol is {tol:.1e}"
    other = "" if solver == "newton" else "take solver='newton', pass rate=None, "
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
