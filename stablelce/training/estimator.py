"""Logistic regression with the conventions of scikit-learn: what a user fits, and then predicts with.

This module knows arguments and attributes; what a fit is given is in ``tasks``, what is minimised in
``problem``, how in ``solvers``, and what is predicted in ``prediction``.
"""

from __future__ import annotations

import numbers
import os
import warnings
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from stablelce.training._sklearn import ConvergenceWarning
from stablelce.training.checkpoint import prepare
from stablelce.training.dask_rows import is_dask
from stablelce.training.fitting import Outcome, Settings, fit, pass_over
from stablelce.training.labels import class_targets, two_classes, vector
from stablelce.training.parameters import check_parameters, seed_of
from stablelce.training.parts import is_parts
from stablelce.training.prediction import Predictor
from stablelce.training.tasks import Aims, ArrayTask, of_arrays, of_parts
from stablelce.training.watching import Callback
from stablelce.training.weights import row_weights, sample_weights

__all__ = ["LogisticRegression"]

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]


class LogisticRegression(Predictor):
    """Logistic regression of two classes, the same bits whatever the order of the rows.

    It minimises, with the logit z_i = x_i.w + b::

        F(w, b) = sum_i s_i * L(z_i, t_i) / sum_i s_i + (l2/2) * |w|^2

    over the coefficients w and the intercept b, which is not penalised; L is the logistic cross-entropy
    ``stablelce.loss``, s_i the weight of the sample times that of its class.

    Parameters
    ----------
    solver : {"newton", "gd", "sgd", "exact"}
        "newton": Newton's method, damped. "gd": gradient descent over all rows. "sgd": a step for every
        ``batch_size`` rows. "exact": the correctly rounded optimum, proved, or an error that says why there
        is none.
    l2 : float
        The penalty, in units of the mean loss: scikit-learn's ``C`` is 1/(l2 * sum_i s_i).
    rate : float, optional
        Step size of "gd" and "sgd". None is 1/L for "gd", and 1/(2*L*sqrt(1 + epoch)) for "sgd", with
        L = (sum_i s_i*(|x_i|^2 + 1) / sum_i s_i)/4 + l2, or no + 1 without an intercept.
    max_iter : int
        Iterations at most: steps, or epochs of "sgd".
    tol : float
        How near to the optimum a fit may end: where Newton's step -H^-1 g, which is what is missing to second
        order, has at most this size. Each coefficient's is measured against the coefficient w_j or the length
        sqrt(F/H_jj), which changes F by half of itself, whichever is larger. "newton" measures the step that
        led there, and goes on while the steps still shrink. "gd" and "sgd" estimate it from the gradient and
        compute it where the estimate is within ``tol``: by a Hessian of (n_features + 1)^2 elements, which
        0 avoids. "exact" has no use for it.
    batch_size : int
        Rows to a step of "sgd".
    fit_intercept : bool
        Whether there is an intercept; if not, it is 0.
    class_weight : mapping, "balanced" or None
        Weights by class label. "balanced" is W / (2*W_c), with W and W_c the sums of the sample weights of
        all rows and of those of the class.
    warm_start : bool
        Whether to start from the coefficients of the last fit, where there is one of as many features.
    random_state : int, Generator, RandomState or None
        Seed of the order of rows in "sgd". The other solvers make no use of chance.
    verbose : int
        Whether to show a progress bar on a terminal; needs the extra ``suite``.
    callbacks : list of callable, optional
        Each is called with an :class:`~stablelce.training.watching.Iteration` at the start and after each
        iteration; one that returns True stops the fit.
    checkpoint : path, optional
        A directory to keep the state in. A fit of the same data and parameters goes on from there, and ends
        with the same bits as if it had never been interrupted.

    Attributes
    ----------
    coef_ : ndarray of float64, shape (1, n_features)
        The coefficients; never NaN or infinite.
    intercept_ : ndarray of float64, shape (1,)
        The intercept.
    classes_ : ndarray, shape (2,)
        The labels; the logit is that of the second. After ``fit_soft`` 0 and 1.
    n_iter_ : int
        Iterations done.
    loss_curve_ : list of float
        The objective at the start and after each iteration.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of str objects
        Their names; only where a data frame with names was fitted.

    Warns
    -----
    ConvergenceWarning
        The solver stopped before the optimum, or there is none; the message says what to do.

    Notes
    -----
    Features are float32 or float64 as they come, integers are rounded to float64; the optimum is that of
    these numbers. The result of "newton", "gd" and "exact" has the same bits for any order of the rows, size
    of blocks, engine and number of threads. That of "sgd" has them for the same order of rows, the same
    blocks and the same seed: each epoch visits the blocks in their order, and the rows of a block in an order
    drawn from the seed, the epoch and the number of the block; no batch goes beyond the end of a block.

    Source: T. Hastie, R. Tibshirani, J. Friedman, *The Elements of Statistical Learning*, 2nd ed., Springer
    2009, section 4.4.

    Examples
    --------
    >>> import stablelce as lce
    >>> model = lce.LogisticRegression(l2=0.1).fit([[0.0], [1.0], [2.0], [3.0]], ["no", "no", "yes", "yes"])
    >>> model.predict([[0.5], [2.5]])
    array(['no', 'yes'], dtype='<U3')
    """

    coef_: Floats
    intercept_: Floats
    classes_: Array
    n_iter_: int
    loss_curve_: list[float]
    n_features_in_: int
    feature_names_in_: npt.NDArray[np.object_]

    def __init__(  # noqa: PLR0913  # scikit-learn's convention: every parameter is one of the constructor
        self,
        *,
        solver: Literal["newton", "gd", "sgd", "exact"] = "newton",
        l2: float = 0.0,
        rate: float | None = None,
        max_iter: int = 1000,
        tol: float = 1e-8,
        batch_size: int = 1,
        fit_intercept: bool = True,
        class_weight: Mapping[Any, float] | Literal["balanced"] | None = None,
        warm_start: bool = False,
        random_state: Any = None,
        verbose: int = 0,
        callbacks: Sequence[Callback] | None = None,
        checkpoint: str | os.PathLike[str] | None = None,
    ) -> None:
        self.solver = solver
        self.l2 = l2
        self.rate = rate
        self.max_iter = max_iter
        self.tol = tol
        self.batch_size = batch_size
        self.fit_intercept = fit_intercept
        self.class_weight = class_weight
        self.warm_start = warm_start
        self.random_state = random_state
        self.verbose = verbose
        self.callbacks = callbacks
        self.checkpoint = checkpoint

    # -- fitting -------------------------------------------------------------------------------

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> LogisticRegression:
        """Fit class labels.

        Parameters
        ----------
        X : array_like, memory map, data frame or sparse matrix, shape (n, n_features)
            Features. Or blocks of rows, each a tuple ``(X, y)`` or ``(X, y, sample_weight)``: a sequence or
            other iterable of them, or a callable that returns a fresh iterator, to be passed over once or
            twice for each iteration. One block is held at a time, but for "exact", which takes 10^7 elements
            of X from blocks at most, as its proof needs about 200 bytes for each. The result has the bits
            that the rows in one array give, whatever the blocks; that of "sgd" depends on the blocks and
            their order, and is that of the array where there is one block. Or a dask array, with one for y:
            then passes run on the workers, again with the same bits, and "sgd" and "exact" fetch the chunks
            to this machine, one at a time or all of them.
        y : array_like, shape (n,)
            Labels, of exactly two classes; left out with blocks.
        sample_weight : array_like, shape (n,), optional
            Weights, finite and not negative; left out with blocks.

        Returns
        -------
        LogisticRegression
            The estimator itself.

        Raises
        ------
        TypeError, ValueError
            An argument or a parameter is not taken; the message says which, where, and what to do.
        NoUniqueOptimumError
            ``solver="exact"``, and there is no optimum or more than one.
        """
        return self._fit(X, y, sample_weight, soft=False)

    def fit_soft(self, X: Any, t: Any = None, sample_weight: Any = None) -> LogisticRegression:
        """Fit targets in [0, 1], such as shares or probabilities.

        Parameters
        ----------
        X, sample_weight
            As in :meth:`fit`; blocks hold targets in place of labels.
        t : array_like, shape (n,)
            Targets in [0, 1]; left out with blocks.

        Returns
        -------
        LogisticRegression
            The estimator itself; its classes are 0 and 1.

        Raises
        ------
        TypeError, ValueError, NoUniqueOptimumError
            As in :meth:`fit`; also if ``class_weight`` is set, since targets name no class.
        """
        return self._fit(X, t, sample_weight, soft=True)

    def partial_fit(
        self,
        X: Any,
        y: Any,
        classes: Any = None,
        sample_weight: Any = None,
    ) -> LogisticRegression:
        """Go once over some rows by stochastic gradient descent, in their order, whatever the solver.

        Parameters
        ----------
        X, y, sample_weight
            As in :meth:`fit`; the labels may be of one class.
        classes : array_like, shape (2,), optional
            The two labels; needed in the first call, and the same ever after.

        Returns
        -------
        LogisticRegression
            The estimator itself.

        Raises
        ------
        TypeError, ValueError
            As in :meth:`fit`; also if ``classes`` is missing or changes, or ``class_weight`` is "balanced",
            which needs all rows.

        Notes
        -----
        There is a step for every ``batch_size`` rows. Where ``rate`` is None it is 1/(2*L*sqrt(1 + k)) in the
        call after k others, with L of these rows. ``n_iter_`` counts the calls.
        """
        check_parameters(self.get_params(deep=False))
        if self.class_weight == "balanced":
            raise ValueError("class_weight='balanced' needs all rows: pass a mapping to partial_fit.")
        first = not hasattr(self, "coef_")
        known = self._known_classes(classes, first=first)
        taken = self._features(X, first=first)
        targets = class_targets(vector(y, "y", taken.shape[0]), known)
        weights = sample_weights(sample_weight, len(targets))
        weights = row_weights(targets, weights, self.class_weight, known, needs_both=False)
        calls = 0 if first else self.n_iter_
        start = self._start(taken.shape[1], warm=not first)
        task = ArrayTask(taken.rows, targets, weights, self._aims())
        outcome = pass_over(task, start, self._settings(), calls)
        self.classes_ = known
        self.loss_curve_ = [*([] if first else self.loss_curve_), *outcome.losses]
        return self._keep(taken.shape[1], taken.names, outcome)

    # -- inside --------------------------------------------------------------------------------

    def _fit(self, X: Any, y: Any, sample_weight: Any, *, soft: bool) -> LogisticRegression:
        check_parameters(self.get_params(deep=False))
        if soft and self.class_weight is not None:
            raise ValueError("class_weight needs class labels: pass sample_weight to fit_soft instead.")
        if self.checkpoint is not None:
            prepare(self.checkpoint)
        if is_dask(X) or is_parts(X, y):
            given = of_parts(X, y, sample_weight, self._aims(), soft=soft)
        else:
            given = of_arrays(self._features(X, first=True), y, sample_weight, self._aims(), soft=soft)
        count = given.task.features
        outcome = fit(given.task, self._start(count, warm=self.warm_start), self._settings())
        self.classes_ = given.classes
        self.loss_curve_ = outcome.losses
        return self._keep(count, given.names, outcome)

    def _aims(self) -> Aims:
        return Aims(float(self.l2), bool(self.fit_intercept), self.class_weight)

    def _settings(self) -> Settings:
        given = self.random_state
        return Settings(
            solver=self.solver,
            rate=None if self.rate is None else float(self.rate),
            max_iter=int(self.max_iter),
            tol=float(self.tol),
            batch_size=int(self.batch_size),
            verbose=self.verbose,
            callbacks=self.callbacks,
            checkpoint=self.checkpoint,
            seed=seed_of(self.random_state) if self.solver == "sgd" else None,
            given_seed=str(int(given)) if isinstance(given, numbers.Integral) else "None",
        )

    def _start(self, count: int, *, warm: bool) -> Floats:
        """The coefficients to start from, the intercept last."""
        size = count + bool(self.fit_intercept)
        if warm and hasattr(self, "coef_") and self.coef_.shape[1] == count:
            return self._coefficients()[:size]
        return np.zeros(size)

    def _keep(
        self, count: int, names: npt.NDArray[np.object_] | None, outcome: Outcome
    ) -> LogisticRegression:
        """Set what a fit sets, and warn if the coefficients are no optimum."""
        self.coef_ = outcome.coef[:count].reshape(1, -1).copy()
        self.intercept_ = outcome.coef[count:].copy() if self.fit_intercept else np.zeros(1)
        self.n_iter_ = outcome.iterations
        self.n_features_in_ = count
        if names is not None:
            self.feature_names_in_ = names
        elif hasattr(self, "feature_names_in_"):
            del self.feature_names_in_
        if outcome.complaint is not None:
            warnings.warn(outcome.complaint, ConvergenceWarning, stacklevel=4)
        return self

    def _known_classes(self, classes: Any, *, first: bool) -> Array:
        if classes is None:
            if first:
                raise ValueError("classes must be passed on the first call to partial_fit: the two labels.")
            known: Array = self.classes_
            return known
        given = two_classes(np.asarray(classes), "classes")
        if not first and not np.array_equal(given, self.classes_):
            raise ValueError(
                f"classes are {given}, and those of the first call to partial_fit {self.classes_}."
            )
        return given
