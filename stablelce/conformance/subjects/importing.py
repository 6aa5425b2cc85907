"""Importing code that others wrote: every failure becomes one sentence, and nothing escapes but Ctrl-C."""

from __future__ import annotations

import difflib
import hashlib
import importlib
import importlib.util
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from stablelce.conformance.subjects.base import SubjectError

__all__ = ["MISSING", "attribute", "describe", "get", "import_file", "import_module", "suggestion"]

MISSING = object()
"""Stands for an attribute that is not there."""

_PREFIX = "_subject_"
"""Files are modules under names of their own: one called random.py does not replace the module random."""


def describe(error: BaseException) -> str:
    """Type and text of an exception on one line of bounded length."""
    try:
        text = " ".join(str(error).split())
    except Exception:  # noqa: BLE001 - the text comes from the subject's own exception class
        text = ""
    if len(text) > 300:
        text = f"{text[:300]}..."
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def suggestion(name: str, known: Iterable[str]) -> str:
    """``", did you mean 'x'?"`` for the closest known name, or nothing."""
    close = difflib.get_close_matches(name, list(known), n=1)
    return f", did you mean {close[0]!r}" if close else ""


def import_module(spec: str, name: str) -> ModuleType:
    """The module of that name, looked for in the current folder as well."""
    if not all(part.isidentifier() for part in name.split(".")):
        raise SubjectError(
            f"subject {spec!r}: {name!r} is not a module name; "
            f"a file is written ./file.py:attr, with its ending."
        )
    _make_importable(Path.cwd())
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise SubjectError(_import_failed(spec, error)) from None
        raise SubjectError(
            f"subject {spec!r}: there is no module {error.name!r}; "
            f"check the spelling, install it, or run from the folder that holds it."
        ) from None
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - code of others raises anything, SystemExit included
        raise SubjectError(_import_failed(spec, error)) from None


def import_file(spec: str, path: Path) -> ModuleType:
    """The module that a file holds, run anew; its folder is where it may import from.

    A file that sets no ``__version__`` gets the start of its SHA-256 for one.
    """
    if not _is_file(path):
        raise SubjectError(
            f"subject {spec!r}: there is no file {str(path)!r}; check the path and its ending."
        )
    _make_importable(path.parent.resolve())
    name = f"{_PREFIX}{path.stem}"
    found = importlib.util.spec_from_file_location(name, path)
    assert found is not None  # Python has a loader for every path that ends in .py
    module = importlib.util.module_from_spec(found)
    sys.modules[name] = module
    try:
        source = path.read_bytes()
        module.__dict__["__version__"] = f"sha256 {hashlib.sha256(source).hexdigest()[:12]}"
        # Not by the loader: it takes cached bytecode for a file changed within a second to one of equal size.
        exec(compile(source, str(path), "exec", dont_inherit=True), module.__dict__)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - code of others raises anything, SystemExit included
        sys.modules.pop(name, None)
        raise SubjectError(_import_failed(spec, error)) from None
    return module


def _import_failed(spec: str, error: BaseException) -> str:
    return (
        f"subject {spec!r}: importing it raised {describe(error)}; make the import succeed on its own first."
    )


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name that the file system refuses
        return False


def _make_importable(folder: Path) -> None:
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))


def attribute(spec: str, owner: Any, name: str) -> Any:
    """The attribute of that name; its absence is an error that suggests a close one."""
    found = MISSING if isinstance(owner, Mapping) else get(spec, owner, name)
    if found is MISSING:
        raise SubjectError(
            f"subject {spec!r}: {_kind(owner)} has no attribute {name!r}{suggestion(name, dir(owner))}; "
            f"name a function, mapping or object that it defines."
        )
    return found


def _kind(owner: Any) -> str:
    if not isinstance(owner, ModuleType):
        return f"the object of type {type(owner).__name__}"
    return "the file" if owner.__name__.startswith(_PREFIX) else f"module {owner.__name__!r}"


def get(name: str, owner: Any, key: str) -> Any:
    """The attribute of an object, the value in a mapping, or `MISSING`."""
    try:
        return owner.get(key, MISSING) if isinstance(owner, Mapping) else getattr(owner, key, MISSING)
    except Exception as error:  # noqa: BLE001 - a property or __getattr__ of the subject may raise anything
        raise SubjectError(
            f"subject {name!r}: reading its {key!r} raised {describe(error)}; "
            f"make it readable without an error."
        ) from None
