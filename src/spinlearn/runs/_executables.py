"""Compiled programs: each takes memory maps, of which the kernel gives a process so many."""

from __future__ import annotations

from pathlib import Path

import jax

_MAPS = Path("/proc/self/maps")
_MOST = Path("/proc/sys/vm/max_map_count")


def make_room() -> None:
    """Forget compiled programs before a process has no memory maps left for further ones.

    XLA takes a few maps per program and crashes the process where the kernel refuses one, after
    several thousand programs. What is needed again comes from JAX's persistent cache.
    """
    if _share_of_maps() > 0.3:
        jax.clear_caches()


def _share_of_maps() -> float:
    """Memory maps of this process over what it may have; 0 where the system does not say."""
    try:
        with _MAPS.open("rb") as lines:
            return sum(1 for _ in lines) / int(_MOST.read_text())
    except (OSError, ValueError):
        return 0.0
