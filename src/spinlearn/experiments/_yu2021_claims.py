"""Headline numbers of films that learn: agreement with Hebb's rule, recall, controls."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from spinlearn._intervals import interval_of_smooth, numbers_of, wilson
from spinlearn.experiments._conductance_changes import (
    balanced_patterns,
    contrast,
    correlation,
    orthogonal_mean,
    pair_products,
    relative_change,
)
from spinlearn.experiments._yu2021_recall import (
    chance_of_recall,
    one_bit_recall,
    recall_of_changes,
)
from spinlearn.experiments.experiment import Claim
from spinlearn.experiments.specs.yu2021 import Yu2021Spec
from spinlearn.substrates import sign_patterns

if TYPE_CHECKING:
    import xarray


#: What training with a pattern's negative changes, by the polarities of its pulses.
_TURNED = {
    "both": "negative pulse first",
    "one": "a pulse of the negative alone",
    "alternating": "a pulse of the other polarity",
}


def learning_claims(spec: Yu2021Spec, dataset: xarray.Dataset) -> tuple[Claim, ...]:
    """Claims of a finished run (SI units, as they say)."""
    last = dataset["trained"].values[:, :, -1]
    untrained, waited = dataset["untrained"].values, dataset["waited"].values
    patterns = balanced_patterns()
    alike = pair_products(patterns)
    change = relative_change(last, untrained[:, None])
    mean = orthogonal_mean(last, waited)
    against_mean = relative_change(last, mean[:, None])
    found = [
        *_correlations("change against the mean over orthogonal patterns", against_mean, alike),
        *_correlations("change against the untrained film", change, alike),
        *_correlations("change in S against the mean", _in_siemens(last, mean), alike),
        *_correlations("change at the end of the last pulse", _driven(dataset, untrained), alike),
        _claim(
            "conductance gained by unlike over like pairs, of G",
            against_mean,
            lambda d: contrast(d, alike),
        ),
        *_recall(dataset, patterns),
        *_recall_in_numbers(dataset, patterns),
        _energy(dataset),
        _drift(dataset, change),
        *_controls(spec, dataset, alike),
    ]
    return tuple(claim for claim in found if claim is not None)


def _in_siemens(trained: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Changes of magnitude: there pairs that conduct well weigh more."""
    change = np.abs(trained) - np.abs(mean[:, None])
    i, j = np.triu_indices(change.shape[-1], 1)
    return change[..., i, j]


def _driven(dataset: xarray.Dataset, untrained: np.ndarray) -> np.ndarray:
    return relative_change(dataset["driven"].values, untrained[:, None])


def _correlations(name: str, change: np.ndarray, alike: np.ndarray) -> list[Claim | None]:
    singles = np.array([correlation(film, alike) for film in change])
    return [
        _claim(f"correlation with s_i s_j in a single film, {name}", singles, np.mean, (-1.0, 1.0)),
        _correlation_of_mean(name, change, alike),
    ]


def _correlation_of_mean(name: str, change: np.ndarray, alike: np.ndarray) -> Claim:
    def statistic(sample: np.ndarray) -> float:
        return correlation(sample.mean(axis=0), alike)

    name = f"correlation with s_i s_j of the mean over films, {name}"
    between = interval_of_smooth(change, statistic, (-1.0, 1.0))
    return Claim(name, statistic(change), "1", between, len(change))


def _claim(
    name: str,
    values: np.ndarray,
    statistic: Callable[[np.ndarray], float],
    limits: tuple[float, float] = (-np.inf, np.inf),
) -> Claim:
    """A statistic over films with its 95 % interval, which ends at what it cannot pass."""
    interval = numbers_of(values, statistic)
    if interval is not None:
        interval = (max(interval[0], limits[0]), min(interval[1], limits[1]))
    return Claim(name, float(statistic(values)), "1", interval, len(values))


def _mean_share(name: str, shares: np.ndarray) -> Claim:
    """A mean over films of a share in each.

    Where every film has all or none, a bootstrap knows no doubt: then Wilson's interval, films as
    trials.
    """
    part = float(np.mean(shares))
    if part in (0.0, 1.0):
        return Claim(name, part, "1", wilson(part, len(shares)), len(shares))
    return _claim(name, shares.reshape(len(shares), -1).mean(axis=1), np.mean, (0.0, 1.0))


def _recall(dataset: xarray.Dataset, patterns: np.ndarray) -> list[Claim]:
    probes = np.asarray(sign_patterns(patterns.shape[-1]), float)
    trained = dataset["recalled"].values
    untrained = np.repeat(dataset["recalled_untrained"].values[:, None], len(patterns), axis=1)
    claims = []
    for name, states in (("trained", trained), ("untrained", untrained)):
        for counted, up_to_sign in (("", False), (" up to sign", True)):
            back = one_bit_recall(states, patterns, probes, up_to_sign=up_to_sign)
            every = np.all(back, axis=(1, 2))
            what = f"every one-bit error of every pattern{counted}"
            claims += [
                _mean_share(f"one-bit errors corrected{counted}, {name} films", back),
                _share(f"{name} films that correct {what}", every),
            ]
    return claims


def _recall_in_numbers(dataset: xarray.Dataset, patterns: np.ndarray) -> list[Claim]:
    """Recall by weights that currents were not asked for."""
    last, waited = dataset["trained"].values[:, :, -1], dataset["waited"].values
    before = dataset["untrained"].values[:, None]
    alone = recall_of_changes(last, before, patterns)
    return [
        _mean_share(
            "one-bit errors corrected, weights of trained films on wrong pairs",
            chance_of_recall(last, waited),
        ),
        _mean_share("one-bit errors corrected, weights against the untrained film", alone),
        _share(
            "trained films that correct every one-bit error of every pattern, weights against the "
            "untrained film",
            np.all(alone == 1, axis=1),
        ),
    ]


