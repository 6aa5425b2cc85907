"""From a failed check to a script of a few lines that shows it without this package.

A script imports the framework (and NumPy), computes one result, prints what it got, what it should have got
and the error in ulps, and exits with 1 as long as the failure is there, 0 once it is mended. `points` writes
those for checks that judge points, `limits`, `places` and `calls` those for checks that judge calls.
"""

from __future__ import annotations

from collections.abc import Callable

from stablelce.conformance.evaluation import Run, SubjectProblem
from stablelce.conformance.judging import Finding
from stablelce.conformance.reproducers.calls import (
    environment_script,
    mutation_script,
    noise_script,
    raising_script,
)
from stablelce.conformance.reproducers.limits import limit_script, pair_script, weights_script
from stablelce.conformance.reproducers.places import layouts_script, places_script, shapes_script
from stablelce.conformance.reproducers.points import Batch, Point, point_script
from stablelce.conformance.reproducers.script import expression

__all__ = ["Batch", "Point", "array_script", "noise_script", "point_script", "raising_script"]

_SCRIPTS: dict[str, Callable[[Run, str, str, Finding], str]] = {
    "pair": pair_script,
    "infinite logits, hard targets": limit_script,
    "infinite logits, soft targets": limit_script,
    "signs of zeros at infinity": limit_script,
    "NaN": limit_script,
    "shapes": shapes_script,
    "layouts": layouts_script,
    "lanes": places_script,
    "inputs unchanged": mutation_script,
    "environment": environment_script,
    "weights": weights_script,
}

_NO_ARRAY = ("raised", "no array", "wrong shape", "wrong dtype")


def array_script(run: Run, check: str, quantity: str, finding: Finding) -> str:
    """The script for a check of calls that failed as told; empty where the subject has no expression."""
    if expression(run, quantity) is None:
        return ""
    if (check, finding.mode) == ("pair", "input mutated"):
        return mutation_script(run, check, quantity, finding)
    if finding.mode in _NO_ARRAY:
        return raising_script(run, check, quantity, SubjectProblem(finding.mode, finding.message))
    return _SCRIPTS[check](run, check, quantity, finding) if check in _SCRIPTS else ""
