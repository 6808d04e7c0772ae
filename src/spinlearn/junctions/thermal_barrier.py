"""How long a junction stays in a state: Néel and Arrhenius' law, with voltage and field."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from spinlearn._checks import as_leaf, require_values
from spinlearn.constants import K_B
from spinlearn.errors import SpinlearnValueError

Array = jax.Array

_STABILITY_FIX = "Divide an energy by k_B T, or pass it as `barrier`."


class ThermalBarrier(eqx.Module):
    """Barrier between the two states of a magnetic tunnel junction, and the mean times between.

    The mean dwell time in the state s, +1 for the high level and -1 for the low one, is::

        τ_s = τ_0 exp(E/(k_B T) max(1 + s b, 0)^n),   b = V/V_c + (H - H_0)/H_k.

    Positive voltage and field favour the high level. The exponent 2 is that of one moment in a
    uniaxial anisotropy, with field and torque along its axis (Brown 1963): without
    voltage the states differ by the Zeeman energy 2 μ0 m (H - H_0), m = 2 E/(μ0 H_k), and their
    occupations by its Boltzmann factor. The exponent 1 is the usual linear law (Li and Zhang
    2004; Mizrahi 2018). Both hold for b between -1 and 1; beyond, the state that is not
    favoured has no barrier and lasts for τ_0.

    Measured prefactors τ_0 span 1e-18 to 1e-9 s: there is no default.

    Parameters
    ----------
    barrier
        E, J.
    attempt_time
        τ_0, s.
    critical_voltage
        V_c, V; without it voltages do nothing.
    anisotropy_field
        H_k, A/m; without it fields do nothing.
    offset_field
        H_0, the field at which both states last equally long, A/m.
    exponent
        n (no unit).

    Raises
    ------
    SpinlearnValueError
        If a value is not positive (the offset field may have either sign).

    References
    ----------
    W. F. Brown, Phys. Rev. 130, 1677 (1963); Z. Li and S. Zhang, Phys. Rev. B 69, 134416 (2004);
    A. Mizrahi et al., Nat. Commun. 9, 1533 (2018).

    Examples
    --------
    >>> junction = ThermalBarrier.from_stability(12.0, attempt_time=1e-9, critical_voltage=0.5)
    >>> low, high = junction.dwell_times(voltage=0.05)
    >>> round(float(high / low), 2)  # exp(4 · 12 · 0.1)
    121.51
    """

    barrier: Array
    attempt_time: Array
    critical_voltage: Array
    anisotropy_field: Array
    offset_field: Array
    exponent: Array

    def __init__(
        self,
        barrier: Any,
        attempt_time: Any,
        *,
        critical_voltage: Any = np.inf,
        anisotropy_field: Any = np.inf,
        offset_field: Any = 0.0,
        exponent: Any = 2.0,
    ) -> None:
        given = {
            "barrier": (barrier, "J", False),
            "attempt_time": (attempt_time, "s", False),
            "critical_voltage": (critical_voltage, "V", True),
            "anisotropy_field": (anisotropy_field, "A/m", True),
            "exponent": (exponent, "no unit", False),
        }
        for name, (value, unit, endless) in given.items():
            leaf = as_leaf(value, name, unit)
            require_values(
                lambda v, endless=endless: (v > 0) & (endless | np.isfinite(v)),
                name,
                leaf,
                f"a positive number, {unit}",
                "Pass its magnitude; the signs of voltage and field do the rest.",
            )
            setattr(self, name, leaf)
        self.offset_field = as_leaf(offset_field, "offset_field", "A/m")
        require_values(
            np.isfinite, "offset_field", self.offset_field, "a finite number, A/m", "Pass A/m."
        )

    @classmethod
    def from_stability(
        cls, stability: Any, attempt_time: Any, *, temperature: Any = 300.0, **others: Any
    ) -> ThermalBarrier:
        """The barrier of a thermal stability E/(k_B T) (no unit) at a temperature, K.

        Parameters
        ----------
        stability
            Δ = E/(k_B T) (no unit).
        attempt_time
            τ_0, s.
        temperature
            At which the stability holds, K.
        others
            As in the class.
        """
        delta = as_leaf(stability, "stability", "no unit")
        require_values(
            lambda v: v > 0, "stability", delta, "a positive number (no unit)", _STABILITY_FIX
        )
        return cls(delta * (K_B * _kelvin(temperature)), attempt_time, **others)

    def stability(self, temperature: Any = 300.0) -> Array:
        """E/(k_B T) (no unit) at a temperature, K."""
        return self.barrier / (K_B * _kelvin(temperature))

    def dwell_times(
        self, voltage: Any = 0.0, field: Any = 0.0, temperature: Any = 300.0
    ) -> tuple[Array, Array]:
        """Mean times in the low and in the high state, s.

        Parameters
        ----------
        voltage
            V; positive favours the high state.
        field
            Along the easy axis, A/m; positive favours the high state.
        temperature
            K.

        Raises
        ------
        SpinlearnValueError
            If the temperature is not positive.
        """
        volts, along = as_leaf(voltage, "voltage", "V"), as_leaf(field, "field", "A/m")
        shape = jnp.broadcast_shapes(
            *(jnp.shape(x) for x in (self.barrier, self.attempt_time, volts, along)),
            *(jnp.shape(x) for x in (self.critical_voltage, self.anisotropy_field)),
            jnp.shape(temperature),
        )
        full = [jnp.broadcast_to(x, shape) for x in (self.stability(temperature), volts, along)]
        delta, volts, along = full
        bias = volts / self.critical_voltage + (along - self.offset_field) / self.anisotropy_field
        low = jnp.maximum(1 - bias, 0) ** self.exponent
        high = jnp.maximum(1 + bias, 0) ** self.exponent
        return self.attempt_time * jnp.exp(delta * low), self.attempt_time * jnp.exp(delta * high)


def _kelvin(temperature: Any) -> Array:
    leaf = as_leaf(temperature, "temperature", "K")
    if not jnp.issubdtype(leaf.dtype, jnp.floating):
        raise SpinlearnValueError("temperature", leaf.dtype, "a real number, K", "Pass kelvins.")
    require_values(
        lambda t: np.isfinite(t) & (t > 0), "temperature", leaf, "a positive number, K", "Pass K."
    )
    return leaf
