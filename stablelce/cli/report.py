"""``stablelce report``: audit the known implementations and write the pages that people look at."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import click
from click.core import ParameterSource

from stablelce.cli.options import InputError, json_option, tier_option, write_text
from stablelce.cli.terminal import console, print_summary, progress_bar
from stablelce.cli.workers import Job, Outcome, run_jobs
from stablelce.conformance.points import Tier
from stablelce.conformance.results import Provenance, Record
from stablelce.conformance.subjects import KNOWN

__all__ = ["report"]

_PACKAGES = (
    *(
        "numpy",
        "mpmath",
        "python-flint",
        "scipy",
        "scikit-learn",
        "torch",
        "jax",
        "jaxlib",
        "optax",
        "tensorflow",
    ),
    *("keras", "statsmodels", "xgboost", "onnxruntime", "onnx", "tinygrad", "ml_dtypes"),
)


@click.command()
@click.option(
    "--output",
    "directory",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    default="reports",
    show_default=True,
    help="Folder to write to.",
)
@tier_option("standard")
@click.option(
    "--subject", "subjects", metavar="S", multiple=True, help="Audit this one only; may be repeated."
)
@click.option("--peers", is_flag=True, help="Write the state of the field instead: README.md and peers.json.")
@json_option
@click.pass_context
def report(
    ctx: click.Context,
    directory: Path,
    tier: Tier,
    subjects: tuple[str, ...],
    peers: bool,
    json_file: Path | None,
) -> None:
    """Write an accuracy report: index.html, README.md, accuracy.json and plots.

    The known implementations are audited, those that are not installed are named with the line that
    installs them. After Ctrl-C the same command goes on where it stopped.

    With --peers: what the suite finds in all other implementations that are installed, with the public
    reports of it, in reports/peers unless --output says otherwise.
    """
    if peers and ctx.get_parameter_source("directory") is not ParameterSource.COMMANDLINE:
        directory /= "peers"
    made = _provenance(shlex.join(["stablelce", *(ctx.obj or ["report"])]), peers)
    partial = _partial_folder(directory)
    names = list(dict.fromkeys(subjects)) or [name for name in KNOWN if not (peers and name == "stablelce")]
    jobs = [Job(name, tier=tier, keep=partial, sources=made.sources_sha256) for name in names]
    # Those at the end of the list compile for every shape: started first, they run beside the quick ones.
    jobs = jobs[::-1] if peers else jobs
    try:
        outcomes = sorted(_run(jobs), key=lambda outcome: names.index(outcome.subject))
    except KeyboardInterrupt:
        click.echo("stablelce: interrupted; the same command goes on where this one stopped.", err=True)
        ctx.exit(130)
    record = Record(
        provenance=made,
        subjects=tuple(outcome.result for outcome in outcomes if outcome.result is not None),
        absent={outcome.subject: outcome.message for outcome in outcomes if outcome.result is None},
    )
    if not record.subjects:
        raise InputError("there is nothing to report, because none of the subjects could be audited.")
    page, text = (_write_field if peers else _write_accuracy)(record, directory)
    if json_file is not None:
        write_text(json_file, text)
    shutil.rmtree(partial)
    out = console()
    print_summary(record, out)
    out.print(f"\nReport: {page}", soft_wrap=True)


def _provenance(command: str, peers: bool) -> Provenance:
    from stablelce.conformance.provenance import provenance

    if not peers:
        return provenance(command, _PACKAGES)
    from stablelce.conformance.peers.summary import sources

    return provenance(command, _PACKAGES, sources())


def _write_accuracy(record: Record, directory: Path) -> tuple[Path, str]:
    from stablelce.report import write_report

    write_report(record, directory)
    return directory / "index.html", record.to_json()


def _write_field(record: Record, directory: Path) -> tuple[Path, str]:
    from stablelce.conformance.peers.results import PeerRecord
    from stablelce.conformance.peers.summary import summarise
    from stablelce.report.peers import without_folders, write_peers

    field = PeerRecord(
        provenance=record.provenance,
        peers=tuple(summarise(one) for one in record.subjects),
        absent=record.absent,
    )
    field = without_folders(field, (sys.prefix, str(Path.cwd()), os.environ.get("HOME", "")))
    page, *_ = write_peers(field, directory)
    return page, field.to_json()


def _partial_folder(directory: Path) -> Path:
    partial = directory / ".partial"
    try:
        partial.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot write to {str(directory)!r}: {error.strerror}.") from None
    return partial


def _run(jobs: Sequence[Job]) -> list[Outcome]:
    outcomes = []
    with progress_bar() as bar:
        whole = bar.add_task("subjects", total=len(jobs))
        tasks = {job.subject: bar.add_task(job.subject, total=None, visible=False) for job in jobs}

        def on_progress(name: str, done: int, total: int, doing: str) -> None:
            description = f"{name}: {doing}"[:34]
            bar.update(tasks[name], completed=done, total=total, description=description, visible=True)

        with closing(run_jobs(jobs, os.cpu_count() or 1, on_progress)) as finished:
            for outcome in finished:
                bar.update(tasks[outcome.subject], visible=False)
                bar.advance(whole)
                bar.console.print(_line(outcome), soft_wrap=True)
                outcomes.append(outcome)
    return outcomes


def _line(outcome: Outcome) -> str:
    result = outcome.result
    if result is None:
        return outcome.message
    failed = len(result.failed)
    verdict = "every required check holds" if result.passed else f"{failed} required checks fail"
    return f"{outcome.subject}: {verdict} ({result.seconds:.1f} s)"
