"""Fields of `solve_potential`: direction and size of the current density, potential outside."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest

from spinlearn import Mesh
from spinlearn.transport import (
    AMR,
    Electrodes,
    disc_electrodes,
    edge_electrodes,
    solve_potential,
)
from tests.textures import uniform


@pytest.mark.parametrize("covered", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("along", [0, 1])
def test_under_the_edge_of_a_pad_it_is_that_beside_the_metal(along: int, covered: float):
    # A bar: the current density is I/(W t) wherever no metal shorts the film.
    shape = (20, 4) if along == 0 else (4, 20)
    mesh = Mesh((*shape, 1), (4e-9, 4e-9, 10e-9))
    pads = np.zeros((2, 20, 4))
    pads[0, :4], pads[0, 4], pads[1, 15], pads[1, 16:] = 1, covered, 0.3, 1
    pads = pads if along == 0 else pads.swapaxes(1, 2)
    sigma = AMR(4e6, 0.0).tensor(uniform(mesh, (0, 0, 1)))
    solution = solve_potential(sigma, Electrodes(mesh, pads), [1e-3, 0.0])
    expected = np.zeros(20)
    expected[4:16] = float(solution.currents[0]) / (4 * 4e-9 * 10e-9)
    found = np.moveaxis(np.asarray(solution.current_density[along, :, :, 0]), along, 0)
    assert np.abs(found - expected[:, None]).max() < 1e-4 * expected.max()


def test_on_the_rim_of_a_disc_it_dissipates_what_the_contacts_deliver():
    mesh = Mesh((96, 96, 1), (1e-9, 1e-9, 1e-9))
    contacts = disc_electrodes(2, mesh, radius=45e-9)
    sigma = AMR(4e6, 0.0).tensor(uniform(mesh, (0, 0, 1)))
    solution = solve_potential(sigma, contacts, [1.0, 0.0])
    fine = (np.arange(8 * 96) + 0.5) / 8 - 48
    film = (np.hypot(fine[:, None], fine) < 45).reshape(96, 8, 96, 8).mean((1, 3))
    density = np.asarray(solution.current_density[..., 0], np.float64)
    power = np.sum(density**2 / 4e6 * film) * 1e-27
    assert power == pytest.approx(float(solution.currents[0]), rel=0.01)


def test_with_hall_effect_it_runs_along_the_bar():
    # The charge on the sides turns the field, not the current.
    mesh = Mesh((120, 20, 1), (3e-9, 4e-9, 10e-9))
    contacts = edge_electrodes((0, 1, 0, 1), mesh, coverage=1.0)
    sigma = AMR(4e6, 0.0, hall=0.5).tensor(uniform(mesh, (0, 0, 1)))
    solution = solve_potential(sigma, contacts, [0.0, 1e-3])
    along, across = (np.asarray(solution.current_density[i, 60, :, 0]) for i in (0, 1))
    crossing = along.sum() * 4e-9 * 10e-9
    assert crossing == pytest.approx(float(solution.currents[1]), rel=1e-3)
    assert np.abs(across).max() < 0.02 * along.max()


def test_potential_is_zero_where_there_is_no_film():
    mesh = Mesh((12, 8, 1), (4e-9, 4e-9, 10e-9))
    outline = np.ones((12, 8), bool)
    outline[3:9, 2:6] = False
    ends = np.zeros((2, 13, 9), bool)
    ends[0, 0], ends[1, -1] = True, True
    sigma = AMR(4e6, 0.0).tensor(uniform(mesh, (0, 0, 1)))
    solution = solve_potential(sigma, Electrodes(mesh, ends, outline=outline), [2.0, 1.0])
    hole = np.zeros((13, 9), bool)
    hole[4:9, 3:6] = True  # the corners of empty cells alone
    phi = np.asarray(solution.phi)
    assert np.all(phi[hole] == 0)
    assert np.all(phi[~hole] >= 1 - 1e-6)
    assert float(jnp.abs(solution.current_density[:, 3:9, 2:6]).max()) == 0
