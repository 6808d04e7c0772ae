"""Devices on which a network's weights live."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import equinox as eqx
import jax.numpy as jnp

from spinlearn.experiments.specs.koenders2025 import HardwareTable, Koenders2025Spec
from spinlearn.junctions import MTJ, SwitchingLookup, named_junction
from spinlearn.networks import AbstractLayerWeights, CrossbarWeights, LinkWeights
from spinlearn.substrates import Crossbar, IdealCrossbar, LinkModel

_DEVICE = "ikeda2010"


def hardware_of(
    spec: Koenders2025Spec, sizes: tuple[int, ...]
) -> tuple[AbstractLayerWeights, ...] | None:
    """Devices of every layer; none where weights are numbers."""
    table = spec.hardware
    if table.kind == "numbers":
        return None
    layers = itertools.pairwise(sizes)
    if table.kind == "links":
        return tuple(_links(spec, post, pre) for pre, post in layers)
    return _crossbars(table, layers)


def _links(spec: Koenders2025Spec, post: int, pre: int) -> LinkWeights:
    table, link = spec.hardware, spec.link
    model = LinkModel(
        link.conductance,
        link.change,
        link.threshold,
        link.steepness,
        link.rate,
        link.acceleration,
        link.retention,
    )
    return LinkWeights(
        model,
        post,
        pre,
        largest=table.largest / pre**0.5,
        shortest=table.shortest,
        longest=table.pulse,
        refresh=table.refresh,
        device_spread=link.device_spread,
        cycle_spread=link.cycle_spread,
    )


def _crossbars(
    table: HardwareTable, layers: Iterable[tuple[int, int]]
) -> tuple[CrossbarWeights, ...]:
    junction, found, lookup = _junction(table), [], None
    for pre, post in layers:
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
