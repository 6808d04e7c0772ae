"""Relaxation to a state of least energy."""

from __future__ import annotations

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from spinlearn._checks import is_known
from spinlearn.errors import SpinlearnError, SpinlearnValueError
from spinlearn.magnetics._cells import check_magnetization, dot
from spinlearn.magnetics._precision import as_precision
from spinlearn.magnetics._runge_kutta import BOGACKI_SHAMPINE, advance, normalize, step_error
from spinlearn.magnetics.energy import AbstractEnergy

Array = jax.Array

# Angles, rad: of the first step of the minimiser, and the most in any other.
_FIRST_ANGLE, _LARGEST_ANGLE = 0.01, 0.5
# The overdamped motion follows its path as well as it must to stay stable: the error of a step
# stays below this part of the step itself.
_PATH_TOLERANCE = 0.05


class Relaxation(eqx.Module):
    """Result of `relax`.

    Parameters
    ----------
    m
        Relaxed magnetization, ``(3, nx, ny, nz)``, without unit.
    energy
        Its energy, J.
    torque
        Largest ``|m × H|`` left, over the largest Ms, without unit.
    steps
        Number of field evaluations, without unit.
    converged
        Whether the torque is below the tolerance, without unit.

    Examples
    --------
    >>> from spinlearn import Material, Mesh
    >>> from spinlearn.magnetics import Zeeman, relax
    >>> mesh = Mesh((4, 4, 1), (2e-9, 2e-9, 1e-9))
    >>> field = Zeeman(mesh, Material(8e5, 13e-12), (0.0, 0.0, 1e5))
    >>> result = relax(field, jnp.zeros((3, 4, 4, 1)).at[0].set(1.0))
    >>> isinstance(result, Relaxation), bool(result.converged)
    (True, True)
    """

    m: Float[Array, "3 nx ny nz"]
    energy: Array
    torque: Array
    steps: Array
    converged: Array


def relax(
    energy: AbstractEnergy,
    m: Float[Array, "3 nx ny nz"],
    *,
    tolerance: float | Array | None = None,
    method: str = "minimize",
    max_steps: int = 50_000,
    t: Any = 0.0,
    throw: bool = True,
) -> Relaxation:
    """Bring a magnetization to rest in a (local) minimum of the energy.

    A start that is at rest already stays, were it a maximum: tilt it a little.

    Parameters
    ----------
    energy
        Energy terms (J).
    m
        Unit vectors to start from, ``(3, nx, ny, nz)``, without unit.
    tolerance
        Largest ``|m × H|`` to leave, over the largest Ms, without unit; by default 1e-6 in float64
        and 1e-4 in float32, whose rounding of the exchange field allows for no less.
    method
        "minimize": steepest descent with Barzilai and Borwein's steps (Exl et al., J. Appl. Phys.
        115, 17D118, 2014), fast; "overdamped": motion without precession, which goes to the
        minimum that damping leads to.
    max_steps
        Bound of the number of field evaluations.
    t
        Time at which fields that depend on time are held, s.
    throw
        Whether not converging is an error; otherwise see `Relaxation.converged`.

    Returns
    -------
    Relaxation
        Relaxed state, its energy, the torque left.

    Raises
    ------
    SpinlearnValueError
        If an argument does not fit the film.
    SpinlearnError
        If it did not converge; under `jax.jit` see `Relaxation.converged`.

    Examples
    --------
    >>> from spinlearn import Material, Mesh
    >>> from spinlearn.magnetics import Exchange, UniaxialAnisotropy
    >>> mesh, film = Mesh((32, 1, 1), (1e-9, 1e-9, 1e-9)), Material(5.8e5, 15e-12, 0.8e6)
    >>> x = jnp.linspace(-1.0, 1.0, 32)[:, None, None]
    >>> wall = jnp.stack([jnp.sqrt(1 - x**2), 0 * x, x])
    >>> result = relax(Exchange(mesh, film) + UniaxialAnisotropy(mesh, film), wall)
    >>> area = 1e-18
    >>> bool(jnp.abs(result.energy / (4 * jnp.sqrt(15e-12 * 0.8e6) * area) - 1) < 0.02)
    True
    """
    if not isinstance(energy, AbstractEnergy):
        raise SpinlearnValueError(
            "energy", type(energy).__name__, "an energy term or a sum", "Pass LLG.energy, say."
        )
    m = check_magnetization(m, energy.mesh, energy.saturation_magnetization)
    if method not in ("minimize", "overdamped"):
        raise SpinlearnValueError(
            "method", method, "'minimize' or 'overdamped'", "Leave it at 'minimize'."
        )
    if tolerance is None:
        tolerance = 1e-6 if m.dtype == jnp.float64 else 1e-4
    if is_known(tolerance) and not 0 < tolerance < 1:
        raise SpinlearnValueError(
            "tolerance", tolerance, "a number between 0 and 1", "Use e.g. 1e-6."
        )
    solve = _minimize if method == "minimize" else _overdamp
    result = _relax(
        as_precision(energy, m.dtype),
        m,
        jnp.asarray(tolerance, m.dtype),
        jnp.asarray(t, m.dtype),
        solve=solve,
        max_steps=max_steps,
    )
    one = is_known(result.converged) and np.ndim(result.converged) == 0
    if throw and one and not result.converged:
        raise SpinlearnError(
            f"relax left a torque of {float(result.torque):.3g} Ms after {int(result.steps)} steps "
            f"(tolerance {tolerance:g}). Raise max_steps or the tolerance, try "
            "method='overdamped', keep the state with throw=False, or look for NaN."
        )
    return result


