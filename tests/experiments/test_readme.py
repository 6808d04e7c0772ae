"""The README's Python runs and prints what the README says."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

import jax
import pytest

pytestmark = pytest.mark.as_installed

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def _block(language: str) -> str:
    blocks = re.findall(rf"^```{language}\n(.*?)^```$", README, re.M | re.S)
    assert blocks, f"no block of {language}"
    return blocks[0]


def test_readme_prints_what_it_says() -> None:
    printed = io.StringIO()
    # As for a user: with JAX's own rules of promotion.
    with (
        contextlib.redirect_stdout(printed),
        jax.numpy_dtype_promotion("standard"),
        jax.numpy_rank_promotion("allow"),
    ):
        exec(compile(_block("python"), "README.md", "exec"), {"__name__": "readme"})
    assert printed.getvalue().split() == _block("text").split()


def test_readme_shows_ten_lines_and_the_two_commands() -> None:
    assert len(_block("python").splitlines()) == 10
    assert re.findall(r"^make (\w+)", _block("sh"), re.M) == ["demo", "test"]


@pytest.mark.parametrize("target", re.findall(r"\]\(([^)#]+)", README))
def test_readme_links_to_files_that_exist(target: str) -> None:
    if not target.startswith("https://"):
        assert (ROOT / target).is_file()
