"""One precision for all that goes into a compiled run."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np


def as_precision(tree: Any, dtype: Any) -> Any:
    """All floating leaves of a tree in the given precision."""

    def cast(leaf: Any) -> Any:
        array = isinstance(leaf, jax.Array | np.ndarray)
        floating = array and jnp.issubdtype(leaf.dtype, jnp.floating)
        return jnp.asarray(leaf, dtype) if floating else leaf

    return jax.tree.map(cast, tree)
