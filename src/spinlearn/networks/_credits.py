"""Credit of every unit: derivatives of the loss by weighted sums, exact or read from noise."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from spinlearn.networks.feedforward import Activity, Feedforward, FeedforwardState
from spinlearn.rules.feedback import feedback_step
from spinlearn.rules.perturbation import (
    activity_node_perturbation,
    layer_perturbation,
    node_perturbation,
    weight_perturbation,
)

Array = jax.Array
Layers = tuple[Array, ...]
FIRST, SECOND = slice(0, None, 2), slice(1, None, 2)


def backpropagated(
    network: Feedforward, state: FeedforwardState, activity: Activity, error: Array
) -> Layers:
    """Derivatives ``(batch, post)`` by the chain rule, for one pass without noise."""
    found = [error]
    for layer in range(len(state.weights) - 1, 0, -1):
        back = found[0] @ state.weights[layer]
        if state.mixing:
            back = back @ state.mixing[layer]
        found.insert(0, back * network.gain(activity.currents[layer - 1]))
    return tuple(found)


def by_noise(network: Feedforward, noise: Array, change: Array, deviation: Array) -> Layers:
    """Node perturbation: noise ``(2 pairs, batch, units)``, change ``(pairs, batch)``."""
    cuts = [sum(network.sizes[1 : k + 1]) for k in range(1, len(network.sizes) - 1)]
    apart = jnp.split(noise[FIRST] - noise[SECOND], cuts, axis=-1)
    return _mean(node_perturbation(apart, change, deviation))


def by_weights(
    noise: tuple[Layers, Layers], losses: Array, deviation: Array
) -> tuple[Layers, Layers]:
    """Weight perturbation, with noise ``(2 pairs, ...)`` and losses ``(2 pairs,)``."""
    change = losses[FIRST] - losses[SECOND]
    apart = jax.tree.map(lambda own: own[FIRST] - own[SECOND], noise)

    def mean(change: Array, part: Layers) -> Layers:
        return _mean(jax.vmap(weight_perturbation, (0, 0, None))(part, change, deviation))

    return mean(change, apart[0]), mean(change, apart[1])


def by_activity(activity: Activity, change: Array, *, layers: bool) -> Layers:
    """Activity-based node perturbation, over all units or layer by layer."""
    changes = [a[FIRST] - a[SECOND] for a in activity.currents]
    rule = layer_perturbation if layers else activity_node_perturbation
    return _mean(rule(changes, change))


def by_feedback(network: Feedforward, feedback: Layers, activity: Activity, error: Array) -> Layers:
    """What learned feedback makes of the error of the outputs, averaged over passes."""
    missed = jnp.mean(error, axis=0)
    hidden = (
        (missed @ b.T) * jnp.mean(network.gain(a), axis=0)
        for b, a in zip(feedback, activity.currents, strict=False)
    )
    return (*hidden, missed)


def learned_feedback(
    network: Feedforward, feedback: Layers, activity: Activity, output: Array, rate: Array
) -> Layers:
    """Feedback after the changes between two passes; `output` as it was read."""
    told = output[FIRST] - output[SECOND]
    told = told.reshape(-1, told.shape[-1])
    found = []
    for b, a in zip(feedback, activity.currents, strict=False):
        x = network.rectify(a)
        moved = (x[FIRST] - x[SECOND]).reshape(-1, a.shape[-1])
        found.append(feedback_step(b, moved, told, rate))
    return tuple(found)


def _mean(credits: Layers) -> Layers:
    return tuple(jnp.mean(c, axis=0) for c in credits)
