"""Films with an outline: magnet, current and contacts end where the film does."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from spinlearn import Material, Mesh, SpinlearnValueError, key_from_seed
from spinlearn.experiments.self_learning_film import new_film
from spinlearn.experiments.specs.yu2021 import Yu2021Spec
from spinlearn.magnetics import Demag, Exchange, UniaxialAnisotropy, ZhangLi, random_state, relax
from spinlearn.substrates import Film, HeavyMetal
from spinlearn.transport import AMR, Electrodes, bridge_electrodes, edge_electrodes

KEY = key_from_seed(0)
CELL = (4e-9, 4e-9, 3e-9)
VOLTS = [0.1, -0.1]
# A strip of 12×6 cells, and where it lies in a larger mesh.
LONG, WIDE = 12, 6
INSIDE = np.s_[5 : 5 + LONG, 3 : 3 + WIDE]


def _film(contacts: Electrodes, m: Any, magnetization: Any) -> Film:
    mesh = contacts.mesh
    material = Material(magnetization, 13e-12, 2e4, anisotropy_axis=(0.6, 0.8, 0.0), damping=0.3)
    energy = Exchange(mesh, material) + UniaxialAnisotropy(mesh, material) + Demag(mesh, material)
    return Film(
        energy,
        material,
        AMR(4e6, 0.3),
        contacts,
        m,
        ZhangLi(mesh, material, 0.5, 0.1),
        heavy_metal=HeavyMetal(3e6, 3e-9, 0.1, 0.1),
        oersted=True,
    )


def _alone(m: Any) -> Film:
    mesh = Mesh((LONG, WIDE, 1), CELL)
    return _film(edge_electrodes((0, 1, 0, 1), mesh, coverage=1.0), m, 8e5)


def _cut_out(m: Any) -> Film:
    mesh = Mesh((24, 16, 1), CELL)
    filled = np.zeros((24, 16), bool)
    filled[INSIDE] = True
    ends = np.zeros((2, 25, 17), bool)
    # As on the strip by itself: the first contact on the right.
    ends[0, 5 + LONG, 3 : 4 + WIDE] = ends[1, 5, 3 : 4 + WIDE] = True
    contacts = Electrodes(mesh, ends, outline=filled)
    texture = jnp.zeros((3, 24, 16, 1), m.dtype).at[:, *INSIDE].set(m)
    return _film(contacts, texture, 8e5 * filled[:, :, None])


def test_a_bridge_cut_out_of_a_mesh_learns_as_on_its_own(double: bool) -> None:
    """Exchange, stray and Oersted field, torques and conductance know nothing of the empty cells."""
    m = random_state(Mesh((LONG, WIDE, 1), CELL), key=KEY)
    alone, cut = _alone(m), _cut_out(m)
    first, second = alone.init(key=KEY), cut.init(key=KEY)
    small = 1e-6 if double else 1e-3
    np.testing.assert_allclose(cut.conductance(second), alone.conductance(first), rtol=small)
    first, one = alone.apply(first, VOLTS, 2e-11, key=KEY)
    second, two = cut.apply(second, VOLTS, 2e-11, key=KEY)
    assert float(jnp.max(jnp.abs(first.m - m))) > 0.3
    tight = 1e-3 if double else 1e-2
    np.testing.assert_allclose(second.m[:, *INSIDE], first.m, atol=tight)
    np.testing.assert_allclose(cut.conductance(second), alone.conductance(first), rtol=tight)
    assert float(two.energy) == pytest.approx(float(one.energy), rel=tight)
    assert float(two.details["charge imbalance"]) < (1e-9 if double else 1e-3)
    outside = np.ones((24, 16), bool)
    outside[INSIDE] = False
    assert not np.any(np.asarray(second.m)[:, outside])
    density = cut.potential(second, VOLTS).current_density
    assert not np.any(np.asarray(density)[:, outside])


def test_an_outline_of_the_whole_mesh_changes_nothing(double: bool) -> None:
    m = random_state(Mesh((LONG, WIDE, 1), CELL), key=KEY)
    plain = _alone(m)
    mesh = plain.mesh
    whole = edge_electrodes((0, 1, 0, 1), mesh, coverage=1.0, outline=np.ones((LONG, WIDE)))
    masked = _film(whole, m, np.full(mesh.shape, 8e5))
    turns = []
    for film in (plain, masked):
        density = film.potential(film.init(key=KEY), VOLTS).current_density
        turns.append(np.asarray(film.llg.rhs(m, 0.0, density)))
    small = 1e-9 if double else 1e-4
    np.testing.assert_allclose(turns[1], turns[0], atol=small * np.abs(turns[0]).max())


def test_relaxing_leaves_empty_cells_empty() -> None:
    """The stray field is there, too."""
    film = _cut_out(random_state(Mesh((LONG, WIDE, 1), CELL), key=KEY))
    rest = relax(film.llg.energy, film.init(key=KEY).m, tolerance=1e-2)
    outside = np.ones((24, 16), bool)
    outside[INSIDE] = False
    assert not np.any(np.asarray(rest.m)[:, outside])


def test_what_conducts_without_a_magnet_is_a_lead(double: bool) -> None:
    """A strip whose right half is no magnet: two resistances in series."""
    mesh = Mesh((LONG, WIDE, 1), CELL)
    contacts = edge_electrodes((0, 1, 0, 1), mesh, coverage=1.0)
    magnet = np.zeros(mesh.shape)
    magnet[:6] = 1.0
    m = jnp.zeros((3, *mesh.shape)).at[0, :6].set(1.0)
    film = _film(contacts, m, 8e5 * magnet)
    g = -float(film.conductance(film.init(key=KEY))[0, 1])
    width, half = WIDE * CELL[1], 6 * CELL[0]
    shunt = 3e6 * 3e-9
    along, across = (4e6 / 1.3 * CELL[2] + shunt), (4e6 * CELL[2] + shunt)
    expected = width / (half / along + half / across)
    assert g == pytest.approx(expected, rel=1e-9 if double else 1e-4)


def test_a_magnet_outside_of_the_film_is_refused() -> None:
    film = _cut_out(random_state(Mesh((LONG, WIDE, 1), CELL), key=KEY))
    with pytest.raises(SpinlearnValueError, match="outline"):
        _film(film.electrodes, film.texture, 8e5)


@pytest.mark.once
def test_the_film_of_yu2021_on_other_contacts_ends_at_their_outline() -> None:
    mesh = Mesh((32, 48, 1), (15e-9, 15e-9, 1.5e-9))
    contacts = bridge_electrodes(3, 2, mesh, fill=0.5, width=0.4)
    film = new_film(Yu2021Spec(), contacts, KEY)
    m = film.texture
    assert isinstance(m, jax.Array)
    length = np.sqrt(np.sum(np.asarray(m, float) ** 2, axis=0))[..., 0]
    np.testing.assert_allclose(length, np.asarray(contacts.outline), atol=1e-5)
    g = np.asarray(film.conductance(film.init(key=KEY)), float)
    assert np.all(g[np.triu_indices(6, 1)] <= 1e-7 * np.abs(g).max())
    np.testing.assert_allclose(g.sum(axis=0), 0, atol=1e-5 * np.abs(g).max())
