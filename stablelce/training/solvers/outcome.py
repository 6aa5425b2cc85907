"""What to tell the user about the state that a solver ended in."""

from __future__ import annotations

from stablelce.training.solvers.state import State

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
    if state.status == "stopped":
        return None
    if state.status == "separated" or state.loss < separation:
        return (
            f"The coefficients after {state.iteration} iterations of {solver} separate the two classes: "
            "every row is on its side, so larger ones always fit better and there is no optimum. Add a "
            f"penalty, l2 > 0, to have one. These coefficients are the last ones; {_PROOF}."
        )
    if state.status == "converged":
        return None
    if state.status == "flat":
        return (
            f"{solver} came to rest where the Hessian is singular in working precision: features may be "
            "linearly dependent (a constant one beside the intercept, one given twice), or the data "
            "separable but for ties, and then other coefficients fit as well. Drop such features or add a "
            f"penalty, l2 > 0; {_PROOF}."
        )
    if state.status == "overflow":
        return (
            f"{solver} stopped after {state.iteration} iterations, for the next step leads to numbers that "
            "are not finite: the rate is too large. Pass rate=None for one that is safe, or scale the "
            "features; the coefficients are the last finite ones."
        )
    if state.status == "stuck":
        return (
            f"{solver} stopped after {state.iteration} iterations: no step lowers the loss any more in "
            f"working precision, but the last one has the relative size {state.step:.1e}, and tol is "
            f"{tol:.1e}. Scale the features, add a penalty, l2 > 0, or raise tol; {_PROOF}."
        )
    return (
        f"{solver} stopped at max_iter={max_iter} before it converged: the last step has the relative size "
        f"{state.step:.1e}, and tol is {tol:.1e}. Scale the features, raise max_iter, take solver='newton', "
        f"or add a penalty, l2 > 0; the data may be separable: {_PROOF}."
    )
