"""Heat of a film over a pulse, integrated without its own accounts of energy and charge."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from spinlearn import Material, Mesh, key_from_seed
from spinlearn.experiments.self_learning_film import four_contacts
from spinlearn.experiments.specs.yu2021 import FourContactsTable
from spinlearn.magnetics import Exchange, UniaxialAnisotropy, ZhangLi, vortex_state
from spinlearn.substrates import Film, HeavyMetal
from spinlearn.transport import AMR, edge_electrodes

pytestmark = pytest.mark.once

KEY = key_from_seed(0)
MATERIAL = Material(8e5, 13e-12, 1e4, anisotropy_axis=(1.0, 0.0, 0.0), damping=0.3)
VOLTS = np.array([0.3, -0.3, 0.2, -0.1])
STEP, STEPS, UPDATES = 2e-13, 20, 6  # s, steps under one current, updates


def _ring() -> Film:
    """A pad and three arcs, a heavy metal, AMR and the current's own field."""
    mesh = Mesh((24, 24, 1), (5e-9, 5e-9, 2e-9))
    return _film(
        mesh,
        four_contacts(mesh, FourContactsTable(layout="ring", size=0.2, arc=0.6)),
        heavy_metal=HeavyMetal(3e6, 3e-9, 0.1, 0.3),
        oersted=True,
    )


def _edges() -> Film:
    """Partial contacts whose ends lie between corners: springs tie them to the metal."""
    mesh = Mesh((20, 16, 1), (4e-9, 5e-9, 2e-9))
    film = _film(mesh, edge_electrodes(4, mesh, coverage=0.43), ZhangLi(mesh, MATERIAL, 0.5, 0.1))
    assert int(jnp.sum(film.electrodes.end_spring > 0)) == 8
    return film


def _film(mesh: Mesh, contacts: Any, torques: Any = (), **layers: Any) -> Film:
    energy = Exchange(mesh, MATERIAL) + UniaxialAnisotropy(mesh, MATERIAL)
    return Film(
        energy,
        MATERIAL,
        AMR(4e6, 0.3),
        contacts,
        vortex_state(mesh),
        torques,
        step=STEP,
        steps_per_update=STEPS,
        **layers,
    )


def _sheet(film: Film, m: Any) -> np.ndarray:
    """Sheet conductance of both layers, ``(2, 2, nx, ny)``, S: σ⊥ I + (σ∥ - σ⊥) m⊗m, and metal."""
    amr, thickness = film.conductivity, float(film.mesh.cell[2])
    across = float(amr.conductivity)
    along = across / (1 + float(amr.ratio))
    plane = np.asarray(m, float)[:2, ..., 0]
    unit = np.eye(2)[:, :, None, None]
    sheet = thickness * (across * unit + (along - across) * plane[:, None] * plane[None])
    if film.heavy_metal is not None:
        metal = film.heavy_metal
        sheet = sheet + float(metal.conductivity) * float(metal.thickness) * unit
    return sheet


def _heat_and_currents(film: Film, m: Any, volts: np.ndarray) -> tuple[float, np.ndarray]:
    """Heat (W) and current into the film at every contact (A), from φ at the corners alone."""
    phi = np.asarray(film.potential(_with(film, m), jnp.asarray(volts, m.dtype)).phi, float)
    sheet = _sheet(film, m)
    dx, dy = (float(film.mesh.cell[i]) for i in (0, 1))
    corners = np.stack([phi[:-1, :-1], phi[1:, :-1], phi[:-1, 1:], phi[1:, 1:]])
    heat, drawn = 0.0, np.zeros_like(corners)
    near, far = 0.5 - 0.5 / np.sqrt(3), 0.5 + 0.5 / np.sqrt(3)
    for u in (near, far):
        for v in (near, far):
            # Gradients of the four shape functions of a cell at a Gauss point, 1/m.
            slopes = np.array(
                [
                    [-(1 - v) / dx, (1 - v) / dx, -v / dx, v / dx],
                    [-(1 - u) / dy, -u / dy, (1 - u) / dy, u / dy],
                ]
            )
            gradient = np.einsum("ac,cxy->axy", slopes, corners)
            flux = np.einsum("abxy,bxy->axy", sheet, gradient) * dx * dy / 4
            heat += float(np.sum(gradient * flux))
            drawn += np.einsum("ac,axy->cxy", slopes, flux)
    node = np.zeros_like(phi)
    for part, (i, j) in zip(drawn, ((0, 0), (1, 0), (0, 1), (1, 1)), strict=True):
        node[i : i + part.shape[0], j : j + part.shape[1]] += part
    owner = np.asarray(film.electrodes.owner)
    # A spring at a contact's end takes the conductance of the cells around its corner.
    root = np.sqrt(sheet[0, 0] * sheet[1, 1] - sheet[0, 1] ** 2)
    total, number = (np.pad(part, 1) for part in (root, np.ones_like(root)))
    around = [p[1:, 1:] + p[:-1, 1:] + p[1:, :-1] + p[:-1, :-1] for p in (total, number)]
    spring = np.asarray(film.electrodes.end_spring, float) * around[0] / around[1]
    drop = np.where(owner >= 0, volts[np.maximum(owner, 0)] - phi, 0.0)
    heat += float(np.sum(spring * drop**2))
    held = (owner >= 0) & (spring == 0)
    current = np.where(held, node, spring * drop)
    return heat, np.array([np.sum(current[owner == k]) for k in range(len(volts))])


def _with(film: Film, m: Any) -> Any:
    state = film.init(key=KEY)
    return type(state)(m, state.time, state.steps, state.step)


@pytest.mark.parametrize("make", [_ring, _edges])
def test_heat_of_the_film_is_the_energy_of_a_pulse(make: Any, double: bool) -> None:
    """Under one current after another; then in one pulse that finds its currents by itself."""
    film = make()
    volts = jnp.asarray(VOLTS, jnp.result_type(float))
    state, length = film.init(key=KEY), STEPS * STEP
    heats, energies, charges = [], [], []
    for _ in range(UPDATES):
        heat, currents = _heat_and_currents(film, state.m, VOLTS)
        state, record = film.apply(state, volts, length, key=KEY)
        assert int(record.details["updates"]) == 1
        heats.append(heat * length)
        energies.append(float(record.energy))
        charge = np.asarray(record.charge, float)
        largest = np.abs(charge).max()
        assert abs(charge.sum()) < (1e-9 if double else 1e-3) * largest
        assert float(record.details["charge imbalance"]) < (1e-9 if double else 1e-3)
        np.testing.assert_allclose(
            charge, currents * length, rtol=0, atol=(1e-9 if double else 1e-3) * largest
        )
        charges.append(charge)
    np.testing.assert_allclose(energies, heats, rtol=1e-9 if double else 1e-4)
    # The texture moves, so that its heat does.
    assert abs(heats[-1] / heats[0] - 1) > 1e-4
    whole, record = film.apply(film.init(key=KEY), volts, UPDATES * length, key=KEY)
    assert int(record.details["updates"]) == UPDATES
    np.testing.assert_allclose(whole.m, state.m, atol=1e-9 if double else 1e-4)
    assert float(record.energy) == pytest.approx(sum(heats), rel=1e-6 if double else 1e-4)
    np.testing.assert_allclose(
        record.charge, np.sum(charges, axis=0), rtol=1e-6 if double else 1e-3
    )
