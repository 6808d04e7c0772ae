"""Potentials along lines with resistance, by elimination: lines of no resistance as well."""

from __future__ import annotations

import equinox as eqx
import jax

Array = jax.Array

# Steps of a scan that are compiled into one: each has little to do.
_UNROLL = 8


class Ladder(eqx.Module):
    """Lines along axis 0, eliminated from their free end.

    Node 0 is the free end; the last node is tied to a potential of zero by one more segment.
    Every node has a conductance to zero. Seen over a segment r, what lies behind is a conductance
    A = a/(1 + r a), with a the sum at the node. Resistances are never inverted, so that 0 Ω is
    allowed, and neither are conductances.

    Parameters
    ----------
    behind
        A of every node, ``(n, lines)``, S.
    passed
        1/(1 + r a), ``(n, lines)`` (no unit): the part of a current that gets over the segment.
    resistance
        r of a segment, Ω.
    """

    behind: Array
    passed: Array
    resistance: Array

    @classmethod
    def of(cls, shunts: Array, resistance: Array) -> Ladder:
        """From the conductances of nodes to zero, ``(n, lines)``, S."""

        def over(behind: Array, shunt: Array) -> tuple[Array, tuple[Array, Array]]:
            whole = shunt + behind
            passed = 1 / (1 + resistance * whole)
            return whole * passed, (whole * passed, passed)

        _, (behind, passed) = jax.lax.scan(over, 0 * shunts[0], shunts, unroll=_UNROLL)
        return cls(behind, passed, resistance)

    def potentials(self, injected: Array) -> Array:
        """Potentials of the nodes, ``(n, lines)``, V, by currents into them, A."""

        def collect(above: Array, here: tuple[Array, Array]) -> tuple[Array, Array]:
            current, passed = here
            total = (above + current) * passed
            return total, total

        def descend(next_: Array, here: tuple[Array, Array]) -> tuple[Array, Array]:
            source, behind = here
            potential = next_ + self.resistance * (source - behind * next_)
            return potential, potential

        start = 0 * injected[0]
        _, sources = jax.lax.scan(collect, start, (injected, self.passed), unroll=_UNROLL)
        _, found = jax.lax.scan(
            descend, start, (sources, self.behind), reverse=True, unroll=_UNROLL
        )
        return found
