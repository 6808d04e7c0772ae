"""Headline numbers of films that learn: agreement with Hebb's rule, recall, controls."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np

from spinlearn.experiments._intervals import numbers_of, wilson
from spinlearn.experiments.experiment import Claim
from spinlearn.experiments.specs.yu2021 import Yu2021Spec
from spinlearn.networks import recovered
from spinlearn.substrates import sign_patterns

if TYPE_CHECKING:
    import xarray


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
            lambda d: _contrast(d, alike),
        ),
        *_recall(dataset, patterns),
        _energy(dataset, spec),
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


def balanced_patterns() -> np.ndarray:
    """The patterns that are trained, ``(3, 4)``, ±1."""
    return np.asarray(sign_patterns(4, balanced=True, up_to_sign=True), float)


def pair_products(patterns: np.ndarray) -> np.ndarray:
    """s_i s_j of all pairs i < j, ``(patterns, pairs)``."""
    i, j = np.triu_indices(patterns.shape[-1], 1)
    return patterns[:, i] * patterns[:, j]


def relative_change(after: np.ndarray, before: np.ndarray) -> np.ndarray:
    """(|G| − |R|)/|R| of all pairs i < j, ``(..., pairs)``, no unit."""
    i, j = np.triu_indices(after.shape[-1], 1)
    size = np.abs(before[..., i, j])
    return (np.abs(after[..., i, j]) - size) / size


def orthogonal_mean(trained: Any, waited: Any) -> Any:
    """Mean over three orthogonal patterns and a film that waited, ``(films, n, n)``, S.

    The fourth orthogonal pattern has all nodes alike, so that no current flows. In the four, every
    pair is alike as often as not: their mean lies halfway between the two.
    """
    return (trained.sum(axis=1) + waited) / (trained.shape[1] + 1)


def correlation(change: np.ndarray, alike: np.ndarray) -> float:
    """Pearson's r of changes with s_i s_j, over patterns and pairs; zero without variance."""
    x, y = change.ravel() - change.mean(), alike.ravel() - alike.mean()
    size = np.sqrt((x @ x) * (y @ y))
    # What varies by rounding alone does not vary.
    return float(x @ y / size) if np.sqrt(np.mean(x**2)) > 1e-12 else 0.0


def _contrast(change: np.ndarray, alike: np.ndarray) -> float:
    """Unlike less like pairs, mean over films."""
    return float(change[..., alike < 0].mean() - change[..., alike > 0].mean())


def _correlations(name: str, change: np.ndarray, alike: np.ndarray) -> list[Claim | None]:
    singles = np.array([correlation(film, alike) for film in change])
    return [
        _claim(f"correlation with s_i s_j in a single film, {name}", singles, np.mean),
        _claim(
            f"correlation with s_i s_j of the mean over films, {name}",
            change,
            lambda d: correlation(d.mean(axis=0), alike),
        ),
    ]


def _claim(name: str, values: np.ndarray, statistic: Callable[[np.ndarray], float]) -> Claim:
    """A statistic over films with its 95 % interval."""
    interval = numbers_of(values, statistic)
    return Claim(name, float(statistic(values)), "1", interval, len(values))


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
                _claim(f"one-bit errors corrected{counted}, {name} films", back, np.mean),
                _share(f"{name} films that correct {what}", every),
            ]
    chance = chance_of_recall(dataset["trained"].values[:, :, -1], dataset["waited"].values)
    claims.append(
        _claim("one-bit errors corrected, weights of trained films on wrong pairs", chance, np.mean)
    )
    return claims


def chance_of_recall(trained: np.ndarray, waited: np.ndarray) -> np.ndarray:
    """Share of one-bit errors that weights of the same size on the wrong pairs correct.

    An untrained film against the mean of trained ones has all weights of one sign, and never
    recalls: as a control it could not succeed. Shuffled pairs can. Of the 720 orders those count
    that move a weight of like pairs to unlike ones; by the other 48 a pattern is no less learned.

    Parameters
    ----------
    trained, waited
        Conductances, ``(films, patterns, n, n)`` and ``(films, n, n)``, S.

    Returns
    -------
    numpy.ndarray
        Shares, ``(films,)``, no unit.
    """
    patterns = balanced_patterns()
    mean = orthogonal_mean(trained, waited)
    i, j = np.triu_indices(patterns.shape[-1], 1)
    weights = -relative_change(trained, mean[:, None])
    every = np.array(list(itertools.permutations(range(len(i)))))
    alike = pair_products(patterns)
    orders = np.stack([every[np.any(own[every] != own, axis=1)] for own in alike])
    moved = np.take_along_axis(weights[:, :, None], orders[None], axis=-1)
    shuffled = np.zeros((*moved.shape[:3], *mean.shape[1:]))
    shuffled[..., i, j] = shuffled[..., j, i] = moved
    recover = jax.vmap(jax.vmap(jax.vmap(_recovered, (0, None)), (0, 0)), (0, None))
    return np.asarray(recover(jnp.asarray(shuffled), jnp.asarray(patterns))).mean(axis=(1, 2))


