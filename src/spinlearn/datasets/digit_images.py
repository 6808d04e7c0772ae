"""Handwritten digits that come with scikit-learn."""

from __future__ import annotations

from typing import Any

import numpy as np

from spinlearn._checks import as_count, as_number
from spinlearn.datasets.images import Images


def digit_images(*, held_out: Any = 0.2, seed: int = 0) -> Images:
    """1797 handwritten digits of 8×8 pixels, which come with scikit-learn: no download.

    They are the test part of "Optical Recognition of Handwritten Digits" in the UCI repository, by
    13 writers. The part held out here is drawn from each digit alike (stratified), and is always
    the same for one seed. Both parts have the same writers, so that this test is easier than
    one with writers of its own, as MNIST's.

    Parameters
    ----------
    held_out
        Part of the images of every digit that is held out, above 0 and below 1 (no unit), rounded
        to whole images; at least one stays on either side.
    seed
        Which ones, an integer from 0 on.

    Returns
    -------
    Images
        Grey levels from 0 to 16, in uint8 (no unit); 1438 images to train with and 359 to test
        with by default.

    Raises
    ------
    SpinlearnValueError
        If a number is out of range.

    References
    ----------
    E. Alpaydin, C. Kaynak, UCI Machine Learning Repository, doi 10.24432/C50P49 (1998); CC BY 4.0.

    Examples
    --------
    >>> digits = digit_images()
    >>> digits.train.shape, digits.test.shape, int(digits.train.max())
    ((1438, 8, 8), (359, 8, 8), 16)
    """
    part = as_number(
        held_out,
        "held_out",
        lambda p: 0 < p < 1,
        "a part of the images, above 0 and below 1 (no unit)",
        "Pass 0.2 for a fifth.",
    )
    start = as_count(seed, "seed", 0, "an integer >= 0", "Pass a non-negative integer.")
    # scikit-learn takes a second to import, and only these digits need it.
    from sklearn.datasets import load_digits

    pixels, labels = load_digits(return_X_y=True)
    grey = np.asarray(pixels).reshape(-1, 8, 8).astype(np.uint8)
    kinds = np.asarray(labels).astype(np.int32)
    test = _stratified(kinds, part, start)
    return Images(grey[~test], kinds[~test], grey[test], kinds[test], "digits", white=16)


def _stratified(labels: np.ndarray, part: float, seed: int) -> np.ndarray:
    """Which ones are held out, ``(n,)``: the same part of every label."""
    # The raw stream of a bit generator never changes between versions of numpy.
    order = np.argsort(np.random.PCG64(seed).random_raw(len(labels)), kind="stable")
    chosen = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        members = order[labels[order] == label]
        count = min(max(round(part * len(members)), 1), len(members) - 1)
        chosen[members[:count]] = True
    return chosen
