"""Checks look at values that are known and let traced ones pass."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from spinlearn import Mesh, SpinlearnValueError
from spinlearn._checks import (
    as_array,
    as_float_array,
    as_leaf,
    is_known,
    require,
    require_values,
)
from spinlearn.magnetics._cells import check_magnetization


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


def test_known_values_are_seen_while_tracing_others() -> None:
    known = jnp.ones(3)

    @jax.jit
    def traced(x: jax.Array) -> jax.Array:
        require_values(np.isfinite, "x", x, "finite", "Pass 1.")
        assert is_known(as_array([1.0, 2.0], "x"), as_array(known, "x"))
        assert is_known(as_float_array(np.ones(3), "m"))
        assert not is_known(as_array([x, 2.0], "x"))
        with pytest.raises(SpinlearnValueError, match="known = "):
            require_values(lambda v: v > 1, "known", known, "above 1", "Pass 2.")
        return as_array([x, 2.0], "x")

    assert traced(-1.0).tolist() == [-1.0, 2.0]


@pytest.mark.parametrize("kind", [jnp.asarray, np.asarray])
def test_a_known_magnetization_is_checked_while_tracing_others(kind: Callable[..., Any]) -> None:
    mesh = Mesh((3, 2, 1), (1e-9, 1e-9, 1e-9))
    unit = np.eye(3)[0][:, None, None, None] * np.ones((3, *mesh.shape))
    m, half = kind(unit), kind(0.5 * unit)

    @jax.jit
    def traced(x: jax.Array) -> jax.Array:
        check_magnetization(m, mesh)
        with pytest.raises(SpinlearnValueError, match=r"off by 0\.5"):
            check_magnetization(half, mesh)
        return x

    assert float(traced(1.0)) == 1.0


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
