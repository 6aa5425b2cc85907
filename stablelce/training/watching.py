"""Drawing states from a solver: the losses, callbacks, the progress bar, checkpoints, and when to stop."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace

import numpy as np

from stablelce.training.checkpoint import Checkpoint
from stablelce.training.progress import ProgressBar
from stablelce.training.solvers.state import Floats, State

__all__ = ["Callback", "Iteration", "Watch"]


@dataclass(frozen=True, slots=True)
class Iteration:
    """What a callback is told.

    Attributes
    ----------
    iteration : int
        Iterations so far; 0 at the start.
    loss : float
        The objective at the coefficients.
    coef : ndarray of float64, shape (features,)
        The coefficients, read-only.
    intercept : float
        The intercept; 0 where none is fitted.
    gradient_norm : float
        Largest magnitude among the components of the gradient.
    """

    iteration: int
    loss: float
    coef: Floats
    intercept: float
    gradient_norm: float


Callback = Callable[[Iteration], object]
"""Is given each iteration; returns True to stop the fit there."""


@dataclass(slots=True)
class Watch:
    """What is done with every state of a solver.

    Attributes
    ----------
    solver : str
        The name of the solver.
    features : int
        Number of coefficients without the intercept.
    max_iter : int
        Iterations at most.
    callbacks : sequence of callable
        As ``Callback``.
    verbose : bool
        Whether to show a progress bar.
    checkpoint : Checkpoint or None
        Where states are kept.
    seed : int or None
        The seed of the fit, kept with them.
    losses : list of float
        The objective at the start and after each iteration.
    """

    solver: str
    features: int
    max_iter: int
    callbacks: Sequence[Callback] = ()
    verbose: bool = False
    checkpoint: Checkpoint | None = None
    seed: int | None = None
    losses: list[float] = field(default_factory=list)

    def draw(self, states: Iterable[State]) -> State:
        """Draw states until the solver, a callback or ``max_iter`` ends it, and return the last."""
        with ExitStack() as stack:
            bar = None
            if self.verbose:
                bar = stack.enter_context(ProgressBar(self.solver, self.max_iter))
            for state in self._recorded(states):
                if bar is not None:
                    bar.show(state.iteration, state.loss)
        return state

    def _recorded(self, states: Iterable[State]) -> Iterator[State]:
        for state in states:
            # A state is drawn again when a fit goes on from it, and when no step leads on from it.
            is_new = len(self.losses) == state.iteration
            if is_new:
                self.losses.append(state.loss)
            last = state.status != "running" or state.iteration >= self.max_iter
            if self.checkpoint is not None:
                self.checkpoint.save(state, self.losses, self.seed, last=last)
            if is_new and self._asked_to_stop(state):
                yield replace(state, status="stopped")
                return
            yield state
            if last:
                return

    def _asked_to_stop(self, state: State) -> bool:
        told = Iteration(
            iteration=state.iteration,
            loss=state.loss,
            coef=state.coef[: self.features],
            intercept=float(state.coef[self.features]) if len(state.coef) > self.features else 0.0,
            gradient_norm=state.gradient_norm,
        )
        answers = [callback(told) for callback in self.callbacks]  # each is told, whatever the others say
        return any(isinstance(answer, bool | np.bool_) and bool(answer) for answer in answers)
