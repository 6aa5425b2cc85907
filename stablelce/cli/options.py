"""Options that several commands take."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from stablelce.conformance.points import TIERS, Tier
from stablelce.formats import Format, find_format

__all__ = [
    "InputError",
    "json_option",
    "tier_option",
    "to_format",
    "to_formats",
    "to_limits",
    "writable",
    "write_text",
]


_F = TypeVar("_F", bound=Callable[..., Any])


class InputError(click.ClickException):
    """What a command cannot work with; the message is one sentence that says how to mend it."""

    exit_code = 2


def to_format(_ctx: click.Context, _param: click.Parameter, value: str) -> Format:
    """The format for the name of its dtype or its name in IEEE 754."""
    try:
        return find_format(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def to_formats(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> tuple[Format, ...]:
    """:func:`to_format` for an option that may be repeated."""
    return tuple(to_format(ctx, param, value) for value in values)


def tier_option(default: Tier) -> Callable[[_F], _F]:
    """``--tier``: how many points are judged."""
    return click.option(
        "--tier",
        type=click.Choice(TIERS),
        default=default,
        show_default=True,
        help="How much is judged: smoke in seconds, standard in about a minute, deep in many.",
    )


def writable(_ctx: click.Context, _param: click.Parameter, value: Path | None) -> Path | None:
    """Refuse a file that cannot be written before the work, not after it."""
    if value is not None and not value.absolute().parent.is_dir():
        raise click.BadParameter(f"there is no folder {str(value.parent)!r}; make it first.")
    return value


def to_limits(_ctx: click.Context, _param: click.Parameter, value: float | int | None) -> float | int | None:
    """A limit that is above 0."""
    if value is not None and not value > 0:
        raise click.BadParameter(f"{value:g} leaves nothing to run in; give a number above 0.")
    return value


json_option = click.option(
    "--json",
    "json_file",
    metavar="FILE",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    callback=writable,
    help="Write the findings to FILE as JSON.",
)
"""``--json FILE``."""


def write_text(path: Path, text: str) -> None:
    """Write a file; what the system refuses becomes one sentence."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"cannot write {str(path)!r}: {error.strerror}.") from None
