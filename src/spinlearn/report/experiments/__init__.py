"""Figures that belong to one experiment; any other experiment gets those of its dataset.

A module here has ``pictures(view)`` for one run, ``comparison(views)`` for several of them, and
``COVERED``, the variables that need no general figure any more. With ``animations(view)`` it says
what is animated; without it, every texture is.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any

from spinlearn.report._animation import Animation
from spinlearn.report._pictures import Picture
from spinlearn.report._view import RunView

#: Module below this package by name of the experiment.
FIGURES = {
    "koenders2025": "koenders2025",
    "magnetoresistance": "magnetoresistance",
    "niu2024": "niu2024",
    "yu2021": "yu2021",
    "zhou2025": "zhou2025",
}


def experiment_pictures(view: RunView) -> tuple[list[Picture], frozenset[str]]:
    """Figures of a run's experiment, and the variables that they cover (SI units)."""
    module = _module(view.spec.experiment)
    if module is None:
        return [], frozenset()
    return module.pictures(view), module.COVERED


def experiment_animations(view: RunView) -> list[tuple[Animation, str, str]] | None:
    """A run's animations with name and caption; None if the experiment has none of its own."""
    module = _module(view.spec.experiment)
    return module.animations(view) if hasattr(module, "animations") else None


def comparison_pictures(views: Sequence[RunView]) -> tuple[list[Picture], frozenset[str]]:
    """Figures of several runs of the same experiment, and the variables that they cover."""
    names = {view.spec.experiment for view in views}
    module = _module(names.pop()) if len(names) == 1 else None
    if module is None:
        return [], frozenset()
    return module.comparison(views), module.COVERED


def _module(name: str) -> Any:
    if name not in FIGURES:
        return None
    return import_module(f"spinlearn.report.experiments.{FIGURES[name]}")
