"""Time evolution of the magnetization."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from spinlearn._checks import is_known
from spinlearn.errors import SpinlearnError, SpinlearnValueError
from spinlearn.magnetics._cells import check_magnetization
from spinlearn.magnetics._precision import as_precision
from spinlearn.magnetics._runge_kutta import METHODS
from spinlearn.magnetics._step_options import (
    check_step_options,
    interval_ends,
    longest_step,
    steps_in_intervals,
)
from spinlearn.magnetics._stepping import (
    BLEW_UP,
    FINISHED,
    TOO_MANY_STEPS,
    Motion,
    State,
    adaptive_steps,
    fixed_steps,
    heun_steps,
)
from spinlearn.magnetics.energy import split_slow
from spinlearn.magnetics.llg import LLG
from spinlearn.magnetics.torque import LayerCurrents
from spinlearn.typing import Key

Array = jax.Array
Observe = Callable[[Array, Array], Any]

_REMEDIES = {
    BLEW_UP: (
        "the magnetization is not finite, or a step was too long. Look for NaN in m, the "
        "fields or the current density; check units (A/m, A/m²); with fixed steps make the step "
        "smaller (exchange wants about 1e-13 s for 4 nm cells)."
    ),
    TOO_MANY_STEPS: "the number of steps reached max_steps. Raise max_steps or the tolerance.",
}
# The first step turns no spin by more than this, rad.
_FIRST_ANGLE = 0.02


class Evolution(eqx.Module):
    """Result of `evolve`.

    Parameters
    ----------
    m
        Magnetization at the end, ``(3, nx, ny, nz)``, without unit.
    times
        Times of the observations, ``(k,)``, s.
    observed
        What `observe` returned, with a leading axis of length k (its own units).
    step
        Step size to go on with, s.
    accepted, rejected
        Numbers of steps, without unit.
    result
        0 finished, 1 blew up, 2 too many steps; without unit.

    Examples
    --------
    >>> from spinlearn import Mesh, named_material
    >>> from spinlearn.magnetics import LLG, Zeeman, evolve
    >>> mesh = Mesh((1, 1, 1), (2e-9, 2e-9, 2e-9))
    >>> spin = LLG(Zeeman(mesh, named_material("permalloy"), (0.0, 0.0, 1e5)), damping=0.1)
    >>> run = evolve(spin, jnp.zeros((3, 1, 1, 1)).at[0].set(1.0), 1e-10)
    >>> isinstance(run, Evolution), int(run.result)
    (True, 0)
    """

    m: Float[Array, "3 nx ny nz"]
    times: Array
    observed: Any
    step: Array
    accepted: Array
    rejected: Array
    result: Array


def evolve(
    llg: LLG,
    m: Float[Array, "3 nx ny nz"],
    duration: Any,
    *,
    current_density: Any = None,
    start: Any = 0.0,
    times: Sequence[float] | Array | None = None,
    observe: Observe | None = None,
    tolerance: float = 1e-5,
    method: str = "auto",
    step: float | None = None,
    first_step: Any = None,
    max_step: Any = None,
    max_steps: int = 10_000_000,
    key: Key | None = None,
    first_index: int | Array = 0,
    reverse_mode: bool = False,
    throw: bool = True,
) -> Evolution:
    """Follow the magnetization through time.

    By default an embedded Runge–Kutta pair with steps that keep every spin's error below
    `tolerance`; with `step`, fixed steps: the same method without its error estimate or, at a
    finite temperature (`ThermalField`), the stochastic Heun scheme. Vectors are brought back to
    unit length after every step.

    Many films at once: `jax.vmap`, with fixed steps (adaptive ones run until the slowest film is
    done). On a CPU ``jax.lax.map(..., batch_size=8)`` keeps them in the cache and is twice as fast.

    Parameters
    ----------
    llg
        Equation of motion; follows the precision of m.
    m
        Unit vectors at the start, ``(3, nx, ny, nz)``, without unit.
    duration
        Time to follow, s.
    current_density
        ``(3, nx, ny, nz)``, A/m², or a function of time (s) that returns it.
    start
        Time at the start, s (for fields that depend on time).
    times
        Times after the start at which to observe, increasing, the last at most `duration`, s.
    observe
        Function ``(t, m)`` of what to keep at these times; by default m itself.
    tolerance
        Largest error of any unit vector in one step, without unit.
    method
        "rk4" (classical, for exchange-stiff films), "rk4-split" (the same with the demagnetizing
        field evaluated once a step, and extrapolated to its stages by a cubic through its last
        four values: twice as fast where that field is the dearest term), "bogacki-shampine"
        (loose) or "dormand-prince" (tight). "auto" is "rk4-split", and "rk4" with fixed steps.
    step
        Fixed step, s; it is shortened to divide the time between observations.
    first_step
        First adaptive step, s: `Evolution.step` of an earlier run that goes on here.
    max_step
        Longest adaptive step, s. By default any, except that under a field or current that is a
        function of time no step is longer than a hundredth of the duration or turns a spin by
        more than 0.3 rad in a field of Ms: from rest, a longer one could pass over a pulse. Give
        it for shorter pulses.
    max_steps
        Bound of the number of adaptive steps.
    key
        Random key; needed at a finite temperature.
    first_index
        Index of the first fixed step in the random stream: a run in parts draws the same noise.
    reverse_mode
        Allow reverse-mode differentiation (`jax.grad`), by recomputation from checkpoints. Without
        it only forward mode (`jax.jvp`, `jax.jacfwd`) works.
    throw
        Whether a run that failed is an error; otherwise see `Evolution.result`.

    Returns
    -------
    Evolution
        Final magnetization, observations, step counts and a result code.

    Raises
    ------
    SpinlearnValueError
        If an argument does not fit the film.
    SpinlearnError
        If the run blew up or took too many steps; under `jax.jit` see `Evolution.result`.

    Examples
    --------
    >>> from spinlearn import Mesh, named_material
    >>> from spinlearn.magnetics import LLG, Zeeman
    >>> mesh = Mesh((1, 1, 1), (2e-9, 2e-9, 2e-9))
    >>> spin = LLG(Zeeman(mesh, named_material("permalloy"), (0.0, 0.0, 1e5)), damping=0.1)
    >>> m = jnp.zeros((3, 1, 1, 1)).at[0].set(1.0)
    >>> run = evolve(spin, m, 1e-9, times=[0.5e-9, 1e-9], observe=lambda t, m: m[2].mean())
    >>> bool(run.observed[1] > run.observed[0] > 0)  # towards the field
    True
    """
    if not isinstance(llg, LLG):
        raise SpinlearnValueError(
            "llg", type(llg).__name__, "an LLG", "Pass LLG(energy, torques, damping)."
        )
    m = check_magnetization(m, llg.energy.mesh, llg.energy.saturation_magnetization)
    if observe is not None and times is None:
        raise SpinlearnValueError(
            "times",
            None,
            "times to observe at, in s",
            "Pass e.g. times=jnp.linspace(0, 1e-9, 101).",
        )
    if method == "auto":
        method = "rk4-split" if step is None else "rk4"
    check_step_options(llg, tolerance, method, step, key)
    stops = interval_ends(times, duration, m.dtype)
    result = _evolve(
        as_precision(llg, m.dtype),
        m,
        stops,
        jnp.asarray(start, m.dtype),
        as_precision(_current(current_density), m.dtype),
        jnp.asarray(tolerance, m.dtype),
        jnp.asarray(longest_step(llg, current_density, duration, max_step), m.dtype),
        None if step is None else steps_in_intervals(stops, step),
        None if first_step is None else jnp.asarray(first_step, m.dtype),
        key,
        jnp.asarray(first_index, jnp.uint32),
        observe=observe,
        keep=times is not None,
        method=method,
        max_steps=max_steps,
        loop="checkpointed" if reverse_mode else "lax",
    )
    code = result.result
    if throw and is_known(code) and np.ndim(code) == 0 and int(code) != FINISHED:
        raise SpinlearnError(f"evolve stopped: {remedy_for(int(code))}")
    return result


def remedy_for(code: int) -> str:
    """What a result code means, and what to do (no unit)."""
    return _REMEDIES[code]


def first_adaptive_step(rate: Array) -> Array:
    """Step that turns no spin by much, s, at this rate of change (1/s)."""
    fastest = jnp.sqrt(jnp.max(jnp.sum(rate * rate, axis=0)))
    return _FIRST_ANGLE / jnp.maximum(fastest, 1.0)


def _current(current_density: Any) -> Any:
    if current_density is None or callable(current_density):
        return current_density
    if isinstance(current_density, LayerCurrents):
        return LayerCurrents(*(jnp.asarray(density) for density in current_density))
    return jnp.asarray(current_density)


@eqx.filter_jit
def _evolve(
    llg: LLG,
    m: Array,
    stops: Array,
    start: Array,
    current_density: Any,
    tolerance: Array,
    max_step: Array,
    divisions: Array | None,
    first_step: Array | None,
    key: Key | None,
    first_index: Array,
    *,
    observe: Observe | None,
    keep: bool,
    method: str,
    max_steps: int,
    loop: str,
) -> Evolution:
    tableau = METHODS[method]
    motion = _motion(llg, current_density, split=method == "rk4-split")
    if llg.thermal is None:
        first, past = motion.begin(start, m)
    else:  # the Heun scheme wants the noise first
        first, past = jnp.zeros_like(m), None
    if first_step is None:
        first_step = first_adaptive_step(first)
    zero, count = jnp.zeros_like(start), jnp.asarray(0, jnp.int32)
    state = State(m, first, past, zero, first_step, jnp.ones_like(start), count, count, count)
    lengths = jnp.diff(stops, prepend=jnp.zeros(1, stops.dtype))

    def interval(state: State, given: tuple[Array, Array, Any]) -> tuple[State, Any]:
        stop, length, number = given
        end = start + stop
        if divisions is None:
            state = adaptive_steps(
                tableau,
                motion,
                end,
                state._replace(left=length),
                tolerance,
                max_step,
                max_steps,
                loop,
            )
        elif llg.thermal is None:
            state = fixed_steps(tableau, motion, end, length, number, state, loop)
        else:
            state = heun_steps(llg, motion, end, length, number, state, key, first_index, loop)
        if not keep:
            return state, None
        return state, state.m if observe is None else observe(end, state.m)

    state, observed = jax.lax.scan(interval, state, (stops, lengths, divisions))
    if keep:  # the last interval only leads to the end of the run
        observed, stops = jax.tree.map(lambda leaf: leaf[:-1], observed), stops[:-1]
    finite = jnp.all(jnp.isfinite(state.m))
    result = jnp.where(finite, state.result, BLEW_UP)
    return Evolution(
        state.m, start + stops, observed, state.step, state.accepted, state.rejected, result
    )


def _motion(llg: LLG, current_density: Any, *, split: bool) -> Motion:
    """The equation of motion under a current, with its slow energies apart if that is wanted."""
    fast, slow = split_slow(llg.energy) if split else (llg.energy, None)
    own = eqx.tree_at(lambda tree: tree.energy, llg, fast)

    def rate(t: Array, m: Array, field: Array | None) -> Array:
        density = current_density(t) if callable(current_density) else current_density
        return own.rhs(m, t, density, field)

    if slow is None:
        return Motion(rate, None)
    return Motion(rate, lambda t, m: slow.field(m, t))
