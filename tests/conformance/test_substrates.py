"""One suite for every substrate."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import pytest

from spinlearn import Material, Mesh, SpinlearnValueError, key_from_seed
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
    check_substrate,
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


def test_it_keeps_what_networks_rely_on(substrate: AbstractSubstrate) -> None:
    check_substrate(substrate, _volts(substrate), _length(substrate), key=KEY)


def test_learning_takes_the_time_of_its_pulses(substrate: AbstractSubstrate) -> None:
    volts = _volts(substrate)
    _, record = substrate.apply(substrate.init(key=KEY), volts, _length(substrate), key=KEY)
    # A crossbar writes one bit line after the other.
    times = len(volts) if volts.ndim == 2 else 1
    assert float(record.duration) == pytest.approx(times * _length(substrate))


class _Broken(AbstractSubstrate):
    """Two contacts and a link that learns, but for one fault."""

    fault: str = eqx.field(static=True)
    calls: list[int] = eqx.field(static=True)

    def init(self, *, key: jax.Array) -> Any:
        self.calls.append(1)
        if self.fault == "new devices differ":
            return jnp.asarray(float(len(self.calls)))
        return 1.0 if self.fault == "a state that is no array" else jnp.asarray(1.0)

    def conductance(self, state: Any) -> jax.Array:
        self.calls.append(1)
        bad = {"not finite": jnp.nan, "reads differ": float(len(self.calls))}
        g = 1e-3 * state * bad.get(self.fault, 1.0)
        return g if self.fault == "no matrix" else g * jnp.array([[1.0, -1.0], [-1.0, 1.0]])

    def apply(self, state: Any, voltages: Any, duration: Any, *, key: jax.Array) -> tuple[Any, Any]:
        self.calls.append(1)
        volts, time = jnp.asarray(voltages), jnp.asarray(duration, jnp.result_type(float))
        across = volts[0] - volts[1]
        after = state + jnp.abs(across) if self.fault != "learns nothing" else state
        if self.fault == "acts differ":
            after = after + float(len(self.calls))
        if self.fault == "another precision":
            after = after.astype(jnp.float16)
        charge = 1e-3 * across * time * jnp.array([1.0, -1.0])
        energy = charge[0] * across
        if self.fault == "no energy":
            energy = 0 * energy
        if self.fault == "energy at rest":
            energy = energy + 1e-12
        if self.fault == "compiled otherwise" and isinstance(state, jax.core.Tracer):
            energy = 2 * energy
        if self.fault == "no time":
            time = 0 * time
        if self.fault == "one charge":
            charge = charge[0]
        record = Record(energy, time, charge, {})
        return after, (energy if self.fault == "no record" else record)


@pytest.mark.once
@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("", None),
        ("new devices differ", "substrate.init = another state"),
        ("a state that is no array", "substrate.init = a state of other things"),
        ("not finite", "substrate.conductance = not finite"),
        ("reads differ", "substrate.conductance = something else"),
        ("no matrix", "substrate.conductance = shape"),
        ("learns nothing", "no change of conductance"),
        ("acts differ", "substrate.apply = another state"),
        ("another precision", "substrate.apply = float16.* from float64"),
        ("no energy", "substrate.record.energy = 0.0 J"),
        ("energy at rest", "apply without voltage"),
        ("compiled otherwise", "substrate.apply under jit"),
        ("no time", "substrate.record.duration"),
        ("one charge", "substrate.record.charge"),
        ("no record", "Return a state and a Record"),
    ],
)
def test_a_broken_promise_is_named(fault: str, message: str | None) -> None:
    device, given = _Broken(fault, []), ([0.1, -0.1], 1e-9)
    if message is None:
        check_substrate(device, *given, key=KEY)
        return
    with pytest.raises(SpinlearnValueError, match=message):
        check_substrate(device, *given, key=KEY)
