"""Materials: ranges, array leaves, named materials and their sources."""

from __future__ import annotations

from math import pi, sqrt

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from spinlearn import Material, SpinlearnValueError, material_names, named_material

FIELDS = (
    "saturation_magnetization",
    "exchange",
    "anisotropy",
    "anisotropy_axis",
    "interfacial_dmi",
    "bulk_dmi",
    "damping",
)


def test_exchange_length_of_permalloy(rtol: float) -> None:
    expected = sqrt(2 * 13e-12 / (4e-7 * pi * 8e5**2))
    assert 5e-9 < expected < 6e-9
    film = Material(saturation_magnetization=8e5, exchange=13e-12)
    np.testing.assert_allclose(film.exchange_length, expected, rtol=max(rtol, 1e-9))


def test_every_number_is_a_leaf_and_does_not_compile_anew() -> None:
    traces = []

    @eqx.filter_jit
    def total(material: Material) -> jax.Array:
        traces.append(1)
        return material.damping + material.saturation_magnetization

    for damping in (0.01, 0.02, 0.03):
        total(Material(8e5, 13e-12, damping=damping))
    assert len(traces) == 1
    leaves = jax.tree.leaves(Material(8e5, 13e-12))
    assert len(leaves) == len(FIELDS)
    assert all(isinstance(leaf, jax.Array) for leaf in leaves)


def test_numbers_have_default_precision_and_arrays_keep_theirs(double: bool) -> None:
    film = Material(8e5, jnp.asarray(13e-12, jnp.float32))
    assert film.saturation_magnetization.dtype == (jnp.float64 if double else jnp.float32)
    assert film.exchange.dtype == jnp.float32


def test_parameters_may_vary_from_cell_to_cell(rtol: float) -> None:
    varied = jnp.linspace(6e5, 8e5, 12).reshape(4, 3, 1)
    film = Material(saturation_magnetization=varied, exchange=13e-12)
    assert film.exchange_length.shape == (4, 3, 1)
    one = Material(saturation_magnetization=6e5, exchange=13e-12)
    np.testing.assert_allclose(film.exchange_length[0, 0, 0], one.exchange_length, rtol=rtol)


def test_materials_can_be_built_inside_compiled_code(rtol: float) -> None:
    @jax.jit
    def length(exchange: jax.Array) -> jax.Array:
        return Material(saturation_magnetization=8e5, exchange=exchange).exchange_length

    values = jnp.asarray([13e-12, 52e-12])
    first, second = jax.vmap(length)(values)
    np.testing.assert_allclose(second, 2 * first, rtol=rtol)


def test_axis_is_normalised(rtol: float) -> None:
    film = Material(8e5, 13e-12, anisotropy_axis=(3.0, 0.0, 4.0))
    np.testing.assert_allclose(film.anisotropy_axis, [0.6, 0.0, 0.8], rtol=rtol)


@pytest.mark.parametrize(
    "axis", [(0.0, 0.0, 0.0), (1.0, 0.0), (np.nan, 0.0, 1.0), (np.inf, 0.0, 0.0), 1.0]
)
def test_bad_axes_are_refused_by_name(axis: object) -> None:
    with pytest.raises(SpinlearnValueError, match=r"^anisotropy_axis = "):
        Material(8e5, 13e-12, anisotropy_axis=axis)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("field", "value", "unit"),
    [
        ("saturation_magnetization", -1.0, "A/m"),
        ("exchange", -1e-12, "J/m"),
        ("anisotropy", np.nan, "J/m³"),
        ("interfacial_dmi", np.inf, "J/m²"),
        ("bulk_dmi", np.nan, "J/m²"),
        ("damping", -0.1, "without unit"),
        ("conductivity", -1.0, "S/m"),
        ("amr_ratio", -1.5, "without unit"),
        ("damping", "small", "a number"),
        ("exchange", [13e-12, -1e-12], "J/m"),
    ],
)
def test_values_out_of_range_are_refused_by_name_and_unit(
    field: str, value: object, unit: str
) -> None:
    arguments = {"saturation_magnetization": 8e5, "exchange": 13e-12, field: value}
    with pytest.raises(SpinlearnValueError, match=rf"^{field} = ") as caught:
        Material(**arguments)
    assert unit in caught.value.allowed


def test_negative_anisotropy_and_dmi_are_physics() -> None:
    film = Material(8e5, 13e-12, anisotropy=-1e4, interfacial_dmi=-1e-3, bulk_dmi=-1e-3)
    assert float(film.anisotropy) < 0


def test_unknown_names_are_refused_with_the_known_ones() -> None:
    with pytest.raises(SpinlearnValueError, match="permalloy"):
        named_material("unobtainium")


@pytest.mark.parametrize("name", material_names())
def test_named_materials_state_the_source_of_every_number(name: str) -> None:
    material = named_material(name)
    plain = Material(8e5, 13e-12)
    sources = dict(material.sources)
    assert {"saturation_magnetization", "exchange", "damping"} <= set(sources)
    assert all(text.strip() for text in sources.values())
    for field in (*FIELDS, "conductivity", "amr_ratio"):
        value, default = getattr(material, field), getattr(plain, field)
        same = value is None if default is None else np.array_equal(value, default)
        assert same or field in sources, f"{field} has no source"


def test_named_values() -> None:
    permalloy = named_material("permalloy")
    assert permalloy.conductivity is not None
    assert permalloy.amr_ratio is not None
    np.testing.assert_allclose(permalloy.saturation_magnetization, 8e5, rtol=1e-6)
    # Bogart and Atkinson's fit at 20 nm, in Ω m.
    resistivity = 1.2935e-6 * 20**-0.4716
    np.testing.assert_allclose(1 / permalloy.conductivity, resistivity, rtol=0.02)
    assert 0.02 <= float(permalloy.amr_ratio) <= 0.03
    assert dict(named_material("fege").sources)["damping"] == "assumed"
