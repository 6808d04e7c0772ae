"""Potentials of a film for given contact voltages, with implicit derivatives."""

from __future__ import annotations

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp

from spinlearn.transport._direct import solve_direct
from spinlearn.transport._elements import (
    CellConductance,
    CellModes,
    apply_stiffness,
    cell_fluxes,
    cell_modes,
    complementary_power,
)
from spinlearn.transport._krylov import (
    Bound,
    KrylovResult,
    conjugate_gradients,
    conjugate_residuals,
)
from spinlearn.transport._problem import Problem, apply_operator, preconditioner
from spinlearn.transport._uniform import UniformFilm
from spinlearn.transport.electrodes import Electrodes

Array = jax.Array

_MOST_ITERATIONS = 200


class Guess(NamedTuple):
    """Potentials to start from, and what is known about their error."""

    phi: Array  # (c, px, py) V
    error: Array  # (c,) bound of their squared energy error, W; infinite where nothing is known


class Solution(NamedTuple):
    """Potentials of a stack of contact voltages."""

    phi: Array  # (c, px, py) V
    iterations: Array  # ()
    error: Array  # (c,) bound of the squared energy error over the dissipated power


@eqx.filter_custom_jvp
def solve_voltages(
    problem: Problem,
    voltages: Array,
    *,
    electrodes: Electrodes,
    initial: Guess | None,
    tolerance: Array,
    hall: bool,
) -> Solution:
    """Solve for contact voltages ``(c, n)``; `tolerance` bounds the relative squared error."""
    metal = electrodes.metal_potential(voltages)
    start = _start(problem, metal, voltages, electrodes, initial)
    out = apply_stiffness(problem.cells, start)
    residual = jnp.where(electrodes.free, problem.spring * (metal - start) - out, 0)
    if electrodes.method == "direct":
        correction = solve_direct(problem, electrodes.free, residual, transpose=False)
        error = jnp.where(jnp.isfinite(jnp.sum(correction, axis=(-2, -1))), 0, jnp.nan)
        return Solution(start + correction, jnp.asarray(0), error.astype(residual.dtype))
    power = _least_power(problem, voltages, electrodes)
    known = None if initial is None else initial.error
    result = _iterate(problem, electrodes, residual, power, tolerance, hall, known)
    relative = result.error / jnp.where(power > 0, power, 1)
    return Solution(start + result.correction, result.iterations, relative)


def require_converged(value: Array, error: Array, tolerance: Array) -> Array:
    """Pass `value` on, or raise with the remedy; apply it to something small: it is copied."""
    return eqx.error_if(
        value,
        ~jnp.all(error <= tolerance),
        f"The potential did not converge in {_MOST_ITERATIONS} iterations, or is not finite. "
        "Look for NaN in m or sigma; loosen the tolerance (float32 reaches 1e-6); for a "
        "conductivity that varies by orders of magnitude build Electrodes(method='direct').",
    )


@solve_voltages.def_jvp
def _solve_voltages_jvp(primals: Any, tangents: Any, **fixed: Any) -> tuple[Solution, Solution]:
    problem, voltages = primals
    d_problem, d_voltages = tangents
    electrodes: Electrodes = fixed["electrodes"]
    solution = solve_voltages(problem, voltages, **fixed)
    metal = electrodes.metal_potential(voltages)
    current = jnp.zeros_like(solution.phi)
    lift = jnp.zeros_like(solution.phi)
    d_cells = _materialise(d_problem.cells, problem.cells) if d_problem is not None else None
    if d_cells is not None:
        current = current - apply_stiffness(d_cells, solution.phi)
    if d_problem is not None and d_problem.spring is not None:
        current = current + d_problem.spring * (metal - solution.phi)
    if d_voltages is not None:
        d_metal = electrodes.metal_potential(d_voltages)
        lift = jnp.where(electrodes.free, 0, d_metal)
        current = current + problem.spring * d_metal - apply_stiffness(problem.cells, lift)
    current = jnp.where(electrodes.free, current, 0)
    d_phi = lift + solve_currents(problem, current, electrodes, hall=fixed["hall"])
    return solution, Solution(d_phi, _no_tangent(solution.iterations), 0 * solution.error)


def solve_currents(
    problem: Problem, current: Array, electrodes: Electrodes, *, hall: bool
) -> Array:
    """Potentials, zero on held corners, of currents into the free ones; linear and transposable."""
    free = electrodes.free
    tolerance = jnp.asarray(1e-20 if current.dtype == jnp.float64 else 1e-11, current.dtype)

    def solve(given: Problem, rhs: Array, transpose: bool) -> Array:
        if electrodes.method == "direct":
            return solve_direct(given, free, rhs, transpose=transpose)
        turned = given.transpose() if transpose else given
        return _iterate(turned, electrodes, rhs, None, tolerance, hall).correction

    return jax.lax.custom_linear_solve(
        lambda u: apply_operator(problem, free, u) + jnp.where(free, 0, u),
        current,
        solve=lambda _, rhs: solve(problem, rhs, False),
        transpose_solve=lambda _, rhs: solve(problem, rhs, True),
    )


