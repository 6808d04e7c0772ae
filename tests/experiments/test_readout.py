"""Read-out of a striped texture."""

from __future__ import annotations

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from spinlearn import Material, Mesh, SpinlearnValueError
from spinlearn.experiments import Readout, StripedFilm, read_striped_film, stripe_texture

pytestmark = pytest.mark.once

MESH = Mesh((48, 40, 2), (4e-9, 4e-9, 5e-9))


@pytest.fixture(scope="module")
def readout() -> Readout:
    return read_striped_film(StripedFilm(cells=48))


def test_stripes_are_unit_vectors_of_the_default_precision(rtol: float) -> None:
    m = stripe_texture(MESH, period=64e-9, direction=0.3, wave_amplitude=10e-9, wave_length=100e-9)
    assert m.shape == (3, 48, 40, 2)
    assert m.dtype == jnp.result_type(float)
    np.testing.assert_allclose(np.sum(np.asarray(m) ** 2, axis=0), 1, rtol=10 * rtol)
    np.testing.assert_array_equal(m[..., 0], m[..., 1])


def test_straight_stripes_are_the_formula(rtol: float) -> None:
    m = np.asarray(stripe_texture(MESH, period=64e-9, direction=np.pi / 2))
    psi = 2 * np.pi * MESH.coordinates()[1] / 64e-9
    expected = np.stack([0 * psi, np.sin(psi), np.cos(psi)])[:, None, :, None]
    np.testing.assert_allclose(m, np.broadcast_to(expected, m.shape), atol=10 * rtol)


def test_in_plane_part_is_normal_to_the_stripes() -> None:
    """Néel walls: m × ∇m_z has no z-component, with ∇m_z by finite differences."""
    mesh = Mesh((200, 200, 1), (1e-9, 1e-9, 1e-9))
    m = np.asarray(
        stripe_texture(mesh, period=80e-9, direction=0.4, wave_amplitude=14e-9, wave_length=200e-9),
        np.float64,
    )[..., 0]
    slope = np.gradient(m[2])
    turned = (m[0] * slope[1] - m[1] * slope[0])[2:-2, 2:-2]
    assert np.max(np.abs(turned)) < 5e-3 * np.max(np.hypot(*slope))


def test_texture_can_be_differentiated_and_compiled() -> None:
    def mean_mz(period: jax.Array) -> jax.Array:
        return jnp.mean(stripe_texture(MESH, period=period)[2])

    assert jnp.isfinite(jax.jit(jax.grad(mean_mz))(jnp.asarray(7e-8)))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("period", 0.0),
        ("period", 8e-9),
        ("period", np.nan),
        ("direction", np.inf),
        ("wave_amplitude", -1e-9),
        ("wave_length", 0.0),
    ],
)
def test_bad_stripes_are_named(field: str, value: float) -> None:
    parameters = {"period": 64e-9, field: value}
    with pytest.raises(SpinlearnValueError, match=f"^{field} "):
        stripe_texture(MESH, **parameters)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("cells", 0),
        ("length", -1e-9),
        ("thickness", 0.0),
        ("pattern", (1,)),
        ("pattern", (1, 0, -1)),
        ("voltage", np.nan),
    ],
)
def test_bad_film_is_named(field: str, value: object) -> None:
    with pytest.raises(SpinlearnValueError, match=f"^{field} "):
        StripedFilm(**{field: value})  # pyright: ignore


def test_material_without_conductivity_is_named() -> None:
    with pytest.raises(SpinlearnValueError, match=r"^material\.conductivity "):
        StripedFilm(material=Material(saturation_magnetization=8e5, exchange=13e-12))


def test_every_parameter_has_a_source() -> None:
    film = StripedFilm()
    sources = dict(film.sources)
    ours = {f.name for f in dataclasses.fields(film)} - {"mesh", "material", "sources"}
    assert all(sources[name] == "assumed" for name in (*ours, "length", "thickness"))
    assert "assumed" not in sources["conductivity"] + sources["amr_ratio"]


def test_readout_is_consistent(readout: Readout, double: bool) -> None:
    g, tight = np.asarray(readout.conductance, np.float64), 1e-9 if double else 2e-5
    np.testing.assert_allclose(g, g.T, atol=tight * g.max())
    np.testing.assert_allclose(g.sum(axis=0), 0, atol=tight * g.max())
    currents = g @ np.asarray(readout.film.voltages, np.float64)
    loose = 1e-8 if double else 1e-3
    np.testing.assert_allclose(
        readout.solution.currents, currents, atol=loose * np.abs(currents).max()
    )


def test_texture_changes_the_conductances_by_at_most_the_ratio(readout: Readout) -> None:
    change = np.asarray(readout.relative_change, np.float64)
    ratio = float(np.asarray(readout.film.material.amr_ratio))
    assert np.all(np.diagonal(change) < 0)
    assert np.all(np.diagonal(change) > 1 / (1 + ratio) - 1)
    assert 0.005 < np.abs(change).max() < 2 * ratio


def test_change_converges_with_the_mesh(readout: Readout) -> None:
    finer = read_striped_film(StripedFilm(cells=96))
    np.testing.assert_allclose(readout.relative_change, finer.relative_change, atol=5e-4)
