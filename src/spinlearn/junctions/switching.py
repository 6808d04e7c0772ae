"""Probability that a voltage pulse switches a junction."""

from __future__ import annotations

import warnings
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from spinlearn._checks import as_leaf, is_known, require_values
from spinlearn.errors import SpinlearnValueError
from spinlearn.junctions import _fokker_planck
from spinlearn.junctions.mtj import MTJ
from spinlearn.junctions.switching_forms import ballistic_chances, thermal_chances

Array = jax.Array

# Attempt times that differ by less are those of one device.
_ALIKE = 2.0
_METHODS = ("fokker-planck", "ballistic", "activation")


def switching_probability(
    junction: MTJ, voltage: Any, duration: Any, *, method: str = "fokker-planck"
) -> Array:
    """Probability that a pulse leaves the junction in its other state (no unit).

    The free layer is a perpendicular macrospin that starts in thermal equilibrium in one well;
    a positive voltage pushes it out of that. What counts is on which side of the equator it is at
    the end of the pulse. The critical voltage is the same in both directions.

    Parameters
    ----------
    junction
        Gives Δ, the critical voltage and τ_D; devices of a batch, ``(n,)``, broadcast too. Every
        pair of a device and a voltage is one solution, of some 10 ms, for all durations.
    voltage
        Of the pulse, V; negative ones stabilise the state.
    duration
        Of the pulse, s, at least 0.
    method
        "fokker-planck" solves the equation, on known numbers only. Relative error of either
        probability where it is above 1e-15, found with smaller steps: below 3e-4 for Δ ≥ 20,
        2e-3 at Δ = 3. Inside `jax.jit` use `tabulate_switching`. "ballistic" is
        `ballistic_write_error`, above the critical voltage, "activation" is
        `thermal_switching`, below it: fast, traceable, their errors stated there.

    Returns
    -------
    Array
        Of the broadcast shape, no unit.

    Raises
    ------
    SpinlearnValueError
        If the easy axis is in the plane, the method is unknown or does not hold, an argument is
        out of range, or it is traced and the method is "fokker-planck".

    Examples
    --------
    >>> from spinlearn.junctions import named_junction
    >>> memory = named_junction("ikeda2010")
    >>> chance = switching_probability(memory, 2 * memory.critical_voltage, [1e-9, 2e-9, 4e-9])
    >>> [round(float(p), 3) for p in chance]
    [0.235, 0.95, 1.0]
    """
    return _probabilities(junction, voltage, duration, method)[0]


def write_error_rate(
    junction: MTJ, voltage: Any, duration: Any, *, method: str = "fokker-planck"
) -> Array:
    """Probability that a pulse does not switch the junction (no unit).

    One minus `switching_probability`, to a relative error however small it is; arguments (V, s),
    methods and errors are those of that function.

    Parameters
    ----------
    junction
        Gives Δ, the critical voltage and τ_D.
    voltage
        Of the pulse, V.
    duration
        Of the pulse, s.
    method
        "fokker-planck", "ballistic" or "activation".

    Raises
    ------
    SpinlearnValueError
        As `switching_probability`.

    Examples
    --------
    >>> from spinlearn.junctions import named_junction
    >>> memory = named_junction("ikeda2010")
    >>> rate = write_error_rate(memory, 2 * memory.critical_voltage, 10e-9)
    >>> bool(1e-13 < rate < 1e-11)
    True
    """
    return _probabilities(junction, voltage, duration, method)[1]


def _probabilities(junction: MTJ, voltage: Any, duration: Any, method: str) -> tuple[Array, Array]:
    """To have switched and not to have; each to its own relative error."""
    if method not in _METHODS:
        raise SpinlearnValueError("method", method, f"one of {', '.join(_METHODS)}", "Choose one.")
    stability, drive, time = reduced(junction, voltage, duration)
    if method == "ballistic":
        return ballistic_chances(stability, drive, time)
    if method == "activation":
        return thermal_chances(stability, drive, time)
    if not is_known(stability, drive, time):
        raise SpinlearnValueError(
            "method",
            method,
            "known numbers, not traced ones, for the Fokker-Planck equation",
            "Build a table outside, tabulate_switching, and pass it in as an argument; or use "
            "method='ballistic' or 'activation'.",
        )
    exponent = _solved(*(np.asarray(v, np.float64) for v in (stability, drive, time)))
    kind = jnp.result_type(stability, drive, time)
    return jnp.asarray(np.exp(-exponent), kind), jnp.asarray(-np.expm1(-exponent), kind)


def _tell_other_attempt_time(junction: MTJ) -> None:
    """Warn where dwell times have a prefactor that this equation does not have."""
    given, own = junction.given_attempt_time, junction.relaxation_time
    if given is None or not is_known(given, own, junction.thermal_stability):
        return
    ratio = np.asarray(given) / np.asarray(own * jnp.sqrt(jnp.pi / junction.thermal_stability))
    if np.any((ratio < 1 / _ALIKE) | (ratio > _ALIKE)):
        warnings.warn(
            f"the attempt time that was given is {np.max(ratio):.2g} times that of a macrospin, "
            "which is what switching is computed for: its rates and the dwell times of telegraph "
            "noise are not those of one device. Leave the attempt time out, or take a "
            "fit's own probability.",
            stacklevel=4,
        )


def _solved(stability: np.ndarray, drive: np.ndarray, time: np.ndarray) -> np.ndarray:
    """−ln of the probability to have switched; one solution for all durations of a device."""
    stability, drive, time = np.broadcast_arrays(stability, drive, time)
    pairs = np.stack([stability.ravel(), drive.ravel()], axis=1)
    found = np.empty(time.size)
    each, which = np.unique(pairs, axis=0, return_inverse=True)
    for k, (barrier, push) in enumerate(each):
        members = which.ravel() == k
        values = _fokker_planck.log_log(float(barrier), float(push), time.ravel()[members])
        with np.errstate(over="ignore"):
            found[members] = np.exp(values)
    return found.reshape(time.shape)


def reduced(junction: MTJ, voltage: Any, duration: Any) -> tuple[Array, Array, Array]:
    """Δ, V/V_c and t/τ_D, of shapes that broadcast; checked."""
    if junction.easy_axis != "perpendicular":
        raise SpinlearnValueError(
            "junction",
            f"easy axis {junction.easy_axis}",
            "a perpendicular easy axis: m_z alone follows no equation of its own otherwise",
            "Use an ensemble of Macrospin.from_junction(junction, voltage).",
        )
    volts = as_leaf(voltage, "voltage", "V")
    require_values(np.isfinite, "voltage", voltage, "finite numbers, V", "Pass a number.")
    seconds = as_leaf(duration, "duration", "s")
    require_values(
        lambda v: np.isfinite(v) & (v >= 0),
        "duration",
        duration,
        "finite numbers >= 0, s",
        "Pass the length of the pulse.",
    )
    _tell_other_attempt_time(junction)
    return (
        junction.thermal_stability,
        volts / junction.critical_voltage,
        seconds / junction.relaxation_time,
    )
