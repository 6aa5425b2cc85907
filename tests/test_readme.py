"""The README does as it says: commands, example, links, numbers."""

from __future__ import annotations

import re
from pathlib import Path

import mpmath
import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = [line for line in README.splitlines() if line.startswith("python3 -m venv ")]


def test_there_are_two_set_up_commands_each_with_a_virtual_environment_of_its_own() -> None:
    environments = [line.split()[3] for line in COMMANDS]
    assert environments == [".venv-report", ".venv-test"]
    for line, environment in zip(COMMANDS, environments, strict=True):
        create, install, use = line.split(" && ")
        assert create == f"python3 -m venv {environment}"
        assert install.startswith(f"{environment}/bin/pip install ")
        assert use.startswith(f"{environment}/bin/")


def test_continuous_integration_takes_the_test_command_from_here() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    match = re.search(r"grep -m 1 '([^']*)' README\.md", script)
    assert match is not None
    pattern = re.compile(match.group(1))
    assert [line for line in README.splitlines() if pattern.match(line)] == [COMMANDS[1]]


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\(([^)#]+)\)", README))))
def test_links_lead_somewhere(target: str) -> None:
    assert (ROOT / target).exists()


def test_the_exact_value_at_40_is_the_one_shown() -> None:
    with mpmath.workprec(200):
        loss = mpmath.log1p(mpmath.exp(-40))
        gradient = -1 / (1 + mpmath.exp(40))
    assert f"(exact: {float(loss):.3e})" in README
    assert f"(exact: {float(gradient):.3e})" in README


def test_the_accuracy_table_has_its_markers() -> None:
    assert README.count("<!-- accuracy:begin -->\n") == README.count("<!-- accuracy:end -->\n") == 1
    assert README.index("accuracy:begin") < README.index("accuracy:end")
