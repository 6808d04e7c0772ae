"""Films with many contacts, trained by the full dynamics (see film_contacts)."""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np

from benchmarks._many_contacts import CELL, Arrangement
from spinlearn.experiments.experiment import in_precision
from spinlearn.experiments.self_learning_film import new_film
from spinlearn.experiments.specs.yu2021 import (
    SelfLearningFilmTable,
    TrainingTable,
    Yu2021Spec,
)
from spinlearn.rng import key_from_seed, stream
from spinlearn.substrates import Film, FilmState

# At this pitch (cells) the voltage is that of the arrangement.
PITCH = 16
SPEC = Yu2021Spec(  # pyright: ignore[reportCallIssue]
    film=SelfLearningFilmTable(cell=CELL),
    training=TrainingTable(pulse=5e-10, rest=5e-10, repetitions=1),
)


class Trained(NamedTuple):
    """A film and what was written into it."""

    conductance: np.ndarray  # (n, n) S
    state: FilmState
    energy: float  # J of a pulse


class Bench:
    """One film of an arrangement, of which any number of copies is trained."""

    def __init__(
        self, arrangement: Arrangement, pitch: int, number: int, *, strength: float = 1.0
    ) -> None:
        contacts = arrangement.contacts(pitch)
        self.key = stream(key_from_seed(0), "film", number)
        made = new_film(SPEC, contacts, self.key)
        self.film: Film = in_precision(made, SPEC.precision)
        self.voltage = strength * arrangement.voltage * pitch / PITCH
        self.new = self.film.init(key=self.key)
        self.untrained = self._read(self.new)

    def train(self, pattern: np.ndarray, before: FilmState | None = None) -> Trained:
        """A pulse of the pattern and one of its negative, then rest."""
        state, energy = self.new if before is None else before, 0.0
        for sign in (1.0, -1.0):
            volts = jnp.asarray(sign * self.voltage * pattern, SPEC.precision)
            state, record = self.film.apply(state, volts, SPEC.training.pulse, key=self.key)
            energy += 0.5 * float(record.energy)
        state = self.film.relax(state, SPEC.training.rest, key=self.key)
        return Trained(self._read(state), state, energy)

    def _read(self, state: FilmState) -> np.ndarray:
        return np.asarray(self.film.conductance(state), float)


class Courses(NamedTuple):
    """Conductances of one film after its trainings, S."""

    untrained: np.ndarray  # (n, n)
    reference: np.ndarray  # (n, n) mean over the balanced set
    one: np.ndarray  # (p, n, n) after one pattern
    two: np.ndarray  # (q, n, n) after the first patterns and then the second ones
    energy: float  # J of a pulse


def train_all(
    bench: Bench, balanced: np.ndarray, patterns: np.ndarray, seconds: np.ndarray
) -> Courses:
    """Copies of a film trained with the balanced set, with patterns, and with second ones after."""
    reference = np.mean([bench.train(pattern).conductance for pattern in balanced], axis=0)
    ones = [bench.train(pattern) for pattern in patterns]
    firsts = zip(ones, seconds, strict=False)
    twos = [bench.train(pattern, one.state).conductance for one, pattern in firsts]
    energy = float(np.mean([one.energy for one in ones]))
    return Courses(
        bench.untrained,
        reference,
        np.array([one.conductance for one in ones]),
        np.array(twos),
        energy,
    )
