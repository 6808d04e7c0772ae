"""Closed forms of switching by spin-transfer torque, each with its range and error."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from spinlearn._checks import as_leaf, as_number, require_values
from spinlearn.junctions import _fokker_planck
from spinlearn.junctions._low_barriers import warn_of_low_barriers

Array = jax.Array


def ballistic_write_error(thermal_stability: Any, overdrive: Any, time: Any) -> Array:
    r"""Probability not to have switched above the critical current, in closed form (no unit),

    .. math:: W = 1 - \exp(-K e^{-2x}), \quad x = (i-1)\tau, \quad
              K = 2\Delta\, 2^{(i-1)/(i+1)} \left(\frac{i-1}{i}\right)^{(i+3)/(i+1)},

    of a perpendicular macrospin that starts in equilibrium, i = V/V_c. Against the Fokker–Planck
    equation, for Δ ≥ 40 and x from 0.5 to 8: within 1.5 % for i ≥ 3; at i = 2 within 3.5 % to
    x = 3 and 17 % to x = 8; at i = 1.5 it is of no use, up to 2.2 times too large.

    Parameters
    ----------
    thermal_stability
        Δ (no unit).
    overdrive
        i = V/V_c, above 1 (no unit); NaN comes out where a traced one is not.
    time
        τ = t/τ_D (no unit).

    Raises
    ------
    SpinlearnValueError
        If the overdrive is not above 1.

    Examples
    --------
    >>> round(float(ballistic_write_error(60.0, 3.0, 1.5)), 3)
    0.205
    """
    return ballistic_chances(thermal_stability, overdrive, time)[1]


def ballistic_chances(thermal_stability: Any, overdrive: Any, time: Any) -> tuple[Array, Array]:
    """To have switched and not to have, by `ballistic_write_error`; each to relative precision."""
    stability = _as_stability(thermal_stability)
    drive = as_leaf(overdrive, "overdrive", "no unit")
    tau = as_leaf(time, "time", "τ_D")
    require_values(
        lambda v: v > 1,
        "overdrive",
        drive,
        "above 1, the critical voltage (no unit)",
        "Below it switching is thermal: thermal_switching, or method='fokker-planck'.",
    )
    above = jnp.where(drive > 1, drive, jnp.nan)
    logarithm = (
        jnp.log(2 * stability)
        + (above - 1) / (above + 1) * np.log(2)
        + (above + 3) / (above + 1) * jnp.log((above - 1) / above)
    )
    exponent = jnp.exp(logarithm - 2 * (above - 1) * tau)
    return jnp.exp(-exponent), -jnp.expm1(-exponent)


def activation_rate(thermal_stability: Any, overdrive: Any = 0.0) -> Array:
    r"""Brown's rate of relaxation over the barrier, in units of 1/τ_D (no unit),

    .. math:: \lambda = \sqrt{\Delta/\pi}\,(1-i^2) [(1-i) e^{-\Delta(1-i)^2}
              + (1+i) e^{-\Delta(1+i)^2}] ,

    the sum of the rates out of either well, with i = V/V_c. It is the leading order for high
    barriers and too large: by 12 % at Δ = 10 and 5 % at Δ = 20 without voltage, 28 % at
    Δ = 20 and i = 0.6. Towards \|i\| = 1 it falls to zero, as no rate does: it is meant for
    Δ(1 − \|i\|)² above 4, and below 1 a warning says that it is not (too small by a factor of 1.5
    at Δ = 20, i = 0.8, 5 at 0.9, 600 at 0.99). `relaxation_rate` has no such error.

    Parameters
    ----------
    thermal_stability
        Δ (no unit).
    overdrive
        i, between −1 and 1 (no unit); NaN comes out where a traced one is not.

    Raises
    ------
    SpinlearnValueError
        If the overdrive is not between −1 and 1.

    References
    ----------
    W. F. Brown, Phys. Rev. 130, 1677 (1963); Z. Li and S. Zhang, Phys. Rev. B 69, 134416 (2004).

    Examples
    --------
    >>> bool(activation_rate(60.0, 0.5) > 1e6 * activation_rate(60.0))  # (no unit)
    True
    """
    root = _activation(thermal_stability, overdrive)[0]
    return root * root


def thermal_switching(thermal_stability: Any, overdrive: Any, time: Any) -> Array:
    """Probability to be in the other well after a time, by `activation_rate` (no unit).

    S = r/λ (1 − exp(−λτ)), with r the rate out of the well and λ that of both. Errors are those of
    the rate, and whatever happens within the first few τ_D is left out.

    Parameters
    ----------
    thermal_stability
        Δ (no unit).
    overdrive
        i = V/V_c, between −1 and 1, positive towards the other state (no unit).
    time
        τ = t/τ_D (no unit).

    Raises
    ------
    SpinlearnValueError
        If the overdrive is not between −1 and 1.

    Examples
    --------
    >>> round(float(thermal_switching(10.0, 0.0, 1e9)), 3)  # long after: either well
    0.5
    """
    return thermal_chances(thermal_stability, overdrive, time)[0]


def thermal_chances(thermal_stability: Any, overdrive: Any, time: Any) -> tuple[Array, Array]:
    """To be in the other well and not to be, by `thermal_switching`; each to relative precision."""
    tau = as_leaf(time, "time", "τ_D")
    root, out, back = _activation(thermal_stability, overdrive)
    # In this order λτ does not underflow where λ does.
    exponent = (tau * root) * root
    return out * -jnp.expm1(-exponent), back + out * jnp.exp(-exponent)


def zero_temperature_time(overdrive: Any, cosine: Any) -> Array:
    r"""Time from an angle to the equator without temperature, in units of τ_D (no unit),

    .. math:: \tau = -\frac{\ln(1-z_0)}{2(i-1)} + \frac{\ln(1+z_0)}{2(i+1)}
              + \frac{\ln((i-z_0)/i)}{i^2-1} .

    Parameters
    ----------
    overdrive
        i = V/V_c, above 1 (no unit).
    cosine
        z_0 = cos θ_0 at the start, from 0 up to below 1 (no unit); NaN comes out where traced
        arguments are out of range.

    Raises
    ------
    SpinlearnValueError
        If an argument is out of range.

    Examples
    --------
    >>> round(float(zero_temperature_time(2.0, 0.99)), 3)
    2.19
    """
    drive = as_leaf(overdrive, "overdrive", "no unit")
    start = as_leaf(cosine, "cosine", "no unit")
    require_values(
        lambda v: v > 1, "overdrive", drive, "above 1 (no unit)", "Nothing switches below it."
    )
    require_values(
        lambda v: (v >= 0) & (v < 1),
        "cosine",
        start,
        "from 0 up to below 1 (no unit)",
        "At exactly 1 there is no torque: start from a thermal angle.",
    )
    inside = (drive > 1) & (start >= 0) & (start < 1)
    drive, start = jnp.where(inside, drive, jnp.nan), jnp.where(inside, start, jnp.nan)
    return (
        -jnp.log1p(-start) / (2 * (drive - 1))
        + jnp.log1p(start) / (2 * (drive + 1))
        + jnp.log((drive - start) / drive) / (drive**2 - 1)
    )


def relaxation_rate(thermal_stability: float, overdrive: float = 0.0) -> float:
    """Rate of relaxation over the barrier from the Fokker–Planck equation, in 1/τ_D (no unit).

    The smallest eigenvalue, to 1e-5, however small it is; not traceable.

    Parameters
    ----------
    thermal_stability
        Δ, up to 300 (no unit).
    overdrive
        i = V/V_c, between −1 and 1 (no unit).

    Raises
    ------
    SpinlearnValueError
        If an argument is out of range.

    Examples
    --------
    >>> round(relaxation_rate(10.0) / float(activation_rate(10.0)), 2)
    0.89
    """
    stability = as_number(
        thermal_stability,
        "thermal_stability",
        lambda v: 0 < v <= 300,
        "a number above 0, up to 300 (no unit)",
        "Use activation_rate, right to 1 % where Δ (1 - |i|)² is 100 or more.",
    )
    drive = as_number(
        overdrive,
        "overdrive",
        lambda v: -1 < v < 1,
        "between -1 and 1 (no unit)",
        "Above the critical voltage there is no barrier.",
    )
    return _fokker_planck.slowest_rate(stability, drive)


def _activation(thermal_stability: Any, overdrive: Any) -> tuple[Array, Array, Array]:
    """Root of Brown's rate √λ, and the parts of it out of the well and back.

    In the long run these are the probabilities to be in the other well and in the first one.
    """
    stability = _as_stability(thermal_stability)
    drive = as_leaf(overdrive, "overdrive", "no unit")
    require_values(
        lambda v: np.abs(v) < 1,
        "overdrive",
        drive,
        "between -1 and 1 (no unit)",
        "Above the critical voltage: ballistic_write_error, or method='fokker-planck'.",
    )
    warn_of_low_barriers(stability, drive)
    below = jnp.where(jnp.abs(drive) < 1, drive, jnp.nan)
    scale = 0.5 * jnp.log(stability / np.pi) + jnp.log1p(-below) + jnp.log1p(below)
    out = scale + jnp.log1p(-below) - stability * (1 - below) ** 2
    back = scale + jnp.log1p(below) - stability * (1 + below) ** 2
    return (
        jnp.exp(0.5 * jnp.logaddexp(out, back)),
        jax.nn.sigmoid(out - back),
        jax.nn.sigmoid(back - out),
    )


def _as_stability(value: Any) -> Array:
    stability = as_leaf(value, "thermal_stability", "no unit")
    require_values(
        lambda v: np.isfinite(v) & (v > 0),
        "thermal_stability",
        value,
        "positive numbers (no unit)",
        "Pass the barrier over k_B T.",
    )
    return stability
