"""Potentials of a film for given contact voltages, with implicit derivatives."""

from __future__ import annotations

from collections.abc import Callable
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
    largest_ratio,
    match,
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

# Voltages are solved in groups whose working set stays near the processor's cache (measured on
# two cores: 1025² corners one by one, 513² by fours).
_GROUP_CORNERS = 1_000_000


class Before(NamedTuple):
    """Potentials to start from, and the film they were solved in."""

    phi: Array  # (c, px, py) V
    error: Array | None = None  # (c,) bound of their squared energy error, W, if known
    film: Problem | None = None


class Solution(NamedTuple):
    """Potentials of a stack of contact voltages."""

    phi: Array  # (c, px, py) V
    iterations: Array  # ()
    error: Array  # () bound of the squared energy error over the dissipated power


@eqx.filter_custom_jvp
def solve_voltages(
    problem: Problem,
    voltages: Array | None,
    *,
    electrodes: Electrodes,
    before: Before | None,
    tolerance: Array,
    hall: bool,
) -> Solution:
    """Solve for contact voltages ``(c, n)``; `tolerance` bounds the relative squared error.

    Without voltages: 1 V on each contact in turn. Then the last potential is what is missing from
    1 V everywhere, so that they add up exactly.
    """
    n = electrodes.count
    px, py = problem.spring.shape
    dtype = problem.spring.dtype
    given = jnp.eye(n, dtype=dtype)[: n - 1] if voltages is None else voltages
    film = preconditioner(problem, electrodes)

    def solve(first: Array, size: int, state: Solution) -> Solution:
        volts = jax.lax.dynamic_slice_in_dim(given, first, size)
        found = _solve_group(
            problem, volts, electrodes, film, _slice_before(before, first, size), tolerance, hall
        )
        return Solution(
            jax.lax.dynamic_update_slice_in_dim(state.phi, found.phi, first, 0),
            jnp.maximum(state.iterations, found.iterations),
            jnp.maximum(state.error, jnp.max(found.error)),
        )

    rows = n if voltages is None else given.shape[0]
    nothing = Solution(jnp.zeros((rows, px, py), dtype), jnp.asarray(0), jnp.zeros((), dtype))
    state = in_groups(given.shape[0], px * py, _group_corners(electrodes), solve, nothing)
    if voltages is not None:
        return state
    present = ((electrodes.owner >= 0) | electrodes.free).astype(dtype)
    return state._replace(phi=_complete(state.phi, present))


@solve_voltages.def_jvp
def _solve_voltages_jvp(primals: Any, tangents: Any, **fixed: Any) -> tuple[Solution, Solution]:
    problem, voltages = primals
    electrodes: Electrodes = fixed["electrodes"]
    solution = solve_voltages(problem, voltages, **fixed)
    n = electrodes.count
    unit = voltages is None
    given = jnp.eye(n, dtype=problem.spring.dtype)[: n - 1] if unit else voltages
    d_problem = fill_tangent(tangents[0], problem)
    d_given = None if unit or tangents[1] is None else tangents[1]

    def change(first: Array, size: int, d_phi: Array) -> Array:
        phi, volts = (jax.lax.dynamic_slice_in_dim(v, first, size) for v in (solution.phi, given))
        d_volts = jnp.zeros_like(volts)
        if d_given is not None:
            d_volts = jax.lax.dynamic_slice_in_dim(d_given, first, size)
        moved = _change_group(problem, d_problem, volts, d_volts, phi, electrodes, fixed["hall"])
        return jax.lax.dynamic_update_slice_in_dim(d_phi, moved, first, 0)

    nothing = jnp.zeros_like(solution.phi)
    together = _group_corners(electrodes)
    d_phi = in_groups(given.shape[0], nothing[0].size, together, change, nothing)
    if unit:
        d_phi = _complete(d_phi, jnp.zeros_like(d_phi[0]))
    no_change: Any = None
    return solution, Solution(d_phi, no_change, jnp.zeros_like(solution.error))


def _group_corners(electrodes: Electrodes) -> int:
    # A sparse factor is made once per call: one group.
    return _GROUP_CORNERS if electrodes.method == "spectral" else 2**62


