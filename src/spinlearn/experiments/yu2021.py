"""A film that trains itself: pulses through four contacts write patterns that it recalls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from spinlearn.errors import SpinlearnError
from spinlearn.experiments._learning_claims import (
    balanced_patterns,
    learning_claims,
    orthogonal_mean,
)
from spinlearn.experiments.experiment import (
    AbstractExperiment,
    Coordinate,
    Layout,
    Rows,
    Summary,
    Variable,
    in_precision,
)
from spinlearn.experiments.self_learning_film import (
    film_mesh,
    four_contacts,
    new_film,
    warm_film,
    without_amr,
    without_torque,
)
from spinlearn.experiments.specs.yu2021 import Yu2021Spec
from spinlearn.networks import Readout, recall_by_currents, recall_table
from spinlearn.rng import key_from_seed, stream
from spinlearn.substrates import AbstractSubstrate, Film, FilmState, sign_patterns
from spinlearn.transport import Electrodes
from spinlearn.typing import Key

if TYPE_CHECKING:
    import xarray

Array = jax.Array

# What carried current conducts more: contacts at unlike voltages gain conductance.
_SIGN = -1.0
_NODES, _RETENTION_READS, _FRAMES = 4, 5, 25


def recall_all(spec: Yu2021Spec, conductance: Array, reference: Array) -> Array:
    """Where all sixteen probes end, ``(16, 4)``, ±1, by the currents of a film (S).

    Examples
    --------
    >>> before = -jnp.ones((4, 4))
    >>> after = before * (1 - 0.1 * np.outer([1, -1, 1, -1], [1, -1, 1, -1]))
    >>> states = recall_all(Yu2021Spec(), after, before)
    >>> jnp.abs(states @ jnp.array([1, -1, 1, -1]))[:3].tolist()
    [4.0, 4.0, 4.0]
    """
    readout = spec.readout
    plan = Readout(reference, _SIGN, name=readout.reference)

    def network(probe: Array) -> Any:
        return recall_by_currents(
            _Read(), conductance, plan, probe, readout.voltage, relative=readout.relative
        )

    return recall_table(network, balanced_patterns()).states


class Yu2021(AbstractExperiment):
    """Films that learn patterns by their own currents, and recall them (SI units).

    A segment makes one film. Copies of it are trained with one pattern each, or wait for as long;
    then all are read. The first few films are studied closely: controls without torque and
    without AMR, reversed pulses, two patterns in turn, the disturbance by reading, retention at a
    temperature, every pattern once.

    Parameters
    ----------
    spec
        The specification; not an array.
    contacts
        Contacts of every film.
    key
        Key of all films.

    Examples
    --------
    >>> Yu2021.layout(Yu2021Spec()).segments
    4
    """

    title: ClassVar[str] = "A film that trains itself"
    citation: ClassVar[str] = (
        "W. Yu et al., Phys. Rev. B 104, L180405 (2021); its parameters were not available, those "
        "used here are ours"
    )

    spec: Yu2021Spec = eqx.field(static=True)
    contacts: Electrodes
    key: Key

    @classmethod
    def build(cls, spec: Yu2021Spec) -> Self:
        """Contacts and key (SI units)."""
        return cls(spec, four_contacts(film_mesh(spec), spec.contacts), key_from_seed(spec.seed))

    @classmethod
    def layout(cls, spec: Yu2021Spec) -> Layout:
        """One segment per film (SI units, as its parts say)."""
        return Layout(spec.ensemble.textures, _variables(spec), _coordinates(spec))

    def start(self) -> Array:
        """Nothing: every film is made from the key and its number alone (no unit)."""
        return jnp.zeros(())

    def advance(self, state: Array, segment: int) -> tuple[Array, Rows]:
        """Make, train and read one film (SI units, as in the layout)."""
        film = new_film(self.spec, self.contacts, stream(self.key, "film", segment))
        film = in_precision(film, self.spec.precision)
        bench = _Bench(self.spec, film, segment, stream(self.key, "film noise", segment))
        rows = bench.train()
        if segment < self.spec.ensemble.studied:
            rows |= bench.study()
        if segment == 0 and self.spec.ensemble.studied:
            rows |= bench.watch()
        return state, {name: np.asarray(value)[None] for name, value in rows.items()}

    @classmethod
    def check(cls, spec: Any, segment: int, rows: Mapping[str, np.ndarray]) -> None:
        """Raise if currents did not add up (no unit)."""
        del spec
        bound = 1e-3
        worst = float(np.max(rows["charge_imbalance"]))
        if not worst <= bound:
            raise SpinlearnError(
                f"film {segment}: the currents of all contacts add up to {worst:.2g} of the "
                f'largest, allowed is {bound:g}. Use precision = "float64".'
            )

    @classmethod
    def summarize(cls, spec: Yu2021Spec, dataset: xarray.Dataset) -> Summary:
        """Correlation with Hebb's rule, recall, controls, energy (SI units)."""
        energy = dataset["pulse_energy"]
        totals = {
            "energy of all trainings": (float(energy.sum()), "J"),
            "time steps": (float(dataset["steps"].sum()), "1"),
        }
        return Summary(learning_claims(spec, dataset), totals)


