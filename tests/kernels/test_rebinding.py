"""Kernels on other primitives."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from stablelce.kernels import pairs, plain, primitives
from stablelce.kernels.rebinding import files, rebind

FLOATS: dict[str, Callable[..., Any]] = {
    "to_index": int,
    "take": lambda column, index: float(column[index]),
    "select": lambda condition, a, b: a if condition else b,
    "absolute": abs,
}


def bits(value: float) -> bytes:
    return struct.pack("<d", value)


@pytest.mark.parametrize("module", [pairs, plain])
def test_python_floats_give_the_bits_of_arrays(module: ModuleType) -> None:
    name = module.__name__.rpartition(".")[2]
    source = random.Random(3)
    arguments = [source.uniform(0, 690) for _ in range(500)] + [
        2.0 ** source.uniform(-1070, 9) for _ in range(500)
    ]
    arrays = getattr(module, name)(np.array(arguments))
    on_floats = rebind(module, FLOATS)[name]
    for i, a in enumerate(arguments):
        results = on_floats(a)
        assert all(type(result) is float for result in results)
        assert list(map(bits, results)) == [bits(array[i]) for array in arrays]


def test_functions_of_other_kernel_modules_are_rebound_too() -> None:
    calls = []

    def to_index(a: float) -> int:
        calls.append(a)
        return int(a)

    # plain imports `reduced` from pairs, and only that calls to_index.
    rebind(plain, {**FLOATS, "to_index": to_index})["plain"](1.0)
    assert calls == [32.0]


def test_a_function_of_a_kernel_can_be_replaced_as_a_whole() -> None:
    namespace = rebind(plain, {**FLOATS, "reduced": lambda _: (32, 0.0)})
    assert namespace["plain"](5.0) == rebind(plain, FLOATS)["plain"](1.0)


def test_the_module_itself_stays_as_it_is() -> None:
    before = dict(vars(pairs))
    namespace = rebind(pairs, {"two_prod": lambda a, b: (a * b, 0.0)})
    assert vars(pairs) == before
    assert namespace["pairs"].__globals__ is namespace
    assert namespace["pairs"].__code__ is pairs.pairs.__code__
    assert namespace["fast_two_sum"] is primitives.fast_two_sum


def test_a_module_imported_whole_is_refused() -> None:
    module = ModuleType("stablelce.kernels.example")
    exec("from stablelce.kernels import pairs", vars(module))
    with pytest.raises(TypeError, match=r"example imports stablelce\.kernels\.pairs whole"):
        rebind(module, {})


def test_the_files_are_those_of_the_rebound_functions() -> None:
    assert [path.name for path in files(plain)] == ["pairs.py", "plain.py"]
    assert [path.name for path in files(pairs)] == ["pairs.py"]
