from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest

from stablelce.conformance.curve import BINS, bin_edges, curve
from stablelce.conformance.evaluation import Run
from stablelce.formats import BINARY32, BINARY64, FORMATS, Format
from tests.conformance.correct import fault, offering, subject


@pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: fmt.name)
def test_the_ranges_rise_and_cover_every_nonzero_tail(fmt: Format) -> None:
    edges = bin_edges(fmt)
    assert len(edges) == BINS + 1
    assert all(low < high for low, high in pairwise(edges))
    # exp(-z) rounds to 0 from (1 - quantum) log 2 on.
    assert -edges[0] > (1 - fmt.quantum) * math.log(2) < edges[-1]


def test_correct_rounding_stays_below_one_half() -> None:
    bins = curve(Run(subject(), BINARY32, "accurate"), "loss", 1, 0)
    assert len(bins) == BINS
    assert 0 < max(b.largest_error for b in bins) <= 0.5
    assert [(b.z_low, b.z_high) for b in bins] == list(
        zip(bin_edges(BINARY32), bin_edges(BINARY32)[1:], strict=False)
    )


def test_an_error_shows_in_its_own_ranges_whatever_the_target() -> None:
    judged = fault("gradient", lambda r, z, t: np.where((z > 9) & (t == 1), 0, r).astype(r.dtype))
    for b in curve(Run(judged, BINARY64, "accurate"), "gradient", 1, 0):
        if b.z_low > 9 and b.z_high < 700:
            assert b.largest_error > 1e15
        elif b.z_high < 9:
            assert b.largest_error <= 0.5


def test_a_subject_that_raises_has_no_curve() -> None:
    judged = offering({"loss": lambda _z, _t: None})
    assert curve(Run(judged, BINARY64, "accurate"), "loss", 1, 0) == ()
