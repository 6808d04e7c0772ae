"""Cells of a crossbar: junctions with spread, some of them stuck, all of them mortal."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

from spinlearn.junctions import MTJ
from spinlearn.rng import stream
from spinlearn.typing import Key

Array = jax.Array


class Cells(eqx.Module):
    """Junctions of a crossbar, k to a synapse.

    Every leaf has the shape of the cells, which ends with k.

    Parameters
    ----------
    on
        Whether the junction is in its parallel state (no unit).
    parallel
        Conductance of the parallel state, S.
    tmr
        TMR without bias (no unit).
    weakness
        Mean critical voltage over the junction's own (no unit).
    writable
        Whether it can switch at all: it is not stuck (no unit).
    life
        Write pulses that are left before the barrier breaks down (no unit); infinite for none.

    Examples
    --------
    >>> from spinlearn.junctions import named_junction
    >>> cells = new_cells(named_junction("ikeda2010"), (2, 3, 1), key=jax.random.key(0))
    >>> cells.on.shape, bool(cells.writable.all())
    ((2, 3, 1), True)
    """

    on: Array
    parallel: Array
    tmr: Array
    weakness: Array
    writable: Array
    life: Array

    @property
    def alive(self) -> Array:
        """Whether the barrier still stands (no unit)."""
        return self.life > 0

    def conductance(self, junction: MTJ, voltage: Any) -> Array:
        """Conductance of every junction at a voltage across it (V), S.

        One whose barrier broke down conducts as in its parallel state, whatever its state was.
        """
        return jnp.where(self.on | ~self.alive, self.parallel, self.antiparallel(junction, voltage))

    def antiparallel(self, junction: MTJ, voltage: Any) -> Array:
        """Conductance of every junction if it were off, at a voltage across it (V), S."""
        return self.parallel / (1 + self.tmr / (1 + (voltage / junction.half_voltage) ** 2))


def new_cells(
    junction: MTJ,
    shape: tuple[int, int, int],
    *,
    stuck_on: Any = 0.0,
    stuck_off: Any = 0.0,
    endurance: Any = jnp.inf,
    endurance_shape: Any = 1.0,
    key: Key,
) -> Cells:
    """Cells drawn by a key: their spreads are those of the junction (SI units).

    Every cell is on or off as likely as not, but for those that are stuck. Lives are drawn from
    Weibull's distribution with the scale `endurance`, in pulses, and a shape (no unit).

    Examples
    --------
    >>> from spinlearn.junctions import named_junction
    >>> cells = new_cells(
    ...     named_junction("ikeda2010"), (2, 3, 1), stuck_on=1.0, key=jax.random.key(0)
    ... )
    >>> bool(cells.on.all()), bool(cells.writable.any())
    (True, False)
    """
    count = shape[0] * shape[1] * shape[2]
    drawn = junction.sample(count, key=stream(key, "devices"))
    kind = jnp.result_type(float)
    place = jax.random.uniform(stream(key, "stuck cells"), shape, kind)
    held_on, held_off = place < stuck_on, place >= 1 - jnp.asarray(stuck_off, kind)
    begins = jax.random.bernoulli(stream(key, "first state"), 0.5, shape)
    # (−ln U)^(1/shape), U never 0.
    age = -jnp.log1p(-jax.random.uniform(stream(key, "endurance"), shape, kind))
    return Cells(
        (begins | held_on) & ~held_off,
        (1 / drawn.resistance_parallel).reshape(shape).astype(kind),
        drawn.tmr.reshape(shape).astype(kind),
        (junction.critical_voltage / drawn.critical_voltage).reshape(shape).astype(kind),
        ~(held_on | held_off),
        jnp.ceil(jnp.asarray(endurance, kind) * age ** (1 / jnp.asarray(endurance_shape, kind))),
    )
