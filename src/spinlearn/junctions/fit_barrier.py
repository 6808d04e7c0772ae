"""From dwell times of one or several traces to the barrier behind them."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from spinlearn._checks import as_number, as_numbers
from spinlearn.constants import K_B
from spinlearn.errors import SpinlearnValueError
from spinlearn.junctions.estimate import Estimate
from spinlearn.junctions.telegraph_fit import TelegraphFit
from spinlearn.junctions.thermal_barrier import ThermalBarrier

_REJECTED = 1e-3


class BarrierFit(NamedTuple):
    """The barrier that dwell times tell, at an assumed attempt time.

    Parameters
    ----------
    barrier
        For `TelegraphNoise.from_barrier` and others.
    estimates
        By name: barrier (J), critical_voltage (V) and offset_field (A/m), where fitted. Intervals
        are of the dwell times alone.
    attempt_time
        Assumed, s: a decade more of it is 2.3 k_B T less of the barrier.
    p_value
        Of χ² (no unit); NaN where there are as many parameters as dwell times.
    concerns
        What speaks against the fit (no unit); empty for nothing.

    Examples
    --------
    >>> BarrierFit._fields[:2]
    ('barrier', 'estimates')
    """

    barrier: ThermalBarrier
    estimates: dict[str, Estimate]
    attempt_time: float
    p_value: float
    concerns: tuple[str, ...]

    def __repr__(self) -> str:
        lines = [f"{name}: {estimate}" for name, estimate in self.estimates.items()]
        lines.append(f"attempt time assumed: {self.attempt_time:g} s")
        known = np.isfinite(self.p_value)
        lines.append(f"p = {self.p_value:.2g}" if known else "no p-value: measure at more voltages")
        return "\n".join(lines + [f"NOT TO BE TRUSTED: {text}" for text in self.concerns])


def fit_barrier(
    fits: Sequence[TelegraphFit],
    attempt_time: float,
    *,
    voltage: Any,
    temperature: Any = 300.0,
    exponent: float = 2.0,
    voltage_exponent: float | None = None,
    bias_prefactor: bool = False,
    anisotropy_field: float | None = None,
    confidence: float = 0.95,
) -> BarrierFit:
    """The barrier, critical voltage and offset field that traces of one junction have in common.

    Least squares on the logarithms of the dwell times, weighted by their covariance, of the law of
    `ThermalBarrier`. The trace does not tell the attempt time: it is assumed, and measured ones
    span 1e-18 to 1e-9 s.

    A junction that carries a current has another voltage over it in each state: pass both. Where
    the trace is of the voltage over the junction itself they are its levels,
    ``voltage=[(fit.low.value, fit.high.value)]``.

    Parameters
    ----------
    fits
        What `fit_telegraph` returned, one or more.
    attempt_time
        τ_0, s.
    voltage
        Over the junction, V, positive favours the high level: one number for all; one for every
        trace, ``(fits,)``; or those in the low and the high state, ``(fits, 2)``. Of 0 V alone
        there is no critical voltage.
    temperature
        Of each trace, or one for all, K; the barrier in J is taken for the same.
    exponent
        n: 2 for one moment with field and torque along its axis, 1 for the linear law (no unit).
    voltage_exponent
        n_V (no unit), or None for one bias of voltage and field together: with an easy axis in the
        plane `ThermalBarrier.from_junction` has 1.
    bias_prefactor
        Whether the attempt time depends on the bias, as in Brown's rates of a perpendicular axis.
    anisotropy_field
        H_k, A/m: with it the offset field, which makes dwell times differ at 0 V, is fitted.
    confidence
        Of the intervals (no unit).

    Raises
    ------
    SpinlearnValueError
        If there are more parameters than dwell times, the attempt time is not below them, or
        the voltage favours the low level by more than chance. Where the critical voltage is open,
        for the voltage has no effect that could be told, a warning says so.

    References
    ----------
    As in `ThermalBarrier`.

    Examples
    --------
    >>> import jax
    >>> from spinlearn.junctions import TelegraphNoise, fit_telegraph
    >>> junction = ThermalBarrier.from_thermal_stability(12.0, 1e-9, critical_voltage=0.5)
    >>> key = jax.random.key(0)
    >>> noise = TelegraphNoise.from_barrier(
    ...     junction, 0.0, 0.01, 25e-6, voltage=0.005, readout_noise=1e-3
    ... )
    >>> _, trace = noise.sample(noise.init(key=key), 4000, key=key)
    >>> found = fit_barrier([fit_telegraph(trace, 25e-6)], 1e-9, voltage=0.005)
    >>> found.estimates["barrier"].covers(float(junction.barrier))
    True
    """
    from scipy.optimize import least_squares
    from scipy.stats import chi2, norm

    volts, kelvins = (
        _each(voltage, "voltage", len(fits)),
        _each(temperature, "temperature", len(fits)),
    )
    kelvins = kelvins[:, 0]
    attempt, power, level = _numbers(fits, attempt_time, exponent, confidence)
    shape = _Shape(power, _voltage_power(voltage_exponent, bias_prefactor), bool(bias_prefactor))
    free = np.array([True, bool(np.any(volts != 0)), anisotropy_field is not None])
    _require_enough(free, volts)
    logs = np.log([[fit.dwell_low.value, fit.dwell_high.value] for fit in fits]) - np.log(attempt)
    roots = [np.linalg.inv(np.linalg.cholesky(fit.covariance[4:6, 4:6])) for fit in fits]
    thermal, unit = K_B * kelvins, float(np.abs(volts).max()) or 1.0
    warmth = np.sqrt(kelvins / kelvins.mean())[:, None]

    def parts(given: np.ndarray) -> np.ndarray:
        """Distances from the law, in standard deviations, ``(2 fits,)``."""
        full = np.zeros(3)
        full[free] = given
        stability = np.exp(full[0]) * (thermal.mean() / thermal)[:, None]
        apart = logs - shape.logarithms(stability, full[1] * volts / unit, full[2], warmth)
        return np.concatenate([root @ row for root, row in zip(roots, apart, strict=True)])

    start = np.zeros(int(free.sum()))
    start[0] = np.log(np.mean(logs))
    found = least_squares(parts, start, xtol=1e-12, ftol=1e-12, gtol=1e-12)
    width = np.sqrt(np.diag(np.linalg.inv(found.jac.T @ found.jac)))
    half = norm.ppf(0.5 + 0.5 * level) * width
    ends = np.zeros((3, 3))
    ends[:, free] = np.stack([found.x, found.x - half, found.x + half])
    value, low, high = thermal.mean() * np.exp(ends[:, 0])
    energy = Estimate(float(value), float(low), float(high), "J")
    estimates = {"barrier": energy}
    others: dict[str, Any] = shape._asdict() | {"temperature": float(kelvins.mean())}
    if free[1]:
        estimates["critical_voltage"] = _critical(ends[:, 1] / unit)
        others["critical_voltage"] = estimates["critical_voltage"].value
    if anisotropy_field is not None:
        middle, low, high = -anisotropy_field * ends[:, 2]
        estimates["offset_field"] = Estimate(float(middle), float(high), float(low), "A/m")
        others |= {"anisotropy_field": anisotropy_field, "offset_field": float(middle)}
    degrees = 2 * len(fits) - int(free.sum())
    p_value = float(chi2.sf(2 * found.cost, degrees)) if degrees else float("nan")
    concerns = _concerns(p_value, free, estimates)
    for text in concerns:
        warnings.warn(text, stacklevel=2)
    barrier = ThermalBarrier(energy.value, attempt, **others)
    return BarrierFit(barrier, estimates, attempt, p_value, concerns)


class _Shape(NamedTuple):
    """Which law: as in `ThermalBarrier`, computed here in float64."""

    exponent: float
    voltage_exponent: float | None
    bias_prefactor: bool

    def logarithms(
        self, stability: np.ndarray, torque: np.ndarray, tilt: float, warmth: np.ndarray
    ) -> np.ndarray:
        """ln(τ/τ_0) of the low and the high state, ``(fits, 2)`` (no unit)."""
        sign = np.array([-1.0, 1.0])
        if self.voltage_exponent is not None:
            by_torque = np.maximum(1 + sign * torque, 0) ** self.voltage_exponent
            return stability * by_torque * np.maximum(1 + sign * tilt, 0) ** self.exponent
        bias = torque + tilt
        height = stability * np.maximum(1 + sign * bias, 0) ** self.exponent
        if not self.bias_prefactor:
            return height
        # Held where there is no barrier, so that a search that strays comes back.
        inside = np.clip(bias, -0.999, 0.999)
        return height + np.log(warmth / ((1 - inside**2) * (1 + sign * inside)))


def _voltage_power(given: Any, bias_prefactor: bool) -> float | None:
    if given is None:
        return None
    if bias_prefactor:
        raise SpinlearnValueError(
            "voltage_exponent",
            given,
            "None with bias_prefactor: its rates are of a perpendicular axis",
            "Leave one of the two out.",
        )
    return as_number(
        given, "voltage_exponent", lambda n: n > 0, "a positive number", "Pass 1, or None."
    )


def _each(given: Any, field: str, count: int) -> np.ndarray:
    """Two numbers for every trace, of the low and the high state, ``(fits, 2)``."""
    pairs = field == "voltage"
    allowed = f"one number, or {count}, one for every trace"
    fix = "Pass K."
    if pairs:
        allowed += f", or shape ({count}, 2), in the low and the high state"
        fix = "Pass V; the pair of one trace as [(low, high)]."
    found = as_numbers(given, field, allowed, fix)
    if count == 0:
        raise SpinlearnValueError("fits", "none", "one fit or more", "Fit a trace.")
    if found.shape not in ((), (count,)) + ((count, 2),) * pairs:
        raise SpinlearnValueError(field, f"shape {found.shape}", allowed, fix)
    if not np.isfinite(found).all() or (field == "temperature" and not (found > 0).all()):
        raise SpinlearnValueError(field, found, "finite V, positive K", fix)
    return np.broadcast_to(found if found.ndim == 2 else found[..., None], (count, 2)).astype(float)


def _numbers(
    fits: Sequence[TelegraphFit], attempt_time: Any, exponent: Any, confidence: Any
) -> tuple[float, float, float]:
    shortest = min(min(fit.dwell_low.low, fit.dwell_high.low) for fit in fits)
    return (
        as_number(
            attempt_time,
            "attempt_time",
            lambda t: 0 < t < shortest,
            f"a positive number below {shortest:.3g} s, the shortest dwell time",
            "Pass seconds.",
        ),
        as_number(exponent, "exponent", lambda n: n > 0, "a positive number", "Pass 1 or 2."),
        as_number(
            confidence, "confidence", lambda c: 0 < c < 1, "a number from 0 to 1", "Pass 0.95, say."
        ),
    )


def _require_enough(free: np.ndarray, volts: np.ndarray) -> None:
    if free.all() and len(np.unique(volts)) < 2:
        raise SpinlearnValueError(
            "voltage",
            f"{volts.flat[0]:g} V alone",
            "two voltages or more, with an offset field to be fitted",
            "Record at a second voltage, or leave out anisotropy_field: the voltage then makes all "
            "of the difference.",
        )


def _critical(inverse: np.ndarray) -> Estimate:
    """The critical voltage, V, of its inverse with its interval; open where that passes 0."""
    value, low, high = (float(v) for v in inverse)
    if high <= 0:
        raise SpinlearnValueError(
            "voltage",
            "a sign with which the low level lasts longer",
            "V, positive where it favours the high level",
            "Turn the sign, or pass anisotropy_field and a second voltage for an offset field.",
        )
    return Estimate(
        1 / value if value > 0 else np.inf, 1 / high, 1 / low if low > 0 else np.inf, "V"
    )


def _concerns(p_value: float, free: np.ndarray, estimates: dict[str, Estimate]) -> tuple[str, ...]:
    found = []
    critical = estimates.get("critical_voltage")
    if critical is not None and not np.isfinite(critical.value):
        found.append(
            f"the dwell times do not tell a critical voltage, but that it is above "
            f"{critical.low:.2g} V: none is kept. Record longer, or at a larger voltage."
        )
    if p_value < _REJECTED:
        remedy = (
            "pass anisotropy_field for an offset field, or the voltage over each state"
            if not free[2]
            else "another exponent, or fewer voltages, nearer to 0"
        )
        found.append(
            f"this barrier does not describe the dwell times (χ², p = {p_value:.1g}): intervals "
            f"are wrong. Try {remedy}."
        )
    return tuple(found)
