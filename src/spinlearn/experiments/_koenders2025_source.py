"""The source of noise that a specification names."""

from __future__ import annotations

import warnings

import jax.numpy as jnp

from spinlearn.errors import SpinlearnValueError
from spinlearn.experiments.specs.koenders2025 import NoiseTable
from spinlearn.junctions import (
    AbstractNoise,
    BernoulliNoise,
    GaussianNoise,
    MeasuredNoise,
    RecordedNoise,
    TelegraphNoise,
    ThermalBarrier,
    named_noise,
)
from spinlearn.rng import stream
from spinlearn.typing import Key

# Of the published model, where no recording is given.
_RECORDED = 1_000_000
_STABILITY_AT = 300.0


def noise_of(table: NoiseTable, *, units: int = 1, key: Key) -> AbstractNoise:
    """The source of every unit's noise (V); a recording is to last for so many units."""
    published = named_noise("koenders2025")
    if table.source == "published":
        return published
    if table.source == "gaussian":
        return GaussianNoise(published.standard_deviation, published.mean)
    if table.source == "bernoulli":
        return BernoulliNoise(published.standard_deviation, published.mean)
    if table.source == "telegraph":
        return _telegraph(table, float(published.mean))
    return _recording(table, published, units, key)


def _telegraph(table: NoiseTable, mean: float) -> TelegraphNoise:
    """Junctions in series by their barrier; levels around the published mean."""
    count = table.junctions
    barrier = ThermalBarrier.from_thermal_stability(
        table.thermal_stability,
        table.attempt_time,
        temperature=_STABILITY_AT,
        critical_voltage=1.0,
        exponent=1.0,
    )
    with warnings.catch_warnings():
        # A study of barriers goes below where Arrhenius' law holds; the page says where.
        warnings.simplefilter("ignore")
        dwell = barrier.dwell_times(table.bias, temperature=table.temperature)
    low, high = (mean / count + sign * table.amplitude for sign in (-1, 1))
    own = jnp.full(count, low), jnp.full(count, high)
    return TelegraphNoise(*dwell, *own, table.sample_time, table.readout)


def _recording(table: NoiseTable, published: TelegraphNoise, units: int, key: Key) -> RecordedNoise:
    measured = MeasuredNoise(table.trace) if table.trace else None
    most = _RECORDED if measured is None else measured.samples
    count = table.trace_samples or most
    if measured is not None:
        count = min(count, most)
    if count < units:
        raise SpinlearnValueError(
            "noise.trace_samples",
            count,
            f"at least {units}: units begin at different samples of the recording",
            "Play more of it, or record longer.",
        )
    if measured is not None:
        return RecordedNoise(measured.read(0, count))
    own = stream(key, "recording")
    return RecordedNoise(published.sample(published.init(key=own), count, key=own)[1])
