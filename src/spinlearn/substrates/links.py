"""A network of magnetic conductors, each between two nodes, each written by its own current."""

from __future__ import annotations

from typing import Any, final

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int

from spinlearn._checks import as_count, as_leaf, as_numbers, require, require_values
from spinlearn.errors import SpinlearnValueError
from spinlearn.rng import stream
from spinlearn.substrates.link_model import LinkModel
from spinlearn.substrates.substrate import AbstractSubstrate, Record
from spinlearn.typing import Key

Array = jax.Array


class LinksState(eqx.Module):
    """State of a network of links.

    Parameters
    ----------
    written
        Part of every link that is written, ``(links,)``, from 0 to 1 (no unit).
    conductance, change, threshold
        How every link's own parameters stand to those of the model, ``(links,)`` (no unit).

    Examples
    --------
    >>> LinksState.__annotations__["written"]
    "Float[Array, ' links']"
    """

    written: Float[Array, " links"]
    conductance: Float[Array, " links"]
    change: Float[Array, " links"]
    threshold: Float[Array, " links"]


@final
class Links(AbstractSubstrate):
    """Nodes joined by magnetic conductors that do not touch otherwise.

    All nodes are at given voltages: a link sees the difference of two, and its part w follows
    the `LinkModel`. As in a film, currents = G @ voltages, with G_ij = -g_ij off the diagonal
    and rows that sum to zero.

    Parameters
    ----------
    model
        What the mean link does; its scalars are shared.
    nodes
        Number of nodes.
    pairs
        Nodes that each link joins, ``(links, 2)``; by default all pairs.
    device_spread
        Standard deviation of ln g, of ln c and of ln v_t from link to link (no unit).
    cycle_spread
        Standard deviation of what a pulse writes, over its mean, from pulse to pulse (no unit).

    Raises
    ------
    SpinlearnValueError
        If a pair is not of two different nodes or occurs twice, or a spread is negative.

    Examples
    --------
    >>> links = Links(LinkModel(1e-3, 0.004, 0.1, 2.0, 3e9, 2.0), nodes=4)
    >>> state = links.init(key=jax.random.key(0))
    >>> state, record = links.apply(state, [0.1, 0.1, -0.1, -0.1], 1e-9, key=jax.random.key(1))
    >>> links.conductance(state).shape, bool(record.energy > 0)
    ((4, 4), True)
    """

    model: LinkModel
    device_spread: Array
    cycle_spread: Array
    pairs: Int[Array, "links 2"]
    nodes: int = eqx.field(static=True)

    def __init__(
        self,
        model: LinkModel,
        nodes: int,
        pairs: Any = None,
        *,
        device_spread: Any = 0.0,
        cycle_spread: Any = 0.0,
    ) -> None:
        self.model = model
        self.nodes = as_count(
            nodes, "links.nodes", 2, "an integer of at least 2", "Join two nodes or more."
        )
        self.pairs = jnp.asarray(_as_pairs(pairs, self.nodes), jnp.int32)
        for name, value in (("device_spread", device_spread), ("cycle_spread", cycle_spread)):
            leaf = as_leaf(value, f"links.{name}", "no unit")
            require_values(
                lambda s: s >= 0, f"links.{name}", leaf, "not negative", "Pass 0 for none."
            )
            require(leaf.shape == (), f"links.{name}", value, "one number", "One is for all links.")
            setattr(self, name, leaf)

    def init(self, *, key: Key) -> LinksState:
        """Links that nothing was written to, each with parameters of its own (no unit)."""
        count, dtype = len(self.pairs), self.model.conductance.dtype

        def own(name: str) -> Array:
            normal = jax.random.normal(stream(key, name), (count,), dtype)
            return jnp.exp(self.device_spread.astype(dtype) * normal)

        return LinksState(
            jnp.zeros(count, dtype), own("conductance"), own("change"), own("threshold")
        )

    def conductance(self, state: LinksState) -> Float[Array, "post pre"]:
        """Conductance matrix, ``(nodes, nodes)``, S."""
        i, j = self.pairs[:, 0], self.pairs[:, 1]
        each = self._conductances(state, state.written)
        matrix = jnp.zeros((self.nodes, self.nodes), each.dtype)
        matrix = matrix.at[i, j].set(-each).at[j, i].set(-each)
        diagonal = np.arange(self.nodes)
        return matrix.at[diagonal, diagonal].set(-jnp.sum(matrix, axis=1))

    def apply(
        self, state: LinksState, voltages: Any, duration: Any, *, key: Key
    ) -> tuple[LinksState, Record]:
        """State after voltages ``(nodes,)`` (V) were held for a duration (s).

        Exact for links of the model without cycle-to-cycle spread: a pulse may be cut in parts.

        Raises
        ------
        SpinlearnValueError
            If there is not one voltage per node, or the duration is negative.
        """
        dtype = state.written.dtype
        volts, passed = jnp.asarray(voltages, dtype), jnp.asarray(duration, dtype)
        if volts.shape != (self.nodes,):
            raise SpinlearnValueError(
                "voltages", volts.shape, f"shape ({self.nodes},), V", "Pass one per node."
            )
        require_values(np.isfinite, "voltages", volts, "finite numbers, V", "Look for NaN in them.")
        require_values(lambda t: t >= 0, "duration", passed, "not negative, s", "Pass a time.")
        across = volts[self.pairs[:, 0]] - volts[self.pairs[:, 1]]
        new, mean = self._driven(state, across, passed, key)
        charge = passed * self._conductances(state, mean) * across
        record = Record(
            jnp.sum(charge * across),
            passed,
            self._currents(charge),
            {"largest part written": jnp.max(new)},
        )
        return eqx.tree_at(lambda s: s.written, state, new), record

    def link_conductances(self, state: LinksState) -> Float[Array, " links"]:
        """Conductance of every link by itself, in the order of `pairs`, S."""
        return self._conductances(state, state.written)

    def write(
        self, state: LinksState, across: Any, durations: Any, *, slot: Any, key: Key
    ) -> tuple[LinksState, Record]:
        """State after a pulse on every link by itself, behind a selector of its own.

        Parameters
        ----------
        state
            Before.
        across
            Voltages of the links, ``(links,)``, V.
        durations
            Of their pulses, ``(links,)``, s.
        slot
            Time that the act takes, s; what was written wears off until it is over.
        key
            Of the spread from pulse to pulse.

        Raises
        ------
        SpinlearnValueError
            If there is not one voltage and one duration per link, or a duration is negative or
            longer than the slot.
        """
        dtype, count = state.written.dtype, len(self.pairs)
        volts, lasting = jnp.asarray(across, dtype), jnp.asarray(durations, dtype)
        whole = jnp.asarray(slot, dtype)
        for name, value, unit in (("across", volts, "V"), ("durations", lasting, "s")):
            if value.shape != (count,):
                raise SpinlearnValueError(
                    name, value.shape, f"shape ({count},), {unit}", "Pass one per link."
                )
            require_values(np.isfinite, name, value, f"finite numbers, {unit}", "Look for NaN.")
        allowed = "from 0 to the slot, s"
        require_values(lambda t: t >= 0, "durations", whole - lasting, allowed, "Take longer.")
        require_values(lambda t: t >= 0, "durations", lasting, allowed, "Pass times.")
        new, mean = self._driven(state, volts, lasting, key)
        charge = lasting * self._conductances(state, mean) * volts
        kept, _ = self.model.write(new, jnp.zeros_like(volts), whole - lasting)
        record = Record(jnp.sum(charge * volts), whole, charge, {})
        return eqx.tree_at(lambda s: s.written, state, kept), record

    def _driven(
        self, state: LinksState, across: Array, passed: Array, key: Key
    ) -> tuple[Array, Array]:
        """Parts written after voltages across the links for a time, and their means over it."""
        # A threshold that is larger by a factor is a voltage that is smaller by it.
        aimed, mean = self.model.write(state.written, across / state.threshold, passed)
        normal = jax.random.normal(stream(key, "cycle"), aimed.shape, aimed.dtype)
        gain = 1 + self.cycle_spread.astype(aimed.dtype) * normal
        return jnp.clip(state.written + gain * (aimed - state.written), 0, 1), mean

    def _conductances(self, state: LinksState, written: Array) -> Array:
        """Conductance of every link, S."""
        return state.conductance * self.model.conductance_of(state.change * written)

    def _currents(self, flow: Array) -> Array:
        """What flows into the network at every node, from the flow in every link."""
        total = jnp.zeros(self.nodes, flow.dtype)
        return total.at[self.pairs[:, 0]].add(flow).at[self.pairs[:, 1]].add(-flow)


def _as_pairs(pairs: Any, nodes: int) -> np.ndarray:
    if pairs is None:
        return np.stack(np.triu_indices(nodes, 1), axis=1)
    fix = "Give each link the indices of its two nodes."
    allowed = f"(links, 2) different integers from 0 to {nodes - 1}, each pair once"
    given = as_numbers(pairs, "links.pairs", allowed, fix)
    if given.ndim != 2 or given.shape[1] != 2 or not len(given):
        raise SpinlearnValueError("links.pairs", given.shape, allowed, fix)
    whole = given.astype(np.int64)
    inside = (whole >= 0) & (whole < nodes) & (whole == given)
    ordered = np.sort(whole, axis=1)
    once = len(np.unique(ordered, axis=0)) == len(ordered)
    if not (inside.all() and np.all(whole[:, 0] != whole[:, 1]) and once):
        raise SpinlearnValueError("links.pairs", pairs, allowed, fix)
    return whole
