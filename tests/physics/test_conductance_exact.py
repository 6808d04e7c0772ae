"""Conductances with a closed form: mapped contacts, bars, annulus, van der Pauw, contact metal."""

from __future__ import annotations

from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from spinlearn import Mesh
from spinlearn.transport import (
    AMR,
    Electrodes,
    conductance_matrix,
    disc_electrodes,
    edge_electrodes,
    read_conductance,
)
from tests.textures import random_texture, uniform

pytestmark = pytest.mark.once

X64 = jnp.result_type(float) == jnp.float64

# A square whose four contacts each cover the middle fraction f of a side is the conformal image of
# a disc with four equal arcs and gaps; there G is a circulant with eigenvalues 2 sin(pi m/N)/R_s.
SQUARE_FRACTION = 0.3168871007854949


def disc_row(n: int) -> np.ndarray:
    """First row of R_s G for n equal arcs and gaps on a disc."""
    k = np.arange(n)
    eigenvalues = 2 * np.sin(np.pi * k / n)
    return np.array([np.mean(eigenvalues * np.cos(2 * np.pi * k * j / n)) for j in range(n)])


def unit_sheet(mesh: Mesh) -> jax.Array:
    """An isotropic film of sheet conductance 1 S."""
    return AMR(1.0 / mesh.thickness, 0.0).tensor(uniform(mesh, (0, 0, 1)))


def circulant_error(g: np.ndarray) -> float:
    row = disc_row(g.shape[0])
    n = g.shape[0]
    exact = np.array([[row[(j - i) % n] for j in range(n)] for i in range(n)])
    return float(np.abs(g - exact).max() / row[0])


def square_error(cells: int, **layout: object) -> float:
    mesh = Mesh((cells, cells, 1), (1e-9, 1e-9, 1e-9))
    contacts = edge_electrodes(4, mesh, coverage=SQUARE_FRACTION)
    return circulant_error(np.asarray(conductance_matrix(unit_sheet(mesh), contacts)))


def held_square_error(cells: int) -> float:
    """The same without ties: contact ends rounded to corners, the plain first-order method."""
    mesh = Mesh((cells, cells, 1), (1e-9, 1e-9, 1e-9))
    first = round((1 - SQUARE_FRACTION) / 2 * cells)
    masks = np.zeros((4, cells + 1, cells + 1), bool)
    middle = slice(first, cells - first + 1)
    masks[0, middle, 0] = masks[1, -1, middle] = masks[2, middle, -1] = masks[3, 0, middle] = True
    return circulant_error(
        np.asarray(conductance_matrix(unit_sheet(mesh), Electrodes(mesh, masks)))
    )


def test_disc_row_is_the_published_one():
    np.testing.assert_allclose(disc_row(4), [1.207107, -0.5, -0.207107, -0.5], atol=1e-6)
    np.testing.assert_allclose(
        disc_row(6)[:4], [1.244017, -0.455342, -0.122008, -0.089316], atol=1e-6
    )


def test_square_contacts_end_between_corners_without_first_order_error():
    errors = [square_error(n) for n in (50, 101, 202)]
    # The ends fall at 17.08, 34.50 and 68.99 corners: on, between and near corners alike.
    assert errors[2] < 1e-5
    orders = np.log2(np.array(errors[:-1]) / errors[1:])
    if X64:
        assert orders.min() > 1.8


def test_square_contacts_on_corners_converge_at_first_order():
    # Where the ends happen to lie on corners (202, 404 cells) held corners alone are first-order.
    errors = [held_square_error(n) for n in (202, 404)]
    assert errors[0] == pytest.approx(4.1e-3 / 1.2071, rel=0.1)
    assert 0.9 < np.log2(errors[0] / errors[1]) < 1.1


@pytest.mark.parametrize("ratio", [0.5, 2.0])
def test_contact_ends_are_exact_for_oblong_cells(ratio: float):
    # The square again, on cells of another aspect: the ends' overhang depends on it.
    nx, ny = 128, round(128 / ratio)
    mesh = Mesh((nx, ny, 1), (1e-9, ratio * 1e-9, 1e-9))
    contacts = edge_electrodes((1, 1, 1, 1), mesh, coverage=SQUARE_FRACTION)
    g = np.asarray(conductance_matrix(unit_sheet(mesh), contacts))
    assert circulant_error(g) < 1.5e-4


