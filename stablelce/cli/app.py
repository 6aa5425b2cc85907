"""The group of commands, and how it ends: one line on stderr for what went wrong, and the exit status."""

from __future__ import annotations

import io
import sys
from importlib.metadata import PackageNotFoundError, version

import click

from stablelce.cli.audit import audit
from stablelce.cli.certify import certify
from stablelce.cli.explain import explain
from stablelce.cli.report import report
from stablelce.cli.score import score
from stablelce.cli.selftest import selftest
from stablelce.cli.train import train
from stablelce.cli.vectors import vectors

__all__ = ["application", "run"]

INTERRUPTED = 130


def _version() -> str:
    try:
        return version("stablelce")
    except PackageNotFoundError:  # run from a checkout that was not installed
        import stablelce

        return stablelce.__version__


@click.group(no_args_is_help=False, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(_version(), prog_name="stablelce", message="%(prog)s %(version)s")
def application() -> None:
    """Audit implementations of the logistic cross-entropy (binary cross-entropy with logits).

    \b
    L(z,t) = t*log(1+exp(-z)) + (1-t)*log(1+exp(z))        dL/dz = sigmoid(z) - t
    """  # noqa: D301 - click's mark for lines that are not rewrapped is this control character


application.add_command(audit)
application.add_command(report)
application.add_command(explain)
application.add_command(vectors)
application.add_command(score)
application.add_command(selftest)
application.add_command(train)
application.add_command(certify)


def run(arguments: list[str]) -> int:
    """Run one command; usage errors and Ctrl-C become one line on stderr."""
    if isinstance(sys.stdout, io.TextIOWrapper):  # the name of a file may be no text, and so may a message
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        status = application.main(arguments, prog_name="stablelce", standalone_mode=False, obj=arguments)
    except click.ClickException as error:
        click.echo(f"stablelce: {_sentence(error)}", err=True)
        return error.exit_code
    except click.Abort:
        click.echo("stablelce: interrupted.", err=True)
        return INTERRUPTED
    return status if isinstance(status, int) else 0


def _sentence(error: click.ClickException) -> str:
    """The message on one line, with where to read on when it is click's own."""
    message = " ".join(error.format_message().split())
    if isinstance(error, click.UsageError) and error.ctx is not None:
        return f"{message.rstrip('.')} (see '{error.ctx.command_path} --help')."
    return message
