"""placeholder while being written"""

from __future__ import annotations
import numpy as np
from stablelce import oracle
from stablelce.formats import Format, UIntArray


def table(quantity: str, target: int | None, fmt: Format) -> tuple[UIntArray, oracle.Expected]:
    z = np.arange(0, 65536, 64).astype(np.uint16)
    z = z[(z & 0x7FFF) < fmt.infinity]
    t = fmt.encodings(np.full(z.shape, target or 0).astype(fmt.dtype))
    return z, oracle.expected(
        quantity, z, None if quantity in ("hessian", "sigmoid", "log_sigmoid", "softplus") else t, fmt
    )
