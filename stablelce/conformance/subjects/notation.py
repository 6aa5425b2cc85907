"""Numbers as text, exactly: hexadecimal floats or the bits of an encoding, as protocol.py describes them."""

from __future__ import annotations

import re
from fractions import Fraction

from stablelce.formats import Format

__all__ = ["ProtocolError", "printable", "read_number", "write_number"]

_SPECIAL = re.compile(r"([+-]?)(?:(inf|infinity)|nan(?:\(.*\))?)", re.IGNORECASE)
_HEX_FLOAT = re.compile(r"([+-]?)0x([0-9a-f]{0,99})\.?([0-9a-f]{0,99})p([+-]?[0-9]{1,5})", re.IGNORECASE)


class ProtocolError(ValueError):
    """What a program wrote is not what the protocol asks for; the message is a clause that says so."""


def printable(text: str) -> str:
    """A program's text; characters that would move a cursor, or colour, are written as escapes."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in "\t\n" else ascii(c)[1:-1] for c in text)


def read_number(text: str, fmt: Format) -> int:
    """The encoding of a number written as a hexadecimal float, as bits, or as inf, -inf or nan.

    Raises
    ------
    ProtocolError
        It is none of these, or no number of the format.
    """
    text = text.strip()
    if re.fullmatch(rf"0x[0-9a-fA-F]{{{fmt.width // 4}}}", text):
        return int(text, 16)
    if special := _SPECIAL.fullmatch(text):
        if special[2] is None:
            return fmt.nan
        return fmt.infinity | (fmt.sign_bit if special[1] == "-" else 0)
    found = _HEX_FLOAT.fullmatch(text)
    if not found or not found[2] + found[3]:
        raise ProtocolError(
            f"{text[:60]!r} is neither a hexadecimal float such as 0x1.8p+3 "
            f"nor {fmt.width // 4} hexadecimal digits after 0x"
        )
    # Exactly, unlike float.fromhex, which rounds.
    digits, exponent = int(found[2] + found[3], 16), int(found[4]) - 4 * len(found[3])
    encoding = fmt.round_dyadic(digits, exponent)
    if not fmt.is_finite(encoding) or fmt.to_fraction(encoding) != digits * Fraction(2) ** exponent:
        raise ProtocolError(f"{text[:60]!r} is no {fmt.dtype_name} number")
    return encoding | (fmt.sign_bit if found[1] == "-" else 0)


def write_number(encoding: int, fmt: Format, how: str) -> str:
    """The number in one of the two forms of text, "hex" or "bits"."""
    if how == "bits":
        return f"0x{encoding:0{fmt.width // 4}x}"
    if fmt.is_nan(encoding):
        return "nan"
    sign = "-" if fmt.is_negative(encoding) else ""
    if fmt.is_infinite(encoding):
        return f"{sign}inf"
    return f"{sign}{float(fmt.to_fraction(fmt.magnitude(encoding))).hex()}"
