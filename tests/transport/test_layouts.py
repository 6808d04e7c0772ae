"""Where the contacts of a layout sit, which number each one has, and how large it is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from spinlearn import Mesh
from spinlearn.transport import (
    AMR,
    Electrodes,
    conductance_matrix,
    disc_electrodes,
    edge_electrodes,
    grid_electrodes,
    solve_potential,
)
from tests.textures import uniform


def centres(contacts: Electrodes) -> np.ndarray:
    """Mean position of each contact's corners, m, ``(n, 2)``."""
    x, y = contacts.mesh.corners()
    owner = np.asarray(contacts.owner)
    on_contact = [np.nonzero(owner == k) for k in range(contacts.count)]
    return np.array([(x[i].mean(), y[j].mean()) for i, j in on_contact])


def test_pads_of_a_grid_are_numbered_like_the_pixels_of_an_image():
    mesh = Mesh((60, 40, 1), (1e-9, 2e-9, 5e-9))
    found = centres(grid_electrodes(2, 3, mesh))
    top, bottom, columns = 60e-9, 20e-9, (10e-9, 30e-9, 50e-9)
    expected = [(x, top) for x in columns] + [(x, bottom) for x in columns]
    assert found == pytest.approx(np.array(expected), abs=1e-9)


def test_contacts_on_the_edge_begin_at_start_and_go_on_counter_clockwise():
    mesh = Mesh((40, 20, 1), (2e-9, 4e-9, 5e-9))  # 80 nm × 80 nm
    found = centres(edge_electrodes(4, mesh, start=60e-9, coverage=0.2))
    assert found * 1e9 == pytest.approx(np.array([(60, 0), (80, 60), (20, 80), (0, 20)]), abs=1)
    found = centres(edge_electrodes(4, mesh, coverage=0.2))
    assert found * 1e9 == pytest.approx(np.array([(40, 0), (80, 40), (40, 80), (0, 40)]), abs=1)
    backwards = centres(edge_electrodes(4, mesh, start=-20e-9, coverage=0.2))
    assert backwards[0] * 1e9 == pytest.approx(np.array([0, 20]), abs=1)


def test_contacts_counted_per_side_go_counter_clockwise():
    mesh = Mesh((80, 40, 1), (1e-9, 2e-9, 5e-9))
    found = centres(edge_electrodes((2, 1, 2, 1), mesh, coverage=0.4)) * 1e9
    expected = [(20, 0), (60, 0), (80, 40), (60, 80), (20, 80), (0, 40)]
    assert found == pytest.approx(np.array(expected), abs=1)


def test_contacts_of_a_disc_begin_at_start_and_go_on_counter_clockwise():
    mesh = Mesh((64, 64, 1), (1e-9, 1e-9, 5e-9))
    found = centres(disc_electrodes(5, mesh, start=0.3)) - 32e-9
    angle = np.arctan2(found[:, 1], found[:, 0])
    expected = 0.3 + 2 * np.pi * np.arange(5) / 5
    assert np.exp(1j * angle) == pytest.approx(np.exp(1j * expected), abs=0.06)  # of two cells


@pytest.mark.parametrize("along", [0, 1])
def test_area_of_a_line_drawn_on_corners_is_its_length_times_the_thickness(along: int):
    # So large a contact resistance is all there is: that of the two lines in series.
    mesh = Mesh((24, 30, 2), (3e-9, 4e-9, 5e-9))
    masks = np.zeros((2, 25, 31), bool)
    if along == 0:
        masks[0, 3:13, 0], masks[1, 5:15, -1] = True, True
    else:
        masks[0, 0, 3:13], masks[1, -1, 5:15] = True, True
    specific = 1e-9
    contacts = Electrodes(mesh, masks, contact_resistance=specific)
    g = conductance_matrix(AMR(4e6, 0.0).tensor(uniform(mesh, (0, 0, 1))), contacts)
    area = 9 * (3e-9, 4e-9)[along] * 10e-9
    assert float(g[0, 0]) == pytest.approx(area / specific / 2, rel=1e-4)


def test_numbers_of_numpy_are_numbers():
    mesh = Mesh((24, 24, 1), (4e-9, 4e-9, 10e-9))
    half: Any = np.float32(0.5)
    third: Any = np.float32(0.3)
    one: Any = np.int64(1)
    counts: Any = np.array([1, 2, 1, 0])
    start: Any = np.asarray(20e-9)
    two: Any = np.int64(2)
    three: Any = np.int32(3)
    four: Any = np.uint8(4)
    same: list[tuple[Electrodes, Electrodes]] = [
        (edge_electrodes(four, mesh, coverage=half), edge_electrodes(4, mesh, coverage=0.5)),
        (edge_electrodes((one,) * 4, mesh), edge_electrodes((1, 1, 1, 1), mesh)),
        (edge_electrodes(counts, mesh), edge_electrodes((1, 2, 1, 0), mesh)),
        (
            edge_electrodes(4, mesh, start=start),
            edge_electrodes(4, mesh, start=20e-9),
        ),
        (grid_electrodes(two, three, mesh, fill=third), grid_electrodes(2, 3, mesh, fill=0.3)),
        (
            disc_electrodes(three, mesh, start=one, coverage=half),
            disc_electrodes(3, mesh, start=1.0, coverage=0.5),
        ),
    ]
    for found, expected in same:
        assert found.count == expected.count
        assert np.array_equal(found.owner, expected.owner)
    sigma = AMR(np.float32(4e6), np.float32(0.25)).tensor(uniform(mesh, (1, 0, 0)))
    contacts = same[0][1]
    tolerance: Any = np.float32(1e-3)
    g = conductance_matrix(sigma, contacts, tolerance=tolerance)
    assert np.array_equal(g, conductance_matrix(sigma, contacts, tolerance=float(tolerance)))
    solve_potential(sigma, contacts, np.arange(4), tolerance=tolerance)
