"""Switching probabilities as a table: traceable, differentiable, with a known error."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from scipy.interpolate import CubicSpline

from spinlearn._checks import as_count, as_leaf, as_number, is_known
from spinlearn.errors import SpinlearnValueError
from spinlearn.junctions import _fokker_planck
from spinlearn.junctions.mtj import MTJ
from spinlearn.junctions.switching import reduced

Array = jax.Array

# exp(700) is the largest number that has an exponential: below exp(−700) a probability is none.
_LARGEST = np.log(700.0)
# Errors are given for probabilities down to here.
_SMALLEST = 1e-15
# Errors are measured half-way between the nodes, where those of cubics are largest: at random
# points none was found that exceeds them, which leaves this factor as a margin.
_SAFETY = 4.0
# How often the nodes are doubled for the sake of the error.
_MOST_DOUBLINGS = 2


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
        Bound of the relative error of either probability where it is above 1e-15 (no unit): four
        times the largest one found half-way between the nodes, in either direction and in both.
        That of the interpolation; the equation itself is solved to what `switching_probability`
        says.

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
        across_volts, across_times = self.nodes.shape[1:]
        x = _place(volts, self.voltages, across_volts)
        y = _place(jnp.log(seconds), self.log_durations, across_times)
        ends = jnp.exp(self.log_durations)
        _require_inside(volts, x, self.voltages, "voltage", "V")
        _require_inside(seconds, y, ends, "duration", "s")
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
    tolerance: float = 0.01,
) -> SwitchingLookup:
    """Table of switching probability and write error from the Fokker–Planck equation.

    The equation is solved half-way between the nodes too, which tells the error. Where that is
    too large these solutions become nodes, twice at most.

    Parameters
    ----------
    junction
        One perpendicular device.
    voltages
        Range, V.
    durations
        Range, s, above 0.
    shape
        Number of nodes to begin with, 8 or more: in voltage, equally spaced, and in duration,
        geometrically.
    tolerance
        Largest relative error of either probability that is accepted, where it is above 1e-15,
        at most 0.1 (no unit).

    Raises
    ------
    SpinlearnValueError
        If the junction is more than one device or has its easy axis in the plane, a range is
        empty, the error is not within the tolerance with four times the nodes, or an argument is
        traced: inside `jax.jit` the table of a junction from outside can be made, of an argument
        it cannot.

    Examples
    --------
    >>> from spinlearn.junctions import named_junction
    >>> memory = named_junction("ikeda2010")
    >>> table = tabulate_switching(memory, (0.9, 1.6), (1e-9, 1e-8), shape=(16, 16))
    >>> table.nodes.shape, bool(table.error < 0.01)
    ((4, 16, 16), True)
    """
    _require_known({"junction": junction, "voltages": voltages, "durations": durations})
    counts = [
        as_count(n, "shape", 8, "two integers >= 8", "Take 64 nodes each way.") for n in shape
    ]
    wanted = as_number(
        tolerance,
        "tolerance",
        lambda v: 0 < v <= 0.1,
        "a number above 0, up to 0.1 (no unit)",
        "Pass a relative error.",
    )
    ends = (
        _range(voltages, "voltages", "V", lambda v: True),
        _range(durations, "durations", "s", lambda v: v > 0),
    )
    error = np.inf
    for _ in range(_MOST_DOUBLINGS + 1):
        fine = _solved(junction, *ends, [2 * n - 1 for n in counts])
        nodes = _with_slopes(fine[::2, ::2])
        error = _SAFETY * _largest_error(fine, nodes)
        if error <= wanted:
            kind = jnp.result_type(float)
            rounding = _rounding(nodes, ends, float(jnp.finfo(kind).eps))
            places = (np.array(ends[0]), np.log(ends[1]), nodes, error + rounding)
            with jax.ensure_compile_time_eval():
                return SwitchingLookup(*(jnp.asarray(value, kind) for value in places))
        counts = [2 * n - 1 for n in counts]
    raise SpinlearnValueError(
        "tolerance",
        wanted,
        f"at least {error:.2g}, the error with {' × '.join(str((n + 1) // 2) for n in counts)} "
        "nodes (no unit)",
        "Tabulate a narrower range, or give more nodes as `shape`.",
    )


def _require_known(given: dict[str, Any]) -> None:
    """The equation is solved by numpy, on numbers."""
    for field, value in given.items():
        if not is_known(*jax.tree.leaves(value)):
            raise SpinlearnValueError(
                field,
                "traced by jax.jit, jax.grad or jax.vmap",
                "known numbers: the equation is solved for them once",
                "Build the table outside of the traced function, and pass it in as an argument.",
            )


def _solved(
    junction: MTJ, voltages: tuple[float, float], durations: tuple[float, float], counts: list[int]
) -> np.ndarray:
    """ln(−ln S) on a grid, ``(nv, nt)``."""
    volts, seconds = np.linspace(*voltages, counts[0]), np.geomspace(*durations, counts[1])
    with jax.ensure_compile_time_eval():  # what is known stays so inside of jax.jit
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
    return np.clip(np.stack(rows), -_LARGEST * 110, _LARGEST)


def _with_slopes(values: np.ndarray) -> np.ndarray:
    """Values and the slopes of their splines, for steps of one node, ``(4, nv, nt)``."""
    first, second = np.arange(values.shape[0]), np.arange(values.shape[1])
    along = CubicSpline(first, values, axis=0)(first, 1)
    across = CubicSpline(second, values, axis=1)(second, 1)
    mixed = CubicSpline(second, along, axis=1)(second, 1)
    return np.stack([values, along, across, mixed])


def _largest_error(fine: np.ndarray, nodes: np.ndarray) -> float:
    """Relative error of either probability half-way between the nodes, the largest."""
    weights = [float(w) for w in _hermite(0.5)]
    guess = fine.copy()
    guess[1::2, ::2] = _midway(nodes[0], nodes[1], weights, 0)
    guess[::2, 1::2] = _midway(nodes[0], nodes[2], weights, 1)
    # Half-way in voltage, values and slopes along the duration; then half-way in that.
    along = _midway(nodes[2], nodes[3], weights, 0)
    guess[1::2, 1::2] = _midway(guess[1::2, ::2], along, weights, 1)
    worst = 0.0
    for right, wrong in zip(_pair(fine), _pair(guess), strict=True):
        counted = right >= _SMALLEST
        if counted.any():
            worst = max(worst, float(np.max(np.abs(wrong / right - 1)[counted])))
    return worst


def _rounding(
    nodes: np.ndarray, ends: tuple[tuple[float, float], tuple[float, float]], eps: float
) -> float:
    """Relative error of either probability by numbers of this precision.

    The value is rounded, and so are the logarithm of the duration and the place between nodes.
    """
    ends = (ends[0], (float(np.log(ends[1][0])), float(np.log(ends[1][1]))))
    off = 3 * eps * np.abs(nodes[0])
    for slopes, (low, high), count in zip(nodes[1:3], ends, nodes.shape[1:], strict=True):
        place = 2 * eps * max(abs(low), abs(high)) / (high - low) * (count - 1)
        off = off + np.abs(slopes) * (place + 2 * eps * count)
    exponent = np.exp(nodes[0])
    switched, left = _pair(nodes[0])
    of_switched = np.where(switched >= _SMALLEST, exponent * (off + 2 * eps), 0)
    of_left = np.where(left >= _SMALLEST, exponent * switched / left * off, 0)
    return float(max(of_switched.max(), of_left.max()))


def _midway(values: np.ndarray, slopes: np.ndarray, weights: list[float], axis: int) -> np.ndarray:
    """Cubics of Hermite half-way between the nodes of an axis."""
    left, right, up, down = weights
    values, slopes = np.moveaxis(values, axis, 0), np.moveaxis(slopes, axis, 0)
    found = left * values[:-1] + right * values[1:] + up * slopes[:-1] + down * slopes[1:]
    return np.moveaxis(found, 0, axis)


def _pair(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Switching probability and write error."""
    exponent = np.exp(values)
    return np.maximum(np.exp(-exponent), 1e-300), np.maximum(-np.expm1(-exponent), 1e-300)


def _hermite(t: Any) -> tuple[Any, Any, Any, Any]:
    """Weights of the left and right value, and of the left and right slope."""
    s = 1 - t
    return (1 + 2 * t) * s * s, t * t * (3 - 2 * t), t * s * s, -t * t * s


def _place(value: Array, ends: Array, count: int) -> Array:
    """Position in nodes; NaN outside of the table, but for rounding."""
    slack = 1e-5
    at = (value - ends[0]) / (ends[1] - ends[0]) * (count - 1)
    inside = (at >= -slack) & (at <= count - 1 + slack)
    return jnp.where(inside, jnp.clip(at, 0, count - 1), jnp.nan)


def _require_inside(value: Array, at: Array, ends: Array, field: str, unit: str) -> None:
    """Show the first value without a place, where it is known."""
    if not is_known(value, at, ends):
        return
    lost = np.isnan(np.asarray(at))
    if lost.any():
        shown = float(np.asarray(value)[lost].flat[0])
        low, high = (float(end) for end in np.asarray(ends))
        raise SpinlearnValueError(
            field,
            f"{shown:.4g} {unit}",
            f"within the table, {low:.4g} to {high:.4g} {unit}",
            "Tabulate a wider range.",
        )


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
