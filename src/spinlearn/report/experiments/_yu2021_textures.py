"""Textures before and after training, the current, and where they turned across or along it."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from spinlearn.experiments._conductance_changes import balanced_patterns
from spinlearn.experiments.self_learning_film import film_mesh, four_contacts
from spinlearn.report._pictures import Picture
from spinlearn.report._streamlines import draw_streamlines
from spinlearn.report._style import DIVERGING, STYLE, add_colorbar, film_size, sphere_colors
from spinlearn.report._textures import cell_of
from spinlearn.report.experiments._samples import finished
from spinlearn.report.experiments._yu2021_films import LIKE, UNLIKE, signs
from spinlearn.report.figures import _draw_arrows, _fill_wheel, _finish_film

_FILM = 2.05


def texture_pictures(dataset: Any, spec: Any) -> list[Picture]:
    """The first studied film before and after its trainings; none if there is no such film."""
    found = finished(dataset, "m_before", "m_after", "current")
    if found is None:
        return []
    before, after, current = (values[0] for values in found)
    film = _Drawn(cell_of(dataset), spec)
    patterns = balanced_patterns()
    return [
        _texture_picture(film, before, after[0], current[0], patterns[0]),
        _imprint_picture(film, before, after, current, patterns, spec.film.amr_ratio),
    ]


def turned(before: np.ndarray, after: np.ndarray, current: np.ndarray) -> np.ndarray:
    """Change of (m·ĵ)², ``(nx, ny)``: −1 where m turned from along the current to across it."""
    size = np.hypot(*current)
    direction = current / np.where(size > 0, size, 1)
    return _along(after, direction) - _along(before, direction)


def _along(m: np.ndarray, direction: np.ndarray) -> np.ndarray:
    return np.sum(m[:2] * direction, axis=0) ** 2


class _Drawn:
    """How a film is drawn: its cell, its contacts, and whether m_z is what matters."""

    def __init__(self, cell: tuple[float, float], spec: Any) -> None:
        self.cell = cell
        self.owner = np.asarray(four_contacts(film_mesh(spec), spec.contacts).owner)
        self.upright = spec.mechanism == "spin-transfer"
        # Contacts on the edges stand out of the film.
        self.above, self.between = (13, 0.1) if spec.contacts.layout == "edge" else (5, 0.03)
        self.size, self.unit = film_size([n - 1 for n in self.owner.shape], cell)

    def texture(self, ax: Axes, m: np.ndarray, pattern: Any, *, arrows: bool) -> AxesImage:
        """Magnetization in colour, or m_z in grey."""
        if self.upright:
            image = self._image(ax, m[2].T, cmap="gray", vmin=-1, vmax=1)
        else:
            image = self._image(ax, np.swapaxes(sphere_colors(m), 0, 1))
            if arrows:
                _draw_arrows(ax, m, self.size)
        self.finish(ax, pattern)
        return image

    def change(self, ax: Axes, values: np.ndarray, pattern: Any) -> AxesImage:
        """A change of (m·ĵ)²."""
        image = self._image(ax, values.T, cmap=DIVERGING, vmin=-1, vmax=1)
        self.finish(ax, pattern)
        return image

    def current(self, ax: Axes, current: np.ndarray, *, outlined: bool) -> None:
        draw_streamlines(ax, current, self.cell, self.owner, 0, outlined=outlined)

    def finish(self, ax: Axes, pattern: Any) -> None:
        """Axes and contacts: up, down, or without voltage."""
        colors = None
        if pattern is not None:
            colors = [LIKE if s > 0 else UNLIKE for s in pattern]
        _finish_film(ax, self.size, self.unit, self.owner, colors)

    def titled(self, axes: Any, titles: Any) -> None:
        """Letters and titles, above what stands out."""
        for letter, ax, title in zip("abc", axes, titles, strict=True):
            ax.set_title(f"({letter}) {title}", pad=self.above)

    def _image(self, ax: Axes, values: np.ndarray, **style: Any) -> AxesImage:
        extent = (0, self.size[0], 0, self.size[1])
        return ax.imshow(values, origin="lower", extent=extent, interpolation="bilinear", **style)


def _texture_picture(
    film: _Drawn, before: np.ndarray, after: np.ndarray, current: np.ndarray, pattern: np.ndarray
) -> Picture:
    with mpl.rc_context(STYLE):
        # Room for a colour bar with its label, or for the colour wheel.
        key = 0.28 if film.upright else 0.62
        figure = Figure(figsize=(8.0 + key, 2.95), layout="constrained")
        figure.get_layout_engine().set(wspace=film.between)  # pyright: ignore
        grid = figure.add_gridspec(1, 4, width_ratios=[_FILM, _FILM, key, _FILM])
        first, second, third = (figure.add_subplot(grid[0, k]) for k in (0, 1, 3))
        film.texture(first, before, None, arrows=True)
        image = film.texture(second, after, pattern, arrows=False)
        film.current(second, current, outlined=True)
        change = film.change(third, turned(before, after, current), pattern)
        if film.upright:
            add_colorbar(second, image, "$m_z$")
        else:
            _fill_wheel(figure.add_subplot(grid[0, 2], label="colour wheel", anchor="SW"))
        add_colorbar(third, change, "change of (m·j)²/j²")
        film.titled((first, second, third), ("before", f"after {signs(pattern)}", "what turned"))
        for ax in (second, third):
            ax.set(ylabel="", yticklabels=[])
    color = (
        "Grey: component of the magnetization along the normal"
        if film.upright
        else "Colour: direction of the magnetization (wheel)"
    )
    caption = (
        f"Texture of the first film (a) before and (b) after training with the pattern "
        f"{signs(pattern)} of contacts 0 to 3, the current at this pattern as streamlines. "
        f"{color}; contacts: orange up, blue down. (c) Change of (m·j)²/j², which the anisotropic "
        "magnetoresistance reads and which does not tell m from −m: blue where the magnetization "
        "turned across the current, red where along it."
    )
    return Picture("texture", caption, figure)


def _imprint_picture(
    film: _Drawn,
    before: np.ndarray,
    after: np.ndarray,
    current: np.ndarray,
    patterns: np.ndarray,
    ratio: float,
) -> Picture:
    means = []
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(8.2, 2.95), layout="constrained")
        figure.get_layout_engine().set(wspace=film.between)  # pyright: ignore
        axes = figure.subplots(1, len(patterns))
        image = None
        for ax, m, j, pattern in zip(axes, after, current, patterns, strict=True):
            change = turned(before, m, j)
            weights = np.sum(j**2, axis=0)
            means.append(float(np.sum(weights * change) / max(np.sum(weights), 1e-300)))
            image = film.change(ax, change, pattern)
            film.current(ax, j, outlined=False)
        for ax in axes[1:]:
            ax.set(ylabel="", yticklabels=[])
        if image is not None:
            add_colorbar(axes[-1], image, "change of (m·j)²/j²")
        film.titled(axes, [signs(pattern) for pattern in patterns])
    shown = ", ".join(f"{mean:+.3f}" for mean in means).replace("-", "−")
    which = "more" if ratio > 0 else "less"
    caption = (
        "Where the magnetization of the first film turned, after training with each pattern: blue "
        f"across the current (streamlines), where it then conducts {which}, red along it. "
        f"Mean over the film, weighted with the square of the current density: {shown}."
    )
    return Picture("imprint", caption, figure)
