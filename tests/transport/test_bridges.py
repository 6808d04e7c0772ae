"""Bridges between pads: each conducts as a wire of its own, whatever the other pads do."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from spinlearn import Mesh, SpinlearnValueError
from spinlearn.transport import (
    AMR,
    bridge_electrodes,
    bridged_pairs,
    conductance_matrix,
    edge_electrodes,
    grid_electrodes,
    solve_potential,
)

CELL = (5e-9, 4e-9, 3e-9)
SIGMA = 4e6


def _uniform(mesh: Mesh) -> Any:
    eye = jnp.eye(2)[:, :, None, None, None]
    return SIGMA * jnp.broadcast_to(eye, (2, 2, *mesh.shape))


def test_numbers_of_bridges() -> None:
    for rows, cols in ((7, 5), (2, 3), (1, 4)):
        straight, triangular = (
            int(bridged_pairs(rows, cols, links=links).sum()) // 2
            for links in ("straight", "triangular")
        )
        assert straight == rows * (cols - 1) + cols * (rows - 1)
        assert triangular == straight + (rows - 1) * (cols - 1)
        assert triangular <= max(3 * rows * cols - 6, rows * cols - 1)  # planar graphs


def test_numbered_like_the_pixels_of_an_image() -> None:
    linked = bridged_pairs(2, 3, links="triangular")
    # 0 1 2
    # 3 4 5
    assert np.flatnonzero(linked[0]).tolist() == [1, 3]
    assert np.flatnonzero(linked[4]).tolist() == [1, 2, 3, 5]
    assert np.array_equal(linked, linked.T)


def test_a_bridge_conducts_as_its_width_over_its_length(double: bool) -> None:
    """σ t w/l, with l from pad to pad; nothing between pads without a bridge; charge is kept."""
    mesh = Mesh((48, 32, 1), CELL)
    contacts = bridge_electrodes(2, 3, mesh, fill=0.5, width=0.25)
    g = np.asarray(conductance_matrix(_uniform(mesh), contacts), float)
    # Pads of 8×8 cells at a pitch of 16: 8 cells between them; bridges are 0.25·64 nm wide.
    dx, dy, dz = CELL
    # Either way four cells have their middles within that.
    along_x, along_y = 4 * dy / (8 * dx), 4 * dx / (8 * dy)
    expected = np.zeros((6, 6))
    for i, j in ((0, 1), (1, 2), (3, 4), (4, 5)):
        expected[i, j] = expected[j, i] = -SIGMA * dz * along_x
    for i, j in ((0, 3), (1, 4), (2, 5)):
        expected[i, j] = expected[j, i] = -SIGMA * dz * along_y
    expected -= np.diag(expected.sum(axis=1))
    tight = 1e-9 if double else 1e-5
    np.testing.assert_allclose(g, expected, atol=tight * np.abs(g).max())


def test_a_bridge_cut_out_of_a_mesh_conducts_as_on_its_own(double: bool) -> None:
    mesh = Mesh((48, 16, 1), CELL)
    contacts = bridge_electrodes(1, 3, mesh, fill=0.5, width=0.45)
    inside = np.asarray(contacts.outline) > 0
    x, y = (np.asarray(v) for v in mesh.coordinates()[:2])
    turn = 7e7 * x[:, None] + 4e7 * y[None, :]
    m = jnp.asarray(np.stack([np.cos(turn), np.sin(turn), 0 * turn])[..., None] * inside[..., None])
    amr = AMR(SIGMA, 0.5)
    whole = conductance_matrix(amr.tensor(m, contacts.outline), contacts)
    # The first bridge: between the pads' inner edges.
    rows = np.flatnonzero(inside[16])
    own = Mesh((8, len(rows), 1), CELL)
    ends = edge_electrodes((0, 1, 0, 1), own, coverage=1.0)
    cut = m[:, 12:20, rows[0] : rows[-1] + 1]
    single = conductance_matrix(amr.tensor(cut), ends)
    assert float(whole[0, 1]) == pytest.approx(float(single[0, 1]), rel=1e-9 if double else 1e-5)


@pytest.mark.parametrize("links", ["straight", "triangular"])
def test_a_bridge_carries_the_current_of_its_own_pads_alone(links: Any, double: bool) -> None:
    mesh = Mesh((60, 60, 1), (5e-9, 5e-9, 3e-9))
    contacts = bridge_electrodes(3, 3, mesh, links=links, fill=0.5, width=0.2)
    linked = bridged_pairs(3, 3, links=links)
    g = np.asarray(conductance_matrix(_uniform(mesh), contacts), float)
    apart = ~linked & ~np.eye(9, dtype=bool)
    assert np.abs(g[apart]).max() < (1e-9 if double else 1e-5) * np.abs(g[linked]).min()
    # All others at other voltages do not change the field on the bridge of pads 0 and 1.
    some = np.array([0.3, -0.2, 0.7, 0.1, -0.5, 0.4, -0.9, 0.2, 0.6])
    others = some * [1, 1, -2, 3, -1, 0, 2, -1, 4]
    fields = [
        np.asarray(solve_potential(_uniform(mesh), contacts, volts).current_density)
        for volts in (some, others)
    ]
    between = np.s_[:2, 16:24, 50, 0]  # from pad 0 at (5..15, 45..55) to pad 1 at (25..35, ...)
    first, second = (field[between] for field in fields)
    np.testing.assert_allclose(first, second, atol=1e-5 * np.abs(first).max())
    assert first[0].mean() == pytest.approx(SIGMA * 0.5 / (10 * 5e-9), rel=1e-4)


def test_a_wide_bridge_comes_near_the_whole_film_of_a_grid() -> None:
    """Neighbours on a plain film have a little more: currents spread beside the bridge."""
    mesh = Mesh((48, 48, 1), (5e-9, 5e-9, 3e-9))
    plain = conductance_matrix(_uniform(mesh), grid_electrodes(3, 3, mesh, fill=0.5))
    cut = conductance_matrix(_uniform(mesh), bridge_electrodes(3, 3, mesh, fill=0.5, width=0.499))
    ratio = float(plain[3, 4] / cut[3, 4])
    assert 1.0 < ratio < 1.6


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"links": "crossed"}, "links"),
        ({"width": 0.5}, "width"),
        ({"width": 0.0}, "width"),
        ({"outline": np.ones((24, 24))}, "outline"),
        ({"fill": 1.0}, "fill"),
        ({"links": "triangular", "fill": 0.5, "width": 0.45}, "width"),
    ],
)
def test_what_is_no_set_of_bridges(options: dict[str, Any], field: str) -> None:
    mesh = Mesh((24, 24, 1), CELL)
    with pytest.raises(SpinlearnValueError, match=field):
        bridge_electrodes(2, 2, mesh, **({"fill": 0.4} | options))  # pyright: ignore[reportArgumentType]
