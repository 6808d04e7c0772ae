"""One film of 35 contacts: its lessons, the weights in its conductances, recall, slopes."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np

from spinlearn.datasets import characters
from spinlearn.experiments._niu2024_bench import in_parts, probe_ends
from spinlearn.experiments._niu2024_descent import descent_cosines
from spinlearn.experiments._niu2024_film import Lessons, memory_film, pattern_current, teach_film
from spinlearn.experiments._niu2024_film_pairs import (
    NODES,
    gains,
    neighbours,
    reference_of,
    weight_per_siemens,
)
from spinlearn.experiments.experiment import Rows
from spinlearn.experiments.specs.niu2024 import Niu2024Spec
from spinlearn.rng import stream
from spinlearn.typing import Key

#: What the changes of weights are compared with, and over which pairs.
SLOPES = ("outer product", "Oja's objective")
PAIRS = ("all pairs", "neighbours")


class FilmBench:
    """One film, its letters, and the probes that the other hardware of its number is asked."""

    def __init__(self, spec: Niu2024Spec, key: Key) -> None:
        self.spec, self.key = spec, key
        self.patterns = np.asarray(characters(spec.memory.letters), float)
        film_key = stream(key, "film")
        self.film = memory_film(spec, film_key)
        self.lessons = teach_film(spec.film, self.film, self.patterns, film_key)

    def rows(self) -> Rows:
        """Conductances, weights, recall, energy, cosines."""
        lessons, memory = self.lessons, self.spec.memory
        alone, course = weights_of(lessons, self.spec.film.contacts)
        networks = np.concatenate([alone, course])
        rates = np.stack([self._rates(networks, f) for f in range(memory.most_flips + 1)], axis=2)
        p = len(self.patterns)
        own, in_turn = rates[np.arange(p), np.arange(p)], rates[p:]
        return {
            "film_untrained": lessons.untrained,
            "film_reference": lessons.reference,
            "film_alone": lessons.alone,
            "film_course": lessons.course,
            "film_weights_alone": alone,
            "film_weights": course,
            "film_alone_by_flips": own,
            "film_by_flips": in_turn[-1].mean(axis=0),
            "film_by_turn": in_turn[:, :, memory.flips],
            "film_energy_alone": lessons.energy_alone,
            "film_energy": lessons.energy,
            "film_cosine": self._cosines(alone, course[p]),
        }

    def pictures(self) -> Rows:
        """The texture before and after, and the current of the first letter."""
        first = self.patterns[0]
        return {
            "film_m_before": self.lessons.before,
            "film_m_first": self.lessons.first,
            "film_m_after": self.lessons.after,
            "film_current": pattern_current(self.spec.film, self.film, first, self.key),
        }

    def _rates(self, networks: np.ndarray, flips: int) -> np.ndarray:
        """Part of every pattern's probes that comes back, ``(networks, p)``."""
        dtype, trials = self.spec.precision, self.spec.memory.trials
        x, key = jnp.asarray(self.patterns, dtype), stream(self.key, "recall")
        ends = [
            probe_ends(some, x, jnp.asarray([flips]), key, trials=trials)
            for some in in_parts(jnp.asarray(networks, dtype))
        ]
        kept = np.concatenate(ends)[: len(networks)]
        return kept.reshape(len(networks), len(x), trials).mean(axis=2)

    def _cosines(self, alone: np.ndarray, first_epoch: np.ndarray) -> np.ndarray:
        """Of every letter alone and of the first epoch, ``(p + 1, slopes, pairs)``."""
        learned = [(w, x[None]) for w, x in zip(alone, self.patterns, strict=True)]
        learned.append((first_epoch, self.patterns))
        near = neighbours(self.spec.film.contacts)
        return np.array(
            [
                np.transpose(
                    [slope_cosines(w * seen, x) for seen in (~np.eye(NODES, dtype=bool), near)]
                )
                for w, x in learned
            ]
        )


def weights_of(lessons: Lessons, contacts: str) -> tuple[np.ndarray, np.ndarray]:
    """Weights after every pattern alone ``(p, n, n)``, and in the course ``(turns + 1, n, n)``.

    A film with one gain: neighbours of patterns alone are 1/n in the rms.
    """
    p = len(lessons.alone)
    alone = gains(lessons.alone, reference_of(lessons.untrained, lessons.reference, 1))
    course = np.stack(
        [
            gains(g, reference_of(lessons.untrained, lessons.reference, min(turn, p)))
            for turn, g in enumerate(lessons.course)
        ]
    )
    gain = -weight_per_siemens(alone, contacts)
    return gain * alone, gain * course


def slope_cosines(weights: np.ndarray, patterns: np.ndarray) -> tuple[float, float]:
    """Cosines of weights, learned from none, with the outer product and with Oja's descent.

    Where weights are zero there is no link, and slopes are not counted. The descent of Oja's
    objective is that halfway.
    """
    outer = (patterns.T @ patterns) * (weights != 0)
    size = np.sqrt(np.sum(weights**2) * np.sum(outer**2))
    hebb = float(np.sum(weights * outer) / size) if size > 0 else 0.0
    steps = jnp.asarray(np.stack([np.zeros_like(weights), weights]))
    descent = descent_cosines(steps, steps, jnp.asarray(patterns, steps.dtype))
    return hebb, float(descent["cosine_objective"][0])
