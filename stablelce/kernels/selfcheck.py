"""What the proofs assume of the arithmetic, probed once by each engine before its first result."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np

from stablelce.formats import Format
from stablelce.kernels import primitives
from stablelce.kernels.exact import exact_block

__all__ = ["WrongArithmeticError", "check_arithmetic", "check_loops"]

Evaluate = Callable[[dict[str, Any], Any, Any], None]


class WrongArithmeticError(RuntimeError):
    """Arithmetic is not that of IEEE 754 binary64, so that no result can be trusted."""

    def __init__(self, fault: str) -> None:
        super().__init__(
            f"{fault} in this process, so results would be wrong: look for a library that changes the "
            f"rounding mode or the precision of the processor, or report the machine."
        )


@cache
def check_arithmetic() -> None:
    """Probe NumPy's binary64: rounding to nearest even, no wider intermediate results, error-free operations.

    Raises
    ------
    WrongArithmeticError
        A probe fails. Flushed subnormal numbers are not looked for here: they are warned of at each call.
    """
    one, half_ulp = np.ones(8), np.full(8, 2.0**-53)
    if not (one + half_ulp == 1.0).all() or not (one + 3 * half_ulp == 1 + 2.0**-51).all():
        raise WrongArithmeticError("sums are not rounded to nearest, ties to even,")
    # Wider intermediate results would leave one rounding, to 1 + 2^-52.
    if not ((one + half_ulp) + half_ulp == 1.0).all():
        raise WrongArithmeticError("intermediate results are wider than binary64")
    a = np.array([1 + 2.0**-52, 1 / 3, -0.7, 134217729.0, 2.0**-400 / 3])
    b = np.array([1 - 2.0**-53, 3.0, 0.7, 134217727.0, 2.0**-400 / 7])
    factors = [(Fraction(x), Fraction(y)) for x, y in zip(a.tolist(), b.tolist(), strict=True)]
    if _sums(*primitives.two_prod(a, b)) != [x * y for x, y in factors]:
        raise WrongArithmeticError("two_prod is not error-free")
    if _sums(*primitives.two_sum(a, b)) != [x + y for x, y in factors]:
        raise WrongArithmeticError("two_sum is not error-free")


def check_loops(evaluate: Evaluate, fmt: Format) -> None:
    """Compare compiled loops with the integer stage, at some dozens of points of all sizes.

    Raises
    ------
    WrongArithmeticError
        A result differs.
    """
    sizes = np.array([0.0, 2.0**-30, 0.01, 0.3, 0.6931, 1.0, 2.5, 7.0, 16.6, 33.3, 80.0, 104.0, 300.0, 689.0])
    logits = np.concatenate([sizes, -sizes]).astype(fmt.dtype)
    z = np.tile(logits, 4)
    t = np.repeat(np.array([0.0, 1.0, 0.25, 0.7]), logits.size).astype(fmt.dtype)
    names = ("loss", "gradient", "hessian")
    wanted = {name: exact_block(name, fmt, fmt.encodings(z), fmt.encodings(t)) for name in names}
    for asked in (names, ("loss", "gradient")):  # loss and gradient alone have a loop of their own
        outs = {name: np.empty_like(z) for name in asked}
        evaluate(outs, z, t)
        for name, out in outs.items():
            if not np.array_equal(out.view(fmt.uint), wanted[name]):
                raise WrongArithmeticError(f"compiled code gives wrong {name} values in {fmt.dtype_name}")


def _sums(high: Any, low: Any) -> list[Fraction]:
    return [Fraction(h) + Fraction(e) for h, e in zip(high.tolist(), low.tolist(), strict=True)]
