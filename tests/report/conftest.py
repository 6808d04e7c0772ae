"""Small stored runs for the tests of the pages: computed once, copied where one is changed."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import pytest

HOSTILE = '</script><script>alert(1)</script><img src=x onerror="alert(2)">&\u202e'


def small_spec(**changes: Any) -> Any:
    """A film of 16 × 16 cells, three fields down and back."""
    from spinlearn.runs import make_spec

    table: dict[str, Any] = {
        "experiment": "magnetoresistance",
        "precision": "float64" if jax.config.read("jax_enable_x64") else "float32",
        "film": {"length": 64e-9, "width": 64e-9},
        "loop": {"points": 3, "largest": 1.6e5},
        "relax": {"tolerance": 1e-3},
    }
    return make_spec(table | changes)


@pytest.fixture(scope="session")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run; not to be written to."""
    from spinlearn.runs import run

    path = tmp_path_factory.mktemp("stored") / "small-run"
    run(small_spec(label="A small film"), path)
    return path


@pytest.fixture(scope="session")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run with another exchange stiffness and a hostile label."""
    from spinlearn.runs import run

    path = tmp_path_factory.mktemp("stored") / "other-run"
    film = {"length": 64e-9, "width": 64e-9, "exchange": 10e-12}
    run(small_spec(film=film, label=HOSTILE), path)
    return path


@pytest.fixture(scope="session")
def unfinished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that was stopped after its second segment."""
    from spinlearn.runs import run

    path = tmp_path_factory.mktemp("stored") / "stopped-run"
    calls: list[int] = []
    run(small_spec(seed=3), path, stop=lambda: calls.append(0) or len(calls) == 2)
    return path


@pytest.fixture(scope="session")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two thicknesses, two seeds."""
    from spinlearn.runs import sweep

    path = tmp_path_factory.mktemp("stored") / "small-sweep"
    spec = small_spec(label=HOSTILE, loop={"points": 2, "largest": 1.6e5})
    sweep(spec, {"film.thickness": [5e-9, 1e-8]}, seeds=2, path=path)
    return path


@pytest.fixture
def copied(tmp_path: Path) -> Callable[[Path], Path]:
    """Copies a run into this test's own folder."""

    def copy(path: Path) -> Path:
        target = tmp_path / path.name
        shutil.copytree(path, target)
        return target

    return copy
