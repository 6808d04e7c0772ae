"""Magnetic materials: parameters of a film, and a few named ones with their sources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from spinlearn._checks import as_leaf, is_known, require
from spinlearn.errors import SpinlearnValueError

Array = jax.Array


class Material(eqx.Module):
    """Parameters of a magnetic material, each an array leaf (one number, or one per cell).

    Parameters
    ----------
    saturation_magnetization
        Ms, A/m.
    exchange
        Exchange stiffness A, J/m.
    anisotropy
        First-order uniaxial anisotropy K_u, J/m³; positive for an easy axis.
    anisotropy_axis
        Direction of the easy axis, three numbers without unit; normalised here.
    interfacial_dmi, bulk_dmi
        Dzyaloshinskii–Moriya constants D, J/m².
    damping
        Gilbert damping α, a number without unit.
    conductivity
        1/ρ⊥, S/m, or None where it is not stated.
    amr_ratio
        (ρ∥ - ρ⊥)/ρ⊥, a number without unit, or None where it is not stated.
    sources
        Where each value comes from, by field; "assumed" where it is ours. Text without unit.

    Raises
    ------
    SpinlearnValueError
        If a value is out of its physical range.

    Examples
    --------
    >>> film = Material(saturation_magnetization=8e5, exchange=13e-12, damping=0.02)
    >>> float(film.exchange_length.round(10))
    5.7e-09
    """

    saturation_magnetization: Array
    exchange: Array
    anisotropy: Array
    anisotropy_axis: Array
    interfacial_dmi: Array
    bulk_dmi: Array
    damping: Array
    conductivity: Array | None
    amr_ratio: Array | None
    sources: tuple[tuple[str, str], ...] = eqx.field(static=True)

    def __init__(
        self,
        saturation_magnetization: Any,
        exchange: Any,
        anisotropy: Any = 0.0,
        anisotropy_axis: Sequence[float] | Array = (0.0, 0.0, 1.0),
        interfacial_dmi: Any = 0.0,
        bulk_dmi: Any = 0.0,
        damping: Any = 0.01,
        conductivity: Any = None,
        amr_ratio: Any = None,
        sources: Mapping[str, str] | None = None,
    ) -> None:
        self.saturation_magnetization = as_leaf(
            saturation_magnetization, "saturation_magnetization", "A/m"
        )
        self.exchange = as_leaf(exchange, "exchange", "J/m")
        self.anisotropy = as_leaf(anisotropy, "anisotropy", "J/m³")
        self.anisotropy_axis = _unit_axis(anisotropy_axis)
        self.interfacial_dmi = as_leaf(interfacial_dmi, "interfacial_dmi", "J/m²")
        self.bulk_dmi = as_leaf(bulk_dmi, "bulk_dmi", "J/m²")
        self.damping = as_leaf(damping, "damping", "1")
        self.conductivity = (
            None if conductivity is None else as_leaf(conductivity, "conductivity", "S/m")
        )
        self.amr_ratio = None if amr_ratio is None else as_leaf(amr_ratio, "amr_ratio", "1")
        self.sources = tuple(sorted((sources or {}).items()))
        self._check()

    def _check(self) -> None:
        ranges = {
            "saturation_magnetization": (0, "A/m, at least 0", "Iron has 1.7e6 A/m."),
            "exchange": (0, "J/m, at least 0", "Permalloy has 1.3e-11 J/m."),
            "anisotropy": (-np.inf, "finite, J/m³", "Use a negative value for an easy plane."),
            "interfacial_dmi": (-np.inf, "finite, J/m²", "Pt/Co has about 1e-3 J/m²."),
            "bulk_dmi": (-np.inf, "finite, J/m²", "FeGe has about 1.6e-3 J/m²."),
            "damping": (0, "at least 0, without unit", "Permalloy has 0.008 to 0.02."),
            "conductivity": (1e-300, "S/m, above 0", "Permalloy has about 3e6 S/m."),
            "amr_ratio": (-1 + 1e-9, "above -1, without unit", "3 % is 0.03."),
        }
        for field, (least, allowed, fix) in ranges.items():
            value = getattr(self, field)
            if value is not None and is_known(value):
                require(
                    jnp.isfinite(value) & (value >= least), field, value, f"numbers {allowed}", fix
                )

    @property
    def exchange_length(self) -> Array:
        """Magnetostatic exchange length √(2A/(μ0 Ms²)), m."""
        # Scaled by hand: in float32 neither A·2/μ0 nor Ms² is safe next to the other.
        ratio = self.exchange / 1e-12 / (self.saturation_magnetization / 1e6) ** 2
        return jnp.sqrt(ratio * (2e-12 / (4e-7 * np.pi * 1e12)))


def _unit_axis(axis: Sequence[float] | Array) -> Array:
    vector = as_leaf(axis, "anisotropy_axis", "1")
    if vector.ndim == 0 or vector.shape[0] != 3:
        raise SpinlearnValueError(
            "anisotropy_axis", axis, "three components", "Write e.g. (0, 0, 1)."
        )
    length = jnp.sqrt(jnp.sum(vector**2, axis=0, keepdims=True))
    require(
        jnp.isfinite(length) & (length > 0),
        "anisotropy_axis",
        axis,
        "a finite vector other than zero",
        "Write e.g. (0, 0, 1).",
        depends_on=(vector,),
    )
    return vector / length


_SAMPAIO = "Sampaio et al., Nat. Nanotechnol. 8, 839 (2013)"
_BEG = "Beg et al., Sci. Rep. 5, 17137 (2015)"
_MUMAG = "NIST muMAG standard problem 4"
_BOGART = "Bogart and Atkinson, Appl. Phys. Lett. 94, 042511 (2009), ρ = 1.2935e-6 t^-0.4716 Ω m"
_MCGUIRE = "McGuire and Potter, IEEE Trans. Magn. 11, 1018 (1975): 2 to 3 %"

_TABLE: Mapping[str, dict[str, Any]] = MappingProxyType(
    {
        "permalloy": {
            "saturation_magnetization": (8.0e5, _MUMAG),
            "exchange": (13e-12, _MUMAG),
            "anisotropy": (0.0, _MUMAG),
            "damping": (0.02, _MUMAG),
            "conductivity": (3.2e6, _BOGART + " at t = 20 (nm)"),
            "amr_ratio": (0.025, _MCGUIRE),
        },
        "pt_co": {
            "saturation_magnetization": (5.8e5, _SAMPAIO),
            "exchange": (15e-12, _SAMPAIO),
            "anisotropy": (0.8e6, _SAMPAIO),
            "interfacial_dmi": (3.0e-3, _SAMPAIO),
            "damping": (0.3, _SAMPAIO),
        },
        "fege": {
            "saturation_magnetization": (3.84e5, _BEG),
            "exchange": (8.78e-12, _BEG),
            "bulk_dmi": (1.58e-3, _BEG),
            "damping": (0.1, "assumed"),
        },
    }
)


def material_names() -> tuple[str, ...]:
    """Names of the materials that `named_material` knows (text without unit).

    Examples
    --------
    >>> material_names()
    ('fege', 'permalloy', 'pt_co')
    """
    return tuple(sorted(_TABLE))


def named_material(name: str) -> Material:
    """A material with published parameters (A/m, J/m, J/m³, J/m²) and the source of each.

    Parameters
    ----------
    name
        One of `material_names`.

    Raises
    ------
    SpinlearnValueError
        If the name is unknown.

    Examples
    --------
    >>> permalloy = named_material("permalloy")
    >>> dict(permalloy.sources)["exchange"]
    'NIST muMAG standard problem 4'
    """
    if name not in _TABLE:
        raise SpinlearnValueError(
            "name",
            name,
            f"one of {', '.join(material_names())}",
            "Build others with Material(...).",
        )
    entry = _TABLE[name]
    values = {field: value for field, (value, _) in entry.items()}
    return Material(**values, sources={field: source for field, (_, source) in entry.items()})
