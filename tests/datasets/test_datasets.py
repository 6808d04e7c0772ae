"""Letters, similar patterns, and probes."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from spinlearn import SpinlearnValueError, key_from_seed
from spinlearn.datasets import (
    characters,
    corrupt,
    digits,
    letters,
    overlap_matrix,
    similar_patterns,
)


@pytest.mark.parametrize(("patterns", "count"), [(letters, 26), (digits, 10)])
def test_characters_are_distinct_signs_within_their_frame(patterns: Any, count: int) -> None:
    x = np.asarray(patterns())
    assert x.shape == (count, 35)
    assert np.all(np.abs(x) == 1)
    off = np.asarray(overlap_matrix(patterns()))[~np.eye(count, dtype=bool)]
    assert np.max(off) < 0.9
    ink = x.reshape(count, 7, 5) > 0
    assert np.all(ink.any(axis=2))  # every row of every character has ink


def test_symmetric_letters_are_symmetric() -> None:
    for name in "AHIMOTUVWXY":
        rows = np.asarray(letters(name)).reshape(7, 5)
        np.testing.assert_array_equal(rows, rows[:, ::-1], err_msg=name)
    for name in "BCDEHIOX":
        rows = np.asarray(letters(name)).reshape(7, 5)
        np.testing.assert_array_equal(rows, rows[::-1], err_msg=name)


def test_the_order_is_the_one_that_is_asked_for() -> None:
    every = np.asarray(letters())
    np.testing.assert_array_equal(letters("ZAZ"), every[[25, 0, 25]])
    np.testing.assert_array_equal(digits("90"), np.asarray(digits())[[9, 0]])


def test_the_largest_overlap_is_that_of_c_and_o() -> None:
    overlaps = np.asarray(overlap_matrix(letters())) - 2 * np.eye(26)
    assert set(np.unravel_index(np.argmax(overlaps), overlaps.shape)) == {2, 14} or np.isclose(
        overlaps[2, 14], overlaps.max()
    )
    assert np.sum(overlaps[np.triu_indices(26, 1)]) / 325 == pytest.approx(0.236, abs=1e-3)


def test_characters_are_letters_and_digits() -> None:
    np.testing.assert_array_equal(characters()[:26], letters())
    np.testing.assert_array_equal(characters()[26:], digits())
    with pytest.raises(SpinlearnValueError, match="A to Z and 0 to 9"):
        characters("a")


@pytest.mark.parametrize("which", ["a", "1", "", "A B", None, 3])
def test_unknown_characters_are_named(which: Any) -> None:
    with pytest.raises(SpinlearnValueError, match="which"):
        letters(which)


@pytest.mark.parametrize("c", [0.0, 0.25, 0.5, 1.0])
def test_similar_patterns_have_their_mean_overlap(c: float) -> None:
    keys = jax.random.split(key_from_seed(0), 2000)
    x = np.asarray(jax.vmap(lambda key: similar_patterns(2, 35, c, key=key))(keys))
    overlaps = np.mean(x[:, 0] * x[:, 1], axis=1)
    error = np.sqrt((1 - c**2) / 35 / 2000)
    assert abs(overlaps.mean() - c) <= 4 * error
    assert overlaps.std() == pytest.approx(np.sqrt((1 - c**2) / 35), rel=0.1, abs=1e-12)
    assert abs(x.mean()) < 4 / np.sqrt(2000 * 35)  # the template is random as well


def test_similar_patterns_follow_their_key_alone() -> None:
    first, again = (similar_patterns(3, 9, 0.5, key=key_from_seed(1)) for _ in range(2))
    assert bool(jnp.all(first == again))
    assert not bool(jnp.all(first == similar_patterns(3, 9, 0.5, key=key_from_seed(2))))


@pytest.mark.parametrize("flips", [0, 3, 35])
def test_exactly_as_many_nodes_are_flipped(flips: int) -> None:
    x = similar_patterns(4, 35, 0.5, key=key_from_seed(1))
    many = jnp.broadcast_to(x, (50, 4, 35))
    probes = corrupt(many, flips, key=key_from_seed(3))
    assert probes.dtype == x.dtype
    assert np.all(np.sum(np.asarray(probes != many), axis=-1) == flips)


def test_every_node_is_flipped_as_often() -> None:
    probes = np.asarray(corrupt(np.ones((20000, 10)), 3, key=key_from_seed(3)))
    often = np.mean(probes < 0, axis=0)
    assert np.max(np.abs(often - 0.3)) < 5 * np.sqrt(0.3 * 0.7 / 20000)
    pairs = np.mean((probes[:, 0] < 0) & (probes[:, 1] < 0))
    assert pairs == pytest.approx(0.3 * 2 / 9, abs=5 * np.sqrt(0.07 / 20000))


def test_flips_may_be_traced_and_integers_stay_integers() -> None:
    x = jnp.ones((2, 7), jnp.int32)
    probes = jax.jit(jax.vmap(lambda f: corrupt(x, f, key=key_from_seed(0))))(jnp.arange(8))
    assert probes.dtype == jnp.int32
    np.testing.assert_array_equal(
        np.sum(np.asarray(probes) < 0, axis=-1), [[f] * 2 for f in range(8)]
    )


def test_overlaps_of_numbers_written_out(rtol: float) -> None:
    x = np.random.default_rng(0).choice([-1, 1], (4, 11))
    found = overlap_matrix(x)
    assert found.dtype == jnp.result_type(float)
    np.testing.assert_allclose(found, x @ x.T / 11, rtol=rtol)


@pytest.mark.parametrize(
    "call",
    [
        lambda: corrupt([1, 0, 1], 1, key=key_from_seed(0)),
        lambda: corrupt([1, 1], 3, key=key_from_seed(0)),
        lambda: corrupt([1, 1], -1, key=key_from_seed(0)),
        lambda: corrupt([1, 1], 0.5, key=key_from_seed(0)),
        lambda: corrupt(1, 0, key=key_from_seed(0)),
        lambda: similar_patterns(0, 3, key=key_from_seed(0)),
        lambda: similar_patterns(2, 3, -0.1, key=key_from_seed(0)),
        lambda: similar_patterns(2, 3, [0.1], key=key_from_seed(0)),
        lambda: overlap_matrix([1, 1]),
    ],
)
def test_bad_numbers_are_refused(call: Any) -> None:
    with pytest.raises(SpinlearnValueError):
        call()
