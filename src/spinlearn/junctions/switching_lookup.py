"""Switching probabilities as a table: traceable, differentiable, with a known error."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from scipy.interpolate import CubicSpline

from spinlearn._checks import as_count, as_leaf, as_number, require_values
from spinlearn.errors import SpinlearnValueError
from spinlearn.junctions import _fokker_planck
from spinlearn.junctions.mtj import MTJ
from spinlearn.junctions.switching import reduced

Array = jax.Array

# exp(700) is the largest number that has an exponential: below exp(−700) a probability is none.
_LARGEST = np.log(700.0)
# Errors are given for probabilities down to here.
_SMALLEST = 1e-15


class SwitchingLookup(eqx.Module):
    """Switching probability of one device over voltage and duration, for use inside networks.

    Holds ln(−ln S) with S the probability to switch: above the critical voltage that is nearly
    linear in the duration, and near ln W where the write error W = 1 − S is small. Between the
    nodes, bicubic in the voltage and the logarithm of the duration, with continuous first
    derivatives. Made by `tabulate_switching`.

    Parameters
    ----------
    voltages
        First and last voltage, ``(2,)``, V.
    log_durations
        Logarithm of the first and last duration over one second, ``(2,)`` (no unit).
    nodes
        Value, its differences along voltage and duration, and the mixed one, per node distance,
        ``(4, nv, nt)`` (no unit).
    error
        Largest relative error of either probability, where it is above 1e-15, that a table of half
        as many nodes in each direction makes on the nodes which it lacks: an estimate for this one,
        whose error is about a sixteenth of it (no unit).

    Examples
    --------
    >>> from spinlearn.junctions import named_junction, tabulate_switching
    >>> memory = named_junction("ikeda2010")
    >>> table = tabulate_switching(memory, (0.9, 1.6), (1e-9, 1e-8), shape=(16, 16))
    >>> rate = jax.jit(lambda voltage: table.write_error_rate(voltage, 5e-9))
    >>> bool(0 < rate(1.4) < 1e-4), bool(jax.grad(rate)(1.4) < 0)
    (True, True)
    """

    voltages: Array
    log_durations: Array
    nodes: Array
    error: Array

    def switching_probability(self, voltage: Any, duration: Any) -> Array:
        """Probability to switch (no unit) by a voltage (V) for a duration (s); they broadcast.

        Raises
        ------
        SpinlearnValueError
            If they are outside of the table; where they are traced, NaN comes out.
        """
        return jnp.exp(-jnp.exp(self._at(voltage, duration)))

    def write_error_rate(self, voltage: Any, duration: Any) -> Array:
        """Probability not to switch (no unit) by a voltage (V) for a duration (s); they broadcast.

        Raises
        ------
        SpinlearnValueError
            If they are outside of the table; where they are traced, NaN comes out.
        """
        return -jnp.expm1(-jnp.exp(self._at(voltage, duration)))

    def _at(self, voltage: Any, duration: Any) -> Array:
        volts = as_leaf(voltage, "voltage", "V").astype(self.nodes.dtype)
        seconds = as_leaf(duration, "duration", "s").astype(self.nodes.dtype)
        x = _place(volts, self.voltages, self.nodes.shape[1], "voltage", "V")
        y = _place(jnp.log(seconds), self.log_durations, self.nodes.shape[2], "duration", "ln s")
        x, y = jnp.broadcast_arrays(x, y)
        i = jnp.clip(jnp.floor(x), 0, self.nodes.shape[1] - 2)
        j = jnp.clip(jnp.floor(y), 0, self.nodes.shape[2] - 2)
        along, across = _hermite(x - i), _hermite(y - j)
        i, j = i.astype(jnp.int32), j.astype(jnp.int32)
        total = jnp.zeros_like(x)
        for a in (0, 1):
            for b in (0, 1):
                corner = self.nodes[:, i + a, j + b]
                total = total + (
                    along[a] * (across[b] * corner[0] + across[2 + b] * corner[2])
                    + along[2 + a] * (across[b] * corner[1] + across[2 + b] * corner[3])
                )
        return total


def tabulate_switching(
    junction: MTJ,
    voltages: tuple[float, float],
    durations: tuple[float, float],
    *,
    shape: tuple[int, int] = (64, 64),
) -> SwitchingLookup:
    """Table of switching probability and write error from the Fokker–Planck equation.

    Parameters
    ----------
    junction
        One perpendicular device.
    voltages
        Range, V.
    durations
        Range, s, above 0.
    shape
        Number of nodes in voltage, equally spaced, and in duration, geometrically; 8 or more.

    Raises
    ------
    SpinlearnValueError
        If the junction is more than one device or has its easy axis in the plane, or a range is
        empty.

    Examples
    --------
    >>> from spinlearn.junctions import named_junction
    >>> memory = named_junction("ikeda2010")
    >>> table = tabulate_switching(memory, (0.9, 1.6), (1e-9, 1e-8), shape=(16, 16))
    >>> table.nodes.shape
    (4, 16, 16)
    """
    counts = [
        as_count(n, "shape", 8, "two integers >= 8", "Take 64 nodes each way.") for n in shape
    ]
    volts = np.linspace(*_range(voltages, "voltages", "V", lambda v: True), counts[0])
    seconds = np.geomspace(*_range(durations, "durations", "s", lambda v: v > 0), counts[1])
    stability, drive, time = reduced(junction, volts, seconds)
    if stability.ndim or drive.ndim != 1 or time.ndim != 1:
        raise SpinlearnValueError(
            "junction", "a batch", "one device", "Tabulate the devices one by one."
        )
    times = np.asarray(time, np.float64)
    rows = [
        _fokker_planck.log_log(float(stability), float(push), times)
        for push in np.asarray(drive, np.float64)
    ]
    exact = np.clip(np.stack(rows), -_LARGEST * 110, _LARGEST)
    kind = jnp.result_type(float)
    ends = [np.array([v[0], v[-1]]) for v in (volts, np.log(seconds))]
    return SwitchingLookup(
        jnp.asarray(ends[0], kind),
        jnp.asarray(ends[1], kind),
        jnp.asarray(_with_slopes(exact), kind),
        jnp.asarray(_halved_error(exact), kind),
    )


def _with_slopes(values: np.ndarray) -> np.ndarray:
    """Values and the slopes of their splines, for steps of one node, ``(4, nv, nt)``."""
    first, second = np.arange(values.shape[0]), np.arange(values.shape[1])
    along = CubicSpline(first, values, axis=0)(first, 1)
    across = CubicSpline(second, values, axis=1)(second, 1)
    mixed = CubicSpline(second, along, axis=1)(second, 1)
    return np.stack([values, along, across, mixed])


def _halved_error(values: np.ndarray) -> float:
    """Relative error, on the left-out nodes, of the table made of every second one."""
    coarse = values[::2, ::2]
    places = [2 * np.arange(n) for n in coarse.shape]
    inner = values[: places[0][-1] + 1, : places[1][-1] + 1]
    spline = CubicSpline(places[0], coarse, axis=0)(np.arange(inner.shape[0]))
    guess = CubicSpline(places[1], spline, axis=1)(np.arange(inner.shape[1]))
    worst = 0.0
    for right, wrong in zip(_pair(inner), _pair(guess), strict=True):
        counted = right >= _SMALLEST
        if counted.any():
            worst = max(worst, float(np.max(np.abs(wrong / right - 1)[counted])))
    return worst


def _pair(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Switching probability and write error."""
    exponent = np.exp(values)
    return np.maximum(np.exp(-exponent), 1e-300), np.maximum(-np.expm1(-exponent), 1e-300)


