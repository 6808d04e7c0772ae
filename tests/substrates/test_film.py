"""Texture and current followed together."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from spinlearn import Material, Mesh, SpinlearnValueError, key_from_seed
from spinlearn.constants import ELEMENTARY_CHARGE, HBAR, MU_0
from spinlearn.magnetics import (
    Exchange,
    SpinOrbit,
    UniaxialAnisotropy,
    Zeeman,
    ZhangLi,
    evolve,
    uniform_state,
    vortex_state,
)
from spinlearn.substrates import Film, HeavyMetal
from spinlearn.transport import AMR, edge_electrodes

MATERIAL = Material(8e5, 13e-12, 1e4, anisotropy_axis=(1.0, 0.0, 0.0), damping=0.3)
KEY = key_from_seed(0)
VOLTS = [0.3, -0.3, 0.2, -0.1]


def _film(cells: int = 16, amr: float = 0.3, **changes: Any) -> Film:
    mesh = Mesh((cells, cells, 1), (4e-9, 4e-9, 5e-9))
    energy = Exchange(mesh, MATERIAL) + UniaxialAnisotropy(mesh, MATERIAL)
    options: dict[str, Any] = {
        "texture": vortex_state(mesh),
        "torques": ZhangLi(mesh, MATERIAL, 0.5, 0.1),
    } | changes
    contacts = edge_electrodes(4, mesh)
    return Film(energy, MATERIAL, AMR(4e6, amr), contacts, **options)


def _float(value: Any) -> Any:
    return jnp.asarray(value, jnp.result_type(float))


def test_energy_is_voltage_times_current_times_time() -> None:
    """A film without AMR keeps its conductance: E = Vᵀ G V t, Q = G V t."""
    film = _film(amr=0.0)
    state = film.init(key=KEY)
    volts, duration = _float(VOLTS), 2e-11
    _, record = film.apply(state, volts, duration, key=KEY)
    g = film.conductance(state)
    assert float(record.energy) == pytest.approx(float(volts @ g @ volts) * duration, rel=1e-5)
    np.testing.assert_allclose(record.charge, g @ volts * duration, rtol=1e-4)


def test_charge_is_conserved_at_every_update(double: bool) -> None:
    film = _film()
    _, record = film.apply(film.init(key=KEY), VOLTS, 5e-11, key=KEY)
    assert int(record.details["updates"]) > 5
    assert float(record.details["charge imbalance"]) < (1e-9 if double else 1e-3)


def test_dissipation_in_the_film_is_what_the_contacts_bring(double: bool) -> None:
    """∫ E·σE over the bilinear elements, by Gauss points of its own, is Σ V I."""
    film = _film()
    # Contacts over whole edges: nothing is dissipated in the metal of partial ends.
    contacts = edge_electrodes((0, 1, 0, 1), film.mesh, coverage=1.0)
    film = eqx.tree_at(lambda tree: tree.electrodes, film, contacts)
    state, volts = film.init(key=KEY), _float([0.3, -0.1])
    found = film.potential(state, volts)
    phi, sigma = np.asarray(found.phi, float), np.asarray(film.sheet(state.m), float)[..., 0]
    dx, dy, dz = film.mesh.cell
    power = 0.0
    for u in (0.5 - 0.5 / np.sqrt(3), 0.5 + 0.5 / np.sqrt(3)):
        for v in (0.5 - 0.5 / np.sqrt(3), 0.5 + 0.5 / np.sqrt(3)):
            ex = ((1 - v) * (phi[1:, :-1] - phi[:-1, :-1]) + v * (phi[1:, 1:] - phi[:-1, 1:])) / dx
            ey = ((1 - u) * (phi[:-1, 1:] - phi[:-1, :-1]) + u * (phi[1:, 1:] - phi[1:, :-1])) / dy
            field = np.stack([ex, ey])
            power += np.einsum("axy,abxy,bxy->", field, sigma, field) * dx * dy * dz / 4
    assert power == pytest.approx(float(volts @ found.currents), rel=1e-9 if double else 1e-4)


def test_without_voltage_it_is_a_film_at_rest() -> None:
    film = _film()
    state = film.init(key=KEY)
    alone = evolve(film.llg, state.m, 2e-11, current_density=jnp.zeros_like(state.m))
    together, record = film.apply(state, _float(np.zeros(4)), 2e-11, key=KEY)
    np.testing.assert_allclose(together.m, alone.m, atol=3e-4)
    assert float(record.energy) == 0
    assert float(record.details["charge imbalance"]) == 0


def test_a_conductor_without_amr_has_a_constant_current() -> None:
    """Then the motion is that under the current density found once."""
    film = _film(amr=0.0)
    state = film.init(key=KEY)
    density = film.potential(state, _float(VOLTS)).current_density
    alone = evolve(film.llg, state.m, 3e-11, current_density=density, tolerance=1e-5)
    together, _ = film.apply(state, _float(VOLTS), 3e-11, key=KEY)
    assert float(jnp.max(jnp.abs(alone.m - state.m))) > 0.02
    np.testing.assert_allclose(together.m, alone.m, atol=1e-3)


def test_the_interval_between_updates_converges_at_first_order(double: bool) -> None:
    if not double:
        pytest.skip("needs float64")
    # Strong AMR, so that holding the current matters.
    films = [
        _film(amr=1.0, step=2.5e-14, steps_per_update=n, tolerance=1e-6) for n in (400, 200, 100, 4)
    ]
    ends = [film.apply(film.init(key=KEY), VOLTS, 1e-11, key=KEY)[0].m for film in films]
    errors = [float(jnp.max(jnp.abs(end - ends[-1]))) for end in ends[:-1]]
    orders = np.log2(np.array(errors[:-1]) / errors[1:])
    assert errors[0] > 1e-6
    assert np.all((orders > 0.8) & (orders < 1.5)), (errors, orders)


def test_reading_does_not_disturb() -> None:
    film = _film()
    state = film.init(key=KEY)
    before = np.asarray(state.m)
    film.conductance(state)
    np.testing.assert_array_equal(state.m, before)


def test_parts_of_a_pulse_are_a_pulse() -> None:
    film = _film(largest_turn=0.005, tolerance=1e-5)
    whole, record = film.apply(film.init(key=KEY), VOLTS, 4e-11, key=KEY)
    half, first = film.apply(film.init(key=KEY), VOLTS, 2e-11, key=KEY)
    half, second = film.apply(half, VOLTS, 2e-11, key=KEY)
    np.testing.assert_allclose(half.m, whole.m, atol=2e-3)
    assert float(first.energy + second.energy) == pytest.approx(float(record.energy), rel=1e-3)
    assert float(half.time) == pytest.approx(4e-11)


def test_heavy_metal_shunts_in_parallel() -> None:
    """Without AMR the layers are resistors in parallel: G grows by 1 + σ'd'/(σd)."""
    layer = HeavyMetal(1e6, 4e-9)
    bare, shunted = (_film(amr=0.0, heavy_metal=metal) for metal in (None, layer))
    state = bare.init(key=KEY)
    ratio = 1 + 1e6 * 4e-9 / (4e6 * 5e-9)
    np.testing.assert_allclose(
        shunted.conductance(state), ratio * bare.conductance(state), rtol=2e-5
    )


@pytest.mark.parametrize(("amr", "held", "atol"), [(0.0, 1e4, 2e-2), (0.3, 6e4, 2e-3)])
def test_fieldlike_torque_is_a_field(amr: float, held: float, atol: float) -> None:
    """In a strip between two end contacts the metal's current is uniform, and so is the field.

    With AMR too: m stays near x, where the film carries less, and the metal what it did.
    """
    mesh = Mesh((12, 8, 1), (4e-9, 4e-9, 2e-9))
    material = Material(8e5, 13e-12, damping=0.5)
    layer = HeavyMetal(1e6, 4e-9, fieldlike=0.1)
    contacts = edge_electrodes((0, 1, 0, 1), mesh, coverage=1.0)
    energy = Exchange(mesh, material) + Zeeman(mesh, material, (held, 0.0, 0.0))
    start = uniform_state(mesh, (1.0, 0.2, 0.0))
    film = Film(energy, material, AMR(4e6, amr), contacts, start, heavy_metal=layer)
    volts = _float([0.05, 0.0])  # contact 0 on the right: the current flows along -x
    state, _ = film.apply(film.init(key=KEY), volts, 6e-9, key=KEY)
    density = -1e6 * 0.05 / (12 * 4e-9)
    field = HBAR / (2 * ELEMENTARY_CHARGE) * 0.1 * density / (MU_0 * 8e5 * 2e-9)
    direction = np.array([held, field, 0.0]) / np.hypot(held, field)
    assert abs(field) > 3e3
    np.testing.assert_allclose(jnp.mean(state.m, axis=(1, 2, 3)), direction, atol=atol)


@pytest.mark.once
def test_layers_share_one_field() -> None:
    film = _film(heavy_metal=HeavyMetal(1e6, 4e-9))
    m = film.init(key=KEY).m
    total = film.potential(film.init(key=KEY), _float(VOLTS)).current_density
    layers = film.layer_currents(m, total)
    sigma = AMR(4e6, 0.3).tensor(m)
    np.testing.assert_allclose(
        layers.film[:2],
        jnp.einsum("abxyz,bxyz->axyz", sigma, layers.metal[:2] / 1e6),
        atol=1e-5 * float(jnp.max(total)),
    )
    summed = layers.film + layers.metal * (4e-9 / 5e-9)
    np.testing.assert_allclose(summed, total, atol=1e-5 * float(jnp.max(total)))
    # The ratio of the two is no constant: 30 % apart, along m and across it.
    alone = SpinOrbit(film.mesh, MATERIAL, 0.1, 0.2)
    both = SpinOrbit(film.mesh, MATERIAL, 0.1, 0.2, current_ratio=7.0).field(m, 0.0, layers)
    np.testing.assert_allclose(both, alone.field(m, 0.0, layers.metal), rtol=1e-6)
    assert float(jnp.std(layers.metal[0] / layers.film[0])) > 0.01


@pytest.mark.once
def test_dampinglike_torque_leans_out_of_the_plane() -> None:
    """Held along x, m turns towards p = z × j until H sin θ = h: m_z = -h/H for a current along -x.

    h m × p is the effective field of -m × (m × p); with m in the xz plane the balance is exact.
    """
    mesh = Mesh((12, 8, 1), (4e-9, 4e-9, 2e-9))
    material = Material(8e5, 13e-12, damping=0.5)
    layer = HeavyMetal(1e6, 4e-9, dampinglike=0.1)
    contacts = edge_electrodes((0, 1, 0, 1), mesh, coverage=1.0)
    energy = Exchange(mesh, material) + Zeeman(mesh, material, (1e4, 0.0, 0.0))
    start = uniform_state(mesh, (1.0, 0.2, 0.0))
    film = Film(energy, material, AMR(4e6, 0.0), contacts, start, heavy_metal=layer)
    volts = _float([0.015, 0.0])
    state, _ = film.apply(film.init(key=KEY), volts, 6e-9, key=KEY)
    density = 1e6 * 0.015 / (12 * 4e-9)
    field = HBAR / (2 * ELEMENTARY_CHARGE) * 0.1 * density / (MU_0 * 8e5 * 2e-9)
    direction = np.array([np.sqrt(1 - (field / 1e4) ** 2), 0.0, -field / 1e4])
    assert field > 3e3
    np.testing.assert_allclose(jnp.mean(state.m, axis=(1, 2, 3)), direction, atol=1e-2)


@pytest.mark.once
def test_sheet_below_turns_the_film_by_its_oersted_field() -> None:
    """Above a sheet of current K along x the field is K/2 along -y."""
    mesh = Mesh((40, 40, 1), (4e-9, 4e-9, 1e-9))
    material = Material(8e5, 13e-12, damping=0.5)
    layer = HeavyMetal(5e6, 10e-9)
    contacts = edge_electrodes((0, 1, 0, 1), mesh, coverage=1.0)
    energy = Exchange(mesh, material) + Zeeman(mesh, material, (1e4, 0.0, 0.0))
    start = uniform_state(mesh, (1.0, 0.0, 0.0))
    film = Film(energy, material, AMR(1e5, 0.0), contacts, start, heavy_metal=layer, oersted=True)
    volts = _float([0.0, 0.1])  # contact 1 on the left: the current flows along +x
    state, _ = film.apply(film.init(key=KEY), volts, 6e-9, key=KEY)
    sheet = 5e6 * 10e-9 * 0.1 / 160e-9
    direction = np.array([1e4, -sheet / 2, 0.0]) / np.hypot(1e4, sheet / 2)
    np.testing.assert_allclose(jnp.mean(state.m, axis=(1, 2, 3)), direction, atol=2e-2)


def test_heat_needs_a_step_and_draws_the_same_noise_in_parts() -> None:
    with pytest.raises(SpinlearnValueError, match="step"):
        _film(temperature=300.0)
    film = _film(temperature=300.0, step=5e-14, steps_per_update=10)
    whole, _ = film.apply(film.init(key=KEY), VOLTS, 2e-12, key=KEY)
    half, _ = film.apply(film.init(key=KEY), VOLTS, 1e-12, key=KEY)
    half, _ = film.apply(half, VOLTS, 1e-12, key=KEY)
    np.testing.assert_allclose(half.m, whole.m, atol=1e-5)
    assert float(jnp.max(jnp.abs(whole.m - film.init(key=KEY).m))) > 1e-3


@pytest.mark.once
def test_films_side_by_side() -> None:
    film = _film(step=1e-13)
    m = jnp.stack([film.init(key=KEY).m, uniform_state(film.mesh, (0.0, 1.0, 0.0))])

    def learn(m: jax.Array) -> jax.Array:
        state = film.init(key=KEY)
        state = type(state)(m, state.time, state.steps, state.step)
        return film.apply(state, _float(VOLTS), 1e-12, key=KEY)[0].m

    together = jax.vmap(learn)(m)
    for k in range(2):
        np.testing.assert_allclose(together[k], learn(m[k]), atol=1e-5)


def test_a_new_film_learns_inside_jit() -> None:
    film = _film()
    state = film.init(key=KEY)

    @jax.jit
    def learn(state: Any) -> Any:
        return film.apply(state, _float(VOLTS), 2e-12, key=KEY)[0].m

    plain, _ = film.apply(state, _float(VOLTS), 2e-12, key=KEY)
    np.testing.assert_allclose(learn(state), plain.m, atol=1e-5)


@pytest.mark.parametrize("duration", [0.0, -1e-12, float("nan"), float("inf")])
def test_bad_duration(duration: float) -> None:
    film = _film()
    with pytest.raises(SpinlearnValueError, match="duration"):
        film.apply(film.init(key=KEY), VOLTS, duration, key=KEY)
