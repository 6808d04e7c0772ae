"""Motion under a current that answers to the texture: the two are followed together."""

from __future__ import annotations

import abc
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from spinlearn._checks import is_known, require_values
from spinlearn.errors import SpinlearnError, SpinlearnValueError
from spinlearn.magnetics._cells import check_magnetization
from spinlearn.magnetics._precision import as_precision
from spinlearn.magnetics._runge_kutta import METHODS, Tableau
from spinlearn.magnetics._step_options import check_step_options
from spinlearn.magnetics._stepping import (
    FINISHED,
    Motion,
    State,
    adaptive_steps,
    fixed_steps,
    heun_steps,
)
from spinlearn.magnetics.energy import split_slow
from spinlearn.magnetics.evolve import first_adaptive_step, remedy_for
from spinlearn.magnetics.llg import LLG
from spinlearn.magnetics.torque import LayerCurrents
from spinlearn.typing import Key

Array = jax.Array


class Supply(NamedTuple):
    """What a drive gives to a texture (SI units).

    Parameters
    ----------
    current_density
        Current density in every cell, ``(3, nx, ny, nz)``, A/m², or `LayerCurrents`.
    field
        Field to add, such as that of the current, ``(3, nx, ny, nz)``, A/m, or None.
    rates
        Tree of arrays to integrate over time: a power (W) becomes an energy (J).

    Examples
    --------
    >>> Supply(jnp.zeros((3, 4, 4, 1)), None, {"power": jnp.asarray(1e-6)}).field is None
    True
    """

    current_density: Array | LayerCurrents
    field: Array | None
    rates: Any


class AbstractDrive(eqx.Module):
    """A current that answers to the texture (A/m²), such as a film between contacts.

    Examples
    --------
    >>> sorted(AbstractDrive.__abstractmethods__)
    ['begin', 'supply', 'update']
    """

    @abc.abstractmethod
    def begin(self, t: Array, m: Array) -> Any:
        """What the drive knows of a texture at time t (s): a tree of arrays (SI units)."""

    @abc.abstractmethod
    def update(self, t: Array, m: Array, memory: Any) -> Any:
        """The same for another texture, from what was known of the last one (SI units)."""

    @abc.abstractmethod
    def supply(self, t: Array, m: Array, memory: Any) -> Supply:
        """Current at time t (s) through the texture that is known; cheap (SI units)."""


class Driven(eqx.Module):
    """Result of `evolve_driven`.

    Parameters
    ----------
    m
        Magnetization at the end, ``(3, nx, ny, nz)``, without unit.
    memory
        The drive's, to go on with (SI units).
    integrals
        The supply's rates integrated over time, such as J for W.
    step
        Step size to go on with, s.
    updates
        How often the current was found anew, without unit.
    accepted, rejected
        Numbers of steps, without unit.
    result
        0 finished, 1 blew up, 2 too many steps; without unit.

    Examples
    --------
    >>> Driven.__annotations__["updates"]
    'Array'
    """

    m: Float[Array, "3 nx ny nz"]
    memory: Any
    integrals: Any
    step: Array
    updates: Array
    accepted: Array
    rejected: Array
    result: Array


