"""Special values: infinities subtracted from infinities, NaN swallowed, the sign of a zero."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from stablelce.conformance.faults.base import GITHUB, WIDE, Array, Fault, Function, Trigger
from stablelce.conformance.faults.planting import right
from stablelce.conformance.faults.shows import Shows

__all__ = ["FAULTS"]

_INF, _NAN = float("inf"), float("nan")


def _after(quantity: str, change: Callable[[Array, Array, Array], Any]) -> Function:
    """The right function, its results passed through ``change(result, z, t)``."""
    good = right(quantity)

    def compute(z: Array, t: Any = 0.0) -> Any:
        with np.errstate(all="ignore"):
            result = np.asarray(good(z, t))
            return np.asarray(change(result, z, np.asarray(t))).astype(z.dtype)[()]

    return compute


def _fault(  # noqa: PLR0913, PLR0917 - a row of the table below
    name: str,
    formula: str,
    quantity: str,
    change: Callable[[Array, Array, Array], Any],
    url: str,
    trigger: tuple[float, float],
    check: str,
    mode: str,
    shows: Shows | None = None,
) -> Fault:
    return Fault(
        name=name,
        formula=formula,
        functions={quantity: _after(quantity, change)},
        quantity=quantity,
        failure_mode="special values",
        url=f"{GITHUB}/{url}" if url else "",
        trigger=Trigger(trigger[:1], trigger[1:], "float64"),
        expected={check: mode},
        formats=WIDE,
        shows=shows,
    )


def _refuses_infinity(result: Array, z: Array, _t: Array) -> Array:
    if np.isinf(z).any():
        raise ValueError("logits must be finite")
    return result


def _raises_at_infinity(_quantity: str, function: Callable[..., Any], _name: str) -> bool:
    try:
        function(np.array([_INF]), np.array([1.0]))
    except ValueError:
        return True
    return False


_HARD, _SOFT = "infinite logits, hard targets", "infinite logits, soft targets"

FAULTS = (
    _fault(
        "right answer at minus infinity",
        "(1-t)*z - log_sigmoid(z) = -inf + inf",
        "loss",
        lambda r, z, t: r + 0 * np.where((z == -_INF) & (t == 0), z, 0),
        "pytorch/pytorch/issues/49844",
        (-_INF, 0.0),
        _HARD,
        "NaN at infinity",
    ),
    _fault(
        "right answer at infinity",
        "(1-t)*z = 0*inf at t = 1",
        "loss",
        lambda r, z, t: r + (1 - t) * np.where((z == _INF) & (t == 1), z, 0),
        "pytorch/pytorch/issues/102894",
        (_INF, 1.0),
        _HARD,
        "NaN at infinity",
    ),
    _fault(
        "soft target at infinity",
        "max(z,0) - z*t = inf - inf",
        "loss",
        lambda r, z, t: np.where(np.isinf(z) & (t > 0) & (t < 1), _NAN, r),
        "tensorflow/tensorflow/issues/75256",
        (_INF, 0.9),
        _SOFT,
        "NaN at infinity",
    ),
    _fault(
        "soft target at minus infinity",
        "(1-t)*z - log_sigmoid(z) = -inf + inf",
        "loss",
        lambda r, z, t: r + 0 * np.where((t > 0) & (t < 1) & (z < 0), z, 0),
        "pytorch/pytorch/issues/135359",
        (-_INF, 0.9),
        _SOFT,
        "NaN at infinity",
    ),
    _fault(
        "log_sigmoid shifted by the maximum",
        "m = max(0,-z); -(m + log(exp(-m) + exp(-z-m)))",
        "log_sigmoid",
        lambda r, z, _t: r + 0 * np.minimum(z, 0),
        "pytorch/pytorch/issues/20972",
        (-_INF, 0.0),
        _HARD,
        "NaN at infinity",
    ),
    _fault(
        "softplus as a shifted sum",
        "log(exp(0-m) + exp(z-m)) + m at z = inf",
        "softplus",
        lambda r, z, _t: r + 0 * np.maximum(z, 0),
        "ekzhang/jax-js/issues/223",
        (_INF, 0.0),
        _HARD,
        "NaN at infinity",
    ),
    _fault(
        "gradient at minus infinity",
        "exp(-z)/(1 + exp(-z)) = inf/inf",
        "gradient",
        lambda r, z, _t: np.where(z == -_INF, _NAN, r),
        "pytorch/pytorch/issues/31829",
        (-_INF, 1.0),
        _HARD,
        "NaN at infinity",
    ),
    _fault(
        "second derivative at infinity",
        "w*w*exp(z) = 0*inf",
        "hessian",
        lambda r, z, _t: np.where(z == _INF, _NAN, r),
        "pytorch/pytorch/pull/196787",
        (_INF, 0.0),
        _HARD,
        "NaN at infinity",
    ),
    _fault(
        "finite substitute for infinity",
        "nan_to_num(z): the largest finite logit for inf",
        "loss",
        lambda r, _z, _t: np.minimum(r, np.finfo(r.dtype).max),
        "pyro-ppl/numpyro/issues/2240",
        (_INF, 0.0),
        _HARD,
        "wrong limit at infinity",
    ),
    _fault(
        "infinity refused",
        "raises for logits that are not finite",
        "loss",
        _refuses_infinity,
        "tensorflow/tensorflow/issues/950",
        (_INF, 1.0),
        _HARD,
        "raised",
        _raises_at_infinity,
    ),
    _fault(
        "NaN swallowed by a maximum",
        "fmax(z, 0) - z*t + log1p(exp(-fabs(z))) ignores NaN",
        "loss",
        lambda r, z, _t: np.where(np.isnan(z), np.log(2.0), r),
        "IntelPython/dpctl/issues/1321",
        (_NAN, 1.0),
        "NaN",
        "NaN swallowed",
    ),
    _fault(
        "NaN among the targets taken for 0",
        "where(t > 0, ..., ...) is false for NaN",
        "loss",
        lambda r, z, t: np.where(np.isnan(t), right("loss")(z, np.zeros_like(z)), r),
        "",
        (1.0, _NAN),
        "NaN",
        "NaN swallowed",
    ),
    _fault(
        "NaN target beside an infinite logit",
        "inf where z is inf, before the target is looked at",
        "loss",
        lambda r, z, t: np.where(np.isinf(z) & np.isnan(t), np.inf, r),
        "",
        (_INF, _NAN),
        "NaN",
        "NaN swallowed",
    ),
    _fault(
        "sign of a zero gradient",
        "+0 at z = inf, t = 1, where the limit comes from below",
        "gradient",
        lambda r, _z, _t: r + 0.0,
        "jax-ml/jax/issues/40383",
        (_INF, 1.0),
        "signs of zeros at infinity",
        "wrong sign of zero",
    ),
)
