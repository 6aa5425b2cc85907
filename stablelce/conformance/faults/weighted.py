"""weight and pos_weight: on the wrong term, forgotten, normalised, or on a path that is not stable."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from stablelce.conformance.faults.base import GITHUB, WIDE, Array, Fault, Function, Trigger
from stablelce.conformance.faults.planting import narrowed, right

__all__ = ["FAULTS"]

_INF = float("inf")
Weights = Mapping[str, float | tuple[float, ...]]
Weighted = Callable[[Array, Array, Any, Any], Any]
"""``f(z, t, weight, pos_weight)`` in binary64, None for a weight that was not given."""


def _weighted(quantity: str, formula: Weighted) -> Function:
    """A function that is right without weights, and computes ``formula`` with them."""
    good = right(quantity)

    def compute(z: Array, t: Any = 0.0, *, weight: Any = None, pos_weight: Any = None) -> Any:
        if weight is None and pos_weight is None:
            return good(z, t)
        wide = [
            None if part is None else np.asarray(part).astype(np.float64) for part in (weight, pos_weight)
        ]
        with np.errstate(all="ignore"):
            value = formula(z.astype(np.float64), np.asarray(t).astype(np.float64), *wide)
        return narrowed(np.asarray(value), z.dtype)[()]

    return compute


def _fault(
    name: str,
    text: str,
    quantity: str,
    formula: Weighted,
    url: str,
    trigger: tuple[float | tuple[float, ...], float, Weights],
    mode: str,
    formats: tuple[str, ...] = WIDE,
) -> Fault:
    z, t, keywords = trigger
    logits = z if isinstance(z, tuple) else (z,)
    return Fault(
        name=name,
        formula=text,
        functions={quantity: _weighted(quantity, formula)},
        quantity=quantity,
        failure_mode="weights",
        url=f"{GITHUB}/{url}" if url else "",
        trigger=Trigger(logits, (t,) * len(logits), "float64", keywords),
        expected={"weights": mode},
        formats=formats,
        keywords=frozenset({"weight", "pos_weight"}),
    )


def _value(v: Any, default: float = 1.0) -> Any:
    return default if v is None else v


def _rest(z: Array) -> Array:
    return np.log1p(np.exp(-np.abs(z)))


_plain: dict[str, Callable[..., Any]] = {q: right(q) for q in ("loss", "gradient", "hessian")}


def _times(v: Any, value: Any) -> Any:
    """weight times value, 0 where the weight is: what every fault below but one does right."""
    return value if v is None else np.where(v == 0, 0.0, v * value)


def _only_the_logarithm(z: Array, t: Array, v: Any, p: Any) -> Any:
    factor = 1 + (_value(p) - 1) * t
    plain = np.maximum(z, 0) - z * t + factor * _rest(z)
    return _times(v, np.where(np.isfinite(z), plain, _plain["loss"](z, t)))


def _without_the_factor(z: Array, t: Array, v: Any, p: Any) -> Any:
    if p is None:
        return _plain["loss"](z, t, weight=v)
    factor = 1 + (p - 1) * t
    plain = (1 - t) * z + factor * _rest(z) + np.maximum(-z, 0)
    return _times(v, np.where(np.isfinite(z), plain, _plain["loss"](z, t)))


def _both_terms_of_soft_targets(z: Array, t: Array, v: Any, p: Any) -> Any:
    return _times(v, (1 + (_value(p) - 1) * t) * _plain["loss"](z, t))


def _unstable_path(z: Array, t: Array, v: Any, p: Any) -> Any:
    if p is None:
        return _plain["loss"](z, t, weight=v)
    e = np.exp(-z.astype(np.float32)).astype(np.float64)
    return _times(v, np.where(t == 1, p * np.log1p(e), _plain["loss"](z, t)))


def _without_mask(z: Array, t: Array, v: Any, p: Any) -> Any:
    return _value(v) * _plain["loss"](z, t, pos_weight=p)


def _without_pos_weight(z: Array, t: Array, v: Any, _p: Any) -> Any:
    return _plain["gradient"](z, t, weight=v)


def _pos_weight_on_everything(z: Array, t: Array, v: Any, p: Any) -> Any:
    return _times(v, _value(p) * _plain["loss"](z, t))


def _pos_weight_on_negatives(z: Array, t: Array, v: Any, p: Any) -> Any:
    return _times(v, _value(p) * _plain["loss"](z, t, pos_weight=None if p is None else 1 / p))


def _hessian_without_weight(z: Array, t: Array, v: Any, p: Any) -> Any:
    value = _plain["hessian"](z, t, pos_weight=p)
    return value if v is None else np.where(v == 0, 0.0, value)


def _normalised(z: Array, t: Array, v: Any, p: Any) -> Any:
    value = _plain["loss"](z, t, weight=v, pos_weight=p)
    return value if v is None else value * (np.size(v) / max(float(np.sum(v)), 1e-300))


def _mean_times_mask(z: Array, t: Array, v: Any, p: Any) -> Any:
    value = _plain["loss"](z, t, pos_weight=p)
    return value if v is None else _times(v, np.full(value.shape, value.mean()))


def _first_weight(z: Array, t: Array, v: Any, p: Any) -> Any:
    first = None if v is None else np.where(v == 0, 0.0, np.ravel(v)[0])
    return _plain["loss"](z, t, weight=first, pos_weight=p)


def _cancelling_gradient(z: Array, t: Array, v: Any, p: Any) -> Any:
    if p is None:
        return _plain["gradient"](z, t, weight=v)
    y = 1 / (1 + np.exp(-z))
    plain = y * (1 + (p - 1) * t) - p * t
    value = np.where(np.isfinite(z), plain, _plain["gradient"](z, t, pos_weight=p))
    return _times(v, value)


def _zero_for_none(z: Array, t: Array, v: Any, p: Any) -> Any:
    return _plain["loss"](z, t, weight=v, pos_weight=p if np.any(p) else None)


def _clipped(z: Array, t: Array, v: Any, p: Any) -> Any:
    return _plain["gradient"](z, t, weight=None if v is None else np.minimum(v, 100), pos_weight=p)


FAULTS = (
    _fault(
        "pos_weight on the logarithm only",
        "max(z,0) - z*t + q*log1p(exp(-|z|)), q = 1 + (p-1)*t",
        "loss",
        _only_the_logarithm,
        "PaddlePaddle/Paddle/pull/65859",
        (-14.913008, 1.0, {"pos_weight": 3.0}),
        "pos_weight: more than half of the significand lost",
    ),
    _fault(
        "pos_weight without its factor",
        "(1-t)*z + q*log1p(exp(-|z|)) + max(-z,0), where q multiplies both",
        "loss",
        _without_the_factor,
        "tensorflow/tensorflow/issues/15791",
        (-2.0, 1.0, {"pos_weight": 10.0}),
        "pos_weight: more than half of the significand lost",
    ),
    _fault(
        "pos_weight on both terms of a soft target",
        "(1 + (p-1)*t) * loss(z,t)",
        "loss",
        _both_terms_of_soft_targets,
        "PaddlePaddle/Paddle/pull/54869",
        (0.5, 0.5, {"pos_weight": 2.0}),
        "pos_weight: more than half of the significand lost",
    ),
    _fault(
        "unstable path with pos_weight",
        "log1p(exp(-z)) in float32 where pos_weight is given",
        "loss",
        _unstable_path,
        "pytorch/pytorch/issues/13773",
        (-120.0, 1.0, {"pos_weight": 1.0}),
        "pos_weight: spurious overflow",
        ("float32",),
    ),
    _fault(
        "mask by multiplication",
        "loss*0 is NaN where the loss is",
        "loss",
        _without_mask,
        "ecmwf/WeatherGenerator/issues/2723",
        (_INF, 0.0, {"weight": 0.0}),
        "weight 0 does not mask",
    ),
    _fault(
        "pos_weight forgotten in the gradient",
        "sigmoid(z) - t whatever pos_weight is",
        "gradient",
        _without_pos_weight,
        "",
        (1.0, 1.0, {"pos_weight": 2.0}),
        "pos_weight: more than half of the significand lost",
    ),
    _fault(
        "pos_weight on every element",
        "p*loss(z,t)",
        "loss",
        _pos_weight_on_everything,
        "",
        (1.0, 0.0, {"pos_weight": 2.0}),
        "pos_weight: more than half of the significand lost",
    ),
    _fault(
        "pos_weight on the negatives",
        "p multiplies the term of 1-t",
        "loss",
        _pos_weight_on_negatives,
        "",
        (1.0, 0.0, {"pos_weight": 2.0}),
        "pos_weight: more than half of the significand lost",
    ),
    _fault(
        "weight forgotten in the second derivative",
        "y*(1-y) whatever weight is",
        "hessian",
        _hessian_without_weight,
        "",
        (1.0, 0.0, {"weight": 2.0}),
        "weight: more than half of the significand lost",
    ),
    _fault(
        "weights divided by their mean",
        "loss*w*n/sum(w)",
        "loss",
        _normalised,
        "qubvel-org/segmentation_models.pytorch/issues/852",
        (1.0, 0.0, {"weight": 2.0}),
        "weight: more than half of the significand lost",
    ),
    _fault(
        "mean taken before the mask",
        "mean(loss)*w",
        "loss",
        _mean_times_mask,
        "WindChimeRan/OpenJERE/issues/6",
        ((1.0, 2.0, 3.0), 0.0, {"weight": 2.0}),
        "weight: more than half of the significand lost",
    ),
    _fault(
        "one weight for all",
        "the first weight of the array for each element",
        "loss",
        _first_weight,
        "",
        ((1.0, 1.0), 0.0, {"weight": (2.0, 3.0)}),
        "weight: more than half of the significand lost",
    ),
    _fault(
        "weighted gradient by subtraction",
        "y*q - p*t where pos_weight is given",
        "gradient",
        _cancelling_gradient,
        "",
        (40.0, 1.0, {"pos_weight": 1.0}),
        "pos_weight: premature underflow or cancellation to 0",
    ),
    _fault(
        "pos_weight of 0 taken for none",
        "if pos_weight: multiply by it",
        "loss",
        _zero_for_none,
        "",
        (-2.0, 1.0, {"pos_weight": 0.0}),
        "pos_weight: more than half of the significand lost",
    ),
    _fault(
        "weights clipped at 100",
        "gradient*min(w,100)",
        "gradient",
        _clipped,
        "",
        (1.0, 0.0, {"weight": 1000.0}),
        "weight: more than half of the significand lost",
    ),
)
