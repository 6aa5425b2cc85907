from __future__ import annotations

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from stablelce.cli.options import InputError, json_option, tier_option, to_format, to_formats, write_text
from stablelce.conformance.points import TIERS
from stablelce.formats import FORMATS, Format


@click.command()
@tier_option("smoke")
@click.option("--one", callback=to_format, default="float64")
@click.option("--many", callback=to_formats, multiple=True)
@json_option
def command(tier: str, one: Format, many: tuple[Format, ...], json_file: Path | None) -> None:
    click.echo(f"{tier} {one.name} {[fmt.name for fmt in many]} {json_file}")


def invoke(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(command, arguments)
    return result.exit_code, result.output


def test_what_is_not_given_has_its_default() -> None:
    assert invoke() == (0, "smoke binary64 [] None\n")


@pytest.mark.parametrize("tier", TIERS)
def test_every_tier_is_a_choice(tier: str) -> None:
    assert invoke("--tier", tier)[1].startswith(tier)


@pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: fmt.name)
def test_a_format_goes_by_both_of_its_names(fmt: Format) -> None:
    assert invoke("--many", fmt.name, "--many", fmt.dtype_name)[1] == (
        f"smoke binary64 {[fmt.name, fmt.name]} None\n"
    )


def test_an_unknown_format_is_refused_with_the_known_ones() -> None:
    status, output = invoke("--many", "float8")
    assert status == 2
    assert all(fmt.dtype_name in output for fmt in FORMATS)


def test_a_file_that_cannot_be_written_is_refused_before_the_work(tmp_path: Path) -> None:
    assert invoke("--json", str(tmp_path / "x.json"))[0] == 0
    for bad in (tmp_path / "no" / "x.json", tmp_path):
        status, output = invoke("--json", str(bad))
        assert status == 2
        assert "Invalid value for '--json'" in output


def test_text_is_written_as_utf_8(tmp_path: Path) -> None:
    write_text(tmp_path / "x", "é\n")
    assert (tmp_path / "x").read_bytes() == "é\n".encode()


def test_what_the_system_refuses_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot write .*: Is a directory") as caught:
        write_text(tmp_path, "x")
    assert caught.value.exit_code == 2
