"""JAX's global settings: the command line's business alone."""

from __future__ import annotations

import os
from pathlib import Path

from spinlearn.errors import SpinlearnError


def set_precision(x64: bool) -> None:
    """Load JAX in 64 or 32 bits, and let it keep what it compiles."""
    import jax

    jax.config.update("jax_enable_x64", x64)
    keep_compiled()
    try:
        jax.devices()
    except (RuntimeError, AssertionError) as error:
        asked = os.environ.get("JAX_PLATFORMS", "")
        reason = str(error) or "no such device"
        raise SpinlearnError(
            f"JAX_PLATFORMS = {asked!r}: JAX found no device to compute on ({reason}). "
            "Unset JAX_PLATFORMS, or install the device's plugin (extra 'gpu')."
        ) from None


def keep_compiled() -> None:
    """Keep compiled programs in the user's cache, unless JAX was told otherwise."""
    import jax

    told = jax.config.jax_compilation_cache_dir  # pyright: ignore[reportAttributeAccessIssue]
    if told is not None:
        return
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    folder = Path(home) / "spinlearn" / "jax"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return
    jax.config.update("jax_compilation_cache_dir", str(folder))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.2)
