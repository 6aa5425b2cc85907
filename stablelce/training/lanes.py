"""The logit of a row as vector instructions: ``rows.logits`` on vectors of eight lanes, written for LLVM.

The compiler finds no vectors in eight sums side by side, so they are spelled out. What is computed is not:
the kernels' own ``two_sum`` and ``two_prod`` run here on :class:`Vector`, whose operators emit instructions.
None of them may be contracted or reordered: no fast-math flag is ever set.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from llvmlite import ir

from stablelce.kernels.primitives import two_prod, two_sum

__all__ = ["LANES", "Part", "Vector", "logit"]

LANES = 8
"""As many as there are in ``rows``, and as the widest vector registers hold."""

_DOUBLE, _INDEX = ir.DoubleType(), ir.IntType(64)


class Vector:
    """A vector of binary64 numbers, or one of them, that emits an instruction for each operator."""

    def __init__(self, builder: Any, value: Any) -> None:
        self.builder, self.value = builder, value

    def __add__(self, other: Any) -> Vector:
        return Vector(self.builder, self.builder.fadd(self.value, other.value))

    def __sub__(self, other: Any) -> Vector:
        return Vector(self.builder, self.builder.fsub(self.value, other.value))

    def __mul__(self, other: Any) -> Vector:
        return Vector(self.builder, self.builder.fmul(self.value, other.value))

    def __rmul__(self, other: float) -> Vector:
        return self * self.constant(other)

    def __neg__(self) -> Vector:
        return Vector(self.builder, self.builder.fneg(self.value))

    def constant(self, number: float) -> Vector:
        """The number in every lane."""
        kind = self.value.type
        return Vector(self.builder, ir.Constant(kind, [number] * kind.count))

    def fused(self, other: Vector, addend: Vector) -> Vector:
        """self*other + addend, rounded once."""
        kind = self.value.type
        name = f"llvm.fma.v{kind.count}f64"
        function = self.builder.module.globals.get(name) or ir.Function(
            self.builder.module, ir.FunctionType(kind, (kind,) * 3), name
        )
        return Vector(self.builder, self.builder.call(function, (self.value, other.value, addend.value)))

    def half(self, first: int, count: int) -> Vector:
        """Some of the lanes; a number if it is one."""
        if count == 1:
            return Vector(self.builder, self.builder.extract_element(self.value, _index(first)))
        mask = ir.Constant(ir.VectorType(ir.IntType(32), count), list(range(first, first + count)))
        return Vector(self.builder, self.builder.shuffle_vector(self.value, self.value, mask))


class Part(NamedTuple):
    """Pointers to features of a row and to their coefficients, how many vectors, and where to copy them."""

    x: Any
    w: Any
    vectors: Any
    copy: Any = None


def logit(builder: Any, parts: Sequence[Part], b: Any, *, fused: bool) -> Any:
    """Emit z of a row: its parts, of which all lanes are filled, and the intercept."""
    zero = ir.Constant(ir.VectorType(_DOUBLE, LANES), [0.0] * LANES)
    h = c = Vector(builder, zero)
    for part in parts:
        h, c = _take(builder, part, h, c, fused)
    for count in (4, 2, 1):
        low, low_c = h.half(0, count), c.half(0, count)
        h, lost = two_sum(low, h.half(count, count))
        c = (low_c + c.half(count, count)) + lost
    total, lost = two_sum(h, Vector(builder, b))
    return (total + (c + lost)).value


def _take(builder: Any, part: Part, h: Vector, c: Vector, fused: bool) -> tuple[Vector, Vector]:
    """Emit the loop that lets the lanes take in the vectors of a part."""
    before = builder.block
    body, after = builder.append_basic_block("lanes"), builder.append_basic_block("lanes.done")
    builder.cbranch(builder.icmp_signed(">", part.vectors, _index(0)), body, after)
    builder.position_at_end(body)
    k, h_in, c_in = builder.phi(_INDEX), builder.phi(h.value.type), builder.phi(c.value.type)
    start = builder.mul(k, _index(LANES))
    x, w = _load(builder, part.x, start), _load(builder, part.w, start)
    if part.copy is not None:
        builder.store(x.value, _place(builder, part.copy, start), align=8)
    p, e = _exact_product(x, w) if fused else two_prod(x, w)
    h_out, lost = two_sum(Vector(builder, h_in), p)
    c_out = Vector(builder, c_in) + (lost + e)
    following = builder.add(k, _index(1))
    for phi, first, then in (
        (k, _index(0), following),
        (h_in, h.value, h_out.value),
        (c_in, c.value, c_out.value),
    ):
        phi.add_incoming(first, before)
        phi.add_incoming(then, body)
    builder.cbranch(builder.icmp_signed("<", following, part.vectors), body, after)
    builder.position_at_end(after)
    ends = []
    for first, then in ((h, h_out), (c, c_out)):
        phi = builder.phi(first.value.type)
        phi.add_incoming(first.value, before)
        phi.add_incoming(then.value, body)
        ends.append(Vector(builder, phi))
    return ends[0], ends[1]


def _exact_product(x: Vector, w: Vector) -> tuple[Vector, Vector]:
    p = x * w
    return p, x.fused(w, -p)


def _load(builder: Any, pointer: Any, start: Any) -> Vector:
    """Eight features or coefficients, in binary64; aligned as single numbers are."""
    narrow = pointer.type.pointee == ir.FloatType()
    value = builder.load(_place(builder, pointer, start), align=4 if narrow else 8)
    if narrow:
        value = builder.fpext(value, ir.VectorType(_DOUBLE, LANES))
    return Vector(builder, value)


def _place(builder: Any, pointer: Any, start: Any) -> Any:
    """A pointer to the vector that begins at an element."""
    kind = ir.VectorType(pointer.type.pointee, LANES).as_pointer()
    return builder.bitcast(builder.gep(pointer, [start]), kind)


def _index(number: int) -> Any:
    return ir.Constant(_INDEX, number)
