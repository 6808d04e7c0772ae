"""Conductivity of a magnetic texture: anisotropic magnetoresistance and anomalous Hall effect."""

from __future__ import annotations

import warnings
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from spinlearn._checks import (
    as_float_array,
    as_leaf,
    as_numbers,
    is_known,
    require_values,
)
from spinlearn.errors import SpinlearnValueError

Array = jax.Array


class AMR(eqx.Module):
    r"""Conductivity tensor of a conductor with anisotropic magnetoresistance (AMR).

    The resistivity is :math:`E = \rho_\perp j + (\rho_\parallel-\rho_\perp)\,m\,(m\cdot j) +
    \rho_H\, m\times j`, hence

    .. math:: \sigma(m) = \sigma_\perp I + (\sigma_\parallel-\sigma_\perp)\, m\otimes m
              - \sigma_H\, [m\times],

    with :math:`\sigma_\parallel = 1/\rho_\parallel`, :math:`\sigma_\perp =
    \rho_\perp/(\rho_\perp^2+\rho_H^2)` and :math:`\sigma_H = \rho_H/(\rho_\perp^2+\rho_H^2)`.

    Parameters
    ----------
    conductivity
        :math:`1/\rho_\perp`, S/m: conductivity for m perpendicular to the current; one number, or
        one per cell ``(nx, ny, nz)``.
    ratio
        :math:`(\rho_\parallel-\rho_\perp)/\rho_\perp`, a number without unit above -1; one number
        or one per cell. Literature also divides by the mean
        :math:`(\rho_\parallel+2\rho_\perp)/3`; for 3 % the two differ by 1 % of the ratio.
        `AMR.from_resistivities` leaves no doubt.
    hall
        :math:`\rho_H/\rho_\perp`, the anomalous Hall ratio, a number without unit (default 0).
        Positive: for m along +z and current along +x the field has a component along +y.
    zero_normal_current
        If False (default) the two-dimensional tensor is the in-plane block of :math:`\sigma`. If
        True, the normal field :math:`E_z` is eliminated so that :math:`j_z = 0` in every cell:
        right where the film is much thinner than the texture; the two agree to first order in the
        ratio.

    Raises
    ------
    SpinlearnValueError
        If the conductivity is not positive or the ratio not above -1.

    Warns
    -----
    UserWarning
        If the ratio is above 1, which is more than 100 %.

    References
    ----------
    McGuire, Potter, IEEE Trans. Magn. 11, 1018 (1975).

    Examples
    --------
    >>> amr = AMR(conductivity=4e6, ratio=0.02)
    >>> m = jnp.zeros((3, 8, 4, 1)).at[0].set(1.0)
    >>> sigma = amr.tensor(m)
    >>> sigma.shape, bool(sigma[0, 0, 0, 0, 0] < sigma[1, 1, 0, 0, 0])
    ((2, 2, 8, 4, 1), True)
    """

    conductivity: Array
    ratio: Array
    hall: Array
    zero_normal_current: bool = eqx.field(static=True)

    def __init__(
        self,
        conductivity: Any,
        ratio: Any,
        hall: Any = 0.0,
        *,
        zero_normal_current: bool = False,
    ) -> None:
        self.conductivity = as_leaf(conductivity, "conductivity", "S/m")
        self.ratio = as_leaf(ratio, "ratio", "1")
        self.hall = as_leaf(hall, "hall", "1")
        self.zero_normal_current = bool(zero_normal_current)
        # As they were given: inside jax.jit the leaves made from them are traced.
        _check_parameters(conductivity, ratio, hall)

    @classmethod
    def from_resistivities(
        cls,
        parallel: Any,
        perpendicular: Any,
        hall: Any = 0.0,
        *,
        zero_normal_current: bool = False,
    ) -> AMR:
        """The same law from resistivities for current along and across m, and ρ_H, all in Ω m.

        Examples
        --------
        >>> float(AMR.from_resistivities(2.6e-7, 2.5e-7).ratio.round(4))
        0.04
        """
        par = as_leaf(parallel, "parallel", "Ω m")
        perp = as_leaf(perpendicular, "perpendicular", "Ω m")
        for field, value in (("parallel", parallel), ("perpendicular", perpendicular)):
            require_values(
                _positive,
                field,
                value,
                "positive finite numbers in Ω m",
                "Permalloy has about 2.5e-7 Ω m.",
            )
        off = as_leaf(hall, "hall", "Ω m") / perp
        return cls(1 / perp, (par - perp) / perp, off, zero_normal_current=zero_normal_current)

    def tensor(
        self, m: Float[Array, "3 nx ny nz"], outline: Any = None
    ) -> Float[Array, "2 2 nx ny nz"]:
        """In-plane conductivity tensor of a texture, S/m.

        Parameters
        ----------
        m
            Unit vectors of the magnetization, ``(3, nx, ny, nz)``.
        outline
            Filled part of every cell, ``(nx, ny)``; where it is 0, m is not looked at.

        Returns
        -------
        Array
            ``(2, 2, nx, ny, nz)`` in S/m, of m's precision; symmetric unless `hall` is non-zero.

        Raises
        ------
        SpinlearnValueError
            If m or the outline has the wrong shape or m is not of unit length (to 1e-3).
        """
        m = as_float_array(m, "m")
        if m.ndim != 4 or m.shape[0] != 3:
            raise SpinlearnValueError(
                "m.shape", m.shape, "(3, nx, ny, nz)", "Put the components first: m[0] is m_x."
            )
        for field in ("conductivity", "ratio", "hall"):
            shape = getattr(self, field).shape
            if shape not in ((), m.shape[1:]):
                raise SpinlearnValueError(
                    f"{field}.shape",
                    shape,
                    f"one number, or one per cell {m.shape[1:]}",
                    "Give per-cell values on the mesh of m.",
                )
        _check_unit_length(m, _check_outline(outline, m.shape[1:3]))
        perp = self.conductivity.astype(m.dtype)
        hall, ratio = self.hall.astype(m.dtype), self.ratio.astype(m.dtype)
        across = perp / (1 + hall**2)
        along = perp / (1 + ratio)
        off = perp * hall / (1 + hall**2)
        mx, my, mz = m[0], m[1], m[2]
        delta = along - across
        symmetric = delta * mx * my
        block = jnp.stack(
            [
                jnp.stack([across + delta * mx * mx, symmetric + off * mz]),
                jnp.stack([symmetric - off * mz, across + delta * my * my]),
            ]
        )
        if not self.zero_normal_current:
            return block
        into = jnp.stack([delta * mx * mz - off * my, delta * my * mz + off * mx])
        out = jnp.stack([delta * mx * mz + off * my, delta * my * mz - off * mx])
        normal = (across + delta * mz * mz)[None, None]
        return block - into[:, None] * out[None, :] / normal


