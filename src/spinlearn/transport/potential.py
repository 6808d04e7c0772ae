"""Potential and current density of a film at given contact voltages."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from spinlearn._checks import as_array, require_values
from spinlearn.errors import SpinlearnValueError
from spinlearn.transport._elements import apply_stiffness, cell_modes, match
from spinlearn.transport._potentials import Before, solve_voltages
from spinlearn.transport._problem import (
    build_problem,
    check_sigma,
    check_tolerance,
    is_hall,
    require_solved,
)
from spinlearn.transport.electrodes import Electrodes

Array = jax.Array


class Potential(eqx.Module):
    """Solution of ∇·(σ∇φ) = 0 for one set of contact voltages.

    Parameters
    ----------
    phi
        Potential at the cell corners, ``(nx+1, ny+1)``, V.
    current_density
        Current density at the cell centres, ``(3, nx, ny, nz)``, A/m²; its z-component is 0. In a
        cell that is film in part, or under a contact in part, that of the film beside the metal.
    currents
        Current from each contact into the film, ``(n,)``, A; they add up to zero.
    iterations
        Preconditioned iterations done, a number.
    error
        Bound of the relative error in the energy norm, a number; not finite if the film could not
        be solved.

    Examples
    --------
    >>> from spinlearn import Mesh
    >>> from spinlearn.transport import AMR, edge_electrodes
    >>> mesh = Mesh((32, 16, 1), (4e-9, 4e-9, 10e-9))
    >>> m = jnp.zeros((3, *mesh.shape)).at[2].set(1.0)
    >>> contacts = edge_electrodes((0, 1, 0, 1), mesh, coverage=1.0)
    >>> solution = solve_potential(AMR(4e6, 0.0).tensor(m), contacts, [1e-3, 0.0])
    >>> round(float(solution.currents[0]) * 1e6, 3)  # σ t W/L V = 20 µA
    20.0
    """

    phi: Float[Array, "px py"]
    current_density: Float[Array, "3 nx ny nz"]
    currents: Float[Array, "..."]  # noqa: UP037
    iterations: Array
    error: Array


def solve_potential(
    sigma: Float[Array, "2 2 nx ny nz"],
    electrodes: Electrodes,
    voltages: Any,
    *,
    previous: Potential | None = None,
    tolerance: float | None = None,
    hall: bool | None = None,
    throw: bool = True,
) -> Potential:
    """Potential, current density and contact currents of a film at given voltages.

    Solves ∇·(σ∇φ) = 0 for the current integrated over the thickness, with equipotential (or
    resistive) contacts and insulating edges. Differentiable (implicitly, forward and reverse) in
    `sigma` and `voltages`; jit- and vmap-able over textures and voltages.

    Parameters
    ----------
    sigma
        In-plane conductivity tensor on the cells, ``(2, 2, nx, ny, nz)``, S/m (`AMR.tensor`).
    electrodes
        Contacts of the film.
    voltages
        Voltage of every contact, ``(n,)``, V.
    previous
        Solution of a similar problem with the same contacts, from which to start.
    tolerance
        Bound of the relative error in the energy norm; by default 1e-10 in float64 and 1e-4 in
        float32.
    hall
        Whether sigma has an antisymmetric (Hall) part. Seen from the values by default; inside
        `jax.jit` it must be said.
    throw
        Whether a film that could not be solved is an error; otherwise see `Potential.error`. Within
        a loop that is compiled, looking at it once in the end keeps the program in JAX's cache.

    Returns
    -------
    Potential
        φ in V, current density in A/m², contact currents in A.

    Raises
    ------
    SpinlearnValueError
        If sigma, voltages or `previous` have the wrong shape, or sigma is not positive and finite.
    RuntimeError
        From inside compiled code, if sigma is not positive or the solution does not converge; the
        message has the remedy.

    Examples
    --------
    >>> from spinlearn import Mesh
    >>> from spinlearn.transport import AMR, edge_electrodes
    >>> mesh = Mesh((32, 32, 1), (4e-9, 4e-9, 10e-9))
    >>> m = jnp.zeros((3, *mesh.shape)).at[0].set(1.0)
    >>> contacts = edge_electrodes(4, mesh)
    >>> solution = solve_potential(AMR(4e6, 0.03).tensor(m), contacts, [1e-3, 0, 0, 0])
    >>> solution.phi.shape, solution.current_density.shape, solution.currents.shape
    ((33, 33), (3, 32, 32, 1), (4,))
    """
    sigma = check_sigma(sigma, electrodes)
    voltages = _check_voltages(voltages, electrodes, sigma)
    tolerance = check_tolerance(tolerance, 1e-10 if sigma.dtype == jnp.float64 else 1e-4)
    start = None if previous is None else _check_previous(previous, electrodes).phi
    squared = jnp.asarray(tolerance**2, sigma.dtype)
    hall = is_hall(sigma, hall)
    return _solve(sigma, electrodes, voltages, start, squared, hall=hall, throw=throw)


@eqx.filter_jit
def _solve(
    sigma: Array,
    electrodes: Electrodes,
    voltages: Array,
    start: Array | None,
    tolerance: Array,
    *,
    hall: bool,
    throw: bool,
) -> Potential:
    problem = build_problem(sigma, electrodes, hall=hall)
    # Only differences drive a current: a common voltage would drown them in rounding.
    common = jnp.mean(voltages)
    if start is not None:
        start = start.astype(sigma.dtype) - common
    constants, start = jax.lax.stop_gradient((electrodes, start))
    solution = solve_voltages(
        problem,
        (voltages - common)[None],
        electrodes=constants,
        before=None if start is None else Before(start[None]),
        tolerance=tolerance,
        hall=hall,
    )
    phi = solution.phi[0]
    into_film = apply_stiffness(problem.cells, phi)
    n = electrodes.count
    # What leaves the film at a contact's corners came through its metal; corners without contact
    # go to a bin of their own.
    contact = jnp.where(electrodes.owner >= 0, electrodes.owner, n)
    currents = jnp.zeros(n + 1, phi.dtype).at[contact].add(into_film)[:n]
    if throw:
        currents = require_solved(currents, problem, electrodes, solution.error, tolerance)
    density = _current_density(sigma, electrodes, phi)
    present = (electrodes.owner >= 0) | electrodes.free
    phi = jnp.where(present, phi + common, 0)
    error = jnp.sqrt(jnp.where(jnp.isinf(problem.contrast), jnp.inf, solution.error))
    return Potential(phi, density, currents, solution.iterations, error)


def _current_density(sigma: Array, electrodes: Electrodes, phi: Array) -> Array:
    """J = -σ∇φ at the cell centres; cells that are film in part carry it in that part."""
    dx, dy = (jnp.asarray(electrodes.mesh.cell[i], phi.dtype) for i in (0, 1))
    modes = cell_modes(phi)
    field = -jnp.stack([modes.a / dx, modes.b / dy])
    # Metal over part of a cell shorts that part: what is left of the cell has all of its field.
    field = field * match(electrodes.shunt.astype(phi.dtype), field)
    outline = electrodes.outline[:, :, None] > 0
    in_plane = jnp.where(outline[None], jnp.einsum("abxyz,bxy->axyz", sigma, field), 0)
    return jnp.concatenate([in_plane, jnp.zeros_like(in_plane[:1])])


def _check_previous(previous: Potential, electrodes: Electrodes) -> Potential:
    if not isinstance(previous, Potential):
        raise SpinlearnValueError(
            "previous",
            type(previous).__name__,
            "a Potential",
            "Pass what solve_potential returned, not a field of it.",
        )
    if previous.phi.shape != electrodes.owner.shape:
        raise SpinlearnValueError(
            "previous",
            f"a solution on {previous.phi.shape} corners",
            f"one on {electrodes.owner.shape} corners",
            "Start without a previous solution.",
        )
    return previous


def _check_voltages(voltages: Any, electrodes: Electrodes, sigma: Array) -> Array:
    given = as_array(voltages, "voltages")
    if jnp.issubdtype(given.dtype, jnp.complexfloating):
        raise SpinlearnValueError(
            "voltages", f"dtype {given.dtype}", "real numbers in V", "Take the real part."
        )
    if given.shape != (electrodes.count,):
        raise SpinlearnValueError(
            "voltages.shape",
            given.shape,
            f"({electrodes.count},), one voltage per contact",
            "For several sets of voltages use jax.vmap.",
        )
    require_values(np.isfinite, "voltages", given, "finite numbers in V", "Look for NaN or inf.")
    return given.astype(sigma.dtype)
