"""From a recorded trace to the levels, dwell times and barriers of a junction."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from spinlearn._checks import as_number, as_numbers
from spinlearn.constants import K_B
from spinlearn.errors import SpinlearnValueError
from spinlearn.junctions import _telegraph_likelihood as likelihood
from spinlearn.junctions.estimate import Estimate
from spinlearn.junctions.telegraph_noise import TelegraphNoise

_FEWEST_SAMPLES, _FEWEST_FLIPS = 100, 10
# Gain in twice the log-likelihood over one Gaussian, for four parameters more.
_LEAST_GAIN = 40.0
_LARGEST_ERROR = 1.0


class TelegraphFit(NamedTuple):
    """Two levels, their noise and their dwell times, with intervals.

    Parameters
    ----------
    low, high
        Levels, V.
    noise_low, noise_high
        Standard deviation of the white noise at each level, V.
    dwell_low, dwell_high
        Mean dwell times, s, those too short to be sampled accounted for.
    sample_time
        s.
    flips
        Expected number of flips seen (no unit).
    p_levels
        Probability of as large a distance between the samples' cumulative probabilities and a
        uniform distribution (Kolmogorov and Smirnov) if the model is right (no unit).
    p_dwell
        The same of the correlations between the surprise at one sample and at later ones, up to
        four dwell times (Ljung and Box): small if dwell times are not exponential, or if the noise
        is not white (no unit).
    covariance
        Of levels (V), logarithms of noise and logarithms of dwell times, ``(6, 6)``.
    confidence
        Of the intervals (no unit).

    Examples
    --------
    >>> TelegraphFit._fields[:2]
    ('low', 'high')
    """

    low: Estimate
    high: Estimate
    noise_low: Estimate
    noise_high: Estimate
    dwell_low: Estimate
    dwell_high: Estimate
    sample_time: float
    flips: float
    p_levels: float
    p_dwell: float
    covariance: np.ndarray
    confidence: float

    def barriers(
        self, attempt_time: float, temperature: float = 300.0
    ) -> tuple[Estimate, Estimate]:
        """Barriers k_B T ln(τ/τ_0) out of the low and the high state, J.

        The intervals are those of the dwell times alone. An attempt time that is wrong by a decade
        moves both barriers by 2.3 k_B T; measured ones span 1e-18 to 1e-9 s.

        Parameters
        ----------
        attempt_time
            τ_0, s.
        temperature
            K.

        Raises
        ------
        SpinlearnValueError
            If the attempt time is not positive and below the dwell times.
        """
        longest = min(self.dwell_low.low, self.dwell_high.low)
        attempt = as_number(
            attempt_time,
            "attempt_time",
            lambda t: 0 < t < longest,
            f"a positive number below {longest:.3g} s, the shortest dwell time",
            "Pass seconds.",
        )
        kelvin = as_number(
            temperature, "temperature", lambda t: t > 0, "a positive number, K", "Pass kelvins."
        )
        found = []
        for dwell in (self.dwell_low, self.dwell_high):
            value, low, high = K_B * kelvin * np.log(np.array(dwell[:3]) / attempt)
            found.append(Estimate(float(value), float(low), float(high), "J"))
        return found[0], found[1]

    def noise(self) -> TelegraphNoise:
        """The source of such noise (V, s); its readout noise is the mean of both levels'."""
        share = self.dwell_high.value / (self.dwell_low.value + self.dwell_high.value)
        power = (1 - share) * self.noise_low.value**2 + share * self.noise_high.value**2
        return TelegraphNoise(
            self.dwell_low.value,
            self.dwell_high.value,
            self.low.value,
            self.high.value,
            self.sample_time,
            float(np.sqrt(power)),
        )

    def states(self, trace: Any) -> np.ndarray:
        """Probability of the high state at every sample of a trace (V), given all (no unit)."""
        volts, centre, scale = _scaled(_checked(trace, np.inf))
        levels = (np.array([self.low.value, self.high.value]) - centre) / scale
        noise = np.log(np.array([self.noise_low.value, self.noise_high.value]) / scale)
        rates = np.log(self.sample_time / np.array([self.dwell_low.value, self.dwell_high.value]))
        return likelihood.look(np.concatenate([levels, noise, rates]), volts)[1]


