"""Every public name: a docstring with a unit, an example that runs, a place in the reference."""

from __future__ import annotations

import doctest
import inspect
import pkgutil
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import jax
import pytest

import spinlearn

pytestmark = pytest.mark.as_installed

DOCS = Path(__file__).parent.parent / "docs"

_SYMBOL = r"[mkµn]?(?:Hz|rad|kg|Ω|[mAVSJKTsW])(?:[²³]|\*\*\d)?"
# One letter is a unit only where one is expected (an article is none); a quotient is one anywhere.
UNIT = re.compile(
    rf"""(?:,|\bin|\(|;|\band|\d)\ ?{_SYMBOL}(?=[,.;:)\]]|\s(?![a-z]{{2}})|\ per\b|$)
    | (?<![\w`/]){_SYMBOL}(?:[·\ ]{_SYMBOL})?/\(?{_SYMBOL}\b
    | \bΩ\ m[²³]?
    | \bno\ unit\b | \bSI\ units\b | \bwithout\ (?:a\ )?unit\b""",
    re.VERBOSE,
)


def _modules() -> list[str]:
    found = pkgutil.walk_packages(spinlearn.__path__, "spinlearn.")
    return ["spinlearn", *(m.name for m in found if not m.name.endswith("__main__"))]


def _public_packages() -> list[str]:
    named = [f"spinlearn.{name}" for name in spinlearn.__all__ if not name.startswith("_")]
    packages = [name for name in named if inspect.ismodule(_resolve(name))]
    return ["spinlearn", *(p for p in packages if hasattr(import_module(p), "__all__"))]


def _resolve(name: str) -> Any:
    module, _, attribute = name.rpartition(".")
    return getattr(import_module(module), attribute)


def _public_objects() -> Iterator[tuple[str, Any]]:
    for package in _public_packages():
        for name in import_module(package).__all__:
            value = _resolve(f"{package}.{name}")
            if inspect.isclass(value) or callable(value):
                yield f"{package}.{name}", value


def _public_members() -> Iterator[tuple[str, Any]]:
    for name, value in _public_objects():
        if not inspect.isclass(value):
            continue
        for member, defined in vars(value).items():
            ours = isinstance(defined, property | classmethod | staticmethod)
            if not member.startswith("_") and (ours or inspect.isfunction(defined)):
                yield f"{name}.{member}", getattr(value, member)


OBJECTS = dict(_public_objects())
MEMBERS = dict(_public_members())


def test_the_lists_below_are_not_empty() -> None:
    assert {"spinlearn.Mesh", "spinlearn.stream", "spinlearn.transport.AMR"} <= set(OBJECTS)
    assert {"spinlearn.magnetics.Demag", "spinlearn.magnetics.evolve"} <= set(OBJECTS)
    assert {"spinlearn.transport.AMR.tensor", "spinlearn.Mesh.extent"} <= set(MEMBERS)
    assert "spinlearn.transport.AMR.from_resistivities" in MEMBERS


@pytest.mark.parametrize(
    ("text", "has_unit"),
    [
        ("Ms, A/m.", True),
        ("Conductance matrix, S.", True),
        ("in J/m³ or so", True),
        ("specific resistance, Ω m²", True),
        ("ratio, a number without unit", True),
        ("Positions (V, one per corner)", True),
        ("Voltages in V per contact", True),
        ("Make a texture.", False),
        ("The `S` argument of a solver", False),
        ("Mesh (regular)", False),
        ("A material with a name", False),
        ("The contact's end, unless m has the wrong shape", False),
        ("Contacts (a few) and m along x", False),
    ],
)
def test_the_search_for_units_finds_units_only(text: str, has_unit: bool) -> None:
    assert bool(UNIT.search(text)) is has_unit


@pytest.mark.parametrize("name", [*OBJECTS, *MEMBERS])
def test_public_name_has_a_docstring_with_a_unit(name: str) -> None:
    text = inspect.getdoc({**OBJECTS, **MEMBERS}[name])
    assert text, "no docstring"
    prose = re.sub(r"^\s*(>>>|\.\.\.).*$", "", text, flags=re.M)
    assert UNIT.search(prose), f"names no unit, nor says that there is none:\n{prose}"


@pytest.mark.parametrize("name", [n for n in OBJECTS if n != "spinlearn.SpinlearnError"])
def test_public_name_has_an_example(name: str) -> None:
    assert ">>> " in (inspect.getdoc(OBJECTS[name]) or ""), "no example"