@eqx.filter_jit
def _relax(
    energy: AbstractEnergy,
    m: Array,
    tolerance: Array,
    t: Array,
    *,
    solve: Any,
    max_steps: int,
) -> Relaxation:
    largest = jnp.max(energy.saturation_magnetization)
    m, torque, steps = solve(energy, normalize(m), tolerance, t, largest, max_steps)
    return Relaxation(m, energy.energy(m, t), torque, steps, torque <= tolerance)


def _across(energy: AbstractEnergy, m: Array, t: Array, largest: Array) -> Array:
    """The part of the field across m, over the largest Ms: minus the gradient on the sphere."""
    field = energy.field(m, t) / largest
    # The stray field is there in empty cells, too: it has nothing to turn.
    filled = jnp.any(m != 0, axis=0)
    return jnp.where(filled[None], field - dot(m, field)[None] * m, 0)


def _largest_length(v: Array) -> Array:
    return jnp.sqrt(jnp.max(dot(v, v)))


class _Descent(NamedTuple):
    m: Array
    downhill: Array
    step: Array
    evaluations: Array


def _minimize(
    energy: AbstractEnergy, m: Array, tolerance: Array, t: Array, largest: Array, max_steps: int
) -> tuple[Array, Array, Array]:
    def unfinished(s: _Descent) -> Array:
        return (_largest_length(s.downhill) > tolerance) & (s.evaluations < max_steps)

    def body(s: _Descent) -> _Descent:
        new = normalize(s.m + s.step * s.downhill)
        downhill = _across(energy, new, t, largest)
        moved, changed = new - s.m, s.downhill - downhill
        product = jnp.sum(moved * changed)
        # The two step lengths in turn: the one damps what the other excites.
        long = jnp.sum(moved * moved) / jnp.where(product > 0, product, 1)
        short = product / jnp.maximum(jnp.sum(changed * changed), jnp.finfo(m.dtype).tiny)
        step = jnp.where(s.evaluations % 2 == 0, long, short)
        cap = _LARGEST_ANGLE / jnp.maximum(_largest_length(downhill), tolerance)
        # Negative curvature: go on downhill, as far as the cap allows.
        step = jnp.where(product > 0, jnp.minimum(step, cap), cap)
        return _Descent(new, downhill, step, s.evaluations + 1)

    downhill = _across(energy, m, t, largest)
    step = _FIRST_ANGLE / jnp.maximum(_largest_length(downhill), tolerance)
    end = jax.lax.while_loop(unfinished, body, _Descent(m, downhill, step, jnp.asarray(1)))
    return end.m, _largest_length(end.downhill), end.evaluations


def _overdamp(
    energy: AbstractEnergy, m: Array, tolerance: Array, t: Array, largest: Array, max_steps: int
) -> tuple[Array, Array, Array]:
    def rate(_: Array, m: Array) -> Array:
        return _across(energy, m, t, largest)

    def unfinished(s: _Descent) -> Array:
        return (_largest_length(s.downhill) > tolerance) & (s.evaluations < max_steps)

    def body(s: _Descent) -> _Descent:
        method = BOGACKI_SHAMPINE
        m, rates = advance(method, rate, s.m, s.downhill, s.step)
        downhill = rate(t, m)
        error = step_error(method, rates, downhill, s.step)
        length = s.step * _largest_length(s.downhill)
        error = jnp.maximum(error / (_PATH_TOLERANCE * length), 1e-6)
        accept = error <= 1
        factor = jnp.clip(0.8 * error ** (-1 / (method.error_order - 1)), 0.2, 2.0)
        return _Descent(
            jnp.where(accept, m, s.m),
            jnp.where(accept, downhill, s.downhill),
            s.step * factor,
            s.evaluations + len(method.nodes),
        )

    downhill = rate(t, m)
    step = _FIRST_ANGLE / jnp.maximum(_largest_length(downhill), tolerance)
    end = jax.lax.while_loop(unfinished, body, _Descent(m, downhill, step, jnp.asarray(1)))
    return end.m, _largest_length(end.downhill), end.evaluations
