"""Headline numbers of films that learn: agreement with Hebb's rule, recall, controls."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np

from spinlearn.experiments.experiment import Claim
from spinlearn.experiments.specs.yu2021 import Yu2021Spec
from spinlearn.networks import recovered
from spinlearn.substrates import sign_patterns

if TYPE_CHECKING:
    import xarray

_SAMPLES, _SEED, _SHUFFLES = 4000, 2021, 32


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
        *_correlations("change at the end of the last pulse", _driven(dataset, untrained), alike),
        _claim(
            "conductance gained by unlike over like pairs, of G",
            against_mean,
            lambda d: _contrast(d, alike),
        ),
        *_recall(dataset, patterns),
        _energy(dataset, spec),
        # Without effect on the texture a voltage is a time of waiting, whatever the pattern.
        *_correlations(
            "without torque (a film that waited)",
            np.repeat(relative_change(waited, untrained)[:, None], len(patterns), axis=1),
            alike,
        ),
        *_controls(spec, dataset, alike),
    ]
    return tuple(claim for claim in found if claim is not None)


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
    """A statistic over films with its bootstrap interval."""
    films = len(values)
    value, interval = float(statistic(values)), None
    if films > 2:
        rng = np.random.default_rng(_SEED)
        draws = rng.integers(0, films, (_SAMPLES, films))
        low, high = np.quantile([statistic(values[d]) for d in draws], [0.025, 0.975])
        interval = (float(low), float(high))
    return Claim(name, value, "1", interval, films)


def _recall(dataset: xarray.Dataset, patterns: np.ndarray) -> list[Claim]:
    probes = np.asarray(sign_patterns(patterns.shape[-1]), float)
    trained = dataset["recalled"].values
    untrained = np.repeat(dataset["recalled_untrained"].values[:, None], len(patterns), axis=1)
    claims = []
    for name, states in (("trained", trained), ("untrained", untrained)):
        back = one_bit_recall(states, patterns, probes)
        every = np.all(back, axis=(1, 2))
        claims += [
            _claim(f"one-bit errors corrected, {name} films", back, np.mean),
            _share(f"{name} films that correct every one-bit error of every pattern", every),
        ]
    chance = chance_of_recall(dataset["trained"].values[:, :, -1], dataset["waited"].values)
    claims.append(
        _claim("one-bit errors corrected, pairs of trained films shuffled", chance, np.mean)
    )
    return claims


def chance_of_recall(trained: np.ndarray, waited: np.ndarray) -> np.ndarray:
    """Share of one-bit errors that weights of the same size on the wrong pairs correct.

    An untrained film against the mean of trained ones has all weights of one sign, and never
    recalls: as a control it could not succeed. Shuffled pairs can.

    Parameters
    ----------
    trained, waited
        Conductances, ``(films, patterns, n, n)`` and ``(films, n, n)``, S.

    Returns
    -------
    numpy.ndarray
        Shares, ``(films,)``, no unit.
    """
    patterns, rng = balanced_patterns(), np.random.default_rng(_SEED)
    mean = orthogonal_mean(trained, waited)
    i, j = np.triu_indices(patterns.shape[-1], 1)
    weights = -relative_change(trained, mean[:, None])
    orders = np.array([rng.permutation(len(i)) for _ in range(_SHUFFLES)])
    shuffled = np.zeros((*weights.shape[:2], _SHUFFLES, *mean.shape[1:]))
    shuffled[..., i, j] = shuffled[..., j, i] = weights[..., orders]
    every = jax.vmap(jax.vmap(jax.vmap(_recovered, (0, None)), (0, 0)), (0, None))
    return np.asarray(every(jnp.asarray(shuffled), jnp.asarray(patterns))).mean(axis=(1, 2))


def _recovered(weights: jax.Array, pattern: jax.Array) -> jax.Array:
    return recovered(weights, pattern[None]).fraction[0]


def one_bit_recall(states: np.ndarray, patterns: np.ndarray, probes: np.ndarray) -> np.ndarray:
    """Whether a pattern or its negative came back from each flipped bit.

    Parameters
    ----------
    states
        Final states, ``(films, patterns, probes, n)``.
    patterns, probes
        ``(patterns, n)`` and ``(probes, n)``, ±1.

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
            found.append(np.abs(overlap) == n)
    return np.stack(found, axis=1).reshape(len(states), len(patterns), n)


def _share(name: str, true: np.ndarray) -> Claim:
    """A share of films with Wilson's interval."""
    n, p, z = len(true), float(np.mean(true)), 1.959964
    centre, scale = p + z**2 / (2 * n), 1 + z**2 / n
    half = z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    interval = (float((centre - half) / scale), float((centre + half) / scale))
    return Claim(name, p, "1", interval, n)


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
    changes = {
        "without torque": relative_change(dataset["no_torque"].values, before),
        "without AMR": relative_change(dataset["no_amr"].values, flat),
        "negative pulse first": relative_change(dataset["reversed"].values, before),
    }
    claims: list[Claim | None] = [
        _claim(
            f"conductance gained by unlike over like pairs, {name}",
            change,
            lambda d: _contrast(d, alike),
        )
        for name, change in changes.items()
    ]
    idle = dataset["idle"].values  # a film may go on moving after its training by itself
    disturbed = np.abs(relative_change(dataset["disturbed"].values, idle)).mean(axis=-1)
    claims.append(_claim("change by reading over change by training", disturbed / gain, np.mean))
    if "retained" in dataset:
        claims.append(_retention(spec, dataset, alike))
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
