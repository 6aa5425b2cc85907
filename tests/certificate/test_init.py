"""The package's names: lazy, and only the balls need python-flint."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

from stablelce import certificate

WITHOUT_FLINT = "import sys; sys.modules['flint'] = None; import stablelce, stablelce.certificate as c;"


def run(program: str) -> str:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_weights_and_errors_need_no_flint() -> None:
    program = (
        WITHOUT_FLINT
        + "print(c.effective_weights([0, 1], None, 'balanced'), c.NoUniqueOptimumError.__name__)"
    )
    assert run(program) == "[1. 1.] NoUniqueOptimumError"


@pytest.mark.parametrize("name", ["stablelce.certify", "c.exact_optimum"])
def test_without_flint_one_sentence_says_what_to_install(name: str) -> None:
    program = WITHOUT_FLINT + f"\ntry: {name}\nexcept ImportError as e: print(e)"
    expected = name.replace("stablelce.", "stablelce.certificate.").replace("c.e", "stablelce.certificate.e")
    assert run(program) == f"{expected} needs the package python-flint: pip install 'stablelce[suite]'."


@pytest.mark.parametrize("name", certificate.__all__)
def test_every_public_name_is_there(name: str) -> None:
    pytest.importorskip("flint")
    assert getattr(certificate, name) is not None
    assert name in dir(certificate)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'certified'"):
        _ = certificate.certified


def test_another_missing_module_is_not_blamed_on_flint(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: str) -> object:
        raise ModuleNotFoundError(
            "No module named 'stablelce.certificate.point'", name="stablelce.certificate.point"
        )

    monkeypatch.delitem(vars(certificate), "Certificate", raising=False)
    monkeypatch.setattr(importlib, "import_module", broken)
    with pytest.raises(ModuleNotFoundError, match=r"stablelce\.certificate\.point"):
        _ = certificate.Certificate
