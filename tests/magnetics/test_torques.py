"""Torques against their formulas written out, in every direction, and under symmetry."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from spinlearn import Material, Mesh, SpinlearnValueError
from spinlearn.constants import (
    BOHR_MAGNETON,
    ELEMENTARY_CHARGE,
    GYROMAGNETIC_RATIO,
    HBAR,
    MU_0,
)
from spinlearn.magnetics import (
    LLG,
    BulkDMI,
    CubicAnisotropy,
    Demag,
    Exchange,
    InterfacialDMI,
    Slonczewski,
    SpinOrbit,
    ThermalField,
    Zeeman,
    ZhangLi,
)
from tests.textures import random_texture

X64 = jax.config.jax_enable_x64
RTOL = 1e-9 if X64 else 2e-4
FILM = Material(8e5, 13e-12)


def current(mesh: Mesh, seed: int) -> jax.Array:
    j = np.random.default_rng(seed).normal(size=(3, *mesh.shape)) * 1e12
    return jnp.asarray(j, jnp.result_type(float))


@pytest.mark.parametrize("position", ["top", "bottom"])
def test_slonczewski_by_its_formula(position: str):
    mesh = Mesh((3, 2, 1), (5e-9, 5e-9, 2e-9))
    m, j = random_texture(mesh, 0), current(mesh, 1)
    p = np.array([0.6, 0.0, 0.8])
    polarization, asymmetry, secondary = 0.4, 1.7, 0.15
    torque = Slonczewski(mesh, FILM, polarization, p, asymmetry, secondary, position)
    rate = np.asarray(LLG(zero(mesh), torque, damping=0.0).rhs(m, 0.0, j), np.float64)
    v, square = np.asarray(m, np.float64), asymmetry**2
    along = np.einsum("cxyz,c->xyz", v, p)
    efficiency = polarization * square / (square + 1 + (square - 1) * along)
    strength = GYROMAGNETIC_RATIO * HBAR * np.asarray(j[2], np.float64)
    strength = strength / (ELEMENTARY_CHARGE * 8e5 * 2e-9) * (1 if position == "top" else -1)
    fixed = np.broadcast_to(p[:, None, None, None], v.shape)
    towards = np.cross(v, np.cross(fixed, v, axis=0), axis=0)
    expected = strength * (efficiency * towards - secondary * np.cross(v, fixed, axis=0))
    assert np.abs(rate - expected).max() < RTOL * np.abs(expected).max()


@pytest.mark.parametrize(("dampinglike", "fieldlike"), [(0.2, 0.0), (0.0, 0.3), (0.1, -0.2)])
def test_spin_orbit_by_its_formula(dampinglike: float, fieldlike: float):
    mesh = Mesh((3, 2, 1), (5e-9, 5e-9, 2e-9))
    m, j = random_texture(mesh, 0), current(mesh, 1)
    torque = SpinOrbit(mesh, FILM, dampinglike, fieldlike, current_ratio=3.0)
    rate = np.asarray(LLG(zero(mesh), torque, damping=0.0).rhs(m, 0.0, j), np.float64)
    v, density = np.asarray(m, np.float64), np.asarray(j, np.float64)
    s = np.stack([-density[1], density[0], 0 * density[0]])
    scale = 3.0 * GYROMAGNETIC_RATIO * HBAR / (2 * ELEMENTARY_CHARGE * 8e5 * 2e-9)
    damping = np.cross(v, np.cross(s, v, axis=0), axis=0)  # towards s
    expected = scale * (dampinglike * damping - fieldlike * np.cross(v, s, axis=0))
    assert np.abs(rate - expected).max() < RTOL * np.abs(expected).max()


@pytest.mark.parametrize("ratio", [GYROMAGNETIC_RATIO, 2e11])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_zhang_li_carries_a_texture_along_the_electrons(axis: int, ratio: float):
    shape = [1, 1, 1]
    shape[axis] = 64
    mesh = Mesh(shape, (1e-9, 1e-9, 1e-9), tuple(a == axis for a in range(3)))
    x = mesh.coordinates()[axis].reshape(shape)
    turn, beta, polarization = 2 * np.pi * x / 64e-9, 0.2, 0.7
    m = np.stack([np.sin(turn), 0.3 * np.ones_like(turn), np.cos(turn)])
    m = jnp.asarray(m / np.linalg.norm(m, axis=0), jnp.result_type(float))
    j = jnp.zeros((3, *shape)).at[axis].set(1e12)
    torque = ZhangLi(mesh, FILM, polarization, beta)
    llg = LLG(zero(mesh), torque, damping=0.0, gyromagnetic_ratio=ratio)
    rate = np.asarray(llg.rhs(m, 0.0, j), np.float64)
    v = np.asarray(m, np.float64)
    slope = (np.roll(v, -1, axis + 1) - np.roll(v, 1, axis + 1)) / 2e-9
    u = -BOHR_MAGNETON * polarization * 1e12 / (ELEMENTARY_CHARGE * 8e5 * (1 + beta**2))
    drift = u * slope
    expected = np.cross(v, np.cross(v, drift, axis=0), axis=0) + beta * np.cross(v, drift, axis=0)
    assert np.abs(rate - expected).max() < RTOL * np.abs(expected).max()


def zero(mesh: Mesh) -> Zeeman:
    return Zeeman(mesh, FILM, (0.0, 0.0, 0.0))


def quarter_turn(v: jax.Array) -> jax.Array:
    """A quarter turn about z of a field of vectors, polar or axial."""
    moved = jnp.flip(jnp.swapaxes(v, 1, 2), 1)
    return jnp.stack([-moved[1], moved[0], moved[2]])


def mirror(v: jax.Array, axial: bool) -> jax.Array:
    """x to -x; axial vectors keep the component along x, polar ones the others."""
    moved = jnp.flip(v, 1)
    sign = 1.0 if axial else -1.0
    return jnp.stack([sign * moved[0], -sign * moved[1], -sign * moved[2]])


@pytest.mark.parametrize("turn", ["quarter", "mirror"])
def test_the_motion_has_the_symmetry_of_the_film(turn: str):
    mesh = Mesh((5, 5, 2), (2e-9, 2e-9, 3e-9))
    film = Material(8e5, 13e-12, interfacial_dmi=2e-3)
    energy = Exchange(mesh, film) + InterfacialDMI(mesh, film) + Demag(mesh, film)
    energy = energy + CubicAnisotropy(mesh, film, (5e4, 2e4))
    torques = (ZhangLi(mesh, film, 0.5, 0.1), SpinOrbit(mesh, film, 0.1, 0.2))
    llg = LLG(energy, torques, damping=0.3)
    m, j = random_texture(mesh, 0), current(mesh, 1)
    rate = llg.rhs(m, 0.0, j)
    if turn == "quarter":
        found, expected = llg.rhs(quarter_turn(m), 0.0, quarter_turn(j)), quarter_turn(rate)
    else:  # m is axial, the current is not
        found, expected = llg.rhs(mirror(m, True), 0.0, mirror(j, False)), mirror(rate, True)
    assert jnp.max(jnp.abs(found - expected)) < RTOL * jnp.max(jnp.abs(rate))


def test_bulk_dmi_survives_a_rotation():
    mesh = Mesh((5, 5, 2), (2e-9, 2e-9, 3e-9))
    term = BulkDMI(mesh, Material(8e5, 13e-12, bulk_dmi=2e-3))
    m = random_texture(mesh, 0)
    error = term.field(quarter_turn(m)) - quarter_turn(term.field(m))
    assert jnp.max(jnp.abs(error)) < RTOL * jnp.max(jnp.abs(term.field(m)))


def test_speed_of_a_wall_as_another_code_finds_it():
    # fidimag: 34.7 m/s, from u without 1/(1 + β²); the formula gives 35.2.
    mesh = Mesh((8, 1, 1), (2e-9, 2e-9, 2e-9))
    alpha, beta = 0.05, 1.0
    torque = ZhangLi(mesh, Material(8.6e5, 13e-12), 0.5, beta)
    j = jnp.zeros((3, *mesh.shape)).at[0].set(-1e12)
    u = float(torque.drift_velocity(j)[0, 0, 0, 0]) * (1 + beta**2)
    assert abs(u * (1 + alpha * beta) / (1 + alpha**2) - 35.2) < 0.1


def test_parts_of_different_films_are_refused():
    mesh, other = Mesh((4, 4, 1), (2e-9, 2e-9, 3e-9)), Material(4e5, 13e-12)
    for make in (
        lambda: Exchange(mesh, FILM) + Demag(mesh, other),
        lambda: LLG(Exchange(mesh, FILM), ZhangLi(mesh, other, 0.5, 0.1)),
        lambda: LLG(Exchange(mesh, FILM), ThermalField(mesh, other, 300.0)),
    ):
        with pytest.raises(SpinlearnValueError, match="saturation magnetization"):
            make()


def test_sum_of_terms_and_zero_temperature():
    mesh = Mesh((4, 4, 1), (2e-9, 2e-9, 3e-9))
    parts: list[Any] = [Exchange(mesh, FILM), Demag(mesh, FILM)]
    assert len(sum(parts).terms) == 2  # pyright: ignore

    def noise(temperature: Any) -> Any:
        return jnp.sum(ThermalField(mesh, FILM, temperature).amplitude(1e-13, 0.1, 1.76e11))

    assert jnp.isfinite(jax.grad(noise)(jnp.asarray(0.0)))
    cold = float(noise(jnp.asarray(0.0)))
    assert cold == 0.0
    volume = 1.2e-26
    square = 2 * 0.1 * 1.380649e-23 * 300 / (1.76e11 * MU_0**2 * 8e5 * volume * 1e-13)
    assert np.isclose(float(noise(jnp.asarray(300.0))), np.sqrt(square), rtol=1e-4)
