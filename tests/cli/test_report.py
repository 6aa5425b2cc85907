from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from stablelce.cli import workers
from stablelce.cli.app import application
from stablelce.conformance.peers.results import PeerRecord
from stablelce.conformance.peers.summary import sources
from stablelce.conformance.results import Record
from stablelce.conformance.subjects import KNOWN
from tests.cli.records import check, provenance, result

# The application holds the command; the module that defines it is where its names are looked up.
MODULE = sys.modules["stablelce.cli.report"]

LOSS = "import numpy as np\ndef loss(z, t): return np.logaddexp(0, z) - t * z\nloss.formats = ('float64',)\n"


def outcome(job: workers.Job) -> workers.Outcome:
    if job.subject == "torch":
        return workers.Outcome("torch", "absent", message="install it with: pip install torch")
    return workers.Outcome(job.subject, "audited", result(check(), subject=job.subject))


@pytest.fixture
def jobs(monkeypatch: pytest.MonkeyPatch) -> list[workers.Job]:
    """The jobs that a report gives, answered by hand in reverse order."""
    given: list[workers.Job] = []

    def run_jobs(jobs: Sequence[workers.Job], processes: int, on_progress: Any) -> Iterator[workers.Outcome]:
        assert processes == os.cpu_count()
        given.extend(jobs)
        for job in reversed(jobs):
            on_progress(job.subject, 1, 2, "loss")
            yield outcome(job)

    monkeypatch.setattr(MODULE, "run_jobs", run_jobs)
    monkeypatch.setattr("stablelce.conformance.provenance.provenance", provenance)
    return given


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[Record]:
    """The records that were handed over to be written."""
    records: list[Record] = []

    def write_report(record: Record, directory: Path) -> list[Path]:
        records.append(record)
        (directory / "index.html").write_text("page", encoding="utf-8")
        return [directory / "index.html"]

    monkeypatch.setattr("stablelce.report.write_report", write_report)
    return records


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(application, ["report", *arguments])


def test_the_known_implementations_are_audited_and_written_in_their_order(
    jobs: list[workers.Job], written: list[Record], tmp_path: Path
) -> None:
    found = invoke("--output", str(tmp_path / "out"))
    assert found.exit_code == 0, found.output
    assert tuple(job.subject for job in jobs) == KNOWN
    assert {job.tier for job in jobs} == {"standard"}
    (record,) = written
    assert [one.subject for one in record.subjects] == [name for name in KNOWN if name != "torch"]
    assert record.absent == {"torch": "install it with: pip install torch"}
    assert found.stdout.splitlines()[-1] == f"Report: {tmp_path / 'out' / 'index.html'}"
    assert "install it with: pip install torch" in found.stderr
    assert "scipy: 1 required checks fail (1.2 s)" in found.stderr


@pytest.mark.usefixtures("written")
def test_subject_and_tier_are_chosen(jobs: list[workers.Job], tmp_path: Path) -> None:
    arguments = ("--subject", "scipy", "--subject", "scipy", "--subject", "./f.py:f", "--tier", "standard")
    assert invoke("--output", str(tmp_path), *arguments).exit_code == 0
    assert [(job.subject, job.tier) for job in jobs] == [("scipy", "standard"), ("./f.py:f", "standard")]


@pytest.mark.usefixtures("jobs", "written")
def test_what_was_kept_for_a_next_run_is_removed_at_the_end(tmp_path: Path) -> None:
    (tmp_path / ".partial").mkdir()
    (tmp_path / ".partial" / "old.json").write_text("{}", encoding="utf-8")
    assert invoke("--output", str(tmp_path)).exit_code == 0
    assert not (tmp_path / ".partial").exists()


@pytest.mark.usefixtures("jobs")
def test_json_is_the_record(written: list[Record], tmp_path: Path) -> None:
    path = tmp_path / "copy.json"
    assert invoke("--output", str(tmp_path), "--json", str(path)).exit_code == 0
    assert Record.model_validate_json(path.read_text(encoding="utf-8")) == written[0]


