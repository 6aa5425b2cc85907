"""The public functions: the logistic cross-entropy of logits, its derivatives, and what it is made of.

With a logit z, a target t in [0, 1] and y = sigmoid(z) = 1/(1 + exp(-z))::

    loss      L(z, t) = t*log(1 + exp(-z)) + (1-t)*log(1 + exp(z))
    gradient  dL/dz   = y - t
    hessian   d2L/dz2 = y*(1 - y)

Rules for all of them
---------------------
Types. Arrays of float16, bfloat16, float32 and float64, of any layout and byte order, and what NumPy
makes arrays of; results have the dtype of the wider of z and t. Integer and bool targets never widen it;
integer and bool arrays for z count as float64. A Python scalar is rounded once to the dtype of the other
operand. Weights and smoothing are rounded to the dtype of the result. Complex, object, string,
longdouble and masked arrays, and float16 with bfloat16, raise ``TypeError``.

Shapes. Arguments broadcast; if they do not, ``ValueError``. Without dimensions the result is a NumPy
scalar.

``out``. An array of the dtype and shape of the result, which is filled and returned. It may be an input
itself, or overlap one.

Values. Targets outside [0, 1] (NaN is not outside), weights that are negative or not finite, and smoothing
outside [0, 1] raise ``ValueError`` before anything is written. ``validate=False`` leaves out the check
of the targets: formulas then extend as written, without a promise of accuracy.

Environment. No floating-point warning, whatever ``np.errstate`` says; temporaries of fixed size;
:class:`FlushToZeroWarning` if the thread flushes subnormal numbers to zero.

Special values. NaN gives the positive quiet NaN. A zero that stands for a nonzero value or limit has its
sign, an exact zero is +0. At z = +inf (-inf): loss +inf, but +0 at t = 1 (t = 0); gradient 1-t, -0 at
t = 1 (-t, +0 at t = 0); hessian +0; sigmoid 1 (+0), softplus +inf (+0), log_sigmoid -0 (-inf).

Accuracy. Correctly rounded: the float nearest to the exact value at the given binary inputs, ties to even,
for every finite z and every t in [0, 1], in all four formats, subnormal results included; and so the same
bits on every machine, for every layout, length and engine. How that is reached, and what of it is proved,
measured or assumed, is said in ``kernels`` and in reports/proof.
"""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

from stablelce._arguments import FlushToZeroWarning
from stablelce._direct import direct, unmodified
from stablelce._evaluation import elementwise, prepare, reduced
from stablelce._reductions import Axis, Reduction, check_reduction

__all__ = [
    "FlushToZeroWarning",
    "gradient",
    "hessian",
    "log_sigmoid",
    "loss",
    "loss_and_gradient",
    "sigmoid",
    "softplus",
]

Array = npt.NDArray[Any]


