"""Programs in any language: ``cmd:./program --flag``, which speak the protocol of protocol.py.

What follows ``cmd:`` is split into words as a shell would, and run without a shell. The program says which
quantities and formats it offers, so `quantity` plays no part.
"""

from __future__ import annotations

import hashlib
import shlex
import shutil
from pathlib import Path

from stablelce.conformance.subjects.base import ONE_ARGUMENT, Subject, SubjectError
from stablelce.conformance.subjects.foreign import Foreign
from stablelce.conformance.subjects.process import DEFAULT_LIMITS, Limits

__all__ = ["subject"]


def subject(spec: str, _quantity: str, limits: Limits = DEFAULT_LIMITS) -> Subject:
    """What a program offers.

    Parameters
    ----------
    spec : str
        ``cmd:`` and a command.
    limits : Limits
        What it may take.

    Raises
    ------
    SubjectError
        It cannot be started, or does not speak the protocol.
    SubjectFault
        It died or hung when it was started.
    """
    command = _command(spec)
    foreign = Foreign(spec, command, limits)
    offer = foreign.offer
    expressions = {
        quantity: f"call({quantity!r}, z)" if quantity in ONE_ARGUMENT else f"call({quantity!r}, z, t)"
        for quantity in offer.formats
    }
    return foreign.subject(offer.version or _version(command), _imports(command, offer.encoding), expressions)


def _command(spec: str) -> list[str]:
    try:
        command = shlex.split(spec.removeprefix("cmd:"))
    except ValueError as error:
        raise SubjectError(f"subject {spec!r}: {error}; quote the command as for a shell.") from None
    if not command:
        raise SubjectError(f"subject {spec!r} names no program: write cmd:./program --flag.")
    if shutil.which(command[0]) is None:
        there = Path(command[0]).exists()
        reason = "may not be run; make it executable" if there else "is not there; check the path"
        hint = "" if there or "/" in command[0] else f", or write ./{command[0]} for one in this folder"
        raise SubjectError(f"subject {spec!r}: {command[0]!r} {reason}{hint}.")
    return command


def _version(command: list[str]) -> str:
    """The start of the SHA-256 over the files that the command names: program, script, input."""
    digest = hashlib.sha256()
    for word in command:
        path = Path(shutil.which(word) or word)
        if path.is_file():
            digest.update(path.read_bytes())
    return f"sha256 {digest.hexdigest()[:12]}"


def _imports(command: list[str], encoding: str) -> str:
    """Lines that define ``call``: one request, and what the program writes to it."""
    request = [
        "import subprocess",
        "def call(quantity, *inputs):",
        f"    request = f'stablelce 1\\n{{quantity}} {{inputs[0].dtype}} 1 {encoding}\\n'.encode()",
    ]
    if encoding == "binary":
        request += [
            "    request += b''.join(a.tobytes() for a in inputs)",
            f"    answer = subprocess.run({command!r}, input=request, stdout=subprocess.PIPE).stdout",
            "    data = answer.partition(b'results 1\\n')[2].removesuffix(b'end\\n')",
            "    return np.frombuffer(data, inputs[0].dtype)",
        ]
        return "\n".join(request)
    number = "float(a[0]).hex()"
    if encoding == "bits":
        number = "'0x' + a.astype(a.dtype.newbyteorder('>')).tobytes().hex()"
    request += [
        f"    request += (' '.join({number} for a in inputs) + '\\n').encode()",
        f"    answer = subprocess.run({command!r}, input=request, stdout=subprocess.PIPE).stdout.decode()",
        "    words = answer.replace('\\r', '').partition('results 1\\n')[2].partition('\\n')[0].split()",
        "    if not words:",
        "        raise RuntimeError(answer)",
        "    results = [number(word, inputs[0].dtype) for word in words]",
        "    return results[0] if len(results) == 1 else results",
        "def number(word, kind):",
        "    if word.startswith('0x') and 'p' not in word:",
        "        return np.array([int(word, 16)], f'u{kind.itemsize}').view(kind)",
        "    return np.array([float.fromhex(word)]).astype(kind)",
    ]
    return "\n".join(request)
