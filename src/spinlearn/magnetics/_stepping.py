"""Steps through one interval of time: adaptive, fixed, and fixed with noise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp

from spinlearn.magnetics._past import Past, begin, extrapolate, remember
from spinlearn.magnetics._runge_kutta import Tableau, advance, normalize, step_error
from spinlearn.magnetics.llg import LLG
from spinlearn.rng import stream

Array = jax.Array

#: Result codes of an evolution.
FINISHED, BLEW_UP, TOO_MANY_STEPS = 0, 1, 2
# Changes of the step from one to the next stay within these factors.
_SHRINK, _GROW, _SAFETY = 0.2, 4.0, 0.85
# A fixed step whose error estimate (Heun: whose corrector) moves a spin by more has lost the
# motion; unit length would hide it.
_LOST, _LOST_HEUN = 0.05, 0.4


class Motion(NamedTuple):
    """An equation of motion; what is slow in it may be evaluated apart, once a step."""

    rate: Callable[[Array, Array, Array | None], Array]  # (t, m, slow or thermal field, A/m)
    slow: Callable[[Array, Array], Array] | None  # (t, m) -> A/m

    def begin(self, t: Array, m: Array) -> tuple[Array, Past | None]:
        """Rate at the start, and the slow field's past."""
        if self.slow is None:
            return self.rate(t, m, None), None
        field = self.slow(t, m)
        return self.rate(t, m, field), begin(field)


class State(NamedTuple):
    """What a step hands on to the next one."""

    m: Array
    rate: Array
    past: Past | None
    left: Array  # time to the end of the interval, s
    step: Array
    last_error: Array  # of the last accepted step, over the tolerance
    accepted: Array
    rejected: Array
    result: Array


def adaptive_steps(
    method: Tableau,
    motion: Motion,
    end: Array,
    state: State,
    tolerance: Array,
    max_step: Array,
    max_steps: int,
    loop: str,
    go_on: Callable[[State], Array] | None = None,
) -> State:
    """Steps whose error stays below the tolerance, to the end of the interval.

    With `go_on` only as long as it says so.
    """
    # Below this a step no longer moves the time.
    least = 4 * jnp.finfo(end.dtype).eps * jnp.maximum(jnp.abs(end), state.left)

    def unfinished(s: State) -> Array:
        going = (s.left > 0) & (s.result == FINISHED)
        return going if go_on is None else going & go_on(s)

    def body(s: State) -> State:
        # Two equal steps rather than a whole and a stub.
        allowed = jnp.minimum(s.step, max_step)
        whole = s.left <= allowed
        step = jnp.where(whole, s.left, jnp.minimum(allowed, 0.5 * s.left))
        trial, error = _try_step(method, motion, end - s.left, s, step)
        error = jnp.maximum(error / tolerance, 1e-10)
        error = jnp.where(jnp.isfinite(error), error, jnp.inf)
        accept = error <= 1
        factor = _step_factor(error, s.last_error, accept, method.error_order)
        # A step that was cut short by the interval's end says little about the next.
        cut_short = accept & (step < s.step)
        following = jnp.where(cut_short, jnp.maximum(step * factor, s.step), step * factor)
        taken = s.accepted + s.rejected + 1
        result = jnp.where(taken >= max_steps, TOO_MANY_STEPS, FINISHED)
        result = jnp.where(~accept & ~(step > least), BLEW_UP, result).astype(jnp.int32)
        trial = trial._replace(
            left=jnp.where(whole, 0, s.left - step),
            last_error=error,
            accepted=s.accepted + 1,
        )
        kept = jax.tree.map(lambda new, old: jnp.where(accept, new, old), trial, s)
        rejected = s.rejected + (~accept).astype(jnp.int32)
        return kept._replace(step=following, rejected=rejected, result=result)

    return _while(unfinished, body, state, max_steps, loop)


