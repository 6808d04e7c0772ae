"""Fits to a lab's data, drawn over the data."""

from __future__ import annotations

import re
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from spinlearn._intervals import wilson
from spinlearn.junctions import SwitchingFit, TelegraphFit
from spinlearn.report._quantities import number, quantity
from spinlearn.report._style import LINES, STYLE, prefixed

_SHOWN_FLIPS = 12
_MARKERS = "os^Dv<>"


def switching_fit_figure(fit: SwitchingFit) -> Figure:
    """Probability to switch against voltage, one curve for every pulse length, over the counts.

    Parameters
    ----------
    fit
        What `fit_switching` returned; its counts are drawn with Wilson's 95 % intervals.

    Returns
    -------
    matplotlib.figure.Figure
        Voltages in V or mV; the parameters with their intervals, the deviance and its p-value
        stand beside the curves, and in red above them what speaks against the fit. With more
        than seven pulse lengths colours follow their order.

    Examples
    --------
    >>> from spinlearn.junctions import SwitchingTable, fit_switching
    >>> volts, switched = [0.40, 0.45, 0.50, 0.55], [13, 38, 67, 87]
    >>> table = SwitchingTable(volts, [1e-8] * 4, switched, [100] * 4)
    >>> figure = switching_fit_figure(fit_switching(table, given={"relaxation_time": 1e-9}))
    >>> figure.axes[0].get_xlabel(), figure.axes[0].get_ylabel()
    ('voltage (mV)', 'switching probability')
    """
    table = fit.table
    scale, volt = prefixed(float(np.abs(table.voltage).max()), "V")
    lengths = np.unique(table.pulse_length)
    sign = np.sign(table.voltage[np.argmax(np.abs(table.voltage))]) or 1.0
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(5.6, 2.9), layout="constrained")
        ax = figure.add_subplot(xlabel=f"voltage ({volt})", ylabel="switching probability")
        for k, length in enumerate(lengths):
            color, dashes = _style(k, len(lengths))
            rows = table.pulse_length == length
            volts = table.voltage[rows]
            share = table.switched[rows] / table.trials[rows]
            ends = [wilson(p, int(n)) for p, n in zip(share, table.trials[rows], strict=True)]
            error = np.abs(np.array(ends).T - share)
            text = " ".join(quantity(float(length), "s", 3))
            marker = _MARKERS[k % len(_MARKERS)]
            ax.errorbar(
                scale * volts, share, error, fmt=marker, color=color, ms=3, lw=0.7, label=text
            )
            along = sign * np.linspace(*_span(np.abs(table.voltage)), 300)
            ax.plot(scale * along, fit.probability(along, length), color=color, ls=dashes, lw=1.1)
        ax.set_ylim(-0.03, 1.03)
        ax.spines[["top", "right"]].set_visible(False)
        ax.legend(
            title="pulse length",
            frameon=False,
            fontsize=7,
            loc="upper left",
            bbox_to_anchor=(1.02, 1.0),
            ncols=1 + (len(lengths) - 1) // 9,
        )
        if fit.concerns:
            ax.set_title(_refusal(fit), color="#b00020", fontsize=8, loc="center")
        ax.text(1.04, 0.0, _words(fit), transform=ax.transAxes, fontsize=7, va="bottom")
    return figure


def telegraph_fit_figure(fit: TelegraphFit, trace: Any) -> Figure:
    """A trace with its fitted levels, the distribution of its samples, and of its dwell times.

    Parameters
    ----------
    fit
        What `fit_telegraph` returned.
    trace
        The trace that was fitted, ``(N,)``, V.

    Returns
    -------
    matplotlib.figure.Figure
        (a) a stretch of the trace with the more likely level; (b) a histogram of all samples with
        the fitted densities; (c) how many visits to each level last longer than a time, as
        decoded, and the fitted geometric law. In red above them, what speaks against the fit.

    Examples
    --------
    >>> import jax
    >>> from spinlearn.junctions import fit_telegraph, named_noise
    >>> noise, key = named_noise("koenders2025"), jax.random.key(0)
    >>> _, trace = noise.sample(noise.init(key=key), 4000, key=key)
    >>> figure = telegraph_fit_figure(fit_telegraph(trace, noise.sample_time), trace)
    >>> [ax.get_title(loc="left") for ax in figure.axes]
    ['(a) trace', '(b) samples', '(c) dwell times']
    """
    volts = np.asarray(trace, np.float64)
    high = fit.states(volts) > 0.5
    scale, volt = prefixed(float(np.abs(volts).max()), "V")
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(7.2, 2.5), layout="constrained")
        axes = figure.subplots(1, 3, width_ratios=(1.3, 0.8, 1.0))
        _draw_trace(axes[0], fit, volts, high, scale, volt)
        _draw_samples(axes[1], fit, volts, scale, volt)
        _draw_dwell(axes[2], fit, high)
        for letter, title, ax in zip("abc", ("trace", "samples", "dwell times"), axes, strict=True):
            ax.set_title(f"({letter}) {title}")
            ax.spines[["top", "right"]].set_visible(False)
        if fit.concerns:
            words = "; ".join(re.split(r"[(:]", text)[0].strip() for text in fit.concerns)
            figure.suptitle(f"not to be trusted: {words}", color="#b00020", fontsize=8)
    return figure


