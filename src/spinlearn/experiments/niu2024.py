"""An associative memory whose weights are pairs of magnetic links, trained by pulses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from spinlearn.errors import SpinlearnError
from spinlearn.experiments._niu2024_bench import MemoryBench
from spinlearn.experiments._niu2024_claims import memory_claims
from spinlearn.experiments._niu2024_film_bench import FilmBench
from spinlearn.experiments._niu2024_film_claims import film_claims
from spinlearn.experiments._niu2024_film_layout import film_coordinates, film_variables
from spinlearn.experiments._niu2024_layout import coordinates, variables
from spinlearn.experiments.experiment import AbstractExperiment, Layout, Rows, Summary
from spinlearn.experiments.specs.niu2024 import Niu2024Spec
from spinlearn.rng import key_from_seed, stream
from spinlearn.typing import Key

if TYPE_CHECKING:
    import xarray

Array = jax.Array


class Niu2024(AbstractExperiment):
    """Devices of 35 nodes that learn letters and random patterns (SI units).

    A segment is one device, new for every set of patterns, and one film. Pairs of links trained by
    three protocols, single links that forget and ideal links that follow a rule stand beside the
    rules of `spinlearn.rules` in numbers, for the same patterns and probes; if asked for, so does a
    film between 35 contacts.

    Parameters
    ----------
    key
        Key of all devices.

    Examples
    --------
    >>> Niu2024.layout(Niu2024Spec()).segments
    8
    """

    title: ClassVar[str] = "An associative memory of magnetic links"
    citation: ClassVar[str] = (
        "C. Niu et al., PNAS 121 (51), e2416294121 (2024); its parameters were not available, "
        "those used here are ours: links fitted to simulated films, the rest assumed"
    )

    spec: Niu2024Spec = eqx.field(static=True)
    key: Key

    @classmethod
    def build(cls, spec: Niu2024Spec) -> Self:
        """The key (no unit)."""
        return cls(spec, key_from_seed(spec.seed))

    @classmethod
    def layout(cls, spec: Niu2024Spec) -> Layout:
        """One segment per device and film (SI units, as its parts say)."""
        return Layout(
            max(spec.devices, spec.film.devices),
            variables(spec) | film_variables(spec),
            coordinates(spec) | film_coordinates(spec),
        )

    def start(self) -> Array:
        """Nothing: every device is made from the key and its number alone (no unit)."""
        return jnp.zeros(())

    def advance(self, state: Array, segment: int) -> tuple[Array, Rows]:
        """Train and ask one device, and one film (SI units, as in the layout)."""
        key, rows = stream(self.key, "device", segment), {}
        if segment < self.spec.devices:
            rows |= _device(MemoryBench(self.spec, key), watched=segment == 0)
        if segment < self.spec.film.devices:
            rows |= _film(FilmBench(self.spec, key), watched=segment == 0)
        return state, {name: np.asarray(value)[None] for name, value in rows.items()}

    @classmethod
    def check(cls, spec: Any, segment: int, rows: Mapping[str, np.ndarray]) -> None:
        """Raise if weights or conductances are no numbers (no unit)."""
        del spec
        if not np.all(np.isfinite(rows.get("film_course", 0.0))):
            raise SpinlearnError(
                f"film {segment}: a conductance is no number. Use a smaller film.voltage, or "
                'precision = "float64".'
            )
        if not all(np.all(np.isfinite(rows.get(name, 0.0))) for name in ("written", "energy")):
            raise SpinlearnError(
                f"device {segment}: a link is written by what is no number. Use smaller voltages, "
                'or precision = "float64".'
            )

    @classmethod
    def summarize(cls, spec: Niu2024Spec, dataset: xarray.Dataset) -> Summary:
        """Recall by every method, gradient, energy (SI units)."""
        energy = float(dataset["energy"].sum())
        totals = {"energy of the trainings that are drawn": (energy, "J")}
        if "film_energy" in dataset:
            totals["energy of films, patterns in turn"] = (float(dataset["film_energy"].sum()), "J")
        return Summary(memory_claims(spec, dataset) + film_claims(spec, dataset), totals)


def _device(bench: MemoryBench, *, watched: bool) -> Rows:
    rows = bench.main() | bench.others()
    return rows | bench.pictures() if watched else rows


def _film(bench: FilmBench, *, watched: bool) -> Rows:
    rows = bench.rows()
    return rows | bench.pictures() if watched else rows
