"""The probes of what the proofs assume: quiet on this machine, loud on a faulty one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from stablelce.formats import BINARY32, BINARY64, Format
from stablelce.kernels import numpy_engine, primitives, selfcheck
from stablelce.kernels.selfcheck import WrongArithmeticError, check_arithmetic, check_loops


@pytest.fixture(autouse=True)
def anew() -> None:
    check_arithmetic.cache_clear()


def test_this_machine_passes() -> None:
    check_arithmetic()
    for fmt in (BINARY32, BINARY64):
        with np.errstate(all="ignore"):
            check_loops(numpy_engine.evaluate, fmt)


class Wide(np.ndarray[Any, Any]):
    """Sums that keep what binary64 would round away."""

    def __add__(self, other: Any) -> Any:
        return np.longdouble(np.asarray(self)) + np.longdouble(np.asarray(other))


def test_wider_intermediate_results_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    class Probes:
        def __getattr__(self, name: str) -> Any:
            return getattr(np, name)

        @staticmethod
        def ones(count: int) -> Any:
            return np.ones(count).view(Wide)

    monkeypatch.setattr(selfcheck, "np", Probes())
    if np.finfo(np.longdouble).nmant > 52:
        with pytest.raises(WrongArithmeticError, match=r"not rounded to nearest|wider than binary64"):
            check_arithmetic()
    else:
        check_arithmetic()


@pytest.mark.parametrize("name", ["two_prod", "two_sum"])
def test_an_operation_that_is_not_error_free_is_noticed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    right = getattr(primitives, name)
    monkeypatch.setattr(primitives, name, lambda a, b: (right(a, b)[0], np.zeros_like(a)))
    with pytest.raises(WrongArithmeticError, match=f"{name} is not error-free in this process, so results"):
        check_arithmetic()


@pytest.mark.parametrize("fmt", [BINARY32, BINARY64], ids=lambda fmt: fmt.name)
@pytest.mark.parametrize("quantity", ["loss", "gradient", "hessian"])
def test_one_wrong_bit_of_a_loop_is_noticed(fmt: Format, quantity: str) -> None:
    def evaluate(outs: dict[str, Any], z: Any, t: Any) -> None:
        with np.errstate(all="ignore"):
            numpy_engine.evaluate(outs, z, t)
        outs[quantity].view(fmt.uint)[17] ^= 1

    with pytest.raises(WrongArithmeticError, match=f"compiled code gives wrong {quantity} values"):
        check_loops(evaluate, fmt)


def test_loops_that_are_wrong_for_two_quantities_only_are_noticed() -> None:
    def evaluate(outs: dict[str, Any], z: Any, t: Any) -> None:
        numpy_engine.evaluate(outs, z, t)
        if len(outs) == 2:
            outs["gradient"].view(BINARY32.uint)[5] ^= 1

    with np.errstate(all="ignore"), pytest.raises(WrongArithmeticError, match="wrong gradient values"):
        check_loops(evaluate, BINARY32)
