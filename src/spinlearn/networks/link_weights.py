"""Weights of a layer as differences of two magnetic links each, changed by pulses alone."""

from __future__ import annotations

from typing import Any, final

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from spinlearn._checks import as_amount, as_count, require, require_values
from spinlearn.networks.layer_weights import AbstractLayerWeights
from spinlearn.rng import stream
from spinlearn.substrates import LinkModel, Links, LinksState
from spinlearn.substrates.substrate import Record
from spinlearn.typing import Key

Array = jax.Array


@final
class LinkWeights(AbstractLayerWeights):
    r"""Two magnetic links a weight, each behind a selector: one is written for more, one for less.

    .. math:: w_{ij} = w_\mathrm{max} \frac{\Delta g^+_{ij} - \Delta g^-_{ij}}{g c}

    Δg is what a link has changed since it was new, g c what it changes when written whole. Pulses
    have one height, at which a link goes exponentially to its limit, and the length that a link of
    mean parameters takes for the wanted change from where a new one starts: written links follow
    less. Wanted changes below those of the shortest pulse are met by pulses on as many weights
    fewer, drawn by lot.

    Pulses only ever write. Where the part that both links of a weight have written is, in the mean
    of the layer, above `refresh`, a field erases all of them, and their differences are written
    anew with one pulse each. The energy of that field is not in the record; what wears off between
    two acts is not in the state: retention is to be long against training.

    Parameters
    ----------
    model
        What the mean link does.
    post, pre
        Units of the layer, and what goes into it.
    largest
        w_max, weight of one link written whole beside one not at all (no unit).
    voltage
        Height of all pulses, V; the model's threshold by default.
    shortest, longest
        Lengths of pulses, s.
    refresh
        Mean part of a link, from 0 to 1, at which all are written anew (no unit); 1 for never.
    device_spread, cycle_spread
        As of `Links` (no unit).

    Raises
    ------
    SpinlearnValueError
        If a number is out of range, or links of this model do not change.

    Examples
    --------
    >>> model = LinkModel(1e-3, 0.005, 0.1, 2.0, 1e9, 2.0)
    >>> weights = LinkWeights(model, 3, 4, largest=2.0)
    >>> state = weights.init(key=jax.random.key(0))
    >>> before = weights.values(state)
    >>> state, record = weights.write(state, jnp.full((3, 4), 0.1), key=jax.random.key(1))
    >>> bool(jnp.all(weights.values(state) >= before)), bool(record.energy > 0)
    (True, True)
    """

    links: Links
    largest: Array
    voltage: Array
    shortest: Array
    longest: Array
    refresh: Array
    size: tuple[int, int] = eqx.field(static=True)

    def __init__(
        self,
        model: LinkModel,
        post: int,
        pre: int,
        *,
        largest: Any,
        voltage: Any = None,
        shortest: Any = 1e-10,
        longest: Any = 1e-8,
        refresh: Any = 0.2,
        device_spread: Any = 0.0,
        cycle_spread: Any = 0.0,
    ) -> None:
        require_values(
            lambda c: c != 0,
            "model.change",
            model.change,
            "any other relative change (no unit): weights are read over it",
            "A film of 480 nm has 5.27e-3.",
        )
        fix = "Pass the number of units, and of what goes into each."
        rows, columns = (
            as_count(n, name, 1, "an integer >= 1", fix)
            for n, name in ((post, "post"), (pre, "pre"))
        )
        self.size = rows, columns
        row, column = np.divmod(np.arange(rows * columns), columns)
        pairs = np.concatenate([np.stack([2 * row + k, column + 2 * rows], 1) for k in range(2)])
        self.links = Links(
            model,
            2 * rows + columns,
            pairs,
            device_spread=device_spread,
            cycle_spread=cycle_spread,
        )
        self.largest = as_amount(largest, "largest", "no unit", zero=False)
        height = model.threshold if voltage is None else voltage
        self.voltage = as_amount(height, "voltage", "V", zero=False)
        self.shortest = as_amount(shortest, "shortest", "s", zero=False)
        self.longest = as_amount(longest, "longest", "s", zero=False)
        require(
            self.shortest <= self.longest,
            "shortest",
            shortest,
            f"at most longest = {longest} s",
            "Swap them.",
        )
        self.refresh = as_amount(refresh, "refresh", "no unit", zero=False)

    @property
    def shape(self) -> tuple[int, int]:
        """Units of the layer, and what goes into it: (post, pre) (no unit)."""
        return self.size

    def init(self, *, key: Key) -> LinksState:
        """New devices whose weights are drawn evenly within ±1/√pre, at most w_max (no unit)."""
        state = self.links.init(key=stream(key, "links"))
        bound = jnp.minimum(self.size[1] ** -0.5 / self.largest, 1.0)
        drawn = jax.random.uniform(
            stream(key, "weights"), self.size, state.written.dtype, minval=-1.0
        )
        new, _ = self._pulsed(state, bound.astype(drawn.dtype) * drawn, key=stream(key, "first"))
        return new

    def values(self, state: LinksState) -> Float[Array, "post pre"]:
        """The weights (no unit)."""
        return self.largest.astype(state.written.dtype) * self._difference(state)

    def write(self, state: LinksState, changes: Array, *, key: Key) -> tuple[LinksState, Record]:
        """Devices after pulses for wanted changes (no unit), and what they took (SI units)."""
        wanted = (changes / self.largest).astype(state.written.dtype)
        new, record = self._pulsed(state, wanted, key=stream(key, "pulses"))
        both = jnp.mean(jnp.min(new.written.reshape(2, -1), axis=0))

        def anew(now: LinksState) -> tuple[LinksState, Array, Array]:
            erased = eqx.tree_at(lambda s: s.written, now, jnp.zeros_like(now.written))
            again, more = self._pulsed(erased, self._difference(now), key=stream(key, "refresh"))
            return again, more.energy, more.duration

        def kept(now: LinksState) -> tuple[LinksState, Array, Array]:
            return now, jnp.zeros_like(record.energy), jnp.zeros_like(record.duration)

        new, energy, duration = jax.lax.cond(both > self.refresh, anew, kept, new)
        return new, Record(record.energy + energy, record.duration + duration, record.charge, {})

    def _difference(self, state: LinksState) -> Array:
        """Of the changes of both links of every weight, over that of a whole mean one."""
        links, model = self.links, self.links.model
        erased = eqx.tree_at(lambda s: s.written, state, jnp.zeros_like(state.written))
        change = links.link_conductances(state) - links.link_conductances(erased)
        up, down = (change / (model.conductance * model.change)).reshape(2, *self.size)
        return up - down

    def _pulsed(self, state: LinksState, parts: Array, *, key: Key) -> tuple[LinksState, Record]:
        """Devices after one pulse a weight, whose new links would change by these parts."""
        model, dtype = self.links.model, state.written.dtype
        volts, shortest, longest = (
            leaf.astype(dtype) for leaf in (self.voltage, self.shortest, self.longest)
        )
        speed, decay = model.speed(volts), 1 / model.retention
        total = (speed + decay).astype(dtype)
        aim = model.limit(volts) * speed / total
        wanted = jnp.abs(parts)
        least, most = (-aim * jnp.expm1(-total * t) for t in (shortest, longest))
        drawn = jax.random.uniform(stream(key, "selection"), parts.shape, dtype)
        lasting = -jnp.log1p(-jnp.clip(wanted, least, most) / aim) / total
        lasting = jnp.where(drawn < wanted / least, jnp.clip(lasting, shortest, longest), 0)
        up = parts > 0
        each = jnp.concatenate([jnp.where(side, lasting, 0).ravel() for side in (up, ~up)])
        height = jnp.broadcast_to(volts, each.shape)
        slot = longest * self.size[0]
        return self.links.write(state, height, each, slot=slot, key=stream(key, "links"))
