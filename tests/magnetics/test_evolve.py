"""Evolution: orders, unit length, energy, saving, noise, derivatives, compilation."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from spinlearn import Material, Mesh, SpinlearnError, SpinlearnValueError, key_from_seed
from spinlearn.magnetics import (
    LLG,
    Demag,
    Energies,
    Exchange,
    InterfacialDMI,
    SpinOrbit,
    ThermalField,
    UniaxialAnisotropy,
    Zeeman,
    ZhangLi,
    evolve,
)
from spinlearn.magnetics._past import begin, extrapolate, remember
from spinlearn.magnetics.energy import split_slow
from tests.textures import random_texture, stripes

X64 = jnp.result_type(float) == jnp.float64
MESH = Mesh((12, 8, 1), (3e-9, 3e-9, 2e-9))
FILM = Material(8e5, 13e-12, 2e5, interfacial_dmi=1e-3)
ENERGY = (
    Exchange(MESH, FILM)
    + UniaxialAnisotropy(MESH, FILM)
    + InterfacialDMI(MESH, FILM)
    + Demag(MESH, FILM)
)
SMOOTH = stripes(MESH, 60e-9)


@pytest.mark.skipif(not X64, reason="orders show above float32's rounding only")
@pytest.mark.parametrize(
    ("method", "order"), [("rk4", 4), ("bogacki-shampine", 3), ("dormand-prince", 5)]
)
def test_order_of_fixed_steps(method: str, order: int):
    llg = LLG(ENERGY, damping=0.1)
    duration = 4e-12

    def end(steps: int) -> jax.Array:
        return evolve(llg, SMOOTH, duration, step=duration / steps, method=method).m

    exact = end(640)
    errors = [float(jnp.max(jnp.abs(end(n) - exact))) for n in (20, 40)]
    assert abs(np.log2(errors[0] / errors[1]) - order) < 0.35


@pytest.mark.skipif(not X64, reason="orders show above float32's rounding only")
def test_order_of_the_heun_scheme_without_noise():
    llg = LLG(ENERGY, ThermalField(MESH, FILM, 0.0), damping=0.1)

    def end(steps: int) -> jax.Array:
        return evolve(llg, SMOOTH, 4e-12, step=4e-12 / steps, key=key_from_seed(0)).m

    exact = evolve(LLG(ENERGY, damping=0.1), SMOOTH, 4e-12, step=1e-14).m
    errors = [float(jnp.max(jnp.abs(end(n) - exact))) for n in (40, 80)]
    assert abs(np.log2(errors[0] / errors[1]) - 2) < 0.2


@pytest.mark.skipif(not X64, reason="tolerances below float32's rounding")
@pytest.mark.parametrize("method", ["rk4", "rk4-split", "bogacki-shampine", "dormand-prince"])
def test_error_follows_the_tolerance(method: str):
    llg = LLG(ENERGY, damping=0.1)
    exact = evolve(llg, SMOOTH, 2e-11, tolerance=1e-11, method="dormand-prince").m
    errors = []
    for tolerance in (1e-4, 1e-8):
        run = evolve(llg, SMOOTH, 2e-11, tolerance=tolerance, method=method)
        errors.append(float(jnp.max(jnp.abs(run.m - exact))))
        assert errors[-1] < 100 * tolerance
    assert errors[1] < 0.01 * errors[0]


def test_only_the_demagnetizing_field_is_slow():
    fast, slow = split_slow(ENERGY)
    assert isinstance(fast, Energies)
    assert isinstance(slow, Energies)
    assert [type(term) for term in slow.terms] == [Demag]
    assert len(fast.terms) == 3
    total = fast.field(SMOOTH) + slow.field(SMOOTH)
    assert jnp.allclose(total, ENERGY.field(SMOOTH), rtol=1e-5)
    assert split_slow(Demag(MESH, FILM))[1] is None
    assert split_slow(Exchange(MESH, FILM))[1] is None


def test_extrapolation_is_exact_for_cubics_at_unequal_steps():
    def field(t: Any) -> jax.Array:
        return jnp.asarray([1.0, 2.0]) + t * (0.5 - t * (1.5 - 0.7 * t))

    steps = (0.3, 0.5, 0.2)
    t, past = 0.0, begin(field(0.0))
    for step in steps:
        t += step
        past = remember(past, field(t), jnp.asarray(step))
    tolerance = 1e-12 if X64 else 1e-4
    assert jnp.allclose(extrapolate(past, jnp.asarray(0.4)), field(t + 0.4), rtol=tolerance)
    assert jnp.allclose(extrapolate(past, jnp.asarray(0.0)), field(t), rtol=tolerance)
    alone = begin(field(0.0))
    assert jnp.allclose(extrapolate(alone, jnp.asarray(0.4)), field(0.0))


def test_unit_length_and_energy_that_only_falls():
    llg = LLG(ENERGY, damping=0.05)
    times = jnp.linspace(0, 1e-10, 21)
    run = evolve(
        llg,
        random_texture(MESH, 1),
        1e-10,
        times=times,
        observe=lambda t, m: (ENERGY.energy(m), jnp.linalg.norm(m, axis=0)),
    )
    energy, length = run.observed
    assert energy.shape == (21,)
    assert jnp.all(jnp.diff(energy) < 0)
    assert jnp.max(jnp.abs(length - 1)) < (1e-15 if X64 else 3e-7) * 4


def test_energy_is_conserved_without_damping():
    run = evolve(
        LLG(ENERGY, damping=0.0),
        SMOOTH,
        1e-10,
        times=[0.0, 1e-10],
        tolerance=1e-7 if X64 else 1e-5,
        observe=lambda t, m: ENERGY.energy(m),
    )
    assert jnp.isclose(run.observed[0], run.observed[1], rtol=1e-6 if X64 else 1e-3)


def test_observations_do_not_depend_on_what_else_is_observed():
    llg = LLG(ENERGY, damping=0.1)
    tolerance = 1e-8 if X64 else 1e-5
    coarse = evolve(llg, SMOOTH, 2e-11, times=[1e-11, 2e-11], tolerance=tolerance)
    fine = evolve(llg, SMOOTH, 2e-11, times=jnp.linspace(0, 2e-11, 9), tolerance=tolerance)
    assert jnp.allclose(fine.times, jnp.linspace(0, 2e-11, 9), rtol=1e-5, atol=1e-16)
    assert jnp.array_equal(fine.observed[0], SMOOTH)
    allowed = 1e-6 if X64 else 1e-3
    assert jnp.max(jnp.abs(coarse.observed[0] - fine.observed[4])) < allowed
    assert jnp.array_equal(fine.observed[-1], fine.m)


def test_a_thermal_run_in_two_parts_draws_the_same_noise():
    llg = LLG(ENERGY, ThermalField(MESH, FILM, 300.0), damping=0.1)
    key, step = key_from_seed(3), 2.0**-43
    whole = evolve(llg, SMOOTH, 64 * step, step=step, key=key)
    half = evolve(llg, SMOOTH, 32 * step, step=step, key=key)
    rest = evolve(llg, half.m, 32 * step, step=step, key=key, first_index=half.accepted)
    assert jnp.array_equal(whole.m, rest.m)
    again = evolve(llg, half.m, 32 * step, step=step, key=key)
    assert not jnp.array_equal(whole.m, again.m)


def test_a_run_goes_on_with_its_own_step():
    llg = LLG(ENERGY, damping=0.1)
    first = evolve(llg, SMOOTH, 2e-11)
    second = evolve(llg, first.m, 2e-11, first_step=first.step)
    fresh = evolve(llg, first.m, 2e-11)
    assert second.accepted <= fresh.accepted


def test_vmap_gives_what_one_after_another_gives():
    llg = LLG(ENERGY, damping=0.1)
    films = jnp.stack([random_texture(MESH, seed) for seed in range(3)])
    together = jax.vmap(lambda m: evolve(llg, m, 2e-12, step=1e-13).m)(films)
    alone = jnp.stack([evolve(llg, m, 2e-12, step=1e-13).m for m in films])
    assert jnp.max(jnp.abs(together - alone)) < (1e-12 if X64 else 1e-5)


def test_other_parameters_do_not_recompile():
    traces = []

    def observe(t: Any, m: Any) -> Any:
        traces.append(1)
        return m[2].mean()

    for stiffness, damping, step in (
        (13e-12, 0.1, 1e-13),
        (15e-12, 0.2, 2e-13),
        (9e-12, 0.3, 1e-13),
    ):
        film = Material(8e5, stiffness)
        evolve(
            LLG(Exchange(MESH, film), damping=damping),
            SMOOTH,
            1e-12,
            times=[1e-12],
            observe=observe,
            step=step,
        )
        mesh = Mesh(MESH.shape, (2e-9, 2e-9, 1e-9))
        evolve(
            LLG(Exchange(mesh, film), damping=damping),
            SMOOTH,
            1e-12,
            times=[1e-12],
            observe=observe,
            step=step,
        )
    count = len(traces)
    evolve(
        LLG(Exchange(MESH, Material(8e5, 1e-11)), damping=0.1),
        SMOOTH,
        2e-12,
        times=[1e-12],
        observe=observe,
        step=1e-13,
    )
    assert len(traces) == count <= 2


@pytest.mark.skipif(not X64, reason="finite differences need float64")
@pytest.mark.parametrize("adaptive", [False, True])
def test_derivatives_forward_and_reverse(adaptive: bool):
    def end(damping: Any, reverse: bool) -> Any:
        llg = LLG(ENERGY, damping=damping)
        how: dict[str, Any] = {"tolerance": 1e-9} if adaptive else {"step": 1e-13}
        return jnp.mean(
            evolve(llg, SMOOTH, 2e-12, reverse_mode=reverse, max_steps=4000, **how).m[0]
        )

    at = jnp.asarray(0.1)
    slope = (end(at + 1e-4, False) - end(at - 1e-4, False)) / 2e-4
    forward = jax.jvp(lambda a: end(a, False), (at,), (jnp.ones_like(at),))[1]
    reverse = jax.grad(lambda a: end(a, True))(at)
    assert jnp.isclose(forward, slope, rtol=1e-4)
    assert jnp.isclose(reverse, slope, rtol=1e-4)


def test_time_dependent_current():
    torque = ZhangLi(MESH, FILM, 0.5, 0.1)
    density = jnp.zeros((3, *MESH.shape)).at[0].set(1e12)
    llg = LLG(ENERGY, torque, damping=0.1)
    steady = evolve(llg, SMOOTH, 2e-12, step=1e-13, current_density=density).m
    called = evolve(llg, SMOOTH, 2e-12, step=1e-13, current_density=lambda t: density).m
    off = evolve(
        llg, SMOOTH, 2e-12, step=1e-13, current_density=lambda t: jnp.where(t < 0, density, 0.0)
    ).m
    none = evolve(LLG(ENERGY, damping=0.1), SMOOTH, 2e-12, step=1e-13).m
    assert jnp.allclose(steady, called, atol=1e-6)
    assert jnp.allclose(off, none, atol=1e-6)
    assert not jnp.allclose(steady, none, atol=1e-4)


@pytest.mark.filterwarnings("ignore:cell edge")
def test_empty_cells_stay_empty():
    magnetization = jnp.full(MESH.shape, 8e5).at[3:5, 2:4].set(0.0)
    film = Material(magnetization, 13e-12, 2e5, interfacial_dmi=1e-3)
    energy = Exchange(MESH, film) + InterfacialDMI(MESH, film) + Demag(MESH, film)
    m = jnp.where(magnetization[None] > 0, SMOOTH, 0.0)
    bath = ThermalField(MESH, film, 300.0)
    run = evolve(LLG(energy, bath, damping=0.1), m, 1e-12, step=1e-14, key=key_from_seed(0))
    assert jnp.all(run.m[:, 3:5, 2:4] == 0)
    assert jnp.all(jnp.isfinite(run.m))


def test_blow_up_is_an_error_with_the_remedy():
    with pytest.raises(SpinlearnError, match="max_steps"):
        evolve(LLG(ENERGY, damping=0.1), SMOOTH, 1e-9, max_steps=5)
    nan = Zeeman(MESH, FILM, lambda t: jnp.where(t > 1e-13, jnp.nan, 0.0) * jnp.ones(3))
    with pytest.raises(SpinlearnError, match="NaN"):
        evolve(LLG(nan, damping=0.1), SMOOTH, 1e-12)
    with pytest.raises(SpinlearnError, match="step"):
        evolve(LLG(nan, damping=0.1), SMOOTH, 1e-12, step=1e-13)


def test_a_rate_that_is_not_finite_is_found_at_once():
    current = jnp.full((3, *MESH.shape), jnp.nan)
    llg = LLG(ENERGY, ZhangLi(MESH, FILM, 0.5, 0.1), damping=0.1)
    with pytest.raises(SpinlearnError, match="not finite"):
        evolve(llg, SMOOTH, 1e-11, current_density=current)
    kept = evolve(llg, SMOOTH, 1e-11, current_density=current, throw=False)
    assert int(kept.result) == 1
    assert jnp.array_equal(kept.m, SMOOTH)


@pytest.mark.parametrize("step", [1e-12, 3e-12, 1e-11])
@pytest.mark.parametrize("temperature", [None, 0.0])
def test_a_fixed_step_that_is_too_long_is_found(step: float, temperature: float | None):
    # Unit length keeps such a run finite: only its error betrays it.
    torques = () if temperature is None else ThermalField(MESH, FILM, temperature)
    llg = LLG(ENERGY, torques, damping=0.02)
    with pytest.raises(SpinlearnError, match="too long"):
        evolve(llg, SMOOTH, 1e-10, step=step, key=key_from_seed(0))
    assert int(evolve(llg, SMOOTH, 1e-11, step=1e-13, key=key_from_seed(0)).result) == 0


@pytest.mark.parametrize("driven", ["field", "current"])
def test_a_pulse_from_rest_is_not_stepped_over(driven: str):
    spin = Mesh((1, 1, 1), (2e-9, 2e-9, 2e-9))
    film = Material(8e5, 13e-12)
    up = jnp.zeros((3, 1, 1, 1)).at[2].set(1.0)

    def pulse(t: Any) -> Any:
        return jnp.where((t > 3e-10) & (t < 3.5e-10), 1.0, 0.0)

    applied = (0.0, 0.0, 1e5)
    torque, current = (), None
    if driven == "field":
        field = jnp.asarray([1e5, 0.0, 0.0])
        energy = Zeeman(spin, film, lambda t: pulse(t) * field)
    else:
        energy = Zeeman(spin, film, applied)
        torque = SpinOrbit(spin, film, 0.0, fieldlike=0.3)
        density = jnp.zeros((3, 1, 1, 1)).at[0].set(1e12)

        def current(t: Any) -> Any:
            return pulse(t) * density

    llg = LLG(energy, torque, damping=0.1)
    run = evolve(llg, up, 1e-9, current_density=current)
    fixed = evolve(llg, up, 1e-9, current_density=current, step=2e-13)
    assert float(fixed.m[2, 0, 0, 0]) < 0.998
    assert jnp.max(jnp.abs(run.m - fixed.m)) < (5e-3 if X64 else 1e-2)
    assert int(run.accepted) >= 100
    with pytest.raises(SpinlearnValueError, match="max_step"):
        evolve(llg, up, 1e-9, current_density=current, max_step=-1.0)


def test_a_traced_step_compiles():
    llg = LLG(ENERGY, damping=0.1)
    end = jax.jit(lambda step: evolve(llg, SMOOTH, 1e-12, step=step).m)(1e-13)
    assert jnp.allclose(end, evolve(llg, SMOOTH, 1e-12, step=1e-13).m, atol=1e-6)
