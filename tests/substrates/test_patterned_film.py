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
from spinlearn.substrates.film import _FilmDrive
from spinlearn.transport import AMR, Electrodes, bridge_electrodes, edge_electrodes

pytestmark = pytest.mark.once

KEY = key_from_seed(0)
CELL = (4e-9, 4e-9, 3e-9)
VOLTS = [0.1, -0.1]
# A strip of 12×6 cells, and where it lies in a larger mesh.
LONG, WIDE = 12, 6
INSIDE = np.s_[5 : 5 + LONG, 3 : 3 + WIDE]
OUTSIDE = np.ones((24, 16), bool)
OUTSIDE[INSIDE] = False


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


def _turn(film: Film) -> tuple[np.ndarray, np.ndarray]:
    """How fast m turns at the voltages, rad/s, and the field of the current, A/m."""
    state = film.init(key=KEY)
    drive = _FilmDrive(film, jnp.asarray(VOLTS, state.m.dtype))
    zero = jnp.zeros((), state.m.dtype)
    supply = drive.supply(zero, state.m, drive.begin(zero, state.m))
    rate = film.llg.rhs(state.m, 0.0, supply.current_density, supply.field)
    assert supply.field is not None
    return np.asarray(rate), np.asarray(supply.field)


def test_a_bridge_cut_out_of_a_mesh_moves_as_on_its_own(double: bool) -> None:
    """Exchange, stray and Oersted field, torques and G know nothing of the empty cells."""
    m = random_state(Mesh((LONG, WIDE, 1), CELL), key=KEY)
    alone, cut = _alone(m), _cut_out(m)
    small = 1e-9 if double else 1e-3
    first, second = (np.asarray(film.conductance(film.init(key=KEY))) for film in (alone, cut))
    np.testing.assert_allclose(second, first, rtol=small)
    (one, own), (two, same) = _turn(alone), _turn(cut)
    np.testing.assert_allclose(two[:, *INSIDE], one, atol=small * np.abs(one).max())
    np.testing.assert_allclose(same[:, *INSIDE], own, atol=small * np.abs(own).max())
    assert not np.any(two[:, OUTSIDE])


def test_a_patterned_film_learns_inside_of_its_outline(double: bool) -> None:
    m = random_state(Mesh((LONG, WIDE, 1), CELL), key=KEY)
    film = _cut_out(m)
    state, record = film.apply(film.init(key=KEY), VOLTS, 5e-12, key=KEY)
    assert float(jnp.max(jnp.abs(state.m[:, *INSIDE] - m))) > 0.1
    assert not np.any(np.asarray(state.m)[:, OUTSIDE])
    assert not np.any(np.asarray(film.potential(state, VOLTS).current_density)[:, OUTSIDE])
    assert float(record.energy) > 0
    assert float(record.details["charge imbalance"]) < (1e-9 if double else 1e-3)


def test_an_outline_of_the_whole_mesh_changes_nothing(double: bool) -> None:
    m = random_state(Mesh((LONG, WIDE, 1), CELL), key=KEY)
    plain = _alone(m)
    mesh = plain.mesh
    whole = edge_electrodes((0, 1, 0, 1), mesh, coverage=1.0, outline=np.ones((LONG, WIDE)))
    masked = _film(whole, m, np.full(mesh.shape, 8e5))
    first, second = _turn(plain)[0], _turn(masked)[0]
    small = 1e-9 if double else 1e-3
    np.testing.assert_allclose(second, first, atol=small * np.abs(first).max())


def test_relaxing_leaves_empty_cells_empty() -> None:
    """The stray field is there, too."""
    film = _cut_out(random_state(Mesh((LONG, WIDE, 1), CELL), key=KEY))
    rest = relax(film.llg.energy, film.init(key=KEY).m, tolerance=1e-2)
    assert not np.any(np.asarray(rest.m)[:, OUTSIDE])


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
    film = new_film(Yu2021Spec(), contacts, KEY)  # pyright: ignore[reportCallIssue]
    m = film.texture
    assert isinstance(m, jax.Array)
    length = np.sqrt(np.sum(np.asarray(m, float) ** 2, axis=0))[..., 0]
    np.testing.assert_allclose(length, np.asarray(contacts.outline), atol=1e-5)
    g = np.asarray(film.conductance(film.init(key=KEY)), float)
    assert np.all(g[np.triu_indices(6, 1)] <= 1e-7 * np.abs(g).max())
    np.testing.assert_allclose(g.sum(axis=0), 0, atol=1e-5 * np.abs(g).max())
