from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional

from stablelce.conformance.subjects import resolve
from stablelce.formats import BFLOAT16
from tests.conformance.subjects.adapters import AdapterTests

SUBJECT = resolve("torch")


class TestPyTorch(AdapterTests):
    subject = SUBJECT

    @staticmethod
    def to_array(result: Any) -> Any:
        return result.detach().to(torch.float64).numpy()


def test_values_come_from_the_framework_unchanged() -> None:
    z, t = np.linspace(-40, 40, 81), np.tile([0.0, 1.0, 0.5], 27)
    direct = functional.binary_cross_entropy_with_logits(
        torch.from_numpy(z), torch.from_numpy(t), reduction="none"
    )
    assert np.array_equal(SUBJECT.functions["loss"](z, t), direct.numpy())


def test_every_bfloat16_encoding_crosses_unchanged() -> None:
    # relu is the identity on values above 0: what comes back is what went in, bit for bit.
    from stablelce.conformance.subjects import torch as adapter

    positive = np.arange(BFLOAT16.infinity + 1)
    there_and_back = adapter._of_logit(torch.relu)(BFLOAT16.array(positive))
    assert np.array_equal(BFLOAT16.encodings(there_and_back), positive)


def test_memory_is_shared_so_that_a_function_that_writes_is_seen() -> None:
    from stablelce.conformance.subjects import torch as adapter

    z = np.array([1.0, 2.0])
    adapter._of_logit(lambda tensor: tensor.neg_())(z)
    assert z.tolist() == [-1.0, -2.0]


def test_shapes_that_do_not_broadcast_are_refused() -> None:
    with pytest.raises(ValueError, match="broadcast"):
        SUBJECT.functions["loss"](np.zeros(2), np.zeros(3))
