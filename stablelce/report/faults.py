"""The page of the fault collection: a view of ``faults.json``, nothing is measured here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from stablelce.conformance.faults.results import Catch, CheckRow, FaultRecord, FaultRow

__all__ = ["faults_markdown"]

_KINDS = {"element": "element-wise", "batch": "of arrays", "state": "of state and environment"}


def faults_markdown(record: FaultRecord) -> str:
    """The page: what was caught, by which checks, what common tolerances let through, every fault."""
    sections = (
        _opening(record),
        _checks(record),
        _matrix(record),
        _tolerances(record),
        _faults(record),
        _how_made(record),
    )
    return "\n".join(line for section in sections for line in (*section, "")).rstrip() + "\n"


def _opening(record: FaultRecord) -> Iterator[str]:
    made = record.faults
    caught = sum(bool(one.catches) for one in made)
    counts = ", ".join(f"{sum(one.kind == kind for one in made)} {words}" for kind, words in _KINDS.items())
    threads = len({one.url for one in made if one.url})
    seconds = sorted(_first(one).seconds for one in made if one.catches)
    yield "# What the suite catches"
    yield ""
    yield f"Made by `{record.provenance.command}`; do not edit. The record: [faults.json](faults.json)."
    yield ""
    yield (
        f"{len(made)} faults ({counts}), each planted alone in an implementation that is right otherwise; "
        f"{threads} threads in which such bugs were reported are cited. The suite catches {caught} of them."
        + (f" Half are caught within {seconds[len(seconds) // 2]:.2f} s." if seconds else "")
    )


def _first(one: FaultRow) -> Catch:
    return min(one.catches, key=lambda catch: catch.seconds)


def _checks(record: FaultRecord) -> Iterator[str]:
    yield "## Checks"
    yield ""
    yield (
        "How many faults a check catches; how many no other required check does; how many no other check "
        "does that asks no oracle; and how many others see too, but name by another failure mode."
    )
    yield ""
    rows = [
        [
            one.check if one.required else f"{one.check} (informational)",
            *(str(len(part)) for part in (one.catches, one.alone)),
            str(len(one.alone_without_oracle)) if _relation(one) else "–",
            str(len(one.alone_in_naming)),
            _some(one.alone or one.alone_without_oracle or one.alone_in_naming),
        ]
        for one in record.checks
    ]
    header = ["check", "catches", "alone", "alone, no oracle", "alone in naming", "for example"]
    yield from _table(header, rows)


def _relation(one: CheckRow) -> bool:
    return one.check not in ("accuracy", "hard cases", "tails", "subnormals", "weights")


def _some(names: tuple[str, ...]) -> str:
    return "; ".join(names[:2])


def _matrix(record: FaultRecord) -> Iterator[str]:
    checks = [one.check for one in record.checks if one.catches]
    yield "## Kill matrix"
    yield ""
    yield "✓: the check fails, as it should. Checks by number:"
    yield ""
    yield "; ".join(f"{i} {_text(name)}" for i, name in enumerate(checks, 1)) + "."
    yield ""
    rows = [
        [one.name, *("✓" if name in one.checks else "" for name in checks), f"{_first(one).seconds:.2f}"]
        if one.catches
        else [one.name, *("" for _ in checks), "–"]
        for one in record.faults
    ]
    yield from _table(["fault", *(str(i) for i in range(1, len(checks) + 1)), "s"], rows)


def _tolerances(record: FaultRecord) -> Iterator[str]:
    yield "## What common tolerances let through"
    yield ""
    yield (
        "Of the faulty results at the inputs of a smoke audit, against the correctly rounded ones: faults of "
        "which the default tolerances of a tool accept every result. The inputs are finite, of one row, and "
        "without weights: faults of special values, of weights, and of a call's form or surroundings (shape, "
        "layout, state) are counted apart."
    )
    yield ""
    apart = ("special values", "weights")
    element = [one for one in record.faults if one.kind == "element" and one.failure_mode not in apart]
    rows = []
    for tool in record.tools:
        passed = [one for one in element if one.let_through[tool.name]]
        others = [one for one in record.faults if one not in element and one.let_through[tool.name]]
        rows.append(
            [
                f"[{tool.name}]({tool.source})",
                "; ".join(f"{name} {tool.rtol[name]:g}, {tool.atol[name]:g}" for name in tool.rtol),
                f"{len(passed)} of {len(element)}",
                f"{len(others)} of {len(record.faults) - len(element)}",
                tool.note,
            ]
        )
    header = ["tool", "rtol, atol", "element-wise faults let through", "others let through", "note"]
    yield from _table(header, rows, links=True)
    yield ""
    yield "Element-wise faults that each tool lets through:"
    yield ""
    for tool in record.tools:
        names = [one.name for one in element if one.let_through[tool.name]]
        yield f"* **{_text(tool.name)}**: {_text('; '.join(names)) or 'none'}"


def _faults(record: FaultRecord) -> Iterator[str]:
    yield "## The faults"
    yield ""
    rows = []
    for one in record.faults:
        example = next((c.counterexample for c in one.catches if c.counterexample is not None), None)
        shown = ""
        if example is not None:
            t = f", t={example.t.decimal}" if example.t else ""
            got = example.got.decimal if example.got else "nothing"
            want = f", right {example.want.decimal}" if example.want else ""
            shown = f"{example.format} z={example.z.decimal}{t}: {got}{want}"
        rows.append(
            [
                f"[{_text(one.name)}]({one.url})" if one.url else _text(one.name),
                _text(one.quantity),
                _text(one.formula),
                _text(one.failure_mode),
                _text(shown),
                _text(one.tier if one.profile == "accurate" else f"{one.tier}, {one.profile}"),
            ]
        )
    header = ["fault", "quantity", "what it does", "failure mode", "simplest counterexample", "tier"]
    yield from _table(header, rows, links=True)


def _how_made(record: FaultRecord) -> Iterator[str]:
    made = record.provenance
    yield "## How this was made"
    yield ""
    yield f"* Command: `{made.command}`"
    yield f"* Machine: {_text(made.machine)}; Python {_text(made.python)}"
    yield f"* Packages: {_text(', '.join(f'{name} {version}' for name, version in made.packages.items()))}"
    yield f"* SHA-256 over {len(made.sources)} sources (listed in faults.json): `{made.sources_sha256}`"


def _table(header: list[str], rows: Iterable[list[str]], links: bool = False) -> Iterator[str]:
    for cells in (header, ["---"] * len(header), *rows):
        yield f"| {' | '.join(cell if links else _text(cell) for cell in cells)} |"


def _text(text: str) -> str:
    """Text of a record on one line, with nothing that markdown or HTML would act on."""
    line = " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;")
    return re.sub(r"([\\|*`\[\]])", r"\\\1", line)
