"""muMAG standard problem 3: the cube whose flower and vortex states have one energy."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from spinlearn import Material, Mesh
from spinlearn.constants import MU_0
from spinlearn.magnetics import Demag, Exchange, UniaxialAnisotropy, relax

MAGNETIZATION, STIFFNESS = 1e6, 1e-11
DENSITY = 0.5 * MU_0 * MAGNETIZATION**2
LENGTH = np.sqrt(STIFFNESS / DENSITY)
EDGES = (8.40, 8.55)


def starting_states(cells: int) -> dict[str, jax.Array]:
    x = (np.arange(cells) + 0.5) / cells - 0.5
    x, y, z = np.meshgrid(x, x, x, indexing="ij")
    radius = np.maximum(np.hypot(y, z), 1e-9)
    found = {
        "flower": np.stack([0.3 * x * z, 0.3 * y * z, np.ones_like(x)]),
        "vortex": np.stack([np.exp(-((radius / 0.15) ** 2)), -z / radius, y / radius]),
    }
    return {name: jnp.asarray(m / np.linalg.norm(m, axis=0)) for name, m in found.items()}


def crossing(cells: int) -> float:
    """Edge, in exchange lengths, at which the two energies are equal."""
    m, difference = starting_states(cells), []
    for edge in EDGES:
        mesh = Mesh((cells,) * 3, (edge * LENGTH / cells,) * 3)
        material = Material(MAGNETIZATION, STIFFNESS, anisotropy=0.1 * DENSITY)
        energy = Exchange(mesh, material) + UniaxialAnisotropy(mesh, material)
        energy = energy + Demag(mesh, material)
        relaxed = {name: relax(energy, m[name], tolerance=1e-5) for name in m}
        m = {name: result.m for name, result in relaxed.items()}
        assert float(m["flower"][2].mean()) > 0.9
        assert 0.2 < float(m["vortex"][0].mean()) < 0.5
        difference.append(float(relaxed["flower"].energy - relaxed["vortex"].energy))
    return EDGES[0] + (EDGES[1] - EDGES[0]) * difference[0] / (difference[0] - difference[1])


@pytest.mark.skipif(
    jnp.result_type(float) != jnp.float64, reason="energies to six digits need float64"
)
def test_flower_and_vortex_cross_at_8_47_exchange_lengths():
    coarse, fine = crossing(12), crossing(16)
    assert abs(fine - 8.47) < 0.03
    # Second order in the cell: what is left when it is taken off.
    extrapolated = fine + (fine - coarse) * 12**2 / (16**2 - 12**2)
    assert abs(extrapolated - 8.47) < 0.01