def evolve_driven(
    llg: LLG,
    m: Float[Array, "3 nx ny nz"],
    duration: Any,
    drive: AbstractDrive,
    *,
    memory: Any = None,
    start: Any = 0.0,
    steps_per_update: int = 20,
    largest_turn: Any = 0.05,
    tolerance: float = 1e-4,
    method: str = "auto",
    step: float | None = None,
    first_step: Any = None,
    max_steps: int = 10_000_000,
    key: Key | None = None,
    first_index: int | Array = 0,
    throw: bool = True,
) -> Driven:
    """Follow a texture and the current through it, which is found anew as the texture moves.

    Between updates the current density is held. It is found anew after `steps_per_update` steps,
    and earlier when the texture has turned by `largest_turn`; the error of holding it is
    proportional to that interval.

    Parameters
    ----------
    llg
        Equation of motion with its torques; follows the precision of m.
    m
        Unit vectors at the start, ``(3, nx, ny, nz)``, without unit.
    duration
        Time to follow, s.
    drive
        Gives the current density of a texture (A/m²).
    memory
        `Driven.memory` of a run that went on until now; by default what the drive begins with.
    start
        Time at the start, s.
    steps_per_update
        Most steps under one current (no unit).
    largest_turn
        Root mean square angle that the texture turns under one current before it is found anew,
        rad; only with adaptive steps.
    tolerance, method, step, first_step, max_steps, key, first_index, throw
        As in `evolve` (s, without unit); a first step of zero is found as if it were not given.

    Returns
    -------
    Driven
        Final magnetization, integrals of the supply's rates, counts, a result code.

    Raises
    ------
    SpinlearnValueError
        If an argument does not fit the film.
    SpinlearnError
        If the run blew up or took too many steps; under `jax.jit` see `Driven.result`.

    Examples
    --------
    >>> from spinlearn import Material, Mesh
    >>> from spinlearn.magnetics import SpinOrbit, Zeeman, uniform_state
    >>> mesh, film = Mesh((2, 2, 1), (2e-9, 2e-9, 1e-9)), Material(8e5, 13e-12)
    >>> class Wire(AbstractDrive):  # 1 V over a resistance that depends on the texture
    ...     def begin(self, t, m):
    ...         return 1e11 * (1 + jnp.mean(m[1]))
    ...     def update(self, t, m, memory):
    ...         return self.begin(t, m)
    ...     def supply(self, t, m, memory):
    ...         density = memory * jnp.ones_like(m).at[1:].set(0)
    ...         return Supply(density, None, {"power": memory * 4e-18})
    >>> llg = LLG(Zeeman(mesh, film, (0.0, 0.0, 0.0)), SpinOrbit(mesh, film, 0.1, 0.1), 0.1)
    >>> run = evolve_driven(llg, uniform_state(mesh, (1.0, 0.0, 0.0)), 1e-9, Wire())
    >>> bool(run.m[1].mean() > 0.5), bool(run.integrals["power"] > 4e-16)  # J
    (True, True)
    """
    if not isinstance(llg, LLG) or not isinstance(drive, AbstractDrive):
        raise SpinlearnValueError(
            "llg, drive",
            f"{type(llg).__name__}, {type(drive).__name__}",
            "an LLG and an AbstractDrive",
            "Pass LLG(energy, torques, damping) and e.g. a film's drive.",
        )
    m = check_magnetization(m, llg.energy.mesh, llg.energy.saturation_magnetization)
    if steps_per_update < 1:
        raise SpinlearnValueError(
            "steps_per_update", steps_per_update, "a whole number from 1", "Use e.g. 20."
        )
    if method == "auto":
        method = "rk4-split" if step is None else "rk4"
    check_step_options(llg, tolerance, method, step, key)
    require_values(
        lambda v: (np.ndim(v) == 0) & np.isfinite(v) & (v > 0),
        "duration",
        duration,
        "a positive time in s",
        "Use e.g. 1e-9.",
    )
    duration = jnp.asarray(duration, m.dtype)
    number = None
    if step is not None:
        number = jnp.ceil(duration / step * (1 - 1e-6)).astype(jnp.int32)
    drive = as_precision(drive, m.dtype)
    start = jnp.asarray(start, m.dtype)
    result = _evolve(
        as_precision(llg, m.dtype),
        m,
        duration,
        drive,
        drive.begin(start, m) if memory is None else memory,
        start,
        jnp.asarray(largest_turn, m.dtype),
        jnp.asarray(tolerance, m.dtype),
        None if first_step is None else jnp.asarray(first_step, m.dtype),
        number,
        key,
        jnp.asarray(first_index, jnp.uint32),
        steps_per_update=steps_per_update,
        method=method,
        max_steps=max_steps,
    )
    code = result.result
    if throw and is_known(code) and np.ndim(code) == 0 and int(code) != FINISHED:
        raise SpinlearnError(f"evolve_driven stopped: {remedy_for(int(code))}")
    return result


class _Round(NamedTuple):
    """What an update of the current hands on to the next one."""

    state: State
    memory: Any
    supply: Supply
    integrals: Any
    updates: Array


