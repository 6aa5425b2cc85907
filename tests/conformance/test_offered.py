"""What a subject offers is what it declares, or what a benign array shows; verdicts are in test_runner.py."""

from __future__ import annotations

from typing import Any

import numpy as np

from stablelce.conformance.offered import offered_formats, offered_quantities
from stablelce.formats import BINARY16, BINARY32, BINARY64
from tests.conformance.correct import function, offering


def test_a_pair_offers_both_of_its_quantities() -> None:
    pair = offering({"loss_and_gradient": function("loss_and_gradient"), "sigmoid": function("sigmoid")})
    assert offered_quantities(pair) == ("loss", "gradient", "sigmoid")
    assert offered_quantities(pair, BINARY16) == ("loss", "gradient", "sigmoid")


def test_formats_are_those_declared_and_wanted_in_the_order_of_the_contract() -> None:
    declared = offering({"loss": function("loss")}, formats=("float64", "float16"))
    assert offered_formats(declared, None) == [BINARY16, BINARY64]
    assert offered_formats(declared, [BINARY64, BINARY32]) == [BINARY64]


def test_formats_not_declared_are_those_that_come_back() -> None:
    def single(z: Any, t: Any) -> Any:
        return np.asarray(z, dtype=np.float32) * np.asarray(t, dtype=np.float32)

    assert offered_formats(offering({"loss": single}, formats=None), None) == [BINARY32]


def test_what_never_answers_is_judged_in_binary64() -> None:
    def useless(_z: Any, _t: Any) -> Any:
        raise RuntimeError

    judged = offering({"loss": useless}, formats=None)
    assert offered_formats(judged, None) == [BINARY64]
    assert offered_formats(judged, [BINARY32]) == []
