"""The file of a fitted model: JSON, each number in hexadecimal, so that no bit is lost, and in decimal."""

from __future__ import annotations

import json
import platform
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from stablelce.cli.options import InputError

__all__ = ["Model", "number"]

KIND = "stablelce logistic regression"
VERSION = 1


def number(value: float) -> dict[str, str]:
    """A float, in hexadecimal and as the shortest decimal that gives it back."""
    return {"hex": float(value).hex(), "decimal": repr(float(value))}


@dataclass(frozen=True)
class Model:
    """What ``certify`` must know of a fit, and what a reader wants to.

    Attributes
    ----------
    target, weight : str, str or None
        The columns of labels or targets, and of weights.
    soft : bool
        Whether there were targets in place of labels.
    classes : list
        The two labels; the logit is that of the second.
    coef : dict of str to float
        The coefficients by feature.
    intercept : float
        The intercept; 0 where none was fitted.
    l2 : float
        The penalty.
    fit_intercept : bool
        Whether an intercept was fitted.
    fit : dict
        Solver, its parameters, iterations, loss, and its warning or None.
    """

    target: str
    weight: str | None
    soft: bool
    classes: list[Any]
    coef: dict[str, float]
    intercept: float
    l2: float
    fit_intercept: bool
    fit: dict[str, Any]

    def to_json(self) -> str:
        """The text of the file."""
        content = {
            "kind": KIND,
            "version": VERSION,
            "target": self.target,
            "weight": self.weight,
            "soft": self.soft,
            "classes": self.classes,
            "coef": {name: number(value) for name, value in self.coef.items()},
            "intercept": number(self.intercept),
            "l2": number(self.l2),
            "fit_intercept": self.fit_intercept,
            "fit": self.fit,
            "versions": {name: _version(name) for name in ("stablelce", "numpy", "python")},
        }
        return json.dumps(content, indent=1, ensure_ascii=False) + "\n"

    @classmethod
    def read(cls, path: Path) -> Model:
        """The model in a file.

        Raises
        ------
        InputError
            It cannot be read, or is no such file.
        """
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            same = {(KIND, VERSION): content}[content["kind"], content["version"]]
            return cls(
                **{name: same[name] for name in ("target", "weight", "soft", "classes", "fit_intercept")},
                coef={name: float.fromhex(value["hex"]) for name, value in same["coef"].items()},
                intercept=float.fromhex(same["intercept"]["hex"]),
                l2=float.fromhex(same["l2"]["hex"]),
                fit=same["fit"],
            )
        except OSError as error:
            raise InputError(f"cannot read {str(path)!r}: {error.strerror}.") from None
        except (ValueError, KeyError, TypeError, AttributeError):
            raise InputError(
                f"{path} is no model of this version: write one by 'stablelce train ... --model'."
            ) from None

    # As ``stablelce.certify`` reads fitted models.

    @property
    def coef_(self) -> Any:
        return np.array(list(self.coef.values()))

    @property
    def intercept_(self) -> Any:
        return np.array([self.intercept])

    @property
    def classes_(self) -> Any:
        return np.array(self.classes)


def _version(name: str) -> str:
    if name == "python":
        return platform.python_version()
    try:
        return version(name)
    except PackageNotFoundError:  # run from a checkout that was not installed
        import stablelce

        return stablelce.__version__
