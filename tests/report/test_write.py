from __future__ import annotations

import sys
from pathlib import Path

import pytest

from stablelce.conformance.results import Record
from stablelce.report import write_report
from tests.report import records

QUANTITIES = ("loss", "gradient")


def test_the_files_named_are_the_files_written(tmp_path: Path) -> None:
    written = write_report(records.record("scipy"), tmp_path / "new" / "reports")
    found = [path for path in (tmp_path / "new" / "reports").rglob("*") if path.is_file()]
    assert sorted(written) == sorted(found)
    names = [path.relative_to(tmp_path / "new" / "reports").as_posix() for path in written]
    plots = [f"plots/{quantity}-{fmt}.svg" for quantity in QUANTITIES for fmt in ("float32", "float64")]
    assert names == ["index.html", "README.md", "accuracy.json", *plots]


def test_the_record_written_reads_back_as_the_same_record(tmp_path: Path) -> None:
    record = records.record("numpy:naive")
    write_report(record, tmp_path)
    assert Record.model_validate_json((tmp_path / "accuracy.json").read_text(encoding="utf-8")) == record


def test_the_same_record_gives_the_same_bytes(tmp_path: Path) -> None:
    record = records.record("sklearn")
    first, second = (write_report(record, tmp_path / name) for name in ("first", "second"))
    for one, other in zip(first, second, strict=True):
        assert one.read_bytes() == other.read_bytes()


def test_plots_of_an_earlier_report_are_removed_and_other_files_kept(tmp_path: Path) -> None:
    write_report(records.record("numpy:logaddexp"), tmp_path)
    (tmp_path / "plots" / "notes.txt").write_text("mine", encoding="utf-8")
    write_report(records.record("scipy"), tmp_path)
    assert not (tmp_path / "plots" / "loss-float16.svg").exists()
    assert (tmp_path / "plots" / "loss-float64.svg").exists()
    assert (tmp_path / "plots" / "notes.txt").exists()


def test_every_plot_that_the_markdown_links_is_there(tmp_path: Path) -> None:
    write_report(records.record("scipy"), tmp_path)
    text = (tmp_path / "README.md").read_text(encoding="utf-8")
    for path in (tmp_path / "plots").iterdir():
        assert f"(plots/{path.name})" in text


@pytest.mark.parametrize(("module", "package"), [("page", "jinja2"), ("plots", "matplotlib.style")])
def test_a_missing_package_is_named_with_the_line_that_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str, package: str
) -> None:
    monkeypatch.delitem(sys.modules, "stablelce.report.page", raising=False)
    monkeypatch.delitem(sys.modules, f"stablelce.report.{module}", raising=False)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ImportError, match=r"needs the package .*: pip install 'stablelce\[suite\]'\.$"):
        write_report(records.record("scipy"), tmp_path / "reports")
    assert not (tmp_path / "reports").exists()
