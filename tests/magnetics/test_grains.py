"""Voronoi grains."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from spinlearn import Material, Mesh, SpinlearnValueError, key_from_seed
from spinlearn.magnetics import Exchange, grain_axes, grain_factors, grain_labels, random_state

pytestmark = pytest.mark.once

CELL = (4e-9, 4e-9, 2e-9)


def test_mean_area_is_the_size_squared() -> None:
    mesh = Mesh((100, 60, 1), CELL)
    labels = np.asarray(grain_labels(mesh, 20e-9, key=key_from_seed(0)))
    count = len(np.unique(labels))
    assert count == pytest.approx(400e-9 * 240e-9 / (20e-9) ** 2, rel=0.05)


def test_every_cell_belongs_to_its_nearest_point() -> None:
    """A grain is convex: between two of its cells there is no other grain."""
    labels = np.asarray(grain_labels(Mesh((64, 64, 1), CELL), 60e-9, key=key_from_seed(3)))[..., 0]
    for line in (*labels, *labels.T):
        starts = line[np.flatnonzero(np.diff(line, prepend=-1))]
        assert len(starts) == len(set(starts))


def test_grains_are_columns_and_reproducible() -> None:
    mesh = Mesh((24, 24, 3), CELL)
    a = grain_labels(mesh, 20e-9, key=key_from_seed(5))
    b = grain_labels(mesh, 20e-9, key=key_from_seed(5))
    other = grain_labels(mesh, 20e-9, key=key_from_seed(6))
    assert bool(jnp.all(a == b))
    assert bool(jnp.all(a == a[..., :1]))
    assert bool(jnp.any(a != other))


def test_periodic_grains_go_on_across_the_edge() -> None:
    periodic = Mesh((64, 64, 1), CELL, periodic=(True, True, False))
    differ = []
    for mesh in (periodic, Mesh((64, 64, 1), CELL)):
        labels = np.asarray(grain_labels(mesh, 60e-9, key=key_from_seed(1)))[..., 0]
        differ.append(np.mean(labels[0] != labels[-1]))
    assert differ[0] < 0.5 < differ[1]


@pytest.mark.parametrize("in_plane", [True, False])
def test_axes_are_even_over_circle_or_sphere(in_plane: bool) -> None:
    labels = jnp.arange(40 * 40).reshape(40, 40, 1)
    axes = np.asarray(grain_axes(labels, key=key_from_seed(0), in_plane=in_plane))
    np.testing.assert_allclose(np.sum(axes**2, axis=0), 1, rtol=1e-5)
    second = np.mean(axes**2, axis=(1, 2, 3))
    expected = [0.5, 0.5, 0] if in_plane else [1 / 3] * 3
    np.testing.assert_allclose(second, expected, atol=0.03)


def test_equal_labels_have_equal_axes() -> None:
    axes = grain_axes(jnp.zeros((4, 4, 1), int), key=key_from_seed(0))
    assert bool(jnp.all(axes == axes[:, :1, :1]))


def test_factors_are_one_per_grain_with_the_spread_that_is_asked_for() -> None:
    labels = jnp.arange(2500).reshape(50, 50, 1)
    factors = np.asarray(grain_factors(labels, 0.2, key=key_from_seed(1)))
    # Standard errors of 2500 log-normal numbers: 0.004 of the mean, 0.003 of the spread.
    assert factors.mean() == pytest.approx(1.0, abs=0.016)
    assert factors.std() == pytest.approx(0.2, abs=0.015)
    assert factors.min() > 0
    columns = grain_factors(labels // 5, 0.2, key=key_from_seed(1))
    assert len(np.unique(columns)) == 500
    np.testing.assert_array_equal(grain_factors(labels, 0.0, key=key_from_seed(1)), 1.0)
    with pytest.raises(SpinlearnValueError, match=r"spread = 20.*5 % is 0.05"):
        grain_factors(labels, 20, key=key_from_seed(1))


@pytest.mark.parametrize("size", [0.0, -1e-9, 1e-9, float("nan"), float("inf"), "large"])
def test_bad_size(size: object) -> None:
    with pytest.raises(SpinlearnValueError, match="size"):
        grain_labels(Mesh((8, 8, 1), CELL), size, key=key_from_seed(0))


class TestCouplingOfGrains:
    """Exchange across a boundary: J S (1 - cos) in series with the half cells beside it."""

    MATERIAL = Material(8e5, 13e-12)

    def energy(self, axis: int, angle: float, coupling: float) -> float:
        shape, cell = [1, 1, 1], (2e-9, 3e-9, 4e-9)
        shape[axis] = 2
        mesh = Mesh((shape[0], shape[1], shape[2]), cell)
        grains = jnp.arange(2).reshape(mesh.shape)
        exchange = Exchange(mesh, self.MATERIAL, grains=grains, grain_coupling=coupling)
        turned = jnp.array([0.0, angle]).reshape(mesh.shape)
        m = jnp.stack([jnp.cos(turned), jnp.sin(turned), jnp.zeros_like(turned)])
        return float(exchange.energy(m))

    @pytest.mark.parametrize("axis", [0, 1, 2])
    def test_is_that_of_an_interface_in_series_with_two_half_cells(self, axis):
        cell = (2e-9, 3e-9, 4e-9)
        area = np.prod(cell) / cell[axis]
        coupling, inside = 2e-3, 2 * 13e-12 / cell[axis]
        expected = area * (1 - np.cos(0.7)) / (1 / coupling + 1 / inside)
        assert self.energy(axis, 0.7, coupling) == pytest.approx(expected, rel=1e-4)

    def test_none_is_left_without_coupling_and_all_with_a_strong_one(self):
        assert self.energy(0, 0.7, 0.0) == 0
        whole = 6e-18 * 2 * (1 - np.cos(0.7)) * 13e-12 / 2e-9
        assert self.energy(0, 0.7, 1e6) == pytest.approx(whole * 2, rel=1e-4)

    def test_inside_a_grain_nothing_changes(self):
        mesh = Mesh((4, 3, 1), (4e-9, 4e-9, 2e-9), periodic=(True, False, False))
        m = random_state(mesh, key=key_from_seed(1))
        grains = jnp.zeros(mesh.shape, int)
        plain = Exchange(mesh, self.MATERIAL).field(m)
        same = Exchange(mesh, self.MATERIAL, grains=grains, grain_coupling=0.0).field(m)
        np.testing.assert_array_equal(np.asarray(same), np.asarray(plain))

    def test_field_is_the_gradient_of_the_energy(self):
        mesh = Mesh((5, 4, 1), (4e-9, 5e-9, 2e-9), periodic=(False, True, False))
        m = random_state(mesh, key=key_from_seed(2))
        grains = grain_labels(mesh, 8e-9, key=key_from_seed(3))
        exchange = Exchange(mesh, self.MATERIAL, grains=grains, grain_coupling=1e-3)
        moment = 4e-7 * np.pi * 8e5 * 4e-9 * 5e-9 * 2e-9
        expected = -jax.grad(exchange.energy)(m) / moment
        field = exchange.field(m)
        largest = float(jnp.abs(field).max())
        np.testing.assert_allclose(np.asarray(field), np.asarray(expected), atol=1e-4 * largest)

    @pytest.mark.parametrize(
        ("options", "name"),
        [
            ({"grains": jnp.zeros((2, 2, 1), int)}, "grain_coupling"),
            ({"grain_coupling": 1e-4}, "grains"),
            ({"grains": jnp.zeros((2, 1, 1), int), "grain_coupling": 1e-4}, "grains.shape"),
            ({"grains": jnp.zeros((2, 2, 1), int), "grain_coupling": -1e-4}, "grain_coupling"),
        ],
    )
    def test_what_does_not_fit_is_named(self, options, name):
        with pytest.raises(SpinlearnValueError, match=name):
            Exchange(Mesh((2, 2, 1), (4e-9, 4e-9, 2e-9)), self.MATERIAL, **options)
