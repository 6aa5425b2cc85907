"""``stablelce train``: fit a logistic regression to a file of rows."""

from __future__ import annotations

import tempfile
import warnings
from pathlib import Path
from typing import Any

import click

from stablelce.cli.models import Model, number
from stablelce.cli.options import InputError, json_option, write_text
from stablelce.cli.tables import Columns, Table, read_table
from stablelce.cli.terminal import console, table

__all__ = ["data_argument", "train"]

data_argument = click.argument(
    "data", metavar="DATA", type=click.Path(exists=True, dir_okay=False, path_type=Path)
)


@click.command()
@data_argument
@click.option("--target", metavar="COLUMN", required=True, help="The column of labels, of two classes.")
@click.option("--soft", is_flag=True, help="The target column holds targets in [0, 1], not labels.")
@click.option("--weight", metavar="COLUMN", help="The column of sample weights.")
@click.option(
    "--feature",
    "features",
    metavar="COLUMN",
    multiple=True,
    help="Take these features only; may be repeated.",
)
@click.option(
    "--solver",
    type=click.Choice(["newton", "gd", "sgd", "exact"]),
    default="newton",
    show_default=True,
    help="exact: the correctly rounded optimum, proved.",
)
@click.option("--l2", type=float, default=0.0, show_default=True, help="The penalty, of the mean loss.")
@click.option("--intercept/--no-intercept", default=True, show_default=True, help="Fit an intercept.")
@click.option("--max-iter", type=int, default=1000, show_default=True, help="Iterations at most.")
@click.option(
    "--tol", type=float, default=1e-8, show_default=True, help="Relative size of Newton's step at the end."
)
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the order of rows in sgd.")
@click.option(
    "--checkpoint",
    metavar="DIR",
    type=click.Path(file_okay=False),
    help="Keep the state in DIR; after Ctrl-C the same command goes on from there.",
)
@click.option(
    "--model",
    "model_file",
    metavar="FILE",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Write the model to FILE, for 'stablelce certify'.",
)
@json_option
@click.pass_context
def train(
    ctx: click.Context, /, data: Path, model_file: Path | None, json_file: Path | None, **options: Any
) -> None:
    """Fit a logistic regression to DATA, a .csv or .parquet file with named columns.

    The result has the same bits whatever the order of the rows (but for sgd) and the machine. The file may be
    larger than memory: the features are kept in a temporary file, 8 bytes each.

    \b
    Exit status: 0 the output was written, whatever it says; 2 wrong usage, or nothing to fit;
    130 interrupted.
    """  # noqa: D301 - click's mark for lines that are not rewrapped is this control character
    for path in (model_file, json_file):
        if path is not None and not path.resolve().parent.is_dir():
            raise InputError(f"there is no folder {str(path.parent)!r}; make it first.")
    _prepare(options["checkpoint"])
    columns = Columns(options["target"], options["weight"], options["features"])
    try:
        with tempfile.TemporaryFile() as scratch:
            model = _fit(read_table(data, columns, scratch), columns, options)
    except KeyboardInterrupt:
        if options["checkpoint"] is None:
            raise
        click.echo("stablelce: interrupted; the same command goes on where this one stopped.", err=True)
        ctx.exit(130)
    _print(model)  # first, so that a file that cannot be written does not take the result with it
    for path in (model_file, json_file):
        if path is not None:
            write_text(path, model.to_json())


def _prepare(checkpoint: str | None) -> None:
    from stablelce.training.checkpoint import prepare

    try:
        if checkpoint is not None:
            prepare(checkpoint)
    except (OSError, ValueError) as error:
        raise InputError(str(error)) from None


def _fit(rows: Table, columns: Columns, options: dict[str, Any]) -> Model:
    from stablelce.training._sklearn import ConvergenceWarning
    from stablelce.training.estimator import LogisticRegression

    soft, l2 = options["soft"], options["l2"]
    fitted = LogisticRegression(
        solver=options["solver"],
        l2=l2,
        fit_intercept=options["intercept"],
        max_iter=options["max_iter"],
        tol=options["tol"],
        random_state=options["seed"],
        checkpoint=options["checkpoint"],
        verbose=1,
    )
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("ignore")
            warnings.simplefilter("always", ConvergenceWarning)
            (fitted.fit_soft if soft else fitted.fit)(rows.X, rows.y, rows.weight)
    except (ImportError, OSError, TypeError, ValueError, ArithmeticError) as error:
        raise InputError(str(error)) from None
    return Model(
        target=columns.target,
        weight=columns.weight,
        soft=soft,
        classes=fitted.classes_.tolist(),
        coef=dict(zip(rows.names, fitted.coef_[0].tolist(), strict=True)),
        intercept=float(fitted.intercept_[0]),
        l2=l2,
        fit_intercept=options["intercept"],
        fit={
            "solver": options["solver"],
            "max_iter": options["max_iter"],
            "tol": number(options["tol"]),
            "seed": options["seed"] if options["solver"] == "sgd" else None,
            "rows": len(rows.y),
            "iterations": fitted.n_iter_,
            "loss": number(fitted.loss_curve_[-1]),
            "warning": str(caught[0].message) if caught else None,
        },
    )


def _print(model: Model) -> None:
    out = console()
    fit = model.fit
    out.print(
        f"{fit['rows']} rows, {len(model.coef)} features; {fit['solver']}, {fit['iterations']} iterations, "
        f"loss {float(fit['loss']['decimal']):.6g}"
    )
    first, second = model.classes
    out.print(f"The logit is that of {model.target} = {second!r} against {first!r}.\n")
    made = table("feature", "coefficient", "hexadecimal", right=("coefficient",))
    rows = [*model.coef.items(), *([("(intercept)", model.intercept)] if model.fit_intercept else [])]
    for name, value in rows:
        made.add_row(name, repr(value), value.hex())
    out.print(made)
    if fit["warning"] is not None:
        out.print(f"\nNot converged: {fit['warning']}", style="yellow")
