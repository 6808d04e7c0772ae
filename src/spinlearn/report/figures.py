"""Figures for papers: texture, potential with streamlines, conductance matrix.

All functions take plain arrays in SI units and return a `matplotlib.figure.Figure` that belongs to
nobody else: no window, no global state, nothing to close. Save it with ``figure.savefig(path)``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from spinlearn.errors import SpinlearnValueError
from spinlearn.report._contacts import BAR_WIDTH, draw_contacts
from spinlearn.report._matrix import draw_change, draw_conductance
from spinlearn.report._scale_bar import draw_scale_bar
from spinlearn.report._streamlines import draw_streamlines
from spinlearn.report._style import (
    DIVERGING,
    STYLE,
    add_colorbar,
    as_field,
    film_size,
    prefixed,
    sphere_colors,
)

_ARROWS = 22


def magnetization_colors(m: Any) -> np.ndarray:
    """Colours of unit vectors: in-plane angle as hue, m_z as brightness.

    Hues lie on a circle of equal chroma and lightness in Oklab, so that equal angles look equally
    different. +x is orange and -x blue, which everyone can tell apart; `texture_figure` draws
    arrows as well. White is m_z = 1, black m_z = -1.

    Parameters
    ----------
    m
        Unit vectors without unit, ``(3, ...)``.

    Returns
    -------
    numpy.ndarray
        sRGB ``(..., 3)``, numbers from 0 to 1.

    Examples
    --------
    >>> magnetization_colors([0.0, 0.0, 1.0]).round(2)
    array([0.98, 0.98, 0.98])
    """
    vectors = np.asarray(m, np.float64)
    if vectors.ndim < 1 or vectors.shape[0] != 3:
        raise SpinlearnValueError("m.shape", vectors.shape, "(3, ...)", "Put components first.")
    return sphere_colors(vectors)


def texture_figure(
    m: Any,
    cell: Sequence[float] | np.ndarray,
    *,
    contacts: Any = None,
    current_density: Any = None,
    layer: int = 0,
    scale_bar: bool = False,
) -> Figure:
    """One layer of a magnetic texture, with the colour wheel, and the current over it if given.

    Parameters
    ----------
    m
        Unit vectors without unit, ``(3, nx, ny)`` or ``(3, nx, ny, nz)``.
    cell
        Edge lengths of a cell, m.
    contacts
        Contact of each mesh corner, ``(nx+1, ny+1)``, -1 where none is (``Electrodes.owner``).
    current_density
        Current density, A/m², of m's shape: drawn as streamlines in place of arrows along m.
    layer
        Index along z.
    scale_bar
        Whether to draw a bar of a round length, in nm (µm from 1000 nm), in the lower left corner.

    Returns
    -------
    matplotlib.figure.Figure
        Axes in nm (µm above 2 µm).

    Raises
    ------
    SpinlearnValueError
        If a shape does not fit.

    Examples
    --------
    >>> m = np.zeros((3, 16, 16))
    >>> m[0] = 1.0
    >>> texture_figure(m, (4e-9, 4e-9)).axes[0].get_xlabel()
    'x (nm)'
    """
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(4.2, 3.0), layout="constrained")
        ax = figure.add_subplot()
        _draw_texture(ax, m, cell, contacts, layer, arrows=current_density is None)
        if current_density is not None:
            draw_streamlines(ax, current_density, cell, contacts, layer, outlined=True)
        if scale_bar:
            size, unit = film_size(np.shape(m)[1:3], cell)
            draw_scale_bar(ax, size[0], unit)
    return figure


def current_figure(
    phi: Any,
    current_density: Any,
    cell: Sequence[float] | np.ndarray,
    *,
    contacts: Any = None,
    voltages: Any = None,
    layer: int = 0,
) -> Figure:
    """Electric potential in colour, and streamlines of the current.

    With contacts at the edge each line starts on one and carries an equal share of the current,
    so that lines are dense where the current density is high; with pads inside they are spread
    evenly.

    Parameters
    ----------
    phi
        Potential at the cell corners, ``(nx+1, ny+1)``, V.
    current_density
        Current density at the cell centres, ``(3, nx, ny)`` or ``(3, nx, ny, nz)``, A/m².
    cell
        Edge lengths of a cell, m.
    contacts
        Contact of each mesh corner, ``(nx+1, ny+1)``, -1 where none is (``Electrodes.owner``).
    voltages
        Voltage of each contact, V; colours the contacts.
    layer
        Index along z.

    Returns
    -------
    matplotlib.figure.Figure
        Axes in nm (µm above 2 µm), colour bar in V with its SI prefix.

    Raises
    ------
    SpinlearnValueError
        If a shape does not fit.

    Examples
    --------
    >>> phi = np.linspace(0, 1e-3, 17)[:, None] * np.ones(17)
    >>> j = np.stack([-np.ones((16, 16)), np.zeros((16, 16))])
    >>> current_figure(phi, j, (4e-9, 4e-9)).axes[0].child_axes[0].get_ylabel()
    'potential (mV)'
    """
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(4.2, 3.0), layout="constrained")
        ax = figure.add_subplot()
        _draw_current(ax, phi, current_density, cell, contacts, voltages, layer)
    return figure


def conductance_figure(conductance: Any, *, uniform: Any = None) -> Figure:
    """A conductance matrix as a heat map; beside it its change against another one, if given.

    Parameters
    ----------
    conductance
        Matrix ``(n, n)``, S.
    uniform
        Matrix to compare with, ``(n, n)``, S: adds a panel of ``conductance / uniform - 1`` in %.

    Returns
    -------
    matplotlib.figure.Figure
        Values are written into the elements up to ten contacts; the colour bar has an SI prefix.

    Raises
    ------
    SpinlearnValueError
        If a matrix is not square or the two differ in size.

    Examples
    --------
    >>> conductance_figure([[2e-3, -2e-3], [-2e-3, 2e-3]]).axes[0].child_axes[0].get_ylabel()
    'conductance G (mS)'
    """
    with mpl.rc_context(STYLE):
        width = 4.0 if uniform is None else 8.0
        figure = Figure(figsize=(width, 3.1), layout="constrained")
        axes = figure.subplots(1, 1 if uniform is None else 2, squeeze=False)[0]
        draw_conductance(axes[0], conductance)
        if uniform is not None:
            draw_change(axes[1], conductance, uniform)
    return figure


def readout_figure(
    m: Any,
    phi: Any,
    current_density: Any,
    conductance: Any,
    cell: Sequence[float] | np.ndarray,
    *,
    uniform: Any = None,
    contacts: Any = None,
    voltages: Any = None,
    layer: int = 0,
) -> Figure:
    """Texture, potential with streamlines, conductance matrix and its change, in one figure.

    Parameters
    ----------
    m
        Unit vectors without unit, ``(3, nx, ny)`` or ``(3, nx, ny, nz)``.
    phi
        Potential at the cell corners, ``(nx+1, ny+1)``, V.
    current_density
        Current density at the cell centres, of m's shape, A/m².
    conductance
        Conductance matrix ``(n, n)``, S.
    cell
        Edge lengths of a cell, m.
    uniform
        Conductance matrix of the uniform film, ``(n, n)``, S: adds the panel of the change in %.
    contacts
        Contact of each mesh corner, ``(nx+1, ny+1)``, -1 where none is (``Electrodes.owner``).
    voltages
        Voltage of each contact, V; colours the contacts.
    layer
        Index along z.

    Returns
    -------
    matplotlib.figure.Figure
        Two columns wide; three or four panels, (a) to (d).

    Raises
    ------
    SpinlearnValueError
        If a shape does not fit.

    Examples
    --------
    >>> m, g = np.zeros((3, 16, 16)), np.array([[1e-3, -1e-3], [-1e-3, 1e-3]])
    >>> m[0] = 1.0
    >>> figure = readout_figure(m, np.zeros((17, 17)), 1e9 * m, g, (4e-9, 4e-9))
    >>> figure.axes[0].get_title(loc="left")
    '(a) magnetization'
    """
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(7.2, 6.3), layout="constrained")
        figure.get_layout_engine().set(w_pad=0.06, h_pad=0.06)  # pyright: ignore
        axes = figure.subplots(2, 2)
        _draw_texture(axes[0, 0], m, cell, contacts, layer, arrows=True)
        _draw_current(axes[0, 1], phi, current_density, cell, contacts, voltages, layer)
        draw_conductance(axes[1, 0], conductance)
        titles = ["magnetization", "potential and current", "conductance matrix"]
        if uniform is None:
            axes[1, 1].remove()
        else:
            draw_change(axes[1, 1], conductance, uniform)
            titles.append("effect of the texture")
        for letter, title, ax in zip("abcd", titles, axes.flat, strict=False):
            above = 13 if contacts is not None and letter in "ab" else 5
            ax.set_title(f"({letter}) {title}", pad=above)
    return figure


def _draw_texture(ax: Axes, m: Any, cell: Any, contacts: Any, layer: int, *, arrows: bool) -> None:
    field = as_field(m, "m", 3, layer)
    size, unit = film_size(field.shape[1:], cell)
    colors = np.swapaxes(sphere_colors(field), 0, 1)
    ax.imshow(colors, origin="lower", extent=(0, size[0], 0, size[1]), interpolation="bilinear")
    if arrows:
        _draw_arrows(ax, field, size)
    _finish_film(ax, size, unit, contacts, None)
    _draw_wheel(ax)


def _draw_arrows(ax: Axes, field: np.ndarray, size: tuple[float, float]) -> None:
    nx, ny = field.shape[1:]
    pitch = max(size) / _ARROWS
    i = _spread(nx, size[0] / pitch)
    j = _spread(ny, size[1] / pitch)
    x, y = (i + 0.5) * size[0] / nx, (j + 0.5) * size[1] / ny
    u, v, w = (field[c][np.ix_(i, j)].T for c in range(3))
    shown = np.hypot(u, v) > 0.35
    dark = np.where(w[shown] > -0.3, "0.12", "0.95")
    places = np.meshgrid(x, y)
    ax.quiver(
        *(p[shown] for p in places),
        u[shown] * 0.8 * pitch,
        v[shown] * 0.8 * pitch,
        color=dark.tolist(),
        angles="xy",
        scale_units="xy",
        scale=1,
        pivot="mid",
        width=0.0035,
        headwidth=4,
        headlength=4,
        headaxislength=3.6,
    )


def _spread(cells: int, number: float) -> np.ndarray:
    count = min(max(1, round(number)), cells)
    return np.floor((np.arange(count) + 0.5) * cells / count).astype(int)


def _draw_wheel(ax: Axes) -> None:
    """A colour wheel beside the film."""
    _fill_wheel(ax.inset_axes((1.1, 0.0, 0.27, 0.27), label="colour wheel"))


def _fill_wheel(inset: Axes) -> None:
    """The colour of every direction: angle around the disc, +z at its centre, -z at its rim."""
    grid = np.linspace(-1, 1, 201)
    x, y = np.meshgrid(grid, grid)
    radius = np.hypot(x, y)
    polar = np.pi * np.minimum(radius, 1)
    safe = np.where(radius > 0, radius, 1)
    m = np.stack([np.sin(polar) * x / safe, np.sin(polar) * y / safe, np.cos(polar)])
    alpha = np.clip((1 - radius) * 60, 0, 1)[..., None]
    colors = np.concatenate([sphere_colors(m), alpha], axis=-1)
    inset.imshow(colors, origin="lower", extent=(-1, 1, -1, 1))
    inset.set(xlim=(-1.35, 1.35), ylim=(-1.35, 1.35), aspect="equal")
    inset.set_axis_off()
    for text, at in (("+x", (1.32, 0)), ("−x", (-1.32, 0)), ("+y", (0, 1.2)), ("−y", (0, -1.2))):
        inset.text(*at, text, ha="center", va="center", fontsize=6)
    inset.text(0, 0, "+z", ha="center", va="center", fontsize=6, color="0.1")
    inset.text(0.53, -0.6, "−z", ha="center", va="center", fontsize=5.5, color="white")


def _draw_current(
    ax: Axes, phi: Any, density: Any, cell: Any, contacts: Any, voltages: Any, layer: int
) -> None:
    potential = np.asarray(phi, np.float64)
    field = as_field(density, "current_density", 2, layer)
    if potential.shape != (field.shape[1] + 1, field.shape[2] + 1):
        raise SpinlearnValueError(
            "phi.shape",
            potential.shape,
            f"one number per cell corner, {(field.shape[1] + 1, field.shape[2] + 1)}",
            "Give Potential.phi.",
        )
    size, unit = film_size(field.shape[1:], cell)
    peak = float(np.max(np.abs(potential), initial=0.0))
    scale, volt = prefixed(peak, "V")
    limit = peak * scale or 1.0
    half = 0.5 * size[0] / field.shape[1], 0.5 * size[1] / field.shape[2]
    image = ax.imshow(
        scale * potential.T,
        origin="lower",
        extent=(-half[0], size[0] + half[0], -half[1], size[1] + half[1]),
        cmap=DIVERGING,
        vmin=-limit,
        vmax=limit,
        interpolation="bilinear",
    )
    draw_streamlines(ax, density, cell, contacts, layer)
    colors = None
    if voltages is not None:
        colors = mpl.colormaps[DIVERGING](0.5 + 0.5 * scale * np.asarray(voltages) / limit)
    _finish_film(ax, size, unit, contacts, colors)
    add_colorbar(ax, image, f"potential ({volt})")


def _finish_film(
    ax: Axes, size: tuple[float, float], unit: str, contacts: Any, colors: Any
) -> None:
    ax.set(xlabel=f"x ({unit})", ylabel=f"y ({unit})", aspect="equal")
    ax.set_xlim(0, size[0])
    ax.set_ylim(0, size[1])
    if contacts is None:
        return
    owner = np.asarray(contacts)
    if owner.ndim != 2:
        raise SpinlearnValueError(
            "contacts.shape", owner.shape, "(nx+1, ny+1)", "Give Electrodes.owner."
        )
    draw_contacts(ax, owner, size, colors)
    ax.tick_params(length=0, pad=BAR_WIDTH + 3)
