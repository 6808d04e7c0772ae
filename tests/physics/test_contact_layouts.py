"""Which layouts of four contacts can learn all balanced patterns: the idealised rule.

Before, m has no direction in common, and the film conducts alike in all: σ = (σ∥ + σ⊥)/2. The
voltages of a pattern drive j, and where its law says so m turns across j: along j the film has σ⊥
then, and across it σ∥. The change is δσ = f(|j|) (σ⊥ - σ∥)/2 (2 ĵ⊗ĵ - I), and that of the
conductances, to first order in the AMR ratio, δG_ij = t∫∇φ_i·δσ·∇φ_j dA. The numbers are those of
docs/theory/films.md.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from spinlearn import Mesh
from spinlearn.experiments.self_learning_film import four_contacts
from spinlearn.experiments.specs.yu2021 import FourContactsTable
from spinlearn.transport import (
    AMR,
    Electrodes,
    conductance_matrix,
    conductance_sensitivity,
    solve_potential,
)

pytestmark = pytest.mark.once

Law = Callable[[np.ndarray], np.ndarray]

PATTERNS = np.array([[1.0, 1, -1, -1], [1, -1, 1, -1], [1, -1, -1, 1]])
PAIRS = np.triu_indices(4, 1)
ALIKE = PATTERNS[:, PAIRS[0]] * PATTERNS[:, PAIRS[1]]
MESH = Mesh((64, 64, 1), (1e-8, 1e-8, 1e-9))
SIZES = {"edge": 0.33, "corner": 0.2, "centre": 0.2, "ring": 0.2}


def everywhere(j: np.ndarray) -> np.ndarray:
    """Turned wherever a current is; j is over its root mean square, here and below."""
    return np.ones_like(j)


LAWS: dict[str, Law] = {
    "everywhere": everywhere,
    "proportional": lambda j: j,
    "quadratic": lambda j: j**2,
    "saturating": lambda j: np.minimum(j**2, 1.0),
    "above a quarter": lambda j: (j > 0.25) * 1.0,
    "above a half": lambda j: (j > 0.5) * 1.0,
    "above the rms": lambda j: (j > 1.0) * 1.0,
}


class _Ideal:
    """A film of one layout that answers to the current by a law (any scale)."""

    def __init__(self, layout: Any, size: float) -> None:
        table = FourContactsTable(layout=layout, size=size)
        self.contacts: Electrodes = four_contacts(MESH, table)
        shape = (2, 2, *MESH.shape)
        self.sigma = jnp.broadcast_to(jnp.eye(2)[:, :, None, None, None], shape)
        self.g = np.asarray(conductance_matrix(self.sigma, self.contacts))
        self.answer = np.asarray(conductance_sensitivity(self.sigma, self.contacts))

    def change_of_sigma(self, law: Law) -> np.ndarray:
        """2 ĵ⊗ĵ - I times the law, ``(3, 2, 2, nx, ny)``."""
        found = []
        for pattern in PATTERNS:
            density = solve_potential(self.sigma, self.contacts, jnp.asarray(pattern))
            j = np.asarray(density.current_density)[:2, ..., 0]
            size = np.hypot(*j)
            unit = j / np.maximum(size, 1e-300)
            rms = np.sqrt(np.mean(size**2))
            turned = 2 * unit[:, None] * unit[None] - np.eye(2)[:, :, None, None]
            found.append(law(size / rms) * turned)
        return np.array(found)

    def learned(self, law: Law) -> np.ndarray:
        """Change of |G| over |G| less its mean over the patterns and a film that waited."""
        change = self.change_of_sigma(law)
        delta = np.einsum("ijabxyz,pabxy->pij", self.answer, change)
        relative = delta[:, *PAIRS] / self.g[PAIRS]
        return relative - relative.sum(axis=0) / 4


@functools.cache
def _ideal(layout: str, size: float | None = None) -> _Ideal:
    return _Ideal(layout, SIZES[layout] if size is None else size)


def _worst_correlation(learned: np.ndarray) -> float:
    """Of three patterns, r with s_i s_j over six pairs."""
    rows = zip(learned, ALIKE, strict=True)
    return max(float(np.corrcoef(row, alike)[0, 1]) for row, alike in rows)


def _corrected(learned: np.ndarray) -> list[float]:
    """Part of one-bit errors that asynchronous updates with weights -ΔG correct, per pattern."""
    found = []
    for row, pattern in zip(learned, PATTERNS, strict=True):
        w = np.zeros((4, 4))
        w[PAIRS] = -row / np.abs(row).max()
        w += w.T
        back = 0
        for bit in range(4):
            s = np.where(np.arange(4) == bit, -pattern, pattern)
            for _ in range(10):
                for node in range(4):
                    h = w[node] @ s
                    s[node] = np.sign(h) if abs(h) > 1e-9 else s[node]
            back += int(abs(s @ pattern) == 4)
        found.append(back / 4)
    return found


@pytest.mark.parametrize(
    ("layout", "worst", "corrected"),
    [
        ("edge", -0.83, [0.5, 0.25, 0.5]),
        ("corner", -0.83, [0.5, 0.25, 0.5]),
        ("centre", -0.995, [1, 1, 1]),
        ("ring", -0.999, [1, 1, 1]),
    ],
)
def test_a_contact_in_the_middle_learns_all_patterns(
    layout: str, worst: float, corrected: list[float]
) -> None:
    learned = _ideal(layout).learned(everywhere)
    assert _worst_correlation(learned) == pytest.approx(worst, abs=0.005 if worst > -0.9 else 0.002)
    assert sorted(_corrected(learned)) == sorted(corrected)


def test_opposite_contacts_on_an_edge_learn_nothing_where_neighbours_are_alike() -> None:
    learned = np.zeros((3, 4, 4))
    learned[:, *PAIRS] = _ideal("edge").learned(everywhere)
    for k, pattern in enumerate(PATTERNS):
        opposite = np.abs([learned[k, 0, 2], learned[k, 1, 3]])
        # A pattern with opposite contacts alike is learned, one with neighbours alike is not.
        assert np.all((opposite > 0.1 * np.abs(learned).max()) == (pattern[0] == pattern[2]))


@pytest.mark.parametrize(("size", "worst"), [(0.1, -0.967), (0.2, -0.973)])
def test_a_disc_with_arcs_learns_by_many_laws(size: float, worst: float) -> None:
    learned = {name: _ideal("ring", size).learned(law) for name, law in LAWS.items()}
    assert max(map(_worst_correlation, learned.values())) == pytest.approx(worst, abs=0.002)
    for name, each in learned.items():
        assert _corrected(each) == [1, 1, 1], name


def test_it_is_not_so_for_any_law_nor_with_pads_around() -> None:
    def far(j: np.ndarray) -> np.ndarray:
        return (j > 1.5) * 1.0

    ring, centre = _ideal("ring", 0.1), _ideal("centre")
    assert _worst_correlation(ring.learned(far)) == pytest.approx(-0.915, abs=0.005)
    assert _worst_correlation(centre.learned(far)) == pytest.approx(-0.892, abs=0.005)
    worst = max(_worst_correlation(centre.learned(law)) for law in LAWS.values())
    assert worst == pytest.approx(-0.897, abs=0.005)


def test_the_first_order_is_what_conductances_of_turned_films_do() -> None:
    film = _ideal("centre")
    small = 1e-4
    change = small * film.change_of_sigma(everywhere)[..., None]
    exact = [
        np.asarray(conductance_matrix(film.sigma + jnp.asarray(part), film.contacts)) - film.g
        for part in change
    ]
    first = np.einsum("ijabxyz,pabxyz->pij", film.answer, change)
    np.testing.assert_allclose(exact, first, atol=10 * small * np.abs(first).max())
    # 2 ĵ⊗ĵ - I is what m across j makes of a film of no direction, for an AMR ratio of 2 · small.
    amr = AMR(1.0 + small, 2 * small)
    m = np.zeros((3, *MESH.shape))
    m[1] = 1.0
    turned = np.asarray(amr.tensor(jnp.asarray(m)))[..., 0]
    expected = np.diag([1 + small, 1 - small])  # current along x
    np.testing.assert_allclose(turned[:, :, 0, 0], expected, atol=4 * small**2)
