"""What happens to a row, as NumPy computes it: logit, loss, and the factors of gradient and Hessian.

    z = x.w + b        in double-word arithmetic, in one fixed order
    l = L(z, t)        correctly rounded
    r = s * dL/dz      the correctly rounded gradient, times the weight, rounded once more
    q = sqrt(s * d2L/dz2)

This is the definition: the compiled loops follow it operation by operation.

**The logit.** Feature j goes to lane j mod 8. A lane holds a float h and a sum c of what was lost, and takes
in the products x_j*w_j by rising j ::

    p = RN(x*w);  e = RN(x*w - p);  (h, d) = two_sum(h, p);  c = c + (d + e)

then lanes are added, 4 to each of 0 to 3, 2 to 0 and 1, 1 to 0, and b to the result, by the same two_sum, and
z = h + c. This is the compensated dot product of T. Ogita, S. M. Rump and S. Oishi, *Accurate sum and dot
product*, SIAM J. Sci. Comput. 26 (2005): z errs by half an ulp and about (n*2^-53)^2 * sum |x_j*w_j|.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from stablelce.kernels import evaluate
from stablelce.kernels.primitives import two_prod, two_sum
from stablelce.training.blocks import Array, Block
from stablelce.training.point import LOGIT_EXPONENT, Point

__all__ = ["LANES", "Rows", "compute", "logits", "scaled"]

Doubles = npt.NDArray[np.float64]

LANES = 8
"""As many as fit into the widest vector register there is."""

_NORMAL = 2.0**-960  # products from here on have an error that is no subnormal number
_EXACT = 2.0**-1021  # products below have an error of at most half of the smallest number


class Rows(NamedTuple):
    """The results for some rows; ``q`` is None unless the Hessian is wanted."""

    loss: Doubles
    r: Doubles
    s: Doubles
    q: Doubles | None


def scaled(block: Block, point: Point) -> Block:
    """The rows with features and weights times the powers of two of a point."""
    X, t, s = block
    if point.shifts.any():
        X = np.ldexp(X, point.shifts)
    return Block(X, t, None if s is None else np.ldexp(s, -point.weight_exponent))


def compute(block: Block, point: Point, *, hessian: bool) -> Rows:
    """Everything about some rows, already scaled, but the sums over them."""
    z = logits(block.X, point)
    outs = {name: np.empty_like(z) for name in ("loss", "gradient", "hessian")[: 2 + hessian]}
    evaluate(outs, z, block.t)
    s = np.ones_like(z) if block.s is None else block.s
    q = np.sqrt(s * outs["hessian"]) if hessian else None
    return Rows(outs["loss"], s * outs["gradient"], s, q)


def logits(X: Array, point: Point) -> Doubles:
    """x.w + b for each row, held at +-2**960."""
    rows, features = X.shape
    h, c = np.zeros((rows, LANES)), np.zeros((rows, LANES))
    for j in range(0, features, LANES):
        lanes = slice(0, min(LANES, features - j))
        products, errors = _products(X[:, j : j + LANES].astype(np.float64), point.weights[j : j + LANES])
        h[:, lanes], lost = two_sum(h[:, lanes], products)
        c[:, lanes] += lost + errors
    for half in (4, 2, 1):
        h, lost = two_sum(h[:, :half], h[:, half : 2 * half])
        c = (c[:, :half] + c[:, half : 2 * half]) + lost
    total, lost = two_sum(h[:, 0], point.intercept)
    z = np.ldexp(total + (c[:, 0] + lost), point.back)
    limit = 2.0**LOGIT_EXPONENT
    held: Doubles = np.clip(z, -limit, limit)
    return held


def _products(x: Doubles, w: Doubles) -> tuple[Doubles, Doubles]:
    """RN(x*w) and RN(x*w - RN(x*w)), which a fused multiply-add gives: the error, unless it underflows."""
    product, error = two_prod(x, w)
    tiny = (np.abs(product) < _NORMAL) & (x != 0) & (w != 0)
    if tiny.any():
        factors = np.broadcast_to(w, x.shape)[tiny]
        (m_x, e_x), (m_w, e_w) = np.frexp(x[tiny]), np.frexp(factors)
        exact = np.ldexp(two_prod(m_x, m_w)[1], e_x + e_w)
        error[tiny] = np.where(np.abs(product[tiny]) < _EXACT, 0.0, exact)
    return product, error