def _hermite(t: Array) -> tuple[Array, Array, Array, Array]:
    """Weights of the left and right value, and of the left and right slope."""
    s = 1 - t
    return (1 + 2 * t) * s * s, t * t * (3 - 2 * t), t * s * s, -t * t * s


def _place(value: Array, ends: Array, count: int, field: str, unit: str) -> Array:
    """Position in nodes; NaN outside of the table, but for rounding."""
    slack = 1e-5
    at = (value - ends[0]) / (ends[1] - ends[0]) * (count - 1)
    inside = (at >= -slack) & (at <= count - 1 + slack)
    require_values(
        lambda ok: ok,
        field,
        inside,
        f"within the table, {ends} {unit}",
        "Tabulate a wider range.",
    )
    return jnp.where(inside, jnp.clip(at, 0, count - 1), jnp.nan)


def _range(value: Any, field: str, unit: str, good: Any) -> tuple[float, float]:
    """Two increasing numbers."""
    allowed = f"two increasing numbers, {unit}"
    try:
        low, high = value
    except (TypeError, ValueError):
        raise SpinlearnValueError(field, value, allowed, "Pass (first, last).") from None
    low, high = (
        as_number(
            v, field, lambda v: bool(np.isfinite(v) and good(v)), allowed, "Pass two numbers."
        )
        for v in (low, high)
    )
    if not low < high:
        raise SpinlearnValueError(field, value, allowed, "Pass (first, last).")
    return low, high