class _Read(AbstractSubstrate):
    """A film's conductances, already read, as hardware for recall."""

    def init(self, *, key: Key) -> Array:
        raise NotImplementedError

    def conductance(self, state: Array) -> Array:
        return state

    def apply(self, state: Array, voltages: Any, duration: Any, *, key: Key) -> Any:
        raise NotImplementedError


class _Bench:
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
            "recalled": jnp.stack([recall_all(spec, g, self.reference) for g in last]),
            "recalled_untrained": recall_all(spec, self.untrained, self.reference),
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
            rows["alternated"] = self._alternated()
        if spec.controls.spectrum:
            rows["every_pattern"] = self._every_pattern()
        if spec.controls.retention_temperature:
            rows["retained"] = self._retained()
        return rows

    def watch(self) -> Rows:
        """Frames of the first training, for an animation."""
        training = self.spec.training
        state, frames = self.new, [self.new.m[..., 0]]
        parts = [(self.patterns[0], training.pulse), (0 * self.patterns[0], training.rest)]
        each = (_FRAMES - 1) // len(parts)
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
        rms = jnp.sqrt(jnp.mean(jnp.sum(total**2, axis=0)))
        if film.heavy_metal is None:
            return rms
        metal, own = film.heavy_metal, film.conductivity.conductivity
        thickness = self.spec.film.thickness
        return rms * metal.conductivity / (own + metal.conductivity * metal.thickness / thickness)

    def _current(self, k: int) -> Array:
        """Current density of a trained film at its own pattern, ``(2, nx, ny)``, A/m²."""
        potential = self.film.potential(self.trained[k], self._volts(self.patterns[k]))
        return potential.current_density[:2, ..., 0]

    def _read_for_a_while(self, voltage: float) -> Array:
        """The first pattern's film after a voltage was held on one contact after another."""
        spec, state = self.spec, self.trained[0]
        for contact in range(_NODES):
            volts = jnp.zeros(_NODES, spec.precision).at[contact].set(voltage)
            state, _ = self.film.apply(state, volts, spec.controls.disturb_time, key=self.key)
        return self.film.conductance(state)

    def _alternated(self) -> Array:
        """The first two patterns in turn on one film, read after every training."""
        state, found = self.new, []
        for k in range(self.spec.controls.alternations):
            course = self._course(self.film, state, self.patterns[k % 2])
            state = course.state
            found.append(course.conductances[-1])
        return jnp.stack(found)

    def _every_pattern(self) -> Array:
        """One pulse of each of the sixteen patterns on a new film, and rest."""
        training, found = self.spec.training, []
        for pattern in np.asarray(sign_patterns(_NODES), float):
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
        for k in range(_RETENTION_READS):
            key = stream(self.key, "retention", k)
            state = warm.relax(state, controls.retention_time / _RETENTION_READS, key=key)
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


