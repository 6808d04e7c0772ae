"""A film that trains itself: pulses through four contacts write patterns that it recalls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from spinlearn.errors import SpinlearnError
from spinlearn.experiments._yu2021_bench import Bench
from spinlearn.experiments._yu2021_claims import learning_claims
from spinlearn.experiments._yu2021_layout import coordinates, variables
from spinlearn.experiments.experiment import (
    AbstractExperiment,
    Layout,
    Rows,
    Summary,
    in_precision,
)
from spinlearn.experiments.self_learning_film import film_mesh, four_contacts, new_film
from spinlearn.experiments.specs.yu2021 import Yu2021Spec
from spinlearn.rng import key_from_seed, stream
from spinlearn.transport import Electrodes
from spinlearn.typing import Key

if TYPE_CHECKING:
    import xarray

Array = jax.Array


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
        return Layout(spec.ensemble.textures, variables(spec), coordinates(spec))

    def start(self) -> Array:
        """Nothing: every film is made from the key and its number alone (no unit)."""
        return jnp.zeros(())

    def advance(self, state: Array, segment: int) -> tuple[Array, Rows]:
        """Make, train and read one film (SI units, as in the layout)."""
        film = new_film(self.spec, self.contacts, stream(self.key, "film", segment))
        film = in_precision(film, self.spec.precision)
        bench = Bench(self.spec, film, segment, stream(self.key, "film noise", segment))
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
        # The mean over the pulses of a repetition is stored.
        energy = dataset["pulse_energy"].sum() * spec.training.pulses
        totals = {
            "energy of all trainings": (float(energy), "J"),
            "time steps": (float(dataset["steps"].sum()), "1"),
        }
        return Summary(learning_claims(spec, dataset), totals)
