"""The package: light to import, its names re-exported lazily."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys

import pytest

import stablelce


def fresh(program: str) -> str:
    """What a new interpreter prints."""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return run.stdout.strip()


def test_importing_the_package_loads_no_third_party_module_but_numpy() -> None:
    program = (
        "import sys; before = set(sys.modules); import stablelce; stablelce.loss;"
        "new = {name.partition('.')[0] for name in set(sys.modules) - before};"
        "import json; print(json.dumps(sorted(new - set(sys.stdlib_module_names))))"
    )
    # _-names are the accelerators of NumPy and of the standard library on this platform.
    loaded = [name for name in json.loads(fresh(program)) if not name.startswith("_")]
    assert loaded == ["numpy", "stablelce"]


def test_the_suite_is_loaded_only_when_asked_for() -> None:
    program = "import sys, stablelce; stablelce.loss(0, 1); print('stablelce.conformance' in sys.modules)"
    assert fresh(program) == "False"


@pytest.mark.parametrize("name", sorted(set(stablelce.__all__) - {"audit", "certify"}))
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(stablelce, name) is not None
    assert name in dir(stablelce)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'cost'"):
        _ = stablelce.cost


def test_audit_without_its_extra_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(_: str) -> object:
        raise ModuleNotFoundError("No module named 'pydantic'", name="pydantic")

    monkeypatch.delitem(vars(stablelce), "audit", raising=False)
    monkeypatch.setattr(importlib, "import_module", absent)
    with pytest.raises(ImportError, match=r"needs the package pydantic: pip install 'stablelce\[suite\]'"):
        _ = stablelce.audit


def test_a_broken_module_of_our_own_is_not_blamed_on_an_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: str) -> object:
        raise ModuleNotFoundError("No module named 'stablelce.conformance'", name="stablelce.conformance")

    monkeypatch.delitem(vars(stablelce), "audit", raising=False)
    monkeypatch.setattr(importlib, "import_module", broken)
    with pytest.raises(ModuleNotFoundError, match=r"stablelce\.conformance"):
        _ = stablelce.audit
