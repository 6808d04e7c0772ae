"""Crossbars on which a network's weights live."""

from __future__ import annotations

import itertools

import equinox as eqx
import jax.numpy as jnp

from spinlearn.experiments.specs.koenders2025 import HardwareTable
from spinlearn.junctions import MTJ, SwitchingLookup, named_junction
from spinlearn.networks import CrossbarWeights
from spinlearn.substrates import Crossbar, IdealCrossbar

_DEVICE = "ikeda2010"


def hardware_of(table: HardwareTable, sizes: tuple[int, ...]) -> tuple[CrossbarWeights, ...] | None:
    """One crossbar a layer; none where weights are numbers."""
    if table.kind == "numbers":
        return None
    junction, found, lookup = _junction(table), [], None
    for pre, post in itertools.pairwise(sizes):
        if table.kind == "analog":
            on = float(table.junctions / junction.resistance_parallel)
            off = on / (1 + float(junction.tmr))
            array = IdealCrossbar(post, pre, conductance_on=on, conductance_off=off)
        else:
            array = _array(table, junction, post, pre, lookup)
            lookup = array.table
        largest = table.largest / pre**0.5
        found.append(CrossbarWeights(array, largest=largest, pulse=table.pulse))
    return tuple(found)


def _array(
    table: HardwareTable, junction: MTJ, post: int, pre: int, lookup: SwitchingLookup | None
) -> Crossbar:
    return Crossbar(
        junction,
        post,
        pre,
        junctions=table.junctions,
        pulse_lengths=(0.9 * table.pulse, 1.1 * table.pulse),
        stuck_on=0.5 * table.stuck,
        stuck_off=0.5 * table.stuck,
        table=lookup,
    )


def _junction(table: HardwareTable) -> MTJ:
    own = named_junction(_DEVICE)
    spread = jnp.asarray(table.spread, own.resistance_parallel.dtype)
    return eqx.tree_at(
        lambda j: (j.resistance_spread, j.tmr_spread, j.critical_voltage_spread),
        own,
        (spread, spread, spread),
    )