def _draw_trace(
    ax: Axes, fit: TelegraphFit, volts: np.ndarray, high: np.ndarray, scale: float, volt: str
) -> None:
    flips = np.flatnonzero(high[1:] != high[:-1])
    count = int(flips[_SHOWN_FLIPS]) if len(flips) > _SHOWN_FLIPS else len(volts)
    time = fit.sample_time * np.arange(count)
    factor, second = prefixed(float(time[-1]), "s")
    level = np.where(high[:count], fit.high.value, fit.low.value)
    ax.plot(factor * time, scale * volts[:count], color="0.55", lw=0.6, label="recorded")
    ax.step(
        factor * time,
        scale * level,
        where="mid",
        color=LINES[1][0],
        lw=1.1,
        label="more likely level",
    )
    ax.set(xlabel=f"time ({second})", ylabel=f"voltage ({volt})")
    low, top = ax.get_ylim()
    ax.set_ylim(low, top + 0.22 * (top - low))
    ax.legend(frameon=False, fontsize=6.5, loc="upper right", ncols=2, handlelength=1.4)


def _draw_samples(ax: Axes, fit: TelegraphFit, volts: np.ndarray, scale: float, volt: str) -> None:
    share = fit.dwell_high.value / (fit.dwell_low.value + fit.dwell_high.value)
    ax.hist(scale * volts, 80, density=True, color="0.8", label="recorded")
    along = np.linspace(volts.min(), volts.max(), 400)
    parts = ((1 - share, fit.low, fit.noise_low, 0), (share, fit.high, fit.noise_high, 1))
    for weight, level, noise, k in parts:
        score = (along - level.value) / noise.value
        density = weight * np.exp(-0.5 * score**2) / np.sqrt(2 * np.pi) / (noise.value * scale)
        ax.plot(scale * along, density, color=LINES[k][0], ls=LINES[k][1], lw=1.1)
    ax.set(xlabel=f"voltage ({volt})", ylabel=f"density (1/{volt})")
    ax.text(
        0.5, 0.97, _level_words(fit), transform=ax.transAxes, fontsize=6.5, ha="center", va="top"
    )
    ax.set_ylim(0, 1.3 * ax.get_ylim()[1])


def _draw_dwell(ax: Axes, fit: TelegraphFit, high: np.ndarray) -> None:
    flips = np.flatnonzero(high[1:] != high[:-1]) + 1
    # The first and the last visit were cut by the recording.
    lengths, states = np.diff(flips), high[flips[:-1]]
    rates = fit.sample_time / np.array([fit.dwell_low.value, fit.dwell_high.value])
    leave = rates / rates.sum() * -np.expm1(-rates.sum())
    factor, second = prefixed(fit.sample_time * float(max(lengths, default=1)), "s")
    for k, (name, dwell) in enumerate((("low", fit.dwell_low), ("high", fit.dwell_high))):
        visits = np.sort(lengths[states == bool(k)])
        color = LINES[k][0]
        if len(visits):
            longer = 1 - np.arange(len(visits)) / len(visits)
            ax.step(factor * fit.sample_time * visits, longer, where="pre", color=color, lw=0.8)
            along = np.arange(1, visits[-1] + 1)
            text = f"{name}: {_short(dwell)}"
            law = (1 - leave[k]) ** (along - 1)
            ax.plot(
                factor * fit.sample_time * along,
                law,
                color=color,
                ls=(0, (2, 2)),
                lw=1.6,
                alpha=0.6,
                label=text,
            )
    ax.set_yscale("log")
    ax.set_ylim(top=30)
    ax.set(xlabel=f"dwell time ({second})", ylabel="share of visits as long")
    ax.legend(frameon=False, fontsize=6.5, loc="upper right", title="fitted τ", title_fontsize=6.5)


def _short(estimate: Any, digits: int = 3) -> str:
    largest = estimate.high if np.isfinite(estimate.high) else estimate.value
    scale, unit = prefixed(abs(largest), estimate.unit) if estimate.unit else (1.0, "")
    value, low, high = (number(scale * x, digits) for x in estimate[:3])
    return f"{value} {unit} ({low} to {high})".replace("  ", " ")


def _level_words(fit: TelegraphFit) -> str:
    return "\n".join(_short(one, 4) for one in (fit.low, fit.high))


def _words(fit: SwitchingFit) -> str:
    lines = [f"{fit.model.name}"]
    for name, estimate in fit.estimates.items():
        text = _short(estimate) if estimate.low < estimate.high else _given(estimate)
        lines.append(f"{name.replace('_', ' ')}\n  {text}")
    p_value = f"p = {fit.p_value:.2g}" if fit.p_value == fit.p_value else "no p-value"
    lines.append(f"deviance {number(fit.deviance, 3)} on {fit.degrees} d.f., {p_value}")
    return "\n".join(lines)


def _refusal(fit: SwitchingFit) -> str:
    if fit.rejected:
        return "rejected by the data: p < 0.001"
    return f"{len(fit.outside)} of {len(fit.table.voltage)} rows outside of the model's range"


def _given(estimate: Any) -> str:
    scale, unit = prefixed(abs(estimate.value), estimate.unit) if estimate.unit else (1.0, "")
    return f"{number(scale * estimate.value, 3)} {unit} (given)".replace("  ", " ")


def _style(k: int, count: int) -> tuple[Any, Any]:
    if count <= len(LINES):
        return LINES[k]
    return mpl.colormaps["viridis"](0.9 * k / (count - 1)), "-"


def _span(volts: np.ndarray) -> tuple[float, float]:
    low, high = float(volts.min()), float(volts.max())
    margin = 0.04 * (high - low) or 0.04 * high
    return max(low - margin, 0.0), high + margin
