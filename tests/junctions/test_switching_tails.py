"""Closed forms of switching: both probabilities to their own precision, far in either tail."""

from __future__ import annotations

from decimal import Decimal, localcontext

import jax
import numpy as np
import pytest

from spinlearn.junctions import (
    MTJ,
    ballistic_write_error,
    switching_probability,
    thermal_switching,
    write_error_rate,
    zero_temperature_time,
)

PI = Decimal("3.14159265358979323846264338327950288419716939937510582097494")


def activation(stability: float, drive: float, time: float) -> tuple[Decimal, Decimal]:
    """To have switched and not to have, by Brown's rates, in 80 digits."""
    delta, i, tau = Decimal(stability), Decimal(drive), Decimal(time)
    scale = (delta / PI).sqrt() * (1 - i * i)
    out = scale * (1 - i) * (-delta * (1 - i) ** 2).exp()
    back = scale * (1 + i) * (-delta * (1 + i) ** 2).exp()
    switched = out / (out + back) * (1 - (-(out + back) * tau).exp())
    return switched, 1 - switched


def ballistic(stability: float, drive: float, time: float) -> tuple[Decimal, Decimal]:
    """The same by the closed form above the critical voltage."""
    delta, i, tau = Decimal(stability), Decimal(drive), Decimal(time)
    power = (((i - 1) / i).ln() * (i + 3) + Decimal(2).ln() * (i - 1)) / (i + 1)
    switched = (-2 * delta * (power - 2 * (i - 1) * tau).exp()).exp()
    return switched, 1 - switched


# Rare switching, rare failing, and both likely; numbers that float32 has too.
POINTS = [
    ("activation", 60.0, 0.0, 1.0),
    ("activation", 60.0, 0.5, 2.0**24),
    ("activation", 20.0, -0.5, 8.0),
    ("activation", 20.0, 0.25, 2.0**40),
    ("activation", 16.0, 0.5, 2.0**14),
    ("ballistic", 60.0, 3.0, 0.0625),
    ("ballistic", 32.0, 4.0, 0.125),
    ("ballistic", 60.0, 3.0, 10.0),
    ("ballistic", 60.0, 1.5, 40.0),
    ("ballistic", 60.0, 3.0, 1.25),
]


@pytest.mark.parametrize("point", POINTS)
def test_neither_probability_loses_its_digits(
    point: tuple[str, float, float, float], double: bool
) -> None:
    method, stability, drive, time = point
    device = MTJ(
        resistance_parallel=5e3,
        area=1e-15,
        tmr=1.0,
        thermal_stability=stability,
        critical_voltage=1.0,
        damping=0.05,
        anisotropy_field=3e5,
    )
    with localcontext() as context:
        context.prec = 80
        wanted = [
            float(p) for p in (activation if method == "activation" else ballistic)(*point[1:])
        ]
    seconds = time * float(device.relaxation_time)
    found = [
        float(chance(device, drive, seconds, method=method))
        for chance in (switching_probability, write_error_rate)
    ]
    # What the arguments' rounding leaves of an exponential of some hundred.
    np.testing.assert_allclose(found, wanted, rtol=1e-12 if double else 5e-4)
    direct = (
        thermal_switching(stability, drive, time)
        if method == "activation"
        else ballistic_write_error(stability, drive, time)
    )
    at = 0 if method == "activation" else 1
    np.testing.assert_allclose(float(direct), wanted[at], rtol=1e-12 if double else 5e-4)


def test_the_points_are_far_in_both_tails() -> None:
    with localcontext() as context:
        context.prec = 80
        for method, form in (("activation", activation), ("ballistic", ballistic)):
            both = [form(*point[1:]) for point in POINTS if point[0] == method]
            assert min(switched for switched, _ in both) < Decimal("1e-12")
            assert min(failed for _, failed in both) < Decimal("1e-12")
            assert min(failed for _, failed in both) > 0


def test_the_time_without_temperature_is_traced_and_differentiated(rtol: float) -> None:
    there = float(zero_temperature_time(2.0, 0.9))
    assert float(jax.jit(zero_temperature_time)(2.0, 0.9)) == pytest.approx(there, rel=rtol)
    assert np.isnan(float(jax.jit(zero_temperature_time)(0.9, 0.9)))
    assert np.isnan(float(jax.jit(zero_temperature_time)(2.0, 1.0)))
    # dτ/dz_0 is one over the drift, (1 − z²)(i − z).
    slope = float(jax.jit(jax.grad(zero_temperature_time, 1))(2.0, 0.9))
    assert slope == pytest.approx(1 / (0.19 * 1.1), rel=20 * rtol)
