"""The page: tables made of the record."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

__all__ = ["both_settings", "cell", "markdown", "names", "stopped"]

Row = dict[str, Any]

ABOUT = """\
What NIST's StRD is for least squares: for every data set the float64 nearest to each coefficient of the
exact optimum, proved in ball arithmetic, or the proof in rational arithmetic that there is no optimum.
Minimised is

    F(w, b) = sum_i s_i L(x_i.w + b, t_i) / sum_i s_i + (l2/2) |w|^2

[certified.json](certified.json) holds every coefficient, standard error and loss in hexadecimal and decimal,
the radius around each coefficient, the directions that separate, every solver's digits per coefficient,
its warnings and errors, and a SHA-256 of the data: of "rows columns" and a line feed, then of the bytes of X
row by row, of the targets, and of the weights if there are any, as little-endian binary64.""".splitlines()

DIGITS = """\
The digits of the worst coefficient, -log10 of its relative error: with default settings / with a tolerance
of {tolerance:g} and at most {iterations:,} iterations. `exact`: every bit of every coefficient. `*`: with a
warning. `raised`: an error, no coefficients. `stopped`: no result within the time that the record names; a
faster or idler machine may get one. Empty: not comparable, see below."""

ABSENCE = """\
Proved: along the direction in the record no row is on the wrong side and the loss falls for ever. What each
solver does with default settings: `silent` returns coefficients that mean nothing and says no word, `warns`
says something, `raises` returns none."""


def markdown(record: Row) -> str:
    """The page."""
    made = record["provenance"]
    packages = ", ".join(f"{name} {version}" for name, version in made["packages"].items())
    solved = [one for one in record["problems"] if one["optimum"]]
    unsolved = [one for one in record["problems"] if not one["optimum"]]
    return "\n".join(
        [
            "# Certified reference results for logistic regression",
            "",
            f"Made by `{made['command']}` on {made['machine']}, Python {made['python']}, {packages}.",
            *record["notes"],
            "",
            *ABOUT,
            "",
            "![Correct digits of each solver on each data set](digits.svg)",
            "",
            "## Correct digits",
            "",
            *DIGITS.format(**record["tight"]).splitlines(),
            "",
            *_digits(solved),
            "",
            "## Data without an optimum",
            "",
            *ABSENCE.splitlines(),
            "",
            *_behaviour(unsolved),
            "",
            "## Certified values",
            "",
            "The loss at the optimum, correctly rounded; the bits of the arithmetic that proved all figures.",
            "",
            *_table(
                ["data set", "rows", "features", "l2", "loss", "bits"],
                (
                    [
                        one["name"],
                        str(one["rows"]),
                        str(len(one["features"])),
                        f"{one['l2']:g}",
                        one["optimum"]["loss"]["decimal"],
                        str(one["optimum"]["precision"]),
                    ]
                    for one in solved
                ),
            ),
            "",
            *(line for one in solved for line in _coefficients(one)),
            "## Where the data come from",
            "",
            *(f"* {one['name']}: {_sentence(one)}" for one in record["problems"]),
            "",
            "## What was left out",
            "",
            *_left_out(record["problems"]),
            "* scikit-learn's `C` is 1/(l2 * sum_i s_i), rounded to float64; infinite without a penalty.",
            "",
        ]
    )


def names(problems: Iterable[Row]) -> list[str]:
    """The solvers, in the order of the record."""
    return list(dict.fromkeys(fit["system"] for one in problems for fit in one["fits"]))


def _of(problem: Row, system: str) -> list[Row]:
    return [fit for fit in problem["fits"] if fit["system"] == system and fit["setting"]]


def cell(fit: Row) -> str:
    """One fit in a few characters; digits are rounded downward."""
    if fit["error"]:
        return "stopped" if stopped(fit) else "raised"
    digits = fit["fewest"]
    shown = digits if isinstance(digits, str) else f"{math.floor(10 * digits) / 10:.1f}"
    return shown + ("*" if fit["warnings"] else "")


def stopped(fit: Row) -> bool:
    """Whether it took too long, which depends on the machine and what else it does."""
    return bool(fit["error"].startswith("TimeoutError"))


def both_settings(problem: Row, system: str) -> str:
    """Both settings of a solver."""
    return " / ".join(cell(fit) for fit in _of(problem, system))


def _digits(problems: list[Row]) -> list[str]:
    systems = names(problems)
    return _table(
        ["data set", *systems],
        ([one["name"], *(both_settings(one, system) for system in systems)] for one in problems),
    )


def _behaviour(problems: list[Row]) -> list[str]:
    systems = names(problems)
    return _table(
        ["data set", "proof", *systems],
        (
            [
                one["name"],
                one["absence"]["kind"],
                *(" / ".join(_reaction(fit) for fit in _of(one, system)) for system in systems),
            ]
            for one in problems
        ),
    )


def _reaction(fit: Row) -> str:
    return "raises" if fit["error"] else "warns" if fit["warnings"] else "silent"


def _coefficients(problem: Row) -> list[str]:
    return [
        "<details>",
        f"<summary>{problem['name']}: coefficients and standard errors</summary>",
        "",
        *_table(
            ["", "coefficient", "hexadecimal", "standard error"],
            (
                [p["name"], p["decimal"], f"`{p['hex']}`", p["standard_error"]["decimal"]]
                for p in problem["optimum"]["parameters"]
            ),
        ),
        "",
        "</details>",
        "",
    ]


def _sentence(problem: Row) -> str:
    extra = ["no intercept"] * (not problem["intercept"]) + ["weights"] * problem["weights"]
    shape = f"{problem['rows']} x {len(problem['features'])}"
    return f"{problem['source']}; {', '.join([shape, *extra])}. SHA-256 `{problem['sha256']}`"


def _left_out(problems: list[Row]) -> list[str]:
    reasons = dict.fromkeys(
        (fit["system"], fit["left_out"]) for one in problems for fit in one["fits"] if not fit["setting"]
    )
    return [f"* {system}: {reason}." for system, reason in reasons]


def _table(header: list[str], rows: Iterable[list[str]]) -> list[str]:
    lines = [header, ["---"] * len(header), *rows]
    return [f"| {' | '.join(cells)} |" for cells in lines]
