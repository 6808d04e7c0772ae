"""The conductance matrix against a sparse direct solution of independently assembled elements."""

from __future__ import annotations

import jax
import numpy as np
import pytest
from scipy.sparse import coo_matrix
from scipy.sparse.linalg import splu

from spinlearn import Mesh
from spinlearn.transport import (
    AMR,
    Electrodes,
    conductance_matrix,
    grid_electrodes,
    solve_potential,
)
from tests.textures import random_texture, stripes

pytestmark = pytest.mark.once


def assemble_by_quadrature(sheet: np.ndarray, dx: float, dy: float) -> coo_matrix:
    """Bilinear stiffness by 2×2 Gauss points and shape functions: nothing shared with spinlearn."""
    nx, ny = sheet.shape[2:]
    points = (1 + np.array([-1, 1]) / np.sqrt(3)) / 2
    local = np.zeros((nx, ny, 4, 4))
    for s in points:
        for t in points:
            # Corners (0,0), (1,0), (1,1), (0,1).
            gradient = np.array(
                [
                    [-(1 - t) / dx, (1 - t) / dx, t / dx, -t / dx],
                    [-(1 - s) / dy, -s / dy, s / dy, (1 - s) / dy],
                ]
            )
            local += 0.25 * dx * dy * np.einsum("ai,abxy,bj->xyij", gradient, sheet, gradient)
    number = np.arange((nx + 1) * (ny + 1)).reshape(nx + 1, ny + 1)
    corners = np.stack([number[:-1, :-1], number[1:, :-1], number[1:, 1:], number[:-1, 1:]], -1)
    rows = np.broadcast_to(corners[..., :, None], local.shape).ravel()
    cols = np.broadcast_to(corners[..., None, :], local.shape).ravel()
    size = number.size
    return coo_matrix((local.ravel(), (rows, cols)), shape=(size, size)).tocsc()


def reference(sigma: np.ndarray, mesh: Mesh, masks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Potentials and currents at the corners for 1 V on each contact in turn."""
    dx, dy, dz = mesh.cell
    matrix = assemble_by_quadrature(np.asarray(sigma, float).sum(-1) * dz, dx, dy)
    held = masks.any(0).ravel()
    phi = masks.reshape(len(masks), -1).T.astype(float)
    inner = splu(matrix[~held][:, ~held])
    phi[~held] = inner.solve(-(matrix[~held] @ phi))
    currents = masks.reshape(len(masks), -1).astype(float) @ (matrix @ phi)
    return phi.T.reshape(len(masks), *masks.shape[1:]), currents


def line_masks(mesh: Mesh) -> np.ndarray:
    nx, ny, _ = mesh.shape
    masks = np.zeros((5, nx + 1, ny + 1), bool)
    masks[0, : nx // 3, 0] = True
    masks[1, nx, 2 : ny // 2] = True
    masks[2, nx // 2 : nx - 3, ny] = True
    masks[3, 0, ny // 3 :] = True
    masks[4, nx // 2, ny // 2] = True
    return masks


@pytest.mark.parametrize("hall", [0.0, 0.3])
@pytest.mark.parametrize("method", ["spectral", "direct"])
@pytest.mark.parametrize("ratio", [0.03, 0.3, -0.4])
def test_conductance_of_random_texture(ratio: float, method: str, hall: float):
    mesh = Mesh((30, 23, 2), (3e-9, 5e-9, 4e-9))
    masks = line_masks(mesh)
    sigma = AMR(4e6, ratio, hall=hall).tensor(random_texture(mesh))
    _, exact = reference(np.asarray(sigma), mesh, masks)
    g = conductance_matrix(sigma, Electrodes(mesh, masks, method=method))
    # The default tolerance: 1e-10 in float64.
    bound = 2e-10 if jax.config.jax_enable_x64 else 1e-5
    assert np.abs(np.asarray(g) - exact).max() < bound * np.abs(exact).max()


@pytest.mark.parametrize("hall", [0.0, 0.3])
def test_potential_and_currents(hall: float):
    mesh = Mesh((30, 23, 1), (3e-9, 5e-9, 4e-9))
    masks = line_masks(mesh)
    sigma = AMR(4e6, 0.3, hall=hall).tensor(stripes(mesh, 40e-9))
    phi, currents = reference(np.asarray(sigma), mesh, masks)
    voltages = np.array([1.0, -0.5, 0.2, 0.0, 0.7])
    solution = solve_potential(sigma, Electrodes(mesh, masks), voltages)
    bound = 1e-8 if jax.config.jax_enable_x64 else 1e-4
    expected = np.tensordot(voltages, phi, 1)
    assert np.abs(np.asarray(solution.phi) - expected).max() < bound
    exact = currents @ voltages
    assert np.abs(np.asarray(solution.currents) - exact).max() < bound * np.abs(exact).max()


def test_pads_inside_the_film():
    mesh = Mesh((50, 70, 1), (4e-9, 4e-9, 10e-9))
    contacts = grid_electrodes(7, 5, mesh)
    masks = np.stack([np.asarray(contacts.owner) == k for k in range(35)])
    sigma = AMR(4e6, 0.1).tensor(random_texture(mesh))
    _, exact = reference(np.asarray(sigma), mesh, masks)
    g = np.asarray(conductance_matrix(sigma, contacts))
    bound = 2e-10 if jax.config.jax_enable_x64 else 1e-5
    assert np.abs(g - exact).max() < bound * np.abs(exact).max()


def test_film_with_a_hole():
    mesh = Mesh((32, 32, 1), (4e-9, 4e-9, 10e-9))
    outline = np.ones((32, 32), bool)
    outline[10:20, 8:25] = False
    masks = line_masks(mesh)
    masks[4] = False
    masks[4, 4, 28] = True
    sigma = AMR(4e6, 0.2).tensor(random_texture(mesh))
    void = np.asarray(sigma, float) * outline[:, :, None]
    # The reference cannot have corners without conductance: a trace of film does not count.
    exact = reference(void + 1e-9 * np.asarray(sigma, float), mesh, masks)[1]
    g = np.asarray(conductance_matrix(sigma, Electrodes(mesh, masks, outline=outline)))
    bound = 1e-8 if jax.config.jax_enable_x64 else 1e-5
    assert np.abs(g - exact).max() < bound * np.abs(exact).max()
