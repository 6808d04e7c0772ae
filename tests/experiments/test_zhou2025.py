"""Spiking neurons on a crossbar of junctions: a small run, small arrays, its specification."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest
from pydantic import ValidationError

from spinlearn import key_from_seed
from spinlearn.errors import SpinlearnError
from spinlearn.experiments import _zhou2025_bench
from spinlearn.experiments._zhou2025_twin import DEPRESSION, stationary
from spinlearn.experiments.specs import preset_names
from spinlearn.experiments.specs.zhou2025 import Zhou2025Spec
from spinlearn.experiments.zhou2025 import Zhou2025
from spinlearn.junctions import named_junction, switching_probability
from spinlearn.report._pictures import png_bytes
from spinlearn.report._view import view_run
from spinlearn.report.experiments.zhou2025 import COVERED, comparison, pictures
from spinlearn.runs import read_spec, run
from tests.experiments.measured import measured

pytestmark = pytest.mark.as_installed

ARRAYS = 400
SMALL: dict[str, Any] = {
    "arrays": 3,
    "array.neurons": 40,
    "learning.epochs": 3,
    "twin.arrays": ARRAYS,
    "twin.presentations": 24,
    "twin.every": 8,
    "twin.probabilities": [0.3, 0.9],
    "twin.spreads": [0.0, 0.2],
}


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return run(read_spec("zhou2025", SMALL), tmp_path_factory.mktemp("zhou2025") / "run")


class TestRun:
    def test_everything_is_computed(self, result):
        assert result.status == "finished"
        for name in result.dataset.variables:
            values = result.dataset[name].values
            if values.dtype.kind == "f":
                assert np.all(np.isfinite(values)), name

    def test_digits_are_learned_without_labels(self, result):
        """40 binary neurons; one in ten by chance. New arrays already tell some digits apart."""
        accuracy = result.dataset["accuracy"].values
        assert np.all(accuracy[:, -1] > 0.75)
        assert np.all(accuracy[:, -1] > accuracy[:, 0] + 0.1)
        assert np.all(result.dataset["accuracy_first"].values[:, -1] > 0.6)

    def test_fields_are_nearer_to_their_class_than_those_of_new_arrays(self, result):
        from spinlearn.experiments._zhou2025_bench import binary_images

        images = binary_images(result.spec.data)
        flat = images.train.reshape(len(images.train), -1)
        means = np.stack([flat[images.train_labels == c].mean(axis=0) for c in range(10)])
        fields = result.dataset["fields"].values[0]
        classes = result.dataset["classes"].values[0].astype(int)
        assert set(np.unique(fields)) <= {0.0, 1.0}  # one junction a synapse
        assert len(set(classes)) == 10
        apart = np.abs(fields - means[classes]).mean(axis=1)
        drawn = np.random.default_rng(0).integers(0, 2, fields.shape)
        assert apart.mean() < 0.5 * np.abs(drawn - means[classes]).mean()

    def test_confusion_counts_every_image_once(self, result):
        counts = result.dataset["confusion"].values
        assert np.all(counts.sum(axis=(1, 2)) == 359)
        diagonal = np.trace(counts, axis1=1, axis2=2) / 359
        np.testing.assert_allclose(diagonal, result.dataset["accuracy"].values[:, -1])

    def test_reads_last_as_long_as_their_clocks(self, result):
        """Energy between that of all junctions at G_AP and at G_P, twice for the reference."""
        spec = result.spec
        clocks = result.dataset["clocks"].values
        scale = spec.array.read_voltage**2 * spec.array.clock * 64
        parallel = np.pi * 20e-9**2 / 18e-12
        low = scale * clocks * (spec.array.neurons + 1) * parallel / (1 + spec.junction.tmr)
        high = scale * clocks * (spec.array.neurons + 1) * parallel
        read = result.dataset["read_energy"].values
        assert np.all((low < read) & (read < high))
        # Five spikes take longer than one.
        asked = result.dataset["inference_energy"].values[:, 1:]
        assert np.all((asked > read)[:, 1:] & (asked < 5 * read)[:, 1:])

    def test_energies_of_writing_fall_with_the_probability(self, result):
        write = result.dataset["write_energy"].values
        assert np.all(np.diff(write, axis=1) < 0)

    def test_claims(self, result):
        claims = {claim.name: claim for claim in result.claims}
        assert measured("zhou2025", result.claims) == 1
        told = next(c for name, c in claims.items() if "first 5 spikes" in name)
        assert told.seeds == 3
        assert told.interval[0] < told.value < told.interval[1]
        reads = claims["switches of a junction by the reads of training, left out"]
        assert 0 < reads.value < 1e-6
        assert reads.verdict == "agrees"
        softmax = next(c for name, c in claims.items() if "softmax" in name)
        assert 0.9 < softmax.value < 1
        further = claims["accuracy of one further array on as many further images"]
        assert further.value == told.value
        assert further.interval[0] < told.interval[0]
        assert further.interval[1] > told.interval[1]

    def test_analog_devices_do_better_than_binary_ones(self, result):
        analog = result.dataset["analog"].values
        assert analog.shape == (3,)
        assert analog.mean() > result.dataset["accuracy"].values[:, -1].mean()

    def test_figures(self, result):
        view = view_run(result.path)
        found = pictures(view)
        assert [p.name for p in found] == ["learning", "fields", "confusion", "small-arrays"]
        assert all(len(png_bytes(p.figure, 60)) > 2000 for p in found)
        assert set(Zhou2025.layout(view.spec).variables) == COVERED
        assert len(comparison([view, view])) == 1


class TestCounts:
    """From a lab's counts of switching to the accuracy that they predict."""

    SMALLER = SMALL | {
        "arrays": 4,
        "array.read_voltage": 0.05,
        "learning.epochs": 1,
        "twin.arrays": 0,
        "comparisons": False,
    }

    @pytest.fixture(scope="class")
    def predicted(self, tmp_path_factory):
        folder = tmp_path_factory.mktemp("counts")
        memory = named_junction("ikeda2010")
        volts = np.tile(np.linspace(0.5, 0.9, 6), 2)
        lengths = np.repeat([1e-8, 1e-7], 6)
        p = np.asarray(switching_probability(memory, volts, lengths))
        counts = np.random.default_rng(4).binomial(100, p)
        rows = zip(1e3 * volts, 1e9 * lengths, counts, strict=True)
        file = folder / "counts.csv"
        file.write_text(
            "voltage (mV),pulse_length (ns),switched,trials\n"
            + "".join(f"{v:.0f},{t:.0f},{k},100\n" for v, t, k in rows)
        )
        spec = read_spec("zhou2025", self.SMALLER | {"junction.counts": str(file)})
        # What a run stores needs the file no more.
        file.unlink()
        return run(spec, folder / "run")

    def test_the_fit_and_what_it_leaves_open_are_told(self, predicted):
        claims = {claim.name: claim for claim in predicted.claims}
        barrier = claims["thermal stability, from counts"]
        assert barrier.interval[0] < 43 < barrier.interval[1]
        chances = predicted.dataset["switching"].values
        assert chances.shape == (4, 2)
        # Pulses made for 0.3 on the fitted junction: the counts leave some percent open.
        assert np.all(np.abs(chances - 0.3) < 0.15)
        assert 1e-4 < chances[:, 0].std() < 0.1
        np.testing.assert_array_equal(chances[:, 0], chances[:, 1])

    def test_the_accuracy_has_an_interval(self, predicted):
        claim = next(c for c in predicted.claims if "one further array" in c.name)
        assert claim.interval[0] < claim.value < claim.interval[1]
        assert claim.value > 0.6

    def test_the_stored_run_is_whole_without_the_file(self, predicted):
        view = view_run(predicted.path)
        assert len(view.spec.junction.counts) == 12
        assert [p.name for p in pictures(view)] == ["learning", "fields", "confusion", "counts"]
        assert set(Zhou2025.layout(view.spec).variables) < COVERED

    def test_bad_files_are_named(self, tmp_path):
        file = tmp_path / "counts.csv"
        file.write_text("voltage,pulse_length,switched,trials\n0.5,1e-8,30,20\n")
        with pytest.raises(SpinlearnError, match=r"counts.*counts\.csv.*line 2"):
            read_spec("zhou2025", {"junction.counts": str(file)})
        with pytest.raises(SpinlearnError, match=r"counts.*nowhere\.csv"):
            read_spec("zhou2025", {"junction.counts": str(tmp_path / "nowhere.csv")})


