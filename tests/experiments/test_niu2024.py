"""An associative memory on links: a small run, its measures, its specification."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from pydantic import ValidationError

from spinlearn import key_from_seed
from spinlearn.datasets import letters
from spinlearn.experiments._niu2024_bench import METHODS, recall_rates
from spinlearn.experiments._niu2024_claims import mean, share, wilson
from spinlearn.experiments._niu2024_descent import descent_cosines, relative_objective
from spinlearn.experiments._niu2024_hardware import HARDWARE, LINKS
from spinlearn.experiments.niu2024 import Niu2024
from spinlearn.experiments.specs import preset_names
from spinlearn.experiments.specs.niu2024 import Niu2024Spec
from spinlearn.report._pictures import png_bytes
from spinlearn.report._view import view_run
from spinlearn.report.experiments.niu2024 import pictures
from spinlearn.rules import hebb, oja_gradient, pseudo_inverse
from spinlearn.runs import read_spec, run
from tests.experiments.measured import measured

pytestmark = pytest.mark.as_installed

# All sets have three patterns, so that everything is compiled once.
SMALL: dict[str, Any] = {
    "devices": 3,
    "training.epochs": 8,
    "memory.trials": 8,
    "memory.most_flips": 3,
    "memory.sets": ["ABF"],
    "memory.similarities": [0.5],
    "memory.loads": [3],
    "memory.spreads": [0.0, 0.1],
    # A film of a grain from pad to pad, by the full dynamics.
    "film.devices": 3,
    "film.pitch": 4,
    "film.voltage": 0.05,
    "film.pulse": 2e-10,
    "film.rest": 2e-10,
}
KEY = key_from_seed(0)


@pytest.fixture(scope="module")
def result(precision: str, tmp_path_factory: pytest.TempPathFactory) -> Any:
    path = tmp_path_factory.mktemp("niu2024") / "run"
    return run(read_spec("niu2024", SMALL | {"precision": precision}), path)


@pytest.fixture(scope="module")
def precision(double: bool) -> str:
    return "float64" if double else "float32"


class TestRun:
    def test_everything_is_computed(self, result):
        assert result.status == "finished"
        for name in result.dataset.variables:
            values = result.dataset[name].values
            if values.dtype.kind == "f":
                assert np.all(np.isfinite(values)), name

    def test_links_recall_what_the_outer_product_does_not(self, result):
        after = result.dataset["by_flips"].values[:, :, 3].mean(axis=0)
        assert after[METHODS.index("hebb")] < 0.05
        assert after[METHODS.index("links, residual")] > 0.9
        assert after[METHODS.index("pseudo_inverse")] > 0.9

    def test_curves_meet_where_they_show_the_same(self, result):
        data, rows = result.dataset, [METHODS.index(name) for name in HARDWARE]
        at_end = data["by_epoch"].values[:, :, -1]
        np.testing.assert_allclose(data["by_flips"].values[:, rows, 3], at_end)
        np.testing.assert_allclose(data["by_spread"].values[:, :, 1], at_end[:, : len(LINKS)])

    def test_hardware_does_what_its_rule_does(self, result):
        after = result.dataset["by_flips"].values[:, :, 3].mean(axis=0)
        rate = dict(zip(METHODS, after, strict=True))
        assert rate["ideal, oja_subspace"] > 0.9
        for name in ("ideal, hebb", "ideal, oja_clamped", "links, leaky", "oja_clamped"):
            assert rate[name] < 0.5, name

    def test_hardware_descends_what_its_rule_minimizes(self, result):
        data = result.dataset.sel(epoch=slice(1, 4))
        cosine = {
            name: data[variable].values[:, HARDWARE.index(name)]
            for variable, names in {
                "cosine_objective": ("ideal, oja_subspace", "links, subspace"),
                "cosine_residual": ("links, residual",),
                "cosine_clamped": ("ideal, oja_clamped", "links, leaky", "links, hebbian"),
            }.items()
            for name in names
        }
        assert np.all(cosine["ideal, oja_subspace"] > 0.9)
        assert np.all(cosine["ideal, oja_clamped"] > 0.99)
        assert np.all(cosine["links, leaky"][:, :2] > 0.6)
        assert np.all(cosine["links, hebbian"] > 0.7)
        assert np.all(cosine["links, residual"].mean(axis=1) > 0.4)
        # The first epoch is hebbian, and overshoots.
        assert np.all(cosine["links, subspace"][:, 1:].mean(axis=1) > 0.2)
        fallen = result.dataset["objective"].values[:, HARDWARE.index("links, residual"), -1]
        assert np.all(fallen < 0.1)

    def test_reads_are_a_part_of_the_energy(self, result):
        energy, reads = (result.dataset[name].values for name in ("energy", "read_energy"))
        assert np.all(energy > reads)
        assert np.all(reads[:, HARDWARE.index("links, hebbian")] == 0)
        # Three reads an epoch: columns at ±2 mV for 0.1 ms on 2·35² links of some 15 mS.
        wanted = 3 * 2 * 35**2 * 14.9e-3 * (2e-3) ** 2 * 1e-4
        found = reads[:, HARDWARE.index("links, residual")].mean()
        assert found == pytest.approx(wanted, rel=0.05)

    def test_the_first_epoch_of_the_residual_descends(self, result):
        first = result.dataset["cosine_objective"].values[:, HARDWARE.index("links, residual"), 0]
        assert np.all(first > 0.5)

    def test_claims_have_intervals_and_seeds(self, result):
        claims = {claim.name: claim for claim in result.claims}
        recall = claims["recall of CLU after 3 flips, links, residual"]
        assert recall.interval is not None
        assert recall.interval[0] <= recall.value <= recall.interval[1]
        assert recall.seeds == 3
        assert recall.verdict == "ours"
        assert claims["energy of an epoch, links, residual"].unit == "J"
        assert "recall of ABF after 3 flips, hebb" in claims
        assert len(claims) == len(result.claims)
        assert measured("niu2024", result.claims) == 3


class TestFilm:
    def test_conductances_are_those_of_a_passive_film(self, result):
        course = result.dataset["film_course"].values
        assert course.shape == (3, 4, 35, 35)
        np.testing.assert_allclose(course, np.swapaxes(course, 2, 3), atol=1e-4 * course.max())
        np.testing.assert_allclose(course.sum(axis=3), 0, atol=1e-4 * course.max())
        # Films differ by their grains, and training changes them by AMR.
        assert np.abs(course[0, 0] - course[1, 0]).max() > 1e-4 * course.max()
        changed = np.abs(course[:, 1] - course[:, 0]).max() / course.max()
        assert 1e-4 < changed < 0.04

    def test_the_course_begins_with_the_first_letter(self, result):
        data = result.dataset
        np.testing.assert_array_equal(data["film_course"].values[:, 0], data["film_untrained"])
        np.testing.assert_array_equal(
            data["film_course"].values[:, 1], data["film_alone"].values[:, 0]
        )
        assert np.all(data["film_weights"].values[:, 0] == 0)
        rates = data["film_by_turn"].values
        np.testing.assert_allclose(rates[:, 1, 0], data["film_alone_by_flips"].values[:, 0, 3])
        np.testing.assert_allclose(rates[:, -1].mean(axis=1), data["film_by_flips"].values[:, 3])

    def test_neighbours_couple_and_the_set_is_not_kept(self, result):
        claims = {claim.name: claim for claim in result.claims}
        near = claims["correlation of changes with s_i s_j, neighbours, film"]
        far = claims["correlation of changes with s_i s_j, all pairs, film"]
        assert near.interval is not None
        assert near.interval[0] >= -1
        assert near.value < -0.2
        assert near.value < far.value - 0.1
        assert claims["recall of CLU in turn after 3 flips, film"].value < 0.2
        for letter in "CLU":
            assert f"recall of {letter} alone after 3 flips, film" in claims
        slope = "cosine of changes with the descent of Oja's objective, first epoch"
        assert (
            claims[f"{slope}, neighbours, film"].value > claims[f"{slope}, all pairs, film"].value
        )

    def test_energy_is_that_of_its_pulses(self, result):
        claims = {claim.name: claim for claim in result.claims}
        each, pulse = (
            claims[f"energy of a {name}, film"] for name in ("training with one pattern", "pulse")
        )
        assert each.value == pytest.approx(2 * pulse.value)
        # V·I of the untrained film, whose conductances change by a percent.
        x = np.asarray(letters("CLU"), float)
        g = result.dataset["film_untrained"].values
        power = 0.05**2 * np.einsum("pi,fij,pj->fp", x, g, x)
        assert pulse.value == pytest.approx(power.mean() * 2e-10, rel=0.05)

    def test_figures_of_a_run(self, result):
        found = [p for p in pictures(view_run(result.path)) if p.name.startswith("film")]
        names = ["film-reach", "film-weights", "film-texture", "film-recall"]
        assert [p.name for p in found] == names
        for picture in found:
            assert png_bytes(picture.figure, 30).startswith(b"\x89PNG")

    def test_without_films_nothing_is_stored(self):
        layout = Niu2024.layout(Niu2024Spec())
        assert layout.segments == 8
        assert not [n for n in layout.variables | layout.coordinates if n.startswith("film")]

    def test_there_may_be_more_films_than_devices(self):
        spec = Niu2024Spec.model_validate({"devices": 1, "film": {"devices": 3}})
        layout = Niu2024.layout(spec)
        assert layout.segments == 3
        assert layout.variables["film_alone"].shape == (3, 3, 35, 35)
        assert layout.variables["energy"].shape[0] == 1


class TestMeasures:
    def test_recall_counts_exact_returns(self):
        x = letters("CLU")
        weights = jnp.stack([pseudo_inverse(x), hebb(x), jnp.zeros((35, 35), x.dtype)])
        flips = jnp.asarray([0, 3])
        rates = np.asarray(recall_rates(weights, x, flips, KEY, trials=20))
        assert rates[0, 0] == 1
        assert rates[0, 1] > 0.9
        assert np.all(rates[1] == 0)
        # Without weights nothing moves.
        np.testing.assert_array_equal(rates[2], [1, 0])

    def test_descent_has_a_cosine_of_one(self):
        x = letters("CLU")
        start = 0.1 * pseudo_inverse(x, diagonal=True)
        step = -1e-6 * oja_gradient(start, x, symmetric=True)
        steps = jnp.stack([start, start + step, start])
        found = descent_cosines(steps, steps, x)
        np.testing.assert_allclose(found["cosine_objective"], [1, -1], atol=2e-2)
        assert float(found["cosine_residual"][0]) > 0.5
        assert float(relative_objective(steps, x)[0]) == pytest.approx(0.98, abs=0.01)

    def test_objective_is_of_the_transpose(self, double):
        # A network that drives nodes by rows of W follows Oja's rule with V = Wᵀ.
        rng = np.random.default_rng(0)
        x = jnp.asarray(rng.choice([-1.0, 1.0], (3, 6)))
        w = jnp.asarray(rng.normal(size=(6, 6)) / 6, x.dtype)

        def objective(w: Any) -> Any:
            return 0.5 * jnp.mean(jnp.sum((x - x @ w.T @ w) ** 2, axis=1))

        step = 1e-6 if double else 1e-3
        down = -step * jax.grad(lambda w: objective(w.T))(w)
        found = descent_cosines(jnp.stack([w, w + down]), jnp.stack([w, w + down]), x)
        assert float(found["cosine_objective"][0]) == pytest.approx(1, abs=1e-3)
        np.testing.assert_allclose(relative_objective(w[None], x), objective(w.T) / 3, rtol=1e-5)

    def test_intervals(self):
        low, high = wilson(1.0, 100)
        assert high == pytest.approx(1)
        assert low == pytest.approx(100 / (100 + 1.959964**2))
        alike = share("x", np.ones(5), 20)
        assert alike.interval is not None
        assert alike.interval[0] == pytest.approx(low)
        # Devices that differ make it wider than probes alone would.
        apart = share("x", np.array([0.0, 1.0, 0.0, 1.0, 1.0]), 1000)
        assert apart.interval is not None
        assert apart.interval[1] - apart.interval[0] > 0.4
        assert mean("x", np.ones(2)).interval is None


class TestSpecification:
    def test_presets_are_valid_and_names_of_sources_are_there(self):
        names = [name for name in preset_names() if name.startswith("niu2024")]
        assert names == ["niu2024", "niu2024-film", "niu2024-paper"]
        for name in names:
            assert isinstance(read_spec(name), Niu2024Spec)
        assert "ours" in Niu2024.citation

    def test_digits_beside_letters(self):
        spec = Niu2024Spec.model_validate({"memory": {"letters": "C0", "sets": ["147"]}})
        assert Niu2024.layout(spec).coordinates["letters"].values.shape == (2, 35)

    def test_letters_of_the_paper_preset_are_alike(self):
        sets = read_spec("niu2024-paper").memory.sets  # pyright: ignore
        assert len(sets) == 52
        for names in sets:
            x = np.asarray(letters(names))
            assert (x @ x.T / 35).min() >= 0.5

    @pytest.mark.parametrize(
        ("changes", "name"),
        [
            ({"memory": {"letters": "C"}}, "letters"),
            ({"memory": {"sets": ["CL", "aB"]}}, "sets"),
            ({"memory": {"sets": ["CC"]}}, "sets"),
            ({"memory": {"letters": "7é"}}, "A to Z and 0 to 9"),
            ({"leaky": {"rest": 0.0}}, "rest"),
            ({"ideal": {"contrast": 2.0}}, "contrast"),
            ({"memory": {"flips": 9, "most_flips": 4}}, "most_flips"),
            ({"memory": {"loads": [0]}}, "loads"),
            ({"memory": {"similarities": []}}, "similarities"),
            ({"memory": {"spreads": [2.0]}}, "spreads"),
            ({"link": {"change": -1.0}}, "change"),
            ({"training": {"pulse": 0.0}}, "pulse"),
            ({"film": {"pad": 0.9, "pitch": 4}}, "pad"),
            ({"film": {"contacts": "edge", "pitch": 4}}, "coverage"),
            ({"film": {"contacts": "bridges", "bridge": 0.5}}, "bridge"),
            ({"film": {"contacts": "bridges", "pitch": 8, "bridge": 0.1}}, "bridge"),
            ({"film": {"grain_size": 5e-9}}, "grain_size"),
            ({"film": {"contacts": "centre"}}, "contacts"),
            ({"film": {"voltage": 0.0}}, "voltage"),
        ],
    )
    def test_bad_input_is_named(self, changes, name):
        with pytest.raises(ValidationError, match=name):
            Niu2024Spec.model_validate({"experiment": "niu2024"} | changes)
