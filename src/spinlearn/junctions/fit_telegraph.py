"""From a recorded trace to the levels, dwell times and barriers of a junction."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from spinlearn._checks import as_number
from spinlearn.errors import SpinlearnValueError
from spinlearn.junctions import _telegraph_likelihood as likelihood
from spinlearn.junctions._checked_trace import checked_trace, scaled
from spinlearn.junctions._telegraph_checks import code_step, is_coarse, spikes
from spinlearn.junctions._telegraph_concerns import Scale, coarse_words, examine, spike_words
from spinlearn.junctions.estimate import Estimate
from spinlearn.junctions.telegraph_fit import TelegraphFit

_FEWEST_FLIPS = 10
# Gain in twice the log-likelihood over one Gaussian, for four parameters more.
_LEAST_GAIN = 40.0
_LARGEST_ERROR = 1.0
# Sample times above this, s, are said to be unusual (assumed).
_SLOWEST = 0.1


def fit_telegraph(
    trace: Any, sample_time: float, *, confidence: float = 0.95, largest: float = 1.0
) -> TelegraphFit:
    """The two levels, noise and dwell times under which a trace is most likely, with intervals.

    Assumed: two levels; flips at constant rates (exponential dwell times), at any instant between
    samples; at each level white Gaussian noise of its own size; a stationary start. Thresholds
    miss short visits and see flips in the noise; the likelihood of this hidden Markov chain, summed
    by the forward recursion, does neither. Intervals are from the observed information, normal in
    the levels and in the logarithms of noise and dwell times; they want some ten flips or more.
    Computed in float64; a million samples take seconds to a minute.

    Traces that are something else are told by a warning, with the remedy: more than two levels,
    hum, drift, a low-pass filter, a coarse digitiser, spikes, dwell times that are not exponential.
    Eight tests count below 0.0002 each, on what the fitted chain says of every sample.

    Parameters
    ----------
    trace
        ``(N,)``, V.
    sample_time
        Between samples, s.
    confidence
        Of the intervals (no unit).
    largest
        Largest voltage that is believed, V.

    Raises
    ------
    SpinlearnValueError
        If the trace is short, not finite, or in mV; if it does not show two levels, or has too few
        flips; or if flips are so fast that the samples do not tell the dwell times.

    References
    ----------
    L. E. Baum et al., Ann. Math. Statist. 41, 164 (1970); G. M. Ljung and G. E. P. Box, Biometrika
    65, 297 (1978).

    Examples
    --------
    >>> import jax
    >>> from spinlearn.junctions import named_noise
    >>> noise, key = named_noise("koenders2025"), jax.random.key(0)
    >>> _, trace = noise.sample(noise.init(key=key), 4000, key=key)
    >>> fit = fit_telegraph(trace, noise.sample_time)
    >>> abs(fit.high.value - 0.048) < 1e-3, fit.dwell_low.low < 283e-6 < fit.dwell_low.high
    (True, True)
    """
    from scipy.stats import norm

    level = as_number(
        confidence, "confidence", lambda c: 0 < c < 1, "a number from 0 to 1", "Pass 0.95, say."
    )
    step = as_number(
        sample_time, "sample_time", lambda t: 0 < t < np.inf, "a positive number, s", "Pass s."
    )
    if step > _SLOWEST:
        warnings.warn(
            f"sample_time = {step:g} s is taken for seconds: few recorders are as slow. Is it of "
            f"ms or µs, pass {1e-3 * step:g} or {1e-6 * step:g}.",
            stacklevel=2,
        )
    volts, centre, scale = scaled(checked_trace(trace, largest))
    try:
        point, flips, covariance = _fitted(volts)
    except SpinlearnValueError as error:
        raise _cause(volts, Scale(centre, scale, step)) or error from None
    values = np.concatenate([centre + scale * point[:2], np.log(scale) + point[2:4], -point[4:]])
    values[4:] += np.log(step)
    units = np.array([scale, scale, 1, 1, -1, -1])
    covariance = covariance * units[:, None] * units[None, :]
    half = norm.ppf(0.5 + 0.5 * level) * np.sqrt(np.diag(covariance))
    ends = np.stack([values, values - half, values + half])
    ends[:, 2:] = np.exp(ends[:, 2:])
    estimates = [
        Estimate(float(value), float(low), float(high), unit)
        for (value, low, high), unit in zip(ends.T, ("V", "V", "V", "V", "s", "s"), strict=True)
    ]
    low, high, noise_low, noise_high, dwell_low, dwell_high = estimates
    findings = examine(point, volts, Scale(centre, scale, step))
    for text in findings.concerns:
        warnings.warn(text, stacklevel=2)
    return TelegraphFit(
        low,
        high,
        noise_low,
        noise_high,
        dwell_low,
        dwell_high,
        step,
        flips,
        findings.p_values,
        findings.concerns,
        covariance,
        level,
    )


def _fitted(volts: np.ndarray) -> tuple[np.ndarray, float, np.ndarray]:
    """Parameters of a scaled trace, flips seen, and covariance."""
    from scipy.optimize import minimize

    start = _start(volts)
    found = minimize(likelihood.slope, start, (volts,), "BFGS", True, options={"gtol": 1e-3})
    point = found.x if found.x[0] <= found.x[1] else found.x[[1, 0, 3, 2, 5, 4]]
    single = 0.5 * len(volts) * (1 + np.log(2 * np.pi))  # of one Gaussian of unit variance
    if not 2 * (single - found.fun) > _LEAST_GAIN:
        raise SpinlearnValueError(
            "trace",
            f"{len(volts)} samples that one level describes as well",
            "a trace with two levels",
            "Record longer, or where the junction flips.",
        )
    flips = _flips(point, len(volts))
    if flips < _FEWEST_FLIPS:
        raise SpinlearnValueError(
            "trace", f"{flips:.1f} flips", f"{_FEWEST_FLIPS} flips or more", "Record longer."
        )
    return point, flips, _covariance(point, volts)


def _cause(volts: np.ndarray, scale: Scale) -> SpinlearnValueError | None:
    """Why two levels do not fit a trace, if it is for what a recorder adds."""
    allowed = "two levels with white Gaussian noise"
    far = spikes(volts)
    if len(far):
        shown, remedy = spike_words(volts, far, scale)
        return SpinlearnValueError("trace", shown, allowed, remedy)
    if is_coarse(volts):
        shown, remedy = coarse_words(code_step(volts), scale)
        return SpinlearnValueError("trace", shown, allowed, remedy)
    return None


def _start(volts: np.ndarray) -> np.ndarray:
    """A mixture of two Gaussians, and the flips over the threshold between them."""
    levels = np.quantile(volts, [0.1, 0.9])
    noise, share = np.full(2, max(0.25 * (levels[1] - levels[0]), 0.05)), np.full(2, 0.5)
    weight = np.empty((len(volts), 2))
    for _ in range(60):
        scores = (volts[:, None] - levels) / noise
        weight = share / noise * np.exp(-0.5 * scores**2) + 1e-300
        weight /= weight.sum(axis=1, keepdims=True)
        total = weight.sum(axis=0) + 1e-9
        share, levels = total / total.sum(), (weight * volts[:, None]).sum(axis=0) / total
        spread = (weight * (volts[:, None] - levels) ** 2).sum(axis=0) / total
        noise = np.sqrt(np.maximum(spread, 1e-6))
    high = weight[:, 1] > 0.5
    flips = np.sum(high[1:] != high[:-1])
    counts = np.array([np.sum(~high), np.sum(high)])
    rates = np.clip((0.5 * flips + 0.5) / (counts + 1), 1e-6, 1.0)
    return np.concatenate([levels, np.log(noise), np.log(rates)])


def _covariance(point: np.ndarray, volts: np.ndarray) -> np.ndarray:
    """Inverse of the observed information, if the trace determines all six numbers."""
    information = likelihood.information(point, volts)
    values = np.linalg.eigvalsh(information)
    if values[0] > 0:
        found = np.linalg.inv(information)
        if np.sqrt(np.diag(found)[2:].max()) < _LARGEST_ERROR:
            return found
    raise SpinlearnValueError(
        "trace",
        "levels or dwell times that cannot be told",
        "levels apart by their noise or more, and several samples in a dwell time",
        "Record longer, sample faster, or with less noise.",
    )


def _flips(point: np.ndarray, count: int) -> float:
    rates = np.exp(point[4:])
    total = rates.sum()
    return float(count * 2 * rates.prod() / total**2 * -np.expm1(-total))
