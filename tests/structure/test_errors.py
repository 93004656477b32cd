"""Every refusal has a stable code and says what to do about it."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from luna.kernel import errors

ROOT = Path(__file__).parents[2]
REFUSALS = {
    name
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, errors.LunaError)
}


def refusals() -> Iterator[tuple[str, ast.Call]]:
    """Every place in luna/ that makes a refusal."""
    for path in sorted((ROOT / "luna").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in REFUSALS:
                yield f"{path.relative_to(ROOT)}:{node.lineno}", node


CALLS = list(refusals())
assert len(CALLS) > 100


def test_codes_are_written_alike() -> None:
    """Clients compare them: lower case, words joined by dashes."""
    codes = {
        keyword.value.value: where
        for where, call in CALLS
        for keyword in call.keywords
        if keyword.arg == "code" and isinstance(keyword.value, ast.Constant)
    }
    codes |= {getattr(errors, name).code: name for name in REFUSALS}
    assert not {
        code: where for code, where in codes.items() if not re.fullmatch(r"[a-z]+(-[a-z0-9]+)*", code)
    }


def test_every_refusal_has_a_hint() -> None:
    """A message without a way out leaves a person stuck. NotFound brings its own hint."""
    wrong: list[str] = []
    for where, call in CALLS:
        hint = call.args[1] if len(call.args) > 1 else None
        hint = next((keyword.value for keyword in call.keywords if keyword.arg == "hint"), hint)
        is_empty = hint is None or (isinstance(hint, ast.Constant) and not hint.value)
        is_star = any(isinstance(argument, ast.Starred) for argument in call.args)
        if is_empty and not is_star and ast.unparse(call.func) != "NotFound":
            wrong.append(where)
    assert not wrong
