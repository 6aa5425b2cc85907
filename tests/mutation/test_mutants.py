from __future__ import annotations

import json
import textwrap
from pathlib import Path

import pytest

from stablelce.conformance.provenance import sources_sha256
from tests.mutation.__main__ import kept_rows
from tests.mutation.baseline import key_of
from tests.mutation.mutants import SOURCES, same_program
from tests.mutation.page import markdown
from tests.mutation.running import TIME_LIMIT, first_failure, mutated, run
from tests.mutation.selection import Traced, family_of, own_tests, stages, statement, suites_of
from tests.mutation.tracing import OUTPUT

ROOT = Path(__file__).parents[2]


def test_every_source_exists_and_has_tests_that_exist() -> None:
    for source in SOURCES:
        assert (ROOT / "stablelce" / source).exists(), source
        own = own_tests(ROOT, source)
        assert own is not None, source
        assert any(own.startswith(tests) for tests in suites_of(family_of(source))), source
        for tests in suites_of(family_of(source)):
            file, _, function = tests.partition("::")
            assert (ROOT / file).exists(), tests
            assert not function or f"def {function}(" in (ROOT / file).read_text(encoding="utf-8"), tests


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("def f(x: int & None) -> int:\n    return x + 1\n", True),
        ("def f(x: int | None) -> int:\n    return x - 1\n", False),
        ('def f(x: int | None) -> int:\n    "Text."\n    return x + 1\n', True),
        ("@cache\ndef f(x: int | None) -> int:\n    return x + 1\n", True),
        ("@other\ndef f(x: int | None) -> int:\n    return x + 1\n", False),
        ("def f(:\n", True),
    ],
)
def test_what_no_run_can_notice_is_left_out(text: str, same: bool) -> None:
    assert same_program("def f(x: int | None) -> int:\n    return x + 1\n", text) == same


def test_the_page_counts_and_lists() -> None:
    row = {"source": "ulp.py", "line": 3, "operator": "AddNot", "before": "if a:", "after": "if not a:"}
    made = {"command": "c", "machine": "m", "python": "3", "sources": ["ulp.py", "formats.py"]}
    record = {"provenance": made, "seed": 0, "mutants": [row | {"killed_by": "t"}, row | {"killed_by": None}]}
    page = markdown(record, {"ulp.py: if a: -> if not a:": "both ways end the same"})
    assert "2 mutants drawn with seed 0 from 2 sources: 1 killed by a test (50.0 %), 1 survive." in page
    assert "| ulp.py | 2 | 1 |" in page
    assert "both ways end the same" in page
    assert "no reason yet" in markdown(record, {})


# -- which tests are run -----------------------------------------------------------------------------

CODE = """\
A = (
    1
)


@decorated
def f(x=2):
    if (
        x
    ):
        try:
            g(
                x
            )
        except E:
            pass
    return x
"""


@pytest.mark.parametrize(
    ("line", "lines"),
    [
        (2, range(1, 4)),  # a constant
        (4, range(4, 5)),  # nothing
        (6, range(6, 18)),  # the head of a function: all of it
        (7, range(6, 18)),
        (9, range(8, 11)),  # of a condition its head
        (11, range(11, 12)),
        (13, range(12, 15)),
        (15, range(15, 16)),
        (17, range(17, 18)),
    ],
)
def test_the_statement_at_a_line(line: int, lines: range) -> None:
    assert statement(CODE, line) == lines


def test_tests_that_execute_the_statement_come_first_and_the_shortest_before_others() -> None:
    own, other = "tests/test_ulp.py::test_{}", "tests/test_formats.py::test_{}"
    last = "tests/test_evidence.py::test_hard_cases"
    slow = "tests/test_ulp.py::test_slow"
    seconds = {other.format("a"): 1.0, own.format("b"): 2.0, own.format("c"): 3.0, other.format("d"): 0.5}
    traced = Traced(
        {"ulp.py": {"9": [own.format("b"), last, slow], "10": [other.format("a")], "17": [own.format("c")]}},
        seconds | {last: 0.1, slow: 11.0},
    )
    assert stages(ROOT, "ulp.py", CODE, 9, traced) == [
        [other.format("a"), own.format("b")],
        [own.format("c"), other.format("d")],
        [last, slow],
    ]
    assert stages(ROOT, "ulp.py", CODE, 2, traced) == [
        [own.format("b"), own.format("c"), other.format("d"), other.format("a")],
        [last, slow],
    ]


