"""Fits over their data: what is drawn is what was counted and fitted."""

from __future__ import annotations

import io
import warnings

import numpy as np
import pytest
from matplotlib.figure import Figure

from benchmarks.fit_coverage import SAMPLE_TIME, TELEGRAPH, counts, recording
from spinlearn.junctions import (
    SwitchingTable,
    fit_switching,
    fit_telegraph,
    thermal_activation,
)
from spinlearn.report import switching_fit_figure, telegraph_fit_figure

pytestmark = pytest.mark.once


def _png(figure: Figure) -> bytes:
    file = io.BytesIO()
    figure.savefig(file, dpi=50)
    return file.getvalue()


def test_switching_fit_shows_counts_curves_and_numbers() -> None:
    volts, length, switched, trials = counts(np.random.default_rng(1))
    data = SwitchingTable(-volts, length, switched, trials)
    fit = fit_switching(data, "thermal-activation")
    figure = switching_fit_figure(fit)
    ax = figure.axes[0]
    assert ax.get_xlabel() == "voltage (mV)"
    points = [line for line in ax.lines if line.get_marker() not in ("", "None")]
    curves = [
        line for line in ax.lines if line.get_marker() in ("", "None") and line.get_ls() != "None"
    ]
    assert len(points) == len(curves) == 4
    for line, curve, pulse in zip(points, curves, (1e-8, 1e-7, 1e-6, 1e-5), strict=True):
        rows = length == pulse
        np.testing.assert_allclose(np.asarray(line.get_xdata()), -1e3 * volts[rows])
        np.testing.assert_allclose(np.asarray(line.get_ydata()), switched[rows] / trials[rows])
        x, y = np.asarray(curve.get_xdata()), np.asarray(curve.get_ydata())
        np.testing.assert_allclose(y, fit.probability(1e-3 * x, pulse))
        assert x.min() <= -380 <= -100 <= x.max()
    legend = ax.get_legend()
    assert legend is not None
    assert [t.get_text() for t in legend.get_texts()] == ["10 ns", "100 ns", "1 µs", "10 µs"]
    words = ax.texts[0].get_text()
    assert "critical voltage" in words
    assert f"on {fit.degrees} d.f." in words
    assert not ax.get_title()
    assert _png(figure).startswith(b"\x89PNG")


def test_more_pulse_lengths_than_colors_and_a_given_parameter() -> None:
    length = np.repeat(np.logspace(-9, -5, 9), 2)
    volts = np.resize([0.3, 0.35], 18)
    p = -np.expm1(-length / (1e-9 * np.exp(45 * (1 - volts / 0.5) ** 2)))
    fit = fit_switching(
        SwitchingTable(volts, length, np.round(100 * p), np.full(18, 100)),
        "thermal-activation",
        given={"attempt_time": 1e-9},
    )
    figure = switching_fit_figure(fit)
    assert "1 ns (given)" in figure.axes[0].texts[0].get_text()
    assert _png(figure)


def test_a_figure_of_a_fit_that_the_data_refuse_says_so() -> None:
    data = SwitchingTable(*counts(np.random.default_rng(1)))
    with pytest.warns(UserWarning, match="does not describe"):
        fit = fit_switching(data, thermal_activation(1.0), given={"attempt_time": 1e-9})
    ax = switching_fit_figure(fit).axes[0]
    assert ax.get_title() == "rejected by the data: p < 0.001"
    # Rows beyond the model's range alone are marked too, in other words.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        low = fit_switching(data, "thermal-activation", given={"critical_voltage": 0.40})
    title = switching_fit_figure(low._replace(p_value=0.5)).axes[0].get_title()
    assert title == f"{len(low.outside)} of 52 rows outside of the model's range"


def test_telegraph_fit_shows_trace_samples_and_dwell_times() -> None:
    trace = recording(np.random.default_rng(1), 3000, TELEGRAPH["of one noise"])
    fit = fit_telegraph(trace, SAMPLE_TIME)
    figure = telegraph_fit_figure(fit, trace)
    shown, samples, dwell = figure.axes
    drawn = np.asarray(shown.lines[0].get_ydata())
    np.testing.assert_allclose(drawn, 1e3 * trace[: len(drawn)])
    assert shown.get_ylabel() == "voltage (mV)"
    # The two fitted densities together have the area of a histogram.
    areas = [
        np.trapezoid(np.asarray(x.get_ydata()), np.asarray(x.get_xdata())) for x in samples.lines
    ]
    assert sum(areas) == pytest.approx(1, abs=0.02)
    # Visits as a threshold sees them, which is right for these levels.
    flips = np.flatnonzero((trace[1:] > 0.042) != (trace[:-1] > 0.042)) + 1
    assert sum(len(np.asarray(x.get_xdata())) for x in dwell.lines[::2]) == len(flips) - 1
    assert dwell.get_xlabel() == "dwell time (ms)"
    assert _png(figure).startswith(b"\x89PNG")
