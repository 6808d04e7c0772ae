"""The regular mesh: lengths, coordinates, and what it refuses."""

from __future__ import annotations

import equinox as eqx
import jax
import numpy as np
import pytest

from spinlearn import Mesh, SpinlearnValueError


@pytest.fixture
def mesh() -> Mesh:
    return Mesh((4, 2, 3), (5e-9, 3e-9, 2e-9), periodic=(False, False, True))


def test_lengths(mesh: Mesh) -> None:
    np.testing.assert_allclose(mesh.extent, (20e-9, 6e-9, 6e-9), rtol=1e-12)
    assert mesh.thickness == mesh.extent[2]
    np.testing.assert_allclose(mesh.cell_volume, 30e-27, rtol=1e-12)
    assert mesh.shape == (4, 2, 3)
    assert mesh.periodic == (False, False, True)


def test_cell_centres_are_half_a_cell_from_the_edges(mesh: Mesh) -> None:
    for axis, values in enumerate(mesh.coordinates()):
        assert values.shape == (mesh.shape[axis],)
        half = 0.5 * mesh.cell[axis]
        np.testing.assert_allclose(values[0], half, rtol=1e-12)
        np.testing.assert_allclose(mesh.extent[axis] - values[-1], half, rtol=1e-12)
        np.testing.assert_allclose(np.diff(values), 2 * half, rtol=1e-12)


def test_corners_reach_from_edge_to_edge_with_cells_between(mesh: Mesh) -> None:
    for axis, (corners, centres) in enumerate(
        zip(mesh.corners(), mesh.coordinates()[:2], strict=True)
    ):
        assert corners.shape == (mesh.shape[axis] + 1,)
        np.testing.assert_allclose(corners[[0, -1]], [0, mesh.extent[axis]], rtol=1e-12, atol=1e-24)
        np.testing.assert_allclose(0.5 * (corners[1:] + corners[:-1]), centres, rtol=1e-12)


def test_periodic_is_false_by_default() -> None:
    assert Mesh((1, 1, 1), (1e-9, 1e-9, 1e-9)).periodic == (False, False, False)


def test_numpy_numbers_are_as_good_as_python_ones() -> None:
    mesh = Mesh(np.array([4, 5, 1]), np.array([1e-9, 2e-9, 3e-9]), np.array([True, False, False]))
    assert mesh.shape == (4, 5, 1)
    assert all(type(n) is int for n in mesh.shape)
    assert mesh.periodic == (True, False, False)
    assert all(type(p) is bool for p in mesh.periodic)


def test_other_lengths_do_not_compile_anew_but_other_shapes_do() -> None:
    traces = []

    @eqx.filter_jit
    def area(mesh: Mesh) -> jax.Array:
        traces.append(mesh.shape)
        return mesh.cell[0] * mesh.shape[0] * mesh.cell[1] * mesh.shape[1]

    for cell in (1e-9, 2e-9, 3e-9):
        np.testing.assert_allclose(
            area(Mesh((4, 4, 1), (cell, cell, 1e-9))), 16 * cell**2, rtol=1e-5
        )
    assert len(traces) == 1
    area(Mesh((4, 5, 1), (1e-9, 1e-9, 1e-9)))
    assert len(traces) == 2


@pytest.mark.parametrize(
    "shape", [(4, 4), (4, 4, 1, 1), (0, 4, 1), (-1, 4, 1), (4.0, 4, 1), (True, 4, 1), ("4", 4, 1)]
)
def test_bad_shapes_are_refused_by_name(shape: tuple) -> None:
    with pytest.raises(SpinlearnValueError, match=r"^shape = ") as caught:
        Mesh(shape, (1e-9, 1e-9, 1e-9))
    assert caught.value.value == shape


@pytest.mark.parametrize(
    "cell",
    [(1e-9, 1e-9), (0.0, 1e-9, 1e-9), (-1e-9, 1e-9, 1e-9), (np.nan, 1e-9, 1e-9), (np.inf, 1, 1)],
)
def test_bad_lengths_are_refused_by_name(cell: tuple[float, ...]) -> None:
    with pytest.raises(SpinlearnValueError, match=r"^cell = .* in m\."):
        Mesh((4, 4, 1), cell)


@pytest.mark.parametrize("periodic", [(True, False), (0, 1, 0), ("no", "no", "no")])
def test_bad_periodic_is_refused_by_name(periodic: tuple) -> None:
    with pytest.raises(SpinlearnValueError, match=r"^periodic = "):
        Mesh((4, 4, 1), (1e-9, 1e-9, 1e-9), periodic)


def test_lengths_in_nanometres_are_noticed() -> None:
    with pytest.warns(UserWarning, match="4 nm is 4e-9"):
        Mesh((4, 4, 1), (4, 4, 20))


@pytest.mark.parametrize(
    ("field", "arguments"),
    [
        ("shape", (32, (1e-9, 1e-9, 1e-9))),
        ("cell", ((4, 4, 1), ("4nm", "4nm", "1nm"))),
        ("cell", ((4, 4, 1), None)),
        ("periodic", ((4, 4, 1), (1e-9, 1e-9, 1e-9), True)),
    ],
)
def test_wrong_types_are_named(field: str, arguments: tuple) -> None:
    with pytest.raises(SpinlearnValueError, match=f"^{field} = "):
        Mesh(*arguments)
