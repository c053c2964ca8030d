# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Faults in Python code: every place where an operator of its syntax can be turned.  Pure.

A fault is found by the shape of the code, not by a line, so that it is found again after the code has moved.
"""

from __future__ import annotations

import ast
from typing import NamedTuple


class Fault(NamedTuple):
    """The bytes from `start` to `end` of a file become `after`."""

    file: str
    operator: str
    start: int
    end: int
    after: str
    line: int
    said: str  # what changes, in the words of the code

    @property
    def key(self) -> str:
        """How the list of survivors names it: without a line or a folder, which change."""
        return f"{self.file.rpartition('/')[2]} | {self.operator} | {self.said}"

    def planted(self, source: bytes) -> bytes:
        return source[: self.start] + self.after.encode() + source[self.end :]


_COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
_SHOWN = 70  # characters of the code in the name of a fault


def find(file: str, source: bytes) -> list[Fault]:
    """All faults of a file, in the order of its text."""
    found = _Finder(file, source)
    found.visit(ast.parse(source))
    return sorted(set(found.faults), key=lambda fault: (fault.start, fault.end, fault.said))


class _Finder(ast.NodeVisitor):
    def __init__(self, file: str, source: bytes) -> None:
        self.faults: list[Fault] = []
        self._file = file
        self._source = source
        self._starts = [0]
        for line in source.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))

    # --- what is no code that runs --------------------------------------------------------------

    def visit_arg(self, node: ast.arg) -> None:
        """Its annotation."""

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.visit(node.value)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        self.visit(node.value)
        if not isinstance(node.slice, ast.Tuple):  # of types
            self.visit(node.slice)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        """Messages: their words are no behaviour, and the parser places their parts wrongly."""

    # --- operators ------------------------------------------------------------------------------

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        body = [item for item in node.body if not _is_docstring(item)]
        gives_none = isinstance(node.returns, ast.Constant) and node.returns.value is None
        if gives_none and not _yields(node):
            for item in body[1:]:
                after = f"return\n{' ' * item.col_offset}{self._text(item)}"
                self._add("return early", item, after, "return before {}")
        self.visit(node.args)
        for item in node.body:
            self.visit(item)

    def visit_If(self, node: ast.If) -> None:
        if not _is_main(node):
            self._negate(node.test)
            self.generic_visit(node)

    def visit_While(self, node: ast.While) -> None:
        self.generic_visit(node)

    def visit_IfExp(self, node: ast.IfExp) -> None:
        self._negate(node.test)
        self.generic_visit(node)

    def visit_comprehension(self, node: ast.comprehension) -> None:
        for test in node.ifs:
            self._add("drop a condition", test, "True", "{} -> True")
        self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> None:
        for at, operator in enumerate(node.ops):
            swapped = list(node.ops)
            swapped[at] = _COMPARISONS[type(operator)]()
            self._replace(
                "swap a comparison", node, ast.Compare(node.left, swapped, node.comparators)
            )
        self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        self._replace("swap and, or", node, ast.BoolOp(other, node.values))
        for at in range(len(node.values)):
            rest = node.values[:at] + node.values[at + 1 :]
            left = rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest)
            self._replace("drop an operand", node, left)
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        if type(node.value) is int:
            for value in (node.value + 1, node.value - 1):
                self._add("change a number", node, repr(value), f"{{}} -> {value}")
        elif type(node.value) is bool:
            self._add("swap a truth", node, repr(not node.value), f"{{}} -> {not node.value}")

    def visit_Expr(self, node: ast.Expr) -> None:
        if isinstance(node.value, ast.Call):
            self._drop(node)
        self.generic_visit(node)

    def visit_Raise(self, node: ast.Raise) -> None:
        self._drop(node)
        self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self._drop(node)
        self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        if all(isinstance(target, (ast.Attribute, ast.Subscript)) for target in node.targets):
            self._drop(node)
        self.generic_visit(node)

    def visit_Tuple(self, node: ast.Tuple) -> None:
        if isinstance(node.ctx, ast.Load):
            self._elements(node)
        self.generic_visit(node)

    def visit_List(self, node: ast.List) -> None:
        if isinstance(node.ctx, ast.Load):
            self._elements(node)
        self.generic_visit(node)

    def visit_Set(self, node: ast.Set) -> None:
        self._elements(node)
        self.generic_visit(node)

    def visit_Dict(self, node: ast.Dict) -> None:
        for at in range(len(node.keys)):
            keys = node.keys[:at] + node.keys[at + 1 :]
            values = node.values[:at] + node.values[at + 1 :]
            said = ast.unparse(ast.Dict([node.keys[at]], [node.values[at]]))
            self._add(
                "drop an element", node, ast.unparse(ast.Dict(keys, values)), f"without {said}"
            )
        self.generic_visit(node)

    # --- how they are written down --------------------------------------------------------------

    def _negate(self, test: ast.expr) -> None:
        self._add("negate a condition", test, f"(not ({self._text(test)}))", "not {}")

    def _drop(self, node: ast.stmt) -> None:
        self._add("drop a statement", node, "pass", "without {}")

    def _elements(self, node: ast.Tuple | ast.List | ast.Set) -> None:
        if len(node.elts) < 2:
            return
        for at in range(len(node.elts)):
            rest = node.elts[:at] + node.elts[at + 1 :]
            less = ast.Set(rest) if isinstance(node, ast.Set) else type(node)(rest, ast.Load())
            said = f"without {ast.unparse(node.elts[at])} of {{}}"
            self._add("drop an element", node, ast.unparse(less), said)

    def _replace(self, operator: str, node: ast.expr, other: ast.expr) -> None:
        after = ast.unparse(ast.fix_missing_locations(other))
        self._add(operator, node, f"({after})", f"{{}} -> {_short(after)}")

    def _add(self, operator: str, node: ast.expr | ast.stmt, after: str, said: str) -> None:
        start, end = self._place(node)
        words = said.replace("{}", _short(self._text(node)))
        if operator in ("change a number", "swap a truth"):
            words += f" in {_short(self._line(node.lineno))}"
        self.faults.append(Fault(self._file, operator, start, end, after, node.lineno, words))

    def _place(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        start = self._starts[node.lineno - 1] + node.col_offset
        return start, self._starts[node.end_lineno - 1] + node.end_col_offset

    def _text(self, node: ast.expr | ast.stmt) -> str:
        start, end = self._place(node)
        return self._source[start:end].decode()

    def _line(self, number: int) -> str:
        return self._source[self._starts[number - 1] : self._starts[number]].decode()


def _short(text: str) -> str:
    words = " ".join(text.split()).replace("|", "/")
    return words if len(words) <= _SHOWN else words[:_SHOWN] + "..."


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _is_main(node: ast.If) -> bool:
    return "__name__" in ast.dump(node.test) or "TYPE_CHECKING" in ast.dump(node.test)


def _yields(node: ast.FunctionDef) -> bool:
    return any(isinstance(inner, (ast.Yield, ast.YieldFrom)) for inner in ast.walk(node))
