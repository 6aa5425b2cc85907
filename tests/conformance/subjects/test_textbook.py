from __future__ import annotations

import pytest

from stablelce.conformance.subjects import Subject, resolve
from tests.conformance.subjects.adapters import (
    assert_expressions_reproduce,
    assert_right_function_is_called,
    assert_shapes_are_kept,
)

SUBJECTS = [resolve(f"numpy:{form}") for form in ("naive", "logaddexp", "fused")]

forms = pytest.mark.parametrize("subject", SUBJECTS, ids=lambda subject: subject.name)


@forms
def test_each_quantity_is_the_function_its_name_says(subject: Subject) -> None:
    assert_right_function_is_called(subject)


@forms
def test_arrays_of_every_shape_and_layout_are_passed_on(subject: Subject) -> None:
    assert_shapes_are_kept(subject)


@forms
def test_reproducers_give_what_the_adapter_gives(subject: Subject) -> None:
    assert_expressions_reproduce(subject)
