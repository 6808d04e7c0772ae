"""Experiments: one module per system, from named parameters to the numbers and fields it gives.

Names are loaded when they are first used: the specifications need no JAX.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spinlearn.experiments.experiment import (
        AbstractExperiment,
        Claim,
        Coordinate,
        Layout,
        Summary,
        Variable,
    )
    from spinlearn.experiments.magnetoresistance import Magnetoresistance
    from spinlearn.experiments.readout import (
        Readout,
        StripedFilm,
        read_striped_film,
        stripe_texture,
    )

_HOMES = {
    "AbstractExperiment": "experiment",
    "Claim": "experiment",
    "Coordinate": "experiment",
    "Layout": "experiment",
    "Magnetoresistance": "magnetoresistance",
    "Readout": "readout",
    "StripedFilm": "readout",
    "Summary": "experiment",
    "Variable": "experiment",
    "read_striped_film": "readout",
    "stripe_texture": "readout",
}

__all__ = [
    "AbstractExperiment",
    "Claim",
    "Coordinate",
    "Layout",
    "Magnetoresistance",
    "Readout",
    "StripedFilm",
    "Summary",
    "Variable",
    "read_striped_film",
    "stripe_texture",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"spinlearn.experiments.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'spinlearn.experiments' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
