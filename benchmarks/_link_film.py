"""A film of two contacts at 300 K, pulsed (see link_fit)."""

from __future__ import annotations

from functools import cache

import numpy as np

from spinlearn import Mesh, key_from_seed
from spinlearn.experiments.self_learning_film import new_film, warm_film
from spinlearn.experiments.specs.yu2021 import ControlsTable, Yu2021Spec
from spinlearn.rng import stream
from spinlearn.substrates import Film, measure_link
from spinlearn.transport import edge_electrodes

CELLS, CELL, THICKNESS = 32, 15e-9, 1.5e-9
TEMPERATURE = 300.0  # K
SPEC = Yu2021Spec(controls=ControlsTable(retention_temperature=TEMPERATURE))  # pyright: ignore[reportCallIssue]


@cache
def film_of(number: int) -> Film:
    """A film with grains and texture of its own; contacts are two whole edges."""
    mesh = Mesh((CELLS, CELLS, 1), (CELL, CELL, THICKNESS))
    contacts = edge_electrodes([1, 0, 1, 0], mesh, coverage=1.0)
    made = new_film(SPEC, contacts, stream(key_from_seed(0), "film", number))
    return warm_film(SPEC, made)


def conductances(
    number: int, voltages: tuple[float, ...], pulse: float, rest: float, pulses: int
) -> np.ndarray:
    """Of one film, ``(voltages, pulses + 1)``, S: the thermal fields are the same at all."""
    key = stream(key_from_seed(1), "pulses", number)
    return measure_link(film_of(number), voltages, pulse, pulses, rest, key=key)
