"""One precision for all that goes into a compiled run."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp


def as_precision(tree: Any, dtype: Any) -> Any:
    """All floating leaves of a tree in the given precision."""
    return jax.tree.map(
        lambda leaf: jnp.asarray(leaf, dtype) if eqx.is_inexact_array_like(leaf) else leaf, tree
    )