def in_groups(
    rows: int, corners: int, together: int, body: Callable[[Array, int, Any], Any], start: Any
) -> Any:
    """Run ``body(first row, group size, state)`` over groups of at most `together` corners.

    All groups have one size, so that one is compiled; the last overlaps the one before it where
    the rows do not divide evenly.
    """
    largest = min(rows, max(1, round(together / corners)))
    groups = -(-rows // largest)
    size = -(-rows // groups)
    if groups == 1:
        return body(jnp.asarray(0), size, start)
    return jax.lax.fori_loop(
        0, groups, lambda k, state: body(jnp.minimum(k * size, rows - size), size, state), start
    )


def _complete(phi: Array, total: Array) -> Array:
    """Set the last potential to what the others lack of the total."""
    last = phi.shape[0] - 1
    # One by one: summed at once, the compiler makes a copy of the whole stack.
    rest = jax.lax.fori_loop(
        0, last, lambda k, left: left - jax.lax.dynamic_index_in_dim(phi, k, keepdims=False), total
    )
    return jax.lax.dynamic_update_slice_in_dim(phi, rest[None], last, 0)


def _slice_before(before: Before | None, first: Array, size: int) -> Before | None:
    if before is None:
        return None
    phi = jax.lax.dynamic_slice_in_dim(before.phi, first, size)
    error = before.error
    if error is not None:
        error = jax.lax.dynamic_slice_in_dim(error, first, size)
    return Before(phi, error, before.film)


class _Group(NamedTuple):
    phi: Array  # (c, px, py)
    iterations: Array
    error: Array  # (c,)


def _solve_group(
    problem: Problem,
    voltages: Array,
    electrodes: Electrodes,
    film: UniformFilm | None,
    before: Before | None,
    tolerance: Array,
    hall: bool,
) -> _Group:
    """Solve some voltages; what does not converge comes out as NaN, never as a wrong number."""
    metal = electrodes.metal_potential(voltages)
    start = _start(metal, voltages, electrodes, film, before)
    out = apply_stiffness(problem.cells, start)
    free = match(electrodes.free, start)
    residual = jnp.where(free, match(problem.spring, start) * (metal - start) - out, 0)
    if film is None:
        correction = solve_direct(problem, electrodes.free, residual, transpose=False)
        error = jnp.where(jnp.isfinite(jnp.sum(correction, axis=(-2, -1))), 0, jnp.nan)
        return _Group(start + correction, jnp.asarray(0), error.astype(residual.dtype))
    known = None
    if before is not None and before.film is not None and not hall:
        known = _bound_change(problem, before, electrodes, voltages)
    power = _least_power(problem, voltages, film)
    result = _iterate(problem, electrodes, film, residual, power, tolerance, hall, known)
    done = result.error <= tolerance * power
    phi = jnp.where(done[:, None, None], start + result.correction, jnp.nan)
    return _Group(phi, result.iterations, result.error / jnp.where(power > 0, power, 1))


def _change_group(
    problem: Problem,
    d_problem: Problem,
    voltages: Array,
    d_voltages: Array,
    phi: Array,
    electrodes: Electrodes,
    hall: bool,
) -> Array:
    """Change of potentials with film and voltages, from the differentiated equations."""
    metal = electrodes.metal_potential(voltages)
    d_metal = electrodes.metal_potential(d_voltages)
    free = match(electrodes.free, phi)
    lift = jnp.where(free, 0, d_metal)
    current = match(d_problem.spring, phi) * (metal - phi) + match(problem.spring, phi) * d_metal
    current = current - apply_stiffness(d_problem.cells, phi)
    current = current - apply_stiffness(problem.cells, lift)
    current = jnp.where(free, current, 0)
    return lift + solve_currents(problem, current, electrodes, hall=hall)


def solve_currents(
    problem: Problem, current: Array, electrodes: Electrodes, *, hall: bool
) -> Array:
    """Potentials, zero on held corners, of currents into the free ones; linear and transposable."""
    free = electrodes.free
    film = preconditioner(problem, electrodes)
    tolerance = jnp.asarray(1e-20 if current.dtype == jnp.float64 else 1e-11, current.dtype)

    def solve(given: Problem, rhs: Array, transpose: bool) -> Array:
        # Held corners are rows of the identity.
        inside = match(free, rhs)
        held = jnp.where(inside, 0, rhs)
        return held + solve_free(given, jnp.where(inside, rhs, 0), transpose)

    def solve_free(given: Problem, rhs: Array, transpose: bool) -> Array:
        if fixed_film is None:
            return solve_direct(given, free, rhs, transpose=transpose)
        turned = given.transpose() if transpose else given
        result = _iterate(turned, electrodes, fixed_film, rhs, None, tolerance, hall)
        usable = result.error <= 1e-9 * result.scale
        return jnp.where(usable[:, None, None], result.correction, jnp.nan)

    # The solver is an oracle: derivatives come from the operator alone.
    fixed, fixed_film = jax.lax.stop_gradient((problem, film))
    return jax.lax.custom_linear_solve(
        lambda u: apply_operator(problem, free, u) + jnp.where(match(free, u), 0, u),
        current,
        solve=lambda _, rhs: solve(fixed, rhs, False),
        transpose_solve=lambda _, rhs: solve(fixed, rhs, True),
    )


def _start(
    metal: Array,
    voltages: Array,
    electrodes: Electrodes,
    film: UniformFilm | None,
    before: Before | None,
) -> Array:
    """The initial potential if there is one, else the uniform film's; exact on held corners."""
    if before is not None:
        guess = before.phi.astype(metal.dtype)
    elif film is None:
        guess = jnp.zeros_like(metal)
    else:
        owner = electrodes.owner[film.node_x, film.node_y]
        on_nodes = jnp.take(voltages, owner, axis=-1).astype(film.inverse.dtype)
        guess = film.hold(on_nodes).astype(metal.dtype)
    return jnp.where(match(electrodes.free, metal), guess, metal)


def _least_power(problem: Problem, voltages: Array, film: UniformFilm) -> Array:
    """A lower bound of the dissipated power, W, against which errors are measured.

    Film and contacts of the problem conduct at least √(1/contrast) as well as the uniform film at
    the mean conductance with the same contacts.
    """
    uniform = film.conductance.astype(voltages.dtype)
    smallest = problem.mean / jnp.sqrt(problem.contrast)
    power = smallest * jnp.einsum("ci,ij,cj->c", voltages, uniform, voltages)
    return jnp.maximum(power, 0)


def _iterate(
    problem: Problem,
    electrodes: Electrodes,
    film: UniformFilm,
    residual: Array,
    power: Array | None,
    tolerance: Array,
    hall: bool,
    known: Array | None = None,
) -> KrylovResult:
    free = electrodes.free
    single = film.inverse.dtype

    def inverse(r: Array) -> Array:
        # Scaled to the uniform film of unit conductance: no under- or overflow in float32.
        largest = jnp.max(jnp.abs(r))
        unit = jnp.where(largest > 0, largest, 1)
        z = film((r / unit).astype(single)).astype(r.dtype) * (unit / problem.mean)
        return jax.lax.optimization_barrier(jnp.where(match(free, z), z, 0))

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
    return conjugate_gradients(operator, inverse, residual, sharper=sharper, known=known, **given)


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
        tie = uniform_spring[None] * at_z - alpha[:, None] * spring[None] * at_p
        softness = jnp.where(tied, 1 / jnp.where(tied, spring, 1), 0)
        in_ties = jnp.sum(tie * tie * softness[None], axis=-1)
        return complementary_power(problem.cells, rest) + in_ties

    return bound


def _bound_change(
    problem: Problem, before: Before, electrodes: Electrodes, voltages: Array
) -> Array:
    """Bound of the squared energy error ``(c,)``, W, of potentials of a slightly different film.

    The change of the film leaves the currents (σ - σ_before)∇φ unbalanced; Thomson's principle
    bounds what they drive. It adds to the error that the potentials had in their own film.
    """
    assert before.film is not None
    assert before.error is not None
    old = before.film
    change = CellConductance(*(n - b for n, b in zip(problem.cells, old.cells, strict=True)))
    unbalanced = cell_fluxes(change, cell_modes(jax.lax.optimization_barrier(before.phi)))
    moved = complementary_power(problem.cells, unbalanced)
    at = electrodes.tied_x, electrodes.tied_y
    gap = jnp.take(voltages, electrodes.owner[at], axis=-1) - before.phi[:, at[0], at[1]]
    spring = problem.spring[at]
    tie = (spring - old.spring[at])[None] * gap
    softness = 1 / jnp.where(spring > 0, spring, 1)
    moved = moved + jnp.sum(tie * tie * softness[None], axis=-1)
    tie_ratio = jnp.max(old.spring[at] * softness, initial=0)
    largest = jnp.maximum(largest_ratio(old.cells, problem.cells), tie_ratio)
    return (jnp.sqrt(moved) + jnp.sqrt(largest * before.error)) ** 2


def fill_tangent(tangent: Any, primal: Problem) -> Problem:
    """Write out the zeros that equinox leaves out of a partly missing tangent."""
    if tangent is None:
        return jax.tree.map(jnp.zeros_like, primal)
    return jax.tree.map(
        lambda t, p: jnp.zeros_like(p) if t is None else t,
        tangent,
        primal,
        is_leaf=lambda leaf: leaf is None,
    )