@pytest.mark.parametrize("name", list(OBJECTS))
def test_public_name_is_in_the_reference(name: str) -> None:
    text = (DOCS / "api.md").read_text(encoding="utf-8")
    kind = {True: "autoclass|autoexception", False: "autofunction"}[inspect.isclass(OBJECTS[name])]
    entry = re.search(rf"^\.\. ({kind}):: {re.escape(name)}\n((?: +:.*\n)*)", text, re.M)
    assert entry, "not in docs/api.md"
    if any(member.startswith(f"{name}.") for member in MEMBERS):
        assert ":members:" in entry[2], "its methods and properties are not in docs/api.md"


def test_the_reference_lists_nothing_that_is_gone() -> None:
    text = (DOCS / "api.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\.\. auto(?:class|exception|function):: (\S+)$", text, re.M)
    assert listed
    assert set(listed) == set(OBJECTS)


def _examples() -> Iterator[doctest.DocTest]:
    finder = doctest.DocTestFinder(exclude_empty=True)
    for name in _modules():
        yield from (found for found in finder.find(import_module(name)) if found.examples)


EXAMPLES = {example.name: example for example in _examples()}


def test_examples_of_all_public_names_are_found() -> None:
    shown = {name for name, value in OBJECTS.items() if ">>> " in (inspect.getdoc(value) or "")}
    homes = {f"{OBJECTS[name].__module__}.{OBJECTS[name].__qualname__}" for name in shown}
    assert homes <= set(EXAMPLES)


class _Checker(doctest.OutputChecker):
    """Numbers with a fraction or an exponent agree to rounding, everything else to the letter."""

    number = re.compile(r"[-+]?\b\d+(?:\.\d*(?:e[-+]?\d+)?|e[-+]?\d+)(?![\w.])")

    def __init__(self, rtol: float) -> None:
        self.rtol = rtol

    def check_output(self, want: str, got: str, optionflags: int) -> bool:
        if not super().check_output(*(self.number.sub("#", t) for t in (want, got)), optionflags):
            return False
        wanted, values = ([float(v) for v in self.number.findall(t)] for t in (want, got))
        return values == pytest.approx(wanted, rel=self.rtol, abs=0)


def test_the_comparison_of_printed_numbers() -> None:
    checker = _Checker(1e-6)
    for got in ("5.7e-09", "5.7000000000000006e-09"):
        assert checker.check_output("5.7e-09\n", f"{got}\n", 0)
    for want, got in (("5.7e-09", "5.8e-09"), ("4", "5"), ("(4, 1.0)", "(5, 1.0)"), ("1.0", "1")):
        assert not checker.check_output(f"{want}\n", f"{got}\n", 0)


@pytest.mark.parametrize("name", list(EXAMPLES))
def test_docstring_example_runs(name: str, rtol: float) -> None:
    report: list[str] = []
    options = doctest.IGNORE_EXCEPTION_DETAIL | doctest.NORMALIZE_WHITESPACE
    runner = doctest.DocTestRunner(_Checker(rtol), optionflags=options, verbose=False)
    # As for a user: with JAX's own rules of promotion.
    with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
        runner.run(EXAMPLES[name], out=report.append)
    assert runner.failures == 0, "".join(report)


def _run(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_import_spinlearn_does_not_import_jax() -> None:
    heavy = "[m for m in ('jax', 'equinox', 'scipy', 'matplotlib') if m in sys.modules]"
    assert _run(f"import sys, spinlearn; print(spinlearn.__version__, {heavy})").endswith("[]")


def test_all_names_appear_on_first_use() -> None:
    _run("from spinlearn import *; Mesh, magnetics.Demag, transport.AMR, constants.MU_0, stream")


def test_unknown_names_are_attribute_errors() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Meshes'"):
        _ = spinlearn.Meshes
    assert dir(spinlearn) == sorted(spinlearn.__all__)


def test_import_changes_no_flag_of_jax_and_makes_no_array() -> None:
    code = (
        "import jax; before = dict(jax.config.values)\n"
        "import spinlearn.junctions, spinlearn.magnetics, spinlearn.transport, spinlearn.rng\n"
        "changed = {k for k, v in jax.config.values.items() if before.get(k) != v}\n"
        "print(len(before) > 50, changed, jax.live_arrays())"
    )
    assert _run(code) == "True set() []"