def _positive(values: np.ndarray) -> np.ndarray:
    return np.isfinite(values) & (values > 0)


def _check_parameters(conductivity: Any, ratio: Any, hall: Any) -> None:
    require_values(
        _positive,
        "conductivity",
        conductivity,
        "positive finite numbers in S/m",
        "Metals have 1e5 to 6e7 S/m; use an outline for places without film.",
    )
    require_values(
        lambda values: np.isfinite(values) & (values > -1),
        "ratio",
        ratio,
        "finite numbers above -1 (3 % is 0.03)",
        "Give (ρ∥ - ρ⊥)/ρ⊥.",
    )
    require_values(np.isfinite, "hall", hall, "finite numbers", "Give ρ_H/ρ⊥, e.g. 0.01.")
    if is_known(ratio) and np.any(np.asarray(ratio) > 1):
        warnings.warn(
            f"ratio = {np.max(np.asarray(ratio)):g}: ρ∥ is more than twice ρ⊥. "
            "The ratio is no percentage: 3 % is 0.03.",
            stacklevel=5,  # past equinox's two frames: where AMR was called
        )


def _check_outline(outline: Any, cells: tuple[int, ...]) -> Any:
    if outline is None:
        return np.ones(cells)
    if is_known(outline):
        allowed = "booleans, or filled parts from 0 to 1"
        outline = as_numbers(outline, "outline", allowed, "Give one value a cell.")
    if outline.shape != cells:
        raise SpinlearnValueError(
            "outline.shape", outline.shape, f"{cells}, one value a cell", "Leave out the layers."
        )
    return outline


def _check_unit_length(m: Array, outline: Any) -> None:
    if not is_known(m, outline):
        return
    # In numpy: inside jax.jit, what jnp computes from a known array is traced.
    vectors = np.asarray(m)
    filled = (np.asarray(outline) > 0)[:, :, None]
    with np.errstate(all="ignore"):
        error = np.abs(np.einsum("axyz,axyz->xyz", vectors, vectors) - 1)
    worst = float(np.max(error, where=filled, initial=0))
    if not worst <= 2e-3:
        raise SpinlearnValueError(
            "m",
            f"a field whose |m|² differs from 1 by up to {worst:.3g}",
            "unit vectors in every cell",
            "Normalise m; where there is no magnet, pass the outline.",
        )
