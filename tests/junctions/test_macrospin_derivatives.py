"""Derivatives in reverse through trajectories, against differences with the same random numbers."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import pytest

from spinlearn import SpinlearnValueError
from spinlearn.constants import GYROMAGNETIC_RATIO, K_B, MU_0
from spinlearn.junctions import Macrospin

FIELD = 3e5
UNIT = 1 / (GYROMAGNETIC_RATIO * MU_0 * FIELD)  # s, for a turn by one radian in the field
START = ((0.6, 0.0, 0.8), (0.0, -0.6, 0.8))


def evolved(drive: Any, field: Any, damping: Any, **options: Any) -> Any:
    one = Macrospin(
        2 * 20 * K_B * 300 / (MU_0 * FIELD),
        field * FIELD,
        damping=damping,
        damping_like=drive * FIELD,
        temperature=options.pop("temperature", 300.0),
    )
    start = jnp.asarray(START).T
    return one.evolve(start, 2 * UNIT, step=0.1 * UNIT, key=jax.random.key(1), **options)


def test_derivatives_of_the_end_by_torque_field_and_damping(double: bool) -> None:
    def end(*at: Any, reverse: bool = True) -> Any:
        m = evolved(*at, first_step=7, reverse_mode=reverse).m
        return jnp.sum(m[0] - 2 * m[1] + m[2] ** 2)

    at = (0.05, 1.0, 0.1)
    value, slopes = jax.value_and_grad(end, argnums=(0, 1, 2))(*at)
    assert float(value) == pytest.approx(
        float(end(*at, reverse=False)), rel=1e-12 if double else 1e-4
    )
    h = 1e-5 if double else 1e-2
    for k, slope in enumerate(slopes):
        ends = [
            end(*(a + s * h * (j == k) for j, a in enumerate(at)), reverse=False) for s in (-1, 1)
        ]
        found = float((ends[1] - ends[0]) / (2 * h))
        assert float(slope) == pytest.approx(found, rel=1e-6 if double else 3e-2)
        assert abs(found) > 0.05


@pytest.mark.once
def test_derivatives_of_records_with_and_without_temperature() -> None:
    options: dict[str, Any] = {"save_every": 5, "increments": "two-point"}
    for temperature in (300.0, 0.0):

        def energy(damping: Any, kelvin: float = temperature, reverse: bool = True) -> Any:
            saved = evolved(
                0.0, 1.0, damping, temperature=kelvin, reverse_mode=reverse, **options
            ).saved
            return jnp.sum(saved[:, 2] ** 2)

        ends = [energy(0.1 + d, reverse=False) for d in (-1e-5, 1e-5)]
        found = float((ends[1] - ends[0]) / 2e-5)
        assert float(jax.grad(energy)(0.1)) == pytest.approx(found, rel=1e-6)


@pytest.mark.once
def test_reverse_mode_is_named_where_it_was_not_asked_for() -> None:
    def end(drive: Any, **options: Any) -> Any:
        run = evolved(drive, 1.0, 0.1, **options)
        return jnp.sum(run.m[2] if run.saved is None else run.saved[:, 2])

    def every_fifth(drive: Any) -> Any:
        return end(drive, save_every=5)

    # Told when traced: nothing needs to run.
    for asked in (jax.grad(end), jax.grad(jax.jit(end)), jax.jacrev(end), jax.grad(every_fifth)):
        with pytest.raises(SpinlearnValueError, match="reverse_mode=True"):
            jax.eval_shape(asked, 0.05)
    jax.eval_shape(jax.grad(lambda drive: end(drive, reverse_mode=True)), 0.05)
    # What does not depend on the derivative is left alone.
    jax.eval_shape(jax.grad(lambda a: a * jax.lax.stop_gradient(end(0.05))), 2.0)
    # Forward derivatives pass, of a batch too.
    slopes = jax.jit(jax.vmap(jax.jacfwd(end)))(jnp.asarray([0.05, 0.1]))
    ends = [float(end(0.05 + d)) for d in (-1e-5, 1e-5)]
    assert float(slopes[0]) == pytest.approx((ends[1] - ends[0]) / 2e-5, rel=1e-6)
