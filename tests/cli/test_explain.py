from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from stablelce import oracle, textbook
from stablelce.cli.app import application
from stablelce.cli.explain import DIGITS, explanation
from stablelce.formats import BINARY64, FORMATS, Format
from stablelce.ulp import ulp_error


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(application, ["explain", *arguments])


def words(output: str) -> list[str]:
    return output.split()


def encoding(x: float) -> int:
    return int(np.float64(x).view(np.uint64))


def test_each_form_is_shown_with_its_result_bits_and_error() -> None:
    result = invoke("--z", "40", "--t", "1")
    assert result.exit_code == 0
    for quantity, function in (("loss", textbook.fused_loss), ("gradient", textbook.fused_gradient)):
        exact = oracle.exact(quantity, 40, 1, BINARY64)
        assert f"{quantity} in float64, exactly {exact.digits(DIGITS)}" in result.output
        got = int(BINARY64.encodings(function(np.array([40.0]), np.array([1.0])))[0])
        assert f"0x{got:016x}" in words(result.output)
        assert f"{exact.error(got):.2f}" in words(result.output)
    assert [word for word in words(result.output) if word in ("naive", "logaddexp", "fused", "exact")] == [
        "naive",
        "logaddexp",
        "fused",
        "exact",
    ] * 2


def test_80_columns_are_enough_and_no_colour_is_piped() -> None:
    result = invoke("--z", "-7.123456789e-300", "--t", "0.123456789")
    assert result.exit_code == 0
    assert max(map(len, result.output.splitlines())) <= 80
    assert "\x1b" not in result.output


def test_rounding_of_an_input_is_said() -> None:
    output = invoke("--z", "0.1", "--t", "0.5", "--dtype", "float16").output
    assert "z = 0.1 is no float16 number; 0.0999755859375 is used." in output
    assert "t = 0.5" not in output


def test_overflow_of_an_input_is_said() -> None:
    assert (
        "z = 1e5 is no float16 number; inf is used."
        in invoke("--z", "1e5", "--t", "1", "--dtype", "binary16").output
    )


@pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: fmt.name)
def test_every_format_is_explained(fmt: Format) -> None:
    result = invoke("--z", "3", "--t", "0", "--dtype", fmt.dtype_name)
    assert result.exit_code == 0
    assert f"gradient in {fmt.dtype_name}, exactly" in result.output


@given(st.floats(allow_nan=False, allow_infinity=False), st.floats(0, 1))
def test_errors_are_those_of_the_oracle(z: float, t: float) -> None:
    for quantity in ("loss", "gradient"):
        exact = oracle.exact(quantity, z, t, BINARY64)
        found = explanation(quantity, encoding(z), encoding(t), BINARY64)
        assert [row.form for row in found.rows] == ["naive", "logaddexp", "fused", "stablelce", "exact"]
        assert found.rows[-1].value.bits == f"0x{exact.encoding:016x}"
        for row in found.rows:
            assert row.error == exact.error(int(row.value.bits, 16))


@pytest.mark.parametrize(
    ("quantity", "z", "t", "limit"),
    [
        ("loss", math.inf, 1.0, 0.0),
        ("loss", math.inf, 0.25, math.inf),
        ("loss", -math.inf, 0.0, 0.0),
        ("loss", -math.inf, 1.0, math.inf),
        ("gradient", math.inf, 0.25, 0.75),
        ("gradient", math.inf, 1.0, -0.0),
        ("gradient", math.inf, 0.0, 1.0),
        ("gradient", -math.inf, 0.25, -0.25),
        ("gradient", -math.inf, 0.0, 0.0),
        ("loss", math.nan, 0.5, math.nan),
        ("gradient", 1.0, math.nan, math.nan),
    ],
)
def test_where_no_real_value_exists_the_limit_is_shown(
    quantity: str, z: float, t: float, limit: float
) -> None:
    last = explanation(quantity, encoding(z), encoding(t), BINARY64).rows[-1]
    assert int(last.value.bits, 16) == encoding(limit)
    assert last.error == 0
    wrong = BINARY64.infinity | BINARY64.sign_bit
    assert ulp_error(wrong, limit, BINARY64) == math.inf


def test_json_holds_what_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "out.json"
    assert invoke("--z", "40", "--t", "1", "--json", str(path)).exit_code == 0
    found = json.loads(path.read_text(encoding="utf-8"))
    exact = oracle.exact("loss", 40, 1, BINARY64)
    assert found["quantities"]["loss"]["exact"] == exact.digits(DIGITS)
    assert found["quantities"]["loss"]["forms"]["naive"]["ulp_error"] == "inf"
    assert found["z"]["hex"] == (40.0).hex()
    assert found["dtype"] == "float64"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--z", "1", "--t", "1.5"), "--t 1.5 lies outside [0, 1]"),
        (("--z", "1", "--t", "-1e-400"), "lies outside [0, 1]"),
        (("--z", "abc", "--t", "1"), "'abc' is not a number"),
        (("--z", "1", "--t", "1", "--dtype", "float8"), "unknown format 'float8'"),
        (("--t", "1"), "Missing option '--z'"),
        (("--z", "1", "--t", "1", "--json", "no/such/folder/x.json"), "there is no folder 'no/such/folder'"),
    ],
)
def test_bad_input_is_a_usage_error(arguments: tuple[str, ...], said: str) -> None:
    result = invoke(*arguments)
    assert result.exit_code == 2
    assert said in result.output
