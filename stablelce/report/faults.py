"""The page of the fault collection: a view of ``faults.json``, nothing is measured here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from stablelce.conformance.faults.results import Catch, CheckRow, FaultRecord, FaultRow
from stablelce.report.markdown import escaped
from stablelce.report.record_page import how_made

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
        how_made(record.provenance, "faults.json"),
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
    yield "; ".join(f"{i} {escaped(name)}" for i, name in enumerate(checks, 1)) + "."
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
        yield f"* **{escaped(tool.name)}**: {escaped('; '.join(names)) or 'none'}"


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
                f"[{escaped(one.name)}]({one.url})" if one.url else escaped(one.name),
                escaped(one.quantity),
                escaped(one.formula),
                escaped(one.failure_mode),
                escaped(shown),
                escaped(one.tier if one.profile == "accurate" else f"{one.tier}, {one.profile}"),
            ]
        )
    header = ["fault", "quantity", "what it does", "failure mode", "simplest counterexample", "tier"]
    yield from _table(header, rows, links=True)


def _table(header: list[str], rows: Iterable[list[str]], links: bool = False) -> Iterator[str]:
    for cells in (header, ["---"] * len(header), *rows):
        yield f"| {' | '.join(cell if links else escaped(cell) for cell in cells)} |"
