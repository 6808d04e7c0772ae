"""Random streams that depend on a name and a step, never on how a run was cut into pieces."""

from __future__ import annotations

import math
import zlib
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.random import threefry_2x32
from jaxtyping import Float, UInt

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


def words(key: Key, shape: tuple[int, ...]) -> UInt[jax.Array, ...]:
    """Random words of 32 bits (no unit).

    For JAX's usual keys (Threefry-2x32) both words of every block are used, of which
    `jax.random.bits` gives one, their sum without carry: half the work.

    Parameters
    ----------
    key
        Typed key, from which nothing else is drawn.
    shape
        Of the array.

    Examples
    --------
    >>> words(key_from_seed(0), (2, 3)).dtype
    dtype('uint32')
    """
    if str(jax.random.key_impl(key)) != "threefry2x32":
        return jax.random.bits(key, shape, jnp.uint32)
    pair = jax.random.key_data(key)
    counts = jnp.arange(math.prod(shape), dtype=jnp.uint32)
    return threefry_2x32((pair[0], pair[1]), counts).reshape(shape)


def normal(key: Key, shape: tuple[int, ...], dtype: Any = jnp.float32) -> Float[jax.Array, ...]:
    """Normal numbers of mean zero and variance one (no unit); in float32 from `words`.

    Parameters
    ----------
    key
        Typed key, from which nothing else is drawn.
    shape
        Of the array.
    dtype
        float32 or float64.

    Examples
    --------
    >>> normal(key_from_seed(0), (2, 3)).dtype
    dtype('float32')
    """
    if jnp.dtype(dtype) != jnp.float32:
        return jax.random.normal(key, shape, dtype)
    # 24 bits, in the middle of their intervals: never -1 nor 1.
    whole = (words(key, shape) >> jnp.uint32(8)).astype(jnp.int32) - 2**23
    return math.sqrt(2) * jax.lax.erf_inv((whole.astype(jnp.float32) + 0.5) * 2.0**-23)
