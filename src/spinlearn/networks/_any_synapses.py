"""What a network in a hurry needs of its crossbar, whichever it is, and how it gives that back."""

from __future__ import annotations

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp

from spinlearn.networks._analog_synapses import analog_synapses_of
from spinlearn.networks._synapses import Junctions, synapses_of
from spinlearn.substrates.crossbar import Crossbar, CrossbarState
from spinlearn.substrates.ideal_crossbar import IdealCrossbar, IdealCrossbarState

Array = jax.Array
AnyCrossbar = Crossbar | IdealCrossbar
AnyState = CrossbarState | IdealCrossbarState


class Acts(NamedTuple):
    """Voltages and lengths of a read and of both kinds of pulses (V, s).

    With a spread of the pulses' heights, relative, from spike to spike (no unit).
    """

    read: Array
    pulses: tuple[Array, Array]
    length: Array
    spread: Array


class Kinds(NamedTuple):
    """What is known before anything is compiled: whether barriers break, and pulses differ."""

    mortal: bool
    unsteady: bool


def kinds_of(state: AnyState, spread: Array) -> Kinds:
    """What a state and a spread of pulses (no unit) need."""
    mortal = isinstance(state, CrossbarState) and not bool(jnp.all(jnp.isinf(state.cells.life)))
    return Kinds(mortal, bool(spread > 0))


def plan(crossbar: AnyCrossbar, state: Any, acts: Acts, kinds: Kinds) -> tuple[Any, Any]:
    """Synapses, and what their cells hold."""
    if isinstance(crossbar, IdealCrossbar):
        synapses = analog_synapses_of(crossbar, acts.read, acts.pulses, acts.length)
        return synapses, jnp.array(state.weights)
    spread = acts.spread if kinds.unsteady else None
    synapses = synapses_of(crossbar, state, acts.read, acts.pulses, acts.length, spread)
    cells = state.cells
    return synapses, Junctions(jnp.array(cells.on), jnp.array(cells.life) if kinds.mortal else None)


def rewritten(state: Any, held: Any, passed: Array) -> Any:
    """State of a crossbar with what its cells hold now, a time later (s)."""
    later = state.time + passed
    if isinstance(state, IdealCrossbarState):
        return IdealCrossbarState(held, later)
    new = eqx.tree_at(lambda c: c.on, state.cells, held.on)
    if held.life is not None:
        new = eqx.tree_at(lambda c: c.life, new, held.life)
    return CrossbarState(new, later)
