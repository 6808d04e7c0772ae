"""Headline numbers of spiking neurons on a crossbar: accuracy, energy, small arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from spinlearn._intervals import numbers_of, wilson
from spinlearn.experiments._hebbian_twin import DEPRESSION, stationary
from spinlearn.experiments.experiment import Claim
from spinlearn.experiments.specs.zhou2025 import Zhou2025Spec

if TYPE_CHECKING:
    import xarray

_SECOND_HAND = "90 % on MNIST, one layer (Zhou et al. 2025, reported second-hand)"
# Of a 95 % interval of one among many junctions, at which all of them hold together.
_TOGETHER = 0.95


def hebbian_claims(spec: Zhou2025Spec, dataset: xarray.Dataset) -> tuple[Claim, ...]:
    """Claims of a finished run (SI units, as they say)."""
    return (*_accuracy(spec, dataset), *_energy(dataset), *_twin(spec, dataset))


def _accuracy(spec: Zhou2025Spec, dataset: xarray.Dataset) -> list[Claim]:
    told = dataset["accuracy"].values[:, -1]
    first = dataset["accuracy_first"].values[:, -1]
    tests = int(dataset["confusion"].values[0].sum())
    mnist = spec.data.name == "mnist"
    name = f"accuracy on {tests} held-out images, {spec.data.name}"
    softmax = float(dataset["softmax"].values[0])
    return [
        _share(
            f"{name}, first {min(spec.learning.spikes, spec.array.neurons)} spikes",
            told,
            tests,
            reference=_SECOND_HAND if mnist else None,
        ),
        _share(f"{name}, first spike", first, tests),
        Claim(f"{name}, softmax", softmax, "1", wilson(softmax, tests), 1, kind="other classifier"),
    ]


def _energy(dataset: xarray.Dataset) -> list[Claim]:
    found = [
        ("read energy of a training image, last epoch", "read_energy", "J"),
        ("write energy of a training image, first epoch", "write_energy", "J"),
        ("clocks of a training image, last epoch", "clocks", "1"),
    ]
    claims = []
    for text, name, unit in found:
        values = dataset[name].values[:, 0 if "first" in text else -1]
        claims.append(Claim(text, float(values.mean()), unit, numbers_of(values), len(values)))
    return claims


def _twin(spec: Zhou2025Spec, dataset: xarray.Dataset) -> list[Claim]:
    """Of the probability and the spread that are nearest to those of the large arrays."""
    table = spec.twin
    p = int(np.argmin(np.abs(np.array(table.probabilities) - spec.learning.potentiation)))
    s = int(np.argmin(np.abs(np.array(table.spreads) - spec.junction.resistance_spread)))
    part = float(dataset["twin_stored"].values[0, p, s, -1])
    name = (
        f"small arrays that hold both patterns after {table.presentations} presentations, "
        f"p = {table.probabilities[p]:g}, spread {table.spreads[s]:g}"
    )
    held = Claim(name, part, "1", wilson(part, table.arrays), table.arrays)
    return [held, _settled(spec, dataset)]


def _settled(spec: Zhou2025Spec, dataset: xarray.Dataset) -> Claim:
    """The largest distance from the exact stationary state, in standard errors."""
    from scipy.stats import norm

    table = spec.twin
    active = np.array(table.active)
    exact = np.stack([stationary(active, p, DEPRESSION * p) for p in table.probabilities])
    error = np.sqrt(exact * (1 - exact) / table.arrays)
    far = np.abs(dataset["twin_on"].values[0] - exact) / error
    most = float(norm.ppf(0.5 + 0.5 * _TOGETHER ** (1 / far.size)))
    return Claim(
        f"largest distance of {far.size} junctions from their exact stationary probability, in "
        "standard errors",
        float(far.max()),
        "1",
        None,
        table.arrays,
        reference=f"below {most:.2f} in 95 % of runs, P = q p/(q p + (1 − q) p/2)",
        kind="closed form",
        verdict="agrees" if far.max() < most else "differs",
    )


def _share(name: str, values: np.ndarray, tests: int, *, reference: str | None = None) -> Claim:
    """Mean of an accuracy over arrays, with the wider of two intervals.

    That over arrays does not know that another set of held-out images would differ; Wilson's for
    the images of one array does.
    """
    low, high = wilson(float(values.mean()), tests)
    between = numbers_of(values)
    if between is not None:
        low, high = max(0.0, min(low, between[0])), min(1.0, max(high, between[1]))
    mean = float(values.mean())
    if reference is None:
        return Claim(name, mean, "1", (low, high), len(values))
    verdict = "agrees" if high >= 0.9 else "differs"
    return Claim(name, mean, "1", (low, high), len(values), reference, verdict=verdict)
