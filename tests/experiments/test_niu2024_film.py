"""Pairs of 35 contacts: distances, references, agreement with Hebb's rule, without any dynamics."""

from __future__ import annotations

import numpy as np
import pytest

from spinlearn.datasets import letters
from spinlearn.experiments._niu2024_film_bench import slope_cosines
from spinlearn.experiments._niu2024_film_pairs import (
    NODES,
    PairChanges,
    calibration_patterns,
    contact_distances,
    gains,
    neighbours,
    reference_of,
    weight_per_siemens,
)

pytestmark = pytest.mark.as_installed

X = np.asarray(letters("CLU"), float)
RNG = np.random.default_rng(0)


def _reference(contacts: str) -> np.ndarray:
    """Conductances that fall with the distance, as those of a film."""
    return 1e-3 * np.exp(-2 * contact_distances(contacts)) * (np.eye(NODES) * -2 + 1)


def test_distances_are_those_of_the_contacts() -> None:
    grid, edge = contact_distances("grid"), contact_distances("edge")
    assert grid[0, 6] == pytest.approx(np.sqrt(2))
    assert grid[0, 34] == pytest.approx(np.hypot(6, 4))
    assert edge[0, 34] == 1
    assert edge.max() == 17
    counts = {c: neighbours(c).sum() // 2 for c in ("grid", "bridges", "edge")}
    assert counts == {"grid": 58, "bridges": 58, "edge": 35}


@pytest.mark.parametrize("contacts", ["grid", "edge"])
def test_calibration_has_neighbours_alike_as_often_as_not(contacts: str) -> None:
    x = calibration_patterns(contacts)
    near = neighbours(contacts)
    if contacts == "edge":
        near[0, 34] = near[34, 0] = False  # 35 is no multiple of four
    assert np.all((x.T @ x)[near] == 0)


def test_references_halve_what_is_not_written() -> None:
    new, mean = np.zeros((NODES, NODES)), np.full((NODES, NODES), 0.5)
    written = [reference_of(new, mean, p)[0, 1] for p in range(4)]
    np.testing.assert_allclose(written, [0, 0.5, 0.75, 0.875])


@pytest.mark.parametrize("contacts", ["grid", "bridges", "edge"])
def test_hebbs_rule_has_a_correlation_of_minus_one(contacts: str) -> None:
    ref = _reference(contacts)
    alike = X[:, :, None] * X[:, None, :]
    changes = PairChanges(ref * (1 - 0.003 * alike), ref, X, contacts)
    assert changes.agreement() == pytest.approx(-1)
    assert changes.agreement(changes.near, relative=False) == pytest.approx(-1)
    assert changes.contrast() == pytest.approx(0.006)
    # Neighbours alone: the others scatter.
    noise = RNG.choice([-0.003, 0.003], alike.shape)
    far = PairChanges(
        ref * (1 + np.where(neighbours(contacts), -0.003 * alike, noise)), ref, X, contacts
    )
    assert far.agreement(far.near) == pytest.approx(-1)
    assert abs(far.agreement(far.at(far.distances()[1]))) < 0.5


def test_weights_are_in_units_of_hebbs_rule() -> None:
    ref = _reference("grid")
    gained = gains(ref * (1 - 0.003 * X[:, :, None] * X[:, None, :]), ref)
    assert np.all(np.einsum("pii->pi", gained) == 0)
    weights = -weight_per_siemens(gained, "grid") * gained
    near = neighbours("grid")
    np.testing.assert_allclose(weights[0][near], np.outer(X[0], X[0])[near] / NODES)


def test_outer_product_follows_both_slopes() -> None:
    weights = (np.outer(X[0], X[0]) - np.eye(NODES)) / NODES
    hebb, oja = slope_cosines(weights, X[:1])
    assert hebb == pytest.approx(1)
    assert oja == pytest.approx(1, abs=1e-3)
    away, _ = slope_cosines(-weights, X[:1])
    assert away == pytest.approx(-1)
    scattered, _ = slope_cosines(RNG.normal(size=weights.shape), X[:1])
    assert abs(scattered) < 0.2