@eqx.filter_jit
def _evolve(
    llg: LLG,
    m: Array,
    duration: Array,
    drive: AbstractDrive,
    memory: Any,
    start: Array,
    largest_turn: Array,
    tolerance: Array,
    first_step: Array | None,
    number: Array | None,
    key: Key | None,
    first_index: Array,
    *,
    steps_per_update: int,
    method: str,
    max_steps: int,
) -> Driven:
    tableau, split = METHODS[method], method == "rk4-split"
    end = start + duration
    supply = drive.supply(start, m, memory)
    motion = _motion(llg, supply, split=split)
    if llg.thermal is None:
        rate, past = motion.begin(start, m)
    else:  # the Heun scheme wants the noise first
        rate, past = jnp.zeros_like(m), None
    usual = first_adaptive_step(rate)
    first_step = usual if first_step is None else jnp.where(first_step > 0, first_step, usual)
    one, count = jnp.ones_like(start), jnp.asarray(0, jnp.int32)
    state = State(m, rate, past, duration, first_step, one, count, count, count)
    nothing = jax.tree.map(jnp.zeros_like, supply.rates)
    begun = _Round(state, memory, supply, nothing, jnp.asarray(1, jnp.int32))

    def unfinished(r: _Round) -> Array:
        going = r.state.left > 0 if number is None else r.state.accepted < number
        return going & (r.state.result == FINISHED)

    def body(r: _Round) -> _Round:
        before = r.state
        motion = _motion(llg, r.supply, split=split)
        if number is None:
            after = _adaptive_round(
                tableau, motion, end, before, tolerance, largest_turn, steps_per_update, max_steps
            )
        else:
            after = _fixed_round(
                llg, tableau, motion, end, duration, before, number, steps_per_update, key,
                first_index,
            )  # fmt: skip
        passed = before.left - after.left
        integrals = jax.tree.map(lambda sum, rate: sum + passed * rate, r.integrals, r.supply.rates)
        ended = ~unfinished(r._replace(state=after))
        now = end - after.left
        # Under vmap both branches are computed; alone, the last update would be thrown away.
        memory = jax.lax.cond(ended, lambda: r.memory, lambda: drive.update(now, after.m, r.memory))
        supply = drive.supply(now, after.m, memory)
        after = _with_rate(llg, supply, after, end, split=split)
        updates = r.updates + (~ended).astype(jnp.int32)
        return _Round(after, memory, supply, integrals, updates)

    last = jax.lax.while_loop(unfinished, body, begun)
    s = last.state
    result = jnp.where(jnp.all(jnp.isfinite(s.m)), s.result, 1)
    return Driven(
        s.m, last.memory, last.integrals, s.step, last.updates, s.accepted, s.rejected, result
    )


def _motion(llg: LLG, supply: Supply, *, split: bool) -> Motion:
    """The equation of motion under one current, with its slow energies apart if wanted."""
    fast, slow = split_slow(llg.energy) if split else (llg.energy, None)
    own = eqx.tree_at(lambda tree: tree.energy, llg, fast)

    def rate(t: Array, m: Array, field: Array | None) -> Array:
        extra = supply.field
        if field is not None:
            extra = field if extra is None else extra + field
        return own.rhs(m, t, supply.current_density, extra)

    if slow is None:
        return Motion(rate, None)
    return Motion(rate, lambda t, m: slow.field(m, t))


def _with_rate(llg: LLG, supply: Supply, state: State, end: Array, *, split: bool) -> State:
    """The state with the rate that the new current makes of it."""
    if llg.thermal is not None:
        return state
    motion = _motion(llg, supply, split=split)
    slow = None if state.past is None else state.past.fields[0]
    return state._replace(rate=motion.rate(end - state.left, state.m, slow))


def _adaptive_round(
    tableau: Tableau,
    motion: Motion,
    end: Array,
    state: State,
    tolerance: Array,
    largest_turn: Array,
    steps: int,
    max_steps: int,
) -> State:
    """Steps under one current: until there are enough, or the texture has turned enough."""
    cells = jnp.maximum(jnp.sum(state.m * state.m), 1)
    limit = largest_turn**2 * cells
    no_limit = jnp.asarray(jnp.inf, state.m.dtype)

    def go_on(s: State) -> Array:
        turned = jnp.sum((s.m - state.m) ** 2)
        return (s.accepted - state.accepted < steps) & (turned < limit)

    return adaptive_steps(
        tableau, motion, end, state, tolerance, no_limit, max_steps, "lax", go_on=go_on
    )


def _fixed_round(
    llg: LLG,
    tableau: Tableau,
    motion: Motion,
    end: Array,
    duration: Array,
    state: State,
    number: Array,
    steps: int,
    key: Key | None,
    first_index: Array,
) -> State:
    """A number of equal steps under one current."""
    done = state.accepted
    now = jnp.minimum(number - done, steps)
    step = duration / number.astype(duration.dtype)
    length = now.astype(duration.dtype) * step
    left = duration - (done + now).astype(duration.dtype) * step
    own = end - left
    if llg.thermal is None:
        after = fixed_steps(tableau, motion, own, length, now, state, "lax")
    else:
        after = heun_steps(llg, motion, own, length, now, state, key, first_index, "lax")
    return after._replace(left=left)