@pytest.mark.parametrize(
    ("n", "cells", "bound"), [(3, 256, 0.01), (4, 256, 0.01), (6, 256, 0.01), (35, 512, 0.02)]
)
def test_disc(n: int, cells: int, bound: float):
    mesh = Mesh((cells, cells, 1), (1e-9, 1e-9, 1e-9))
    g = np.asarray(conductance_matrix(unit_sheet(mesh), disc_electrodes(n, mesh, start=np.pi / n)))
    assert circulant_error(g) < bound


def test_disc_with_many_contacts_converges():
    # How the rim cuts the cells scatters from mesh to mesh: compare means over a few.
    def error(*sizes: int) -> float:
        errors = []
        for cells in sizes:
            mesh = Mesh((cells, cells, 1), (1e-9, 1e-9, 1e-9))
            g = conductance_matrix(unit_sheet(mesh), disc_electrodes(12, mesh))
            errors.append(circulant_error(np.asarray(g)))
        return float(np.mean(errors))

    assert error(176, 192, 208) < 0.55 * error(56, 64, 72)


@pytest.mark.parametrize(("direction", "along"), [((1, 0, 0), True), ((0, 1, 0), False)])
def test_uniform_amr_bar_is_exact(direction: tuple[float, float, float], along: bool):
    mesh = Mesh((40, 24, 2), (3e-9, 4e-9, 5e-9))
    amr = AMR(4e6, 0.3)
    contacts = edge_electrodes((0, 1, 0, 1), mesh, coverage=1.0)
    g = conductance_matrix(amr.tensor(uniform(mesh, direction)), contacts)
    sigma = 4e6 / 1.3 if along else 4e6
    length, width, thickness = mesh.extent
    exact = sigma * thickness * width / length
    tight = 1e-10 if X64 else 1e-5
    np.testing.assert_allclose(np.asarray(g), exact * np.array([[1, -1], [-1, 1]]), rtol=tight)


@pytest.mark.parametrize("degrees", [0, 20, 45, 70, 90])
def test_bar_with_magnetization_at_an_angle(degrees: float):
    # In a long bar the transverse current is zero: rho = rho_perp + (rho_par - rho_perp) cos².
    mesh = Mesh((512, 16, 1), (4e-9, 4e-9, 10e-9))
    a = np.radians(degrees)
    contacts = edge_electrodes((0, 1, 0, 1), mesh, coverage=1.0)
    g = conductance_matrix(AMR(4e6, 0.3).tensor(uniform(mesh, (np.cos(a), np.sin(a), 0))), contacts)
    length, width, thickness = mesh.extent
    resistivity = width * thickness / length / float(g[0, 0])
    assert resistivity == pytest.approx((1 + 0.3 * np.cos(a) ** 2) / 4e6, rel=2e-3)


def test_stretched_cells_are_a_stretched_film():
    # Uniform m along x: stretching x by sqrt(sigma_par/sigma_perp) turns the film isotropic.
    cells, ratio = 128, 0.3
    disc = Mesh((cells, cells, 1), (1e-9, 1e-9, 2e-9))
    ellipse = Mesh((cells, cells, 1), (1e-9 / np.sqrt(1 + ratio), 1e-9, 2e-9))
    around = disc_electrodes(4, disc, start=np.pi / 4)
    masks = np.stack([np.asarray((around.owner == k) & ~around.free) for k in range(4)])
    outline = np.asarray(around.outline)
    film = AMR(4e6, ratio).tensor(uniform(ellipse, (1, 0, 0)))
    g = conductance_matrix(film, Electrodes(ellipse, masks, outline=outline))
    same = conductance_matrix(unit_sheet(disc), Electrodes(disc, masks, outline=outline))
    scale = 2e-9 * 4e6 / np.sqrt(1 + ratio)
    tight = 1e-10 if X64 else 2e-5
    assert float(jnp.abs(g / scale - same).max()) < tight


