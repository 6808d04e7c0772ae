"""Texture of a film of 35 contacts before and after a letter, and what turned."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from spinlearn.experiments._niu2024_film import film_contacts
from spinlearn.report._pictures import Picture
from spinlearn.report._streamlines import draw_streamlines
from spinlearn.report._style import DIVERGING, STYLE, add_colorbar, film_size, sphere_colors
from spinlearn.report._textures import cell_of
from spinlearn.report.experiments._samples import finished
from spinlearn.report.experiments._yu2021_films import LIKE, UNLIKE
from spinlearn.report.experiments._yu2021_textures import turned
from spinlearn.report.figures import _draw_arrows, _fill_wheel, _finish_film


def texture_picture(dataset: Any, spec: Any) -> list[Picture]:
    """The first film before, after its first letter, and where it turned."""
    found = finished(dataset, "film_m_before", "film_m_first", "film_current")
    if found is None:
        return []
    before, after, current = (values[0] for values in found)
    letter, pattern = spec.memory.letters[0], np.asarray(dataset["letters"].values)[0]
    cell = cell_of(dataset)
    owner = np.asarray(film_contacts(spec.film).owner)
    size, unit = film_size(before.shape[1:], cell)
    colors = [LIKE if s > 0 else UNLIKE for s in pattern]
    on_edge = spec.film.contacts == "edge"

    def show(ax: Axes, values: np.ndarray, marks: Any, **style: Any) -> AxesImage:
        extent = (0, size[0], 0, size[1])
        image = ax.imshow(values, origin="lower", extent=extent, interpolation="nearest", **style)
        _finish_film(ax, size, unit, owner, marks)
        return image

    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(8.2, 3.6), layout="constrained")
        figure.get_layout_engine().set(wspace=0.1 if on_edge else 0.04)  # pyright: ignore
        grid = figure.add_gridspec(1, 4, width_ratios=[2.2, 2.2, 0.55, 2.2])
        first, second, third = (figure.add_subplot(grid[0, k]) for k in (0, 1, 3))
        show(first, np.swapaxes(sphere_colors(before), 0, 1), None)
        _draw_arrows(first, before, size)
        show(second, np.swapaxes(sphere_colors(after), 0, 1), colors)
        draw_streamlines(second, current, cell, owner, 0, outlined=True)
        change = turned(before, after, current).T
        image = show(third, change, colors, cmap=DIVERGING, vmin=-1, vmax=1)
        add_colorbar(third, image, "change of (m·j)²/j²")
        _fill_wheel(figure.add_subplot(grid[0, 2], label="colour wheel", anchor="SW"))
        titles = ("before", f"after {letter}", "what turned")
        for mark, ax, title in zip("abc", (first, second, third), titles, strict=True):
            ax.set_title(f"({mark}) {title}", pad=13 if on_edge else 5)
        for ax in (second, third):
            ax.set(ylabel="", yticklabels=[])
    weights = np.sum(current**2, axis=0)
    mean = float(np.sum(weights * change.T) / max(float(weights.sum()), 1e-300))
    turn = f"{mean:+.3f}".replace("-", "−")
    caption = (
        f"The first film (a) before training and (b) after the letter {letter} alone, the current "
        "at this letter as streamlines; contacts numbered as the dots of a letter, line by line. "
        "Colour: direction of the magnetization (wheel); contacts: orange up, blue down. (c) "
        "Change of (m·j)²/j², which the anisotropic magnetoresistance reads: blue where the "
        f"magnetization turned across the current. Mean, weighted with j²: {turn}. Current flows "
        "where dots of unlike sign are neighbours, and is held there by the contacts around."
    )
    return [Picture("film-texture", caption, figure)]
