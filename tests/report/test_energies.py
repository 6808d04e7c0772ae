"""Energies over time: what the axes say, and labels that can be read."""

from __future__ import annotations

import io
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from spinlearn import SpinlearnValueError
from spinlearn.report import energies_figure
from spinlearn.report._energies import _spread_out
from spinlearn.report._style import LINES

pytestmark = pytest.mark.once

T = np.linspace(0, 1e-9, 41)
ENERGIES = {
    "exchange": 1e-18 + 2e-19 * np.sin(1e10 * T),
    "demag": 4e-18 * np.exp(-T / 5e-10),
    "Zeeman": -3e-18 * T / 1e-9,
}


def _png(figure: Figure) -> bytes:
    file = io.BytesIO()
    figure.savefig(file, dpi=50)
    return file.getvalue()


def _labels(figure: Figure) -> dict[str, Any]:
    return {text.get_text(): text for text in figure.axes[0].texts}


def test_axes_have_prefixes_and_lines_their_values() -> None:
    figure = energies_figure(T, ENERGIES)
    ax = figure.axes[0]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("time (ns)", "energy (aJ)")
    assert ax.get_xlim() == pytest.approx((0, 1))
    for line, values in zip(ax.lines, ENERGIES.values(), strict=True):
        np.testing.assert_allclose(np.asarray(line.get_xdata()), 1e9 * T)
        np.testing.assert_allclose(np.asarray(line.get_ydata()), 1e18 * values)
    assert _png(figure).startswith(b"\x89PNG")


def test_every_line_has_its_name_in_its_color() -> None:
    figure = energies_figure(T, ENERGIES)
    labels = _labels(figure)
    assert list(labels) == list(ENERGIES)
    for line, text in zip(figure.axes[0].lines, labels.values(), strict=True):
        assert text.get_color() == line.get_color()


def test_lines_that_end_together_keep_their_labels_apart() -> None:
    figure = energies_figure(T, {f"film {k}": 1e-19 + 1e-24 * k + 0 * T for k in range(6)})
    _png(figure)
    boxes = [text.get_window_extent() for text in figure.axes[0].texts]
    boxes.sort(key=lambda box: box.y0)
    assert all(low.y1 <= high.y0 + 1 for low, high in pairwise(boxes))


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ([0.1, 0.5, 0.9], [0.1, 0.5, 0.9]),
        ([0.5, 0.5], [0.45, 0.55]),
        ([0.9, 0.5, 0.5], [0.9, 0.45, 0.55]),
        ([0.5, 0.52, 0.54], [0.42, 0.52, 0.62]),
    ],
)
def test_labels_move_as_little_as_needed(wanted: list[float], expected: list[float]) -> None:
    np.testing.assert_allclose(_spread_out(np.array(wanted), 0.1), expected, atol=1e-12)


def test_the_order_of_labels_is_that_of_the_lines() -> None:
    rng = np.random.default_rng(0)
    for count in range(1, 12):
        wanted = rng.uniform(size=count)
        heights = _spread_out(wanted, 0.1)
        assert np.array_equal(np.argsort(heights), np.argsort(wanted))
        assert np.all(np.diff(np.sort(heights)) > 0.1 - 1e-12)
        assert np.isclose(heights.mean(), wanted.mean())


def test_colors_differ_in_lightness_or_dashes_and_none_twice() -> None:
    assert len({color for color, _ in LINES}) == len({dashes for _, dashes in LINES}) == len(LINES)
    for color, _ in LINES:
        assert np.dot(to_rgb(color), (0.2126, 0.7152, 0.0722)) < 0.75  # seen on white


def test_gaps_one_time_and_more_lines_than_colors() -> None:
    gap = np.where(T > 5e-10, np.nan, 1e-19)
    figure = energies_figure(T, {"stopped": gap, "never": np.nan + T})
    assert list(_labels(figure)) == ["stopped", "never"]
    assert figure.axes[0].get_xlim() == pytest.approx((0, 1))
    assert _png(figure)
    assert _png(energies_figure([0.0], {"start": [1e-20]}))
    many = energies_figure(T, {str(k): k * 1e-19 + 0 * T for k in range(9)})
    assert len(many.axes[0].lines) == 9
    assert _png(energies_figure(T, {"nothing": 0 * T}))


def test_small_energies_are_in_zeptojoule() -> None:
    figure = energies_figure(1e-3 * T, {"kT": 4.1e-21 + 0 * T})
    assert figure.axes[0].get_ylabel() == "energy (zJ)"
    assert figure.axes[0].get_xlabel() == "time (ps)"


def test_what_does_not_fit_is_named() -> None:
    with pytest.raises(SpinlearnValueError, match=r"^times "):
        energies_figure(1e-9, ENERGIES)
    with pytest.raises(SpinlearnValueError, match=r"^times "):
        energies_figure([0.0, np.nan], {"a": [0.0, 1.0]})
    with pytest.raises(SpinlearnValueError, match=r"^energies "):
        energies_figure(T, {})
    with pytest.raises(SpinlearnValueError, match=r"^energies "):
        energies_figure(T, ENERGIES["demag"])  # pyright: ignore
    with pytest.raises(SpinlearnValueError, match=r"^energies\['demag'\] "):
        energies_figure(T[1:], {"demag": ENERGIES["demag"]})
