"""Colours, units and lettering that all figures share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.image import AxesImage

from spinlearn.errors import SpinlearnValueError

#: Lettering and lines of a two-column paper; given to matplotlib.rc_context while drawing.
STYLE: dict[Any, Any] = {
    "font.size": 8.0,
    "axes.titlesize": 8.5,
    "axes.titlelocation": "left",
    "axes.labelsize": 8.0,
    "axes.linewidth": 0.6,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "mathtext.fontset": "dejavusans",
}

#: Colours and dashes of lines, by Okabe and Ito's palette: safe for common colour blindness.
LINES = (
    ("#0072b2", "-"),
    ("#d55e00", "--"),
    ("#009e73", "-."),
    ("#000000", ":"),
    ("#cc79a7", (0, (6, 1.5, 1, 1.5, 1, 1.5))),
    ("#e69f00", (0, (8, 2))),
    ("#56b4e9", (0, (2, 1))),
)

#: Diverging colours, safe for every common colour blindness.
DIVERGING = "RdBu_r"

_PREFIXES = {
    -21: "z",
    -18: "a",
    -15: "f",
    -12: "p",
    -9: "n",
    -6: "µ",
    -3: "m",
    0: "",
    3: "k",
    6: "M",
    9: "G",
    12: "T",
}

# Oklab to linear sRGB: Björn Ottosson, "A perceptual color space for image processing" (2020).
_OKLAB_TO_LMS = np.array(
    [
        [1.0, 0.3963377774, 0.2158037573],
        [1.0, -0.1055613458, -0.0638541728],
        [1.0, -0.0894841775, -1.2914855480],
    ]
)
_LMS_TO_RGB = np.array(
    [
        [4.0767416621, -3.3077115913, 0.2309699292],
        [-1.2684380046, 2.6097574011, -0.3413193965],
        [-0.0041960863, -0.7034186147, 1.7076147010],
    ]
)

# +x is orange and -x its opposite, blue: the axis that nobody's eye confuses.
_HUE_OF_X = np.deg2rad(62.0)
_CHROMA = 0.135
_LIGHTNESS = (0.16, 0.70, 0.985)  # m_z = -1, 0, 1


def prefixed(peak: float, unit: str) -> tuple[float, str]:
    """Factor and unit with SI prefix that bring a value to 1 … 1000 (any SI unit).

    Parameters
    ----------
    peak
        The value to be shown, or the largest of several, in S, V, A/m² or the like.
    unit
        An SI unit without prefix.

    Examples
    --------
    >>> prefixed(0.02, "S")
    (1000.0, 'mS')
    """
    if not np.isfinite(peak) or peak <= 0:
        return 1.0, unit
    exponent = int(np.clip(3 * np.floor(np.log10(peak * (1 + 1e-12)) / 3), -21, 12))
    return 10.0**-exponent, _PREFIXES[exponent] + unit


def length_unit(extent: float) -> tuple[float, str]:
    """Factor and unit of a film's axes: nm up to 2 µm, µm above."""
    return (1e9, "nm") if extent <= 2e-6 else (1e6, "µm")


def readable_on(color: Any) -> str:
    """Dark or white lettering, whichever stands out from the colour behind it."""
    luminance = float(np.dot(np.power(to_rgb(color), 2.2), (0.2126, 0.7152, 0.0722)))
    return "0.1" if luminance > 0.3 else "white"


def sphere_colors(m: np.ndarray) -> np.ndarray:
    """Colours ``(..., 3)`` in sRGB of unit vectors ``(3, ...)``; see `magnetization_colors`."""
    mz = np.clip(m[2], -1, 1)
    low, middle, high = _LIGHTNESS
    light = middle + np.where(mz > 0, high - middle, middle - low) * mz
    chroma = _CHROMA * np.hypot(m[0], m[1])
    hue = np.arctan2(m[1], m[0]) + _HUE_OF_X
    lab = np.stack([light, chroma * np.cos(hue), chroma * np.sin(hue)], axis=-1)
    linear = np.clip((lab @ _OKLAB_TO_LMS.T) ** 3 @ _LMS_TO_RGB.T, 0, 1)
    curved = 1.055 * linear ** (1 / 2.4) - 0.055
    return np.clip(np.where(linear <= 0.0031308, 12.92 * linear, curved), 0, 1)


def as_field(value: Any, field: str, components: int, layer: int) -> np.ndarray:
    """``(components, nx, ny)`` in float64 from a field on cells with or without layers."""
    array = np.asarray(value, np.float64)
    if array.ndim == 4 and -array.shape[3] <= layer < array.shape[3]:
        array = array[..., layer]
    if array.ndim != 3 or array.shape[0] < components:
        raise SpinlearnValueError(
            f"{field}.shape",
            np.shape(value),
            f"({components}, nx, ny) or ({components}, nx, ny, nz) with a layer {layer}",
            "Put the components first.",
        )
    return array[:components]


def as_square(value: Any, field: str) -> np.ndarray:
    """A square matrix in float64."""
    array = np.asarray(value, np.float64)
    if array.ndim != 2 or array.shape[0] != array.shape[1]:
        raise SpinlearnValueError(
            f"{field}.shape", array.shape, "(n, n)", "Give one row and column per contact."
        )
    return array


def film_size(shape: Sequence[int], cell: Any) -> tuple[tuple[float, float], str]:
    """Edge lengths of the film in the unit of its axes, and that unit."""
    lengths = np.asarray(cell, np.float64)
    if lengths.ndim != 1 or lengths.size < 2 or not np.all(lengths > 0):
        raise SpinlearnValueError(
            "cell", cell, "positive edge lengths (dx, dy) in m", "Give Mesh.cell."
        )
    extent = shape[0] * float(lengths[0]), shape[1] * float(lengths[1])
    scale, unit = length_unit(max(extent))
    return (scale * extent[0], scale * extent[1]), unit


def add_colorbar(ax: Axes, image: AxesImage, label: str) -> None:
    """Colour bar as high as the axes, with a label."""
    figure = ax.get_figure(root=True)
    assert figure is not None
    left = 1.03 if ax.get_xlabel().startswith("voltage") else 1.09
    bar = figure.colorbar(image, cax=ax.inset_axes((left, 0, 0.04, 1)), label=label)
    bar.outline.set_linewidth(0.5)  # pyright: ignore
