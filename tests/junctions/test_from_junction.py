"""From a junction to its barrier and its telegraph noise, with its signs and lifetimes."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import integrate

from spinlearn import SpinlearnValueError
from spinlearn.constants import GYROMAGNETIC_RATIO, MU_0
from spinlearn.junctions import (
    MTJ,
    Macrospin,
    TelegraphNoise,
    ThermalBarrier,
    activation_rate,
    named_junction,
    relaxation_rate,
)


def junction(**change: Any) -> MTJ:
    values: dict[str, Any] = {
        "resistance_parallel": 5e3,
        "area": 1e-15,
        "tmr": 1.0,
        "half_voltage": 0.5,
        "thermal_stability": 20.0,
        "critical_voltage": 1.0,
        "damping": 0.05,
        "anisotropy_field": 3e5,
        "temperature": 320.0,
        **change,
    }
    return MTJ(**values)


# The Fokker–Planck equation's rate over Brown's, as in the table of the reference.
@pytest.mark.parametrize(("bias", "over_brown"), [(0.0, 0.948), (0.2, 0.925), (-0.4, 0.860)])
def test_dwell_times_are_those_of_the_macrospin(bias: float, over_brown: float) -> None:
    device = junction()
    low, high = ThermalBarrier.from_junction(device).dwell_times(bias, temperature=320.0)
    rate = float((1 / low + 1 / high) * device.relaxation_time)
    assert rate == pytest.approx(float(activation_rate(20.0, bias)), rel=2e-5)
    assert relaxation_rate(20.0, bias) / rate == pytest.approx(over_brown, rel=2e-3)

    # And their ratio that of the times which the stationary walk spends on either side.
    def share(a: float, b: float) -> float:
        return integrate.quad(
            lambda z: np.exp(20 * ((z + bias) ** 2 - (1 + abs(bias)) ** 2)), a, b
        )[0]

    # High is AP, m_z < 0 of the macrospin; a positive voltage favours it. Brown's is the leading
    # order: of the shallower well 1/(2 Δ (1 - |b|)²) is missing, up to 7 %, and its square.
    assert float(high / low) == pytest.approx(
        share(0, 1) / share(-1, 0), rel=0.04 if abs(bias) < 0.3 else 0.12
    )


def test_a_current_makes_the_levels_and_leaves_the_parallel_state(rtol: float) -> None:
    device = junction()
    current = 4e-5
    noise = TelegraphNoise.from_junction(device, 1e-6, current=current, readout_noise=1e-3)
    # P has 5 kΩ at any voltage; AP's resistance at its own voltage makes the voltage.
    assert float(noise.low[0]) == pytest.approx(0.2, rel=10 * rtol)
    volts = float(noise.high[0])
    resistance = 5e3 * (1 + 1.0 / (1 + (volts / 0.5) ** 2))
    assert volts == pytest.approx(current * resistance, rel=10 * rtol)
    assert 0.25 < volts < 0.4
    barrier = ThermalBarrier.from_junction(device)
    assert float(noise.dwell_low[0]) == float(barrier.dwell_times(noise.low[0], 0.0, 320.0)[0])
    assert float(noise.dwell_high[0]) == float(barrier.dwell_times(volts, 0.0, 320.0)[1])
    other = TelegraphNoise.from_junction(device, 1e-6, current=-current)
    assert float(other.high[0]) == pytest.approx(-volts, rel=10 * rtol)
    assert float(noise.occupation[0]) > 0.99 > 0.01 > float(other.occupation[0])


def test_levels_can_be_differentiated_and_devices_are_in_series(double: bool) -> None:
    device = junction()
    slope = float(jax.grad(lambda i: device.voltage(-1.0, i))(4e-5))
    ends = [float(device.voltage(-1.0, 4e-5 * (1 + d))) for d in (-0.01, 0.01)]
    assert slope == pytest.approx((ends[1] - ends[0]) / 8e-7, rel=1e-3 if double else 1e-2)
    by_tmr = jax.grad(lambda t: eqx.tree_at(lambda d: d.tmr, device, t).voltage(-1.0, 4e-5))(1.0)
    assert 0 < float(by_tmr) < 0.2
    several = eqx.tree_at(lambda d: d.thermal_stability, device, jnp.asarray([18.0, 20.0, 22.0]))
    noise = TelegraphNoise.from_junction(several, 1e-6, current=1e-6)
    assert noise.dwell_low.shape == (3,)
    assert float(noise.dwell_low[0]) < float(noise.dwell_low[2])


@pytest.mark.once
def test_what_has_no_lifetime_is_refused() -> None:
    with pytest.raises(SpinlearnValueError, match="no barrier"):
        ThermalBarrier.from_junction(junction()).dwell_times(1.2)
    flat = junction(easy_axis="in-plane", easy_plane_field=8e5)
    with pytest.raises(SpinlearnValueError, match="attempt_time"):
        ThermalBarrier.from_junction(flat)
    with pytest.raises(SpinlearnValueError, match="current"):
        TelegraphNoise.from_junction(junction(), 1e-6, current=np.inf)
    # A given attempt time is taken as it is, at every bias.
    given = ThermalBarrier.from_junction(named_junction("koenders2025"))
    assert float(given.dwell_times(0.2)[0]) == pytest.approx(1e-9, rel=1e-5)


@pytest.mark.once
def test_devices_of_many_keys_are_drawn_at_once() -> None:
    device = junction(tmr_spread=0.1)
    keys = jax.random.split(jax.random.key(0), 3)
    many = jax.jit(jax.vmap(lambda key: device.sample(4, key=key)))(keys)
    assert many.tmr.shape == (3, 4)
    np.testing.assert_allclose(many.tmr[1], device.sample(4, key=keys[1]).tmr, rtol=1e-12)


def test_in_the_plane_the_barrier_is_about_linear_in_the_voltage() -> None:
    """An exponent of 2 would make the ratio 20."""
    device = junction(
        easy_axis="in-plane",
        thermal_stability=5.0,
        easy_plane_field=3e6,
        damping=0.1,
        attempt_time=1e-9,
        temperature=300.0,
    )
    spin = Macrospin.from_junction(device, 0.15 * device.critical_voltage)
    unit = 1 / (GYROMAGNETIC_RATIO * MU_0 * 3e5)
    start = spin.equilibrium(400, key=jax.random.key(0), well=None)
    end = spin.evolve(start, 1500 * unit, step=0.01 * unit, key=jax.random.key(1)).m
    high = float(jnp.mean(end[0] < 0))  # AP
    low_time, high_time = ThermalBarrier.from_junction(device).dwell_times(0.15)
    wanted = float(high_time / (low_time + high_time))
    assert wanted == pytest.approx(np.exp(1.5) / (1 + np.exp(1.5)), rel=1e-4)
    # 0.80 in 2000 members, a fifth of whose ratio the linear law leaves out.
    assert high == pytest.approx(wanted, abs=3 * 0.02 + 0.02)


def test_a_barrier_keeps_the_temperature_of_its_junction() -> None:
    device = named_junction("ikeda2010").at_temperature(400.0)
    barrier = ThermalBarrier.from_junction(device)
    for own, told in zip(
        barrier.dwell_times(), barrier.dwell_times(temperature=400.0), strict=True
    ):
        assert float(own) == pytest.approx(float(told), rel=1e-6)
    assert float(barrier.thermal_stability()) == pytest.approx(float(device.thermal_stability))


@pytest.mark.parametrize("bias", [0.0, 0.3])
def test_browns_attempt_time_follows_the_temperature(bias: float, rtol: float) -> None:
    """τ_0 = τ_D √(π k_B T/E): given at 320 K, asked for at 380 K, and of the warmed junction."""
    device = junction(critical_voltage=0.5)
    warm = 20.0 * 320 / 380
    times = []
    for sign in (-1, 1):  # low, high
        prefactor = np.sqrt(np.pi / warm) / ((1 - bias**2) * (1 + sign * bias))
        height = warm * (1 + sign * bias) ** 2
        times.append(float(device.relaxation_time) * prefactor * np.exp(height))
    for barrier in (
        ThermalBarrier.from_junction(device),
        ThermalBarrier.from_junction(device.at_temperature(380.0)),
    ):
        found = [float(t) for t in barrier.dwell_times(0.5 * bias, temperature=380.0)]
        np.testing.assert_allclose(found, times, rtol=100 * rtol)
    # A given attempt time is a number of its own: only the barrier's part changes.
    given = ThermalBarrier.from_junction(junction(attempt_time=1e-9))
    assert float(given.dwell_times(temperature=380.0)[0]) == pytest.approx(
        1e-9 * np.exp(warm), rel=100 * rtol
    )


def test_the_derivative_by_temperature() -> None:
    barrier = ThermalBarrier.from_thermal_stability(10.0, 1e-9)
    slope = jax.grad(lambda t: jnp.log(barrier.dwell_times(temperature=t)[0]))(300.0)
    assert float(slope) == pytest.approx(-10.0 / 300, rel=1e-4)
