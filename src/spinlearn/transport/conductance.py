"""The conductance matrix of a magnetic texture, and how it answers to the texture."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from spinlearn._checks import is_known
from spinlearn.errors import SpinlearnValueError
from spinlearn.transport._elements import apply_stiffness, contract
from spinlearn.transport._potentials import (
    Before,
    Solution,
    fill_tangent,
    in_groups,
    solve_voltages,
)
from spinlearn.transport._problem import (
    Problem,
    build_problem,
    check_sigma,
    check_tolerance,
    is_hall,
    require_solved,
)
from spinlearn.transport.electrodes import Electrodes

Array = jax.Array

# Products of all potentials with some want groups of at least a few (measured on two cores).
_PRODUCT_CORNERS = 4_000_000


class Reading(eqx.Module):
    """One read of a film's conductances.

    Parameters
    ----------
    conductance
        Conductance matrix ``(n, n)``, S: currents into the film = G @ voltages.
    potentials
        Potential for 1 V on contact k and 0 V on all others, ``(n, nx+1, ny+1)``, V.
    adjoint
        The same for the reversed magnetization (Hall effect), or None where it is the same, V.
    iterations
        Preconditioned iterations beyond the uniform film's solution, a number.
    error
        Bound of the relative error of G's diagonal, a number; an off-diagonal element errs by at
        most ``error √(G_ii G_jj)``. It holds for all contacts but the last, whose potential is what
        the others lack of 1 V everywhere, so that rows add up to zero exactly; its error is the
        sum of theirs, of similar size in practice.
    film
        The discrete film that was read (internal; lets the next read see what has changed), S.
    owner, free
        The corners of the contacts that read it (internal), ``(nx+1, ny+1)``, without unit.

    Examples
    --------
    >>> from spinlearn import Mesh
    >>> from spinlearn.transport import AMR, edge_electrodes
    >>> mesh = Mesh((32, 32, 1), (4e-9, 4e-9, 10e-9))
    >>> m = jnp.zeros((3, *mesh.shape)).at[2].set(1.0)
    >>> reading = read_conductance(AMR(4e6, 0.03).tensor(m), edge_electrodes(4, mesh))
    >>> isinstance(reading, Reading), reading.potentials.shape
    (True, (4, 33, 33))
    """

    conductance: Float[Array, "n n"]
    potentials: Float[Array, "n px py"]
    adjoint: Float[Array, "n px py"] | None
    iterations: Array
    error: Array
    film: Problem
    owner: Array
    free: Array


def conductance_matrix(
    sigma: Float[Array, "2 2 nx ny nz"],
    electrodes: Electrodes,
    *,
    tolerance: float | None = None,
    hall: bool | None = None,
) -> Float[Array, "n n"]:
    """Conductance matrix between the contacts of a film, S.

    Currents into the film are ``G @ V``. G is symmetric (with Hall effect ``G(m) = G(-m).T``),
    its rows and columns sum to zero, its off-diagonal elements are negative. It is evaluated in
    the stationary form ``Φᵀ K Φ``, whose error is the square of the potentials' error, and is
    differentiable (forward and reverse, to any order) in `sigma`.

    Parameters
    ----------
    sigma
        In-plane conductivity tensor on the cells, ``(2, 2, nx, ny, nz)``, S/m (`AMR.tensor`).
    electrodes
        Contacts; their mesh gives the thickness.
    tolerance
        Bound of the relative error of G; by default 1e-10 in float64 and 1e-6 in float32.
    hall
        Whether sigma has an antisymmetric (Hall) part. Seen from the values by default; inside
        `jax.jit` it must be said.

    Returns
    -------
    Array
        ``(n, n)``, S. In float32 the relative error (largest error over largest element) is below
        1e-5 up to 1025² corners: the potentials are solved to float32 and rounding adds up.

    Raises
    ------
    SpinlearnValueError
        If sigma has the wrong shape, is not positive or not finite.
    RuntimeError
        From inside compiled code, if sigma is not positive or the solution does not converge; the
        message has the remedy.

    Examples
    --------
    >>> from spinlearn import Mesh
    >>> from spinlearn.transport import AMR, edge_electrodes
    >>> mesh = Mesh((64, 64, 1), (4e-9, 4e-9, 10e-9))
    >>> m = jnp.zeros((3, *mesh.shape)).at[0].set(1.0)
    >>> g = conductance_matrix(AMR(4e6, 0.03).tensor(m), edge_electrodes(4, mesh))
    >>> g.shape, bool(g[0, 2] > g[1, 3])  # along y, across m: conducts better (G_ij < 0)
    ((4, 4), False)
    """
    return read_conductance(sigma, electrodes, tolerance=tolerance, hall=hall).conductance


def read_conductance(
    sigma: Float[Array, "2 2 nx ny nz"],
    electrodes: Electrodes,
    *,
    previous: Reading | None = None,
    tolerance: float | None = None,
    hall: bool | None = None,
) -> Reading:
    """Read the conductance matrix and keep the potentials, to start the next read from them.

    Parameters
    ----------
    sigma
        In-plane conductivity tensor on the cells, ``(2, 2, nx, ny, nz)``, S/m.
    electrodes
        Contacts of the film.
    previous
        An earlier reading of a similar texture with the same contacts: a warm start.
    tolerance
        Bound of the relative error of G; by default 1e-10 in float64 and 1e-6 in float32.
    hall
        See `conductance_matrix`.

    Returns
    -------
    Reading
        Conductance (S), unit potentials (V), iterations and error bound.

    Raises
    ------
    SpinlearnValueError
        If sigma has the wrong shape, is not positive or not finite, or `previous` has other
        contacts.

    Examples
    --------
    >>> from spinlearn import Mesh
    >>> from spinlearn.transport import AMR, edge_electrodes
    >>> mesh, amr = Mesh((64, 64, 1), (4e-9, 4e-9, 10e-9)), AMR(4e6, 0.03)
    >>> contacts = edge_electrodes(4, mesh)
    >>> m = jnp.zeros((3, *mesh.shape)).at[0].set(1.0)
    >>> first = read_conductance(amr.tensor(m), contacts)
    >>> again = read_conductance(amr.tensor(m), contacts, previous=first)
    >>> bool(again.iterations <= first.iterations)
    True
    """
    sigma = check_sigma(sigma, electrodes)
    if previous is not None:
        _check_previous(previous, electrodes)
    tolerance = default_tolerance(tolerance, sigma)
    return read_film(
        sigma,
        electrodes,
        previous,
        jnp.asarray(tolerance, sigma.dtype),
        hall=is_hall(sigma, hall),
    )


def _check_previous(previous: Reading, electrodes: Electrodes) -> None:
    if not isinstance(previous, Reading):
        raise SpinlearnValueError(
            "previous",
            type(previous).__name__,
            "a Reading",
            "Pass what read_conductance returned, not its conductance matrix.",
        )
    nx, ny, _ = electrodes.mesh.shape
    wanted = (electrodes.count, nx + 1, ny + 1)
    if previous.potentials.shape != wanted:
        raise SpinlearnValueError(
            "previous",
            f"a reading with potentials {previous.potentials.shape}",
            f"a reading of the same contacts and mesh, {wanted}",
            "Start without a previous reading.",
        )
    pairs = (previous.owner, electrodes.owner), (previous.free, electrodes.free)
    # In numpy: inside jax.jit, what jnp computes from a known array is traced.
    if any(is_known(*pair) and not np.array_equal(*pair) for pair in pairs):
        raise SpinlearnValueError(
            "previous",
            "a reading with contacts on other corners",
            "a reading of the same contacts",
            "Start without a previous reading.",
        )


def _same_contacts(reading: Reading, electrodes: Electrodes) -> Array:
    same_owner = jnp.all(reading.owner == electrodes.owner)
    return same_owner & jnp.all(reading.free == electrodes.free)


def default_tolerance(tolerance: float | None, sigma: Array) -> float:
    """The tolerance asked for, or what the precision of sigma allows."""
    return check_tolerance(tolerance, 1e-10 if sigma.dtype == jnp.float64 else 1e-6)


@eqx.filter_jit
def read_film(
    sigma: Array,
    electrodes: Electrodes,
    previous: Reading | None,
    tolerance: Array,
    *,
    hall: bool,
) -> Reading:
    """`read_conductance` of checked arguments, compiled."""
    problem = build_problem(sigma, electrodes, hall=hall)
    phi = _unit_potentials(problem, electrodes, previous, tolerance, hall=hall)
    psi = phi
    if hall:
        turned = None if previous is None else _reverse(previous)
        psi = _unit_potentials(problem.transpose(), electrodes, turned, tolerance, hall=True)
    conductance = _stationary_form(
        problem,
        psi.phi,
        phi.phi,
        electrodes=jax.lax.stop_gradient(electrodes),
        tolerance=tolerance,
        hall=hall,
    )
    iterations = jnp.maximum(phi.iterations, psi.iterations)
    error = jnp.maximum(phi.error, psi.error)
    conductance = require_solved(conductance, problem, electrodes, error, tolerance)
    adjoint = psi.phi if hall else None
    contacts = electrodes.owner, electrodes.free
    return Reading(conductance, phi.phi, adjoint, iterations, error, problem, *contacts)


def _reverse(reading: Reading) -> Reading:
    """The reading of the reversed magnetization."""
    return Reading(
        reading.conductance.T,
        reading.potentials if reading.adjoint is None else reading.adjoint,
        reading.potentials,
        reading.iterations,
        reading.error,
        reading.film.transpose(),
        reading.owner,
        reading.free,
    )


def _unit_potentials(
    problem: Problem,
    electrodes: Electrodes,
    previous: Reading | None,
    tolerance: Array,
    *,
    hall: bool,
) -> Solution:
    before = None
    if previous is not None:
        error = previous.error * jnp.diagonal(previous.conductance)
        error = jnp.where(_same_contacts(previous, electrodes), error, jnp.inf)
        comparable = not hall and previous.adjoint is None
        before = Before(previous.potentials, error, previous.film if comparable else None)
    constants, before = jax.lax.stop_gradient((electrodes, before))
    return solve_voltages(
        problem, None, electrodes=constants, before=before, tolerance=tolerance, hall=hall
    )


@eqx.filter_custom_jvp
def _stationary_form(
    problem: Problem,
    psi: Array,
    phi: Array,
    *,
    electrodes: Electrodes,
    tolerance: Array,
    hall: bool,
) -> Array:
    """``ψᵢᵀ K φⱼ`` plus the power in the contacts: ``(n, n)``, stationary in ψ and φ."""
    return _bilinear(problem, psi, phi, electrodes)


@_stationary_form.def_jvp
def _stationary_form_jvp(primals: Any, tangents: Any, **fixed: Any) -> Any:
    problem, psi, phi = primals
    electrodes, hall = fixed["electrodes"], fixed["hall"]
    value = _stationary_form(problem, psi, phi, **fixed)
    if tangents[0] is None:
        return value, jnp.zeros_like(value)
    # Stationary: the potentials' own change does not enter at first order. Their error, whose
    # square is in the value, is in the derivative as it stands, so solve on to its square.
    single = problem.spring.dtype == jnp.float32
    tighter = jnp.maximum(fixed["tolerance"] ** 2, 1e-9 if single else 1e-20)

    def refine(film: Problem, start: Array) -> Array:
        before = jax.lax.stop_gradient(Before(start))
        return solve_voltages(
            film, None, electrodes=electrodes, before=before, tolerance=tighter, hall=hall
        ).phi

    phi = refine(problem, phi)
    psi = refine(problem.transpose(), psi) if hall else phi
    return value, _bilinear(fill_tangent(tangents[0], problem), psi, phi, electrodes)


def _bilinear(problem: Problem, psi: Array, phi: Array, electrodes: Electrodes) -> Array:
    n = phi.shape[0]

    def columns(first: Array, size: int, form: Array) -> Array:
        right = jax.lax.dynamic_slice_in_dim(phi, first, size)
        block = contract(psi, apply_stiffness(problem.cells, right))
        return jax.lax.dynamic_update_slice_in_dim(form, block, first, 1)

    nothing = jnp.zeros((n, n), phi.dtype)
    form = in_groups(n, problem.spring.size, _PRODUCT_CORNERS, columns, nothing)
    x, y = electrodes.tied_x, electrodes.tied_y
    metal = jax.nn.one_hot(electrodes.owner[x, y], n, dtype=phi.dtype).T
    left, right = metal - psi[:, x, y], metal - phi[:, x, y]
    in_contacts = _matmul(left * problem.spring[x, y][None], right.T)
    return form + in_contacts


def _matmul(left: Array, right: Array) -> Array:
    return jnp.matmul(left, right, precision=jax.lax.Precision.HIGHEST)
