"""Starts Debian's Ren'Py 8.0.3 under Python 3.11; run as a script by the system's Python.

That engine moves nodes of a syntax tree to other lines but leaves their ends behind, and Python 3.11 refuses a
node that ends before it begins. Here `compile` mends such nodes first; the installed package stays as it is.
"""

import ast
import builtins
import runpy
import sys
from typing import Any

ENGINE = "/usr/games/renpy"

compile_as_is = builtins.compile


def mend(tree: ast.AST) -> None:
    """Let every node end no earlier than it begins."""
    for node in ast.walk(tree):
        begin, end = getattr(node, "lineno", None), getattr(node, "end_lineno", None)
        if begin is None or end is None:
            continue
        column = getattr(node, "col_offset", 0)
        if (end, getattr(node, "end_col_offset", None) or 0) < (begin, column):
            node.end_lineno, node.end_col_offset = begin, column  # type: ignore[attr-defined]


def compile_mended(source: Any, *args: Any, **options: Any) -> Any:
    """`compile` for trees that were moved about."""
    if isinstance(source, ast.AST):
        mend(source)
    return compile_as_is(source, *args, **options)


if __name__ == "__main__":
    builtins.compile = compile_mended
    sys.argv[0] = ENGINE
    runpy.run_path(ENGINE, run_name="__main__")
