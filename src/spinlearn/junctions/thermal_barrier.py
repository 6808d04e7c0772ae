"""How long a junction stays in a state: Néel and Arrhenius' law, with voltage and field."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from spinlearn._checks import as_leaf, require_values
from spinlearn.constants import K_B
from spinlearn.errors import SpinlearnValueError
from spinlearn.junctions._low_barriers import warn_of_low_barriers

if TYPE_CHECKING:
    from spinlearn.junctions.mtj import MTJ

Array = jax.Array

_STABILITY_FIX = "Divide an energy by k_B T, or pass it as `barrier`."


class ThermalBarrier(eqx.Module):
    """Barrier between the two states of a magnetic tunnel junction, and the mean times between.

    The mean dwell time in the state s, +1 for the high level and -1 for the low one, is::

        τ_s = τ_0 exp(E/(k_B T) max(1 + s b, 0)^n),   b = V/V_c + (H - H_0)/H_k.

    or, with an exponent n_V for the voltage of its own, as in a layer with its easy axis in the
    plane, where the torque tilts the barrier about evenly (Li and Zhang 2004)::

        τ_s = τ_0 exp(E/(k_B T) max(1 + s V/V_c, 0)^n_V max(1 + s (H - H_0)/H_k, 0)^n).

    Positive voltage and field favour the high level, the antiparallel state: a positive voltage
    leaves P, as in `MTJ` and `Macrospin.from_junction`. The exponent 2 is that of one moment in a
    uniaxial anisotropy, with field and torque along its axis (Brown 1963): without
    voltage the states differ by the Zeeman energy 2 μ0 m (H - H_0), m = 2 E/(μ0 H_k), and their
    occupations by its Boltzmann factor. The exponent 1 is the usual linear law (Li and Zhang
    2004; Mizrahi 2018). Both hold for b between -1 and 1 where some k_B T are left of the barrier;
    beyond, the state that is not favoured has no barrier and lasts for τ_0.

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
    voltage_exponent
        n_V (no unit), or None for one bias of voltage and field together.
    temperature
        T where none is given later, K.
    bias_prefactor
        Whether the time τ_0 is divided by (1 - b²)(1 + s b), as in Brown's rates of a moment with
        a perpendicular axis, b between -1 and 1, and goes with √T; otherwise it is the same at
        every bias and temperature.

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
    >>> junction = ThermalBarrier.from_thermal_stability(12.0, 1e-9, critical_voltage=0.5)
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
    voltage_exponent: Array | None
    temperature: Array
    bias_prefactor: bool = eqx.field(static=True)

    def __init__(
        self,
        barrier: Any,
        attempt_time: Any,
        *,
        critical_voltage: Any = np.inf,
        anisotropy_field: Any = np.inf,
        offset_field: Any = 0.0,
        exponent: Any = 2.0,
        voltage_exponent: Any = None,
        temperature: Any = 300.0,
        bias_prefactor: bool = False,
    ) -> None:
        self.bias_prefactor = bool(bias_prefactor)
        self.temperature = _kelvin(temperature)
        self.voltage_exponent = None
        if bias_prefactor and voltage_exponent is not None:
            raise SpinlearnValueError(
                "voltage_exponent",
                voltage_exponent,
                "None with bias_prefactor: its rates are of a perpendicular axis",
                "Leave one of the two out.",
            )
        given = {
            "barrier": (barrier, "J", False),
            "attempt_time": (attempt_time, "s", False),
            "critical_voltage": (critical_voltage, "V", True),
            "anisotropy_field": (anisotropy_field, "A/m", True),
            "exponent": (exponent, "no unit", False),
        }
        if voltage_exponent is not None:
            given["voltage_exponent"] = (voltage_exponent, "no unit", False)
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
    def from_junction(cls, junction: MTJ) -> ThermalBarrier:
        """The barrier of a junction, whose high state is AP: a positive voltage leaves P for it.

        Without a given attempt time (s) that is Brown's, which depends on the bias. Positive fields
        favour AP here: they are against the fixed layer. With the easy axis in the plane the
        barrier is linear in the voltage, which says somewhat too much: in ensembles of macrospins
        the dwell times were 3.97 to 1 where it has 4.48 (Δ = 5, 0.15 V_c), and 6.5 where it has 11
        (Δ = 6, 0.2 V_c). Voltages (V) are those across the junction
        in the state that is left.

        Parameters
        ----------
        junction
            Gives barrier, attempt time, critical voltage, H_k and temperature.

        Raises
        ------
        SpinlearnValueError
            If the easy axis is in the plane and no attempt time was given.

        Examples
        --------
        >>> from spinlearn.junctions import named_junction
        >>> junction = ThermalBarrier.from_junction(named_junction("koenders2025"))
        >>> low, high = junction.dwell_times(voltage=0.01)
        >>> bool(low < high)
        True
        """
        return cls(
            junction.barrier,
            junction.attempt_time,
            critical_voltage=junction.critical_voltage,
            anisotropy_field=junction.anisotropy_field,
            voltage_exponent=None if junction.easy_axis == "perpendicular" else 1.0,
            temperature=junction.temperature,
            bias_prefactor=junction.given_attempt_time is None,
        )

    @classmethod
    def from_thermal_stability(
        cls, thermal_stability: Any, attempt_time: Any, *, temperature: Any = 300.0, **others: Any
    ) -> ThermalBarrier:
        """The barrier of a thermal stability E/(k_B T) (no unit) at a temperature, K.

        Parameters
        ----------
        thermal_stability
            Δ = E/(k_B T) (no unit).
        attempt_time
            τ_0, s.
        temperature
            At which Δ holds, K.
        others
            As in the class.
        """
        delta = as_leaf(thermal_stability, "thermal_stability", "no unit")
        require_values(
            lambda v: v > 0,
            "thermal_stability",
            delta,
            "a positive number (no unit)",
            _STABILITY_FIX,
        )
        kelvins = _kelvin(temperature)
        return cls(delta * (K_B * kelvins), attempt_time, temperature=kelvins, **others)

    def thermal_stability(self, temperature: Any = None) -> Array:
        """E/(k_B T) (no unit) at a temperature, K, or at its own."""
        kelvins = self.temperature if temperature is None else _kelvin(temperature)
        # In this order the derivative by T stays within float32.
        return (self.barrier / K_B) / kelvins

    def dwell_times(
        self, voltage: Any = 0.0, field: Any = 0.0, temperature: Any = None
    ) -> tuple[Array, Array]:
        """Mean times in the low and in the high state, s.

        Parameters
        ----------
        voltage
            V; positive favours the high state.
        field
            Along the easy axis, A/m; positive favours the high state.
        temperature
            K; by default the barrier's own. The attempt time stays, but with `bias_prefactor`:
            Brown's is τ_D √(π k_B T/E) and goes with √T.

        Raises
        ------
        SpinlearnValueError
            If the temperature is not positive, or with `bias_prefactor` b not between -1 and 1;
            where that is traced, NaN comes out.
        """
        volts, along = as_leaf(voltage, "voltage", "V"), as_leaf(field, "field", "A/m")
        shape = jnp.broadcast_shapes(
            *(jnp.shape(x) for x in (self.barrier, self.attempt_time, volts, along)),
            *(jnp.shape(x) for x in (self.critical_voltage, self.anisotropy_field)),
            jnp.shape(self.temperature if temperature is None else temperature),
        )
        full = [
            jnp.broadcast_to(x, shape) for x in (self.thermal_stability(temperature), volts, along)
        ]
        delta, volts, along = full
        torque = volts / self.critical_voltage
        tilt = (along - self.offset_field) / self.anisotropy_field
        bias = torque + tilt
        attempt = self.attempt_time
        if self.bias_prefactor and temperature is not None:
            attempt = attempt * jnp.sqrt(_kelvin(temperature) / self.temperature)
        low, high = (attempt * jnp.exp(delta * self._left(torque, tilt, sign)) for sign in (-1, 1))
        if not self.bias_prefactor:
            return low, high
        require_values(
            lambda b: np.abs(b) < 1,
            "voltage, field",
            bias,
            "a bias b = V/V_c + (H - H_0)/H_k between -1 and 1 (no unit)",
            "Beyond there is no barrier: use a Macrospin.",
        )
        warn_of_low_barriers(delta, bias)
        inside = jnp.where(jnp.abs(bias) < 1, bias, jnp.nan)
        shared = 1 - inside * inside
        return low / (shared * (1 - inside)), high / (shared * (1 + inside))

    def _left(self, torque: Array, tilt: Array, sign: int) -> Array:
        """What is left of a state's barrier (no unit)."""
        if self.voltage_exponent is None:
            return jnp.maximum(1 + sign * (torque + tilt), 0) ** self.exponent
        by_torque = jnp.maximum(1 + sign * torque, 0) ** self.voltage_exponent
        return by_torque * jnp.maximum(1 + sign * tilt, 0) ** self.exponent


def _kelvin(temperature: Any) -> Array:
    leaf = as_leaf(temperature, "temperature", "K")
    if not jnp.issubdtype(leaf.dtype, jnp.floating):
        raise SpinlearnValueError("temperature", leaf.dtype, "a real number, K", "Pass kelvins.")
    require_values(
        lambda t: np.isfinite(t) & (t > 0), "temperature", leaf, "a positive number, K", "Pass K."
    )
    return leaf