def fit_telegraph(
    trace: Any, sample_time: float, *, confidence: float = 0.95, largest: float = 10.0
) -> TelegraphFit:
    """The two levels, noise and dwell times under which a trace is most likely, with intervals.

    Assumed: two levels; flips at constant rates (exponential dwell times), at any instant between
    samples; at each level white Gaussian noise of its own size; a stationary start. Thresholds
    miss short visits and see flips in the noise; the likelihood of this hidden Markov chain, summed
    by the forward recursion, does neither. Intervals are from the observed information, normal in
    the levels and in the logarithms of noise and dwell times; they want some ten flips or more.
    Computed in float64; a million samples take seconds to a minute.

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
    from scipy.optimize import minimize
    from scipy.stats import norm

    level = as_number(
        confidence, "confidence", lambda c: 0 < c < 1, "a number from 0 to 1", "Pass 0.95, say."
    )
    step = as_number(
        sample_time, "sample_time", lambda t: 0 < t < np.inf, "a positive number, s", "Pass s."
    )
    volts, centre, scale = _scaled(_checked(trace, largest))
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
    covariance = _covariance(point, volts)
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
    p_levels, p_dwell = _goodness(point, volts)
    return TelegraphFit(
        low,
        high,
        noise_low,
        noise_high,
        dwell_low,
        dwell_high,
        step,
        flips,
        p_levels,
        p_dwell,
        covariance,
        level,
    )


def _checked(trace: Any, largest: float) -> np.ndarray:
    given = as_numbers(trace, "trace", "voltages (N,), V", "Pass the trace as an array.")
    if given.ndim != 1 or len(given) < _FEWEST_SAMPLES:
        raise SpinlearnValueError(
            "trace", f"shape {given.shape}", f"(N,), N >= {_FEWEST_SAMPLES}", "Pass one trace."
        )
    bad = ~np.isfinite(given)
    if bad.any():
        k = int(np.argmax(bad))
        raise SpinlearnValueError(f"trace[{k}]", given[k], "a finite voltage, V", "Cut it there.")
    if np.abs(given).max() > largest:
        k = int(np.argmax(np.abs(given)))
        raise SpinlearnValueError(
            f"trace[{k}]",
            f"{given[k]:g} V",
            f"at most {largest:g} V in magnitude",
            "If the trace is in mV, divide by 1000; if it is right, pass a higher `largest`.",
        )
    if not given.std() > 1e-9 * np.abs(given).max():
        raise SpinlearnValueError(
            "trace", "one value throughout", "a trace with two levels", "Check the readout."
        )
    return given


def _scaled(trace: np.ndarray) -> tuple[np.ndarray, float, float]:
    centre, scale = float(trace.mean()), float(trace.std())
    return (trace - centre) / scale, centre, scale


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


def _goodness(point: np.ndarray, volts: np.ndarray) -> tuple[float, float]:
    from scipy.stats import chi2, kstest, norm

    below, _ = likelihood.look(point, volts)
    scores = norm.ppf(np.clip(below, 1e-15, 1 - 1e-15))
    scores = (scores - scores.mean()) / scores.std()
    count = len(scores)
    visit = float(np.mean(np.exp(-point[4:])))  # in samples
    lags = np.arange(1, int(np.clip(4 * visit, 10, min(200, count // 10))) + 1)
    found = np.array([scores[k:] @ scores[:-k] for k in lags]) / count
    together = count * (count + 2) * float(np.sum(found**2 / (count - lags)))
    return float(kstest(below, "uniform").pvalue), float(chi2.sf(together, len(lags)))
