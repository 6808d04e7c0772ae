"""Spiking neurons on a crossbar of binary tunnel junctions, which learn images by chance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from spinlearn.errors import SpinlearnError
from spinlearn.experiments._zhou2025_bench import HebbianBench
from spinlearn.experiments._zhou2025_claims import hebbian_claims
from spinlearn.experiments._zhou2025_layout import coordinates, variables
from spinlearn.experiments._zhou2025_twin import twin
from spinlearn.experiments.experiment import AbstractExperiment, Layout, Rows, Summary
from spinlearn.experiments.specs.zhou2025 import Zhou2025Spec
from spinlearn.rng import key_from_seed, stream
from spinlearn.typing import Key

if TYPE_CHECKING:
    import xarray

Array = jax.Array


class Zhou2025(AbstractExperiment):
    """Arrays that learn images without being told their classes (SI units).

    A segment is one array of new junctions, trained for all epochs and asked after each; labels of
    training images name its neurons in the end. Ideal analog devices learn the same beside. The
    first segment has the small arrays on 2×2 pixels too, and a softmax on the same images.

    With measured counts of switching, pulses are made for the junction that fits them best, and
    every array has one of those that the counts leave open: the spread of accuracies is what is
    not known of the device, of other arrays, and of what each learns by chance.

    Parameters
    ----------
    key
        Key of all arrays.

    Examples
    --------
    >>> Zhou2025.layout(Zhou2025Spec()).segments
    5
    """

    title: ClassVar[str] = "Binary tunnel junctions that learn by Hebb's rule"
    citation: ClassVar[str] = (
        "P. Zhou et al., Commun. Eng. 4, 142 (2025); known from its abstract: the junction is that "
        "of Ikeda et al. (2010), neurons, pulses and spreads are assumed"
    )

    spec: Zhou2025Spec = eqx.field(static=True)
    key: Key

    @classmethod
    def build(cls, spec: Zhou2025Spec) -> Self:
        """The key (no unit)."""
        return cls(spec, key_from_seed(spec.seed))

    @classmethod
    def layout(cls, spec: Zhou2025Spec) -> Layout:
        """One segment per array (SI units, as its parts say)."""
        return Layout(spec.arrays, variables(spec), coordinates(spec))

    def start(self) -> Array:
        """Nothing: every array is made from the key and its number alone (no unit)."""
        return jnp.zeros(())

    def advance(self, state: Array, segment: int) -> tuple[Array, Rows]:
        """Train and ask one array (SI units, as in the layout)."""
        bench = HebbianBench(self.spec, segment, stream(self.key, "array", segment))
        rows = {name: np.asarray(value)[None] for name, value in bench.rows().items()}
        if self.spec.comparisons:
            rows["analog"] = np.array([bench.analog()])
        if segment == 0:
            rows["images"] = np.array([len(bench.train)])
            if self.spec.comparisons:
                rows["softmax"] = np.array([bench.softmax()])
            if self.spec.twin.arrays:
                rows |= twin(self.spec, stream(self.key, "twin"))
        return state, rows

    @classmethod
    def check(cls, spec: Any, segment: int, rows: Mapping[str, np.ndarray]) -> None:
        """Raise if no neuron fired at all (no unit)."""
        if np.all(rows["silent"] == 1):
            raise SpinlearnError(
                f"array {segment}: no neuron fired within {spec.array.steps} clocks. Allow more "
                "array.steps, lower array.threshold, or add an array.bias."
            )

    @classmethod
    def summarize(cls, spec: Zhou2025Spec, dataset: xarray.Dataset) -> Summary:
        """Accuracy, energy, small arrays (SI units)."""
        energy = {
            f"{kind} energy of an epoch, mean": (
                float(dataset[f"{kind}_energy"].mean()) * float(dataset["images"].values[0]),
                "J",
            )
            for kind in ("read", "write")
        }
        return Summary(hebbian_claims(spec, dataset), energy)
