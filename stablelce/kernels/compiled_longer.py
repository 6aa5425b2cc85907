"""The stage ``longer`` compiled, for the elements that the first one leaves undecided."""

from __future__ import annotations

from typing import Any

from stablelce.kernels import longer
from stablelce.kernels.compiled_rows import places_of
from stablelce.kernels.compiled_vocabulary import compile_module, loop
from stablelce.kernels.marks import GRADIENT, HESSIAN, LOSS

__all__ = ["settle"]

_LONGER = compile_module(longer, early=False)
_distance, _loss, _gradient, _hessian = (_LONGER[n] for n in ("distance", "loss", "gradient", "hessian"))


@loop
def settle(z: Any, t: Any, fixed: Any, losses: Any, gradients: Any, hessians: Any, left: Any) -> Any:
    """Write the results that are marked as undecided, and unmark them; whether any are left.

    Those are left that this stage cannot decide, or must not: targets outside [0, 1], logits that are not
    finite.
    """
    some = False
    for i in places_of(left):
        target = t[i] if t.size else fixed
        if target >= 0 and target <= 1:
            a = abs(z[i])
            w, w_low = _distance(z[i], target)
            if left[i] & LOSS:
                value, sure = _loss(a, w, w_low)
                if sure:
                    losses[i], left[i] = value, left[i] ^ LOSS
            if left[i] & GRADIENT:
                value, sure = _gradient(a, w, w_low)
                if sure:
                    gradients[i], left[i] = value if z[i] >= 0 else -value, left[i] ^ GRADIENT
            if left[i] & HESSIAN:
                value, sure = _hessian(a)
                if sure:
                    hessians[i], left[i] = value, left[i] ^ HESSIAN
        some |= left[i] != 0
    return some
