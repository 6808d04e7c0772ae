"""Junctions: resistances, spread of devices, presets, and what is refused."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from spinlearn import SpinlearnValueError
from spinlearn.junctions import MTJ, junction_names, named_junction, named_noise

BASE: dict[str, Any] = {
    "resistance_parallel": 5e3,
    "area": 1e-15,
    "tmr": 1.0,
    "half_voltage": 0.5,
    "thermal_stability": 40.0,
    "critical_voltage": 0.4,
    "damping": 0.02,
    "anisotropy_field": 3e5,
}


def test_two_of_resistance_product_and_area_make_the_third(rtol: float) -> None:
    rest = {k: v for k, v in BASE.items() if k not in ("resistance_parallel", "area")}
    for given in (
        {"resistance_parallel": 5e3, "area": 1e-15},
        {"resistance_parallel": 5e3, "resistance_area": 5e-12},
        {"resistance_area": 5e-12, "area": 1e-15},
        {"resistance_parallel": 5e3, "resistance_area": 5e-12, "area": 1e-15},
    ):
        made = MTJ(**given, **rest)
        assert float(made.resistance_parallel) == pytest.approx(5e3, rel=10 * rtol)
        assert float(made.area) == pytest.approx(1e-15, rel=10 * rtol)
        assert float(made.resistance_area) == pytest.approx(5e-12, rel=10 * rtol)
    by_current = MTJ(**{**BASE, "critical_voltage": None, "critical_current": 8e-5})
    assert float(by_current.critical_voltage) == pytest.approx(0.4, rel=10 * rtol)


def test_states_and_angles_conduct_as_measured_junctions_do(rtol: float) -> None:
    junction = MTJ(**BASE)
    assert float(junction.resistance(1.0)) == pytest.approx(5e3, rel=10 * rtol)
    assert float(junction.resistance(-1.0)) == pytest.approx(1e4, rel=10 * rtol)
    # At a right angle conductances, not resistances, are in the middle.
    assert float(junction.conductance(0.0)) == pytest.approx(1.5e-4, rel=10 * rtol)
    # Half of the TMR is left at the half voltage, for either sign; P has no bias dependence.
    for voltage in (0.5, -0.5):
        assert float(junction.resistance(-1.0, voltage)) == pytest.approx(7.5e3, rel=10 * rtol)
        assert float(junction.resistance(1.0, voltage)) == pytest.approx(5e3, rel=10 * rtol)


def test_derived_quantities_are_those_of_the_macrospin(rtol: float) -> None:
    junction = MTJ(**BASE)
    mu_0, gamma, boltzmann = 1.25663706e-6, 1.76085963e11, 1.380649e-23
    moment, field = float(junction.moment), 3e5
    assert mu_0 * moment * field / (2 * boltzmann * 300) == pytest.approx(40, rel=1e-6)
    time = (1 + 0.02**2) / (0.02 * gamma * mu_0 * field)
    assert float(junction.relaxation_time) == pytest.approx(time, rel=1e-6)
    assert float(junction.attempt_time) == pytest.approx(time * (np.pi / 40) ** 0.5, rel=1e-6)
    hot = junction.at_temperature(400.0)
    assert float(hot.thermal_stability) == pytest.approx(30, rel=10 * rtol)
    assert float(hot.barrier) == pytest.approx(float(junction.barrier), rel=10 * rtol)


def test_devices_of_a_batch_have_the_mean_and_the_spread_asked_for() -> None:
    count = 20000
    junction = MTJ(**BASE, resistance_spread=0.05, tmr_spread=0.1, thermal_stability_spread=0.08)
    batch = junction.sample(count, key=jax.random.key(0))
    for name, mean, spread in (
        ("resistance_parallel", 5e3, 0.05),
        ("tmr", 1.0, 0.1),
        ("thermal_stability", 40.0, 0.08),
    ):
        values = np.asarray(getattr(batch, name), np.float64)
        assert values.shape == (count,)
        # Five standard errors of a mean and of a standard deviation.
        assert values.mean() == pytest.approx(mean, rel=5 * spread / count**0.5)
        assert values.std() / mean == pytest.approx(spread, rel=5 / (2 * count) ** 0.5 * 1.2)
    together = np.corrcoef(np.asarray(batch.tmr), np.asarray(batch.thermal_stability))[0, 1]
    assert abs(together) < 5 / count**0.5
    assert np.ptp(np.asarray(batch.critical_voltage)) == 0  # no spread asked for
    again = junction.sample(count, key=jax.random.key(0))
    assert bool(jnp.all(batch.tmr == again.tmr))
    assert batch.resistance(-1.0, 0.3).shape == (count,)


def test_presets_say_where_every_number_comes_from() -> None:
    for name in junction_names():
        junction = named_junction(name)
        sources = dict(junction.sources)
        assert {"tmr", "thermal_stability", "damping", "area", "easy_axis"} <= set(sources)
        assert any(text == "assumed" for text in sources.values())
        assert any("(20" in text for text in sources.values())
    # Published: 49 µA, 40 nm, 18 Ω µm².
    memory = named_junction("ikeda2010")
    assert float(memory.critical_current) == pytest.approx(49e-6, rel=1e-5)
    assert float(memory.resistance_parallel) == pytest.approx(18e-12 / (np.pi * 4e-16), rel=1e-5)
    noise = named_junction("koenders2025")
    assert float(noise.resistance(-1.0)) == pytest.approx(6e3, rel=1e-5)
    # Its barrier lasts as long as the published chain's dwell time, not as that of its samples.
    lasts = noise.attempt_time * jnp.exp(noise.thermal_stability)
    assert float(lasts) == pytest.approx(float(named_noise("koenders2025").dwell_low[0]), rel=1e-4)
    assert float(lasts) / 25e-6 == pytest.approx(11.33, abs=0.005)
    with pytest.raises(SpinlearnValueError, match="name = ikeda: allowed is one of ikeda2010"):
        named_junction("ikeda")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"area": None}, "two of resistance_parallel"),
        ({"resistance_area": 6e-12}, "within 1 %"),
        ({"tmr": -0.5}, "tmr = -0.5"),
        ({"thermal_stability": float("nan")}, "thermal_stability = nan"),
        ({"critical_current": 1e-4}, "one of critical_voltage"),
        ({"critical_voltage": None}, "one of critical_voltage"),
        ({"easy_axis": "z"}, "'perpendicular' or 'in-plane'"),
        ({"easy_plane_field": 8e5}, "easy_plane_field"),
        ({"tmr_spread": 5.0}, "tmr_spread = 5.0"),
        ({"half_voltage": 0.0}, "half_voltage = 0.0"),
    ],
)
@pytest.mark.once
def test_bad_values_are_refused_by_name(change: dict[str, Any], message: str) -> None:
    with pytest.raises(SpinlearnValueError, match=message):
        MTJ(**{**BASE, **change})


@pytest.mark.once
def test_an_attempt_time_in_the_plane_has_to_be_given() -> None:
    flat = MTJ(**{**BASE, "easy_axis": "in-plane", "easy_plane_field": 8e5})
    with pytest.raises(SpinlearnValueError, match="attempt_time"):
        _ = flat.attempt_time