@pytest.mark.usefixtures("jobs")
def test_a_report_about_nothing_is_wrong_usage(written: list[Record], tmp_path: Path) -> None:
    found = invoke("--output", str(tmp_path), "--subject", "torch")
    assert found.exit_code == 2
    assert "there is nothing to report" in found.stderr
    assert written == []


def test_a_folder_that_cannot_be_made_is_wrong_usage(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    found = invoke("--output", str(tmp_path / "file" / "folder"))
    assert found.exit_code == 2
    assert "cannot write to" in found.stderr


@pytest.mark.usefixtures("written")
def test_ctrl_c_is_one_line_and_130(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def run_jobs(*_: object) -> Iterator[workers.Outcome]:
        raise KeyboardInterrupt
        yield

    monkeypatch.setattr(MODULE, "run_jobs", run_jobs)
    monkeypatch.setattr("stablelce.conformance.provenance.provenance", provenance)
    found = invoke("--output", str(tmp_path))
    assert found.exit_code == 130
    assert found.stderr == "stablelce: interrupted; the same command goes on where this one stopped.\n"


def start(tmp_path: Path) -> subprocess.Popen[str]:
    arguments = ["report", "--output", "out", "--subject", "./quick.py:loss", "--subject", "./slow.py:loss"]
    return subprocess.Popen(
        [sys.executable, "-m", "stablelce", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
    )


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_an_interrupted_report_goes_on_where_it_stopped(tmp_path: Path) -> None:
    """The one true run: audits, Ctrl-C, audits again, and the pages."""
    (tmp_path / "quick.py").write_text(LOSS, encoding="utf-8")
    (tmp_path / "slow.py").write_text("import time\ntime.sleep(600)", encoding="utf-8")
    first = start(tmp_path)
    kept = tmp_path / "out" / ".partial"
    wait_for(lambda: any(kept.glob("*.json")))
    first.send_signal(signal.SIGINT)
    _, err = first.communicate(timeout=60)
    assert first.returncode == 130
    assert err.splitlines()[-1].startswith("stablelce: interrupted; the same command goes on")
    (before,) = kept.glob("*.json")
    stamp = before.stat().st_mtime_ns

    (tmp_path / "slow.py").write_text(LOSS, encoding="utf-8")
    second = start(tmp_path)
    reused = []
    while second.poll() is None:
        reused += [before.stat().st_mtime_ns] if before.exists() else []
        time.sleep(0.05)
    out, err = second.communicate(timeout=60)
    assert second.returncode == 0, err
    assert set(reused) == {stamp}
    assert not kept.exists()
    record = Record.model_validate_json((tmp_path / "out" / "accuracy.json").read_text(encoding="utf-8"))
    assert [one.subject for one in record.subjects] == ["./quick.py:loss", "./slow.py:loss"]
    assert out.splitlines()[-1] == f"Report: {Path('out') / 'index.html'}"


def test_the_state_of_the_field_has_a_page_and_a_record_of_its_own(
    jobs: list[workers.Job], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = invoke("--peers", "--tier", "smoke")
    assert found.exit_code == 0, found.output
    assert "stablelce" not in {job.subject for job in jobs}
    record = PeerRecord.model_validate_json(Path("reports/peers/peers.json").read_text(encoding="utf-8"))
    assert [peer.subject for peer in record.peers] == [n for n in KNOWN if n not in ("torch", "stablelce")]
    assert record.provenance.sources == sources()
    assert record.absent == {"torch": "install it with: pip install torch"}
    assert "install it with: pip install torch" in found.stderr
    assert found.stdout.splitlines()[-1] == f"Report: {Path('reports/peers/README.md')}"
    assert Path("reports/peers/README.md").read_text(encoding="utf-8").startswith("# The state of the field")
