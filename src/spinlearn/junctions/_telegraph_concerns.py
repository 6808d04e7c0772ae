"""What speaks against a fit of two levels, in words: what the trace shows, and what to do."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from spinlearn.junctions import _telegraph_checks as checks
from spinlearn.junctions._level_count import more_levels

# Steps of a digitiser, in standard deviations of the noise, from which they are no noise any more.
_COARSE = 1.2
# Of edges: below, a filter explains samples far from both levels, above, these the edges.
_PLAIN = 1e-10
_LARGEST_LAG = 200


class Scale(NamedTuple):
    """Volts of scaled number 0 and 1, and the time between samples, s."""

    centre: float
    volts: float
    sample_time: float


class Findings(NamedTuple):
    """p-values by test, and concerns in words."""

    p_values: dict[str, float]
    concerns: tuple[str, ...]


def examine(point: np.ndarray, volts: np.ndarray, scale: Scale) -> Findings:
    """All tests of a scaled trace at the parameters of its fit, and what they mean together.

    What explains the others is named alone: a third level also correlates neighbours, a line also
    widens the levels.
    """
    from scipy.stats import kstest

    step = checks.code_step(volts)
    seen = checks.decoded(point, volts, step)
    scores = checks.normal_scores(seen.below)
    power = checks.spectrum(scores)
    model = checks.drawn(point, len(volts))
    visit = float(np.mean(np.exp(-point[4:])))  # in samples
    most = min(_LARGEST_LAG, len(volts) // 10)
    p_outlier, far = checks.outliers(point, volts, seen)
    p_line, cycles = checks.line(power)
    p_neighbours, correlation = checks.neighbours(scores)
    p_values = {
        "levels": float(kstest(seen.below, "uniform").pvalue),
        "correlations": checks.correlations(scores, int(np.clip(4 * visit, 10, most))),
        "outliers": p_outlier,
        "drift": checks.drift(power),
        "line": p_line,
        "neighbours": p_neighbours,
        "edges": checks.edges(seen, model),
        "dwell": checks.dwell(seen, model),
    }
    low = {name for name, p in p_values.items() if p < checks.REJECTED}
    filtered = p_values["edges"] < _PLAIN
    far = np.union1d(far if "outliers" in low and not filtered else [], checks.spikes(volts))
    coarse = step > _COARSE * np.exp(point[2:4]).min()
    levels = more_levels(point, volts) if low and not coarse else None
    # Flips in a beat are a line too.
    beat = cycles / len(volts) / scale.sample_time if {"line", "dwell"} <= low else 0.0
    found = []
    if coarse:
        shown, remedy = coarse_words(step, scale)
        found.append(f"{shown}: noise and its interval are wrong, levels to a part of it. {remedy}")
    if len(far):
        found.append(". ".join(spike_words(volts, far.astype(int), scale)))
        low -= set() if filtered else {"edges", "neighbours"}
    if levels is not None:
        found.append(_level_words(levels, p_values, scale))
    elif not coarse and not beat:
        found += _disturbed(low, p_values, cycles / len(volts), correlation, scale)
    if "dwell" in low and not found:
        found.append(_dwell_words(p_values, beat))
    if low & {"levels", "correlations"} and not found:
        found.append(_general_words(p_values))
    return Findings(p_values, tuple(found))


def _disturbed(
    low: set[str], p_values: dict[str, float], frequency: float, correlation: float, scale: Scale
) -> list[str]:
    """Hum, drift or a filter: the first two also correlate neighbours."""
    found = []
    if "line" in low:
        found.append(
            f"the trace holds a wave of {frequency / scale.sample_time:.4g} Hz (largest line of "
            f"the residuals' periodogram, {_p(p_values['line'])}), hum of the mains, say: levels "
            "and noise are wrong, dwell times less so. Subtract a fitted sine of that frequency, "
            "or shield the leads."
        )
    elif "drift" in low:
        found.append(
            f"the levels wander over the record (slowest cycles of the residuals, "
            f"{_p(p_values['drift'])}): drift, or a second junction that flips rarely. Subtract a "
            "running median over many dwell times, or fit shorter pieces one by one."
        )
    if "edges" in low or ("neighbours" in low and not found):
        found.append(_filter_words(low, p_values, correlation))
    return found


def _filter_words(low: set[str], p_values: dict[str, float], correlation: float) -> str:
    test = (
        f"first samples after a flip are too near to the old level, {_p(p_values['edges'])}"
        if "edges" in low
        else f"residuals one sample apart correlate by {correlation:.2f}, "
        f"{_p(p_values['neighbours'])}"
    )
    return (
        f"the trace is not that of white noise and sudden flips ({test}): a low-pass filter with a "
        "time constant near the sample time, say. Dwell times and their intervals are wrong: "
        "sample at 5 time constants or more, keeping every n-th sample, or widen the bandwidth."
    )


def _level_words(levels: np.ndarray, p_values: dict[str, float], scale: Scale) -> str:
    shown = ", ".join(f"{scale.centre + scale.volts * level:.4g}" for level in levels)
    return (
        f"the trace has {len(levels)} levels ({shown} V; distribution of the samples, "
        f"{_p(p_values['levels'])}), as of junctions in series: this fit mixes them. Record one "
        "junction alone, or bias the others so that they stay."
    )


def _dwell_words(p_values: dict[str, float], beat: float) -> str:
    line = f" The residuals have a line at {beat:.4g} Hz, a beat or hum." if beat else ""
    return (
        "dwell times are not exponential (spread of the visits' lengths beside that of the fitted "
        f"chain, {_p(p_values['dwell'])}): rates that change, a third state at the same "
        "level, or a clock. The means hold as means; intervals and barriers do not. Look "
        f"at the distribution in `telegraph_fit_figure`, and fit shorter pieces.{line}"
    )


def _general_words(p_values: dict[str, float]) -> str:
    return (
        "two levels with white Gaussian noise and exponential dwell times do not describe the "
        f"trace (distribution of the samples, {_p(p_values['levels'])}, correlations of the "
        f"residuals, {_p(p_values['correlations'])}): intervals are wrong. Look at it with "
        "`telegraph_fit_figure`."
    )


def coarse_words(step: float, scale: Scale) -> tuple[str, str]:
    """That a digitiser is too coarse, and what to do."""
    return (
        f"samples in steps of {scale.volts * step:.3g} V, the digitiser's, above their noise",
        "Record in a finer range of the digitiser, or add noise of a known size, the step over √12 "
        "or more: the dwell times stay.",
    )


def spike_words(volts: np.ndarray, far: np.ndarray, scale: Scale) -> tuple[str, str]:
    """That single samples are far from everything, and what to do."""
    first = far[0]
    shown = scale.centre + scale.volts * volts[first]
    return (
        f"{len(far)} of {len(volts)} samples far from all others, the first of them "
        f"trace[{first}] = {shown:.4g} V: spikes, or visits shorter than a sample",
        "Replace each by the sample before it, and fit again.",
    )


def _p(p_value: float) -> str:
    return f"p = {p_value:.1g}" if not p_value < 1e-99 else "p < 1e-99"
