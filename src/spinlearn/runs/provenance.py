"""Where a result comes from: versions, device, precision."""

from __future__ import annotations

import os
import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

_PACKAGES = ("jax", "jaxlib", "equinox", "numpy", "scipy", "xarray", "zarr", "pydantic")


def versions() -> dict[str, str]:
    """Versions of Python, spinlearn and what it stands on (no unit).

    Examples
    --------
    >>> "jax" in versions()
    True
    """
    from spinlearn import __version__

    found = {"spinlearn": __version__, "python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "missing"
    return found


@cache
def device() -> dict[str, Any]:
    """The machine that computes: kind of device, number of cores, system (no unit).

    Examples
    --------
    >>> device()["cores"] >= 1
    True
    """
    import jax

    kinds = sorted({f"{d.device_kind} ({d.platform})" for d in jax.devices()})
    affinity = getattr(os, "sched_getaffinity", None)
    return {
        "devices": kinds,
        "cores": len(affinity(0)) if affinity else os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
    }