def loss(  # noqa: PLR0913  # one more than the rest: axis and reduction belong together
    z: npt.ArrayLike,
    t: npt.ArrayLike,
    *,
    weight: npt.ArrayLike | None = None,
    pos_weight: npt.ArrayLike | None = None,
    label_smoothing: float = 0.0,
    reduction: Reduction = "none",
    axis: Axis = None,
    out: Array | None = None,
    validate: bool = True,
) -> Any:
    """Logistic cross-entropy of logits, also called binary cross-entropy with logits.

    ::

        loss = weight * (pos_weight*t*log(1 + exp(-z)) + (1-t)*log(1 + exp(z)))

    in nats, with t replaced by t*(1 - label_smoothing) + label_smoothing/2.

    Parameters
    ----------
    z : array_like
        Logits.
    t : array_like
        Targets in [0, 1], hard (0 or 1) or soft.
    weight : array_like, optional
        Weight of each element, finite and not negative. A weight of 0 gives +0 whatever the element,
        so it masks infinities and NaN.
    pos_weight : array_like, optional
        Factor of the term with t, finite and not negative.
    label_smoothing : float
        In [0, 1]. The smoothed target is exact, rounded once to the dtype of the result.
    reduction : {"none", "sum", "mean", "weighted_mean"}
        "sum": sum of weight*loss; "mean": that over the number of elements; "weighted_mean": that over
        the sum of the weights. Sums are exact sums of the rounded elementwise losses, each times its
        weight, and rounded once at the end: no order of the elements shows, and nothing overflows on
        the way. An empty sum is +0; an empty mean, or one with a total weight of 0 to divide by, NaN.
    axis : int or tuple of int, optional
        Axes to reduce, as in NumPy; all unless given.
    out : ndarray, optional
        Array for the result.
    validate : bool
        Whether to check that the targets lie in [0, 1].

    Returns
    -------
    ndarray or NumPy scalar
        The loss, in the wider dtype of z and t and in their broadcast shape, or in the reduced shape.

    Raises
    ------
    TypeError
        A dtype is not taken, or ``out`` has another dtype.
    ValueError
        Shapes do not broadcast; a target, a weight or the smoothing is out of range; ``out`` has
        another shape or is read-only; ``reduction`` or ``axis`` is unknown.

    Notes
    -----
    Correctly rounded (see the module).

    Source: the decomposition of ``stablelce.kernels.finals``.

    Examples
    --------
    >>> import stablelce as lce
    >>> lce.loss([40.0, -40.0], [1, 1])
    array([4.24835426e-18, 4.00000000e+01])
    >>> float(lce.loss([40.0, -40.0], [1, 1], reduction="mean"))
    20.0
    """
    if unmodified(weight, pos_weight, label_smoothing) and reduction == "none" and axis is None:
        made = direct(("loss",), z, t, (out,), validate=validate)
        if made is not None:
            return made[0]
    check_reduction(reduction, axis)
    request = prepare(
        z,
        t,
        weight=weight,
        pos_weight=pos_weight,
        label_smoothing=label_smoothing,
        validate=validate,
        needs_target=True,
    )
    if reduction == "none":
        return elementwise(request, {"loss": out})[0]
    return reduced(request, reduction, axis, {"loss": out})[0]


def gradient(
    z: npt.ArrayLike,
    t: npt.ArrayLike,
    *,
    weight: npt.ArrayLike | None = None,
    pos_weight: npt.ArrayLike | None = None,
    label_smoothing: float = 0.0,
    out: Array | None = None,
    validate: bool = True,
) -> Any:
    """Derivative of the loss by the logit, y - t with y = sigmoid(z).

    ::

        gradient = weight * ((1-t)*sigmoid(z) - pos_weight*t*sigmoid(-z))

    Parameters
    ----------
    z, t, weight, pos_weight, label_smoothing, out, validate
        As in :func:`loss`.

    Returns
    -------
    ndarray or NumPy scalar
        The gradient, in the wider dtype of z and t and in their broadcast shape.

    Raises
    ------
    TypeError, ValueError
        As in :func:`loss`.

    Notes
    -----
    Correctly rounded (see the module).

    Examples
    --------
    >>> import stablelce as lce
    >>> lce.gradient([40.0, 1e-300], [1.0, 0.5])
    array([-4.24835426e-018,  2.50000000e-301])
    """
    if unmodified(weight, pos_weight, label_smoothing):
        made = direct(("gradient",), z, t, (out,), validate=validate)
        if made is not None:
            return made[0]
    request = prepare(
        z,
        t,
        weight=weight,
        pos_weight=pos_weight,
        label_smoothing=label_smoothing,
        validate=validate,
        needs_target=True,
    )
    return elementwise(request, {"gradient": out})[0]


