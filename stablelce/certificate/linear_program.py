"""A hint from a linear program: which rows can be on their own side strictly; needs SciPy, proves nothing."""

from __future__ import annotations

import numpy as np

from stablelce.certificate.problem import Floats

__all__ = ["separating_hint"]


def separating_hint(x: Floats, t: Floats) -> Floats | None:
    """A direction with as many rows as possible strictly on their own side; nothing without SciPy.

    ::

        maximise sum_i m_i   with   0 <= m_i <= 1,   (2t_i - 1) x_i.v >= m_i (hard),   x_i.v = 0 (soft)

    Directions that separate form a cone, so that at the maximum m_i is 1 for every row that some of them
    meets strictly, and 0 for the others: one program finds the border between the two.
    """
    try:
        from scipy import sparse
        from scipy.optimize import linprog
    except ImportError:
        return None
    hard = (t == 0) | (t == 1)
    n, soft, k = int(hard.sum()), int((~hard).sum()), x.shape[1]
    if not n:
        return None
    sides = np.where(t[hard] == 1, 1.0, -1.0)[:, None] * x[hard]
    result = linprog(
        np.concatenate([np.zeros(k), -np.ones(n)]),
        A_ub=sparse.hstack([sparse.csr_array(-sides), sparse.eye_array(n)], format="csr"),
        b_ub=np.zeros(n),
        A_eq=sparse.hstack([sparse.csr_array(x[~hard]), sparse.csr_array((soft, n))], format="csr"),
        b_eq=np.zeros(soft),
        bounds=[(None, None)] * k + [(0.0, 1.0)] * n,
        method="highs",
    )
    if result.x is None or result.fun is None or result.fun > -0.5:
        return None
    hint: Floats = result.x[:k]
    return hint
