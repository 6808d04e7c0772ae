"""A magnetic tunnel junction: its resistances, its barrier and what switches it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from spinlearn._checks import as_count, as_leaf, require_values
from spinlearn.constants import GYROMAGNETIC_RATIO, K_B, MU_0
from spinlearn.errors import SpinlearnValueError
from spinlearn.rng import stream
from spinlearn.typing import Key

Array = jax.Array

_AXES = ("perpendicular", "in-plane")


class MTJ(eqx.Module):
    r"""A magnetic tunnel junction with two stable states, P and AP.

    Its conductance goes with the cosine of the angle θ between free and fixed layer, and the
    difference of its states falls with the voltage across it:

    .. math:: G(\theta, V) = \tfrac12 (G_P + G_{AP}) + \tfrac12 (G_P - G_{AP})\cos\theta, \qquad
              G_{AP} = \frac{G_P}{1 + TMR(V)}, \quad TMR(V) = \frac{TMR_0}{1 + (V/V_h)^2},

    with G_P without bias dependence. Of resistance, resistance × area and area two are given, and
    of critical voltage and critical current one; the rest follows.

    Parameters
    ----------
    resistance_parallel
        R_P, Ω.
    resistance_area
        R_P times area, Ω m².
    area
        m².
    tmr
        TMR_0 = (R_AP − R_P)/R_P without bias, no unit: 1.2 is 120 %.
    half_voltage
        V_h, at which half of the TMR is left, V; `jax.numpy.inf` for none.
    thermal_stability
        Δ, energy barrier without voltage over k_B T at `temperature` (no unit).
    critical_voltage, critical_current
        V (A) that destabilises a state at zero temperature; the current flows in the state P.
    damping
        Gilbert damping α (no unit); by default 0.01, assumed.
    anisotropy_field
        H_k of the easy axis, for a perpendicular one with the demagnetizing field taken off, A/m.
    easy_plane_field
        Of a junction with its easy axis in the plane: the field that keeps the magnetization
        in it, near Ms, A/m.
    attempt_time
        Time τ_0 of a mean dwell τ_0 exp(Δ), s. By default, for a perpendicular axis, Brown's
        τ_D √(π/Δ). Measured ones span 1e-18 to 1e-9 s. It counts for telegraph noise alone:
        switching is that of a macrospin, and warns where the two differ by more than a factor 2.
    temperature
        At which Δ holds, K; by default 300, assumed.
    easy_axis
        "perpendicular" or "in-plane".
    resistance_spread, tmr_spread, thermal_stability_spread, critical_voltage_spread
        Standard deviation from device to device over the mean, which `sample` draws from (no unit).
    sources
        Where each value comes from, by field; "assumed" where it is ours (no unit).

    Raises
    ------
    SpinlearnValueError
        If a value is missing, out of range, or contradicts the others.

    References
    ----------
    Cosine law: J. C. Slonczewski, Phys. Rev. B 39, 6995 (1989). TMR(V): Y. Zhang et al., IEEE
    Trans. Electron Devices 59, 819 (2012). Attempt time: W. F. Brown, Phys. Rev. 130, 1677 (1963).

    Examples
    --------
    >>> junction = MTJ(resistance_area=18e-12, area=1.2566e-15, tmr=1.2, thermal_stability=40.0,
    ...                critical_current=49e-6, damping=0.027, anisotropy_field=2.7e5)
    >>> round(float(junction.resistance_parallel))  # Ω
    14324
    >>> round(float(junction.critical_voltage), 2)  # V
    0.7
    """

    resistance_parallel: Array
    area: Array
    tmr: Array
    half_voltage: Array
    thermal_stability: Array
    critical_voltage: Array
    damping: Array
    anisotropy_field: Array
    easy_plane_field: Array
    given_attempt_time: Array | None
    temperature: Array
    resistance_spread: Array
    tmr_spread: Array
    thermal_stability_spread: Array
    critical_voltage_spread: Array
    easy_axis: str = eqx.field(static=True)
    sources: tuple[tuple[str, str], ...] = eqx.field(static=True)

    def __init__(
        self,
        *,
        resistance_parallel: Any = None,
        resistance_area: Any = None,
        area: Any = None,
        tmr: Any,
        half_voltage: Any = jnp.inf,
        thermal_stability: Any,
        critical_voltage: Any = None,
        critical_current: Any = None,
        damping: Any = 0.01,
        anisotropy_field: Any,
        easy_plane_field: Any = 0.0,
        attempt_time: Any = None,
        temperature: Any = 300.0,
        easy_axis: str = "perpendicular",
        resistance_spread: Any = 0.0,
        tmr_spread: Any = 0.0,
        thermal_stability_spread: Any = 0.0,
        critical_voltage_spread: Any = 0.0,
        sources: Mapping[str, str] | None = None,
    ) -> None:
        if easy_axis not in _AXES:
            raise SpinlearnValueError(
                "easy_axis", easy_axis, "'perpendicular' or 'in-plane'", "Say where it points."
            )
        self.easy_axis = easy_axis
        self.resistance_parallel, self.area = _resistance_and_area(
            resistance_parallel, resistance_area, area
        )
        self.tmr = _positive(tmr, "tmr", "no unit")
        self.half_voltage = _positive(half_voltage, "half_voltage", "V", finite=False)
        self.thermal_stability = _positive(thermal_stability, "thermal_stability", "no unit")
        if (critical_voltage is None) == (critical_current is None):
            raise SpinlearnValueError(
                "critical_voltage",
                critical_voltage,
                "one of critical_voltage, V, and critical_current, A",
                "Give one; the other is it times, or over, the resistance of the parallel state.",
            )
        if critical_voltage is None:
            current = _positive(critical_current, "critical_current", "A")
            self.critical_voltage = current * self.resistance_parallel
        else:
            self.critical_voltage = _positive(critical_voltage, "critical_voltage", "V")
        self.damping = _positive(damping, "damping", "no unit")
        self.anisotropy_field = _positive(anisotropy_field, "anisotropy_field", "A/m")
        self.easy_plane_field = _positive(easy_plane_field, "easy_plane_field", "A/m", zero=True)
        if easy_axis == "perpendicular":
            require_values(
                lambda v: v == 0,
                "easy_plane_field",
                self.easy_plane_field,
                "0 for a perpendicular easy axis, A/m",
                "Take the demagnetizing field off the anisotropy field.",
            )
        self.given_attempt_time = (
            None if attempt_time is None else _positive(attempt_time, "attempt_time", "s")
        )
        self.temperature = _positive(temperature, "temperature", "K")
        self.resistance_spread = _spread(resistance_spread, "resistance_spread")
        self.tmr_spread = _spread(tmr_spread, "tmr_spread")
        self.thermal_stability_spread = _spread(
            thermal_stability_spread, "thermal_stability_spread"
        )
        self.critical_voltage_spread = _spread(critical_voltage_spread, "critical_voltage_spread")
        self.sources = tuple(sorted((sources or {}).items()))

    @property
    def resistance_area(self) -> Array:
        """Resistance of the parallel state times area, Ω m²."""
        return self.resistance_parallel * self.area

    @property
    def critical_current(self) -> Array:
        """Current in the parallel state at the critical voltage, A."""
        return self.critical_voltage / self.resistance_parallel

    @property
    def barrier(self) -> Array:
        """Energy barrier without voltage, Δ k_B T, J."""
        return self.thermal_stability * (K_B * self.temperature)

    @property
    def moment(self) -> Array:
        """Magnetic moment of the free layer that makes this barrier, 2 E_b/(μ0 H_k), A m²."""
        return 2 / MU_0 * self.barrier / self.anisotropy_field

    @property
    def relaxation_time(self) -> Array:
        """τ_D = (1 + α²)/(α γ μ0 H_k), s."""
        rate = GYROMAGNETIC_RATIO * MU_0 * self.anisotropy_field
        return (1 + self.damping**2) / (self.damping * rate)

    @property
    def attempt_time(self) -> Array:
        """τ_0 of the mean dwell τ_0 exp(Δ) without voltage, s.

        Raises
        ------
        SpinlearnValueError
            If the easy axis is in the plane and none was given.
        """
        if self.given_attempt_time is not None:
            return self.given_attempt_time
        if self.easy_axis != "perpendicular":
            raise SpinlearnValueError(
                "attempt_time",
                None,
                "a number, s, for a junction with its easy axis in the plane",
                "Give one: Brown's formula holds for symmetry about the easy axis.",
            )
        return self.relaxation_time * jnp.sqrt(jnp.pi / self.thermal_stability)

    def tmr_at(self, voltage: Any) -> Array:
        """TMR at a voltage (V), no unit."""
        relative = as_leaf(voltage, "voltage", "V") / self.half_voltage
        return self.tmr / (1 + relative**2)

    def conductance(self, cosine: Any, voltage: Any = 0.0) -> Array:
        """Conductance, S.

        Parameters
        ----------
        cosine
            Cosine of the angle between the layers: 1 is P, −1 is AP (no unit). What is random
            here is handed in by the caller: a state ±1, or of a `Macrospin` from this junction
            m_z (perpendicular easy axis) or m_x (in the plane).
        voltage
            Across the junction, V.
        """
        parallel = 1 / self.resistance_parallel
        antiparallel = parallel / (1 + self.tmr_at(voltage))
        aligned = as_leaf(cosine, "cosine", "no unit")
        return 0.5 * (parallel + antiparallel) + 0.5 * (parallel - antiparallel) * aligned

    def resistance(self, cosine: Any, voltage: Any = 0.0) -> Array:
        """Resistance, Ω: the inverse of `conductance`."""
        return 1 / self.conductance(cosine, voltage)

    def voltage(self, cosine: Any, current: Any) -> Array:
        """Voltage across the junction, V, at which a current (A) flows; cosine as `conductance`."""
        amperes, aligned = as_leaf(current, "current", "A"), as_leaf(cosine, "cosine", "no unit")
        require_values(np.isfinite, "current", current, "finite numbers, A", "Pass amperes.")
        # The conductance grows with the voltage, from that without bias to that of no TMR.
        low, high = jax.lax.stop_gradient(
            (amperes * self.resistance_parallel, amperes * self.resistance(aligned))
        )
        low, high = jnp.broadcast_arrays(low, high)
        for _ in range(50):
            middle = 0.5 * (low + high)
            flows = jax.lax.stop_gradient(self.conductance(aligned, middle)) * middle
            more = jnp.abs(flows) > jnp.abs(amperes)
            low, high = jnp.where(more, low, middle), jnp.where(more, middle, high)
        found = jax.lax.stop_gradient(0.5 * (low + high))
        # A step of Newton's, which gives the derivatives too.
        rise = jax.grad(lambda v: jnp.sum(v * self.conductance(aligned, v)))(found)
        return found - (found * self.conductance(aligned, found) - amperes) / rise

    def at_temperature(self, temperature: Any) -> MTJ:
        """The junction at another temperature (K): the barrier in J stays, Δ goes with 1/T.

        Resistances, fields and the critical voltage are left as they are; given attempt times too.
        """
        new = _positive(temperature, "temperature", "K")
        stability = self.thermal_stability * (self.temperature / new)
        return eqx.tree_at(
            lambda tree: (tree.temperature, tree.thermal_stability), self, (new, stability)
        )

    def sample(self, count: int, *, key: Key) -> MTJ:
        """Devices of one batch: every field that has a spread becomes an array ``(count,)``.

        Values are log-normal with the mean and the relative standard deviation of the fields,
        independent of one another; SI units as in the class. Equal keys give equal devices.

        Parameters
        ----------
        count
            Number of devices.
        key
            Random key.

        Raises
        ------
        SpinlearnValueError
            If the count is not positive.
        """
        number = as_count(count, "count", 1, "an integer >= 1", "Sample at least one device.")
        names = ("resistance_parallel", "tmr", "thermal_stability", "critical_voltage")
        spreads = (
            self.resistance_spread,
            self.tmr_spread,
            self.thermal_stability_spread,
            self.critical_voltage_spread,
        )
        drawn = []
        for name, spread in zip(names, spreads, strict=True):
            mean = getattr(self, name)
            sigma = jnp.sqrt(jnp.log1p(spread**2))
            normal = jax.random.normal(stream(key, f"device spread: {name}"), (number,), mean.dtype)
            drawn.append(mean * jnp.exp(sigma * normal - 0.5 * sigma**2))
        return eqx.tree_at(
            lambda tree: tuple(getattr(tree, name) for name in names), self, tuple(drawn)
        )


def _positive(
    value: Any, field: str, unit: str, *, zero: bool = False, finite: bool = True
) -> Array:
    """A positive leaf, of one number or one per device."""
    leaf = as_leaf(value, field, unit)
    require_values(
        lambda v: ((v >= 0) if zero else (v > 0)) & (np.isfinite(v) | (not finite)),
        field,
        value,
        f"{'numbers >= 0' if zero else 'positive numbers'}, {unit}",
        "Pass its magnitude in this unit.",
    )
    return leaf


def _spread(value: Any, field: str) -> Array:
    leaf = as_leaf(value, field, "no unit")
    require_values(
        lambda v: (v >= 0) & (v < 1),
        field,
        value,
        "a relative standard deviation from 0 to 1 (no unit)",
        "5 % is 0.05.",
    )
    return leaf


def _resistance_and_area(resistance: Any, product: Any, area: Any) -> tuple[Array, Array]:
    """Two of three make the third; all three must agree."""
    given = {
        "resistance_parallel": (resistance, "Ω"),
        "resistance_area": (product, "Ω m²"),
        "area": (area, "m²"),
    }
    known = {
        name: _positive(value, name, unit)
        for name, (value, unit) in given.items()
        if value is not None
    }
    if len(known) < 2:
        raise SpinlearnValueError(
            "resistance_area",
            sorted(known),
            "two of resistance_parallel, Ω, resistance_area, Ω m², and area, m²",
            "Give two of them.",
        )
    if "area" not in known:
        known["area"] = known["resistance_area"] / known["resistance_parallel"]
    if "resistance_parallel" not in known:
        known["resistance_parallel"] = known["resistance_area"] / known["area"]
    if "resistance_area" in known:
        made = known["resistance_parallel"] * known["area"] / known["resistance_area"]
        require_values(
            lambda ratio: np.abs(ratio - 1) < 0.01,
            "resistance_area",
            made,
            "resistance_parallel times area, Ω m², within 1 % (shown: their ratio)",
            "Leave one of the three out.",
        )
    return known["resistance_parallel"], known["area"]
