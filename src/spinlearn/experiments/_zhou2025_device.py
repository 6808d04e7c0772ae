"""The junction of an array: a published one, or one that a lab's counts of switching tell."""

from __future__ import annotations

from functools import cache
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from spinlearn.experiments.specs.zhou2025 import Zhou2025Spec
from spinlearn.junctions import (
    MTJ,
    Estimate,
    SwitchingFit,
    SwitchingTable,
    fit_switching,
    named_junction,
)

Counts = tuple[tuple[float, float, float, float], ...]


def junction_of(spec: Zhou2025Spec, spread: float | None = None) -> MTJ:
    """The mean junction as it is best known, with its spreads or with one for all."""
    return _with_spreads(spec, _fitted(spec) or named_junction(spec.junction.device), spread)


def possible_junction(spec: Zhou2025Spec, number: int) -> MTJ:
    """One of the mean junctions that the counts leave open; without counts the known one."""
    counts = spec.junction.counts
    if not counts:
        return junction_of(spec)
    fit = fit_of(counts)
    values = _draws(counts, spec.arrays, spec.seed)[number]
    exact = {
        name: Estimate(float(value), float(value), float(value), estimate.unit)
        for (name, estimate), value in zip(fit.estimates.items(), values, strict=True)
    }
    return _with_spreads(spec, _junction(spec, fit._replace(estimates=exact)), None)


@cache
def fit_of(counts: Counts) -> SwitchingFit:
    """Fokker–Planck's equation, fitted to counts (V, s, switched, trials)."""
    return fit_switching(SwitchingTable(*np.array(counts, float).T))


@cache
def _draws(counts: Counts, arrays: int, seed: int) -> np.ndarray:
    return fit_of(counts).draw(arrays, seed=seed % 2**32)


def _fitted(spec: Zhou2025Spec) -> MTJ | None:
    counts = spec.junction.counts
    return _junction(spec, fit_of(counts)) if counts else None


def _junction(spec: Zhou2025Spec, fit: SwitchingFit) -> MTJ:
    """What counts do not tell is that of the published junction."""
    known = named_junction(spec.junction.device)
    return fit.junction(
        damping=known.damping,
        tmr=known.tmr,
        resistance_parallel=known.resistance_parallel,
        area=known.area,
        half_voltage=known.half_voltage,
        temperature=known.temperature,
    )


def _with_spreads(spec: Zhou2025Spec, junction: MTJ, spread: float | None) -> MTJ:
    table = spec.junction
    own = (table.resistance_spread, table.tmr_spread, table.critical_voltage_spread)
    values = (table.resistance, table.tmr, *(own if spread is None else (spread,) * 3))
    return eqx.tree_at(_known_otherwise, junction, tuple(jnp.asarray(v, float) for v in values))


def _known_otherwise(junction: MTJ) -> tuple[Any, ...]:
    return (
        junction.resistance_parallel,
        junction.tmr,
        junction.resistance_spread,
        junction.tmr_spread,
        junction.critical_voltage_spread,
    )
