"""When leaky neurons with constant currents reach their thresholds, in closed form.

Every clock a part of the charge of the clock before is kept, and a charge q comes in evenly. After
n clocks it is q (1 − keptⁿ)/(1 − kept): a neuron of threshold θ fires in the first clock that
gathers θ/q, and of two neurons the one first that needs less.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jaxtyping import Float

Array = jax.Array


def needed_charges(thresholds: Array, charges: Array) -> Float[Array, "*shape"]:
    """Thresholds over what comes in with a clock (C); infinite where nothing does (no unit)."""
    known = charges > 0
    return jnp.where(known, thresholds / jnp.where(known, charges, 1), jnp.inf)


def clock_of_spike(needed: Array, kept: Array) -> Float[Array, "*shape"]:
    """Clock in which so many charges are gathered, counted from 1; infinite for never (no unit).

    Parameters
    ----------
    needed
        Threshold over the charge of a clock (no unit).
    kept
        Part of the charge that is kept from clock to clock, above 0 and up to 1 (no unit).
    """
    lost = needed * (1 - kept)
    known = jnp.where(lost < 1, lost, 0)
    loss = -jnp.log(jnp.where(kept < 1, kept, 0.5))
    leaky = jnp.where(lost < 1, -jnp.log1p(-known) / loss, jnp.inf)
    found = jnp.maximum(jnp.ceil(jnp.where(kept < 1, leaky, needed)), 1)
    # Rounding may have put a whole number of clocks just above itself.
    return jnp.where(gathered_charges(found - 1, kept) >= needed, found - 1, found)


def gathered_charges(clocks: Array, kept: Array) -> Float[Array, "*shape"]:
    """Charge after whole clocks, over that of one (no unit)."""
    loss = -jnp.log(jnp.where(kept < 1, kept, 0.5))
    return jnp.where(
        kept < 1, -jnp.expm1(-loss * clocks) / jnp.where(kept < 1, 1 - kept, 1), clocks
    )
