"""Time evolution of the magnetization."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from spinlearn._checks import is_known
from spinlearn.errors import SpinlearnError, SpinlearnValueError
from spinlearn.magnetics._cells import check_magnetization
from spinlearn.magnetics._precision import as_precision
from spinlearn.magnetics._runge_kutta import METHODS, Tableau, normalize, runge_kutta_step
from spinlearn.magnetics.llg import LLG
from spinlearn.rng import stream
from spinlearn.typing import Key

Array = jax.Array
Observe = Callable[[Array, Array], Any]

#: Result codes of an evolution.
FINISHED, BLEW_UP, TOO_MANY_STEPS = 0, 1, 2
_REMEDIES = {
    BLEW_UP: (
        "the magnetization is not finite, or no step was small enough. Look for NaN in m, the "
        "fields or the current density; check units (A/m, A/m²); with fixed steps make the step "
        "smaller (exchange wants about 1e-13 s for 4 nm cells)."
    ),
    TOO_MANY_STEPS: "the number of steps reached max_steps. Raise max_steps or the tolerance.",
}
# Changes of the step from one to the next stay within these factors.
_SHRINK, _GROW, _SAFETY = 0.2, 4.0, 0.85
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
    method: str = "rk4",
    step: float | None = None,
    first_step: Any = None,
    max_steps: int = 10_000_000,
    key: Key | None = None,
    first_index: int | Array = 0,
    reverse_mode: bool = False,
) -> Evolution:
    """Follow the magnetization through time.

    By default an embedded Runge–Kutta pair with steps that keep every spin's error below
    `tolerance`; with `step`, fixed steps: the same method without its error estimate or, at a
    finite temperature (`ThermalField`), the stochastic Heun scheme. Vectors are brought back to
    unit length after every step.

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
        "rk4" (for exchange-stiff films), "bogacki-shampine" (loose) or "dormand-prince" (tight).
    step
        Fixed step, s; it is shortened to divide the time between observations.
    first_step
        First adaptive step, s: `Evolution.step` of an earlier run that goes on here.
    max_steps
        Bound of the number of adaptive steps.
    key
        Random key; needed at a finite temperature.
    first_index
        Index of the first fixed step in the random stream: a run in parts draws the same noise.
    reverse_mode
        Allow reverse-mode differentiation (`jax.grad`), by recomputation from checkpoints. Without
        it only forward mode (`jax.jvp`, `jax.jacfwd`) works.

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
    m = check_magnetization(m, llg.energy.mesh)
    _check_options(llg, tolerance, method, step, key)
    stops = _stops(times, duration, m.dtype)
    result = _evolve(
        as_precision(llg, m.dtype),
        m,
        stops,
        jnp.asarray(start, m.dtype),
        as_precision(_current(current_density), m.dtype),
        jnp.asarray(tolerance, m.dtype),
        None if step is None else _divisions(stops, step),
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
    if is_known(code) and np.ndim(code) == 0 and int(code) != FINISHED:
        raise SpinlearnError(f"evolve stopped: {_REMEDIES[int(code)]}")
    return result


def _current(current_density: Any) -> Any:
    if current_density is None or callable(current_density):
        return current_density
    return jnp.asarray(current_density)


def _check_options(llg: LLG, tolerance: Any, method: str, step: Any, key: Any) -> None:
    if method not in METHODS:
        raise SpinlearnValueError(
            "method", method, f"one of {', '.join(METHODS)}", "Leave it at 'rk4'."
        )
    if is_known(tolerance) and not 0 < tolerance < 1:
        raise SpinlearnValueError(
            "tolerance", tolerance, "a number between 0 and 1", "Use e.g. 1e-5."
        )
    if step is not None and not (is_known(step) and step > 0):
        raise SpinlearnValueError("step", step, "a positive number in s", "Use e.g. 1e-13.")
    if llg.thermal is not None and step is None:
        raise SpinlearnValueError(
            "step",
            None,
            "a fixed step in s at a finite temperature: the thermal field belongs to one step",
            "Pass e.g. step=1e-13, and check that half of it gives the same statistics.",
        )
    if llg.thermal is not None and key is None:
        raise SpinlearnValueError(
            "key", None, "a random key at a finite temperature", "Pass key_from_seed(0)."
        )


def _stops(times: Any, duration: Any, dtype: Any) -> Array:
    """Ends of the intervals that are stepped through, the last at the duration, s."""
    if is_known(duration) and not (np.isfinite(duration) and duration > 0):
        raise SpinlearnValueError("duration", duration, "a positive time in s", "Use e.g. 1e-9.")
    end = jnp.asarray(duration, dtype).reshape(1)
    if times is None:
        return end
    given = jnp.asarray(times, dtype)
    if given.ndim != 1 or given.shape[0] == 0:
        raise SpinlearnValueError(
            "times", f"shape {given.shape}", "a list of one or more times in s", "Use jnp.linspace."
        )
    if is_known(given, duration):
        ordered = bool(jnp.all(jnp.diff(given) >= 0) & (given[0] >= 0))
        if not ordered or float(given[-1]) > float(end[0]) * (1 + 1e-6):
            raise SpinlearnValueError(
                "times",
                times,
                f"increasing times from 0 to the duration, {duration} s",
                "Sort them, or make the duration longer.",
            )
    return jnp.concatenate([given, end])


def _divisions(stops: Array, step: float) -> Array:
    """Number of fixed steps in every interval."""
    lengths = jnp.diff(stops, prepend=jnp.zeros(1, stops.dtype))
    return jnp.ceil(lengths / step * (1 - 1e-6)).astype(jnp.int32)


class _State(NamedTuple):
    m: Array
    rate: Array
    left: Array  # time to the end of the interval, s
    step: Array
    last_error: Array  # of the last accepted step, over the tolerance
    accepted: Array
    rejected: Array
    result: Array


@eqx.filter_jit
def _evolve(
    llg: LLG,
    m: Array,
    stops: Array,
    start: Array,
    current_density: Any,
    tolerance: Array,
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
    def rate(t: Array, m: Array, noise: Array | None = None) -> Array:
        density = current_density(t) if callable(current_density) else current_density
        return llg.rhs(m, t, density, noise)

    tableau = METHODS[method]
    first = rate(start, m) if divisions is None else jnp.zeros_like(m)
    if first_step is None:
        fastest = jnp.sqrt(jnp.max(jnp.sum(first * first, axis=0)))
        first_step = _FIRST_ANGLE / jnp.maximum(fastest, 1.0)
    count = jnp.asarray(0, jnp.int32)
    state = _State(
        m, first, jnp.zeros_like(start), first_step, jnp.ones_like(start), count, count, count
    )
    lengths = jnp.diff(stops, prepend=jnp.zeros(1, stops.dtype))

    def interval(state: _State, given: tuple[Array, Array, Any]) -> tuple[_State, Any]:
        stop, length, number = given
        end = start + stop
        if divisions is None:
            state = _adaptive(
                tableau, rate, end, state._replace(left=length), tolerance, max_steps, loop
            )
        elif llg.thermal is None:
            state = _fixed(tableau, rate, end, length, number, state, loop)
        else:
            state = _heun(llg, rate, end, length, number, state, key, first_index, loop)
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


def _adaptive(
    method: Tableau,
    rate: Callable[[Array, Array], Array],
    end: Array,
    state: _State,
    tolerance: Array,
    max_steps: int,
    loop: str,
) -> _State:
    # Below this a step no longer moves the time.
    least = 4 * jnp.finfo(end.dtype).eps * jnp.maximum(jnp.abs(end), state.left)

    def unfinished(s: _State) -> Array:
        return (s.left > 0) & (s.result == FINISHED)

    def body(s: _State) -> _State:
        # Two equal steps rather than a whole and a stub.
        whole = s.left <= s.step
        step = jnp.where(whole, s.left, jnp.minimum(s.step, 0.5 * s.left))
        m, last, error = runge_kutta_step(method, rate, end - s.left, s.m, s.rate, step)
        error = jnp.maximum(error / tolerance, 1e-10)
        error = jnp.where(jnp.isfinite(error), error, jnp.inf)
        accept = error <= 1
        factor = _step_factor(error, s.last_error, accept, method.error_order)
        # A step that was cut short by the interval's end says little about the next.
        cut_short = accept & (step < s.step)
        following = jnp.where(cut_short, jnp.maximum(step * factor, s.step), step * factor)
        taken = s.accepted + s.rejected + 1
        result = jnp.where(taken >= max_steps, TOO_MANY_STEPS, FINISHED)
        result = jnp.where(~accept & (step <= least), BLEW_UP, result).astype(jnp.int32)
        return _State(
            jnp.where(accept, m, s.m),
            jnp.where(accept, last, s.rate),
            jnp.where(accept, jnp.where(whole, 0, s.left - step), s.left),
            following,
            jnp.where(accept, error, s.last_error),
            s.accepted + accept.astype(jnp.int32),
            s.rejected + (~accept).astype(jnp.int32),
            result,
        )

    return _while(unfinished, body, state, max_steps, loop)


def _step_factor(error: Array, last: Array, accept: Array, order: int) -> Array:
    """Proportional–integral control: smoother than the plain rule where stability sets the step."""
    plain = _SAFETY * error ** (-1 / order)
    smooth = _SAFETY * error ** (-0.7 / order) * last ** (0.4 / order)
    grown = jnp.clip(smooth, _SHRINK, _GROW)
    return jnp.where(accept, grown, jnp.clip(plain, _SHRINK, 0.9))


def _fixed(
    method: Tableau,
    rate: Callable[[Array, Array], Array],
    end: Array,
    length: Array,
    number: Array,
    state: _State,
    loop: str,
) -> _State:
    step = length / jnp.maximum(number, 1).astype(length.dtype)

    def body(s: _State) -> _State:
        t = end - s.left
        m, _, _ = runge_kutta_step(method, rate, t, s.m, rate(t, s.m), step, estimate=False)
        return s._replace(m=m, left=s.left - step, accepted=s.accepted + 1)

    return _repeat(body, state._replace(left=length, step=step), number, loop)


def _heun(
    llg: LLG,
    rate: Callable[..., Array],
    end: Array,
    length: Array,
    number: Array,
    state: _State,
    key: Any,
    first_index: Array,
    loop: str,
) -> _State:
    """Stochastic Heun steps; one thermal field a step, drawn by the step's index."""
    thermal = llg.thermal
    assert thermal is not None
    step = length / jnp.maximum(number, 1).astype(length.dtype)

    def body(s: _State) -> _State:
        t = end - s.left
        own = stream(key, "thermal field", first_index + s.accepted.astype(jnp.uint32))
        noise = thermal.sample(own, step, llg.damping, llg.gyromagnetic_ratio)
        slope = rate(t, s.m, noise)
        guess = rate(t + step, s.m + step * slope, noise)
        m = normalize(s.m + 0.5 * step * (slope + guess))
        return s._replace(m=m, left=s.left - step, accepted=s.accepted + 1)

    return _repeat(body, state._replace(left=length, step=step), number, loop)


def _repeat(body: Callable[[_State], _State], state: _State, number: Array, loop: str) -> _State:
    last = state.accepted + number
    return _while(lambda s: s.accepted < last, body, state, None, loop)


def _while(
    unfinished: Callable[[_State], Array],
    body: Callable[[_State], _State],
    state: _State,
    max_steps: int | None,
    loop: str,
) -> _State:
    if loop == "lax":
        return jax.lax.while_loop(unfinished, body, state)
    return eqx.internal.while_loop(
        unfinished, body, state, max_steps=max_steps, kind="checkpointed", checkpoints=100
    )
