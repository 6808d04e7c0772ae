"""How one magnetic conductor between two nodes answers to a voltage: a compact model."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

from spinlearn._checks import as_leaf, require

Array = jax.Array

# 1/s, a rate above which no pulse is long: a power that overflows float32 would give NaN.
_FASTEST = 1e30
_FIX = "Fit it to a film with fit_links, or give a value in this range."


class LinkModel(eqx.Module):
    """A link of which a part w, from 0 to 1, has been written by the current through it.

    Its conductance is g (1 + c w), c the relative `change` of a link that is written whole. A
    voltage v writes those grains whose threshold it passes, and what is written wears off::

        dw/dt = k(v) max(w_s(v) - w, 0) - w / τ,
        w_s(v) = 1 / (1 + (v_t / |v|)^p),  k(v) = k_t (|v| / v_t)^q.

    The part is measured from the state that waiting leads to. A constant voltage has a closed
    solution, which `write` evaluates: no time step, whatever the duration.

    Parameters
    ----------
    conductance
        g, S.
    change
        c (no unit).
    threshold
        v_t, the voltage that in the end writes half of the link, V.
    steepness
        p (no unit).
    rate
        k_t, rate of writing at the threshold, 1/s.
    acceleration
        q (no unit).
    retention
        τ, s; `jax.numpy.inf` keeps for ever.

    Raises
    ------
    SpinlearnValueError
        If a value is not positive, or the change is not above -1.

    Examples
    --------
    >>> model = LinkModel(1e-3, 0.004, 0.1, 2.0, 3e9, 2.0)
    >>> written, _ = model.write(jnp.asarray(0.0), jnp.asarray(0.2), jnp.asarray(1e-6))
    >>> round(float(written), 3)  # above the threshold by two: 1 / (1 + 1/4)
    0.8
    """

    conductance: Array
    change: Array
    threshold: Array
    steepness: Array
    rate: Array
    acceleration: Array
    retention: Array

    def __init__(
        self,
        conductance: Any,
        change: Any,
        threshold: Any,
        steepness: Any,
        rate: Any,
        acceleration: Any,
        retention: Any = jnp.inf,
    ) -> None:
        given = {
            "conductance": (conductance, "S"),
            "threshold": (threshold, "V"),
            "steepness": (steepness, "no unit"),
            "rate": (rate, "1/s"),
            "acceleration": (acceleration, "no unit"),
            "retention": (retention, "s"),
        }
        for name, (value, unit) in given.items():
            leaf = as_leaf(value, f"model.{name}", unit)
            require(leaf > 0, f"model.{name}", value, f"a positive number, {unit}", _FIX)
            setattr(self, name, leaf)
        self.change = as_leaf(change, "model.change", "no unit")
        require(self.change > -1, "model.change", change, "a number above -1 (no unit)", _FIX)

    def limit(self, voltage: Array) -> Array:
        """w_s, the part that a voltage (V) writes in the end (no unit)."""
        relative = jnp.abs(voltage) / self.threshold
        some = relative > 0
        # x^p/(1 + x^p) without a power that could overflow.
        steep = self.steepness * jnp.log(jnp.where(some, relative, 1))
        return jnp.where(some, jax.nn.sigmoid(steep), 0)

    def speed(self, voltage: Array) -> Array:
        """k, how fast a voltage (V) writes, 1/s."""
        found = self.rate * (jnp.abs(voltage) / self.threshold) ** self.acceleration
        return jnp.minimum(found, jnp.asarray(_FASTEST, found.dtype))

    def conductance_of(self, written: Array) -> Array:
        """Conductance of a link that is written so far, S."""
        return self.conductance * (1 + self.change * written)

    def write(self, written: Array, voltage: Array, duration: Array) -> tuple[Array, Array]:
        """Part written after a voltage (V) for a duration (s), and its mean over that time.

        Above what the voltage can write the link only wears off, until it reaches that; below, it
        goes exponentially to k w_s / (k + 1/τ), which lies below w_s: it never goes above again.

        Parameters
        ----------
        written
            From 0 to 1, any shape (no unit).
        voltage
            Across the link, of that shape, V.
        duration
            s, one number.
        """
        limit, speed, decay = self.limit(voltage), self.speed(voltage), 1 / self.retention
        excess = written > limit
        # How long the link wears off before writing sets in; for ever if nothing is written.
        ratio = jnp.where(excess & (limit > 0), written / jnp.where(limit > 0, limit, 1), 1)
        waiting = jnp.where(decay > 0, jnp.log(ratio) / jnp.where(decay > 0, decay, 1), jnp.inf)
        waiting = jnp.where(excess & (limit > 0), waiting, jnp.where(excess, jnp.inf, 0))
        waiting = jnp.minimum(waiting, duration)
        left = written * jnp.exp(-decay * waiting)
        area = written * _mean_factor(decay * waiting) * waiting

        total = speed + decay
        aim = jnp.where(total > 0, speed * limit / jnp.where(total > 0, total, 1), left)
        driven = duration - waiting
        gone = -jnp.expm1(-total * driven)
        end = left + (aim - left) * gone
        area = area + driven * (aim + (left - aim) * _mean_factor(total * driven))
        some = duration > 0
        return end, jnp.where(some, area / jnp.where(some, duration, 1), written)


def _mean_factor(x: Array) -> Array:
    """(1 - exp(-x)) / x, the mean of a decaying exponential; 1 at zero."""
    small = x < 1e-6
    return jnp.where(small, 1 - 0.5 * x, -jnp.expm1(-x) / jnp.where(small, 1, x))
