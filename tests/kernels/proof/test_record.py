"""What a proof leaves behind."""

from __future__ import annotations

import hashlib
import json
from fractions import Fraction
from pathlib import Path

import stablelce
from stablelce.kernels import longer_table, table
from stablelce.kernels.proof.cells import CellBound
from stablelce.kernels.proof.longer import Bounds
from stablelce.kernels.proof.record import sources, table_sha256, write
from stablelce.kernels.proof.summary import summary

PACKAGE = Path(stablelce.__file__).parent


def test_the_sources_are_the_kernels_the_table_and_the_engine() -> None:
    names = set(sources())
    assert {f"kernels/{name}.py" for name in ("pairs", "plain", "primitives", "rebinding")} <= names
    assert {
        f"kernels/{name}.py" for name in ("table", "table_layout", "longer_limbs", "longer_table")
    } <= names
    engine = {path.relative_to(PACKAGE).as_posix() for path in (PACKAGE / "kernels/proof").glob("*.py")}
    assert engine <= names
    for name, digest in sources().items():
        assert hashlib.sha256((PACKAGE / name).read_bytes()).hexdigest() == digest


def test_the_table_is_the_one_that_is_shipped() -> None:
    assert table_sha256() == table.SHA256


def test_the_record_says_what_was_proved_of_what(tmp_path: Path) -> None:
    found = list(summary("pairs", [CellBound(k, 2.0**-70.5, 2.0**-71) for k in range(33)]))
    limbs = Bounds(Fraction(1, 2**146), Fraction(1, 2**147), Fraction(1, 2**144))
    path = write(tmp_path / "proof", "the command", (0, 32), found, limbs)
    record = json.loads(path.read_text(encoding="utf-8"))
    assert path.name == "proof.json"
    assert record["command"] == "the command"
    assert record["cells"] == [0, 32]
    assert record["table_sha256"] == table.SHA256
    assert record["sources"] == sources()
    assert record["longer_limbs"]["product"] == {"bound": 2.0**-144, "log2_bound": -143.99}
    assert record["longer_table_sha256"] == longer_table.SHA256
    assert set(record["versions"]) == {"python", "numpy", "FLINT", "python-flint"}
    by_range = {(b["quantity"], b["first"], b["last"]): b for b in record["bounds"]}
    assert by_range["softplus", 0, 1]["complete"]
    assert by_range["softplus", 0, 1]["bound"] == 2.0**-70.5
    assert by_range["softplus", 0, 1]["log2_bound"] == -70.49
    assert not by_range["softplus", 0, 690]["complete"]
