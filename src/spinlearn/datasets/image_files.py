"""Labelled images from a folder with the four files of MNIST's kind."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from spinlearn.datasets.idx import file_content, parse_idx
from spinlearn.datasets.images import Images
from spinlearn.errors import SpinlearnValueError

#: Parts of a set, by the names of their files as published; gzipped ones end in .gz.
FILES = {
    "train": "train-images-idx3-ubyte",
    "train_labels": "train-labels-idx1-ubyte",
    "test": "t10k-images-idx3-ubyte",
    "test_labels": "t10k-labels-idx1-ubyte",
}


def read_images(folder: str | os.PathLike[str], *, name: str | None = None) -> Images:
    """Labelled images in MNIST's files, whatever they show.

    Files are called ``train-images-idx3-ubyte``, ``train-labels-idx1-ubyte``,
    ``t10k-images-idx3-ubyte`` and ``t10k-labels-idx1-ubyte``, or ``train-images.idx3-ubyte`` and so
    on, with or without ``.gz``; of several for the same part an unpacked one is read.

    Parameters
    ----------
    folder
        Where the four files are.
    name
        What the images are, for reports; the folder's name by default.

    Returns
    -------
    Images
        Grey levels from 0 to 255, in uint8 (no unit).

    Raises
    ------
    SpinlearnValueError
        If a file is missing or no whole idx file, images and labels differ in number, or
        images for tests are of another size.

    Examples
    --------
    >>> from spinlearn import SpinlearnValueError
    >>> try:
    ...     read_images("nowhere")
    ... except SpinlearnValueError as error:
    ...     print(error.field, error.value)
    folder nowhere
    """
    return load(paths_in(folder), name or Path(folder).resolve().name)


def paths_in(folder: str | os.PathLike[str]) -> dict[str, Path]:
    """Files of the four parts in a folder."""
    place = Path(folder)
    allowed = f"a folder with {', '.join(FILES.values())} (or .idx3-ubyte and .idx1-ubyte; or .gz)"
    if not place.is_dir():
        raise SpinlearnValueError("folder", folder, allowed, "Check the path; it is no folder.")
    found = {part: _present(place, name) for part, name in FILES.items()}
    missing = [FILES[part] for part, path in found.items() if path is None]
    if missing:
        raise SpinlearnValueError(
            "folder", folder, allowed, f"Put there what is missing: {', '.join(missing)}."
        )
    return {part: path for part, path in found.items() if path is not None}


def is_complete(folder: Path) -> bool:
    """Whether there is a file for each of the four parts."""
    return all(_present(folder, name) is not None for name in FILES.values())


def load(paths: Mapping[str, Path], name: str, md5: Mapping[str, str] | None = None) -> Images:
    """Images from the files of the four parts, whose uncompressed bytes may have to be known."""
    arrays: dict[str, np.ndarray] = {}
    for part, path in paths.items():
        content = file_content(path)
        arrays[part] = _as_grey(parse_idx(content, path, 1 if "labels" in part else 3), path)
        if md5 is not None:
            _check_known(content, path, name, md5[part])
    for part in ("train", "test"):
        _check_pair(arrays, paths, part)
    if arrays["test"].shape[1:] != arrays["train"].shape[1:]:
        raise SpinlearnValueError(
            f"{paths['test']}, images",
            "{} × {} pixels".format(*arrays["test"].shape[1:]),
            "{} × {} pixels, as to train with".format(*arrays["train"].shape[1:]),
            "Take all files from one set.",
        )
    labels = {part: arrays[part].astype(np.int32) for part in ("train_labels", "test_labels")}
    return Images(**{**arrays, **labels}, name=name)


def _present(folder: Path, name: str) -> Path | None:
    stems = (name, name.replace("-idx", ".idx"))
    files = (folder / f"{stem}{end}" for end in ("", ".gz") for stem in stems)
    return next((file for file in files if file.is_file()), None)


def _as_grey(array: np.ndarray, path: Path) -> np.ndarray:
    if array.dtype != np.uint8:
        raise SpinlearnValueError(
            f"{path}, header", array.dtype, "uint8 (0x08), for images and labels", "Convert them."
        )
    if array.size == 0:
        raise SpinlearnValueError(
            f"{path}, data", f"shape {array.shape}", "one image or label at least", "Fill the file."
        )
    return array


def _check_known(content: bytes, path: Path, name: str, md5: str) -> None:
    found = hashlib.md5(content, usedforsecurity=False).hexdigest()
    if found != md5:
        raise SpinlearnValueError(
            f"{path}, uncompressed",
            f"md5 {found}",
            f"md5 {md5}, that of {name}",
            "Delete it and download it again; for images of your own use read_images(folder).",
        )


def _check_pair(arrays: Mapping[str, np.ndarray], paths: Mapping[str, Path], part: str) -> None:
    images, labels = len(arrays[part]), len(arrays[f"{part}_labels"])
    if images != labels:
        raise SpinlearnValueError(
            f"{paths[f'{part}_labels']}, labels",
            labels,
            f"{images}, one for every image of {paths[part].name}",
            "Take images and labels from one set.",
        )
