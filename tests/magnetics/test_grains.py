"""Voronoi grains."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest

from spinlearn import Mesh, SpinlearnValueError, key_from_seed
from spinlearn.magnetics import grain_axes, grain_labels

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


@pytest.mark.parametrize("size", [0.0, -1e-9, 1e-9, float("nan"), float("inf"), "large"])
def test_bad_size(size: object) -> None:
    with pytest.raises(SpinlearnValueError, match="size"):
        grain_labels(Mesh((8, 8, 1), CELL), size, key=key_from_seed(0))
