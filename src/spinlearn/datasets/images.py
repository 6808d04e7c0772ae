"""Labelled images, some to train with and others to test with."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from spinlearn._checks import as_number


@dataclass(frozen=True, eq=False)
class Images:
    """Labelled images in two parts: one to train with, one held out for tests.

    Parameters
    ----------
    train
        Images to train with, ``(n, rows, cols)``, grey levels from 0 to `white` (no unit), in
        uint8 as files have them: 47 MB for MNIST, and a quarter of what float32 takes.
    train_labels
        Their labels, ``(n,)``, int32 (no unit).
    test
        Images to test with, ``(m, rows, cols)`` (no unit).
    test_labels
        Their labels, ``(m,)``, int32 (no unit).
    name
        What they are, for reports.
    white
        The largest grey level: 255, 16 for `digit_images`, 1 after `binarize` (no unit).

    Examples
    --------
    >>> one = np.zeros((1, 2, 2), np.uint8)
    >>> Images(one, np.array([3]), one, np.array([4]), "dark").test_labels
    array([4])
    """

    train: np.ndarray = field(repr=False)
    train_labels: np.ndarray = field(repr=False)
    test: np.ndarray = field(repr=False)
    test_labels: np.ndarray = field(repr=False)
    name: str = ""
    white: int = 255


def binarize(images: Images, threshold: Any = 0.5) -> Images:
    """Images of which every pixel is on or off, as binary pulses show them.

    Parameters
    ----------
    images
        Images in grey levels.
    threshold
        Part of white from which on a pixel is on, above 0 and up to 1 (no unit).

    Returns
    -------
    Images
        Booleans in place of grey levels; `white` is 1, labels are as before (no unit).

    Raises
    ------
    SpinlearnValueError
        If the threshold is out of range.

    Examples
    --------
    >>> from spinlearn.datasets import digit_images
    >>> pixels = binarize(digit_images(), 0.5).train
    >>> pixels.dtype, pixels.shape
    (dtype('bool'), (1438, 8, 8))
    """
    part = as_number(
        threshold,
        "threshold",
        lambda t: 0 < t <= 1,
        "a part of white, above 0 and up to 1 (no unit)",
        "Divide grey levels by white.",
    )
    # In whole levels; products such as 0.55 · 100 do not cost a level.
    level = math.ceil(part * images.white * (1 - 1e-12))
    return replace(images, train=images.train >= level, test=images.test >= level, white=1)
