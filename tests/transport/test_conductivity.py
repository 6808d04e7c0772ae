"""The conductivity tensor against the inverse of the resistivity tensor, and rotations."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest

from spinlearn import Mesh, SpinlearnValueError
from spinlearn.transport import AMR
from tests.textures import random_texture, uniform

MESH = Mesh((4, 3, 2), (1e-9, 1e-9, 1e-9))
TIGHT = 1e-12 if jnp.result_type(float) == jnp.float64 else 2e-6


def resistivity(m: np.ndarray, ratio: float, hall: float) -> np.ndarray:
    """E = rho_perp j + (rho_par - rho_perp) m (m.j) + rho_H m × j, for 1/rho_perp = 4e6 S/m."""
    cross = np.array([[0, -m[2], m[1]], [m[2], 0, -m[0]], [-m[1], m[0], 0]])
    return (np.eye(3) + ratio * np.outer(m, m) + hall * cross) / 4e6


@pytest.mark.parametrize("zero_normal_current", [False, True])
@pytest.mark.parametrize("hall", [0.0, 0.3])
@pytest.mark.parametrize("ratio", [-0.4, 0.03, 0.5])
def test_tensor_is_the_inverse_resistivity(ratio: float, hall: float, zero_normal_current: bool):
    m = random_texture(MESH)
    law = AMR(4e6, ratio, hall=hall, zero_normal_current=zero_normal_current)
    sigma = np.asarray(law.tensor(m))
    for cell in np.ndindex(MESH.shape):
        rho = resistivity(np.asarray(m, np.float64)[:, *cell], ratio, hall)
        # No current along z: the in-plane block of rho; no field along z: that of its inverse.
        exact = np.linalg.inv(rho[:2, :2]) if zero_normal_current else np.linalg.inv(rho)[:2, :2]
        assert np.abs(sigma[:, :, *cell] - exact).max() < TIGHT * 4e6


@pytest.mark.parametrize("degrees", [0, 17, 45, 90, 133])
def test_conductivity_along_m_does_not_depend_on_its_direction(degrees: float):
    a = np.radians(degrees)
    m = uniform(MESH, (np.cos(a), np.sin(a), 0))
    sigma = AMR(4e6, 0.3).tensor(m)
    along = jnp.einsum("axyz,abxyz,bxyz->xyz", m[:2], sigma, m[:2])
    across = jnp.stack([-m[1], m[0]])
    mixed = jnp.einsum("axyz,abxyz,bxyz->xyz", m[:2], sigma, across)
    assert np.asarray(along) == pytest.approx(4e6 / 1.3, rel=10 * TIGHT)
    assert np.abs(np.asarray(mixed)).max() < 10 * TIGHT * 4e6


def test_resistivities_are_taken_as_given():
    law = AMR.from_resistivities(2.6e-7, 2.5e-7, hall=5e-9)
    assert float(law.conductivity) == pytest.approx(4e6)
    assert float(law.ratio) == pytest.approx(0.04, rel=1e-5)
    assert float(law.hall) == pytest.approx(0.02, rel=1e-5)


def test_parameters_may_vary_from_cell_to_cell():
    conductivity = 1e6 * (1 + np.arange(24.0).reshape(MESH.shape))
    sigma = AMR(conductivity, 0.0).tensor(random_texture(MESH))
    assert np.asarray(sigma[0, 0]) == pytest.approx(conductivity, rel=1e-6)


def test_magnetization_outside_the_outline_is_not_looked_at():
    outline = np.ones((4, 3))
    outline[2] = 0
    m = random_texture(MESH)
    void = m.at[:, 2].set(jnp.nan)
    with pytest.raises(SpinlearnValueError, match="m = "):
        AMR(4e6, 0.03).tensor(void)
    sigma = AMR(4e6, 0.03).tensor(void, outline)
    inside = [0, 1, 3]
    assert np.array_equal(
        np.asarray(sigma)[:, :, inside], np.asarray(AMR(4e6, 0.03).tensor(m))[:, :, inside]
    )
    with pytest.raises(SpinlearnValueError, match="m = "):
        AMR(4e6, 0.03).tensor(void.at[:, 1].set(2.0), outline)
