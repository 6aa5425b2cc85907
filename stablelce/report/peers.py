"""The page of the field, ``reports/peers/README.md``: a view of the record beside it.

``python -m stablelce.report.peers reports/peers/peers.json`` writes it anew.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from stablelce.conformance.peers.results import Peer, PeerAccuracy, PeerFinding, PeerRecord
from stablelce.report.markdown import escaped, table_text
from stablelce.report.numbers import format_error, format_share
from stablelce.report.record_page import how_made, write_page

__all__ = ["peers_markdown", "without_folders", "write_peers"]

_FORMATS = ("float32", "float64", "float16", "bfloat16")
_QUANTITIES = ("loss", "gradient", "hessian", "sigmoid", "log_sigmoid", "softplus")


def without_folders(record: PeerRecord, folders: Iterable[str]) -> PeerRecord:
    """The record with "..." for each folder but "/": messages of frameworks name files of the machine."""
    text = record.to_json()
    for folder in sorted((one for one in folders if len(one) > 1), key=len, reverse=True):
        text = text.replace(json.dumps(folder)[1:-1], "...")
    return PeerRecord.model_validate_json(text)


def write_peers(record: PeerRecord, directory: Path) -> list[Path]:
    """Write ``README.md`` and ``peers.json``; the page comes first."""
    directory.mkdir(parents=True, exist_ok=True)
    texts = {directory / "README.md": peers_markdown(record), directory / "peers.json": record.to_json()}
    for path, text in texts.items():
        path.write_text(text, encoding="utf-8", newline="\n")
    return list(texts)


def peers_markdown(record: PeerRecord) -> str:
    """The record as one page."""
    sections = (
        _opening(record),
        _glance(record),
        *(_peer(peer) for peer in record.peers),
        _left_out(record),
        how_made(record.provenance, "peers.json"),
    )
    return "\n".join(line for section in sections for line in (*section, "")).rstrip() + "\n"


def _opening(record: PeerRecord) -> Iterator[str]:
    yield "# The state of the field"
    yield ""
    yield (
        f"What the suite finds in other implementations. Made by `{record.provenance.command}`; do not edit. "
        "The record, with an example and a script to reproduce it for each finding: [peers.json](peers.json)."
    )
    yield ""
    yield (
        "Errors are in units of the contract, ulps of the exact value (see [the report](../README.md)); in "
        "brackets the share of results that are correctly rounded. 16-bit formats with hard targets are "
        "judged on every encoding, the others on samples of all regions. A thread is linked where a public "
        "report of the same failure is known to the catalogue of this package."
    )


def _glance(record: PeerRecord) -> Iterator[str]:
    yield "## At a glance"
    yield ""
    yield "The largest error over hard and soft targets, and required checks that fail, over all formats."
    yield ""
    columns = [(fmt, quantity) for fmt in _FORMATS[:2] for quantity in _QUANTITIES[:3]]
    header = ["subject", *(f"{fmt} {quantity}" for fmt, quantity in columns), "checks failed"]
    rows = []
    for peer in record.peers:
        failed = len({(one.check, one.quantity) for one in peer.findings if one.required})
        rows.append([_title(peer), *(_brief(peer, *column) for column in columns), str(failed)])
    yield table_text(header, rows, "---:")


def _title(peer: Peer) -> str:
    return f"{peer.subject} ({peer.version})"


def _brief(peer: Peer, fmt: str, quantity: str) -> str:
    rows = [row for row in peer.accuracy if (row.format, row.quantity) == (fmt, quantity)]
    if not rows:
        return "–"
    share = format_share(sum(row.right for row in rows), sum(row.points for row in rows))
    return f"{format_error(max(row.largest_error for row in rows))} ({share})"


# -- one implementation ----------------------------------------------------------------------------


def _peer(peer: Peer) -> Iterator[str]:
    yield f"## {escaped(peer.subject)}"
    yield ""
    about = [f"Version {peer.version}"]
    about += [f"device {peer.device}"] if peer.device else []
    about += [f"{peer.threads} thread{'s' if peer.threads != 1 else ''}"] if peer.threads else []
    yield f"{escaped(', '.join(about))}; tier {peer.tier}."
    yield ""
    header = [
        "format",
        "quantity",
        "largest error",
        "correctly rounded",
        "at",
        "got",
        "right",
        "failed checks",
    ]
    yield table_text(header, [_accuracy(peer, row) for row in peer.accuracy])
    if not peer.findings:
        yield from ("", "No check fails.")
        return
    yield ""
    for finding in peer.findings:
        yield _finding(finding)


def _accuracy(peer: Peer, row: PeerAccuracy) -> list[str]:
    failed = dict.fromkeys(
        one.check
        for one in peer.findings
        if one.required and one.quantity == row.quantity and row.format in one.formats
    )
    worst = row.worst
    at = got = right = "–"
    if worst is not None:
        at = f"z={worst.z.decimal}" + (f", t={worst.t.decimal}" if worst.t else "")
        got, right = (value.decimal if value else "–" for value in (worst.got, worst.want))
    targets = "" if row.targets == "none" else f", {row.targets} targets"
    return [
        row.format,
        f"{row.quantity}{targets}",
        format_error(row.largest_error),
        format_share(row.right, row.points),
        at,
        got,
        right,
        ", ".join(failed) or "–",
    ]


def _finding(finding: PeerFinding) -> str:
    what = " ".join(part for part in (finding.quantity, ", ".join(finding.formats)) if part)
    kind = "" if finding.required else "informational, "
    text = f"* **{escaped(finding.check)}**, {escaped(what)} ({kind}{escaped(finding.mode)})"
    example = finding.example
    if example is not None and example.got is not None and example.want is not None:
        at = f"z={example.z.decimal}" + (f", t={example.t.decimal}" if example.t else "")
        text += escaped(f": at {at} {example.got.decimal}, right is {example.want.decimal}")
    threads = ", ".join(f"[{_short(one.url)}]({one.url})" for one in finding.threads)
    return f"{text}. {'Reported: ' + threads if threads else 'No public report found'}."


def _short(url: str) -> str:
    """``pytorch#195529`` for the address of an issue or a pull request."""
    found = re.fullmatch(r"https://github\.com/[^/]+/([^/]+)/(?:issues|pull)/(\d+)", url)
    return f"{found[1]}#{found[2]}" if found else url


# -- what is not there, and how it was made --------------------------------------------------------


def _left_out(record: PeerRecord) -> Iterator[str]:
    if record.absent:
        yield "## Left out"
        yield ""
        for subject, reason in record.absent.items():
            yield f"* {escaped(subject)}: {escaped(reason)}"


def main(arguments: list[str]) -> int:
    """Write the page beside the record; 0 when it stands there, 2 when it cannot."""
    usage = "python -m stablelce.report.peers reports/peers/peers.json"
    return write_page(arguments, usage, "the field", PeerRecord.model_validate_json, peers_markdown)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
