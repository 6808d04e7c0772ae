"""Headline numbers of spiking neurons on a crossbar: accuracy, energy, small arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from spinlearn._intervals import FEWEST, numbers_of, wilson
from spinlearn.experiments._zhou2025_bench import MOST_DISTURBED
from spinlearn.experiments._zhou2025_device import fit_of
from spinlearn.experiments._zhou2025_twin import DEPRESSION, stationary
from spinlearn.experiments.experiment import Claim
from spinlearn.experiments.specs.zhou2025 import Zhou2025Spec

if TYPE_CHECKING:
    import xarray

_SECOND_HAND = "90 % on MNIST, one layer (Zhou et al. 2025, reported second-hand)"
# Of a 95 % interval of one among many junctions, at which all of them hold together.
_TOGETHER = 0.95


def hebbian_claims(spec: Zhou2025Spec, dataset: xarray.Dataset) -> tuple[Claim, ...]:
    """Claims of a finished run (SI units, as they say)."""
    found = [*_accuracy(spec, dataset), *_energy(dataset), _disturbed(dataset)]
    if spec.twin.arrays:
        found += _twin(spec, dataset)
    if spec.junction.counts:
        found += _device(spec, dataset)
    return tuple(found)


def _accuracy(spec: Zhou2025Spec, dataset: xarray.Dataset) -> list[Claim]:
    told = dataset["accuracy"].values[:, -1]
    first = dataset["accuracy_first"].values[:, -1]
    tests = int(dataset["confusion"].values[0].sum())
    mnist = spec.data.name == "mnist"
    name = f"accuracy on {tests} held-out images, {spec.data.name}"
    found = [
        _share(
            f"{name}, first {min(spec.learning.spikes, spec.array.neurons)} spikes",
            told,
            tests,
            reference=_SECOND_HAND if mnist else None,
        ),
        _share(f"{name}, first spike", first, tests),
    ]
    further = _further(told, tests)
    if further is not None:
        text = "accuracy of one further array on as many further images"
        found.append(Claim(text, float(told.mean()), "1", further, len(told)))
    if spec.comparisons:
        softmax = float(dataset["softmax"].values[0])
        kind = "other classifier"
        found += [
            _share(f"{name}, ideal analog devices", dataset["analog"].values, tests, kind=kind),
            Claim(f"{name}, softmax", softmax, "1", wilson(softmax, tests), 1, kind=kind),
        ]
    return found


def _further(told: np.ndarray, tests: int) -> tuple[float, float] | None:
    """Student's prediction interval: other arrays, and other images."""
    from scipy.stats import t

    count = len(told)
    if count < FEWEST:
        return None
    mean = float(told.mean())
    between = told.var(ddof=1) * (1 + 1 / count)
    reach = t.ppf(0.975, count - 1) * np.sqrt(between + mean * (1 - mean) / tests)
    return max(0.0, mean - reach), min(1.0, mean + reach)


def _disturbed(dataset: xarray.Dataset) -> Claim:
    times = float(dataset["disturbed"].values.max())
    return Claim(
        "switches of a junction by the reads of training, left out",
        times,
        "1",
        None,
        reference=f"above {MOST_DISTURBED:g} the accuracy does not hold",
        kind="closed form",
        verdict="agrees" if times <= MOST_DISTURBED else "differs",
    )


def _device(spec: Zhou2025Spec, dataset: xarray.Dataset) -> list[Claim]:
    """What the counts tell, and how well pulses can be made for it."""
    fit = fit_of(spec.junction.counts)
    found = [
        Claim(
            f"{name.replace('_', ' ')}, from counts",
            estimate.value,
            "1" if estimate.unit in ("", "no unit") else estimate.unit,
            (estimate.low, estimate.high),
            kind="fit",
        )
        for name, estimate in fit.estimates.items()
    ]
    found.append(
        Claim(
            "p-value of the fit to the counts",
            float(fit.p_value),
            "1",
            None,
            reference="below 0.001 the counts refuse the Fokker–Planck equation",
            kind="fit",
            verdict="differs" if fit.rejected else "agrees",
        )
    )
    for k, (name, wanted) in enumerate(
        (("potentiation", spec.learning.potentiation), ("depression", spec.learning.depression))
    ):
        chances = dataset["switching"].values[:, k]
        low, high = (float(end) for end in np.quantile(chances, [0.025, 0.975]))
        text = f"switching probability that pulses of {name} have, made for {wanted:g}"
        found.append(Claim(text, float(chances.mean()), "1", (low, high), len(chances)))
    return found


def _energy(dataset: xarray.Dataset) -> list[Claim]:
    found = [
        ("read energy of an inference, until its last voting spike", "inference_energy", "J"),
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


def _share(
    name: str,
    values: np.ndarray,
    tests: int,
    *,
    reference: str | None = None,
    kind: str = "assumed device",
) -> Claim:
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
        return Claim(name, mean, "1", (low, high), len(values), kind=kind)
    verdict = "agrees" if high >= 0.9 else "differs"
    return Claim(name, mean, "1", (low, high), len(values), reference, verdict=verdict)
