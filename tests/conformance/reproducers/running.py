"""Scripts run in one Python of their own: loading a framework takes longer than running a script."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

_DRIVER = """
import contextlib, io, json, sys, traceback, warnings
sys.path[:] = [entry for entry in sys.path if entry]
ended = []
for script in json.load(sys.stdin):
    out, status = io.StringIO(), 0
    with contextlib.redirect_stdout(out), warnings.catch_warnings():
        try:
            exec(compile(script, "script", "exec"), {"__name__": "__main__"})
        except SystemExit as end:
            status = end.code
        except BaseException:
            status = traceback.format_exc()
    ended.append((status, out.getvalue()))
sys.__stdout__.write("\\n" + json.dumps(ended))
"""


class Ended(NamedTuple):
    """How a script ended: its exit status, or the traceback of what it raised; and what it printed."""

    status: int | str
    printed: str


def run_scripts(scripts: Sequence[str], folder: Path) -> list[Ended]:
    """Run the scripts where this package is not to be found."""
    surroundings = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-c", _DRIVER],
        input=json.dumps(scripts),
        capture_output=True,
        text=True,
        cwd=folder,
        env=surroundings,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    return [Ended(*one) for one in json.loads(done.stdout.splitlines()[-1])]
