"""Published files, fetched once to a cache and checked."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from spinlearn.errors import SpinlearnValueError

#: To connect, and between two pieces of data, s.
_PATIENCE = (10, 60)


def cache_folder(name: str, cache: str | os.PathLike[str] | None) -> Path:
    """Folder of a set within the cache, the user's own by default."""
    import pooch

    return Path(pooch.os_cache("spinlearn") if cache is None else cache) / name


def fetch(name: str, files: Mapping[str, str], mirrors: Sequence[str], folder: Path) -> None:
    """Download files with known md5 to a folder, but for those that are there already."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SpinlearnValueError(
            "cache", folder, "a folder that can be written to", "Pass cache=, another folder."
        ) from error
    for file, md5 in files.items():
        failures = _try(mirrors, file, md5, folder)
        if len(failures) == len(mirrors):
            raise SpinlearnValueError(
                name,
                f"no {file} from {', '.join(failures)}",
                f"files from {' or '.join(mirrors)}, or already there",
                f"Put {', '.join(files)} into a folder and pass folder=, or put them into {folder}"
                ".",
            )


def _try(mirrors: Sequence[str], file: str, md5: str, folder: Path) -> list[str]:
    """One mirror after the other; what went wrong with those that failed."""
    import pooch

    failures: list[str] = []
    for mirror in mirrors:
        downloader: Any = pooch.HTTPDownloader(timeout=_PATIENCE)
        try:
            pooch.retrieve(f"{mirror}{file}", f"md5:{md5}", file, folder, downloader=downloader)
        except OSError as error:  # that of requests is one, whatever the connection lacked
            failures.append(f"{urlsplit(mirror).netloc} ({type(error).__name__})")
        except ValueError:
            failures.append(f"{urlsplit(mirror).netloc} (another file, of another md5)")
        else:
            break
    return failures