def _try_step(
    method: Tableau, motion: Motion, now: Array, s: State, step: Array
) -> tuple[State, Array]:
    """The state after a step, and the step's error."""

    def rate(ahead: Array, m: Array) -> Array:
        return motion.rate(now + ahead, m, _foresee(motion, s.past, now, ahead, m))

    m, rates = advance(method, rate, s.m, s.rate, step)
    slow, past = None, None
    if motion.slow is not None and s.past is not None:
        slow = motion.slow(now + step, m)
        past = remember(s.past, slow, step)
    # With the slow field as it is, not as it was foreseen: the error counts the difference.
    last = motion.rate(now + step, m, slow)
    error = step_error(method, rates, last, step)
    return s._replace(m=m, rate=last, past=past), error


def _foresee(motion: Motion, past: Past | None, now: Array, ahead: Array, m: Array) -> Array | None:
    """The slow field at a stage: extrapolated, or itself as long as too little is known."""
    slow = motion.slow
    if slow is None or past is None:
        return None
    return jax.lax.cond(
        jnp.isfinite(past.ages[-1]),
        lambda: extrapolate(past, ahead),
        lambda: slow(now + ahead, m),
    )


def _step_factor(error: Array, last: Array, accept: Array, order: int) -> Array:
    """Proportional–integral control: smoother than the plain rule where stability sets the step."""
    plain = _SAFETY * error ** (-1 / order)
    smooth = _SAFETY * error ** (-0.7 / order) * last ** (0.4 / order)
    grown = jnp.clip(smooth, _SHRINK, _GROW)
    return jnp.where(accept, grown, jnp.clip(plain, _SHRINK, 0.9))


def fixed_steps(
    method: Tableau,
    motion: Motion,
    end: Array,
    length: Array,
    number: Array,
    state: State,
    loop: str,
) -> State:
    """A number of equal steps."""
    step = length / jnp.maximum(number, 1).astype(length.dtype)

    def body(s: State) -> State:
        new, error = _try_step(method, motion, end - s.left, s, step)
        counted = _count(s, new.m, error <= _LOST, step, length, state.accepted)
        return counted._replace(rate=new.rate, past=new.past)

    return _repeat(body, state._replace(left=length, step=step), number, loop)


def heun_steps(
    llg: LLG,
    motion: Motion,
    end: Array,
    length: Array,
    number: Array,
    state: State,
    key: Any,
    first_index: Array,
    loop: str,
) -> State:
    """Stochastic Heun steps; one thermal field a step, drawn by the step's index."""
    thermal = llg.thermal
    assert thermal is not None
    step = length / jnp.maximum(number, 1).astype(length.dtype)

    def body(s: State) -> State:
        t = end - s.left
        own = stream(key, "thermal field", first_index + s.accepted.astype(jnp.uint32))
        noise = thermal.sample(own, step, llg.damping, llg.gyromagnetic_ratio)
        slope = motion.rate(t, s.m, noise)
        guess = motion.rate(t + step, s.m + step * slope, noise)
        m = normalize(s.m + 0.5 * step * (slope + guess))
        correction = 0.5 * step * jnp.sqrt(jnp.max(jnp.sum((guess - slope) ** 2, axis=0)))
        return _count(s, m, correction <= _LOST_HEUN, step, length, state.accepted)

    return _repeat(body, state._replace(left=length, step=step), number, loop)


def _count(s: State, m: Array, sound: Array, step: Array, length: Array, before: Array) -> State:
    """The state after a fixed step, marked if the step was too long to mean anything."""
    result = jnp.where(sound, s.result, BLEW_UP).astype(jnp.int32)
    # From the number of steps, not from the time left: in float32 thousands of them would drift.
    done = (s.accepted + 1 - before).astype(length.dtype)
    return s._replace(m=m, left=length - done * step, accepted=s.accepted + 1, result=result)


def _repeat(body: Callable[[State], State], state: State, number: Array, loop: str) -> State:
    last = state.accepted + number
    return _while(lambda s: s.accepted < last, body, state, None, loop)


def _while(
    unfinished: Callable[[State], Array],
    body: Callable[[State], State],
    state: State,
    max_steps: int | None,
    loop: str,
) -> State:
    if loop == "lax":
        return jax.lax.while_loop(unfinished, body, state)
    return eqx.internal.while_loop(
        unfinished, body, state, max_steps=max_steps, kind="checkpointed", checkpoints=100
    )
