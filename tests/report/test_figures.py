"""Figures: what their axes say, and that they are there at all."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from spinlearn import Mesh, SpinlearnValueError
from spinlearn.report import (
    conductance_figure,
    current_figure,
    magnetization_colors,
    prefixed,
    readout_figure,
    texture_figure,
)

pytestmark = pytest.mark.once

NX, NY = 24, 20
CELL = (4e-9, 5e-9, 10e-9)


@pytest.fixture(scope="module")
def fields() -> dict[str, Any]:
    """A current from left to right, with a contact on either side."""
    angle = np.linspace(0, 4 * np.pi, NX)[:, None, None] * np.ones((1, NY, 1))
    m = np.stack([np.sin(angle), 0 * angle, np.cos(angle)])
    contacts = np.full((NX + 1, NY + 1), -1)
    contacts[0, 4:15], contacts[-1, 4:15] = 0, 1
    phi = np.linspace(2e-3, -2e-3, NX + 1)[:, None] * np.ones((1, NY + 1))
    density = np.stack([np.full((NX, NY, 1), 1e10), 0 * angle, 0 * angle])
    return {"m": m, "contacts": contacts, "phi": phi, "current_density": density}


def _png(figure: Figure) -> bytes:
    file = io.BytesIO()
    figure.savefig(file, dpi=50)
    return file.getvalue()


def _labels(figure: Figure) -> list[str]:
    axes = [a for ax in figure.axes for a in (ax, *ax.child_axes)]
    return [text for a in axes for text in (a.get_xlabel(), a.get_ylabel()) if text]


def test_colors_are_in_gamut_and_brightness_is_mz() -> None:
    rng = np.random.default_rng(0)
    m = rng.normal(size=(3, 500))
    m /= np.linalg.norm(m, axis=0)
    colors = magnetization_colors(m)
    assert colors.shape == (500, 3)
    assert colors.min() >= 0
    assert colors.max() <= 1
    up, flat, down = (magnetization_colors(v).mean() for v in ([0, 0, 1], [1, 0, 0], [0, 0, -1]))
    assert up > 0.95
    assert down < 0.1
    assert down < flat < up


def test_opposite_directions_look_different_to_everyone() -> None:
    """Blue against yellow is what red-green blindness leaves: +x and -x differ in it."""
    plus, minus = magnetization_colors([1, 0, 0]), magnetization_colors([-1, 0, 0])
    assert (plus[0] + plus[1]) / 2 - plus[2] > 0.2
    assert minus[2] - (minus[0] + minus[1]) / 2 > 0.15


@pytest.mark.parametrize(
    ("peak", "expected"),
    [
        (0.02, (1e3, "mS")),
        (1.0, (1.0, "S")),
        (1e-3, (1e3, "mS")),
        (2e4, (1e-3, "kS")),
        (0, (1, "S")),
        (6.3e-19, (1e21, "zS")),
        (1e-25, (1e21, "zS")),
    ],
)
def test_prefixes(peak: float, expected: tuple[float, str]) -> None:
    factor, unit = prefixed(peak, "S")
    assert (factor, unit) == (pytest.approx(expected[0]), expected[1])


def test_texture_figure(fields: dict[str, Any]) -> None:
    figure = texture_figure(fields["m"], CELL, contacts=fields["contacts"])
    assert _labels(figure) == ["x (nm)", "y (nm)"]
    assert any(ax.get_label() == "colour wheel" for ax in figure.axes[0].child_axes)
    numbers = {text.get_text() for text in figure.axes[0].texts}
    assert {"0", "1"} <= numbers
    assert _png(figure).startswith(b"\x89PNG")


def test_axes_of_a_large_film_are_in_micrometres(fields: dict[str, Any]) -> None:
    figure = texture_figure(fields["m"], (1e-7, 1e-7, 1e-8))
    assert _labels(figure) == ["x (µm)", "y (µm)"]
    assert figure.axes[0].get_xlim() == pytest.approx((0, 2.4))


def _scale_bars(figure: Figure) -> list[Any]:
    return [a for a in figure.axes[0].artists if a.get_label() == "scale bar"]


@pytest.mark.parametrize(
    ("cell", "text", "length"),
    [
        (CELL, "20 nm", 20.0),  # of 96 nm
        ((1e-8, 1e-8, 1e-8), "50 nm", 50.0),  # of 240 nm
        ((7e-9, 7e-9, 1e-8), "50 nm", 50.0),  # of 168 nm
        ((8e-8, 8e-8, 1e-8), "500 nm", 500.0),  # of 1.92 µm
        ((1e-7, 1e-7, 1e-8), "500 nm", 0.5),  # axes in µm
        ((1e-6, 1e-6, 1e-8), "5 µm", 5.0),
    ],
)
def test_scale_bar(fields: dict[str, Any], cell: Any, text: str, length: float) -> None:
    figure = texture_figure(fields["m"], cell, scale_bar=True)
    (bar,) = _scale_bars(figure)
    assert bar.txt_label.get_text() == text
    (rectangle,) = bar.size_bar.get_children()
    assert rectangle.get_width() == pytest.approx(length)
    assert _png(figure)


def test_no_scale_bar_unless_asked_for(fields: dict[str, Any]) -> None:
    assert _scale_bars(texture_figure(fields["m"], CELL)) == []


@pytest.mark.parametrize(
    ("longest", "expected"),
    [(1.0, 1.0), (1.99, 1.0), (2.0, 2.0), (4.9, 2.0), (30, 20), (99, 50), (0.3, 0.2), (1e3, 1e3)],
)
def test_round_lengths(longest: float, expected: float) -> None:
    from spinlearn.report._scale_bar import round_length

    assert round_length(longest) == pytest.approx(expected)


def test_current_over_the_texture(fields: dict[str, Any]) -> None:
    figure = texture_figure(
        fields["m"], CELL, contacts=fields["contacts"], current_density=fields["current_density"]
    )
    assert _png(figure)
    assert figure.axes[0].collections


def test_current_figure(fields: dict[str, Any]) -> None:
    figure = current_figure(
        fields["phi"],
        fields["current_density"],
        CELL,
        contacts=fields["contacts"],
        voltages=[2e-3, -2e-3],
    )
    assert _labels(figure) == ["x (nm)", "y (nm)", "potential (mV)"]
    assert _png(figure)


def test_streamlines_start_on_the_contact_with_equal_shares(fields: dict[str, Any]) -> None:
    """A uniform current: lines at equal distances, none outside the contact."""
    from spinlearn.report._streamlines import equal_shares

    density = fields["current_density"][:2, ..., 0]
    seeds = equal_shares(density, (96.0, 100.0), fields["contacts"])
    assert seeds is not None
    np.testing.assert_array_equal(seeds[:, 0], 0)
    steps = np.abs(np.diff(seeds[:, 1]))
    np.testing.assert_allclose(steps, steps[0], rtol=0.3)
    assert seeds[:, 1].min() >= 15
    assert seeds[:, 1].max() <= 75


def test_pads_inside_the_film_and_no_current(fields: dict[str, Any]) -> None:
    contacts = np.full((NX + 1, NY + 1), -1)
    contacts[4:8, 4:8], contacts[15:19, 12:16] = 0, 1
    x, y = np.meshgrid(np.arange(NX) - 6.0, np.arange(NY) - 6.0, indexing="ij")
    source = np.stack([x, y, 0 * x])
    assert _png(current_figure(fields["phi"], source, CELL, contacts=contacts))
    assert _png(current_figure(0 * fields["phi"], 0 * source, CELL))


def test_conductance_figure_writes_values_up_to_ten_contacts() -> None:
    small = conductance_figure(1e-3 * (10 * np.eye(10) - 1), uniform=1e-3 * (9 * np.eye(10) - 0.9))
    labels = _labels(small)
    assert "conductance G (mS)" in labels
    assert "change against uniform film (%)" in labels
    assert "voltage at contact" in labels
    assert len(small.axes[0].texts) == 100
    large = conductance_figure(11 * np.eye(11) - 1)
    assert len(large.axes[0].texts) == 0
    assert "conductance G (S)" in _labels(large)


def test_colors_of_the_matrix_are_centred_on_zero() -> None:
    figure = conductance_figure([[2e-3, -2e-3], [-2e-3, 2e-3]])
    image = figure.axes[0].images[0]
    assert image.get_clim() == pytest.approx((-2, 2))


@pytest.mark.parametrize("with_uniform", [True, False])
def test_readout_figure(fields: dict[str, Any], with_uniform: bool) -> None:
    g = np.array([[1e-3, -1e-3], [-1e-3, 1e-3]])
    figure = readout_figure(
        fields["m"],
        fields["phi"],
        fields["current_density"],
        g,
        CELL,
        uniform=1.01 * g if with_uniform else None,
        contacts=fields["contacts"],
        voltages=[2e-3, -2e-3],
    )
    titles = [ax.get_title(loc="left") for ax in figure.axes]
    assert [title[:3] for title in titles] == ["(a)", "(b)", "(c)", "(d)"][: 3 + with_uniform]
    assert _png(figure)


def test_drawing_leaves_no_trace(fields: dict[str, Any]) -> None:
    before = dict(mpl.rcParams)
    texture_figure(fields["m"], CELL)
    assert dict(mpl.rcParams) == before
    if "matplotlib.pyplot" in sys.modules:
        assert sys.modules["matplotlib.pyplot"].get_fignums() == []


def test_contacts_of_a_real_layout(fields: dict[str, Any]) -> None:
    from spinlearn.transport import edge_electrodes

    mesh = Mesh((NX, NY, 1), CELL)
    owner = edge_electrodes(4, mesh, start=0.0).owner  # the first contact bends around a corner
    assert _png(texture_figure(fields["m"], CELL, contacts=np.asarray(owner)))


def test_only_an_even_number_of_contacts_has_opposite_ones(stored: Path) -> None:
    from spinlearn.report._view import view_run
    from spinlearn.report.experiments import magnetoresistance

    assert magnetoresistance._named([(0, 1)], opposite=False) == "contacts 0–1"
    view = view_run(stored)
    loop, textures, _ = magnetoresistance.pictures(view)
    assert "between opposite contacts 0–2 and 1–3 (all other" in loop.caption
    assert "opposite contacts 0–2 relative" in magnetoresistance.comparison([view])[0].caption
    titles = " ".join(text.get_text() for text in textures.figure.findobj(Text))
    assert "largest field" in titles
    assert "saturation" not in titles


def test_wrong_shapes_are_named(fields: dict[str, Any]) -> None:
    m, j = fields["m"], fields["current_density"]
    with pytest.raises(SpinlearnValueError, match=r"^m\.shape"):
        texture_figure(m[:2], CELL)
    with pytest.raises(SpinlearnValueError, match=r"^m\.shape"):
        texture_figure(m, CELL, layer=3)
    with pytest.raises(SpinlearnValueError, match=r"^m\.shape"):
        magnetization_colors([1.0, 0.0])
    with pytest.raises(SpinlearnValueError, match=r"^phi\.shape"):
        current_figure(fields["phi"][1:], j, CELL)
    with pytest.raises(SpinlearnValueError, match=r"^contacts\.shape"):
        texture_figure(m, CELL, contacts=[0, 1])
    with pytest.raises(SpinlearnValueError, match=r"^cell "):
        texture_figure(m, 4e-9)  # pyright: ignore
    with pytest.raises(SpinlearnValueError, match=r"^conductance\.shape"):
        conductance_figure(np.ones((2, 3)))
    with pytest.raises(SpinlearnValueError, match=r"^uniform\.shape"):
        conductance_figure(np.eye(2), uniform=np.eye(3))