# -- running them ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package of one function, and tests of it; one for all, so that bytecode is made once."""
    folder = tmp_path_factory.mktemp("checkout")
    files = {
        "pyproject.toml": '[tool.pytest.ini_options]\naddopts = ["--import-mode=importlib"]\n',
        "stablelce/__init__.py": "",
        "stablelce/pytest_plugin.py": "",
        "stablelce/part.py": "def f(x):\n    return x + 1\n",
        "tests/test_part.py": """\
            import pytest, time
            from stablelce.part import f

            @pytest.mark.parametrize("x", [1, 2])
            def test_f(x):
                if f(x) == x + 7:
                    time.sleep(30)
                assert f(x) == x + 1

            def test_nothing():
                pass
            """,
        "tests/mutation/__init__.py": "",
        "tests/mutation/tracing.py": (ROOT / "tests" / "mutation" / "tracing.py").read_text(encoding="utf-8"),
    }
    for name, text in files.items():
        (folder / "copy" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "copy" / name).write_text(textwrap.dedent(text), encoding="utf-8")
    return folder / "copy"


@pytest.mark.bulk
def test_what_kills_a_mutant_is_told(copy: Path) -> None:
    path, right = copy / "stablelce" / "part.py", "def f(x):\n    return x + 1\n"

    def killed_by(text: str) -> str | None:
        with mutated(path, text):
            return first_failure(*run(copy, ["tests/test_part.py"], "numpy", limit=60, each=2))

    assert killed_by(right) is None
    # Two of one size within a second: the bytecode of the first must not be taken for the second.
    assert killed_by(right.replace("1", "2")) == "tests/test_part.py::test_f"
    assert killed_by(right.replace("1", "7")) == TIME_LIMIT
    assert killed_by("def f(:\n") == "tests/test_part.py"
    assert path.read_text(encoding="utf-8") == right
    assert first_failure(*run(copy, ["tests/test_part.py"], "numpy", limit=0.01, each=2)) == TIME_LIMIT


def test_the_first_failure_is_read_from_the_summary() -> None:
    assert first_failure(0, "") is None
    assert first_failure(5, "no tests ran") is None
    assert first_failure(1, "F\nFAILED tests/a.py::test_b[1 - 2] - assert 1\n") == "tests/a.py::test_b"
    assert first_failure(2, "ERROR tests/a.py - ImportError: no\n") == "tests/a.py"
    assert first_failure(1, "...Timeout (0:01:00)!\nThread 0x1:\n") == TIME_LIMIT
    assert first_failure(-9, "") == "exit status -9"


def test_a_change_of_a_source_or_a_test_makes_another_key(copy: Path) -> None:
    key = key_of(copy)
    for name in ("stablelce/part.py", "tests/test_part.py"):
        with mutated(copy / name, "# changed\n"):
            assert key_of(copy) != key
        assert key_of(copy) == key


def test_tests_are_traced_by_function(copy: Path, tmp_path: Path) -> None:
    output = tmp_path / "traced.json"
    variables = {OUTPUT: str(output)}
    options = ("-p", "tests.mutation.tracing")
    status, printed = run(
        copy, ["tests/test_part.py"], "numpy", limit=60, each=60, options=options, **variables
    )
    assert status == 0, printed
    found = json.loads(output.read_text(encoding="utf-8"))
    assert found["lines"]["part.py"] == {"1": [], "2": ["tests/test_part.py::test_f"]}
    assert sorted(found["seconds"]) == ["tests/test_part.py::test_f", "tests/test_part.py::test_nothing"]


def test_mutants_of_a_source_that_is_the_same_are_kept(tmp_path: Path) -> None:
    rows = [{"source": source, "killed_by": None} for source in ("ulp.py", "formats.py", "gone.py")]
    hashes = {"ulp.py": sources_sha256(["ulp.py"]), "formats.py": "of another version", "gone.py": "x"}
    assert kept_rows(tmp_path) == []
    (tmp_path / "mutation.json").write_text(json.dumps({"hashes": hashes, "mutants": rows}), encoding="utf-8")
    assert kept_rows(tmp_path) == rows[:1]
