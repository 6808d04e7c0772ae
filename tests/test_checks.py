"""Checks look at values that are known and let traced ones pass."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import pytest

from spinlearn import SpinlearnValueError
from spinlearn._checks import as_float_array, as_leaf, is_known, require


def test_known_and_traced_values_are_told_apart() -> None:
    seen = []
    jax.jit(lambda x: seen.append(is_known(x, 1.0)))(1.0)
    assert seen == [False]
    assert is_known(1.0, jnp.ones(3), None)


def test_require_raises_on_known_values_alone() -> None:
    with pytest.raises(SpinlearnValueError, match="x = 2"):
        require(jnp.asarray([True, False]), "x", 2, "1", "Pass 1.")
    require(jnp.asarray([True, True]), "x", 1, "1", "Pass 1.")

    @jax.jit
    def traced(x: jax.Array) -> jax.Array:
        require(x > 0, "x", x, "positive", "Pass 1.")
        return x

    assert float(traced(-1.0)) == -1.0


def test_leaves_have_default_precision() -> None:
    assert as_leaf(1, "x", "m").dtype == jnp.result_type(float)
    kept = jnp.asarray(1.0, jnp.float16)
    assert as_leaf(kept, "x", "m") is kept
    with pytest.raises(SpinlearnValueError, match="a number in A/m"):
        as_leaf("one", "x", "A/m")


@pytest.mark.parametrize("value", [[1, 2], [1 + 2j], [True]])
def test_only_floating_numbers_pass_for_fields(value: list) -> None:
    with pytest.raises(SpinlearnValueError, match="m = dtype"):
        as_float_array(value, "m")
