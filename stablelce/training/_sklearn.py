"""The one module that looks for scikit-learn: base classes, warnings and errors, its own or stand-ins.

With scikit-learn installed the estimator is one of its estimators, so that ``clone``, ``Pipeline``,
``GridSearchCV`` and filters for its warnings know it. Without it the few methods below take their place.
"""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

__all__ = ["Base", "ConvergenceWarning", "DataConversionWarning", "NotFittedError"]


class _Parameters:
    """``get_params`` and ``set_params``: the parameters are the keywords of the constructor."""

    @classmethod
    def _names(cls) -> list[str]:
        return sorted(name for name in inspect.signature(cls).parameters if name != "self")

    def get_params(self, deep: bool = True) -> dict[str, Any]:  # noqa: ARG002  # scikit-learn's signature
        """The parameters of the constructor and their values."""
        return {name: getattr(self, name) for name in self._names()}

    def set_params(self, **params: Any) -> Any:
        """Set parameters of the constructor by name and return the estimator.

        Raises
        ------
        ValueError
            There is no parameter of that name.
        """
        for name, value in params.items():
            if name not in self._names():
                raise ValueError(
                    f"Invalid parameter {name!r} for estimator {self!r}. "
                    f"Valid parameters are: {self._names()!r}."
                )
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        defaults = {name: p.default for name, p in inspect.signature(type(self)).parameters.items()}
        changed = [f"{n}={v!r}" for n, v in self.get_params().items() if v is not defaults[n]]
        return f"{type(self).__name__}({', '.join(changed)})"


class _Classifier(_Parameters):
    """``score``: the weighted share of labels that are predicted right."""

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Weighted share of rows whose label is predicted right."""
        hits = np.asarray(self.predict(X)) == np.asarray(y)  # type: ignore[attr-defined]  # of the estimator
        return float(np.average(hits, weights=sample_weight))


class _ConvergenceWarning(UserWarning):
    pass


class _DataConversionWarning(UserWarning):
    pass


class _NotFittedError(ValueError, AttributeError):
    pass


_Base: Any = _Classifier
_convergence: Any = _ConvergenceWarning
_conversion: Any = _DataConversionWarning
_not_fitted: Any = _NotFittedError

try:
    from sklearn import base as _base
    from sklearn import exceptions as _exceptions
except ImportError:
    pass
else:

    class _Estimator(_base.ClassifierMixin, _base.BaseEstimator):  # type: ignore[misc]  # untyped bases
        """A classifier of two classes that takes sparse features."""

        def __sklearn_tags__(self) -> Any:
            tags = super().__sklearn_tags__()
            tags.classifier_tags.multi_class = False
            tags.input_tags.sparse = True
            return tags

    _Base = _Estimator
    _convergence = _exceptions.ConvergenceWarning
    _conversion = _exceptions.DataConversionWarning
    _not_fitted = _exceptions.NotFittedError

Base = _Base
"""scikit-learn's classifier, or the stand-in."""


class ConvergenceWarning(_convergence):  # type: ignore[misc]  # one of two classes
    """A solver stopped before the optimum; the message says why and what to do.

    A subclass of scikit-learn's warning of that name where scikit-learn is installed.
    """


class DataConversionWarning(_conversion):  # type: ignore[misc]  # one of two classes
    """The target came in another shape than a row per sample."""


class NotFittedError(_not_fitted):  # type: ignore[misc]  # one of two classes
    """A method was called that needs a fitted estimator."""