def ellipse_error(cells: int, ratio: float, direction: tuple[float, float, float]) -> float:
    """Error of an ellipse on square cells that m along x and the AMR ratio make a disc."""
    squeeze = np.sqrt(1 + ratio)
    fine = (np.arange(8 * cells) + 0.5) / 8 - cells / 2
    x, y = np.meshgrid(fine * squeeze, fine, indexing="ij")
    r, angle, radius = np.hypot(x, y), np.arctan2(y, x), cells / 2 - 2.5
    quarter = np.floor((angle + np.pi / 4) / (np.pi / 2)).astype(int) % 4
    off_centre = np.abs((angle + np.pi / 4) % (np.pi / 2) - np.pi / 4)
    metal = (r >= radius) & (r < radius + 3) & (off_centre < np.pi / 8)

    def part(points: np.ndarray) -> np.ndarray:
        return points.reshape(cells, 8, cells, 8).mean((1, 3))

    masks = np.stack([part(metal & (quarter == k)) for k in range(4)])
    outline = np.minimum(part(r < radius) + masks.sum(0), 1)
    mesh = Mesh((cells, cells, 1), (1e-9, 1e-9, 2e-9))
    film = AMR(squeeze / 2e-9, ratio).tensor(uniform(mesh, direction))
    g = conductance_matrix(film, Electrodes(mesh, masks, outline=outline))
    return circulant_error(np.asarray(g))


def test_ellipse_with_amr_maps_to_a_disc():
    assert ellipse_error(128, 0.3, (1, 0, 0)) < 0.01
    assert ellipse_error(128, 0.3, (0, 1, 0)) > 0.1


@pytest.mark.parametrize("degrees", [17.0, 45.0, 61.0])
def test_rotating_film_and_contacts_together_changes_nothing(degrees: float):
    # Catches a tensor with a wrong sign or factor: its m·sigma·m would depend on the direction.
    mesh = Mesh((192, 192, 1), (2e-9, 2e-9, 5e-9))
    amr = AMR(4e6, 0.3)
    a = np.radians(degrees)
    start = conductance_matrix(amr.tensor(uniform(mesh, (1, 0, 0))), disc_electrodes(5, mesh))
    turned = conductance_matrix(
        amr.tensor(uniform(mesh, (np.cos(a), np.sin(a), 0))), disc_electrodes(5, mesh, start=a)
    )
    # The texture's own effect is ten times the tolerance.
    other = conductance_matrix(
        amr.tensor(uniform(mesh, (np.cos(a), -np.sin(a), 0))), disc_electrodes(5, mesh, start=a)
    )
    largest = float(jnp.abs(start).max())
    assert float(jnp.abs(turned - start).max()) < 0.008 * largest
    assert float(jnp.abs(other - start).max()) > 0.015 * largest


@pytest.mark.parametrize("method", ["spectral", "direct"])
def test_annulus(method: Literal["spectral", "direct"]):
    cells, inner, outer = 128, 0.15, 0.4
    fine = (np.arange(8 * cells) + 0.5) / (8 * cells) - 0.5
    r = np.hypot(fine[:, None], fine[None])

    def part(points: np.ndarray) -> np.ndarray:
        return points.reshape(cells, 8, cells, 8).mean((1, 3))

    mesh = Mesh((cells, cells, 1), (1e-9, 1e-9, 1e-9))
    contacts = Electrodes(mesh, np.stack([part(r < inner), part(r > outer)]), method=method)
    g = float(conductance_matrix(unit_sheet(mesh), contacts)[0, 0])
    assert g == pytest.approx(2 * np.pi / np.log(outer / inner), rel=0.006)


def test_van_der_pauw():
    mesh = Mesh((240, 160, 1), (1e-9, 1e-9, 1e-9))
    contacts = edge_electrodes((1, 1, 1, 1), mesh, coverage=0.02)
    g = np.asarray(conductance_matrix(unit_sheet(mesh), contacts), np.float64)

    def four_point(source: int, drain: int, high: int, low: int) -> float:
        """Voltage high - low per ampere from source to drain; the voltage contacts take none."""
        current = np.zeros(4)
        current[source], current[drain] = 1, -1
        v = np.linalg.lstsq(g, current, rcond=1e-6)[0]
        return v[high] - v[low]

    r_a, r_b = four_point(0, 1, 3, 2), four_point(1, 2, 0, 3)
    assert r_a == pytest.approx(r_b, rel=2e-3)  # by the rectangle's two mirror planes
    assert np.exp(-np.pi * r_a) + np.exp(-np.pi * r_b) == pytest.approx(1, abs=0.01)


