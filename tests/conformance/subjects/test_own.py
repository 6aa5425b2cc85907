from __future__ import annotations

import stablelce
from stablelce.conformance.subjects import resolve
from tests.conformance.subjects.adapters import AdapterTests

SUBJECT = resolve("stablelce")


class TestStablelce(AdapterTests):
    subject = SUBJECT


def test_it_offers_every_public_function_and_the_weights() -> None:
    assert set(SUBJECT.functions) == {
        "loss",
        "gradient",
        "hessian",
        "loss_and_gradient",
        "sigmoid",
        "log_sigmoid",
        "softplus",
    }
    assert SUBJECT.keywords == {"weight", "pos_weight"}
    assert SUBJECT.version == stablelce.__version__
