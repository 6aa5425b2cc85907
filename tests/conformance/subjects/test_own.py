from __future__ import annotations

import stablelce
from stablelce.conformance.subjects import resolve
from tests.conformance.subjects.adapters import (
    assert_expressions_reproduce,
    assert_right_function_is_called,
    assert_shapes_are_kept,
)

SUBJECT = resolve("stablelce")


def test_each_quantity_is_the_function_its_name_says() -> None:
    assert_right_function_is_called(SUBJECT)


def test_arrays_of_every_shape_and_layout_are_passed_on() -> None:
    assert_shapes_are_kept(SUBJECT)


def test_reproducers_give_what_the_adapter_gives() -> None:
    assert_expressions_reproduce(SUBJECT)


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
