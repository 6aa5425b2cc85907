"""placeholder while being written"""

from __future__ import annotations
from collections.abc import Callable
from stablelce.formats import Format


def simplest(
    fmt: Format, z: int, t: int, fails: Callable[[int, int], bool], *, use_target: bool = True
) -> tuple[int, int]:
    return z, t
