"""Micromagnetics against closed forms."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import quad

from spinlearn import Material, Mesh, key_from_seed
from spinlearn.constants import GYROMAGNETIC_RATIO, K_B, MU_0
from spinlearn.magnetics import (
    LLG,
    BulkDMI,
    Demag,
    Exchange,
    InterfacialDMI,
    Slonczewski,
    SpinOrbit,
    ThermalField,
    UniaxialAnisotropy,
    Zeeman,
    ZhangLi,
    evolve,
    relax,
)

X64 = jnp.result_type(float) == jnp.float64
SPIN = Mesh((1, 1, 1), (2e-9, 2e-9, 2e-9))
SOFT = Material(8e5, 13e-12)


def along(*vector: float, mesh: Mesh = SPIN) -> jax.Array:
    v = np.asarray(vector) / np.linalg.norm(vector)
    return jnp.asarray(
        np.broadcast_to(v[:, None, None, None], (3, *mesh.shape)), jnp.result_type(float)
    )


@pytest.mark.parametrize("damping", [0.0, 0.02, 0.7])
def test_larmor_precession_and_damping_of_one_spin(damping: float):
    field, duration = 2e5, 2e-10
    llg = LLG(Zeeman(SPIN, SOFT, (0.0, 0.0, field)), damping=damping)
    run = evolve(llg, along(1, 0, 0.2), duration, tolerance=1e-9 if X64 else 1e-6)
    rate = GYROMAGNETIC_RATIO * MU_0 * field / (1 + damping**2)
    start = np.arctanh(0.2 / np.sqrt(1.04))
    m_z = np.tanh(start + damping * rate * duration)
    angle = rate * duration  # right-handed about the field
    expected = np.array([np.cos(angle), np.sin(angle), 0]) * np.sqrt(1 - m_z**2)
    expected[2] = m_z
    assert np.allclose(run.m[:, 0, 0, 0], expected, atol=1e-6 if X64 else 3e-3)


def test_kittel_resonance_of_an_infinite_film():
    mesh = Mesh((4, 4, 1), (3e-9, 3e-9, 3e-9), periodic=(True, True, False))
    field = 1e5
    energy = Demag(mesh, SOFT) + Exchange(mesh, SOFT) + Zeeman(mesh, SOFT, (field, 0.0, 0.0))
    # The linearised equation of motion by automatic differentiation: no time steps.
    llg = LLG(energy, damping=0.0)
    m = along(1, 0, 0, mesh=mesh)

    def response(direction: jax.Array) -> jax.Array:
        return jax.jvp(llg.rhs, (m,), (direction,))[1][:, 0, 0, 0]

    y, z = response(along(0, 1, 0, mesh=mesh)), response(along(0, 0, 1, mesh=mesh))
    frequency = jnp.sqrt(-y[2] * z[1])
    expected = GYROMAGNETIC_RATIO * MU_0 * np.sqrt(field * (field + 8e5))
    assert jnp.isclose(frequency, expected, rtol=1e-9 if X64 else 1e-4)


@pytest.mark.parametrize("degrees", [15.0, 45.0, 70.0])
def test_stoner_wohlfarth_switching_field(degrees: float):
    particle = Material(8e5, 13e-12, anisotropy=5e5)
    psi = np.deg2rad(degrees)
    switching = (np.cos(psi) ** (2 / 3) + np.sin(psi) ** (2 / 3)) ** -1.5
    full = 2 * 5e5 / (MU_0 * 8e5)
    for factor, switched in ((0.98, False), (1.02, True)):
        h = -factor * switching * full
        field = (h * np.sin(psi), 0.0, h * np.cos(psi))
        energy = UniaxialAnisotropy(SPIN, particle) + Zeeman(SPIN, particle, field)
        end = relax(energy, along(0.01, 0, 1)).m
        assert bool(end[2, 0, 0, 0] < 0) == switched


CHAIN = Mesh((200, 1, 1), (1e-9, 1e-9, 1e-9))
HARD = Material(8e5, 13e-12, anisotropy=4e5)


def wall(mesh: Mesh, width: float, tilt: float = 0.0) -> jax.Array:
    x = mesh.coordinates()[0] - 0.5 * mesh.extent[0]
    z, side = np.tanh(x / width), 1 / np.cosh(x / width)
    m = np.stack([np.cos(tilt) * side, np.sin(tilt) * side, z])[:, :, None, None]
    return jnp.asarray(m, jnp.result_type(float))


def test_width_and_energy_of_a_domain_wall():
    energy = Exchange(CHAIN, HARD) + UniaxialAnisotropy(CHAIN, HARD)
    result = relax(energy, wall(CHAIN, 9e-9))
    z = np.asarray(result.m[2, :, 0, 0], np.float64)
    inner = np.abs(z) < 0.9
    x = CHAIN.coordinates()[0]
    width = 1 / np.polyfit(x[inner], np.arctanh(z[inner]), 1)[0]
    assert abs(width / np.sqrt(13e-12 / 4e5) - 1) < 0.01
    exact = 4 * np.sqrt(13e-12 * 4e5) * 1e-18
    assert abs(float(result.energy) / exact - 1) < 0.01


@pytest.mark.parametrize("hard_axis", [0.0, -2e5])
def test_speed_of_a_wall_under_current(hard_axis: float):
    alpha, beta = 0.1, 0.3
    energy = Exchange(CHAIN, HARD) + UniaxialAnisotropy(CHAIN, HARD)
    if hard_axis:
        cross_axis = Material(8e5, 13e-12, anisotropy=hard_axis, anisotropy_axis=(0, 1, 0))
        energy = energy + UniaxialAnisotropy(CHAIN, cross_axis)
    torque = ZhangLi(CHAIN, HARD, 0.5, beta)
    current = jnp.zeros((3, *CHAIN.shape)).at[0].set(-4e11)  # electrons flow to +x
    u = float(torque.drift_velocity(current)[0, 0, 0, 0])
    assert u > 0
    start = relax(energy, wall(CHAIN, 6e-9)).m
    run = evolve(
        LLG(energy, torque, damping=alpha),
        start,
        1.6e-9,
        current_density=current,
        times=[0.8e-9, 1.6e-9],
        observe=lambda t, m: jnp.sum(m[2]),
    )
    # m_z rises along x: a wall that moves by a cell to the right costs two of the sum.
    distance = -0.5e-9 * float(run.observed[1] - run.observed[0])
    steady = beta / alpha * u if hard_axis else u * (1 + alpha * beta) / (1 + alpha**2)
    assert abs(distance / (steady * 0.8e-9) - 1) < 0.01


def test_period_of_a_spiral():
    film = Material(5.8e5, 15e-12, interfacial_dmi=3e-3)
    period = 4 * np.pi * 15e-12 / 3e-3
    energy = Exchange(CHAIN, film) + InterfacialDMI(CHAIN, film)
    x = CHAIN.coordinates()[0]
    start = np.stack([-np.sin(2 * np.pi * x / 55e-9), 0 * x, np.cos(2 * np.pi * x / 55e-9)])
    m = relax(energy, jnp.asarray(start[:, :, None, None], jnp.result_type(float))).m[:, :, 0, 0]
    turn = np.unwrap(np.arctan2(-np.asarray(m[0]), np.asarray(m[2])))
    slope = np.polyfit(x[50:150], turn[50:150], 1)[0]
    assert abs(2 * np.pi / slope / period - 1) < 0.01


@pytest.mark.parametrize("kind", ["interfacial", "bulk"])
def test_tilt_at_a_free_edge_with_dmi(kind: str):
    # sin θ = D/(2√(AK)) at the edge (Rohart and Thiaville, Phys. Rev. B 88, 184422, 2013).
    mesh = Mesh((160, 1, 1), (0.5e-9, 0.5e-9, 0.5e-9))
    stiffness, anisotropy, constant = 13e-12, 4e5, 1.5e-3
    film = Material(
        8e5,
        stiffness,
        anisotropy,
        interfacial_dmi=constant if kind == "interfacial" else 0.0,
        bulk_dmi=constant if kind == "bulk" else 0.0,
    )
    dmi = InterfacialDMI(mesh, film) if kind == "interfacial" else BulkDMI(mesh, film)
    energy = Exchange(mesh, film) + UniaxialAnisotropy(mesh, film) + dmi
    m = np.asarray(relax(energy, along(0.01, 0.01, 1, mesh=mesh)).m[:, :, 0, 0], np.float64)
    # Néel: the tilt is along the edge's normal; Bloch: along the edge.
    tilted, other = (m[0], m[1]) if kind == "interfacial" else (m[1], m[0])
    at_edge = 1.5 * np.arcsin(tilted[-1]) - 0.5 * np.arcsin(tilted[-2])
    expected = constant / (2 * np.sqrt(stiffness * anisotropy))
    assert abs(abs(np.sin(at_edge)) / expected - 1) < 0.01
    assert np.max(np.abs(other)) < 0.01
    assert np.sign(tilted[0]) == -np.sign(tilted[-1])
    # Both energies are D θ' of the tilt θ along x: 2A θ' + D = 0 at the edge, so θ falls there.
    assert tilted[-1] < 0


@pytest.mark.parametrize("shape", [(1, 1, 1), (8, 8, 8), (3, 5, 9)])
def test_demagnetizing_factors_of_a_cube_add_up(shape: tuple[int, int, int]):
    mesh = Mesh(shape, tuple(1.8e-8 / n for n in shape))
    demag = Demag(mesh, Material(8e5, 13e-12))
    factors = [
        -float(jnp.mean(demag.field(along(*np.eye(3)[axis], mesh=mesh))[axis])) / 8e5
        for axis in range(3)
    ]
    assert np.allclose(factors, 1 / 3, rtol=1e-9 if X64 else 1e-5)


def test_boltzmann_statistics_in_a_uniaxial_well():
    """1024 macrospins without interaction; mean of m_z² against the exact integral."""
    mesh = Mesh((32, 32, 1), (5e-9, 5e-9, 5e-9))
    barrier, temperature = 2.0, 300.0
    constant = barrier * K_B * temperature / mesh.cell_volume
    film = Material(8e5, 13e-12, anisotropy=constant)
    bath = ThermalField(mesh, film, temperature)
    llg = LLG(UniaxialAnisotropy(mesh, film), bath, damping=0.5)
    times = jnp.linspace(2e-9, 12e-9, 21)
    run = evolve(
        llg,
        along(0, 0, 1, mesh=mesh),
        12e-9,
        step=5e-13,
        times=times,
        key=key_from_seed(1),
        observe=lambda t, m: jnp.mean(m[2] ** 2),
    )
    weight = quad(lambda x: np.exp(barrier * x * x), 0, 1)[0]
    exact = quad(lambda x: x * x * np.exp(barrier * x * x), 0, 1)[0] / weight
    fourth = quad(lambda x: x**4 * np.exp(barrier * x * x), 0, 1)[0] / weight
    samples = np.asarray(run.observed, np.float64)
    # Spins are independent; times are almost. Three standard errors with a quarter of them.
    error = 3 * np.sqrt((fourth - exact**2) / (1024 * samples.size / 4))
    assert abs(samples.mean() - exact) < error
    assert error < 0.03 * exact


def test_langevin_magnetization():
    mesh = Mesh((32, 32, 1), (4e-9, 4e-9, 4e-9))
    film, temperature, ratio = Material(8e5, 13e-12), 300.0, 1.5
    field = ratio * K_B * temperature / (MU_0 * 8e5 * mesh.cell_volume)
    llg = LLG(
        Zeeman(mesh, film, (0.0, 0.0, field)), ThermalField(mesh, film, temperature), damping=0.5
    )
    run = evolve(
        llg,
        along(0, 0, 1, mesh=mesh),
        12e-9,
        step=5e-13,
        times=jnp.linspace(2e-9, 12e-9, 21),
        key=key_from_seed(2),
        observe=lambda t, m: jnp.mean(m[2]),
    )
    exact = 1 / np.tanh(ratio) - 1 / ratio
    variance = 1 - 2 * exact / ratio - exact**2
    samples = np.asarray(run.observed, np.float64)
    error = 3 * np.sqrt(variance / (1024 * samples.size / 4))
    assert abs(samples.mean() - exact) < error


def test_slonczewski_critical_current():
    """Along p the torque acts as negative damping: instability at γ H_st = α ω (perpendicular)."""
    layer = Mesh((1, 1, 1), (40e-9, 40e-9, 2e-9))
    film = Material(8e5, 13e-12, anisotropy=4e5)
    alpha, polarization = 0.05, 0.6
    hard = 2 * 4e5 / (MU_0 * 8e5)
    energy = UniaxialAnisotropy(layer, film)
    torque = Slonczewski(layer, film, polarization, (0.0, 0.0, 1.0))
    per_current = float(torque.field(along(1, 0, 0), 0.0, jnp.ones((3, 1, 1, 1)))[1, 0, 0, 0])
    # m × p for m = x, p = z is -y.
    critical = alpha * hard / abs(per_current)
    assert per_current < 0
    for factor, switched in ((0.9, False), (1.1, True)):
        current = jnp.full((3, 1, 1, 1), -factor * critical)  # away from p
        m = along(0.05, 0, 1)
        end = evolve(LLG(energy, torque, damping=alpha), m, 2e-8, current_density=current).m
        assert bool(end[2, 0, 0, 0] < 0) == switched


def test_spin_orbit_torque_turns_towards_z_cross_j():
    film = Material(8e5, 13e-12)
    current = jnp.zeros((3, 1, 1, 1)).at[0].set(1e12)
    for kind in ("dampinglike", "fieldlike"):
        given = {"dampinglike": 0.0} | {kind: 0.1}
        llg = LLG(Zeeman(SPIN, film, (0.0, 0.0, 0.0)), SpinOrbit(SPIN, film, **given), damping=0.5)
        end = evolve(llg, along(1, 0.1, 0.1), 5e-9, current_density=current).m
        assert end[1, 0, 0, 0] > 0.99