def _share(name: str, true: np.ndarray) -> Claim:
    """A share of films with Wilson's interval."""
    part = float(np.mean(true))
    return Claim(name, part, "1", wilson(part, len(true)), len(true))


def _energy(dataset: xarray.Dataset) -> Claim:
    each = dataset["pulse_energy"].values.mean(axis=(1, 2))
    found = _claim("energy of a training pulse", each, np.mean)
    return Claim(found.name, found.value, "J", found.interval, found.seeds)


def _drift(dataset: xarray.Dataset, change: np.ndarray) -> Claim:
    """How far films that only waited have moved: not one of them is wholly at rest."""
    moved = relative_change(dataset["waited"].values, dataset["untrained"].values)
    each = np.abs(moved).mean(axis=1) / np.abs(change).mean()
    name = "change by waiting as long over change by training"
    return _claim(name, each, np.mean, (0.0, np.inf))


def _controls(spec: Yu2021Spec, dataset: xarray.Dataset, alike: np.ndarray) -> list[Claim | None]:
    if "no_torque" not in dataset:
        return []
    studied = dataset.sizes["studied"]
    before = dataset["untrained"].values[:studied, None]
    last = dataset["trained"].values[:studied, :, -1]
    gain = np.abs(relative_change(last, before)).mean()
    flat = dataset["no_amr_untrained"].values[:, None]
    idle_changes = {
        "without torque": relative_change(dataset["no_torque"].values, before),
        "without AMR": relative_change(dataset["no_amr"].values, flat),
    }
    claims: list[Claim | None] = []
    for name, change in idle_changes.items():
        size = np.abs(change).mean(axis=(1, 2)) / gain
        claims += [
            *_correlations(name, change, alike),
            _claim(f"change {name} over change by training", size, np.mean, (0.0, np.inf)),
        ]
    turned = relative_change(dataset["reversed"].values, before)
    claims.append(
        _claim(
            f"conductance gained by unlike over like pairs, {_TURNED[spec.training.polarities]}",
            turned,
            lambda d: contrast(d, alike),
        )
    )
    claims += _orders(dataset, alike)
    idle = dataset["idle"].values  # a film may go on moving after its training by itself
    disturbed = np.abs(relative_change(dataset["disturbed"].values, idle)).mean(axis=-1)
    name = "change by reading over change by training"
    claims.append(_claim(name, disturbed / gain, np.mean, (0.0, np.inf)))
    if "retained" in dataset:
        claims.append(_retention(spec, dataset, alike))
    return claims


def _orders(dataset: xarray.Dataset, alike: np.ndarray) -> list[Claim | None]:
    """What a film holds of either of two patterns, trained one after the other in either order."""
    if "alternated_reversed" not in dataset or dataset.sizes["turn"] < 2:
        return []
    turns = dataset.sizes["turn"]
    claims: list[Claim | None] = []
    for name, variable, order in (
        ("first", "alternated", (0, 1)),
        ("second", "alternated_reversed", (1, 0)),
    ):
        which = {"before": order[turns % 2], "last": order[(turns - 1) % 2]}
        for trained, pattern in which.items():
            claims += _held(dataset, variable, alike, pattern, (trained, name))
    return claims


def _held(
    dataset: xarray.Dataset,
    variable: str,
    alike: np.ndarray,
    pattern: int,
    names: tuple[str, str],
) -> list[Claim | None]:
    """What is left of one of two patterns after the last of all trainings in turn."""
    studied, turns = dataset.sizes["studied"], dataset.sizes["turn"]
    last = dataset[variable].values[:, -1]
    change = relative_change(last, dataset["untrained"].values[:studied])
    trained, first = names
    when = f"the pattern trained {trained}, after {turns} trainings in turn, {first} pattern first"
    return [
        _claim(
            f"conductance gained since untrained by unlike over like pairs of {when}",
            change,
            lambda d: contrast(d, alike[pattern]),
        ),
        _mean_share(
            f"one-bit errors corrected of {when}",
            recall_in_turn(dataset, variable)[:, -1, pattern],
        ),
    ]


def recall_in_turn(dataset: xarray.Dataset, variable: str) -> np.ndarray:
    """Share of the one-bit errors of two patterns corrected after each training in turn.

    By relative weights against the film's own mean over orthogonal patterns; ``(studied, turns,
    2)``, no unit.
    """
    studied = dataset.sizes["studied"]
    trained = dataset["trained"].values[:studied, :, -1]
    reference = orthogonal_mean(trained, dataset["waited"].values[:studied])[:, None, None]
    states = np.repeat(dataset[variable].values[:, :, None], 2, axis=2)
    return recall_of_changes(states, reference, balanced_patterns()[:2])


def _retention(spec: Yu2021Spec, dataset: xarray.Dataset, alike: np.ndarray) -> Claim:
    """Projection of what is left on s_i s_j over what was there."""
    studied = dataset.sizes["studied"]
    before = dataset["untrained"].values[:studied]
    first = relative_change(dataset["trained"].values[:studied, 0, -1], before)
    last = relative_change(dataset["retained"].values[:, -1], before)
    weight = alike[0] - alike[0].mean()
    name = (
        f"learning left after {spec.controls.retention_time:.3g} s at "
        f"{spec.controls.retention_temperature:g} K"
    )
    pairs = np.stack([last @ weight, first @ weight], axis=1)
    return _claim(name, pairs, lambda p: float(p[:, 0].mean() / p[:, 1].mean()))
