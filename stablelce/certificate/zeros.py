"""Coefficients that are exactly 0: no enclosure can decide their sign, so they are proved another way.

An enclosure that holds 0 leaves open whether the coefficient is 0. Let J be the parameters in question and
suppose them 0: rows with the same other entries x_K, or with opposite ones, then share a logit, and as
L(z, t) = L(-z, 1-t) a row (x, t) may be replaced by (-x, 1-t), which makes the opposite ones equal. With the
classes c of rows of one x_K, their sigmoids y_c and rational sums over the class ::

    dG/dv_j = sum_c A_cj y_c - B_j,   A_cj = sum_{i in c} s_i x_ij,   B_j = sum_i s_i t_i x_ij      (j in J)
    dG/dv_k = sum_c A_ck y_c - B_k + p_k v_k                                                         (k in K)

At the optimum of the problem without J every dG/dv_k is 0. If, as vectors of rationals, (A_j, B_j) is a
combination of the (A_k, B_k) of parameters without a penalty, then dG/dv_j is 0 there too. If this holds for
all of J, that optimum with v_J = 0 is the optimum of the whole problem.

This covers what symmetric data bring: columns whose sign may be flipped, targets that may be flipped, groups
with equal odds, columns of zeros or of constants under a penalty. It is no complete test.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from stablelce.certificate.null_space import null_space
from stablelce.certificate.problem import Problem

__all__ = ["are_zero"]

Sums = dict[tuple[int, ...], list[Fraction]]


def are_zero(problem: Problem, suspects: Sequence[int]) -> bool:
    """Whether it is proved that these parameters of the unique optimum are all exactly 0."""
    rest = [j for j in range(problem.size) if j not in set(suspects)]
    sums, targets = _sums_over_classes(problem, rest)
    vectors = [[sums[c][j] for c in sums] + [targets[j]] for j in range(problem.size)]
    span = [vectors[k] for k in rest if not problem.penalties[k]]
    return all(_is_combination(vectors[j], span) for j in suspects)


def _sums_over_classes(problem: Problem, rest: list[int]) -> tuple[Sums, list[Fraction]]:
    """A_cj for every class and parameter, and B_j."""
    # Integer columns are the data times a power of two per column, which changes no combination's existence.
    rows = problem.integer_columns()
    sums: Sums = {}
    targets = [Fraction(0)] * problem.size
    for row, t, s in zip(rows.tolist(), problem.t.tolist(), problem.s.tolist(), strict=True):
        key, sign, target = tuple(row[k] for k in rest), 1, Fraction(t)
        if next((v for v in key if v), 0) < 0:
            key, sign, target = tuple(-v for v in key), -1, 1 - target
        weight = Fraction(s) * sign
        total = sums.setdefault(key, [Fraction(0)] * problem.size)
        for j, value in enumerate(row):
            if value:
                total[j] += weight * value
                targets[j] += weight * value * target
    half = tuple(0 for _ in rest)
    # Rows without any other entry have the logit 0 and the sigmoid 1/2: a constant.
    if half in sums:
        constant = sums.pop(half)
        targets = [b - a / 2 for a, b in zip(constant, targets, strict=True)]
    return sums, targets


def _is_combination(vector: list[Fraction], span: list[list[Fraction]]) -> bool:
    """Whether a vector of rationals is a linear combination of others."""
    if not any(vector):
        return True
    if not span:
        return False
    rows = []
    for entries in zip(*span, vector, strict=True):
        common = int(np.lcm.reduce(np.array([entry.denominator for entry in entries], dtype=object)))
        rows.append([int(entry * common) for entry in entries])
    basis = null_space(np.array(rows, dtype=object))
    # A relation that involves the vector: its last entry is not 0.
    return any(basis[-1, i] for i in range(basis.shape[1]))
