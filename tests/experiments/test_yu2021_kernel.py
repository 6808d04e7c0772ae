"""The learning kernel of a granular film at voltages at which its grains turn and come back."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest

from spinlearn import key_from_seed
from spinlearn.experiments.experiment import in_precision
from spinlearn.experiments.self_learning_film import film_mesh, four_contacts, new_film
from spinlearn.runs import read_spec
from spinlearn.substrates import LearningKernel, measure_learning_kernel

pytestmark = [pytest.mark.once, pytest.mark.slow]

PAIRS = np.triu_indices(4, 1)
SMALL, PULSE = 5e-4, 2e-10  # V, s


@pytest.fixture(scope="module")
def kernels() -> dict[str, LearningKernel]:
    changes = {"film.length": 0.36e-6, "precision": "float64", "solver.relaxation": 1e-6}
    spec: Any = read_spec("yu2021", changes)
    film = new_film(spec, four_contacts(film_mesh(spec), spec.contacts), key_from_seed(3))
    step = jnp.asarray(1e-12)
    film = eqx.tree_at(lambda f: f.step, film, step, is_leaf=lambda x: x is None)
    film = in_precision(film, "float64")
    state, key = film.init(key=key_from_seed(0)), key_from_seed(0)
    return {
        "small": measure_learning_kernel(film, state, SMALL, PULSE, key=key),
        "twice": measure_learning_kernel(film, state, 2 * SMALL, PULSE, key=key),
        "integral": measure_learning_kernel(
            film, state, SMALL, PULSE, key=key, method="sensitivity"
        ),
    }


def _apart(a: Any, b: Any) -> float:
    a, b = (np.asarray(x)[PAIRS] for x in (a, b))
    return float(np.linalg.norm(a - b) / np.linalg.norm(a))


def test_it_is_the_kernel_of_a_linear_regime(kernels: dict[str, LearningKernel]) -> None:
    small, twice = kernels["small"], kernels["twice"]
    assert _apart(small.quadratic, twice.quadratic) < 5e-3
    assert _apart(small.linear, twice.linear) < 5e-3
    assert float(small.linear_residue) < 1e-3
    assert float(small.quadratic_residue) < 1e-3


def test_the_sensitivity_integral_finds_the_same(kernels: dict[str, LearningKernel]) -> None:
    small, integral = kernels["small"], kernels["integral"]
    assert _apart(small.linear, integral.linear) < 1e-3
    assert _apart(small.quadratic, integral.quadratic) < 0.03  # of the order of the AMR ratio


def test_pairs_answer_to_their_own_voltage_but_with_either_sign(
    kernels: dict[str, LearningKernel],
) -> None:
    """What docs/theory/films.md says: Hebb's form without its sign, below the odd part."""
    parts = [float(kernel.hebb_fraction) for kernel in kernels.values()]
    assert parts == pytest.approx(parts[:1] * len(parts), abs=0.01)
    assert min(parts) > 0.5  # 0.17 by chance
    for kernel in kernels.values():
        rate = np.asarray(kernel.hebb_rate)[PAIRS]
        assert rate.min() < 0 < rate.max()
    small = kernels["small"]
    odd = SMALL * np.linalg.norm(np.asarray(small.linear)[PAIRS])
    even = 0.5 * SMALL**2 * np.linalg.norm(np.asarray(small.quadratic)[PAIRS])
    assert odd > 10 * even
