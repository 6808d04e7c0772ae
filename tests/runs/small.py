"""A run of a few seconds, in the precision of this job."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jax

from spinlearn.experiments.specs import RunSpec
from spinlearn.runs import make_spec

SMALL = {
    "experiment": "magnetoresistance",
    "film": {"length": 64e-9, "width": 64e-9, "grain_size": 16e-9},
    "loop": {"points": 3, "largest": 8e4},
    "relax": {"tolerance": 1e-3},
}


def small_table(**changes: Any) -> dict[str, Any]:
    precision = "float64" if jax.config.jax_enable_x64 else "float32"
    return SMALL | {"precision": precision} | changes


def small_spec(**changes: Any) -> RunSpec:
    return make_spec(small_table(**changes))


def files_of(path: Path) -> dict[str, bytes]:
    """Every file of a run but those that tell when it was made."""
    left_out = {"provenance.json", ".lock", "report.html"}
    return {
        str(file.relative_to(path)): file.read_bytes()
        for file in sorted(path.rglob("*"))
        if file.is_file() and file.name not in left_out
    }
