"""What the package's own source never does: load pickles, or run text as a program."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import spinlearn

pytestmark = pytest.mark.once

SOURCE = Path(spinlearn.__file__).parent
FILES = sorted(SOURCE.rglob("*.py"))
# Modules that load pickles or marshalled code, and readers of numpy's that may.
MODULES = {"pickle", "_pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
CALLS = {"eval", "exec", "compile", "__import__", "execfile"}
METHODS = {"load_pickle", "read_pickle", "to_pickle", "unsafe_load"}


def breaches(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and name of what should not be there."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                found = [alias.name for alias in names if alias.name.split(".")[0] in MODULES]
            case ast.ImportFrom(module=str(module), names=names, level=0):
                whole = [module, *(f"{module}.{alias.name}" for alias in names)]
                found = [name for name in whole if name.split(".")[0] in MODULES]
                found += [a.name for a in names if module == "builtins" and a.name in CALLS]
            case ast.Name(id=name) if name in CALLS:  # called, or handed to somebody who does
                found = [name]
            case ast.Attribute(value=ast.Name(id="builtins"), attr=name) if name in CALLS:
                found = [f"builtins.{name}"]
            case ast.Attribute(attr=name) if name in METHODS:
                found = [name]
            case ast.Call(func=ast.Name(id="import_module"), args=[ast.Constant(value=str(name))]):
                found = [name] if name.split(".")[0] in MODULES else []
            case ast.keyword(arg="allow_pickle", value=value):
                unsafe = not (isinstance(value, ast.Constant) and value.value is False)
                found = ["allow_pickle"] if unsafe else []
            case _:
                found = []
        for name in found:
            yield getattr(node, "lineno", 0), name


def test_there_is_source_to_look_at() -> None:
    assert len(FILES) > 200


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_no_pickle_and_no_eval(path: Path) -> None:
    assert not list(breaches(ast.parse(path.read_text(encoding="utf-8"))))


@pytest.mark.parametrize(
    "text",
    [
        "import pickle",
        "import os, pickle as p",
        "from pickle import loads",
        "def f():\n    from joblib import load",
        "eval('1')",
        "exec(text)",
        "list(map(eval, texts))",
        "import builtins\nbuiltins.exec('1')",
        "from builtins import eval as e",
        "compile('1', 'f', 'eval')",
        "import_module('dill')",
        "np.load(path, allow_pickle=True)",
        "np.load(path, allow_pickle=flag)",
        "pd.read_pickle(path)",
    ],
)
def test_what_would_be_found(text: str) -> None:
    assert list(breaches(ast.parse(text)))


@pytest.mark.parametrize(
    "text",
    ["jax.eval_shape(f)", "re.compile('a')", "np.load(path, allow_pickle=False)", "x = 'eval(1)'"],
)
def test_what_is_none(text: str) -> None:
    assert not list(breaches(ast.parse(text)))