def loss_and_gradient(  # noqa: PLR0913  # as loss
    z: npt.ArrayLike,
    t: npt.ArrayLike,
    *,
    weight: npt.ArrayLike | None = None,
    pos_weight: npt.ArrayLike | None = None,
    label_smoothing: float = 0.0,
    reduction: Reduction = "none",
    axis: Axis = None,
    out: tuple[Array | None, Array | None] | None = None,
    validate: bool = True,
) -> tuple[Any, Any]:
    """Loss and gradient in one pass, with the same bits as :func:`loss` and :func:`gradient`.

    Parameters
    ----------
    z, t, weight, pos_weight, label_smoothing, validate
        As in :func:`loss`.
    reduction, axis
        As in :func:`loss`, for the loss only: the gradient stays that of the single elements.
    out : tuple of two ndarrays, optional
        Arrays for the loss and the gradient, which do not overlap; either may be None.

    Returns
    -------
    loss, gradient : ndarray or NumPy scalar
        As from the two functions.

    Raises
    ------
    TypeError, ValueError
        As in :func:`loss`; also if ``out`` is no pair, or its arrays overlap.

    Notes
    -----
    Correctly rounded (see the module).
    """
    pair = (None, None) if out is None else out
    if not isinstance(pair, tuple) or len(pair) != 2:
        raise TypeError("out must be a pair (loss_out, gradient_out), each an array or None.")
    if unmodified(weight, pos_weight, label_smoothing) and reduction == "none" and axis is None:
        made = direct(("loss", "gradient"), z, t, pair, validate=validate)
        if made is not None:
            return made[0], made[1]
    check_reduction(reduction, axis)
    request = prepare(
        z,
        t,
        weight=weight,
        pos_weight=pos_weight,
        label_smoothing=label_smoothing,
        validate=validate,
        needs_target=True,
    )
    outs = {"loss": pair[0], "gradient": pair[1]}
    if reduction == "none":
        losses, gradients = elementwise(request, outs)
    else:
        losses, gradients = reduced(request, reduction, axis, outs)
    return losses, gradients


def hessian(
    z: npt.ArrayLike,
    t: npt.ArrayLike | None = None,
    *,
    weight: npt.ArrayLike | None = None,
    pos_weight: npt.ArrayLike | None = None,
    label_smoothing: float = 0.0,
    out: Array | None = None,
    validate: bool = True,
) -> Any:
    """Second derivative of the loss by the logit, y*(1 - y) with y = sigmoid(z).

    ::

        hessian = weight * (pos_weight*t + 1-t) * sigmoid(z)*sigmoid(-z)

    Parameters
    ----------
    z, weight, out, validate
        As in :func:`loss`.
    t : array_like, optional
        Targets. They matter with ``pos_weight`` only; where given they take part in dtype, shape and
        checks, and NaN gives NaN.
    pos_weight, label_smoothing
        As in :func:`loss`; not without ``t``.

    Returns
    -------
    ndarray or NumPy scalar
        The hessian, in the wider dtype of z and t and in their broadcast shape.

    Raises
    ------
    TypeError
        As in :func:`loss`, or ``pos_weight`` or ``label_smoothing`` without ``t``.
    ValueError
        As in :func:`loss`.

    Notes
    -----
    Correctly rounded (see the module).
    """
    request = prepare(
        z,
        t,
        weight=weight,
        pos_weight=pos_weight,
        label_smoothing=label_smoothing,
        validate=validate,
    )
    return elementwise(request, {"hessian": out})[0]


def sigmoid(z: npt.ArrayLike, *, out: Array | None = None) -> Any:
    """Logistic sigmoid 1/(1 + exp(-z)), also called expit.

    Parameters
    ----------
    z : array_like
        Logits.
    out : ndarray, optional
        Array for the result.

    Returns
    -------
    ndarray or NumPy scalar
        The sigmoid, in the dtype and shape of z.

    Raises
    ------
    TypeError, ValueError
        As in :func:`loss`, for z and ``out``.

    Notes
    -----
    Correctly rounded (see the module).
    """
    return elementwise(prepare(z), {"sigmoid": out})[0]


def log_sigmoid(z: npt.ArrayLike, *, out: Array | None = None) -> Any:
    """Logarithm of the sigmoid, -log(1 + exp(-z)), also called log_expit.

    Parameters
    ----------
    z, out
        As in :func:`sigmoid`.

    Returns
    -------
    ndarray or NumPy scalar
        -softplus(-z), in the dtype and shape of z.

    Raises
    ------
    TypeError, ValueError
        As in :func:`sigmoid`.

    Notes
    -----
    Correctly rounded (see the module).
    """
    return elementwise(prepare(z), {"log_sigmoid": out})[0]


def softplus(z: npt.ArrayLike, *, out: Array | None = None) -> Any:
    """Softplus log(1 + exp(z)), also called log1pexp.

    Parameters
    ----------
    z, out
        As in :func:`sigmoid`.

    Returns
    -------
    ndarray or NumPy scalar
        The softplus, in the dtype and shape of z.

    Raises
    ------
    TypeError, ValueError
        As in :func:`sigmoid`.

    Notes
    -----
    Correctly rounded (see the module).
    """
    return elementwise(prepare(z), {"softplus": out})[0]
