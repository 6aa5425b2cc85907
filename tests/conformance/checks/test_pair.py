"""The pair of results beside loss and gradient alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from stablelce.conformance.checks.pair import PAIR, SCREENED
from stablelce.conformance.evaluation import Run
from stablelce.conformance.faults.planting import right
from stablelce.conformance.screening import logits
from stablelce.conformance.subjects.base import Subject
from stablelce.formats import BFLOAT16, BINARY16, BINARY32, FORMATS, Format

_loss = right("loss")


@pytest.mark.parametrize("fmt", [BINARY16, BFLOAT16], ids=lambda fmt: fmt.name)
@pytest.mark.parametrize("target", [0, 1])
def test_a_pair_that_is_wrong_at_one_encoding_is_found(fmt: Format, target: int) -> None:
    logit = fmt.array([0x4123])[0]

    def both(z: Any, t: Any) -> Any:
        loss = np.asarray(_loss(z, t))
        wrong = np.where((z == logit) & (t == target), loss * z.dtype.type(1.125), loss)
        return wrong.astype(z.dtype)[()], right("gradient")(z, t)

    functions = {"loss": _loss, "gradient": right("gradient"), "loss_and_gradient": both}
    run = Run(Subject("test", functions), fmt, "accurate")
    result = PAIR.judge(run, "loss")
    assert (result.status, result.mode) == ("failed", "pair disagrees")
    assert result.point is not None
    assert result.point[0] == 0x4123
    assert PAIR.judge(run, "gradient").status == "passed"


def both_ways(loss_and_gradient: Any, fmt: Format, *, allow_ftz: bool = False) -> Run:
    functions = {"loss": _loss, "gradient": right("gradient"), "loss_and_gradient": loss_and_gradient}
    return Run(Subject("test", functions), fmt, "accurate", allow_ftz)


@pytest.mark.parametrize("place", [-1, 150])
def test_a_pair_that_writes_to_long_arrays_only_is_found_where_it_writes(place: int) -> None:
    def both(z: Any, t: Any) -> Any:
        result = _loss(z, t), right("gradient")(z, t)
        if z.size > 1000:
            z[place] = 5
        return result

    run = both_ways(both, BINARY32)
    for quantity in ("loss", "gradient"):
        result = PAIR.judge(run, quantity)
        assert (result.status, result.mode) == ("failed", "input mutated")
        assert result.point is not None
        points = logits(BINARY32, SCREENED, 0)
        assert result.point == (int(points[place]), 0)


@pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: fmt.name)
@pytest.mark.parametrize("allowed", [True, False])
def test_a_pair_may_flush_subnormals_where_that_is_allowed(fmt: Format, allowed: bool) -> None:
    def both(z: Any, t: Any) -> Any:
        smallest = fmt.array([fmt.min_normal])[0]
        found = (np.asarray(_loss(z, t)), np.asarray(right("gradient")(z, t)))
        return tuple(np.where(np.abs(a) < smallest, a * 0, a).astype(z.dtype)[()] for a in found)

    for quantity in ("loss", "gradient"):
        result = PAIR.judge(both_ways(both, fmt, allow_ftz=allowed), quantity)
        assert result.status == ("passed" if allowed else "failed")
