"""What is done with one film and its copies: training, recall, controls."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from spinlearn.experiments._conductance_changes import balanced_patterns, orthogonal_mean
from spinlearn.experiments._yu2021_layout import FRAMES, NODES, RETENTION_READS
from spinlearn.experiments.experiment import Rows
from spinlearn.experiments.self_learning_film import warm_film, without_amr, without_torque
from spinlearn.experiments.specs.yu2021 import Yu2021Spec
from spinlearn.networks import Readout, recall_by_currents, recall_table
from spinlearn.rng import stream
from spinlearn.substrates import AbstractSubstrate, Film, FilmState, sign_patterns
from spinlearn.typing import Key

Array = jax.Array

# What carried current conducts more: contacts at unlike voltages gain conductance.
_SIGN = -1.0


def recall_all(
    spec: Yu2021Spec, hardware: AbstractSubstrate, state: Any, reference: Array
) -> Array:
    """Where all sixteen probes end, ``(16, 4)``, ±1, by the hardware's own currents.

    The probes are those of `sign_patterns`, in its order.
    """
    readout = spec.readout
    plan = Readout(reference, _SIGN, name=readout.reference)

    def network(probe: Array) -> Any:
        return recall_by_currents(
            hardware, state, plan, probe, readout.voltage, relative=readout.relative
        )

    table = recall_table(network, balanced_patterns())
    probes, wanted = np.asarray(table.probes), np.asarray(sign_patterns(NODES), float)
    rows = [int(np.flatnonzero((probes == probe).all(axis=1))[0]) for probe in wanted]
    return table.states[np.array(rows)]


class Bench:
    """One film, and everything that is done with copies of it."""

    def __init__(self, spec: Yu2021Spec, film: Film, number: int, key: Key) -> None:
        self.spec, self.film, self.key = spec, film, key
        odd = number % 2 == 1
        signs = {"both": (1, -1), "one": (1,), "alternating": (-1,) if odd else (1,)}
        self.signs = signs[spec.training.polarities]
        self.new = film.init(key=key)
        self.patterns = balanced_patterns()
        self.untrained = film.conductance(self.new)
        self.trained: list[FilmState] = []
        self.reference = self.untrained

    def train(self) -> Rows:
        """Copies trained with one pattern each, one that waited, and what they recall."""
        spec, film = self.spec, self.film
        waited = film.conductance(film.relax(self.new, spec.training.duration, key=self.key))
        courses = [self._course(film, self.new, pattern) for pattern in self.patterns]
        self.trained = [course.state for course in courses]
        after = jnp.stack([jnp.stack(course.conductances) for course in courses])
        last = after[:, -1]
        mean = orthogonal_mean(last[None], waited[None])[0]
        self.reference = mean if spec.readout.reference == "mean" else self.untrained
        return {
            "untrained": self.untrained,
            "waited": waited,
            "driven": jnp.stack([course.driven[-1] for course in courses]),
            "trained": after,
            "recalled": jnp.stack(
                [recall_all(spec, film, state, self.reference) for state in self.trained]
            ),
            "recalled_untrained": recall_all(spec, film, self.new, self.reference),
            "pulse_energy": jnp.stack([course.energies for course in courses]),
            "current_density": jnp.stack([self._density(p) for p in self.patterns]),
            "charge_imbalance": jnp.max(jnp.stack([course.imbalance for course in courses])),
            "steps": sum(course.steps for course in courses),
        }

    def study(self) -> Rows:
        """Controls, two patterns in turn, disturbance, retention, spectrum, pictures."""
        spec, film = self.spec, self.film
        rows: Rows = {
            "no_amr_untrained": without_amr(film).conductance(self.new),
            "no_amr": jnp.stack([self._last(without_amr(film), p) for p in self.patterns]),
            "no_torque": jnp.stack([self._last(without_torque(film), p) for p in self.patterns]),
            "reversed": jnp.stack([self._last(film, -p) for p in self.patterns]),
            "disturbed": self._read_for_a_while(spec.readout.voltage),
            "idle": self._read_for_a_while(0.0),
            "m_before": self.new.m[..., 0],
            "m_after": jnp.stack([state.m[..., 0] for state in self.trained]),
            "current": jnp.stack([self._current(k) for k in range(len(self.patterns))]),
        }
        if spec.controls.alternations:
            rows["alternated"] = self._alternated((0, 1))
            rows["alternated_reversed"] = self._alternated((1, 0))
        if spec.controls.spectrum:
            rows["every_pattern"] = self._every_pattern()
        if spec.controls.retention_temperature:
            rows["retained"] = self._retained()
        return rows

    def watch(self) -> Rows:
        """Frames of a single pulse of the first pattern and of rest after it, for an animation."""
        training = self.spec.training
        state, frames = self.new, [self.new.m[..., 0]]
        parts = [(self.patterns[0], training.pulse), (0 * self.patterns[0], training.rest)]
        each = (FRAMES - 1) // len(parts)
        for pattern, duration in parts:
            for _ in range(each):
                volts = self._volts(pattern)
                state, _ = self.film.apply(state, volts, duration / each, key=self.key)
                frames.append(state.m[..., 0])
        return {"frames": jnp.stack(frames)}

    def _volts(self, pattern: Any) -> Array:
        return jnp.asarray(pattern * self.spec.training.voltage, self.spec.precision)

    def _course(self, film: Film, state: FilmState, pattern: np.ndarray) -> _Course:
        training, course = self.spec.training, _Course(state)
        for _ in range(training.repetitions):
            records = []
            for sign in self.signs:
                volts = self._volts(sign * pattern)
                state, record = film.apply(state, volts, training.pulse, key=self.key)
                records.append(record)
            driven = film.conductance(state)
            state = film.relax(state, training.rest, key=self.key)
            course.add(state, film.conductance(state), driven, records)
        return course

    def _last(self, film: Film, pattern: np.ndarray) -> Array:
        return self._course(film, self.new, pattern).conductances[-1]

    def _density(self, pattern: np.ndarray) -> Array:
        """Root mean square of the current density in the layer that writes, A/m²."""
        film = self.film
        total = film.potential(self.new, self._volts(pattern)).current_density
        layers = film.layer_currents(self.new.m, total)
        writes = layers.metal if self.spec.mechanism == "spin-orbit" else layers.film
        return jnp.sqrt(jnp.mean(jnp.sum(writes**2, axis=0)))

    def _current(self, k: int) -> Array:
        """Current density of a trained film at its own pattern, ``(2, nx, ny)``, A/m²."""
        potential = self.film.potential(self.trained[k], self._volts(self.patterns[k]))
        return potential.current_density[:2, ..., 0]

    def _read_for_a_while(self, voltage: float) -> Array:
        """The first pattern's film after a voltage was held on one contact after another."""
        spec, state = self.spec, self.trained[0]
        for contact in range(NODES):
            volts = jnp.zeros(NODES, spec.precision).at[contact].set(voltage)
            state, _ = self.film.apply(state, volts, spec.controls.disturb_time, key=self.key)
        return self.film.conductance(state)

    def _alternated(self, order: tuple[int, int]) -> Array:
        """Two patterns in turn on one film, read after every training."""
        state, found = self.new, []
        for k in range(self.spec.controls.alternations):
            course = self._course(self.film, state, self.patterns[order[k % 2]])
            state = course.state
            found.append(course.conductances[-1])
        return jnp.stack(found)

    def _every_pattern(self) -> Array:
        """One pulse of each of the sixteen patterns on a new film, and rest."""
        training, found = self.spec.training, []
        for pattern in np.asarray(sign_patterns(NODES), float):
            volts = self._volts(pattern)
            state, _ = self.film.apply(self.new, volts, training.pulse, key=self.key)
            state = self.film.relax(state, training.rest, key=self.key)
            found.append(self.film.conductance(state))
        return jnp.stack(found)

    def _retained(self) -> Array:
        """The first pattern's film while it waits at a temperature."""
        controls = self.spec.controls
        warm = warm_film(self.spec, self.film)
        state, found = self.trained[0], []
        for k in range(RETENTION_READS):
            key = stream(self.key, "retention", k)
            state = warm.relax(state, controls.retention_time / RETENTION_READS, key=key)
            found.append(self.film.conductance(state))
        return jnp.stack(found)


class _Course:
    """What training one film gave."""

    def __init__(self, state: FilmState) -> None:
        self.state = state
        self.conductances: list[Array] = []
        self.driven: list[Array] = []
        self._energies: list[Array] = []
        self.imbalance = jnp.zeros(())
        self.steps = 0

    def add(self, state: FilmState, conductance: Array, driven: Array, records: list[Any]) -> None:
        self.state = state
        self.conductances.append(conductance)
        self.driven.append(driven)
        self._energies.append(jnp.mean(jnp.stack([record.energy for record in records])))
        for record in records:
            worst = record.details["charge imbalance"]
            self.imbalance = jnp.maximum(self.imbalance, worst.astype(self.imbalance.dtype))
            self.steps += int(record.details["steps"])

    @property
    def energies(self) -> Array:
        return jnp.stack(self._energies)
