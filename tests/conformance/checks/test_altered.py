"""What a call alters in another process is told with the function that did it, and an input that does."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest

from stablelce.conformance.checks.environment import ENVIRONMENT
from stablelce.conformance.evaluation import Run
from stablelce.conformance.judging import Finding
from stablelce.conformance.subjects.base import Deed
from stablelce.formats import BINARY64
from tests.conformance.correct import function, subject


@dataclass
class Watched:
    """A stand-in for a process: calls with a logit above 100 alter what ``texts`` says."""

    texts: tuple[str, ...]
    quantity: str
    seen: list[Deed] = field(default_factory=list)

    def call(self, z: Any, t: Any) -> Any:
        if (z > 100).any():
            self.seen += [
                Deed(text, self.quantity, z.dtype.name, (BINARY64.encodings(z), BINARY64.encodings(t)))
                for text in self.texts
            ]
        return function(self.quantity)(z, t)

    def observed(self, *starts: str) -> tuple[Deed, ...]:
        found = tuple(deed for deed in self.seen if deed.text.startswith(starts))
        self.seen = [deed for deed in self.seen if deed not in found]
        return found

    def renew(self) -> None:
        self.seen.clear()

    def resident(self) -> None:
        return None


def judged(process: Watched, quantity: str, *called: tuple[float, float]) -> Finding:
    functions = {"loss": function("loss"), "gradient": function("gradient"), process.quantity: process.call}
    one = replace(subject(functions), process=process)
    z, t = (np.array(column) for column in zip(*called, strict=True))
    process.call(z, t)
    return ENVIRONMENT.judge(Run(one, BINARY64, "accurate"), quantity)


@pytest.mark.parametrize(
    ("text", "mode"),
    [
        ("altered rounding to nearest", "floating-point state altered"),
        ("altered rand()", "random state altered"),
    ],
)
def test_the_input_that_alters_is_named(text: str, mode: str) -> None:
    found = judged(Watched((text,), "loss"), "loss", (1.0, 0.5), (200.0, 0.25), (-3.0, 1.0))
    assert (found.status, found.mode) == ("failed", mode)
    assert found.message == f"a call of loss (float64) in its process {text}"
    assert found.point is not None
    z, t = (float(BINARY64.to_fraction(one)) for one in found.point)
    assert z > 100
    assert 0 <= t <= 1


def test_what_another_function_altered_is_said_to_be_its_doing() -> None:
    texts = ("altered rand()", "altered subnormal results")
    found = judged(Watched(texts, "gradient"), "loss", (200.0, 0.25))
    assert found.mode == "floating-point state altered"
    assert found.message == f"a call of gradient (float64) in its process {texts[0]}, {texts[1]}"
    assert found.point is None


def test_what_loading_altered_is_told_apart_from_calls() -> None:
    found = judged(Watched(("loading it altered rounding to nearest",), "loss"), "loss", (200.0, 0.25))
    assert found.message == "loading it altered rounding to nearest"
    assert found.point is None
