"""An animated texture: all frames in one picture, moved by a slider."""

from __future__ import annotations

import base64
import io
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from spinlearn.report._scale_bar import round_length
from spinlearn.report._style import film_size, sphere_colors
from spinlearn.report._textures import cell_of, labels_along

_MOST_FRAMES = 120
# Edges of a frame in pixels, the first that keeps the picture below the bound.
_EDGES = (256, 192, 128)
_MOST_BYTES = 2_000_000
# JPEG stores blocks of 8 × 8 pixels: frames of whole blocks do not bleed into each other.
_BLOCK = 8


class Animation(NamedTuple):
    """Frames of a texture (lengths in m).

    Parameters
    ----------
    sprite
        JPEG of all frames, row by row.
    columns
        Frames in a row.
    size
        Width and height of a frame, pixels.
    aspect
        Width over height of the film.
    labels
        What belongs to each frame, such as its field.
    bar
        Length of the scale bar as part of the film's width, and its text.
    total
        Number of stored textures, of which the frames are a selection.
    """

    sprite: bytes
    columns: int
    size: tuple[int, int]
    aspect: float
    labels: tuple[str, ...]
    bar: tuple[float, str]
    total: int


def animate(dataset: Any, name: str) -> Animation:
    """Frames of a texture variable, evenly chosen where there are too many."""
    array = dataset[name]
    dim, total = str(array.dims[0]), array.shape[0]
    count = min(total, _MOST_FRAMES)
    steps = np.unique(np.round(np.linspace(0, total - 1, count)).astype(int))
    along = labels_along(dataset, dim)
    cell = cell_of(dataset)
    size, unit = film_size(array.shape[2:], cell)
    aspect = size[0] / size[1]
    columns = int(np.ceil(np.sqrt(len(steps))))
    sprite, frame = b"", (0, 0)
    for edge in _EDGES:
        frame = _frame_size(edge, aspect)
        colors = [_frame(np.asarray(array.isel({dim: k}).values), frame) for k in steps]
        sprite = _jpeg(colors, columns)
        if len(sprite) <= _MOST_BYTES:
            break
    length = round_length(0.3 * size[0])
    text = f"{length:g} {unit}"
    labels = tuple(along.text(int(k)) for k in steps)
    return Animation(sprite, columns, frame, aspect, labels, (length / size[0], text), total)


def wheel_png() -> str:
    """The colour of every direction as a data URL: angle around the disc, +z at its centre."""
    grid = (np.arange(128) + 0.5) / 64 - 1
    x, y = np.meshgrid(grid, -grid)
    radius = np.hypot(x, y)
    polar = np.pi * np.minimum(radius, 1)
    m = np.stack([np.sin(polar) * x / radius, np.sin(polar) * y / radius, np.cos(polar)])
    alpha = np.clip((1 - radius) * 64, 0, 1)[..., None]
    pixels = np.round(255 * np.concatenate([sphere_colors(m), alpha], axis=-1)).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels, "RGBA").save(file, format="PNG", optimize=True)
    return data_url(file.getvalue(), "png")


def data_url(content: bytes, kind: str) -> str:
    """A picture as the address of an img element."""
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"


def _frame_size(edge: int, aspect: float) -> tuple[int, int]:
    wanted = (edge, edge / aspect) if aspect >= 1 else (edge * aspect, edge)
    width, height = (max(_BLOCK, _BLOCK * round(w / _BLOCK)) for w in wanted)
    return width, height


def _frame(m: np.ndarray, size: tuple[int, int]) -> Image.Image:
    """Colours of one texture, seen from above: y upwards."""
    colors = np.round(255 * sphere_colors(np.asarray(m, np.float64))).astype(np.uint8)
    upright = np.ascontiguousarray(np.swapaxes(colors, 0, 1)[::-1])
    image = Image.fromarray(upright, "RGB")
    smaller = size[0] < image.width or size[1] < image.height
    method = Image.Resampling.BOX if smaller else Image.Resampling.BILINEAR
    return image.resize(size, method)


def _jpeg(frames: list[Image.Image], columns: int) -> bytes:
    width, height = frames[0].size
    rows = -(-len(frames) // columns)
    sheet = Image.new("RGB", (columns * width, rows * height), "white")
    for k, frame in enumerate(frames):
        sheet.paste(frame, (k % columns * width, k // columns * height))
    file = io.BytesIO()
    sheet.save(file, format="JPEG", quality=85, subsampling=0, optimize=True)
    return file.getvalue()