def _start(
    problem: Problem,
    metal: Array,
    voltages: Array,
    electrodes: Electrodes,
    initial: Guess | None,
) -> Array:
    """The initial potential if there is one, else the uniform film's; exact on held corners."""
    if initial is not None:
        guess = initial.phi.astype(metal.dtype)
    elif electrodes.method == "direct":
        guess = jnp.zeros_like(metal)
    else:
        film = preconditioner(problem, electrodes)
        owner = electrodes.owner[film.node_x, film.node_y]
        on_nodes = jnp.take(voltages, owner, axis=-1).astype(film.inverse.dtype)
        guess = film.hold(on_nodes).astype(metal.dtype)
    return jnp.where(electrodes.free, guess, metal)


def _least_power(problem: Problem, voltages: Array, electrodes: Electrodes) -> Array:
    """A lower bound of the dissipated power, W, against which errors are measured."""
    assert electrodes.uniform is not None
    film = electrodes.uniform.conductance.astype(voltages.dtype)
    smallest = problem.mean / jnp.sqrt(problem.contrast)
    return smallest * jnp.einsum("ci,ij,cj->c", voltages, film, voltages)


def _iterate(
    problem: Problem,
    electrodes: Electrodes,
    residual: Array,
    power: Array | None,
    tolerance: Array,
    hall: bool,
    known: Array | None = None,
) -> KrylovResult:
    film = preconditioner(problem, electrodes)
    free = electrodes.free
    single = film.inverse.dtype

    def inverse(r: Array) -> Array:
        # Scaled to the uniform film of unit conductance: no under- or overflow in float32.
        largest = jnp.max(jnp.abs(r))
        unit = jnp.where(largest > 0, largest, 1)
        z = film((r / unit).astype(single)).astype(r.dtype) * (unit / problem.mean)
        return jax.lax.optimization_barrier(jnp.where(free, z, 0))

    def operator(u: Array) -> Array:
        return apply_operator(problem, free, u)

    given = {
        "scale": power,
        "tolerance": tolerance,
        "contrast": problem.contrast,
        "most": _MOST_ITERATIONS,
    }
    if hall:
        return conjugate_residuals(operator, inverse, residual, **given)
    sharper = None if power is None else _flux_bound(problem, electrodes, film)
    return conjugate_gradients(
        operator, inverse, residual, sharper=sharper, known=known, **given
    )


def _flux_bound(problem: Problem, electrodes: Electrodes, film: UniformFilm) -> Bound:
    """Bound of the energy error after a step, from the currents that the step left unbalanced.

    The residual was that of currents σ₀∇z in the uniform film and lost those of α σ∇p in the
    textured one: what is left is the divergence of their difference, cell by cell. Thomson's
    principle then bounds the error by the difference's own power: the mean square of the
    mismatch, where the contrast bound takes its maximum.
    """
    aspect = jnp.asarray(electrodes.aspect, problem.spring.dtype)
    unit = CellConductance(
        problem.mean * aspect, jnp.zeros_like(aspect), jnp.zeros_like(aspect), problem.mean / aspect
    )
    series = film.series.astype(problem.spring.dtype)
    tied = series > 0
    uniform_spring = jnp.where(tied, problem.mean / jnp.where(tied, series, 1), 0)
    spring = problem.spring[film.node_x, film.node_y]

    def bound(z: Array, p: Array, alpha: Array) -> Array:
        kept = cell_fluxes(unit, cell_modes(z))
        spent = cell_fluxes(problem.cells, cell_modes(p))
        step = alpha[:, None, None]
        rest = CellModes(*(k - step * s for k, s in zip(kept, spent, strict=True)))
        at_z, at_p = z[:, film.node_x, film.node_y], p[:, film.node_x, film.node_y]
        tie = uniform_spring * at_z - alpha[:, None] * spring * at_p
        in_ties = jnp.sum(jnp.where(tied, tie * tie / jnp.where(tied, spring, 1), 0), axis=-1)
        return complementary_power(problem.cells, rest) + in_ties

    return bound


def bound_change(problem: Problem, before: Problem, phi: Array, error: Array) -> Array:
    """Bound of the squared energy error ``(c,)``, W, of potentials of a slightly different film.

    ``error`` bounds what the potentials' error was in the film ``before``. The change of the film
    leaves the currents (σ - σ_before)∇φ unbalanced; Thomson's principle bounds what they drive.
    """
    change = CellConductance(*(n - b for n, b in zip(problem.cells, before.cells, strict=True)))
    unbalanced = cell_fluxes(change, cell_modes(jax.lax.optimization_barrier(phi)))
    moved = complementary_power(problem.cells, unbalanced)
    # A held contact sees 1 V at most: the tied corners' share is bounded by their change alone.
    tied = problem.spring > 0
    ties = jnp.where(tied, (problem.spring - before.spring) ** 2, 0)
    moved = moved + jnp.sum(ties / jnp.where(tied, problem.spring, 1))
    ratio = jnp.max(jnp.where(problem.cells.xx > 0, before.cells.xx / problem.cells.xx, 0))
    largest = jnp.maximum(ratio, 1) * problem.contrast
    return (jnp.sqrt(moved) + jnp.sqrt(largest * error)) ** 2


def _materialise(tangent: Any, primal: Any) -> Any:
    """Fill in the zeros that equinox leaves out of a partly missing tangent."""
    leaves = [t for t in tangent if t is not None]
    if not leaves:
        return None
    return type(primal)(
        *(jnp.zeros_like(p) if t is None else t for t, p in zip(tangent, primal, strict=True))
    )


def _no_tangent(value: Array) -> Any:
    return None if not jnp.issubdtype(value.dtype, jnp.floating) else jnp.zeros_like(value)
