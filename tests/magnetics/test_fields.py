"""Every field is minus the gradient of an energy written independently of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinlearn import Material, Mesh
from spinlearn.constants import MU_0
from spinlearn.magnetics import (
    AbstractEnergy,
    BulkDMI,
    CubicAnisotropy,
    Demag,
    Exchange,
    InterfacialDMI,
    UniaxialAnisotropy,
    Zeeman,
)
from spinlearn.magnetics._demag_tensor import COMPONENTS, demag_tensor
from tests.textures import random_texture

X64 = jnp.result_type(float) == jnp.float64
SHAPE = (6, 5, 3)
CELL = (2e-9, 3e-9, 4e-9)
pytestmark = pytest.mark.filterwarnings("ignore:cell edge")


def film(seed: int | None) -> Material:
    """Parameters that vary from cell to cell, with a hole; uniform ones without a seed."""
    if seed is None:
        return Material(8e5, 13e-12, 4e5, (0.6, 0.0, 0.8), 2e-3, 1.5e-3)
    rng = np.random.default_rng(seed)

    def vary(mean: float) -> np.ndarray:
        return mean * rng.uniform(0.5, 1.5, SHAPE)

    magnetization = vary(8e5)
    magnetization[2:4, 1:3] = 0.0
    axis = jnp.asarray(rng.normal(size=(3, *SHAPE)))
    return Material(magnetization, vary(13e-12), vary(4e5), axis, vary(2e-3), vary(-1.5e-3))


def on_cells(value: Any) -> np.ndarray:
    return np.broadcast_to(np.asarray(value), SHAPE)


def pairs(mesh: Mesh, material: Material) -> list[tuple[int, np.ndarray, np.ndarray]]:
    """Axis and indices (flat) of all pairs of filled neighbours, by hand."""
    filled = on_cells(material.saturation_magnetization) > 0
    index = np.arange(filled.size).reshape(SHAPE)
    found = []
    for axis in range(3):
        one, other = index, np.roll(index, -1, axis)
        keep = filled & np.roll(filled, -1, axis)
        if not mesh.periodic[axis]:
            inner = np.arange(SHAPE[axis]) < SHAPE[axis] - 1
            keep = keep & inner.reshape([-1 if a == axis else 1 for a in range(3)])
        found.append((axis, one[keep], other[keep]))
    return found


def energy_of(term: str, mesh: Mesh, material: Material) -> Callable[[jax.Array], jax.Array]:
    """The energy, J, by loops over cells and pairs."""
    volume = float(np.prod(np.asarray(CELL)))
    magnetization = on_cells(material.saturation_magnetization).ravel()
    filled = magnetization > 0

    def flat(m: jax.Array) -> jax.Array:
        return m.reshape(3, -1)

    def exchange(m: jax.Array) -> jax.Array:
        m, total = flat(m), jnp.asarray(0.0)
        stiffness = on_cells(material.exchange).ravel()
        for axis, i, j in pairs(mesh, material):
            a = 2 * stiffness[i] * stiffness[j] / (stiffness[i] + stiffness[j])
            total += (
                jnp.sum(jnp.asarray(a) * jnp.sum((m[:, i] - m[:, j]) ** 2, 0)) / CELL[axis] ** 2
            )
        return total * volume

    def dmi(m: jax.Array, constant: Any, vector: Callable[[int], Any]) -> jax.Array:
        m, total = flat(m), jnp.asarray(0.0)
        strength = on_cells(constant).ravel()
        for axis, i, j in pairs(mesh, material):
            d = jnp.asarray(vector(axis), m.dtype)[:, None]
            triple = jnp.sum(d * jnp.cross(m[:, i], m[:, j], axis=0), axis=0)
            total += jnp.sum(jnp.asarray(0.5 * (strength[i] + strength[j])) * triple) / CELL[axis]
        return total * volume

    def uniaxial(m: jax.Array) -> jax.Array:
        axis = np.asarray(material.anisotropy_axis)
        axis = np.broadcast_to(axis.reshape(3, *([1] * 3)) if axis.ndim == 1 else axis, (3, *SHAPE))
        along = jnp.sum(flat(m) * flat(jnp.asarray(axis)), axis=0)
        return volume * jnp.sum(
            jnp.asarray(filled * on_cells(material.anisotropy).ravel()) * (1 - along**2)
        )

    def cubic(m: jax.Array) -> jax.Array:
        third = np.cross(AXES[0], AXES[1])
        axes = np.stack([np.asarray(a) / np.linalg.norm(a) for a in (*AXES, third)])
        p = jnp.asarray(axes, m.dtype) @ flat(m)
        x, y, z = p[0] ** 2, p[1] ** 2, p[2] ** 2
        density = 5e4 * (x * y + y * z + z * x) - 3e4 * x * y * z
        return volume * jnp.sum(jnp.asarray(filled, m.dtype) * density)

    def zeeman(m: jax.Array) -> jax.Array:
        h = jnp.asarray(np.random.default_rng(5).normal(size=(3, *SHAPE)) * 1e5, m.dtype)
        return -volume * MU_0 * jnp.sum(jnp.asarray(magnetization) * jnp.sum(flat(m) * flat(h), 0))

    def demag(m: jax.Array) -> jax.Array:
        moment = flat(m) * jnp.asarray(magnetization)[None]
        nx, ny, nz = SHAPE
        reach = [np.arange(-n + 1, n) for n in SHAPE]
        tensor = demag_tensor((reach[0], reach[1], reach[2]), np.asarray(CELL))
        x, y, z = (v.ravel() for v in np.indices(SHAPE))
        total = jnp.asarray(0.0)
        for component, (a, b) in enumerate(COMPONENTS):
            matrix = tensor[
                component,
                x[:, None] - x + nx - 1,
                y[:, None] - y + ny - 1,
                z[:, None] - z + nz - 1,
            ]
            weight = 0.5 if a == b else 1.0
            product = jnp.asarray(matrix) @ moment[b]
            total += weight * jnp.sum(moment[a] * product)
        return MU_0 * volume * total

    return {
        "exchange": exchange,
        "uniaxial": uniaxial,
        "cubic": cubic,
        # D [m_z ∇·m - (m·∇) m_z] and D m·(∇×m), on a pair along an axis.
        "interfacial": lambda m: dmi(
            m, material.interfacial_dmi, lambda axis: np.cross([0, 0, 1], np.eye(3)[axis])
        ),
        "bulk": lambda m: dmi(m, material.bulk_dmi, lambda axis: -np.eye(3)[axis]),
        "zeeman": zeeman,
        "demag": demag,
    }[term]


AXES = ((1.0, 1.0, 0.0), (-1.0, 1.0, 1.0))


def build(term: str, mesh: Mesh, material: Material) -> AbstractEnergy:
    if term == "cubic":
        return CubicAnisotropy(mesh, material, (5e4, -3e4), AXES)
    if term == "zeeman":
        field = np.random.default_rng(5).normal(size=(3, *SHAPE)) * 1e5
        return Zeeman(mesh, material, field)
    kinds: dict[str, Any] = {
        "exchange": Exchange,
        "uniaxial": UniaxialAnisotropy,
        "interfacial": InterfacialDMI,
        "bulk": BulkDMI,
        "demag": Demag,
    }
    return kinds[term](mesh, material)


TERMS = ("exchange", "uniaxial", "cubic", "interfacial", "bulk", "zeeman", "demag")


@pytest.mark.skipif(not X64, reason="energies in J leave the range of float32 in this reference")
@pytest.mark.parametrize("periodic", [False, True])
@pytest.mark.parametrize("seed", [None, 1])
@pytest.mark.parametrize("term", TERMS)
def test_field_is_minus_the_gradient_of_an_independent_energy(
    term: str, seed: int | None, periodic: bool
):
    if term == "demag" and periodic:
        pytest.skip("the direct sum is of an open film")
    mesh = Mesh(SHAPE, CELL, (periodic, periodic, False))
    material = film(seed)
    energy, reference = build(term, mesh, material), energy_of(term, mesh, material)
    m = random_texture(mesh, 3)
    # Energies may differ by a constant of m, gradients may not.
    other = random_texture(mesh, 4)
    assert jnp.isclose(
        energy.energy(m) - energy.energy(other), reference(m) - reference(other), rtol=1e-10
    )
    magnetization = jnp.asarray(on_cells(material.saturation_magnetization))
    volume = float(np.prod(np.asarray(CELL)))
    gradient = jax.grad(lambda v: reference(v) * 1e18)(m) / 1e18
    filled = (magnetization > 0)[None]
    safe = jnp.where(filled, magnetization[None], 1)
    expected = jnp.where(filled, -gradient / (MU_0 * safe * volume), 0)
    field = jnp.where(filled, energy.field(m), 0)
    assert jnp.max(jnp.abs(field - expected)) < 1e-9 * jnp.max(jnp.abs(expected))
    # Its own energy has the same gradient.
    own = jax.grad(lambda v: energy.energy(v) * 1e18)(m) / 1e18
    assert jnp.max(jnp.abs(own - gradient)) < 1e-9 * jnp.max(jnp.abs(gradient))


def rotate(m: jax.Array, turn: str) -> jax.Array:
    """Rotate or mirror the film with its axial vectors: about z by a quarter, or x -> -x."""
    if turn == "quarter":
        moved = jnp.flip(jnp.swapaxes(m, 1, 2), 1)  # (x, y) -> (-y, x)
        return jnp.stack([-moved[1], moved[0], moved[2]])
    moved = jnp.flip(m, 1)  # mirror: axial vectors keep their normal component
    return jnp.stack([moved[0], -moved[1], -moved[2]])


@settings(max_examples=12)
@given(
    seed=st.integers(0, 2**31),
    turn=st.sampled_from(["quarter", "mirror"]),
    layers=st.integers(1, 2),
)
def test_rotations_and_reflections(seed: int, turn: str, layers: int):
    mesh = Mesh((6, 6, layers), (2e-9, 2e-9, 3e-9))
    material = Material(8e5, 13e-12, 4e5, interfacial_dmi=2e-3)
    energy = (
        Exchange(mesh, material)
        + UniaxialAnisotropy(mesh, material)
        + InterfacialDMI(mesh, material)
        + Demag(mesh, material)
    )
    m = random_texture(mesh, seed)
    field, turned = energy.field(m), energy.field(rotate(m, turn))
    # An interfacial film has mirror planes through its normal: axial m and H both go along.
    error = jnp.max(jnp.abs(turned - rotate(field, turn)))
    assert error < (1e-11 if X64 else 2e-5) * jnp.max(jnp.abs(field))
    # Time reversal turns m and H.
    assert jnp.max(jnp.abs(energy.field(-m) + field)) < (1e-12 if X64 else 1e-5) * jnp.max(
        jnp.abs(field)
    )


def test_bulk_dmi_changes_sign_under_a_mirror_and_interfacial_does_not():
    mesh = Mesh((6, 6, 1), (2e-9, 2e-9, 3e-9))
    m = random_texture(mesh, 0)
    material = Material(8e5, 13e-12, interfacial_dmi=2e-3, bulk_dmi=2e-3)
    for term, sign in ((BulkDMI(mesh, material), -1), (InterfacialDMI(mesh, material), 1)):
        one, other = term.energy(m), term.energy(rotate(m, "mirror"))
        assert abs(float(other / one) - sign) < 1e-4


def test_terms_add_up_and_name_a_wrong_mesh():
    mesh = Mesh((4, 4, 1), (2e-9, 2e-9, 3e-9))
    material = Material(8e5, 13e-12, 4e5)
    one, two = Exchange(mesh, material), UniaxialAnisotropy(mesh, material)
    m = random_texture(mesh, 0)
    total = one + (two + one)
    assert len(total.terms) == 3
    expected = 2 * one.field(m) + two.field(m)
    assert jnp.allclose(total.field(m), expected, rtol=1e-5)
    with pytest.raises(ValueError, match="on one mesh"):
        _ = one + Exchange(Mesh((4, 5, 1), (2e-9, 2e-9, 3e-9)), material)


def test_time_dependent_field():
    mesh = Mesh((4, 4, 1), (2e-9, 2e-9, 3e-9))
    pulse = Zeeman(mesh, Material(8e5, 13e-12), lambda t: jnp.stack([0 * t, t * 1e14, 0 * t]))
    field = pulse.field(random_texture(mesh, 0), jnp.asarray(1e-9))
    assert jnp.allclose(field[1], 1e5, rtol=1e-5)
    assert jnp.all(field[0] == 0)


def test_a_parameter_in_the_material_can_be_differentiated():
    mesh = Mesh((4, 4, 1), (2e-9, 2e-9, 3e-9))
    m = random_texture(mesh, 0)

    def energy(stiffness: Any) -> Any:
        return 1e18 * Exchange(mesh, Material(8e5, stiffness)).energy(m)

    slope = jax.grad(energy)(jnp.asarray(13e-12))
    assert jnp.isclose(slope * 13e-12, energy(jnp.asarray(13e-12)), rtol=1e-4)  # linear in A
