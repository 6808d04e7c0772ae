"""Random streams that depend on a name and a step, never on how a run was cut into pieces."""

from __future__ import annotations

import zlib

import jax
import jax.numpy as jnp
import numpy as np

from spinlearn.errors import SpinlearnValueError
from spinlearn.typing import Key


def key_from_seed(seed: int | np.integer) -> Key:
    """Typed JAX key of an integer seed (no unit).

    Parameters
    ----------
    seed
        Any integer from 0 to 2**63 - 1.

    Raises
    ------
    SpinlearnValueError
        If the seed is not such an integer.

    Examples
    --------
    >>> key_from_seed(1).shape
    ()
    """
    whole = isinstance(seed, int | np.integer) and not isinstance(seed, bool)
    if not whole or not 0 <= seed < 2**63:
        raise SpinlearnValueError(
            "seed", seed, "an integer from 0 to 2**63 - 1", "Pass a non-negative integer."
        )
    seed = int(seed)
    # Split by hand: without 64-bit integers jax.random.key would drop the upper half silently.
    return jax.random.fold_in(jax.random.key(seed & 0x7FFFFFFF), seed >> 31)


def stream(key: Key, name: str, step: int | jax.Array = 0) -> Key:
    """Key of the stream ``name`` at ``step`` (no unit).

    A stream belongs to one source of randomness ("thermal field", "device spread").
    Because the step index is folded in, a run cut into segments draws the same numbers.

    Parameters
    ----------
    key
        Typed key of the run.
    name
        Name of the stream; equal names give equal streams on every machine.
    step
        Step index, 0 to 2**32 - 1; may be traced.

    Raises
    ------
    SpinlearnValueError
        If the name is empty or a step known in advance is out of range.

    Examples
    --------
    >>> a = stream(key_from_seed(0), "thermal field", step=3)
    >>> b = stream(key_from_seed(0), "thermal field", step=4)
    >>> bool(jax.random.bits(a) == jax.random.bits(b))
    False
    """
    if not name:
        raise SpinlearnValueError("name", name, "a non-empty string", "Name the stream.")
    if isinstance(step, int | np.integer) and not 0 <= int(step) < 2**32:
        raise SpinlearnValueError(
            "step", step, "an integer from 0 to 2**32 - 1", "Count steps from zero."
        )
    named = jax.random.fold_in(key, zlib.crc32(name.encode()))
    return jax.random.fold_in(named, jnp.asarray(step, dtype=jnp.uint32))
