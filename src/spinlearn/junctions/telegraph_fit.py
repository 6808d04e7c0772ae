"""What a fit to a trace of telegraph noise found, and how far it is to be believed."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from spinlearn._checks import as_number
from spinlearn.constants import K_B
from spinlearn.junctions import _telegraph_likelihood as likelihood
from spinlearn.junctions._checked_trace import checked_trace, scaled
from spinlearn.junctions.estimate import Estimate
from spinlearn.junctions.telegraph_noise import TelegraphNoise


class TelegraphFit(NamedTuple):
    """Two levels, their noise and their dwell times, with intervals.

    Printed, it shows them, and what speaks against them.

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
    p_values
        By test, the probability of what is seen or of more if the model is right (no unit):
        "levels", of the distribution of samples given those before (Kolmogorov and Smirnov);
        "correlations", of what surprises at one sample and at later ones, up to four dwell times
        (Ljung and Box), "neighbours", at the next one; "outliers", of the sample farthest from
        both levels (Bonferroni); "line", of the largest one in the periodogram (Fisher), "drift",
        of its slowest cycles (F); "edges", of first samples after flips, and "dwell", of the spread
        of the visits' lengths, both beside traces drawn from the fitted chain.
    concerns
        What speaks against the fit, with the test and a remedy (no unit); empty for nothing. A
        test counts below 0.0002.
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
    p_values: dict[str, float]
    concerns: tuple[str, ...]
    covariance: np.ndarray
    confidence: float

    def __repr__(self) -> str:
        lines = [f"two levels, {self.flips:.0f} flips"]
        lines += [f"{name}: {one}" for name, one in zip(self._fields[:6], self[:6], strict=True)]
        lines.append(f"p of levels {self.p_levels:.2g}, of dwell times {self.p_dwell:.2g}")
        return "\n".join(lines + [f"NOT TO BE TRUSTED: {text}" for text in self.concerns])

    @property
    def p_levels(self) -> float:
        """Of the distribution of samples, as in ``p_values`` (no unit)."""
        return self.p_values["levels"]

    @property
    def p_dwell(self) -> float:
        """Of correlations: small if dwells are not exponential or noise not white (no unit)."""
        return self.p_values["correlations"]

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
        volts, centre, scale = scaled(checked_trace(trace, np.inf))
        levels = (np.array([self.low.value, self.high.value]) - centre) / scale
        noise = np.log(np.array([self.noise_low.value, self.noise_high.value]) / scale)
        rates = np.log(self.sample_time / np.array([self.dwell_low.value, self.dwell_high.value]))
        return likelihood.look(np.concatenate([levels, noise, rates]), volts)[1]
