"""placeholder while being written"""

from __future__ import annotations
from fractions import Fraction
import numpy as np
from stablelce.formats import Format, UIntArray


def points(fmt: Format) -> tuple[UIntArray, UIntArray, tuple[str, ...]]:
    zs = [
        40.0,
        -40.0,
        -8.0,
        -18.0,
        37.42994775023705,
        0.0,
        17.0,
        2.0**50,
        1e300,
        -34.804373770959074,
        1e-300,
        5e-324,
    ]
    ts = [0.0, 1.0, 0.25, 0.5, 2.0**-54]
    rows = [(fmt.round(Fraction(z)), fmt.round(Fraction(t))) for z in zs for t in ts]
    rows = [(z, t) for z, t in rows if fmt.is_finite(z)]
    return (
        np.array([r[0] for r in rows], dtype=fmt.uint),
        np.array([r[1] for r in rows], dtype=fmt.uint),
        tuple("x" for _ in rows),
    )
