from __future__ import annotations

import subprocess
import sys


def test_without_a_subject_nothing_of_the_suite_is_imported() -> None:
    text = (
        "import sys, stablelce.pytest_plugin\n"
        "print(sorted(m for m in sys.modules if m.startswith(('stablelce.', 'numpy'))))"
    )
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['stablelce.pytest_plugin']"
