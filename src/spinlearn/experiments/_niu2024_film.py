"""The film of 35 contacts beside an associative memory's links: made, trained, read."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from spinlearn.experiments._niu2024_film_pairs import calibration_patterns
from spinlearn.experiments.experiment import in_precision
from spinlearn.experiments.self_learning_film import new_film
from spinlearn.experiments.specs.niu2024 import Niu2024Spec
from spinlearn.experiments.specs.niu2024_film import COLUMNS, ROWS, MemoryFilmTable
from spinlearn.experiments.specs.yu2021 import SelfLearningFilmTable, Yu2021Spec
from spinlearn.mesh import Mesh
from spinlearn.substrates import Film, FilmState
from spinlearn.transport import (
    Electrodes,
    bridge_electrodes,
    edge_electrodes,
    grid_electrodes,
)
from spinlearn.typing import Key

Array = jax.Array

# So many cells along a square film on which yu2021's own contacts, not used here, do fit.
_SQUARE = 96


def film_contacts(table: MemoryFilmTable) -> Electrodes:
    """The 35 contacts on their mesh (m)."""
    cell = table.cell
    mesh = Mesh((*table.cells, 1), (cell, cell, table.thickness))
    if table.contacts == "edge":
        return edge_electrodes(ROWS * COLUMNS, mesh, coverage=table.coverage)
    if table.contacts == "grid":
        return grid_electrodes(ROWS, COLUMNS, mesh, fill=table.pad)
    return bridge_electrodes(ROWS, COLUMNS, mesh, fill=table.pad, width=table.bridge)


def memory_film(spec: Niu2024Spec, key: Key) -> Film:
    """A film with grains of its own, at rest (SI units)."""
    table = spec.film
    layer = SelfLearningFilmTable(
        length=_SQUARE * table.cell,
        cell=table.cell,
        thickness=table.thickness,
        grain_size=table.grain_size,
        grain_coupling=table.grain_coupling,
        anisotropy=table.anisotropy,
        amr_ratio=table.amr_ratio,
    )
    like = Yu2021Spec(precision=spec.precision, film=layer)  # pyright: ignore[reportCallIssue]
    return in_precision(new_film(like, film_contacts(table), key), spec.precision)


class Shown(NamedTuple):
    """A film after a pattern: its state, its conductances in S, and the energy in J."""

    state: FilmState
    conductance: np.ndarray
    energy: float


class Lessons(NamedTuple):
    """What copies of one film have learned.

    Conductances before training, and their mean over copies that learned the calibration patterns,
    ``(n, n)``; after every pattern alone ``(p, n, n)``; and in the course of all patterns in turn,
    ``(turns + 1, n, n)``, S. Energies of the trainings, ``(p,)`` and ``(turns,)``, J. Unit vectors
    before and after the course, and after the first pattern, ``(3, nx, ny)``.
    """

    untrained: np.ndarray
    reference: np.ndarray
    alone: np.ndarray
    course: np.ndarray
    energy_alone: np.ndarray
    energy: np.ndarray
    before: Array
    after: Array
    first: Array


def teach_film(table: MemoryFilmTable, film: Film, patterns: np.ndarray, key: Key) -> Lessons:
    """Copies of one film: calibrated, trained with one pattern each, and with all in turn."""
    new = film.init(key=key)

    def show(pattern: np.ndarray, state: FilmState) -> Shown:
        return _show(table, film, pattern, state, key)

    balanced = calibration_patterns(table.contacts)
    reference = np.mean([show(pattern, new).conductance for pattern in balanced], axis=0)
    alone = [show(pattern, new) for pattern in patterns]
    course = [alone[0]]  # the first turn is what a copy with the first pattern alone has seen
    for turn in range(1, table.epochs * len(patterns)):
        course.append(show(patterns[turn % len(patterns)], course[-1].state))
    untrained = _read(film, new)
    return Lessons(
        untrained,
        reference,
        np.array([one.conductance for one in alone]),
        np.array([untrained, *(one.conductance for one in course)]),
        np.array([one.energy for one in alone]),
        np.array([one.energy for one in course]),
        new.m[..., 0],
        course[-1].state.m[..., 0],
        alone[0].state.m[..., 0],
    )


def pattern_current(table: MemoryFilmTable, film: Film, pattern: np.ndarray, key: Key) -> Array:
    """Current density of all layers in a new film at a pattern, ``(2, nx, ny)``, A/m²."""
    new = film.init(key=key)
    volts = jnp.asarray(table.voltage * pattern, new.m.dtype)
    return film.potential(new, volts).current_density[:2, ..., 0]


def _show(
    table: MemoryFilmTable, film: Film, pattern: np.ndarray, state: FilmState, key: Key
) -> Shown:
    """A pulse of the pattern, one of its negative and rest, as often as the table says."""
    energy = 0.0
    for _ in range(table.repetitions):
        for sign in (1.0, -1.0):
            volts = jnp.asarray(sign * table.voltage * pattern, state.m.dtype)
            state, record = film.apply(state, volts, table.pulse, key=key)
            energy += float(record.energy)
        state = film.relax(state, table.rest, key=key)
    return Shown(state, _read(film, state), energy)


def _read(film: Film, state: FilmState) -> np.ndarray:
    return np.asarray(film.conductance(state), float)
