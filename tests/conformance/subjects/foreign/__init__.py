"""Planted misdeeds: a library and a program that are right but for one thing."""

from __future__ import annotations

import functools
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

__all__ = ["COMPILER", "needs_compiler", "planted_library", "planted_program"]

HERE = Path(__file__).parent
COMPILER = shutil.which("cc") or shutil.which("gcc")

needs_compiler = pytest.mark.skipif(COMPILER is None, reason="there is no C compiler (cc or gcc)")


@functools.cache
def _built() -> tempfile.TemporaryDirectory[str]:
    folder = tempfile.TemporaryDirectory()
    flags = ["-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o", f"{folder.name}/libfaulty.so"]
    subprocess.run([str(COMPILER), *flags, str(HERE / "faulty.c"), "-lm"], check=True)
    return folder


def planted_library() -> str:
    """The path of the library made of faulty.c."""
    return f"{_built().name}/libfaulty.so"


def planted_program(misdeed: str, *flags: str) -> str:
    """The subject's string of program.py with one misdeed."""
    return f"cmd:{sys.executable} {HERE / 'program.py'} '{misdeed}' {' '.join(flags)}".rstrip()
