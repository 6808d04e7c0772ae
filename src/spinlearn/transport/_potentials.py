"""Potentials of a film for given contact voltages, with implicit derivatives."""

from __future__ import annotations

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp

from spinlearn.transport._direct import solve_direct
from spinlearn.transport._elements import apply_stiffness
from spinlearn.transport._krylov import KrylovResult, conjugate_gradients, conjugate_residuals
from spinlearn.transport._problem import Problem, apply_operator, preconditioner
from spinlearn.transport.electrodes import Electrodes

Array = jax.Array

_MOST_ITERATIONS = 200


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
    initial: Array | None,
    tolerance: Array,
    hall: bool,
) -> Solution:
    """Solve for contact voltages ``(c, n)``; `tolerance` bounds the relative squared error."""
    metal = electrodes.metal_potential(voltages)
    start = _start(problem, metal, voltages, electrodes, initial)
    out = apply_stiffness(problem.cells, start)
    gap = metal - start
    power = jnp.sum(start * out + problem.spring * gap * gap, axis=(-2, -1))
    residual = jnp.where(electrodes.free, problem.spring * gap - out, 0)
    if electrodes.method == "direct":
        correction = solve_direct(problem, electrodes.free, residual, transpose=False)
        ok = jnp.all(jnp.isfinite(correction))
        phi = eqx.error_if(
            start + correction, ~ok, "The potential is not finite: look for NaN in m or sigma."
        )
        return Solution(phi, jnp.asarray(0), jnp.zeros_like(power))
    result = _iterate(problem, electrodes, residual, power, tolerance, hall)
    done = jnp.all(result.error <= tolerance * power)
    phi = eqx.error_if(
        start + result.correction,
        ~done,
        f"The potential did not converge in {_MOST_ITERATIONS} iterations, or is not finite. "
        "Look for NaN in m or sigma; loosen the tolerance (float32 reaches 1e-6); for a "
        "conductivity that varies by orders of magnitude build Electrodes(method='direct').",
    )
    relative = result.error / jnp.where(power > 0, power, 1)
    return Solution(phi, result.iterations, relative)


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
    initial: Array | None,
) -> Array:
    """The initial potential if there is one, else the uniform film's; exact on held corners."""
    if initial is not None:
        guess = initial.astype(metal.dtype)
    elif electrodes.method == "direct":
        guess = jnp.zeros_like(metal)
    else:
        film = preconditioner(problem, electrodes)
        owner = electrodes.owner[film.node_x, film.node_y]
        on_nodes = jnp.take(voltages, owner, axis=-1).astype(film.inverse.dtype)
        guess = film.hold(on_nodes).astype(metal.dtype)
    return jnp.where(electrodes.free, guess, metal)


def _iterate(
    problem: Problem,
    electrodes: Electrodes,
    residual: Array,
    power: Array | None,
    tolerance: Array,
    hall: bool,
) -> KrylovResult:
    film = preconditioner(problem, electrodes)
    free = electrodes.free
    single = film.inverse.dtype

    def inverse(r: Array) -> Array:
        # Scaled to the uniform film of unit conductance: no under- or overflow in float32.
        largest = jnp.max(jnp.abs(r))
        unit = jnp.where(largest > 0, largest, 1)
        z = film((r / unit).astype(single)).astype(r.dtype) * (unit / problem.mean)
        return jnp.where(free, z, 0)

    method = conjugate_residuals if hall else conjugate_gradients
    return method(
        lambda u: apply_operator(problem, free, u),
        inverse,
        residual,
        scale=power,
        tolerance=tolerance,
        contrast=problem.contrast,
        most=_MOST_ITERATIONS,
    )


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
