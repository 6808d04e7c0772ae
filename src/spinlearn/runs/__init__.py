"""Runs that survive: specification, store, checkpoint and resume, progress, sweeps.

Names are loaded when they are first used: reading a specification needs no JAX.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spinlearn.experiments.specs import RunSpec
    from spinlearn.runs._files import StoreError
    from spinlearn.runs.progress import JsonProgress, Progress, TerminalProgress
    from spinlearn.runs.result import Result
    from spinlearn.runs.runner import default_path, resume, run
    from spinlearn.runs.specification import (
        SpecError,
        make_spec,
        parse_override,
        read_spec,
        spec_hash,
        spec_rows,
        spec_schema,
        spec_toml,
    )
    from spinlearn.runs.sweep_result import SweepResult
    from spinlearn.runs.sweeps import resume_sweep, sweep

_HOMES = {
    "JsonProgress": "runs.progress",
    "Progress": "runs.progress",
    "Result": "runs.result",
    "RunSpec": "experiments.specs",
    "SpecError": "runs.specification",
    "StoreError": "runs._files",
    "SweepResult": "runs.sweep_result",
    "TerminalProgress": "runs.progress",
    "default_path": "runs.runner",
    "make_spec": "runs.specification",
    "parse_override": "runs.specification",
    "read_spec": "runs.specification",
    "resume": "runs.runner",
    "resume_sweep": "runs.sweeps",
    "run": "runs.runner",
    "spec_hash": "runs.specification",
    "spec_rows": "runs.specification",
    "spec_schema": "runs.specification",
    "spec_toml": "runs.specification",
    "sweep": "runs.sweeps",
}

__all__ = [
    "JsonProgress",
    "Progress",
    "Result",
    "RunSpec",
    "SpecError",
    "StoreError",
    "SweepResult",
    "TerminalProgress",
    "default_path",
    "make_spec",
    "parse_override",
    "read_spec",
    "resume",
    "resume_sweep",
    "run",
    "spec_hash",
    "spec_rows",
    "spec_schema",
    "spec_toml",
    "sweep",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"spinlearn.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'spinlearn.runs' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
