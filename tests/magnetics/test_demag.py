"""Demagnetization: the tensor against closed forms and itself, images, and work in slabs."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest

from spinlearn import Material, Mesh, SpinlearnValueError
from spinlearn.magnetics import Demag, _convolution
from spinlearn.magnetics._demag_tensor import _newell, _quadrature, demag_tensor
from tests.textures import random_texture

X64 = jnp.result_type(float) == jnp.float64
FILM = Material(8e5, 13e-12)


def aharoni(a: float, b: float, c: float) -> float:
    """Demagnetizing factor of a prism along c (Aharoni, J. Appl. Phys. 83, 3432, 1998)."""
    d, ab, bc, ac = np.sqrt([a * a + b * b + c * c, a * a + b * b, b * b + c * c, a * a + c * c])
    log = np.log
    total = (b * b - c * c) / (2 * b * c) * log((d - a) / (d + a))
    total += (a * a - c * c) / (2 * a * c) * log((d - b) / (d + b))
    total += b / (2 * c) * log((ab + a) / (ab - a)) + a / (2 * c) * log((ab + b) / (ab - b))
    total += c / (2 * a) * log((bc - b) / (bc + b)) + c / (2 * b) * log((ac - a) / (ac + a))
    total += 2 * np.arctan(a * b / (c * d)) + (a**3 + b**3 - 2 * c**3) / (3 * a * b * c)
    total += (a * a + b * b - 2 * c * c) / (3 * a * b * c) * d + c / (a * b) * (ac + bc)
    total -= (ab**3 + bc**3 + ac**3) / (3 * a * b * c)
    return float(total / np.pi)


@pytest.mark.parametrize(
    "cell", [(1.0, 1.0, 1.0), (4.0, 4.0, 1.0), (1.0, 2.5, 0.4), (1.0, 1.0, 9.0)]
)
def test_a_cell_alone_has_the_factors_of_a_prism(cell: tuple[float, float, float]):
    origin = np.arange(1)
    tensor = demag_tensor((origin, origin, origin), np.asarray(cell))[:, 0, 0, 0]
    a, b, c = cell
    expected = [aharoni(b, c, a), aharoni(c, a, b), aharoni(a, b, c)]
    assert np.allclose(tensor[:3], expected, rtol=1e-9)
    assert np.allclose(tensor[3:], 0, atol=1e-12)


@pytest.mark.parametrize("offset", [(1, 0, 0), (1, 1, 0), (2, 1, 1), (3, 0, 2), (5, 4, 1)])
def test_a_cell_is_the_sum_of_its_parts(offset: tuple[int, int, int]):
    # Eight parts of two cells each: 64 pairs, many of them in other ranges of distance.
    cell = np.array([3.0, 2.0, 1.0])
    grid = [np.array([o]) for o in offset]
    whole = demag_tensor((grid[0], grid[1], grid[2]), cell)[:, 0, 0, 0]
    parts = [np.array([2 * o - 1, 2 * o, 2 * o + 1]) for o in offset]
    small = demag_tensor((parts[0], parts[1], parts[2]), cell / 2)
    weight = np.array([1.0, 2.0, 1.0]) / 2
    summed = np.einsum("cxyz,x,y,z->c", small, weight, weight, weight)
    assert np.allclose(summed, whole, atol=1e-9 * np.abs(whole).max())


@pytest.mark.parametrize("edge", [(1.0, 1.0, 1.0), (1.0, 1.0, 0.25), (0.25, 0.25, 1.0)])
def test_both_forms_agree_where_they_meet(edge: tuple[float, float, float]):
    cell = np.asarray(edge)
    direction = np.random.default_rng(0).normal(size=(3, 200))
    r = (
        np.round(3.0 * direction / np.linalg.norm(direction, axis=0) / cell[:, None])
        * cell[:, None]
    )
    near, far = _newell(r, cell), _quadrature(r, cell, 12)
    assert np.abs(near - far).max() < 1e-8 * np.abs(far).max()
    assert np.abs(far[:3].sum(0)).max() < 1e-9 * np.abs(far).max()  # no trace outside


def test_distant_cells_are_dipoles():
    r = np.array([[300.0], [-200.0], [100.0]])
    far = _quadrature(r, np.array([1.0, 0.5, 0.2]), 2)[:, 0]
    x, distance = r[:, 0], np.linalg.norm(r)
    dipole = 0.1 / (4 * np.pi) * (np.eye(3) / distance**3 - 3 * np.outer(x, x) / distance**5)
    expected = [dipole[i, j] for i, j in ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2))]
    assert np.allclose(far, expected, rtol=1e-4)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_wire_is_the_sum_of_many_images(axis: int):
    shape, cell = (4, 3, 2), (3e-9, 2e-9, 4e-9)
    mesh = Mesh(shape, cell, tuple(a == axis for a in range(3)))
    m = random_texture(mesh, 0)
    moment = np.asarray(m, np.float64) * 8e5

    def image_field(image: int) -> np.ndarray:
        reach = [np.arange(-n + 1, n) for n in shape]
        reach[axis] = reach[axis] + image * shape[axis]
        tensor = demag_tensor((reach[0], reach[1], reach[2]), np.asarray(cell))
        full = tensor[[0, 3, 4, 3, 1, 5, 4, 5, 2]].reshape(3, 3, *tensor.shape[1:])
        total = np.zeros((3, *shape))
        for target in np.ndindex(*shape):
            seen = tuple(slice(t, t + n) for t, n in zip(target, shape, strict=True))
            part = full[(slice(None), slice(None), *seen)][..., ::-1, ::-1, ::-1]
            total[(slice(None), *target)] = -np.einsum("abxyz,bxyz->a", part, moment)
        return total

    half = sum(image_field(k) for k in range(-40, 41))
    whole = half + sum(image_field(k) + image_field(-k) for k in range(41, 82))
    # What is left out falls with the square of the number of images (2 k + 1 = 81 and 163).
    ratio = (163 / 81) ** 2
    total = whole + (whole - half) / (ratio - 1)
    field = np.asarray(Demag(mesh, FILM).field(m))
    assert np.abs(field - total).max() < (1e-7 if X64 else 1e-5) * 8e5


def test_waves_in_an_infinite_film():
    """m_z = cos kx sees (1 - e^{-kt})/(kt), m_x the rest: the factors of a charged sheet."""
    cells, size, thickness = 96, 1e-9, 6e-9
    mesh = Mesh((cells, 4, 1), (size, size, thickness), (True, True, False))
    wave = 2 * np.pi / (cells * size)
    x = mesh.coordinates()[0]
    profile = np.cos(wave * x)[:, None, None] * np.ones((1, 4, 1))
    # Cells of uniform magnetization carry the wave's harmonics of the mesh as well.
    waves = np.abs(wave + 2 * np.pi / size * np.arange(-2000, 2001))
    weights = np.sinc(waves * size / 2 / np.pi) ** 2
    factor = np.sum(weights * (1 - np.exp(-waves * thickness)) / (waves * thickness))
    demag = Demag(mesh, FILM)
    for component, expected in ((0, 1 - factor), (1, 0.0), (2, factor)):
        m = np.zeros((3, *mesh.shape))
        m[component] = profile
        field = np.asarray(demag.field(jnp.asarray(m, jnp.result_type(float))))
        amplitude = -2 * np.mean(field[component] * profile) / 8e5
        assert abs(amplitude - expected) < 3e-5
    uniform = jnp.zeros((3, *mesh.shape)).at[2].set(1.0)
    assert jnp.allclose(demag.field(uniform)[2], -8e5, rtol=1e-10 if X64 else 1e-5)


def test_layers_of_an_infinite_film_do_not_see_each_other_uniformly():
    mesh = Mesh((6, 5, 3), (3e-9, 3e-9, 2e-9), (True, True, False))
    demag = Demag(mesh, FILM)
    m = jnp.zeros((3, *mesh.shape)).at[2, :, :, 0].set(1.0)
    field = demag.field(m) / 8e5
    assert jnp.allclose(field[2, :, :, 0], -1.0, atol=1e-10 if X64 else 1e-5)
    assert jnp.max(jnp.abs(field[:, :, :, 1:])) < (1e-10 if X64 else 1e-5)


@pytest.mark.parametrize("shape", [(12, 10, 1), (9, 8, 5)])
def test_work_in_slabs_changes_nothing(
    shape: tuple[int, int, int], monkeypatch: pytest.MonkeyPatch
):
    mesh = Mesh(shape, (3e-9, 3e-9, 2e-9))
    demag, m = Demag(mesh, FILM), random_texture(mesh, 0)
    whole = demag.field(m)
    monkeypatch.setattr(_convolution, "_LARGE", 0)
    monkeypatch.setattr(_convolution, "_SLAB", 4 * 3 * 2 * shape[0] * 16 * (2 * shape[2] - 1))
    slabs = demag.field(m)
    assert jnp.max(jnp.abs(whole - slabs)) < (1e-12 if X64 else 1e-5) * jnp.max(jnp.abs(whole))


def test_a_body_without_surface_is_refused():
    with pytest.raises(SpinlearnValueError, match="periodic"):
        Demag(Mesh((4, 4, 4), (2e-9, 2e-9, 2e-9), (True, True, True)), FILM)
    with pytest.raises(SpinlearnValueError, match="periodic"):
        Demag(Mesh((4, 4, 4), (2e-9, 2e-9, 2e-9), (True, False, True)), FILM)
