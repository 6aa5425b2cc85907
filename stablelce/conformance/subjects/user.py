"""Subjects of one's own: ``package.module:attr``, ``./file.py:attr``, or a Python object.

What an attribute may be, first match counts:

* a mapping, module or object that offers functions by their names: ``loss``, ``gradient``, ``hessian``,
  ``loss_and_gradient``, ``sigmoid``, ``log_sigmoid``, ``softplus``;
* a callable, which computes the quantity that was asked for.

Either may carry ``formats`` (names of dtypes) and ``keywords`` (those of ``weight``, ``pos_weight`` that its
loss and gradient take). Arrays go in and come out as they are: nothing here converts or checks them.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from stablelce.conformance.subjects.base import (
    KEYWORDS,
    ONE_ARGUMENT,
    QUANTITIES,
    WEIGHTED,
    Subject,
    SubjectError,
)
from stablelce.conformance.subjects.importing import MISSING, attribute, get, import_file, import_module
from stablelce.formats import find_format

__all__ = ["from_object", "load"]

_OFFERS = (*QUANTITIES, "loss_and_gradient")


def load(spec: str, quantity: str) -> Subject:
    """The subject at ``package.module:attr`` or ``./file.py:attr``.

    The current folder (for a module) or the folder of the file is put on ``sys.path``, as Python does for
    ``python -m module`` and ``python file.py``, and stays there: the subject may import when it is called.

    Raises
    ------
    SubjectError
        It cannot be found or imported, or is nothing that can be judged.
    """
    where, _, path = spec.rpartition(":")
    if not where or not path:
        missing = "a module or file before the colon" if not where else "an attribute after the colon"
        raise SubjectError(f"subject {spec!r} lacks {missing}: write package.module:attr or ./file.py:attr.")
    first, *rest = path.split(".")
    if where.endswith(".py"):
        module = import_file(spec, Path(where))
        file = Path(where).resolve()
        imports = (
            f"import runpy, sys\nsys.path.insert(0, {str(file.parent)!r})\n"
            f"{first} = runpy.run_path({str(file)!r})[{first!r}]"
        )
    else:
        module = import_module(spec, where)
        imports = f"from {where} import {first}"
        if _lies_in(Path.cwd(), module):
            imports = f"import sys\nsys.path.insert(0, {str(Path.cwd())!r})\n{imports}"
    target: Any = module
    for name in (first, *rest):
        target = attribute(spec, target, name)
    return _subject(spec, target, quantity, version=_version(module), imports=imports, expression=path)


def _lies_in(folder: Path, module: ModuleType) -> bool:
    """Whether Python finds it there: it looks into that folder for ``python -m``, and not for a script."""
    top = folder / module.__name__.partition(".")[0]
    file = Path(module.__file__ or "").resolve()
    return file == top.with_suffix(".py") or file.is_relative_to(top)


def from_object(obj: object, quantity: str = "loss") -> Subject:
    """The subject that a callable, mapping, module or object is; a `Subject` is itself.

    Raises
    ------
    SubjectError
        It is none of these, or offers nothing.
    """
    if isinstance(obj, Subject):
        return obj
    if quantity not in QUANTITIES:
        raise SubjectError(f"unknown quantity {quantity!r}: use one of {', '.join(QUANTITIES)}.")
    if isinstance(obj, ModuleType):
        name = obj.__name__
        return _subject(name, obj, quantity, version=_version(obj), imports=f"import {name}", expression=name)
    home: str = getattr(obj, "__module__", None) or ""
    qualified: str = getattr(obj, "__qualname__", None) or ""  # instances and mappings have none
    version = _version(sys.modules[home]) if home in sys.modules else "unknown"
    if home != "__main__" and qualified and _reached(home, qualified) is obj:
        name, expression = f"{home}:{qualified}", qualified
        imports = f"from {home} import {qualified.partition('.')[0]}"
    else:
        # It cannot be imported, so the reproducer leaves its making to the reader.
        name, expression = qualified or type(obj).__qualname__, "subject"
        imports = f"subject = ...  # the object that was audited, {name}"
    return _subject(name, obj, quantity, version=version, imports=imports, expression=expression)


def _subject(
    name: str, target: Any, quantity: str, *, version: str, imports: str, expression: str
) -> Subject:
    functions = {}
    for offer in _OFFERS:
        function = _offered(name, target, offer)
        if function is not None:
            if not callable(function):
                raise SubjectError(
                    f"subject {name!r}: its {offer!r} is of type {type(function).__name__}; "
                    f"give a callable there."
                )
            functions[offer] = function
    if functions:
        reach = '{0}["{1}"]' if isinstance(target, Mapping) else "{0}.{1}"
        expressions = {offer: _call(reach.format(expression, offer), offer) for offer in functions}
    elif callable(target):
        functions = {quantity: target}
        expressions = {quantity: _call(expression, quantity)}
    else:
        raise SubjectError(_offers_nothing(name, target))
    keywords = _keywords(name, target)
    for offer in [offer for offer in WEIGHTED if offer in functions]:
        call = expressions[offer].removesuffix(")")
        expressions |= {f"{offer}, {keyword}": f"{call}, {keyword}=w)" for keyword in keywords}
    return Subject(
        name=name,
        functions=functions,
        formats=_formats(name, target),
        keywords=keywords,
        version=version,
        imports=imports,
        expressions=expressions,
    )


def _offered(name: str, target: Any, key: str) -> Any:
    """What stands under a name, or None; a package's submodule of that name is no offer of the package."""
    value = get(name, target, key)
    is_submodule = isinstance(target, ModuleType) and isinstance(value, ModuleType)
    return None if value is MISSING or is_submodule else value


