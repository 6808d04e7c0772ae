"""Switching probabilities: against computed tables, another method, and the closed forms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import linalg

from spinlearn import SpinlearnValueError
from spinlearn.junctions import (
    MTJ,
    ThermalBarrier,
    activation_rate,
    ballistic_write_error,
    named_junction,
    relaxation_rate,
    switching_probability,
    tabulate_switching,
    thermal_switching,
    write_error_rate,
    zero_temperature_time,
)

# Finite-volume Fokker–Planck, 800 and 1200 cells, Richardson-extrapolated: W at x = 2, 3, 5, 8.
COMPUTED = {
    (60.0, 1.5): (0.30268, 0.041653, 0.00064664, 1.2304e-06),
    (60.0, 2.0): (0.59492, 0.10981, 0.002045, 4.8368e-06),
    (60.0, 5.0): (0.92156, 0.29479, 0.0064172, 1.6059e-05),
    (40.0, 2.0): (0.45045, 0.073759, 0.0013285, 3.0721e-06),
}
# Smallest eigenvalue of the Fokker–Planck operator over Brown's rate, likewise.
OVER_BROWN = {
    (10.0, 0.0): 0.890,
    (10.0, 0.2): 0.842,
    (10.0, 0.4): 0.783,
    (20.0, 0.0): 0.948,
    (20.0, 0.2): 0.925,
    (20.0, 0.4): 0.860,
    (20.0, 0.6): 0.781,
}


def junction(stability: float) -> MTJ:
    """A device with a critical voltage of 1 V."""
    return MTJ(
        resistance_parallel=5e3,
        area=1e-15,
        tmr=1.0,
        thermal_stability=stability,
        critical_voltage=1.0,
        damping=0.05,
        anisotropy_field=3e5,
    )


def rates(stability: float, drive: float, times: object) -> tuple[np.ndarray, np.ndarray]:
    """S and W at times in τ_D, through the public functions."""
    device = junction(stability)
    seconds = np.asarray(times) * float(device.relaxation_time)
    switched = switching_probability(device, drive, seconds)
    return (
        np.asarray(switched, np.float64),
        np.asarray(write_error_rate(device, drive, seconds), np.float64),
    )


class Legendre:
    """The same equation by a Galerkin method in Legendre polynomials: no shared step."""

    def __init__(self, stability: float, drive: float, size: int = 160) -> None:
        z, weight = np.polynomial.legendre.leggauss(2 * size)
        basis = np.polynomial.legendre.legvander(z, size)
        slopes = np.stack(
            [
                np.polynomial.legendre.legval(z, np.polynomial.legendre.legder(row))
                for row in np.eye(size + 1)
            ],
            axis=1,
        )
        # d/dτ ∫ P_k p = ∫ P_k' (1 − z²) [(z − i) p − p'/(2Δ)]
        flux = (z - drive)[:, None] * basis - slopes / (2 * stability)
        around = np.arange(size + 1) + 0.5
        self.operator = around[:, None] * (slopes.T @ ((weight * (1 - z**2))[:, None] * flux))
        upper, half = (z + 1) / 2, weight / 2
        start = np.exp(stability * (upper**2 - 1)) * half
        values = np.polynomial.legendre.legvander(upper, size)
        self.start = around * (values.T @ (start / start.sum()))
        self.above = values.T @ half

    def write_error(self, time: float) -> float:
        return float(self.above @ linalg.expm(self.operator * time) @ self.start)

    def slowest(self) -> float:
        """Smallest decay rate but zero."""
        return float(np.sort(-np.linalg.eigvals(self.operator).real)[1])


@pytest.mark.parametrize("case", list(COMPUTED))
def test_write_error_is_that_of_the_computed_table(case: tuple[float, float]) -> None:
    stability, drive = case
    _, found = rates(stability, drive, np.array([2, 3, 5, 8]) / (drive - 1))
    np.testing.assert_allclose(found, COMPUTED[case], rtol=1e-4)  # 0.5 % would do


@pytest.mark.parametrize(
    ("stability", "drive"), [(8.0, 0.5), (15.0, -0.2), (20.0, 1.0), (25.0, 3.0)]
)
@pytest.mark.once
def test_another_method_finds_the_same_probabilities(stability: float, drive: float) -> None:
    other = Legendre(stability, drive)
    times = np.array([0.3, 1.0, 2.5])
    switched, failed = rates(stability, drive, times)
    wanted = np.array([other.write_error(t) for t in times])
    np.testing.assert_allclose(failed, wanted, rtol=3e-4, atol=1e-11)
    np.testing.assert_allclose(switched, 1 - wanted, rtol=3e-4, atol=1e-11)


@pytest.mark.once
def test_the_tail_falls_by_the_slowest_rate_and_stays_positive() -> None:
    # The rate comes from the other method; 1e-15 is passed at about x = 19.
    for stability, drive in ((60.0, 1.5), (60.0, 5.0), (30.0, 2.0)):
        times = np.linspace(12, 40, 15) / (drive - 1)
        _, failed = rates(stability, drive, times)
        assert np.all(failed > 0)
        assert failed[-1] < 1e-29
        slopes = np.diff(np.log(failed)) / np.diff(times)
        np.testing.assert_allclose(-slopes, Legendre(stability, drive).slowest(), rtol=2e-5)


@pytest.mark.once
def test_probabilities_are_positive_and_monotonic_far_from_everything() -> None:
    device = junction(60.0)
    volts = np.array([-1.0, 0.0, 0.3, 0.8, 1.0, 1.2, 3.0])[:, None]
    times = np.geomspace(0.3, 1e12, 40) * float(device.relaxation_time)
    switched = np.asarray(switching_probability(device, volts, times))
    failed = np.asarray(write_error_rate(device, volts, times))
    assert np.all(switched > 0)
    assert np.all(failed >= 0)
    assert np.all(failed[:4] > 0)  # thermal: the state before the pulse is never lost for good
    np.testing.assert_allclose(switched + failed, 1, rtol=1e-12)
    assert np.all(np.diff(switched, axis=1) > -1e-10)
    assert np.all(np.diff(switched, axis=0)[:, :30] > -1e-10)
    # At once and against the voltage: those that the equilibrium has next to the equator.
    assert 1e-33 < switched[0, 0] < 1e-29


@pytest.mark.parametrize("case", list(OVER_BROWN))
def test_rates_below_the_critical_voltage(case: tuple[float, float]) -> None:
    stability, drive = case
    ratio = relaxation_rate(stability, drive) / float(activation_rate(stability, drive))
    assert ratio == pytest.approx(OVER_BROWN[case], rel=1e-3)  # the table's last digit; 1 % asked


@pytest.mark.once
def test_the_rate_is_an_eigenvalue_and_the_course_follows_it() -> None:
    for stability, drive in ((12.0, 0.0), (12.0, 0.3)):
        rate = relaxation_rate(stability, drive)
        assert rate == pytest.approx(Legendre(stability, drive).slowest(), rel=1e-5)
        switched, _ = rates(stability, drive, np.array([0.5, 1.0, 60.0]) / rate)
        left = 1 - switched[:2] / switched[2]
        assert np.log(left[0] / left[1]) == pytest.approx(0.5, rel=1e-3)
    # At 60 k_B T no other method reaches it: one part in 1e25, over 12 decades of time.
    rate = relaxation_rate(60.0)
    switched, _ = rates(60.0, 0.0, np.array([1e3, 1e15]))
    np.testing.assert_allclose(switched, rate / 2 * np.array([1e3, 1e15]), rtol=1e-3)


def test_closed_forms_keep_their_stated_errors() -> None:
    for stability, drive, furthest, error in (
        (40.0, 3.0, 8.0, 0.015),
        (60.0, 5.0, 8.0, 0.015),
        (60.0, 2.0, 3.0, 0.03),
        (40.0, 2.0, 3.0, 0.035),
        (40.0, 2.0, 8.0, 0.17),
    ):
        times = np.linspace(1, furthest, 8) / (drive - 1)
        _, failed = rates(stability, drive, times)
        closed = np.asarray(ballistic_write_error(stability, drive, times))
        assert error / 4 < np.max(np.abs(closed / failed - 1)) < error
    # Below the critical voltage 8 % too much, once the first few τ_D are little of the time.
    switched, _ = rates(20.0, 0.2, 3000.0)
    brown = float(thermal_switching(20.0, 0.2, 3000.0))
    assert brown * 0.925 == pytest.approx(float(switched), rel=0.01)


@pytest.mark.once
def test_zero_temperature_time_is_the_integral_of_the_drift() -> None:
    for drive, cosine in ((1.2, 0.5), (2.0, 0.99), (4.0, 0.9999)):
        start = np.arccos(cosine)
        # In ln tan(θ/2) the drift is i − cos θ: smooth.
        s, weight = np.polynomial.legendre.leggauss(200)
        low = np.log(np.tan(start / 2))
        angle = 2 * np.arctan(np.exp(low - low * (s + 1) / 2))
        wanted = np.sum(weight * -low / 2 / (drive - np.cos(angle)))
        assert float(zero_temperature_time(drive, cosine)) == pytest.approx(wanted, rel=1e-10)
    with pytest.raises(SpinlearnValueError, match="overdrive"):
        zero_temperature_time(0.9, 0.5)


def test_a_table_keeps_its_bound_and_can_be_differentiated(double: bool) -> None:
    device = junction(60.0)
    unit = float(device.relaxation_time)
    table = tabulate_switching(device, (0.6, 3.2), (0.8 * unit, 16 * unit), shape=(24, 24))
    bound = float(table.error)
    assert 1e-5 < bound < 1e-2
    random = np.random.default_rng(1)
    volts = random.uniform(0.6, 3.2, 6)
    times = unit * np.exp(random.uniform(np.log(0.8), np.log(16), (40, 1)))
    failed = np.asarray(write_error_rate(device, volts, times), np.float64)
    assert failed.min() < 1e-12
    # The table's bound has its own rounding; this is that of the function it is held against.
    rounding = 0 if double else 1e-5
    counted = failed > 1e-15
    found = np.asarray(eqx.filter_jit(table.write_error_rate)(volts, times), np.float64)
    assert np.max(np.abs(found / failed - 1)[counted]) < bound + rounding
    switched = np.asarray(eqx.filter_jit(table.switching_probability)(volts, times), np.float64)
    assert np.max(np.abs(switched + failed - 1)) < bound + rounding
    # The slope is that of the equation.
    here, step = 1.4, 2e-3
    time = 4 * unit
    ends = [float(jnp.log(write_error_rate(device, here + d, time))) for d in (-step, step)]
    slope = jax.grad(lambda v: jnp.log(table.write_error_rate(v, time)))(here)
    assert float(slope) == pytest.approx((ends[1] - ends[0]) / (2 * step), rel=3e-3)


@pytest.mark.once
def test_a_coarse_table_keeps_its_bound_for_both_probabilities() -> None:
    # Where switching is rare as well as where failing is, and with few nodes.
    device = junction(40.0)
    unit = float(device.relaxation_time)
    volts = np.random.default_rng(2).uniform(0.9, 3.0, 12)
    times = unit * np.geomspace(0.4, 6, 37)[:, None]
    switched = np.asarray(switching_probability(device, volts, times))
    failed = np.asarray(write_error_rate(device, volts, times))
    assert switched.min() < 1e-8
    assert failed.min() < 1e-6
    bounds = []
    for tolerance, shape in ((0.1, (12, 10)), (0.005, (12, 10))):
        table = tabulate_switching(
            device, (0.9, 3.0), (0.4 * unit, 6 * unit), shape=shape, tolerance=tolerance
        )
        bounds.append(float(table.error))
        assert bounds[-1] < tolerance
        for exact, fast in (
            (failed, table.write_error_rate),
            (switched, table.switching_probability),
        ):
            error = np.abs(np.asarray(fast(volts, times)) / exact - 1)[exact > 1e-15]
            assert bounds[-1] / 20 < error.max() < bounds[-1]
    assert bounds[1] < bounds[0] / 4  # more nodes than asked for


@pytest.mark.once
def test_a_table_that_cannot_be_right_is_refused() -> None:
    # A write error that falls by decades and then stays at its floor has a kink.
    device = junction(20.0)
    unit = float(device.relaxation_time)
    with pytest.raises(SpinlearnValueError, match=r"tolerance = 0.01.*29 × 29 nodes.*narrower"):
        tabulate_switching(device, (0.2, 0.6), (unit, 1e6 * unit), shape=(8, 8))


@pytest.mark.once
def test_outside_of_a_table_nothing_is_made_up() -> None:
    device = junction(30.0)
    table = tabulate_switching(device, (1.2, 2.0), (1e-9, 4e-9), shape=(8, 8))
    with pytest.raises(SpinlearnValueError, match=r"voltage = 1\.1 V.*1\.2 to 2 V"):
        table.write_error_rate(np.array([1.3, 1.1]), 2e-9)
    with pytest.raises(SpinlearnValueError, match=r"duration = 5e-09 s.*1e-09 to 4e-09 s"):
        table.switching_probability(1.5, 5e-9)
    traced = jax.jit(lambda v: table.write_error_rate(v, 2e-9))
    assert np.isnan(float(traced(1.1)))
    assert not np.isnan(float(traced(1.2)))
    for volts, times in (((2.0, 1.0), (1e-9, 2e-9)), ((1.0, 2.0), (0.0, 2e-9))):
        with pytest.raises(SpinlearnValueError, match="increasing"):
            tabulate_switching(device, volts, times)


@pytest.mark.once
def test_devices_voltages_and_durations_broadcast() -> None:
    device = junction(30.0)
    batch = eqx.tree_at(
        lambda tree: (tree.thermal_stability, tree.critical_voltage),
        device,
        (jnp.asarray([30.0, 25.0]), jnp.asarray([1.0, 0.9])),
    )
    times = np.array([[2e-10], [4e-10], [8e-10]])
    together = np.asarray(write_error_rate(batch, 1.8, times))
    assert together.shape == (3, 2)
    alone = np.asarray(write_error_rate(device, 1.8, times[:, 0]))
    np.testing.assert_allclose(together[:, 0], alone, rtol=1e-6)
    assert np.all(together[:, 1] < alone)


@pytest.mark.once
def test_what_has_no_answer_is_refused_by_name() -> None:
    device = junction(30.0)
    with pytest.raises(SpinlearnValueError, match="easy axis in-plane"):
        switching_probability(named_junction("koenders2025"), 0.1, 1e-9)
    with pytest.raises(SpinlearnValueError, match="method"):
        switching_probability(device, 1.5, 1e-9, method="exact")
    with pytest.raises(SpinlearnValueError, match="tabulate_switching"):
        jax.jit(lambda v: write_error_rate(device, v, 1e-9))(1.5)
    with pytest.raises(SpinlearnValueError, match="overdrive"):
        write_error_rate(device, 0.5, 1e-9, method="ballistic")
    with pytest.raises(SpinlearnValueError, match="overdrive"):
        write_error_rate(device, 1.5, 1e-9, method="activation")
    with pytest.raises(SpinlearnValueError, match="duration"):
        write_error_rate(device, 1.5, -1e-9)
    assert float(switching_probability(device, 1.5, 0.0)) == 0
    with pytest.raises(SpinlearnValueError, match=r"duration = .* τ_D: allowed is 0, or at least"):
        switching_probability(device, 1.5, [1e-14, 1e-9])
    with pytest.raises(SpinlearnValueError, match=r"thermal_stability = 90000"):
        switching_probability(junction(9e4), 1.5, 1e-9)


@pytest.mark.once
def test_a_table_inside_a_traced_function_needs_a_junction_from_outside(rtol: float) -> None:
    device = junction(30.0)
    ranges, shape = ((1.2, 2.0), (1e-9, 4e-9)), {"shape": (8, 8), "tolerance": 0.1}
    table = tabulate_switching(device, *ranges, **shape)

    def inside(volts: Any) -> Any:
        return tabulate_switching(device, *ranges, **shape).write_error_rate(volts, 2e-9)

    # The remedy of the message: handed in, the table is an argument like any other.
    handed = jax.jit(lambda made, volts: made.write_error_rate(volts, 2e-9))(table, 1.5)
    for found in (handed, jax.jit(inside)(1.5)):
        # Compiled sums may be rounded in another order.
        assert float(found) == pytest.approx(float(table.write_error_rate(1.5, 2e-9)), rel=rtol)
    remedy = "Build the table outside .* pass it in as an argument"
    for call in (
        jax.jit(lambda one: tabulate_switching(one, *ranges).nodes),
        jax.grad(lambda one: tabulate_switching(one, *ranges).nodes.sum()),
    ):
        with pytest.raises(SpinlearnValueError, match=rf"junction = traced .*{remedy}"):
            call(device)
    for k, name in enumerate(("voltages", "durations")):
        with pytest.raises(SpinlearnValueError, match=rf"{name} = traced .*{remedy}"):
            jax.jit(
                lambda end, k=k: (
                    tabulate_switching(
                        device,
                        *(
                            (low, end) if j == k else (low, high)
                            for j, (low, high) in enumerate(ranges)
                        ),
                    ).nodes
                )
            )(ranges[k][1])
    with pytest.raises(SpinlearnValueError, match="pass it in as an argument"):
        jax.jit(lambda volts: switching_probability(device, volts, 1e-9))(1.5)


@pytest.mark.once
def test_what_brown_does_not_hold_for_is_told() -> None:
    """Little barrier left, and an attempt time that is not a macrospin's."""
    assert relaxation_rate(20.0, 0.9) > 4 * float(_warned(lambda: activation_rate(20.0, 0.9)))
    noise = ThermalBarrier.from_junction(junction(8.0))
    times = _warned(lambda: noise.dwell_times(0.9))
    assert min(map(float, times)) > 0
    noise.dwell_times(0.5)  # two k_B T are left
    other = MTJ(
        resistance_parallel=5e3,
        area=1e-15,
        tmr=1.0,
        thermal_stability=40.0,
        critical_voltage=1.0,
        attempt_time=1e-12,
        damping=0.05,
        anisotropy_field=3e5,
    )
    with pytest.warns(UserWarning, match="attempt time"):
        switching_probability(other, 0.5, 1e-8)
    switching_probability(junction(40.0), 0.5, 1e-8)


def _warned(call: Callable[[], Any]) -> Any:
    with pytest.warns(UserWarning, match="k_B T is left"):
        return call()