def test_low_barriers_are_told_and_sink_nothing(monkeypatch):
    """Reads that would switch junctions, and pulses rarer than what no voltage does."""
    low = eqx.tree_at(lambda j: j.thermal_stability, named_junction("ikeda2010"), jnp.asarray(12.0))
    monkeypatch.setattr(_zhou2025_bench, "possible_junction", lambda spec, number: low)
    weak = {"learning.annealing": 0.01, "data.images": 200, "array.neurons": 10}
    bench = _zhou2025_bench.HebbianBench(read_spec("zhou2025", SMALL | weak), 0, key_from_seed(1))
    with pytest.warns(UserWarning, match=r"reads of 0\.1 V switch each junction.*read_voltage"):
        rows = bench.rows()
    assert rows["disturbed"] > 0.1
    assert rows["accuracy"].shape == (4,)


class TestTwin:
    def test_new_arrays_hold_both_patterns_by_chance(self, result):
        """Of 2^8 states of 8 junctions, 2 hold one pattern in each neuron."""
        start = result.dataset["twin_stored"].values[0, ..., 0] * ARRAYS
        assert np.all(start <= 12)  # 3 expected, below 12 with 0.99999

    def test_likely_pulses_write_both_patterns(self, result):
        held = result.dataset["twin_stored"].values[0]
        assert held[1, 0, -1] > 0.85
        assert np.all(held[..., -1] > held[..., 0] + 0.2)
        assert held[0, 0, 1] < held[1, 0, 1]  # 0.3 takes longer than 0.9

    def test_spread_of_junctions_costs(self, result):
        held = result.dataset["twin_stored"].values[0, 0, :, -1]
        assert held[1] < held[0]

    def test_stationary_state_is_exact(self, result):
        """q p/(q p + (1 - q) p/2) of a lone neuron, within four standard errors."""
        active = np.array(result.spec.twin.active)
        exact = stationary(active, 1.0, DEPRESSION)
        np.testing.assert_allclose(exact, active / (active + 0.5 * (1 - active)))
        error = np.sqrt(exact * (1 - exact) / ARRAYS)
        on = result.dataset["twin_on"].values[0]
        assert np.all(np.abs(on - exact) < 4 * error)
        assert np.abs(on - active).max() > 0.1  # and not that of equal pulses


