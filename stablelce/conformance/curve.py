"""The largest error in each of many narrow ranges of the logit: what the plots of the report show."""

from __future__ import annotations

import math

import numpy as np

from stablelce.conformance.checks.accuracy import expect
from stablelce.conformance.evaluation import Run, SubjectProblem
from stablelce.conformance.results import CurveBin
from stablelce.formats import Format, UIntArray

__all__ = ["bin_edges", "curve"]

BINS = 160
"""Ranges of z, equally wide in asinh(z): fine around 0, coarse in the tails."""


def bin_edges(fmt: Format) -> list[float]:
    """Edges from beyond the last nonzero exp(-|z|) on one side to the same on the other."""
    reach = math.asinh((4 - fmt.quantum) * math.log(2.0))
    return [math.sinh(-reach + 2 * reach * i / BINS) for i in range(BINS + 1)]


def curve(run: Run, quantity: str, samples: int, seed: int) -> tuple[CurveBin, ...]:
    """The largest error over ``samples`` logits per range, each with both hard targets."""
    fmt = run.fmt
    edges = np.array(bin_edges(fmt))
    rng = np.random.default_rng(seed)
    inside = edges[:-1, None] + np.diff(edges)[:, None] * rng.random((BINS, samples))
    z = fmt.encodings(inside.astype(fmt.dtype)).ravel()
    worst = np.zeros(BINS)
    for target in (0.0, 1.0):
        t: UIntArray = fmt.encodings(np.full(z.shape, target, dtype=fmt.dtype))
        try:
            got = run.elementwise(quantity, z, t)
        except SubjectProblem:
            return ()
        errors = expect(fmt, quantity, z, t).errors(got).reshape(BINS, samples)
        worst = np.maximum(worst, errors.max(axis=1))
    return tuple(
        CurveBin(z_low=float(edges[i]), z_high=float(edges[i + 1]), largest_error=float(worst[i]))
        for i in range(BINS)
    )
