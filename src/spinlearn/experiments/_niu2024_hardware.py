"""Hardware that learns patterns, of every kind, and what its training comes down to."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp

from spinlearn.experiments.specs.niu2024 import Niu2024Spec
from spinlearn.networks import DifferentialLinks, Readout, teach
from spinlearn.networks.differential import Protocol
from spinlearn.rules import hebb_step, oja_clamped_step, oja_neuron_step, oja_subspace_step
from spinlearn.substrates import Ideal, LinkModel, Links
from spinlearn.typing import Key

Array = jax.Array

NODES = 35
#: How pairs of links are trained, and the network of single links, which forgets.
PROTOCOLS: tuple[Protocol, ...] = ("hebbian", "residual", "subspace")
LINKS = (*(f"links, {protocol}" for protocol in PROTOCOLS), "links, leaky")
#: What ideal links follow: rules of small steps, none of which needs to know the others' patterns.
IDEAL = {
    "ideal, hebb": hebb_step,
    "ideal, oja_clamped": oja_clamped_step,
    "ideal, oja_neuron": oja_neuron_step,
    "ideal, oja_subspace": partial(oja_subspace_step, symmetric=True),
}
HARDWARE = (*LINKS, *IDEAL)


class _Rule(eqx.Module):
    """One of the rules of ideal links, by its number: one program is for all of them."""

    number: Array

    def __call__(self, weights: Array, pattern: Array, rate: Array) -> Array:
        """Weights after a step (no unit)."""
        return jax.lax.switch(self.number, list(IDEAL.values()), weights, pattern, rate)


class Taught(NamedTuple):
    """Training of one device.

    Weights, before the first epoch and after each, are those that conductances show; `whole` are
    the same with a diagonal that they do not show (no unit). Energy and its part in reads are in
    J, the duration in s, of every epoch. Written is the mean part of a link that is written, zero
    of hardware without such links (no unit).
    """

    weights: Array
    whole: Array
    energy: Array
    read_energy: Array
    duration: Array
    written: Array


def taught(spec: Niu2024Spec, name: str, x: Array, key: Key, spread: float | None = None) -> Taught:
    """Training of one device on patterns x (SI units, as `Taught` says)."""
    if name in IDEAL:
        return _ideal(spec, name, x, key)
    wide = spec.link.device_spread if spread is None else spread
    if name == "links, leaky":
        return _leaky(spec, x, key, wide)
    return _pairs(spec, name.removeprefix("links, "), x, key, wide)


def _pairs(spec: Niu2024Spec, protocol: str, x: Array, key: Key, spread: float) -> Taught:
    """A differential pair of links for every weight."""
    training = spec.training
    volts = (training.row_voltage, training.column_voltage)
    if protocol == "hebbian":
        volts = (training.hebbian_voltage,) * 2
    network = DifferentialLinks(
        _model(spec, spec.link.retention),
        NODES,
        gain=training.gain,
        device_spread=jnp.asarray(spread, x.dtype),
        cycle_spread=jnp.asarray(spec.link.cycle_spread, x.dtype),
        read_voltage=training.read_voltage,
        read_time=training.read_time,
        temperature=training.temperature,
    )
    course = network.train(
        x,
        protocol,  # pyright: ignore[reportArgumentType]
        epochs=training.epochs,
        row_voltage=volts[0],
        column_voltage=volts[1],
        pulse=training.pulse if protocol == "hebbian" else training.residual_pulse,
        key=key,
    )
    spent = (course.energy, course.read_energy, course.duration)
    return Taught(course.weights, course.weights, *spent, course.written)


def _leaky(spec: Niu2024Spec, x: Array, key: Key, spread: float) -> Taught:
    """One link for every two nodes, at V x: unlike nodes are driven, and all links forget.

    A reference link is driven in every pulse for half of its length, as one is on average whose
    nodes are as often alike as not. The weight is how far a link is written less than it, in
    units of what the reference has in the end.
    """
    leaky, model = spec.leaky, _model(spec, spec.leaky.retention)
    links = Links(
        model,
        NODES,
        device_spread=jnp.asarray(spread, x.dtype),
        cycle_spread=jnp.asarray(spec.link.cycle_spread, x.dtype),
    )
    epochs = spec.training.epochs
    lesson = teach(links, x, leaky.voltage, leaky.pulse, epochs=epochs, rest=leaky.rest, key=key)
    reference = _reference(model, 2 * leaky.voltage, leaky.pulse, leaky.rest, epochs, len(x))
    weights = _single(model, lesson.conductance, reference)
    none = jnp.zeros_like(lesson.energy)
    written = jnp.mean(lesson.states.written[1:], axis=1)
    return Taught(weights, weights, lesson.energy, none, lesson.duration, written)


def _ideal(spec: Niu2024Spec, name: str, x: Array, key: Key) -> Taught:
    """Links that follow a rule, read through their conductances."""
    ideal, n = spec.ideal, NODES
    device = Ideal(
        n,
        _Rule(jnp.asarray(list(IDEAL).index(name))),
        initial=jnp.eye(n, dtype=x.dtype) * ideal.initial,
        spread=jnp.asarray(ideal.spread, x.dtype),
        link_conductance=jnp.asarray(ideal.conductance, x.dtype),
        contrast=jnp.asarray(ideal.contrast, x.dtype),
        learning_time=jnp.asarray(ideal.learning_time, x.dtype),
    )
    lesson = teach(device, x, ideal.voltage, ideal.pulse, epochs=spec.training.epochs, key=key)
    readout = Readout(device.uniform_conductance, 1, name="uniform")
    weights = readout.weights(lesson.conductance) / ideal.contrast
    held = lesson.states.weights
    whole = weights + held * jnp.eye(n, dtype=x.dtype)[None]
    none = jnp.zeros_like(lesson.energy)
    return Taught(weights, whole, lesson.energy, none, lesson.duration, none)


def _model(spec: Niu2024Spec, retention: float) -> LinkModel:
    link, dtype = spec.link, jnp.dtype(spec.precision)
    values = (link.conductance, link.change, link.threshold, link.steepness, link.rate)
    return LinkModel(*(jnp.asarray(v, dtype) for v in (*values, link.acceleration, retention)))


@partial(jax.jit, static_argnums=(4, 5))
def _reference(
    model: LinkModel, voltage: Array, pulse: Array, rest: Array, epochs: int, patterns: int
) -> Array:
    """Part of the reference link that is written, ``(epochs + 1,)``."""
    dtype = model.conductance.dtype
    volts, half, pause = (jnp.asarray(v, dtype) for v in (voltage, 0.5 * pulse, rest))
    nothing = jnp.zeros((), dtype)

    def show(written: Array, _: None) -> tuple[Array, Array]:
        written, _mean = model.write(written, volts, half)
        written, _mean = model.write(written, nothing, half + pause)
        return written, written

    _, course = jax.lax.scan(show, nothing, length=epochs * patterns)
    return jnp.concatenate([nothing[None], course[patterns - 1 :: patterns]])


@jax.jit
def _single(model: LinkModel, conductance: Array, reference: Array) -> Array:
    """Weights of single links from their conductances, ``(epochs + 1, n, n)``."""
    new, whole = conductance[0], model.conductance * model.change
    written = (jnp.abs(conductance) - jnp.abs(new)[None]) / whole
    apart = (reference[:, None, None] - written) / reference[-1]
    return apart * (1 - jnp.eye(new.shape[0], dtype=apart.dtype))[None]