def test_the_same_seed_gives_the_same_arrays(result, tmp_path):
    alone = {"arrays": 1, "twin.arrays": 0, "comparisons": False}
    again = run(read_spec("zhou2025", SMALL | alone), tmp_path / "run")
    for name in ("accuracy", "fields"):
        first = result.dataset[name].values[0]
        np.testing.assert_array_equal(again.dataset[name].values[0], first)


def test_an_array_that_never_fires_is_refused(tmp_path):
    quiet = SMALL | {"array.threshold": 1e4, "twin.arrays": 0, "comparisons": False}
    with pytest.raises(SpinlearnError, match=r"fire.*array\.steps"):
        run(read_spec("zhou2025", quiet), tmp_path / "run")


def test_presets():
    names = [name for name in preset_names() if name.startswith("zhou2025")]
    assert names == ["zhou2025", "zhou2025-mnist", "zhou2025-mnist-large"]
    assert all(isinstance(read_spec(name, {}), Zhou2025Spec) for name in names)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"probabilities": (0.3, 1.5)}, "probabilities = .*above 0 and below 1"),
        ({"spreads": ()}, "spreads = .*from 0 to 0.5"),
        ({"every": 3}, "every = 3: allowed is a divisor of presentations = 40"),
        ({"active": (0.5, 0.5)}, "active = .*four numbers"),
    ],
)
def test_specifications_that_make_no_sense(table, message):
    with pytest.raises(ValidationError, match=message):
        Zhou2025Spec.model_validate({"experiment": "zhou2025", "twin": table})
