"""The Rust example, built as its comment says, is certified by either encoding."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from stablelce.conformance.runner import audit
from tests.examples.text import audit_with_less_text

SOURCE = Path(__file__).parent / "rust" / "stable.rs"


def compiles() -> bool:
    """Whether there is a compiler: rustup leaves a rustc that has none until a toolchain is chosen."""
    found = shutil.which("rustc")
    if found is None:
        return False
    return subprocess.run([found, "--version"], check=False, capture_output=True).returncode == 0


pytestmark = [
    pytest.mark.bulk,
    pytest.mark.skipif(not compiles(), reason="there is no Rust compiler (rustc --version fails)"),
]


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    built = tmp_path_factory.mktemp("rust") / "stable"
    subprocess.run(["rustc", "-O", "-D", "warnings", "-o", str(built), str(SOURCE)], check=True)
    return built


@pytest.mark.parametrize("encoding", ["binary", "text"])
def test_the_example_is_certified_as_accurate(program: Path, encoding: str) -> None:
    if encoding == "binary":
        result = audit(f"cmd:{program}", tier="smoke")
    else:
        result = audit_with_less_text(f"cmd:{program} --text")
    assert result.failed == ()
    assert result.version == "example 1.0"
    assert result.offered == {"float64": ("loss", "gradient")}
    assert result.profiles == {"float64": "accurate"}