def _call(function: str, quantity: str) -> str:
    return f"{function}(z)" if quantity in ONE_ARGUMENT else f"{function}(z, t)"


def _offers_nothing(name: str, target: Any) -> str:
    if isinstance(target, ModuleType):
        kind = "a module"
    else:
        kind = f"of type {type(target).__name__}" + ("" if isinstance(target, Mapping) else ", not callable,")
    return (
        f"subject {name!r} is {kind} and offers nothing to judge; "
        f"give a function f(z, t), or at least one of {', '.join(_OFFERS)}."
    )


def _names(name: str, target: Any, attribute: str) -> tuple[str, ...] | None:
    value = _offered(name, target, attribute)
    if value is None:
        return None
    if not isinstance(value, (list, tuple, set, frozenset)) or not all(isinstance(v, str) for v in value):
        raise SubjectError(
            f"subject {name!r}: its {attribute!r} is {value!r:.80}; give a tuple of strings there."
        )
    return tuple(value) if isinstance(value, (list, tuple)) else tuple(sorted(value))


def _formats(name: str, target: Any) -> tuple[str, ...] | None:
    given = _names(name, target, "formats")
    if given is None:
        return None
    if not given:
        raise SubjectError(f"subject {name!r}: its 'formats' is empty; leave it out to have them probed.")
    try:
        return tuple(dict.fromkeys(find_format(one).dtype_name for one in given))
    except ValueError as error:
        raise SubjectError(f"subject {name!r}: its 'formats' holds an {error}") from None


def _keywords(name: str, target: Any) -> frozenset[str]:
    given = frozenset(_names(name, target, "keywords") or ())
    unknown = sorted(given - set(KEYWORDS))
    if unknown:
        raise SubjectError(
            f"subject {name!r}: its 'keywords' holds {unknown[0]!r}; only {' and '.join(KEYWORDS)} are known."
        )
    return given


def _reached(module_name: str, qualified: str) -> Any:
    found: Any = sys.modules.get(module_name)
    for part in qualified.split("."):
        found = getattr(found, part, None)
    return found


def _version(module: ModuleType) -> str:
    top = sys.modules.get(module.__name__.partition(".")[0], module)
    version = getattr(top, "__version__", None)
    return version if isinstance(version, str) else "unknown"
