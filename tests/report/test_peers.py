from __future__ import annotations

from pathlib import Path

import pytest

from stablelce.conformance.peers.results import PeerRecord
from stablelce.conformance.peers.summary import sources, summarise
from stablelce.conformance.provenance import sources_sha256
from stablelce.report.peers import main, peers_markdown, without_folders, write_peers
from tests.cli.records import accuracy, check, counterexample, provenance, result

COMMITTED = Path(__file__).parents[2] / "reports" / "peers" / "peers.json"

TORCH = result(
    check(),
    check(check="lanes", counterexample=None, mode="depends on <place>"),
    check(check="environment", required=False),
    accuracy=(
        accuracy(worst=counterexample()),
        accuracy(quantity="sigmoid", targets="none", largest_error=0.5),
    ),
    subject="torch",
    version="2.0",
    device="cpu",
    threads=1,
)
RECORD = PeerRecord(
    provenance=provenance("stablelce report --peers", ("numpy",)),
    peers=(summarise(TORCH), summarise(result(subject="fine"))),
    absent={"jax": "install it with: pip install jax"},
)


@pytest.fixture(scope="module")
def committed() -> PeerRecord:
    return PeerRecord.model_validate_json(COMMITTED.read_text(encoding="utf-8"))


def lines(start: str) -> list[str]:
    return [line for line in peers_markdown(RECORD).splitlines() if line.startswith(start)]


def test_every_finding_has_its_thread_or_says_that_none_is_known() -> None:
    tails, lanes, environment = lines("* **")[:3]
    assert tails.endswith("Reported: [pytorch#195529](https://github.com/pytorch/pytorch/issues/195529).")
    assert "at z=40.0, t=1.0 0.0, right is " in tails
    assert lanes.endswith("(depends on &lt;place>). No public report found.")
    assert "(informational, " in environment


def test_each_quantity_has_error_share_worst_input_and_failed_checks() -> None:
    row, sigmoid = lines("| float64 |")[:2]
    assert row.startswith("| float64 | loss, hard targets | inf | 99.9 % | z=40.0, t=1.0 | 0.0 | ")
    assert row.endswith(" | tails, lanes |")
    assert sigmoid == "| float64 | sigmoid | 0.50 | 99.9 % | – | – | – | – |"


def test_version_device_and_threads_are_told() -> None:
    assert lines("Version") == ["Version 2.0, device cpu, 1 thread; tier smoke.", "Version 1.0; tier smoke."]


def test_a_peer_without_findings_says_so() -> None:
    assert lines("No check fails.")


def test_at_a_glance_there_is_one_row_for_each_peer() -> None:
    (torch,) = lines("| torch")
    assert torch == "| torch (2.0) | – | – | – | inf (99.9 %) | – | – | 2 |"


def test_what_was_left_out_is_told_with_the_reason() -> None:
    assert lines("* jax: ") == ["* jax: install it with: pip install jax"]


def test_folders_of_the_machine_are_not_told() -> None:
    told = RECORD.model_copy(update={"absent": {"x": "no /opt/my env/lib/x.so, nor /opt/my env/lib"}})
    assert without_folders(told, ["/opt", "/opt/my env", "/", ""]).absent == {
        "x": "no .../lib/x.so, nor .../lib"
    }
    assert without_folders(RECORD, ["/opt/my env"]) == RECORD


def test_the_page_is_a_view_of_the_record_beside_it(tmp_path: Path) -> None:
    page, record = write_peers(RECORD, tmp_path / "peers")
    first = page.read_text(encoding="utf-8")
    page.write_text("", encoding="utf-8")
    assert main([str(record)]) == 0
    assert page.read_text(encoding="utf-8") == first == peers_markdown(RECORD)


def test_what_cannot_be_read_is_one_line_and_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert main([str(tmp_path / "none.json")]) == 2
    (tmp_path / "bad.json").write_text("{}", encoding="utf-8")
    assert main([str(tmp_path / "bad.json")]) == 2
    usage, absent, bad = capsys.readouterr().err.splitlines()
    assert usage.startswith("usage: ")
    assert "No such file" in absent
    assert "is not a record of the field" in bad


def test_the_committed_page_is_a_view_of_the_committed_record(committed: PeerRecord) -> None:
    stale = "run: python -m stablelce.report.peers reports/peers/peers.json"
    assert COMMITTED.with_name("README.md").read_text(encoding="utf-8") == peers_markdown(committed), stale
    assert len(committed.peers) >= 10


def test_the_committed_record_is_written_as_records_are(committed: PeerRecord) -> None:
    assert COMMITTED.read_text(encoding="utf-8") == committed.to_json()


def test_the_committed_record_was_made_from_these_sources(committed: PeerRecord) -> None:
    stale = f"the record is stale, run: {committed.provenance.command}"
    assert committed.provenance.sources == sources(), stale
    assert committed.provenance.sources_sha256 == sources_sha256(sources()), stale
