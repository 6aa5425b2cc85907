"""``stablelce selftest``: whether the suite itself can be trusted on this machine."""

from __future__ import annotations

import json
import platform
import time
from pathlib import Path

import click
import numpy as np

from stablelce.cli.options import json_option, write_text
from stablelce.cli.terminal import console, progress_bar
from stablelce.conformance.checks.environment import floating_point_state
from stablelce.conformance.faults.trust import Trial, trials

__all__ = ["selftest"]


@click.command()
@json_option
@click.pass_context
def selftest(ctx: click.Context, json_file: Path | None) -> None:
    """Judge implementations with a known bug, and a right one, on this machine.

    The sample of the fault collection makes every check fail once, in every format; the right
    implementation must raise no alarm. It takes less than two minutes.

    \b
    Exit status: 0 the suite can be trusted here; 1 it cannot, and what it missed is shown.
    """  # noqa: D301 - click's mark for lines that are not rewrapped is this control character
    started = time.perf_counter()
    with progress_bar() as bar:
        task = bar.add_task("", total=None)

        def on_progress(done: int, total: int, doing: str) -> None:
            bar.update(task, completed=done, total=total, description=doing[:34])

        made = trials(on_progress)
    seconds = time.perf_counter() - started
    if json_file is not None:
        write_text(json_file, _record(made, seconds))
    wrong = [trial for trial in made if not trial.passed]
    _print(made, wrong, seconds)
    ctx.exit(1 if wrong else 0)


def _print(made: tuple[Trial, ...], wrong: list[Trial], seconds: float) -> None:
    out = console()
    python, numpy = f"Python {platform.python_version()}", f"NumPy {np.__version__}"
    out.print(", ".join((platform.machine(), platform.system(), python, numpy)))
    odd = [name for name, holds in floating_point_state().items() if holds is False]
    if odd:
        # Subnormals flushed before the suite was loaded: everything below may follow from that.
        out.print(f"This process does not keep: {', '.join(odd)}.", style="bold red")
    for trial in wrong:
        out.print(f"\nFAILED {trial.name}", style="red", soft_wrap=True)
        out.print(f"  {trial.complaint}", soft_wrap=True)
    if wrong:
        out.print(
            f"\nNOT TRUSTED: {len(wrong)} of {len(made)} audits went wrong here ({seconds:.0f} s).",
            style="bold red",
        )
    else:
        out.print(
            f"TRUSTED: {len(made) - 1} faults caught, each by the checks made for it, and no alarm for the "
            f"right implementation ({seconds:.0f} s).",
            style="bold green",
            soft_wrap=True,
        )


def _record(made: tuple[Trial, ...], seconds: float) -> str:
    record = {
        "version": 1,
        "trusted": all(trial.passed for trial in made),
        "machine": platform.machine(),
        "system": platform.system(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "seconds": round(seconds, 2),
        "trials": [
            {"name": trial.name, "passed": trial.passed, "complaint": trial.complaint} for trial in made
        ],
    }
    return json.dumps(record, indent=1) + "\n"
