"""From a film between two contacts to the compact model of a link: measure, then fit."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from spinlearn._checks import as_count, as_leaf, as_numbers, require
from spinlearn.errors import SpinlearnValueError
from spinlearn.rng import stream
from spinlearn.substrates.link_model import LinkModel
from spinlearn.substrates.substrate import AbstractSubstrate
from spinlearn.typing import Key

Array = jax.Array

# Retention over the time of a measurement, from which on nothing wears off in it.
_KEPT = 100


class LinkResponse(NamedTuple):
    """How devices of two contacts answered to equal pulses, one after another.

    Parameters
    ----------
    voltages
        Voltage between the contacts, ``(voltages,)``, V.
    pulse
        Length of a pulse, s.
    rest
        Time without voltage after each pulse, s.
    conductance
        Before the first pulse and after each, ``(devices, voltages, pulses + 1)``, S.

    Examples
    --------
    >>> LinkResponse(np.ones(2), 1e-10, 1e-10, np.ones((5, 2, 9))).conductance.shape
    (5, 2, 9)
    """

    voltages: np.ndarray
    pulse: float
    rest: float
    conductance: np.ndarray


class LinkFit(NamedTuple):
    """A fitted model, and how far to trust it.

    Parameters
    ----------
    model
        The fitted model.
    residual
        Root mean square of what is left of the mean relative change, over its largest (no unit).
    device_spread
        Standard deviation of the saturated change over its mean from device to device (no unit);
        NaN of one device, which says nothing of others.
    saturated_scatter
        Standard deviation of a saturated device's change from pulse to pulse, over that change (no
        unit). It adds to a link, whatever the pulse writes, while the `cycle_spread` of `Links`
        multiplies what a pulse writes: one is not the other.

    Examples
    --------
    >>> LinkFit._fields
    ('model', 'residual', 'device_spread', 'saturated_scatter')
    """

    model: LinkModel
    residual: float
    device_spread: float
    saturated_scatter: float


def measure_link(
    device: AbstractSubstrate,
    voltages: Any,
    pulse: float,
    pulses: int,
    rest: float,
    *,
    key: Key,
) -> np.ndarray:
    """Conductance of one device after equal pulses, for several voltages, each on a new one.

    Parameters
    ----------
    device
        A substrate of two contacts, such as a `Film`.
    voltages
        Voltage between the contacts, ``(voltages,)``, V.
    pulse, rest
        Length of a pulse and of the time after it, s.
    pulses
        How many (no unit).
    key
        Typed key.

    Returns
    -------
    ndarray
        Before the first pulse and after each, ``(voltages, pulses + 1)``, S.

    Raises
    ------
    SpinlearnValueError
        If the device has not two contacts.

    Examples
    --------
    >>> from spinlearn.substrates import Links
    >>> one = Links(LinkModel(1e-3, 0.004, 0.1, 2.0, 3e9, 2.0), nodes=2)
    >>> measure_link(one, [0.1, 0.2], 1e-10, 3, 1e-10, key=jax.random.key(0)).shape
    (2, 4)
    """
    pulses = as_count(pulses, "pulses", 1, "an integer of at least 1", "Give one or more.")
    new = device.init(key=key)
    if device.conductance(new).shape != (2, 2):
        raise SpinlearnValueError(
            "device", device.conductance(new).shape, "two contacts", "Pass a film of two contacts."
        )
    found = []
    for volts in np.atleast_1d(np.asarray(voltages, float)):
        state, row = new, [_between(device, new)]
        for k in range(pulses):
            noise = stream(key, "pulse", k)
            half = jnp.asarray([0.5 * volts, -0.5 * volts], jnp.result_type(float))
            state, _ = device.apply(state, half, pulse, key=noise)
            state, _ = device.apply(state, 0 * half, rest, key=stream(noise, "rest"))
            row.append(_between(device, state))
        found.append(row)
    return np.array(found)


def fit_links(response: LinkResponse, *, retention: Any = jnp.inf) -> LinkFit:
    """The link whose part written follows the mean of what devices showed.

    Least squares of the mean relative change over all voltages and pulses; the conductance is the
    mean of new devices. What the model cannot follow is in the residual, and belongs in a result.

    Parameters
    ----------
    response
        Measured, or from films by `measure_link`.
    retention
        Of the model, s: pulses of nanoseconds do not tell. Within the measurement nothing may wear
        off: it takes a hundredth of this at most.

    Raises
    ------
    SpinlearnValueError
        If shapes do not fit together, there are fewer than 3 voltages or 3 pulses, a conductance
        is no positive number, nothing changes, or the retention is too short.

    Examples
    --------
    >>> from spinlearn.substrates import Links
    >>> model = LinkModel(1e-3, 0.004, 0.1, 2.0, 3e9, 2.0)
    >>> volts = np.array([0.05, 0.1, 0.2, 0.4])
    >>> one = Links(model, nodes=2)
    >>> g = measure_link(one, volts, 1e-10, 6, 1e-10, key=jax.random.key(0))
    >>> found = fit_links(LinkResponse(volts, 1e-10, 1e-10, g[None]))
    >>> abs(float(found.model.threshold) - 0.1) < 1e-3
    True
    """
    from scipy.optimize import least_squares

    volts, given = _checked(response)
    whole = (given.shape[-1] - 1) * (response.pulse + response.rest)
    kept = as_leaf(retention, "retention", "s")
    require(
        kept >= _KEPT * whole,
        "retention",
        retention,
        f"at least {_KEPT * whole:.3g} s, {_KEPT} times the measurement",
        "Measure with shorter rests; what wears off meanwhile is not in the fit.",
    )
    first = given[..., :1]
    change = given / first - 1
    mean = change.mean(axis=0)[:, 1:]
    times = np.arange(1, given.shape[-1]) * response.pulse
    largest = np.abs(mean).max()
    sign = np.sign(mean[-1, -1])

    def predicted(logs: np.ndarray) -> np.ndarray:
        size, threshold, steepness, rate, acceleration = np.exp(logs)
        relative = (volts / threshold)[:, None]
        limit = 1 / (1 + relative**-steepness)
        return sign * size * limit * -np.expm1(-rate * relative**acceleration * times)

    def apart(logs: np.ndarray) -> np.ndarray:
        return ((predicted(logs) - mean) / largest).ravel()

    middle = float(np.median(volts))
    start = np.log([largest, 0.5 * middle, 2.0, 1.0 / times[len(times) // 2], 2.0])
    found = least_squares(apart, start)
    size, threshold, steepness, rate, acceleration = np.exp(found.x)
    model = LinkModel(
        float(first.mean()), sign * size, threshold, steepness, rate, acceleration, retention
    )
    return LinkFit(model, float(np.sqrt(np.mean(found.fun**2))), *_spreads(change))


def _spreads(change: np.ndarray) -> tuple[float, float]:
    """From device to device and cycle to cycle, at the largest voltage: there links are whole."""
    top = change[:, -1, 1:]
    late = top[:, top.shape[1] // 2 :]
    size = np.abs(late.mean())
    devices = float(late.mean(axis=1).std(ddof=1) / size) if len(late) > 1 else np.nan
    return devices, float(np.diff(late, axis=1).std() / np.sqrt(2) / size)


def _checked(response: LinkResponse) -> tuple[np.ndarray, np.ndarray]:
    fix = "Pass what measure_link returned, stacked over devices."
    volts = as_numbers(response.voltages, "response.voltages", "(voltages,) in V", fix)
    given = as_numbers(response.conductance, "response.conductance", "an array in S", fix)
    enough = volts.ndim == 1 and len(volts) >= 3 and given.ndim == 3 and given.shape[2] >= 4
    if not (enough and given.shape[1] == len(volts)):
        raise SpinlearnValueError(
            "response.conductance",
            given.shape,
            f"(devices, voltages, pulses + 1) with {volts.shape} voltages, 3 or more, and 3 or "
            "more pulses",
            fix,
        )
    if not (np.isfinite(given) & (given > 0)).all() or not np.isfinite(volts).all():
        raise SpinlearnValueError(
            "response.conductance", "NaN, infinite or not positive", "positive numbers, S", fix
        )
    if np.all(np.ptp(given, axis=2) == 0):
        raise SpinlearnValueError(
            "response.conductance", "no change at all", "devices that pulses change", "Raise them."
        )
    order = np.argsort(np.abs(volts))
    return np.abs(volts)[order], given[:, order]


def _between(device: AbstractSubstrate, state: Any) -> float:
    return float(-device.conductance(state)[0, 1])