def _recovered(weights: jax.Array, pattern: jax.Array) -> jax.Array:
    return recovered(weights, pattern[None]).strict[0]


def one_bit_recall(
    states: np.ndarray, patterns: np.ndarray, probes: np.ndarray, *, up_to_sign: bool = False
) -> np.ndarray:
    """Whether a pattern came back from each flipped bit.

    Parameters
    ----------
    states
        Final states, ``(films, patterns, probes, n)``.
    patterns, probes
        ``(patterns, n)`` and ``(probes, n)``, ±1.
    up_to_sign
        Whether its negative, of the same energy, counts as well.

    Returns
    -------
    numpy.ndarray
        Booleans, ``(films, patterns, n)``.
    """
    n = patterns.shape[-1]
    found = []
    for k, pattern in enumerate(patterns):
        for bit in range(n):
            probe = np.where(np.arange(n) == bit, -pattern, pattern)
            row = int(np.flatnonzero((probes == probe).all(axis=1))[0])
            overlap = states[:, k, row] @ pattern
            found.append((np.abs(overlap) if up_to_sign else overlap) == n)
    return np.stack(found, axis=1).reshape(len(states), len(patterns), n)


def _share(name: str, true: np.ndarray) -> Claim:
    """A share of films with Wilson's interval."""
    part = float(np.mean(true))
    return Claim(name, part, "1", wilson(part, len(true)), len(true))


def _energy(dataset: xarray.Dataset, spec: Yu2021Spec) -> Claim:
    del spec
    each = dataset["pulse_energy"].values.mean(axis=(1, 2))
    found = _claim("energy of a training pulse", each, np.mean)
    return Claim(found.name, found.value, "J", found.interval, found.seeds)


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
        largest = np.abs(change).max(axis=(1, 2))
        claims += [
            *_correlations(name, change, alike),
            _claim(f"largest change {name} over mean change by training", largest / gain, np.mean),
        ]
    turned = relative_change(dataset["reversed"].values, before)
    claims.append(
        _claim(
            "conductance gained by unlike over like pairs, negative pulse first",
            turned,
            lambda d: _contrast(d, alike),
        )
    )
    claims += _orders(dataset, alike)
    idle = dataset["idle"].values  # a film may go on moving after its training by itself
    disturbed = np.abs(relative_change(dataset["disturbed"].values, idle)).mean(axis=-1)
    claims.append(_claim("change by reading over change by training", disturbed / gain, np.mean))
    if "retained" in dataset:
        claims.append(_retention(spec, dataset, alike))
    return claims


def _orders(dataset: xarray.Dataset, alike: np.ndarray) -> list[Claim | None]:
    """What a film holds of either of two patterns, trained one after the other in either order."""
    if "alternated_reversed" not in dataset or dataset.sizes["turn"] < 2:
        return []
    untrained = dataset["untrained"].values[: dataset.sizes["studied"]]
    turns = dataset.sizes["turn"]
    claims: list[Claim | None] = []
    for name, variable, order in (
        ("first", "alternated", (0, 1)),
        ("second", "alternated_reversed", (1, 0)),
    ):
        change = relative_change(dataset[variable].values[:, -1], untrained)
        for which, pattern in (("before", order[turns % 2]), ("last", order[(turns - 1) % 2])):
            claims.append(
                _claim(
                    "conductance gained since untrained by unlike over like pairs of the pattern "
                    f"trained {which}, after {turns} trainings in turn, {name} pattern first",
                    change,
                    lambda d, k=pattern: _contrast(d, alike[k]),
                )
            )
    return claims


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
