"""MNIST and Fashion-MNIST, from a folder or downloaded, and known to be them."""

from __future__ import annotations

import os
from typing import NamedTuple

from spinlearn.datasets._download import cache_folder, fetch
from spinlearn.datasets.image_files import FILES, is_complete, load, paths_in
from spinlearn.datasets.images import Images


class _Published(NamedTuple):
    """A published set: md5 of the four parts as gzipped files and as their uncompressed content."""

    name: str
    folder: str
    mirrors: tuple[str, ...]
    packed: dict[str, str]
    content: dict[str, str]


_MNIST = _Published(
    "MNIST",
    "mnist",
    (
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
    ),
    {
        "train": "f68b3c2dcbeaaa9fbdd348bbdeb94873",
        "train_labels": "d53e105ee54ea40749a09fcbcd1e9432",
        "test": "9fb629c4189551a2d022fa330f9573f3",
        "test_labels": "ec29112dd5afa0611ce80d1b7f02629c",
    },
    {
        "train": "6bbc9ace898e44ae57da46a324031adb",
        "train_labels": "a25bea736e30d166cdddb491f175f624",
        "test": "2646ac647ad5339dbf082846283269ea",
        "test_labels": "27ae3e4e09519cfbb04c329615203637",
    },
)
_FASHION_MNIST = _Published(
    "Fashion-MNIST",
    "fashion-mnist",
    (
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    ),
    {
        "train": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
        "train_labels": "25c81989df183df01b3e8a0aad5dffbe",
        "test": "bef4ecab320f06d8554ea6380940ec79",
        "test_labels": "bb300cfdad3c16e7a12a480ee83cd310",
    },
    {
        "train": "f4a8712d7a061bf5bd6d2ca38dc4d50a",
        "train_labels": "9018921c3c673c538a1fc5bad174d6f9",
        "test": "8181f5470baa50b63fa0f6fddb340f0a",
        "test_labels": "15d484375f8d13e6eb1aabb0c3f46965",
    },
)


def mnist(
    folder: str | os.PathLike[str] | None = None, *, cache: str | os.PathLike[str] | None = None
) -> Images:
    """MNIST: handwritten digits of 28×28 pixels, 60 000 to train with and 10 000 to test with.

    Their content is checked against known sums: what comes back is the published set.

    Parameters
    ----------
    folder
        Where its four files are, named as for `read_images`, plain or gzipped. Without it they are
        taken from the cache, and downloaded (12 MB) if they are not there.
    cache
        Folder of downloads; the user's cache by default, ``~/.cache/spinlearn`` on Linux, or
        below ``XDG_CACHE_HOME``.

    Returns
    -------
    Images
        Grey levels from 0 to 255, in uint8 (no unit).

    Raises
    ------
    SpinlearnValueError
        If a file is missing, cut off or not MNIST's, or cannot be downloaded.

    References
    ----------
    Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, Proc. IEEE 86, 2278 (1998); CC BY-SA 3.0.

    Examples
    --------
    >>> from spinlearn import SpinlearnValueError
    >>> try:
    ...     mnist("nowhere")
    ... except SpinlearnValueError as error:
    ...     print(error.fix)
    Check the path; it is no folder.
    """
    return _published(_MNIST, folder, cache)


def fashion_mnist(
    folder: str | os.PathLike[str] | None = None, *, cache: str | os.PathLike[str] | None = None
) -> Images:
    """Fashion-MNIST: clothes of 28×28 pixels, 60 000 to train with and 10 000 to test with.

    In files, folders and errors as `mnist`; 31 MB to download. Labels 0 to 9 are T-shirt,
    trouser, pullover, dress, coat, sandal, shirt, sneaker, bag and ankle boot.

    Parameters
    ----------
    folder
        Where its four files are; from the cache or downloaded without it.
    cache
        Folder of downloads; the user's cache by default.

    Returns
    -------
    Images
        Grey levels from 0 to 255, in uint8 (no unit).

    Raises
    ------
    SpinlearnValueError
        If a file is missing, cut off or not Fashion-MNIST's, or cannot be downloaded.

    References
    ----------
    H. Xiao, K. Rasul, R. Vollgraf, arXiv:1708.07747 (2017); MIT licence.

    Examples
    --------
    >>> from spinlearn import SpinlearnValueError
    >>> try:
    ...     fashion_mnist("nowhere")
    ... except SpinlearnValueError as error:
    ...     print(error.field)
    folder
    """
    return _published(_FASHION_MNIST, folder, cache)


def _published(
    known: _Published,
    folder: str | os.PathLike[str] | None,
    cache: str | os.PathLike[str] | None,
) -> Images:
    if folder is not None:
        return load(paths_in(folder), known.name, known.content)
    kept = cache_folder(known.folder, cache)
    if not is_complete(kept):
        files = {f"{FILES[part]}.gz": md5 for part, md5 in known.packed.items()}
        fetch(known.name, files, known.mirrors, kept)
    return load(paths_in(kept), known.name, known.content)
