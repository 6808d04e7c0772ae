"""One suite for every substrate."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from spinlearn import Material, Mesh, key_from_seed
from spinlearn.junctions import named_junction
from spinlearn.magnetics import Exchange, UniaxialAnisotropy, ZhangLi, random_state
from spinlearn.rules import hebb_step
from spinlearn.substrates import (
    AbstractSubstrate,
    Crossbar,
    Film,
    HeavyMetal,
    Ideal,
    IdealCrossbar,
    LinkModel,
    Links,
    Record,
)
from spinlearn.transport import AMR, edge_electrodes

DURATION = 2e-12  # s
# Pulses that write junctions.
PULSE = 1e-8  # s


def _film(**options: Any) -> Film:
    mesh = Mesh((12, 12, 1), (4e-9, 4e-9, 2e-9))
    material = Material(8e5, 13e-12, 1e4, (1.0, 0.0, 0.0), damping=0.3)
    energy = Exchange(mesh, material) + UniaxialAnisotropy(mesh, material)
    return Film(
        energy,
        material,
        AMR(3e6, 0.03),
        edge_electrodes(4, mesh),
        lambda key: random_state(mesh, key=key),
        ZhangLi(mesh, material, 0.5, 0.1),
        **options,
    )


def _links(**options: Any) -> Links:
    model = LinkModel(1e-3, 0.004, 0.1, 2.0, 3e9, 2.0, retention=1e-6)
    return Links(model, 6, device_spread=0.1, **options)


def _crossbar(**options: Any) -> Crossbar:
    return Crossbar(
        named_junction("ikeda2010"), 2, 6, pulse_lengths=(0.5 * PULSE, 2 * PULSE), **options
    )


SUBSTRATES: dict[str, Callable[[], AbstractSubstrate]] = {
    "film": lambda: _film(step=1e-13),
    "film on a heavy metal": lambda: _film(
        step=1e-13, heavy_metal=HeavyMetal(1e6, 4e-9, 0.1, 0.1), oersted=True
    ),
    "warm film": lambda: _film(step=1e-13, temperature=300.0),
    "ideal": lambda: Ideal(6),
    "ideal by Hebb's rule": lambda: Ideal(6, hebb_step),
    "links": _links,
    "links whose cycles differ": lambda: _links(cycle_spread=0.02),
    "crossbar": _crossbar,
    "crossbar of worn junctions on lines": lambda: _crossbar(
        junctions=2, endurance=10.0, word_resistance=1.0, bit_resistance=1.0, stuck_on=0.1
    ),
    "ideal crossbar": lambda: IdealCrossbar(2, 6, conductance_on=1e-4, conductance_off=5e-5),
}

KEY = key_from_seed(1)


@pytest.fixture(scope="module", params=SUBSTRATES)
def substrate(request: pytest.FixtureRequest) -> AbstractSubstrate:
    return SUBSTRATES[request.param]()


def _is_crossbar(substrate: AbstractSubstrate) -> bool:
    return isinstance(substrate, Crossbar | IdealCrossbar)


def _volts(substrate: AbstractSubstrate, scale: float = 1.0) -> jax.Array:
    """Of both signs: at contacts, 0.1 V, or at every crossing, 1 V."""
    shape = substrate.conductance(substrate.init(key=KEY)).shape
    signs = jnp.where(jnp.arange(shape[1]) % 2 == 0, 1.0, -1.0)
    if _is_crossbar(substrate):
        return scale * jnp.broadcast_to(signs, shape)
    return 0.1 * scale * signs


def _length(substrate: AbstractSubstrate) -> float:
    return PULSE if _is_crossbar(substrate) else DURATION


def _equal(a: Any, b: Any) -> bool:
    return all(bool(jnp.all(x == y)) for x, y in zip(*map(jax.tree.leaves, (a, b)), strict=True))


def test_new_devices_depend_on_their_key_alone(substrate: AbstractSubstrate) -> None:
    assert _equal(substrate.init(key=KEY), substrate.init(key=KEY))
    assert not _equal(substrate.init(key=KEY), substrate.init(key=key_from_seed(2)))


def test_conductance_is_finite_and_reading_does_not_disturb(substrate: AbstractSubstrate) -> None:
    state = substrate.init(key=KEY)
    before = jax.tree.map(np.asarray, state)
    g = substrate.conductance(state)
    assert g.ndim == 2
    assert bool(jnp.all(jnp.isfinite(g)))
    assert _equal(before, state)
    assert _equal(substrate.conductance(state), g)


def test_learning_costs_energy_and_time(substrate: AbstractSubstrate) -> None:
    state = substrate.init(key=KEY)
    after, record = substrate.apply(state, _volts(substrate), _length(substrate), key=KEY)
    assert isinstance(record, Record)
    assert float(record.energy) > 0
    volts = _volts(substrate)
    # A crossbar writes one bit line after the other.
    times = len(volts) if volts.ndim == 2 else 1
    assert float(record.duration) == pytest.approx(times * _length(substrate))
    assert record.charge.shape == volts.shape[-1:]
    assert jax.tree.structure(after) == jax.tree.structure(state)
    shapes = [jax.tree.map(jnp.shape, tree) for tree in (after, state)]
    assert shapes[0] == shapes[1]
    types = [[leaf.dtype for leaf in jax.tree.leaves(tree)] for tree in (after, state)]
    assert types[0] == types[1]
    assert not _equal(substrate.conductance(after), substrate.conductance(state))


def test_without_voltage_nothing_is_dissipated(substrate: AbstractSubstrate) -> None:
    state = substrate.init(key=KEY)
    _, record = substrate.apply(state, _volts(substrate, 0.0), _length(substrate), key=KEY)
    assert float(record.energy) == 0
    assert float(jnp.max(jnp.abs(record.charge))) == 0


def test_equal_keys_learn_alike(substrate: AbstractSubstrate) -> None:
    state, volts = substrate.init(key=KEY), _volts(substrate)
    first, second = (
        substrate.apply(state, volts, _length(substrate), key=KEY)[0] for _ in range(2)
    )
    assert _equal(first, second)


def test_learning_can_be_compiled_scanned_and_mapped(substrate: AbstractSubstrate) -> None:
    volts = _volts(substrate)
    keys = jax.random.split(KEY, 2)

    def teach(state: Any, key: jax.Array) -> tuple[Any, jax.Array]:
        state, record = substrate.apply(state, volts, _length(substrate), key=key)
        return state, record.energy

    states = jax.vmap(lambda key: substrate.init(key=key))(keys)
    _, energies = jax.jit(jax.vmap(lambda s: jax.lax.scan(teach, s, keys)))(states)
    state = jax.tree.map(lambda leaf: leaf[1], states)
    alone = []
    for key in keys:
        state, energy = teach(state, key)
        alone.append(float(energy))
    np.testing.assert_allclose(energies[1], alone, rtol=1e-4)
