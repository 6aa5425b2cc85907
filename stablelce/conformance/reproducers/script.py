"""The text of a reproducer: inputs, a result, what it should be, the error, and the exit status."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from stablelce.conformance.contract import allowed_error
from stablelce.conformance.counterexamples import array_text, import_lines, literal
from stablelce.conformance.evaluation import Run
from stablelce.conformance.subjects.base import NUMPY_ARRAY, ONE_ARGUMENT, QUANTITIES
from stablelce.formats import Format

__all__ = [
    "Reference",
    "compare",
    "copies",
    "expression",
    "failing",
    "head",
    "inputs",
    "memory",
    "text_of",
    "ulp_exponent",
    "ulp_function",
]


@dataclass(frozen=True)
class Reference:
    """What a result should be.

    Attributes
    ----------
    want : int
        Encoding of the right result.
    digits : str
        The exact value in decimal; empty where the right result is a limit or another result.
    unit : int, optional
        The unit of error is 2**unit; None where no finite error makes sense.
    fails : str
        The condition for exit status 1, in ``got``, ``want`` and ``error``.
    """

    want: int
    digits: str
    unit: int | None
    fails: str


def head(run: Run, quantity: str | None, check: str, mode: str) -> list[str]:
    """Comment and imports."""
    what = f"{quantity} in {run.fmt.dtype_name}" if quantity else run.fmt.dtype_name
    why = f" ({' '.join(mode.split())})" if mode else ""
    return [
        f"# {run.subject.name} {run.subject.version}, {what}: fails {check!r}{why}",
        "import sys",
        "from fractions import Fraction",
        *import_lines(run.subject, run.fmt),
    ]


def inputs(
    run: Run, quantity: str, z: Sequence[int], t: Sequence[int], w: Sequence[int] | None = None
) -> list[str]:
    """Lines that make the arrays z, t where it matters, and w where it is given."""
    arrays = {"z": z} if quantity in ONE_ARGUMENT else {"z": z, "t": t}
    if w is not None:
        arrays["w"] = w
    return [f"{name} = {array_text(run.subject, run.fmt, array)}" for name, array in arrays.items()]


def copies(run: Run, quantity: str, z: Sequence[int], t: Sequence[int], count: int) -> list[str]:
    """The same for so many repetitions of a few elements, which are written once."""
    lines = inputs(run, quantity, z, t)
    return lines if count == 1 else [line.replace("]", f"] * {count}", 1) for line in lines]


def memory(run: Run, quantity: str, z: Sequence[int], t: Sequence[int]) -> list[str]:
    """Lines that make ``arrays``, a list of NumPy arrays, and ``result(arrays)``, a flat list of results."""
    given = replace(run.subject, array=NUMPY_ARRAY)
    values = [z] if quantity in ONE_ARGUMENT else [z, t]
    names = "(z,)" if quantity in ONE_ARGUMENT else "z, t"
    return [
        *import_lines(replace(given, imports=""), run.fmt),
        f"arrays = [{', '.join(array_text(given, run.fmt, one) for one in values)}]",
        "def result(arrays):",
        f"    {names} = ({run.subject.convert} for a in arrays)",
        f"    return [float(x) for x in {_flat(run, quantity)}]",
    ]


def _flat(run: Run, quantity: str) -> str:
    """The results in a row; a framework's own arrays have one axis already, those of NumPy may have two."""
    text = expression(run, quantity) or ""
    return f"np.ravel({text})" if run.subject.convert == "a" else text


def text_of(*parts: Sequence[str]) -> str:
    """The lines of all parts as one text, each import once, and Fraction only where it is used."""
    given = [line for part in parts for line in part]
    exact = any("Fraction(" in line for line in given)
    lines: list[str] = [] if exact else ["from fractions import Fraction"]
    if any("struct." in line for line in given):
        given.insert(given.index("import sys"), "import struct")
    for line in given:
        if not (line.startswith(("import ", "from ")) and line in lines):
            lines.append(line)
    return "\n".join(lines if exact else lines[1:]) + "\n"


def ulp_function(fmt: Format) -> list[str]:
    """Lines that define ulp(x), the spacing of the format at x."""
    p, smallest = fmt.precision, fmt.quantum
    exponent = f"max(math.frexp(x)[1] - {p}, {smallest}) if x else {smallest}"
    return ["import math", f"def ulp(x): return 2.0 ** ({exponent})"]


def expression(run: Run, quantity: str, keyword: str = "") -> str | None:
    """What computes the quantity, as text; the pair's part where the subject offers only that."""
    known: Mapping[str, str] = run.subject.expressions
    if keyword:
        return known.get(f"{quantity}, {keyword}")
    if quantity not in known and quantity in QUANTITIES[:2] and "loss_and_gradient" in known:
        return f"{known['loss_and_gradient']}[{QUANTITIES.index(quantity)}]"
    return known.get(quantity)


def failing(run: Run) -> str:
    """When a result misses the required profile."""
    if run.profile == "correctly-rounded":
        return "repr(got) != repr(want)"  # told apart: 0.0 and -0.0
    return f"error {'>=' if run.profile == 'faithful' else '>'} {allowed_error(run.profile, run.fmt):g}"


def compare(fmt: Format, call: str, place: int, reference: Reference) -> list[str]:
    """Lines that make a call, print the element at a place beside the right one, and exit."""
    lines = [f"result = {call}", f"got = float(result[{place}])"]
    if reference.digits and reference.unit is not None:
        lines += _with_exact_value(fmt, reference)
    else:
        lines.append(f"want = {literal(fmt, reference.want)}")
        lines.append(_distance(reference.unit))
    lines.append('print(f"got {got!r}, want {want!r}, error {error:.4g} ulp")')
    lines.append(f"sys.exit(1 if {reference.fails} else 0)")
    return lines


def _with_exact_value(fmt: Format, reference: Reference) -> list[str]:
    vanishing = reference.digits.endswith(")")  # "(less than 1e-6020)"
    number = "0" if vanishing else reference.digits
    about = f"  # {reference.digits}" if vanishing else ""
    return [
        f"want = {literal(fmt, reference.want)}  # the exact value, rounded",
        f'exact, ulp = Fraction("{number}"), Fraction(2) ** {reference.unit}{about}',
        'finite = abs(got) < float("inf")',
        'error = float(min(abs(Fraction(got) - exact) / ulp, 10**300)) if finite else float("inf")',
    ]


def _distance(unit: int | None) -> str:
    equal = "got == want or got != got and want != want"  # the latter: both NaN
    if unit is None:
        return f'error = 0.0 if {equal} else float("inf")'
    far = f'abs(got - want) / 2.0**{unit} if abs(got) < float("inf") else float("inf")'
    return f"error = 0.0 if {equal} else {far}"


def ulp_exponent(fmt: Format, encoding: int) -> int:
    """k with ulp(x) = 2**k for the finite number x of the encoding."""
    m, e = fmt.decode(encoding)
    return max(abs(m).bit_length() + e - 1, fmt.emin) - fmt.precision + 1 if m else fmt.quantum
