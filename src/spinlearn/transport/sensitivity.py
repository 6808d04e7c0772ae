"""How the conductance matrix answers to the conductivity of every cell."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from spinlearn._checks import as_array, require_values
from spinlearn.errors import SpinlearnValueError
from spinlearn.transport._problem import check_sigma, is_hall
from spinlearn.transport.conductance import default_tolerance, read_film
from spinlearn.transport.electrodes import Electrodes

Array = jax.Array


def conductance_sensitivity(
    sigma: Float[Array, "2 2 nx ny nz"],
    electrodes: Electrodes,
    *,
    weights: Any = None,
    tolerance: float | None = None,
    hall: bool | None = None,
) -> Array:
    r"""How each element of G answers to the conductivity of each cell, dG/dσ.

    To first order, and exactly, :math:`\delta G_{ij} = \int \nabla\psi_i \cdot \delta\sigma\,
    \nabla\phi_j\, dV`, with φ the unit potentials and ψ those of the reversed magnetization (φ
    itself without Hall effect); the ties of contact ends between corners add their share.

    Parameters
    ----------
    sigma
        In-plane conductivity tensor on the cells, ``(2, 2, nx, ny, nz)``, S/m.
    electrodes
        Contacts of the film.
    weights
        ``(n, n)`` numbers w: return the sensitivity of ``Σ w_ij G_ij`` alone, which is ``n²``
        times smaller. By default every element's.
    tolerance, hall
        See `conductance_matrix`.

    Returns
    -------
    Array
        ``(n, n, 2, 2, nx, ny, nz)``, or ``(2, 2, nx, ny, nz)`` with `weights`, in S per S/m (m).

    Raises
    ------
    SpinlearnValueError
        If sigma or weights have the wrong shape or sigma is not positive.

    Examples
    --------
    >>> from spinlearn import Mesh
    >>> from spinlearn.transport import AMR, conductance_matrix, edge_electrodes
    >>> mesh = Mesh((16, 16, 1), (4e-9, 4e-9, 10e-9))
    >>> m = jnp.zeros((3, *mesh.shape)).at[0].set(1.0)
    >>> sigma, contacts = AMR(4e6, 0.03).tensor(m), edge_electrodes(4, mesh)
    >>> dg = conductance_sensitivity(sigma, contacts)
    >>> dg.shape
    (4, 4, 2, 2, 16, 16, 1)
    >>> g = conductance_matrix(sigma, contacts)  # G is homogeneous of degree 1
    >>> bool(jnp.allclose(jnp.sum(dg * sigma, axis=(2, 3, 4, 5, 6)), g, rtol=1e-3, atol=1e-6))
    True
    """
    sigma = check_sigma(sigma, electrodes)
    bound = jnp.asarray(default_tolerance(tolerance, sigma), sigma.dtype)
    skew = is_hall(sigma, hall)
    n = electrodes.count
    if weights is None:
        return _all_sensitivities(sigma, electrodes, bound, hall=skew)
    weights = as_array(weights, "weights")
    if weights.shape != (n, n):
        raise SpinlearnValueError(
            "weights.shape", weights.shape, f"({n}, {n})", "Give one number per element of G."
        )
    require_values(np.isfinite, "weights", weights, "finite numbers", "Look for NaN.")
    return _weighted_sensitivity(sigma, electrodes, weights.astype(sigma.dtype), bound, hall=skew)


@eqx.filter_jit
def _weighted_sensitivity(
    sigma: Array, electrodes: Electrodes, weights: Array, tolerance: Array, *, hall: bool
) -> Array:
    def weighted(s: Array) -> Array:
        return jnp.sum(weights * read_film(s, electrodes, None, tolerance, hall=hall).conductance)

    return jax.grad(weighted)(sigma)


@eqx.filter_jit
def _all_sensitivities(
    sigma: Array, electrodes: Electrodes, tolerance: Array, *, hall: bool
) -> Array:
    def matrix(s: Array) -> Array:
        return read_film(s, electrodes, None, tolerance, hall=hall).conductance

    value, pull = jax.vjp(matrix, sigma)
    n = electrodes.count
    basis = jnp.eye(n * n, dtype=sigma.dtype).reshape(n * n, n, n)
    rows = jax.lax.map(lambda w: pull(w)[0], basis)
    return rows.reshape(*value.shape, *sigma.shape)
