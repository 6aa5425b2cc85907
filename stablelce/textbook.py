r"""The page of mathematics: the logistic cross-entropy and its gradient, in three forms.

A binary classifier computes a logit ``z = w.x + b`` and reads ``y = sigmoid(z) = 1/(1 + exp(-z))``
as the probability of the positive class. The cross-entropy of ``y`` against a target ``t`` in [0, 1]
(hard: 0 or 1; soft: anything between) is ``-t*log(y) - (1-t)*log(1-y)``.

**The loss as a function of the logit.** With

    -log(y)   = -log(1/(1 + exp(-z)))                                  = log(1 + exp(-z))
    -log(1-y) = -log(exp(-z)/(1 + exp(-z))) = -log(1/(exp(z) + 1))     = log(1 + exp(z))

the logistic cross-entropy is

    L(z,t) = t*log(1 + exp(-z)) + (1-t)*log(1 + exp(z))                                     (1)

**Its gradient in the logit.** By the chain rule, d log(1 + u)/dz = (du/dz)/(1 + u), where u = exp(-z)
has du/dz = -exp(-z), and u = exp(z) has du/dz = exp(z):

    dL/dz = t * -exp(-z)/(1 + exp(-z))  +  (1-t) * exp(z)/(1 + exp(z))

Both fractions are known: exp(-z)/(1 + exp(-z)) = (1 + exp(-z) - 1)/(1 + exp(-z)) = 1 - y, and
exp(z)/(1 + exp(z)) = 1/(exp(-z) + 1) = y. So

    dL/dz = -t*(1-y) + (1-t)*y
          = -t + t*y + y - t*y
          = y - t                                                                           (2)

**Its gradient in the weights.** z = w.x + b gives dz/dw = x and dz/db = 1, hence, by the chain rule,

    dL/dw = dL/dz * dz/dw = (y - t)*x        dL/db = y - t

and gradient descent with rate alpha is ``w <- w - alpha*(y - t)*x``: a logit too high for its target
(y > t) moves down, one too low moves up.

**The form for computing.** Take a = |z| and e = exp(-a), which is in (0, 1] and cannot overflow. Of the
two logarithms in (1), log(1 + exp(-a)) = log1p(e) is the small one, and the other one follows from
log(1 + exp(a)) = a + log1p(e). The weights t and 1-t add up to 1, and the large one is weighted by

    w = 1-t  if z >= 0  else  t            (the distance of t from the end of [0, 1] that z points to)

so that

    L = log1p(e) + a*w                                                                      (3)

a sum of two terms that are not negative: nothing cancels, for hard and soft targets alike. In the same
way s = e/(1 + e) = sigmoid(-a) is the smaller of y and 1-y, and (2) becomes

    dL/dz = (1-s) - t = w - s  if z >= 0        dL/dz = s - t = s - w  if z < 0             (4)

which for hard targets has nothing to cancel either: it is s, 1-s, or one of them negated.

The functions take floating arrays ``z`` and ``t`` of one dtype (float16, bfloat16, float32, float64),
of shapes that broadcast, and return an array of that dtype; each docstring says where its form breaks
in float64. They let NumPy warn where it does. They are here to be read and to be judged by the suite;
the library's own functions are in :mod:`stablelce.functions`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = [
    "fused_gradient",
    "fused_loss",
    "logaddexp_gradient",
    "logaddexp_loss",
    "naive_gradient",
    "naive_loss",
]

Array = npt.NDArray[np.floating[Any]]


def naive_loss(z: Array, t: Array) -> Array:
    """The cross-entropy of y = sigmoid(z), as written: -t*log(y) - (1-t)*log(1-y).

    Breaks from z = 36.74 on, where 1 + exp(-z) rounds to 1, hence y to 1 and log(1-y) to log(0): at
    z = 40 it is inf for t = 0 (exact: 40 + 4.2e-18) and nan, 0*log(0), for t = 1 (exact: 4.2e-18).
    At z = -40, t = 0 it is 0 (exact: 4.2e-18), and below z = -709.78 exp(-z) overflows, so that
    z = -1000, t = 1 gives inf (exact: 1000). Digits go long before: at z = 30, t = 1 it is 9.348e-14
    (exact: 9.358e-14).
    """
    y = 1 / (1 + np.exp(-z))
    return -t * np.log(y) - (1 - t) * np.log(1 - y)


def naive_gradient(z: Array, t: Array) -> Array:
    """The gradient (2), as written: y - t with y = 1/(1 + exp(-z)).

    Breaks for t = 1 and large z, where y rounds to 1 and the difference cancels: at z = 40 it is 0
    (exact: -4.2e-18), so that learning stops; at z = 36 it is -2.22e-16 (exact: -2.32e-16). For t = 0
    and z below -709.78, exp(-z) overflows and it is 0 (exact at z = -720: 2.0e-313).
    """
    return 1 / (1 + np.exp(-z)) - t


def logaddexp_loss(z: Array, t: Array) -> Array:
    """The loss (1) with NumPy's logaddexp(a, b) = log(exp(a) + exp(b)), which does not overflow.

    Breaks at infinite z only: z = inf, t = 1 gives nan, which is 1*0 + 0*inf (limit: 0). It evaluates
    two logarithms where one is enough.
    """
    return t * np.logaddexp(0, -z) + (1 - t) * np.logaddexp(0, z)


def logaddexp_gradient(z: Array, t: Array) -> Array:
    """The gradient (2) with log(y) = -logaddexp(0, -z), which does not overflow.

    Breaks as the naive one does for t = 1: y - t cancels, and at z = 40 it is 0 (exact: -4.2e-18). On
    the other side exp turns the absolute error of log(y) into a relative one: at z = -33.3, t = 0 it
    is 30 ulps off.
    """
    return np.exp(-np.logaddexp(0, -z)) - t


def fused_loss(z: Array, t: Array) -> Array:
    """The loss (3): log1p(exp(-|z|)) + |z|*w.

    Breaks at infinite z only: z = inf, t = 1 gives nan, which is inf*0 (limit: 0). Elsewhere its error
    is a few ulps, those of NumPy's exp and log1p and of four roundings.
    """
    a = np.abs(z)
    w = np.where(z >= 0, 1 - t, t)
    loss: Array = np.log1p(np.exp(-a)) + a * w
    return loss


def fused_gradient(z: Array, t: Array) -> Array:
    """The gradient (4): w - s or s - w.

    Breaks for soft targets next to sigmoid(z), where w and s are nearly equal and the rounding error of
    s is all that is left: at z = 1e-20, t = 1/2 it is 0 (exact: 2.5e-21). For hard targets its error is
    a few ulps at every finite z.
    """
    e: Array = np.exp(-np.abs(z))
    s = e / (1 + e)
    w = np.where(z >= 0, 1 - t, t)
    return np.where(z >= 0, w - s, s - w)
