"""The code on the pages runs, and prints what the pages say."""

from __future__ import annotations

import contextlib
import io
import re
import shutil
from pathlib import Path
from typing import Any

import jax
import pytest

DOCS = Path(__file__).parent.parent / "docs"
BLOCK = re.compile(r"^```(python|text)\n(.*?)^```$", re.M | re.S)
NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?")


def _steps(page: Path) -> list[tuple[str, str]]:
    """Blocks of code with the text below each, empty where nothing is said."""
    steps: list[tuple[str, str]] = []
    for language, body in BLOCK.findall(page.read_text(encoding="utf-8")):
        if language == "python":
            steps.append((body, ""))
        else:
            code, said = steps[-1]
            assert not said, f"two outputs for one block:\n{code}"
            steps[-1] = (code, body)
    return steps


def _run(code: str, names: dict[str, Any], *, strictly: bool = False) -> str:
    printed = io.StringIO()
    with contextlib.ExitStack() as stack:
        stack.enter_context(contextlib.redirect_stdout(printed))
        if not strictly:  # as for a user: with JAX's own rules of promotion
            stack.enter_context(jax.numpy_dtype_promotion("standard"))
            stack.enter_context(jax.numpy_rank_promotion("allow"))
        exec(compile(code, "<page>", "exec", dont_inherit=True), names)
    return printed.getvalue()


def _check_same(printed: str, said: str, rtol: float) -> None:
    """Words must agree, and numbers to a relative error."""
    assert NUMBER.sub("#", printed).split() == NUMBER.sub("#", said).split()
    values, wanted = ([float(v) for v in NUMBER.findall(text)] for text in (printed, said))
    assert values == pytest.approx(wanted, rel=rtol)


@pytest.mark.as_installed
def test_the_comparison_sees_differences() -> None:
    _check_same("G:  1.0001 mS", "G: 1.0 mS", 1e-3)
    for other in ("G: 1.01 mS", "G: 1.0 µS", "G: -1.0 mS", "G: 1.0 1.0 mS"):
        with pytest.raises(AssertionError):
            _check_same(other, "G: 1.0 mS", 1e-3)


@pytest.mark.as_installed
@pytest.mark.parametrize(
    "page",
    [
        "index.md",
        "howto/images.md",
        "howto/lab_data.md",
        "howto/runs.md",
        "howto/sweeps.md",
        "tutorial/first_conductance.md",
        "tutorial/yu2021.md",
        "tutorial/niu2024.md",
        "tutorial/zhou2025.md",
        "tutorial/standard_problem_4.md",
    ],
)
def test_page_runs_and_prints_what_it_says(
    page: str, double: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # for the figures that a page saves
    for data in (DOCS / page).parent.glob("*.csv"):
        shutil.copy(data, tmp_path)
    steps = _steps(DOCS / page)
    assert steps
    names: dict[str, Any] = {"__name__": "page"}
    precision = jax.config.jax_enable_x64
    for code, said in steps:
        try:
            printed = _run(code, names)
        finally:
            jax.config.update("jax_enable_x64", precision)
        if said:
            # The pages show float64; in float32 a difference of conductances keeps two digits.
            _check_same(printed, said, rtol=1e-3 if double else 2e-2)


def test_extensions_run_in_this_precision_and_are_short(double: bool) -> None:
    """In the float64 job with strict promotion: what others copy from there must bear it."""
    names: dict[str, Any] = {"__name__": "page"}
    lengths = []
    for code, said in _steps(DOCS / "howto/extend.md"):
        printed = _run(code, names, strictly=True)
        _check_same(printed, said, rtol=1e-3 if double else 2e-2)
        if re.search(r"^(class|def) ", code, re.M):
            lengths.append(len(code.splitlines()))
    assert len(lengths) == 3
    assert max(lengths) < 40


@pytest.mark.once
def test_tests_that_the_validation_names_are_there() -> None:
    named = re.findall(r"`(\S+\.py)::(\w+)`", (DOCS / "validation.md").read_text(encoding="utf-8"))
    assert len(named) > 50
    for file, test in named:
        source = (DOCS.parent / "tests" / file).read_text(encoding="utf-8")
        assert f"def {test}(" in source, f"{file}::{test}"
