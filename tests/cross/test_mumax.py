"""Standard problems 4 and 5 against the values of mumax3's own tests.

mumax3 integrates its demagnetization kernel numerically (accuracy 6); the exact kernel differs
from it by up to 2e-4 of a cell's own factor, which moves the average of problem 4 at 1 ns by 5e-3.
With mumax3's integration written out here in place of the exact tensor the values agree.
"""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest

from spinlearn import Material, Mesh
from spinlearn.constants import MU_0
from spinlearn.magnetics import LLG, Demag, Exchange, Zeeman, ZhangLi, _demag_kernel, evolve, relax
from spinlearn.magnetics._demag_tensor import COMPONENTS, demag_tensor

GAMMA = 1.7595e11  # mumax3's default, rad/(s T)
PERMALLOY = Material(8e5, 13e-12)
ACCURACY = 6.0

pytestmark = pytest.mark.skipif(
    jnp.result_type(float) != jnp.float64, reason="values to five digits need float64"
)


def mumax_tensor(shape: tuple[int, int, int], cell: np.ndarray) -> np.ndarray:
    """Midpoint sums over the source's faces and the target's volume, as mumax3 chooses them."""
    tensor = np.zeros((6, *shape))
    for offset in np.ndindex(*shape):
        gap = np.sqrt(sum((max(n - 1, 0) * c) ** 2 for n, c in zip(offset, cell, strict=True)))
        largest = (gap or cell.min()) / ACCURACY
        count = [int(max(c / largest, 1) + 0.5) for c in cell]
        inside = [midpoints(c, n) + o * c for c, n, o in zip(cell, count, offset, strict=True)]
        target = np.stack(np.meshgrid(*inside, indexing="ij")).reshape(3, -1)
        for normal in range(3):
            v, w = (normal + 1) % 3, (normal + 2) % 3
            faces = np.meshgrid(*(midpoints(cell[a], 2 * count[a]) for a in (v, w)), indexing="ij")
            field = np.zeros(3)
            for sign in (1, -1):
                pole = np.zeros((3, faces[0].size))
                pole[normal], pole[v], pole[w] = (
                    sign * cell[normal] / 2,
                    *(f.ravel() for f in faces),
                )
                for low in range(0, pole.shape[1], 64):
                    r = target[:, :, None] - pole[:, None, low : low + 64]
                    field += sign * (r / np.sum(r * r, 0) ** 1.5).sum((1, 2))
            charge = cell[v] * cell[w] / (faces[0].size * target.shape[1])
            field *= charge / (4 * np.pi)
            for component, (i, j) in enumerate(COMPONENTS):
                if j == normal:
                    tensor[component, *offset] = -field[i]
    return tensor


def midpoints(length: float, count: int) -> np.ndarray:
    return (np.arange(count) + 0.5) * length / count - length / 2


def problem_4(monkeypatch: pytest.MonkeyPatch | None) -> np.ndarray:
    mesh = Mesh((128, 32, 1), (500e-9 / 128, 125e-9 / 32, 3e-9))
    if monkeypatch is not None:
        tensor = mumax_tensor(mesh.shape, np.asarray(mesh.cell) * 1e9)
        monkeypatch.setattr(_demag_kernel, "_open_octant", lambda _: tensor)
    energy = Exchange(mesh, PERMALLOY) + Demag(mesh, PERMALLOY)
    start = jnp.zeros((3, *mesh.shape)).at[0].set(1.0).at[1].set(0.1)
    relaxed = relax(energy, start / jnp.linalg.norm(start, axis=0, keepdims=True)).m
    field = np.array([-24.6e-3, 4.3e-3, 0.0]) / MU_0
    llg = LLG(energy + Zeeman(mesh, PERMALLOY, field), damping=0.02, gyromagnetic_ratio=GAMMA)
    run = evolve(llg, relaxed, 1e-9, tolerance=1e-5)
    return np.asarray([relaxed.mean((1, 2, 3)), run.m.mean((1, 2, 3))])


def test_standard_problem_4_with_the_kernel_of_mumax(monkeypatch: pytest.MonkeyPatch):
    relaxed, end = problem_4(monkeypatch)
    assert np.allclose(relaxed, (0.9669684171676636, 0.1252732127904892, 0), atol=2e-5)
    assert np.allclose(end, (-0.9846124053, 0.1260408909, 0.0432712436), atol=2e-4)


def test_standard_problem_4_with_the_exact_kernel():
    relaxed, end = problem_4(None)
    assert np.allclose(relaxed, (0.9669684171676636, 0.1252732127904892, 0), atol=5e-5)
    assert np.allclose(end, (-0.9846124053, 0.1260408909, 0.0432712436), atol=6e-3)


def test_the_kernel_of_mumax_is_off_by_its_integration():
    cell = np.array([500 / 128, 125 / 32, 3.0])
    numerical = mumax_tensor((2, 2, 1), cell)
    offsets = np.arange(2), np.arange(2), np.arange(1)
    difference = np.abs(numerical - demag_tensor(offsets, cell))
    assert 1e-4 < difference.max() < 5e-4
    trace = numerical[:3, 0, 0, 0].sum()
    assert abs(trace - 1) > 2e-4  # a magnet's own factors add up to 1


def test_standard_problem_5():
    mesh = Mesh((32, 32, 4), (100e-9 / 32, 100e-9 / 32, 2.5e-9))
    x, y, _ = mesh.coordinates()
    dx, dy = np.meshgrid(x - 50e-9, y - 50e-9, indexing="ij")
    r = np.hypot(dx, dy)
    core = 1.5 * np.exp(-(r**2) / (2 * float(mesh.cell[0]) ** 2))
    vortex = np.stack([-dy / r, dx / r, core])
    vortex = np.broadcast_to((vortex / np.linalg.norm(vortex, axis=0))[..., None], (3, *mesh.shape))
    energy = Exchange(mesh, PERMALLOY) + Demag(mesh, PERMALLOY)
    relaxed = relax(energy, jnp.asarray(vortex)).m
    torque = ZhangLi(mesh, PERMALLOY, polarization=1.0, nonadiabaticity=0.05)
    current = jnp.zeros((3, *mesh.shape)).at[0].set(1e12)
    llg = LLG(energy, torque, damping=0.1, gyromagnetic_ratio=GAMMA)
    run = evolve(llg, relaxed, 1e-9, current_density=current)
    end = np.asarray(run.m.mean((1, 2, 3)))
    assert np.allclose(end, (-0.23479773, -0.09453578, 0.02296375), atol=1e-3)
