"""Public problems, read from the packages that ship them; those of an absent package are left out."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

from tests.certified.problems import Floats, Problem, make

__all__ = ["SHIPPED", "public", "standardised"]


def public() -> tuple[list[Problem], list[str]]:
    """The problems, and a note for each package whose data are absent."""
    found: list[Problem] = []
    notes = []
    for package, read in SHIPPED.items():
        try:
            found += read()
        except ModuleNotFoundError as error:
            notes.append(f"The data sets of {package} were left out: {error.name} is not installed.")
    return found, notes


def standardised(x: Floats) -> Floats:
    """(x - m) / d by column, in operations that IEEE 754 rounds correctly, so the same bits everywhere.

    m is the exact mean, rounded once; the deviations x - m are rounded; d is the square root, rounded, of the
    mean of their exact squares, rounded once.
    """
    out = np.empty_like(x)
    for j, column in enumerate(x.T):
        m = float(sum(map(Fraction, column.tolist()), Fraction(0)) / len(column))
        deviations = column - m
        variance = sum((Fraction(v) ** 2 for v in deviations.tolist()), Fraction(0)) / len(column)
        out[:, j] = deviations / math.sqrt(float(variance))
    return out


def _scikit_learn() -> list[Problem]:
    from sklearn import datasets

    cancer, iris, wine = datasets.load_breast_cancer(), datasets.load_iris(), datasets.load_wine()
    x, t = np.asarray(cancer.data), np.asarray(cancer.target)
    names = [str(name) for name in cancer.feature_names]
    where = "scikit-learn's breast_cancer"
    found = [
        make("breast_cancer", f"{where}, all features, raw", x, t, features=names),
        make(
            "breast_cancer, 10 means",
            f"{where}, the first ten features, raw",
            x[:, :10],
            t,
            features=names[:10],
        ),
        make("breast_cancer, l2", f"{where}, raw", x, t, l2=2.0**-10, features=names),
        make(
            "breast_cancer, standardised, l2",
            f"{where}, standardised",
            standardised(x),
            t,
            l2=2.0**-10,
            features=names,
        ),
    ]
    for first, second, l2 in ((0, 1, 0.0), (0, 2, 0.0), (1, 2, 0.0), (0, 1, 2.0**-10)):
        found.append(_pair(iris, "iris", (first, second), l2))
    for first, second in ((0, 1), (0, 2), (1, 2)):
        found.append(_pair(wine, "wine", (first, second), 0.0))
    x, t, names = _two_classes(wine, (1, 2))
    where = "scikit-learn's wine, classes 1 and 2"
    found += [
        make("wine 1-2, 3 features", f"{where}, the first three features", x[:, :3], t, features=names[:3]),
        make(
            "wine 1-2, l2, no intercept",
            f"{where}, standardised",
            standardised(x),
            t,
            l2=2.0**-7,
            intercept=False,
            features=names,
        ),
    ]
    return found


def _two_classes(data: Any, classes: tuple[int, int]) -> tuple[Floats, Floats, list[str]]:
    target = np.asarray(data.target)
    chosen = np.isin(target, classes)
    return (
        np.asarray(data.data, dtype=np.float64)[chosen],
        (target[chosen] == classes[1]).astype(np.float64),
        [str(name) for name in data.feature_names],
    )


def _pair(data: Any, name: str, classes: tuple[int, int], l2: float) -> Problem:
    x, t, names = _two_classes(data, classes)
    labels = " and ".join(str(data.target_names[c]) for c in classes)
    title = f"{name} {classes[0]}-{classes[1]}" + (", l2" if l2 else "")
    return make(title, f"scikit-learn's {name}, {labels}", x, t, l2=l2, features=names)


def _statsmodels() -> list[Problem]:
    from statsmodels import datasets

    spector = datasets.spector.load_pandas()
    fair = datasets.fair.load_pandas()
    vote = datasets.anes96.load_pandas().data
    schools = datasets.star98.load_pandas()
    opinions = ["popul", "TVnews", "selfLR", "ClinLR", "DoleLR", "age", "educ", "income"]
    above, below = np.asarray(schools.endog, dtype=np.float64).T
    rows = np.asarray(schools.exog, dtype=np.float64)
    return [
        make(
            "spector",
            "statsmodels' spector",
            spector.exog,
            spector.endog,
            features=list(spector.exog.columns),
        ),
        make(
            "fair",
            "statsmodels' fair: whether there was an affair",
            fair.exog,
            np.asarray(fair.endog) > 0,
            features=list(fair.exog.columns),
        ),
        make("anes96", "statsmodels' anes96: the vote", vote[opinions], vote["vote"], features=opinions),
        make(
            "star98",
            "statsmodels' star98: pupils above and below the median, two weighted rows a district",
            np.vstack([rows, rows]),
            np.repeat([1.0, 0.0], len(rows)),
            s=np.concatenate([above, below]),
            features=list(schools.exog.columns),
        ),
    ]


SHIPPED: dict[str, Callable[[], list[Problem]]] = {"scikit-learn": _scikit_learn, "statsmodels": _statsmodels}