def _variables(spec: Yu2021Spec) -> dict[str, Variable]:
    n, films, studied = _NODES, spec.ensemble.textures, spec.ensemble.studied
    patterns, repetitions = len(balanced_patterns()), spec.training.repetitions
    cells = film_mesh(spec).shape[:2]
    pair, plane = (("to", "from"), (n, n)), (("x", "y"), cells)
    many = {
        "untrained": ("S", "conductance before training", *pair),
        "waited": ("S", "conductance after waiting as long", *pair),
        "trained": (
            "S",
            "conductance after training",
            ("pattern", "repetition", *pair[0]),
            (patterns, repetitions, n, n),
        ),
        "driven": (
            "S",
            "conductance at the end of the last pulse",
            ("pattern", *pair[0]),
            (patterns, n, n),
        ),
        "recalled": (
            "1",
            "final states of a trained film",
            ("pattern", "probe", "node"),
            (patterns, 2**n, n),
        ),
        "recalled_untrained": ("1", "final states untrained", ("probe", "node"), (2**n, n)),
        "pulse_energy": (
            "J",
            "energy of a training pulse",
            ("pattern", "repetition"),
            (patterns, repetitions),
        ),
        "current_density": ("A/m²", "rms current density", ("pattern",), (patterns,)),
        "charge_imbalance": ("1", "sum of currents over the largest", (), ()),
        "steps": ("1", "time steps of training", (), ()),
    }
    few = {
        "no_amr_untrained": ("S", "conductance without AMR, untrained", *pair),
        **{
            name: ("S", text, ("pattern", *pair[0]), (patterns, n, n))
            for name, text in (
                ("no_amr", "conductance after training without AMR"),
                ("no_torque", "conductance after training without torque"),
                ("reversed", "conductance after training with the negative first"),
            )
        },
        "disturbed": ("S", "conductance after reading", *pair),
        "idle": ("S", "conductance after as long without reading", *pair),
        "m_before": ("1", "magnetization before", ("component", *plane[0]), (3, *plane[1])),
        "m_after": (
            "1",
            "magnetization after",
            ("pattern", "component", *plane[0]),
            (patterns, 3, *plane[1]),
        ),
        "current": (
            "A/m²",
            "current density of the trained film",
            ("pattern", "direction", *plane[0]),
            (patterns, 2, *plane[1]),
        ),
    }
    controls = spec.controls
    if controls.alternations:
        few["alternated"] = (
            "S",
            "conductance, two patterns in turn",
            ("turn", *pair[0]),
            (controls.alternations, n, n),
        )
    if controls.spectrum:
        few["every_pattern"] = (
            "S",
            "conductance after one pulse of every pattern",
            ("sign_pattern", *pair[0]),
            (2**n, n, n),
        )
    if controls.retention_temperature:
        few["retained"] = (
            "S",
            "conductance while waiting warm",
            ("wait", *pair[0]),
            (_RETENTION_READS, n, n),
        )
    pictures = {"m_before", "m_after", "current", "frames"}
    frames = {
        "frames": (
            "1",
            "magnetization while learning",
            ("frame", "component", *plane[0]),
            (_FRAMES, 3, *plane[1]),
        )
    }
    groups = (
        ("film", films, many),
        ("studied", studied, few),
        ("watched", min(1, studied), frames),
    )
    return {
        name: Variable(
            (dim, *dims), (count, *shape), unit, text,
            dtype="float32" if name in pictures else "float64",
        )
        for dim, count, group in groups
        for name, (unit, text, dims, shape) in group.items()
        if count
    }  # fmt: skip


def _coordinates(spec: Yu2021Spec) -> dict[str, Coordinate]:
    mesh, training, controls = film_mesh(spec), spec.training, spec.controls
    x, y, _ = mesh.coordinates()
    nodes = np.arange(_NODES)
    # The film is watched in equal parts of the pulse, then of the rest.
    each = (_FRAMES - 1) // 2
    pulse = np.arange(each + 1) / each * training.pulse
    frames = np.concatenate([pulse, pulse[-1] + np.arange(1, each + 1) / each * training.rest])
    found = {
        "to": Coordinate(("to",), nodes, "1", "contact that the current flows into"),
        "from": Coordinate(("from",), nodes, "1", "contact at 1 V"),
        "node": Coordinate(("node",), nodes, "1", "node"),
        "x": Coordinate(("x",), np.asarray(x), "m", "position"),
        "y": Coordinate(("y",), np.asarray(y), "m", "position"),
        "frame": Coordinate(("frame",), frames, "s", "time"),
        "repetition": Coordinate(
            ("repetition",), np.arange(1, training.repetitions + 1), "1", "repetitions"
        ),
    }
    if controls.alternations:
        turns = np.arange(1, controls.alternations + 1)
        found["turn"] = Coordinate(("turn",), turns, "1", "trainings")
    if controls.retention_temperature:
        waits = controls.retention_time * np.arange(1, _RETENTION_READS + 1) / _RETENTION_READS
        found["wait"] = Coordinate(("wait",), waits, "s", "time since training")
    return found
