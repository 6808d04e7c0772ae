"""What every conductance matrix must satisfy, its derivatives, and how it is compiled."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinlearn import Mesh, SpinlearnValueError
from spinlearn.transport import (
    AMR,
    Electrodes,
    conductance_matrix,
    conductance_sensitivity,
    edge_electrodes,
    grid_electrodes,
    read_conductance,
    solve_potential,
)
from tests.textures import random_texture, stripes, uniform

X64 = jnp.result_type(float) == jnp.float64
MESH = Mesh((24, 20, 2), (3e-9, 4e-9, 5e-9))
LAYOUTS: dict[str, Electrodes] = {
    "edge": edge_electrodes(5, MESH, coverage=0.47),
    "grid": grid_electrodes(2, 3, MESH),
    "resistive": edge_electrodes(5, MESH, coverage=0.47, contact_resistance=1e-16),
    "direct": edge_electrodes(5, MESH, coverage=0.47, method="direct"),
}


def relative(difference: Any, scale: Any) -> float:
    return float(jnp.max(jnp.abs(jnp.asarray(difference))) / jnp.max(jnp.abs(jnp.asarray(scale))))


@settings(max_examples=50)
@given(
    seed=st.integers(0, 2**31),
    ratio=st.sampled_from([-0.3, 0.03, 0.3]),
    layout=st.sampled_from(sorted(LAYOUTS)),
)
def test_symmetric_zero_sum_semidefinite_and_negative_off_diagonal(
    seed: int, ratio: float, layout: str
):
    g = np.asarray(
        conductance_matrix(AMR(4e6, ratio).tensor(random_texture(MESH, seed)), LAYOUTS[layout]),
        np.float64,
    )
    largest = np.abs(g).max()
    tight = 1e-10 if X64 else 1e-5
    assert np.abs(g - g.T).max() <= tight * largest
    assert np.abs(g.sum(axis=1)).max() <= tight * largest
    assert np.linalg.eigvalsh(g + g.T).min() >= -tight * largest
    off = g[~np.eye(len(g), dtype=bool)]
    assert off.max() < 0


@settings(max_examples=10)
@given(seed=st.integers(0, 2**31), layout=st.sampled_from(["edge", "direct"]))
def test_hall_effect_obeys_onsager(seed: int, layout: str):
    m = random_texture(MESH, seed)
    amr = AMR(4e6, 0.2, hall=0.5)
    g = conductance_matrix(amr.tensor(m), LAYOUTS[layout])
    reversed_g = conductance_matrix(amr.tensor(-m), LAYOUTS[layout])
    tight = 1e-10 if X64 else 1e-5
    assert relative(g - reversed_g.T, g) < tight
    assert relative(jnp.sum(g, axis=0), g) < tight
    assert relative(jnp.sum(g, axis=1), g) < tight


def test_hall_effect_has_the_sign_and_size_of_a_hall_bar():
    # E = rho j + rho_H m × j: m along +z, current along +x gives E_y = rho_H j.
    mesh = Mesh((120, 20, 1), (4e-9, 4e-9, 10e-9))
    masks = np.zeros((4, 121, 21), bool)
    masks[0, 0], masks[1, -1] = True, True
    masks[2, 60, 0], masks[3, 60, -1] = True, True
    sigma = AMR(4e6, 0.0, hall=0.1).tensor(uniform(mesh, (0, 0, 1)))
    g = np.asarray(conductance_matrix(sigma, Electrodes(mesh, masks)), np.float64)
    v = np.linalg.lstsq(g, np.array([1e-6, -1e-6, 0, 0]), rcond=1e-6)[0]
    # The field E_y = -dV/dy, so the potential falls towards +y: V(bottom) - V(top) = rho_H I / t.
    assert v[2] - v[3] == pytest.approx(0.1 / 4e6 * 1e-6 / 10e-9, rel=0.01)


@pytest.mark.parametrize(
    ("layout", "hall"),
    [("direct", 0.0), ("grid", 0.0)] * X64 + [("edge", 0.2), ("resistive", 0.2)],
)
def test_derivatives_agree_with_finite_differences(layout: str, hall: float):
    if not X64:
        check, step = 2e-3, 2e5
    else:
        check, step = 1e-6, 4e3
    contacts = LAYOUTS[layout]
    sigma = AMR(4e6, 0.3, hall=hall).tensor(random_texture(MESH))
    rng = np.random.default_rng(1)
    change = rng.normal(size=sigma.shape)
    if hall == 0:
        change = 0.5 * (change + change.swapaxes(0, 1))
    change = jnp.asarray(change, sigma.dtype)

    def g(scale: jax.Array) -> jax.Array:
        return conductance_matrix(sigma + scale * change, contacts, hall=hall != 0)

    tight = {"tolerance": 1e-14} if X64 else {}
    plus, minus = (
        conductance_matrix(sigma + s * step * change, contacts, hall=hall != 0, **tight)
        for s in (1, -1)
    )
    numerical = (plus - minus) / (2 * step)
    forward = jax.jvp(g, (jnp.zeros((), sigma.dtype),), (jnp.ones((), sigma.dtype),))[1]
    dense = conductance_sensitivity(sigma, contacts)
    contracted = jnp.einsum("ijabxyz,abxyz->ij", dense, change)
    assert relative(forward - numerical, numerical) < check
    assert relative(contracted - numerical, numerical) < check
    n = contacts.count
    weights = rng.normal(size=(n, n))
    weighted = conductance_sensitivity(sigma, contacts, weights=weights)
    expected = jnp.einsum("ij,ijabxyz->abxyz", jnp.asarray(weights, dense.dtype), dense)
    assert relative(weighted - expected, expected) < (1e-9 if X64 else 1e-4)


@pytest.mark.parametrize("layout", ["edge", "direct"])
def test_potential_derivatives_and_second_order(layout: str):
    if not X64:
        pytest.skip("differences of differences need float64")
    contacts = LAYOUTS[layout]
    sigma = AMR(4e6, 0.3).tensor(random_texture(MESH))
    change = AMR(1e4, 0.5).tensor(random_texture(MESH, 1))
    voltages = jnp.asarray([1.0, 0.2, -0.4, 0.0, 0.7])

    def loss(s: jax.Array) -> jax.Array:
        solution = solve_potential(sigma + s * change, contacts, voltages * (1 + 0.01 * s))
        return jnp.sum(solution.phi**2) + jnp.sum((1e3 * solution.currents) ** 2)

    def energy(s: jax.Array) -> jax.Array:
        return 1e4 * jnp.sum(conductance_matrix(sigma + s * change, contacts) ** 2)

    h = 1e-2
    numerical = (loss(jnp.asarray(h)) - loss(jnp.asarray(-h))) / (2 * h)
    zero, one = jnp.asarray(0.0), jnp.asarray(1.0)
    assert jax.grad(loss)(zero) == pytest.approx(float(numerical), rel=1e-5)
    assert jax.jvp(loss, (zero,), (one,))[1] == pytest.approx(float(numerical), rel=1e-5)
    slope = jax.grad(energy)
    numerical = (slope(jnp.asarray(h)) - slope(jnp.asarray(-h))) / (2 * h)
    curvature = jax.jvp(slope, (zero,), (one,))[1]
    assert curvature == pytest.approx(float(numerical), rel=1e-5)


def test_sensitivity_reproduces_the_conductance_by_homogeneity():
    # G(c sigma) = c G(sigma): Euler's theorem, without finite differences.
    sigma = AMR(4e6, 0.3).tensor(random_texture(MESH))
    dense = conductance_sensitivity(sigma, LAYOUTS["edge"])
    g = conductance_matrix(sigma, LAYOUTS["edge"])
    euler = jnp.einsum("ijabxyz,abxyz->ij", dense, sigma)
    assert relative(euler - g, g) < (1e-9 if X64 else 1e-4)


@pytest.mark.parametrize("layout", ["edge", "resistive", "direct"])
def test_vmap_over_textures(layout: str):
    amr, contacts = AMR(4e6, 0.3), LAYOUTS[layout]
    textures = jnp.stack([random_texture(MESH, seed) for seed in range(3)])
    together = jax.vmap(lambda m: conductance_matrix(amr.tensor(m), contacts))(textures)
    alone = jnp.stack([conductance_matrix(amr.tensor(m), contacts) for m in textures])
    assert relative(together - alone, alone) < (1e-9 if X64 else 1e-5)


def test_parameters_do_not_recompile():
    traces = 0

    @jax.jit
    def g(amr: AMR, m: jax.Array) -> jax.Array:
        nonlocal traces
        traces += 1
        return conductance_matrix(amr.tensor(m), LAYOUTS["edge"])

    for conductivity, ratio in ((4e6, 0.03), (3e6, 0.1), (1e6, 0.3)):
        g(AMR(conductivity, ratio), random_texture(MESH))
    assert traces == 1


@pytest.mark.parametrize("layout", ["edge", "grid", "resistive", "direct"])
def test_warm_start_gives_the_same_matrix_for_less(layout: str):
    contacts, amr = LAYOUTS[layout], AMR(4e6, 0.3)
    m = stripes(MESH, 30e-9)
    step = 1e-4
    nudged = m + step * random_texture(MESH)
    nudged = nudged / jnp.linalg.norm(nudged, axis=0, keepdims=True)
    first = read_conductance(amr.tensor(m), contacts)
    again = read_conductance(amr.tensor(nudged), contacts, previous=first)
    cold = read_conductance(amr.tensor(nudged), contacts)
    assert relative(again.conductance - cold.conductance, cold.conductance) < (
        3e-10 if X64 else 1e-5
    )
    assert int(again.iterations) <= int(cold.iterations)
    if X64 and layout != "direct":
        loose = read_conductance(amr.tensor(nudged), contacts, previous=first, tolerance=1e-6)
        error = relative(loose.conductance - cold.conductance, cold.conductance)
        assert int(loose.iterations) == 0
        assert error <= float(loose.error) < 1e-6


def test_warm_start_from_a_different_film_still_converges():
    amr = AMR(4e6, 0.3)
    other = read_conductance(amr.tensor(uniform(MESH, (1, 0, 0))), LAYOUTS["edge"])
    sigma = amr.tensor(random_texture(MESH))
    warm = read_conductance(sigma, LAYOUTS["edge"], previous=other).conductance
    cold = conductance_matrix(sigma, LAYOUTS["edge"])
    assert relative(warm - cold, cold) < (3e-10 if X64 else 1e-5)


def test_current_is_conserved_and_follows_the_conductance_matrix():
    sigma = AMR(4e6, 0.3).tensor(random_texture(MESH))
    voltages = np.array([1.0, 0.2, -0.4, 0.0, 0.7])
    solution = solve_potential(sigma, LAYOUTS["edge"], voltages)
    assert abs(float(jnp.sum(solution.currents))) < (1e-10 if X64 else 1e-4) * float(
        jnp.max(jnp.abs(solution.currents))
    )
    g = np.asarray(conductance_matrix(sigma, LAYOUTS["edge"]))
    assert np.asarray(solution.currents) == pytest.approx(g @ voltages, rel=1e-8 if X64 else 1e-3)


def test_current_density_crosses_every_section_alike():
    mesh = Mesh((40, 30, 2), (4e-9, 4e-9, 5e-9))
    contacts = edge_electrodes((0, 1, 0, 1), mesh, coverage=0.5)
    sigma = AMR(4e6, 0.0).tensor(uniform(mesh, (0, 0, 1)))
    solution = solve_potential(sigma, contacts, [-1e-3, 1e-3])
    assert float(solution.currents[1]) > 0  # into the film at the higher voltage
    crossing = jnp.sum(solution.current_density[0], axis=(1, 2)) * 4e-9 * 5e-9
    middle = np.asarray(crossing)[10:30]
    # From the left (contact 1, +) to the right (contact 0, -): along +x.
    assert middle == pytest.approx(float(solution.currents[1]), rel=2e-3)


def test_current_density_has_the_direction_of_the_field_along_y_too():
    mesh = Mesh((30, 40, 2), (4e-9, 4e-9, 5e-9))
    contacts = edge_electrodes((1, 0, 1, 0), mesh, coverage=1.0)
    sigma = AMR(4e6, 0.0).tensor(uniform(mesh, (0, 0, 1)))
    solution = solve_potential(sigma, contacts, [1e-3, 0.0])  # bottom positive: current along +y
    assert np.asarray(solution.current_density[1]) == pytest.approx(4e6 * 1e-3 / 160e-9, rel=1e-4)
    assert float(jnp.abs(solution.current_density[0]).max()) < 1e-3 * 4e6 * 1e-3 / 160e-9


def test_common_voltage_drives_no_current_and_costs_nothing():
    sigma = AMR(4e6, 0.3).tensor(random_texture(MESH))
    solution = solve_potential(sigma, LAYOUTS["edge"], 5.0 * np.ones(5))
    assert float(jnp.abs(solution.currents).max()) == 0
    assert np.asarray(solution.phi) == pytest.approx(5.0)
    shifted = solve_potential(sigma, LAYOUTS["edge"], [6.0, 5.2, 4.6, 5.0, 5.7])
    plain = solve_potential(sigma, LAYOUTS["edge"], [1.0, 0.2, -0.4, 0.0, 0.7])
    assert relative(shifted.currents - plain.currents, plain.currents) < (1e-8 if X64 else 1e-3)
    assert int(shifted.iterations) < 20


@pytest.mark.parametrize("specific", [1e-13, 1e-12])
def test_reported_error_holds_with_contact_resistance(specific: float):
    if not X64:
        pytest.skip("the errors are below float32")
    contacts = edge_electrodes(4, MESH, contact_resistance=specific)
    sigma = AMR(4e6, 0.3).tensor(random_texture(MESH))
    rough = read_conductance(sigma, contacts, tolerance=1e-2)
    exact = jnp.diagonal(conductance_matrix(sigma, contacts, tolerance=1e-13))
    true = jnp.abs(jnp.diagonal(rough.conductance)[:-1] / exact[:-1] - 1).max()
    assert 0 < float(true) <= float(rough.error)


@pytest.mark.parametrize("layout", ["edge", "resistive"])
@pytest.mark.parametrize("turn", [0.03, 0.3])
def test_error_of_a_reading_that_was_not_solved_again_is_bounded(layout: str, turn: float):
    if not X64:
        pytest.skip("the errors are below float32")
    contacts, amr = LAYOUTS[layout], AMR(4e6, 0.3)
    m = stripes(MESH, 30e-9)
    first = read_conductance(amr.tensor(m), contacts, tolerance=1e-4)
    nudged = m + turn * random_texture(MESH)
    sigma = amr.tensor(nudged / jnp.linalg.norm(nudged, axis=0, keepdims=True))
    again = read_conductance(sigma, contacts, previous=first, tolerance=0.9)
    exact = jnp.diagonal(conductance_matrix(sigma, contacts, tolerance=1e-13))
    true = jnp.abs(jnp.diagonal(again.conductance)[:-1] / exact[:-1] - 1).max()
    assert int(again.iterations) == 0
    # Within the bound, and not so far within that a tenth of it would do.
    assert 0.02 * float(again.error) < float(true) <= float(again.error)


def test_reading_of_other_contacts_is_not_trusted():
    other = edge_electrodes(5, MESH, coverage=0.3)
    sigma = AMR(4e6, 0.3).tensor(random_texture(MESH))
    reading = read_conductance(sigma, other)
    with pytest.raises(SpinlearnValueError, match="other corners"):
        read_conductance(sigma, LAYOUTS["edge"], previous=reading)
    traced = jax.jit(lambda s, r: read_conductance(s, LAYOUTS["edge"], previous=r).conductance)(
        sigma, reading
    )
    cold = conductance_matrix(sigma, LAYOUTS["edge"])
    assert relative(traced - cold, cold) < (3e-10 if X64 else 1e-5)


def test_hall_must_be_said_when_it_cannot_be_seen():
    amr, contacts = AMR(4e6, 0.3, hall=0.2), LAYOUTS["edge"]
    m = random_texture(MESH)
    with pytest.raises(RuntimeError, match="hall=True"):
        jax.jit(lambda m: conductance_matrix(amr.tensor(m), contacts))(m).block_until_ready()
    traced = jax.jit(lambda m: conductance_matrix(amr.tensor(m), contacts, hall=True))(m)
    known = conductance_matrix(amr.tensor(m), contacts)
    assert relative(traced - known, known) < (1e-9 if X64 else 1e-5)


def test_nan_in_traced_code_raises_with_the_remedy():
    amr, contacts = AMR(4e6, 0.3), LAYOUTS["edge"]
    broken = random_texture(MESH).at[0, 3, 3, 0].set(jnp.nan)
    # Where only fields leave the compiled code there is nothing to raise on: they are NaN.
    phi = jax.jit(lambda m: solve_potential(amr.tensor(m), contacts, [1.0, 0, 0, 0, 0]).phi)(broken)
    assert bool(jnp.isnan(phi).any())
    slope = jax.jit(jax.grad(lambda s: conductance_matrix(s, contacts)[0, 1]))
    sigma = amr.tensor(random_texture(MESH)).at[0, 0, 3, 3, 0].set(jnp.nan)
    assert bool(jnp.isnan(slope(sigma)).any())
    with pytest.raises(RuntimeError, match="Look for NaN"):
        jax.jit(lambda m: conductance_matrix(amr.tensor(m), contacts))(broken).block_until_ready()


@pytest.mark.once
@pytest.mark.parametrize("layout", ["edge", "direct"])
def test_traced_conductivity_that_is_not_positive_is_refused_by_name(layout: str):
    contacts, voltages = LAYOUTS[layout], [1.0, 0, 0, 0, 0]
    sigma = AMR(4e6, 0.3).tensor(random_texture(MESH))
    of_sigma = {
        "plain": lambda s: conductance_matrix(s, contacts),
        "hall": lambda s: conductance_matrix(s, contacts, hall=True),
        "currents": lambda s: solve_potential(s, contacts, voltages).currents,
    }
    # Where there is nothing to raise on: NaN, not a number.
    silent = {
        "slope": jax.grad(lambda s: conductance_matrix(s, contacts)[0, 1]),
        "phi": lambda s: solve_potential(s, contacts, voltages).phi,
    }
    compiled = {name: jax.jit(f) for name, f in (of_sigma | silent).items()}
    one, none = sigma.at[0, 0, 5, 5].set(-1e6), sigma.at[:, :, 5, 5].set(0.0)
    for broken in (-sigma, one, none):
        for name in of_sigma:
            with pytest.raises(RuntimeError, match="sigma is not positive"):
                compiled[name](broken).block_until_ready()
        for name in silent:
            assert bool(jnp.isnan(compiled[name](broken)).any())
    assert all(bool(jnp.isfinite(f(sigma)).all()) for f in compiled.values())


@pytest.mark.once
@pytest.mark.skipif(not X64, reason="finite differences of a small change need float64")
@pytest.mark.parametrize("method", ["spectral", "direct"])
def test_derivative_with_respect_to_contact_resistance(method: str):
    sigma = AMR(4e6, 0.03).tensor(stripes(MESH, 40e-9))

    def conductance(specific: Any) -> Any:
        contacts = edge_electrodes(
            3, MESH, coverage=0.45, contact_resistance=specific, method=method
        )
        return conductance_matrix(sigma, contacts, tolerance=1e-12, hall=False)

    at, step = 2e-15, 2e-19
    slope = (conductance(at + step) - conductance(at - step)) / (2 * step)
    assert relative(jax.jacfwd(conductance)(at) - slope, slope) < 1e-5
    assert relative(jax.jacrev(conductance)(at) - slope, slope) < 1e-5