def test_contact_resistance_of_end_contacts():
    mesh = Mesh((50, 20, 1), (4e-9, 4e-9, 10e-9))
    specific = 3e-16
    contacts = edge_electrodes((0, 1, 0, 1), mesh, coverage=1.0, contact_resistance=specific)
    g = conductance_matrix(AMR(4e6, 0.0).tensor(uniform(mesh, (0, 0, 1))), contacts)
    length, width, thickness = mesh.extent
    exact = length / (4e6 * width * thickness) + 2 * specific / (width * thickness)
    assert 1 / float(g[0, 0]) == pytest.approx(exact, rel=1e-5)


def test_contact_resistance_of_pads_is_the_transmission_line():
    # A pad of length d on top: R_c = rho_c/(L_T W) coth(d/L_T), L_T = sqrt(rho_c/R_s).
    mesh = Mesh((240, 4, 1), (1e-9, 1e-9, 10e-9))
    sheet, specific = 4e6 * 10e-9, 4e-15
    masks = np.zeros((2, 240, 4), bool)
    masks[0, :60], masks[1, -60:] = True, True
    contacts = Electrodes(mesh, masks, contact_resistance=specific)
    g = conductance_matrix(AMR(4e6, 0.0).tensor(uniform(mesh, (0, 0, 1))), contacts)
    width, pad, gap = 4e-9, 60e-9, 120e-9
    transfer = np.sqrt(specific * sheet)
    exact = gap / (sheet * width) + 2 * specific / (transfer * width) / np.tanh(pad / transfer)
    assert 1 / float(g[0, 0]) == pytest.approx(exact, rel=2e-3)


def test_pads_drawn_on_cells_or_corners_have_the_same_contact_area():
    mesh = Mesh((24, 20, 1), (4e-9, 4e-9, 10e-9))
    cells = np.zeros((2, 24, 20), bool)
    cells[0, 2:8, 4:14], cells[1, 16:22, 4:14] = True, True
    corners = np.zeros((2, 25, 21), bool)
    corners[0, 2:9, 4:15], corners[1, 16:23, 4:15] = True, True
    drawn = [Electrodes(mesh, masks, contact_resistance=1e-13) for masks in (cells, corners)]
    for contacts in drawn:
        assert float(jnp.sum(contacts.area)) == pytest.approx(2 * 60 * 16e-18, rel=1e-5)
    sigma = AMR(4e6, 0.0).tensor(uniform(mesh, (0, 0, 1)))
    first, second = (conductance_matrix(sigma, contacts) for contacts in drawn)
    np.testing.assert_allclose(np.asarray(first), np.asarray(second), rtol=1e-5)


def test_layers_conduct_in_parallel():
    mesh = Mesh((24, 24, 3), (4e-9, 4e-9, 2e-9))
    contacts = edge_electrodes(4, mesh)
    single = Mesh((24, 24, 1), (4e-9, 4e-9, 2e-9))
    amr = AMR(4e6, 0.2)
    textures = [random_texture(single, seed) for seed in range(3)]
    stacked = conductance_matrix(amr.tensor(jnp.concatenate(textures, axis=3)), contacts)
    mean = jnp.stack([amr.tensor(m) for m in textures]).sum(axis=0)
    together = conductance_matrix(mean, edge_electrodes(4, single))
    np.testing.assert_allclose(np.asarray(stacked), np.asarray(together), rtol=2e-5)


@pytest.mark.parametrize(("ratio", "most"), [(0.03, 3), (0.30, 5)])
@pytest.mark.parametrize("corners", [129, 257])
def test_iterations_do_not_depend_on_the_mesh(ratio: float, most: int, corners: int):
    if not X64:
        pytest.skip("1e-8 is below float32")
    mesh = Mesh((corners - 1, corners - 1, 1), (4e-9, 4e-9, 10e-9))
    contacts = edge_electrodes(35, mesh)
    sigma = AMR(4e6, ratio).tensor(random_texture(mesh))
    reading = read_conductance(sigma, contacts, tolerance=1e-8)
    exact = conductance_matrix(sigma, contacts, tolerance=1e-13)
    error = jnp.abs(reading.conductance - exact).max() / jnp.abs(exact).max()
    assert int(reading.iterations) <= most
    assert float(error) < 1e-8
    assert float(reading.error) >= float(error)  # the bound is one
