"""Streams depend on a name and a step, never on how a run was cut."""

from __future__ import annotations

from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinlearn import SpinlearnValueError, key_from_seed, stream
from spinlearn.typing import Key


def _data(key: Key) -> tuple[int, ...]:
    return tuple(np.asarray(jax.random.key_data(key)).tolist())


# Written down once: the same in float32 and float64, on every machine and for ever.
@pytest.mark.parametrize(
    ("seed", "expected"),
    [
        (0, (1797259609, 2579123966)),
        (1, (507451445, 1853169794)),
        (2**31, (928981903, 3453687069)),
        (2**32 + 1, (2441914641, 3819641963)),
        (2**63 - 1, (1805861212, 36751972)),
    ],
)
def test_seeds_give_the_same_key_in_both_precisions(seed: int, expected: tuple[int, int]) -> None:
    assert _data(key_from_seed(seed)) == expected


def test_streams_are_the_same_in_both_precisions() -> None:
    key = key_from_seed(1)
    assert _data(stream(key, "thermal field", 3)) == (3462887643, 2650778010)
    assert _data(stream(key, "thermal field", 2**32 - 1)) == (1459490198, 807323650)


def test_key_is_typed() -> None:
    assert jnp.issubdtype(key_from_seed(0).dtype, jax.dtypes.prng_key)


@given(seed=st.integers(0, 2**63 - 1), bit=st.integers(0, 62))
def test_every_bit_of_a_seed_counts(seed: int, bit: int) -> None:
    assert _data(key_from_seed(seed)) != _data(key_from_seed(seed ^ (1 << bit)))


@pytest.mark.parametrize("seed", [-1, 2**63, 1.0, True, "1", None])
def test_bad_seeds_are_refused_by_name(seed: object) -> None:
    with pytest.raises(SpinlearnValueError, match=r"^seed = "):
        key_from_seed(seed)  # pyright: ignore[reportArgumentType]


def _draw(key: Key, first: int, last: int) -> np.ndarray:
    """Uniform bits of the steps of one segment of a run, inside compiled code."""

    def step(carry: None, k: jax.Array) -> tuple[None, jax.Array]:
        return carry, jax.random.bits(stream(key, "thermal field", k), (3,))

    return np.asarray(jax.lax.scan(step, None, jnp.arange(first, last))[1])


@pytest.mark.parametrize("cuts", [(4,), (1, 2, 9), (5, 5)])
def test_cutting_a_run_into_segments_leaves_its_noise(cuts: tuple[int, ...]) -> None:
    key = key_from_seed(7)
    ends = (0, *cuts, 10)
    parts = [_draw(key, a, b) for a, b in pairwise(ends) if b > a]
    np.testing.assert_array_equal(np.concatenate(parts), _draw(key, 0, 10))


def test_steps_known_in_advance_agree_with_traced_ones() -> None:
    key = key_from_seed(7)
    known = [jax.random.bits(stream(key, "thermal field", k), (3,)) for k in range(4)]
    np.testing.assert_array_equal(np.stack(known), _draw(key, 0, 4))


def test_steps_names_and_seeds_all_differ() -> None:
    streams = {
        _data(stream(key_from_seed(seed), name, step))
        for seed in (0, 1, 2**40)
        for name in ("thermal field", "Thermal field", "device spread", "θ")
        for step in (0, 1, 2, 2**31, 2**32 - 1)
    }
    assert len(streams) == 3 * 4 * 5


def test_streams_are_uncorrelated() -> None:
    key = key_from_seed(3)
    names = ("thermal field", "device spread")
    a, b = (np.asarray(jax.random.normal(stream(key, name), (20_000,))) for name in names)
    assert abs(np.corrcoef(a, b)[0, 1]) < 0.03  # four standard deviations


@pytest.mark.parametrize("step", [-1, 2**32])
def test_bad_steps_are_refused_by_name(step: int) -> None:
    with pytest.raises(SpinlearnValueError, match=r"^step = "):
        stream(key_from_seed(0), "thermal field", step)


def test_an_empty_name_is_refused() -> None:
    with pytest.raises(SpinlearnValueError, match=r"^name = "):
        stream(key_from_seed(0), "")
