from __future__ import annotations

from stablelce.conformance import provenance as shared
from stablelce.conformance.peers import summary
from stablelce.conformance.peers.summary import summarise
from tests.cli.records import accuracy, check, result

AUDIT = result(
    check(format="float64", reproducer="exit(1)"),
    check(format="float32"),
    check("passed", check="dtype"),
    check(check="signs of zeros at infinity", required=False, quantity="gradient"),
    subject="torch",
    device="cpu",
    threads=2,
)


def test_a_check_that_fails_in_several_formats_is_one_finding() -> None:
    peer = summarise(AUDIT)
    assert [(one.check, one.formats) for one in peer.findings] == [
        ("tails", ("float32", "float64")),
        ("signs of zeros at infinity", ("float64",)),
    ]
    assert [one.required for one in peer.findings] == [True, False]


def test_the_finding_is_linked_to_its_threads() -> None:
    first, second = summarise(AUDIT).findings
    assert [thread.url[-6:] for thread in first.threads] == ["195529"]
    assert second.threads == ()


def test_what_is_said_of_the_subject_is_kept() -> None:
    peer = summarise(AUDIT)
    assert (peer.subject, peer.version, peer.device, peer.threads) == ("torch", "1.0", "cpu", 2)
    assert [(row.quantity, row.right, row.points) for row in peer.accuracy] == [
        (row.quantity, row.correctly_rounded, row.points) for row in AUDIT.accuracy
    ]
    assert accuracy().zeros == peer.accuracy[0].zeros


def test_the_record_depends_on_the_threads_and_on_every_source_of_an_audit() -> None:
    names = summary.sources()
    assert set(shared.sources()) < set(names)
    assert "conformance/data/public_threads.json" in names
    assert "conformance/peers/threads.py" in names
    made = shared.provenance("stablelce report --peers", ("numpy",), names)
    assert made.sources == names
    assert made.sources_sha256 == shared.sources_sha256(names)
