"""From the string that names a subject to the subject."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module

from stablelce.conformance.subjects.base import QUANTITIES, AbsentSubjectError, Subject, SubjectError
from stablelce.conformance.subjects.importing import describe, suggestion
from stablelce.conformance.subjects.process import DEFAULT_LIMITS, Limits
from stablelce.conformance.subjects.user import load

__all__ = ["ADAPTERS", "KNOWN", "Adapter", "resolve"]


@dataclass(frozen=True)
class Adapter:
    """Where an adapter lives, what it needs, and the line that installs that.

    Attributes
    ----------
    module : str
        Name of the module in this package; it is imported when the subject is asked for.
    package : str
        Top-level package of the framework; its absence makes the subject absent.
    install : str
        The pip line.
    also : str
        Another package whose absence makes the subject absent: a backend, or a format.
    """

    module: str
    package: str
    install: str
    also: str = ""

    def is_missing(self, error: ModuleNotFoundError) -> str:
        """The package of these whose absence the error speaks of, or nothing."""
        absent = (error.name or "").partition(".")[0]
        return absent if absent in (self.package, self.also) else ""


ADAPTERS = {
    "stablelce": Adapter("own", "stablelce", "pip install stablelce"),
    "numpy:naive": Adapter("textbook", "numpy", "pip install numpy"),
    "numpy:logaddexp": Adapter("textbook", "numpy", "pip install numpy"),
    "numpy:fused": Adapter("textbook", "numpy", "pip install numpy"),
    "scipy": Adapter("scipy", "scipy", "pip install scipy"),
    "sklearn": Adapter("sklearn", "sklearn", "pip install scikit-learn"),
    "sklearn:loss_gradient": Adapter("sklearn", "sklearn", "pip install scikit-learn"),
    "torch": Adapter("torch", "torch", "pip install torch"),
    "jax": Adapter("jax", "jax", "pip install jax"),
    "optax": Adapter("optax", "optax", "pip install optax"),
    "tensorflow": Adapter("tensorflow", "tensorflow", "pip install tensorflow"),
    "keras:tensorflow": Adapter("keras", "keras", "pip install keras tensorflow", "tensorflow"),
    "keras:jax": Adapter("keras", "keras", "pip install keras jax", "jax"),
    "keras:torch": Adapter("keras", "keras", "pip install keras torch", "torch"),
    "statsmodels": Adapter("statsmodels", "statsmodels", "pip install statsmodels"),
    "xgboost": Adapter("xgboost", "xgboost", "pip install xgboost"),
    "onnxruntime": Adapter("onnxruntime", "onnxruntime", "pip install onnxruntime onnx", "onnx"),
    "tinygrad": Adapter("tinygrad", "tinygrad", "pip install tinygrad, and a C compiler, clang"),
}
"""The subjects that go by a name of their own, in the order of reports."""

KNOWN = tuple(ADAPTERS)
"""Names of the subjects that have an adapter."""

_WITHOUT_A_WAY = {
    "lightgbm": "no documented call returns the gradient of its binary objective, a tree of one leaf has "
    "weight 0, and equal gradients are never split; name a function of your own as ./file.py:attr",
    "keras": "its backend decides what it computes; name that too, as keras:tensorflow, keras:jax or "
    "keras:torch",
}
"""What people may ask for and no adapter offers, with the reason."""

_LATER = {"lib": "shared libraries", "cmd": "programs", "vectors": "files of results"}

_FOREIGN = ("lib", "cmd", "vectors")
"""Prefixes of subjects in any language; each has a module of that name here."""


def resolve(spec: str, quantity: str = "loss", limits: Limits = DEFAULT_LIMITS) -> Subject:
    """The subject that a string names.

    Parameters
    ----------
    spec : str
        One of `KNOWN`, ``package.module:attr``, ``./file.py:attr``, ``lib:./libfoo.so:symbol``,
        ``cmd:./program --flag`` or ``vectors:results.csv``.
    quantity : str
        What a bare callable computes, one of `QUANTITIES`; a subject that names its functions ignores it.
    limits : Limits
        What the process of a library or program may take.

    Returns
    -------
    Subject
        Importing it has happened; nothing of it has been called.

    Raises
    ------
    AbsentSubjectError
        The framework is not installed; the message holds the pip line.
    SubjectError
        The string names nothing that can be judged; the message is one sentence that says why.
    SubjectFault
        A library or program died or hung when it was started.
    """
    if quantity not in QUANTITIES:
        raise SubjectError(f"unknown quantity {quantity!r}: use one of {', '.join(QUANTITIES)}.")
    if not spec.isprintable():
        raise SubjectError(
            f"subject {spec!a}: its name has a character that cannot be printed, or is not UTF-8; "
            f"rename the file."
        )
    if spec in _WITHOUT_A_WAY:
        raise SubjectError(f"subject {spec!r}: there is nothing to judge, because {_WITHOUT_A_WAY[spec]}.")
    if spec in ADAPTERS:
        return _adapted(spec, ADAPTERS[spec])
    prefix, colon, rest = spec.partition(":")
    if not colon:
        raise SubjectError(_without_colon(spec))
    if prefix in _FOREIGN:
        foreign: Subject = import_module(f"{__package__}.{prefix}").subject(spec, quantity, limits)
        return foreign
    if prefix == "numpy":
        forms = [name.removeprefix("numpy:") for name in KNOWN if name.startswith("numpy:")]
        raise SubjectError(
            f"subject {spec!r}: there is no textbook form {rest!r}{suggestion(rest, forms)}; "
            f"the forms are {', '.join(forms)}."
        )
    return load(spec, quantity)


def _adapted(spec: str, adapter: Adapter) -> Subject:
    try:
        subject: Subject = import_module(f"{__package__}.{adapter.module}").subject(spec)
    except SubjectError:
        raise
    except ModuleNotFoundError as error:
        absent = adapter.is_missing(error)
        if not absent:
            raise SubjectError(_broken(spec, adapter, error)) from None
        raise AbsentSubjectError(
            f"subject {spec!r}: {absent} is not installed; install it with: {adapter.install}"
        ) from None
    except Exception as error:  # noqa: BLE001 - a broken installation raises OSError, ImportError...
        raise SubjectError(_broken(spec, adapter, error)) from None
    return subject


def _broken(spec: str, adapter: Adapter, error: Exception) -> str:
    return (
        f"subject {spec!r}: {adapter.package} is installed but cannot be used ({describe(error)}); "
        f"repair it, perhaps with: {adapter.install}"
    )


def _without_colon(spec: str) -> str:
    if not spec:
        return f"a subject is empty: use one of {', '.join(KNOWN)}, package.module:attr or ./file.py:attr."
    if spec.endswith(".py") or "/" in spec or "." in spec:
        return f"subject {spec!r} names no attribute: write {spec}:attr, with the name of a function in it."
    return (
        f"unknown subject {spec!r}{suggestion(spec, KNOWN)}; use one of {', '.join(KNOWN)}, "
        f"package.module:attr or ./file.py:attr."
    )
