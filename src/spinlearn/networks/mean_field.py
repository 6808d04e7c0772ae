"""Mean-field theory of Hebb's rule: how well random patterns are kept, and how many."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from spinlearn._checks import as_leaf, require_values

Array = jax.Array

# Where mean-field load is largest: the root of d/dy [erf(y)/y − (2/√π) exp(−y²)].
_Y_LARGEST = 1.5112185563


def mean_field_overlap(load: Any) -> Float[Array, ...]:
    """Overlap of the memory of a random pattern with it, by Hebb's rule at zero temperature.

    With p = α n patterns and n → ∞ the retrieval state has ``m = erf(y)``, y being the largest
    root of ``√(2α) = erf(y)/y − (2/√π) exp(−y²)`` (replica-symmetric). There is none beyond the
    capacity.

    Parameters
    ----------
    load
        Load α = p/n, any shape (no unit).

    Returns
    -------
    Array
        Overlap m (no unit), in the shape of the load; zero above `mean_field_capacity`.

    Raises
    ------
    SpinlearnValueError
        If a load is not positive and finite.

    References
    ----------
    D. J. Amit, H. Gutfreund, H. Sompolinsky, Phys. Rev. Lett. 55, 1530 (1985); Ann. Phys. 173, 30
    (1987).

    Examples
    --------
    >>> mean_field_overlap([0.05, 0.1, 0.137, 0.2]).round(3).tolist()
    [1.0, 0.998, 0.975, 0.0]
    """
    loads = as_leaf(load, "load", "1 (no unit)")
    require_values(lambda a: np.isfinite(a) & (a > 0), "load", loads, "a number > 0", "Pass p / n.")
    return _overlap(loads)


def mean_field_capacity() -> float:
    """Largest load p/n at which random patterns are kept, by Hebb's rule at zero temperature.

    The maximum of ``½ [erf(y)/y − (2/√π) exp(−y²)]²`` over y: 0.1379 (no unit). Breaking the
    replica symmetry makes it 0.1382. In a finite network the transition is smeared (`load_curve`).

    Returns
    -------
    float
        The load, a number without unit.

    References
    ----------
    D. J. Amit, H. Gutfreund, H. Sompolinsky, Phys. Rev. Lett. 55, 1530 (1985); replica symmetry:
    H. Steffan, R. Kühn, Z. Phys. B 95, 249 (1994).

    Examples
    --------
    >>> round(mean_field_capacity(), 4)
    0.1379
    """
    return 0.5 * float(_root_of_load(jnp.asarray(_Y_LARGEST, jnp.result_type(float)))) ** 2


def _root_of_load(y: Array) -> Array:
    """√(2α) of the retrieval state with m = erf(y)."""
    return jax.lax.erf(y) / y - 2 / np.sqrt(np.pi) * jnp.exp(-y * y)


@jax.jit
def _overlap(loads: Array) -> Array:
    wanted = jnp.sqrt(2 * loads)
    least = jnp.full_like(loads, _Y_LARGEST)

    def halve(_: Any, bracket: tuple[Array, Array]) -> tuple[Array, Array]:
        low, high = bracket
        middle = 0.5 * (low + high)
        # The load falls with y between the bounds.
        above = _root_of_load(middle) > wanted
        return jnp.where(above, middle, low), jnp.where(above, high, middle)

    bounds = (least, jnp.maximum(least, 1 / wanted))
    low, high = jax.lax.fori_loop(0, 60, halve, bounds)
    kept = wanted <= _root_of_load(least)
    return jnp.where(kept, jax.lax.erf(0.5 * (low + high)), 0)
