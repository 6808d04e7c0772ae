"""Fits: the truth is in the intervals as often as they say, and data that are bad are named.

Synthetic data are drawn by events, one waiting time after another, as benchmarks/fit_coverage.py
does for 300 data sets; here are fewer.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import chi2

from benchmarks.fit_coverage import (
    SAMPLE_TIME,
    SWITCHING,
    TELEGRAPH,
    counts,
    recording,
)
from spinlearn import SpinlearnValueError
from spinlearn.constants import K_B
from spinlearn.junctions import (
    Estimate,
    SwitchingModel,
    SwitchingTable,
    fit_switching,
    fit_telegraph,
    named_junction,
    read_switching,
    switching_probability,
    thermal_activation,
)
from spinlearn.junctions._likely_units import unlikely_units
from spinlearn.junctions._switching_likelihood import SwitchingLikelihood

GIVEN = {"attempt_time": 1e-9}


def _consistent(inside: np.ndarray, scores: np.ndarray) -> None:
    """Neither too many misses, nor estimates much closer to the truth than intervals say."""
    count = inside.size
    # Four standard errors: three of four of intervals half as long would do far worse.
    assert inside.mean() > 0.95 - 4 * np.sqrt(0.95 * 0.05 / count)
    assert 0.75 < np.sqrt(np.mean(scores**2)) < 1.25


@pytest.mark.once
def test_switching_intervals_contain_the_truth() -> None:
    inside, scores, p_values = [], [], []
    for seed in range(50):
        data = SwitchingTable(*counts(np.random.default_rng([1, seed])))
        fit = fit_switching(data, "thermal-activation", given=GIVEN)
        for name in ("thermal_stability", "critical_voltage"):
            found, truth = fit.estimates[name], SWITCHING[name]
            inside.append(found.covers(truth))
            width = np.log(found.high / found.low) / (2 * 1.96)
            scores.append(np.log(found.value / truth) / width)
        p_values.append(fit.p_value)
    _consistent(np.array(inside), np.array(scores))
    assert 0.3 < np.mean(p_values) < 0.7


@pytest.mark.once
def test_draws_are_as_likely_as_the_data_say() -> None:
    """Few trials leave a bent valley: of draws by the covariance alone half would be refused."""
    memory = named_junction("ikeda2010")
    volts, lengths = np.tile(np.linspace(0.5, 0.9, 6), 2), np.repeat([1e-8, 1e-7], 6)
    p = np.asarray(switching_probability(memory, volts, lengths))
    switched = np.random.default_rng(4).binomial(100, p)
    fit = fit_switching(SwitchingTable(volts, lengths, switched, np.full(12, 100)))
    likelihood = SwitchingLikelihood(fit.model, fit.table)

    def refused(values: np.ndarray) -> float:
        rise = [likelihood.deviance(np.log(one)) - fit.deviance for one in values]
        return float(np.mean(np.array(rise) > chi2.ppf(0.95, 3)))

    drawn = fit.draw(1000, seed=2)
    rng = np.random.default_rng(0)
    normal = fit.values * np.exp(rng.multivariate_normal(np.zeros(3), fit.covariance, 1000))
    assert refused(normal) > 0.3
    assert 0.01 < refused(drawn) < 0.08
    np.testing.assert_array_equal(drawn, fit.draw(1000, seed=2))
    # What is given stays.
    time = float(memory.relaxation_time)
    tied = fit_switching(fit.table, given={"relaxation_time": time}).draw(20)
    np.testing.assert_allclose(tied[:, 2], time)
    assert np.ptp(tied[:, 0]) > 0.1


@pytest.mark.once
def test_three_parameters_and_what_the_data_do_not_tell() -> None:
    data = SwitchingTable(*counts(np.random.default_rng(3)))
    fit = fit_switching(data, "thermal-activation")
    for name, truth in SWITCHING.items():
        found = fit.estimates[name]
        assert found.covers(truth)
        widest = 100 if name == "attempt_time" else 1.6
        assert found.low < found.value < found.high < widest * found.low
    # An end of the interval by hand: the others fitted anew there lose 3.84 in the deviance.
    end = fit.estimates["critical_voltage"].high
    there = fit_switching(data, "thermal-activation", given={"critical_voltage": end})
    assert there.deviance - fit.deviance == pytest.approx(3.841, abs=0.02)
    # Draws have the spread of the intervals.
    drawn = np.log(fit.draw(4000, seed=1)[:, 1])
    width = np.log(end / fit.estimates["critical_voltage"].low)
    assert np.ptp(np.quantile(drawn, [0.025, 0.975])) == pytest.approx(width, rel=0.15)

    # The linear law has two numbers in three parameters.
    linear = thermal_activation(1.0)
    volts = np.linspace(0.2, 0.4, 9)
    p, _ = linear.chances(np.array([30.0, 0.8, 1e-9]), volts, np.full(9, 1e-3))
    line = SwitchingTable(volts, np.full(9, 1e-3), np.round(1e4 * p), np.full(9, 1e4))
    with pytest.raises(SpinlearnValueError, match="given="):
        fit_switching(line, linear)
    tied = fit_switching(line, linear, given=GIVEN)
    assert tied.estimates["thermal_stability"].covers(30.0)
    # One voltage tells neither barrier nor critical voltage.
    one = SwitchingTable([0.3] * 3, [1e-8, 1e-7, 1e-6], [10, 50, 90], [100] * 3)
    with pytest.raises(SpinlearnValueError, match="determine"):
        fit_switching(one, "thermal-activation", given=GIVEN)
    # Data that hardly tell: an end that is open.
    few = SwitchingTable([0.28, 0.30], [1e-7, 1e-7], [1, 3], [10, 10])
    open_ended = fit_switching(few, "thermal-activation", given=GIVEN)
    assert np.isinf(open_ended.estimates["critical_voltage"].high)


@pytest.mark.once
@pytest.mark.filterwarnings("ignore:thermal activation, exponent 2 does not describe")
def test_a_wrong_model_and_voltages_beyond_it_are_told() -> None:
    volts, length, switched, trials = counts(np.random.default_rng(4))
    data = SwitchingTable(volts, length, switched, trials)
    good = fit_switching(data._replace(voltage=-volts), "thermal-activation", given=GIVEN)
    assert good.p_value > 0.01
    assert good.outside == ()
    assert good.concerns == []
    assert "NOT TO BE TRUSTED" not in repr(good)
    assert good.probability(-0.3, 1e-6) == good.probability(0.3, 1e-6)
    with pytest.warns(UserWarning, match=r"does not describe the counts .*rows.*fokker-planck"):
        bad = fit_switching(data, thermal_activation(1.0), given=GIVEN)
    assert bad.p_value < 1e-4
    assert bad.rejected
    assert repr(bad).count("NOT TO BE TRUSTED") == len(bad.concerns) >= 1
    np.testing.assert_allclose(bad.row_deviances.sum(), bad.deviance, rtol=1e-9)
    # With the critical voltage given too low, barriers end before the voltages do.
    with pytest.warns(UserWarning, match="holds for barriers of 2 k_B T or more"):
        low = fit_switching(data, "thermal-activation", given={"critical_voltage": 0.37})
    barrier = low.values[0] * np.maximum(1 - volts / 0.37, 0) ** 2
    assert low.outside == tuple(np.flatnonzero(barrier < 2)) != ()

    # Another model than the one that is built in, of a closed form known here.
    def chances(values: np.ndarray, v: np.ndarray, _: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        odds = np.exp((v - values[0]) / values[1])
        return odds / (1 + odds), 1 / (1 + odds)

    logistic = SwitchingModel(
        "logistic",
        {"centre": "V", "width": "V"},
        chances,
        lambda table, given: [{"centre": 0.4, "width": 0.05}],
    )
    # Two rows, two parameters: the fit goes through both points.
    exact = SwitchingTable([0.4, 0.5], [1e-8] * 2, [50, 269], [100, 300])
    fit = fit_switching(exact, logistic)
    assert fit.estimates["centre"].value == pytest.approx(0.4, rel=1e-6)
    assert fit.estimates["width"].value == pytest.approx(0.1 / np.log(269 / 31), rel=1e-6)
    assert fit.deviance < 1e-6


GOOD = "voltage,pulse_length,switched,trials\n0.40,1e-8,12,100\n0.44,1e-8,55,100\n"
BAD = {
    "column": (GOOD.replace("trials", "n"), "counts.csv, line 1, columns", "trials"),
    "mV": (GOOD.replace("0.44", "440"), "counts.csv, line 3, voltage", "at most 10 V"),
    "ten times": (GOOD.replace("0.44", "4.4"), "counts.csv, line 3, voltage", "at most 2 V"),
    "ns": (GOOD.replace("1e-8,55", "10,55"), "counts.csv, line 3, pulse_length", "at most 0.001 s"),
    "µs": (GOOD.replace("1e-8,55", "2e-3,55"), "counts.csv, line 3, pulse_length", "0.001 s"),
    "cut": (GOOD[:-1] + "\n0.46,1e-8,8,10", "counts.csv, line 4, trials", "'100', as in all rows"),
    "NaN": (GOOD.replace("0.40", "nan"), "counts.csv, line 2, voltage", "finite"),
    "word": (GOOD.replace("0.40", "off"), "counts.csv, line 2, voltage", "a number"),
    "Python's": (GOOD.replace("0.40", "4_50"), "counts.csv, line 2, voltage", "a number"),
    "short": (GOOD + "0.46,1e-8,88\n", "counts.csv, line 4", "4, as in the header"),
    "empty": ("", "counts.csv", "a header"),
    "no rows": (GOOD.splitlines()[0], "counts.csv", "one row"),
    "negative": (GOOD.replace(",12,", ",-12,"), "counts.csv, line 2, switched", ">= 0"),
    "share": (GOOD.replace(",12,", ",0.12,"), "counts.csv, line 2, switched", "whole number"),
    "more": (GOOD.replace(",55,", ",155,"), "counts.csv, line 3, switched", "number of trials"),
    "none": (GOOD.replace("12,100", "0,0"), "counts.csv, line 2, trials", "one trial"),
    "time": (GOOD.replace("1e-8", "0"), "counts.csv, line 2, pulse_length", "positive"),
    "signs": (GOOD.replace("0.44", "-0.44"), "counts.csv, line 3, voltage", "one sign"),
    "unit": (GOOD.replace("voltage", "voltage (kV)"), "counts.csv, line 1, unit", "V, mV"),
}


@pytest.mark.once
@pytest.mark.parametrize("name", list(BAD))
def test_bad_counts_are_named_with_file_and_line(name: str, tmp_path: Path) -> None:
    text, where, allowed = BAD[name]
    file = tmp_path / "counts.csv"
    file.write_text(text)
    with pytest.raises(SpinlearnValueError) as found:
        fit_switching(file)
    assert where in found.value.field
    assert allowed in found.value.allowed
    assert found.value.fix


@pytest.mark.once
def test_a_file_without_its_last_line_end_is_read_and_told_of_where_it_may_be_cut(
    tmp_path: Path,
) -> None:
    file = tmp_path / "counts.csv"
    whole = GOOD + "0.46,1e-8,8,10"  # refused without a line end: see BAD
    for text in (GOOD[:-1], whole + "\n", whole + "0", whole + "0\r\n", GOOD + "0.46,1e-8,88,200"):
        file.write_text(text)
        assert len(read_switching(file).trials) == 2 + (text not in (GOOD[:-1],))
    # Trials that differ anyway: as likely whole as cut.
    mixed = GOOD.replace("55,100", "55,120")
    for end in ("0.46,1e-8,8,12", "0.46,1e-8,8,99"):
        file.write_text(mixed + end)
        with pytest.warns(UserWarning, match=r"counts.csv, line 4, trials = '\d\d' may be cut"):
            assert len(read_switching(file).trials) == 3
    # What is cut in a column that is not read does no harm.
    file.write_text(
        "voltage,pulse_length,switched,trials,by\n"
        + "0.4,1e-8,9,100,Ada\n" * 2
        + "0.4,1e-8,9,100,A"
    )
    assert len(read_switching(file).trials) == 3


@pytest.mark.once
def test_a_stated_unit_is_believed_up_to_what_no_junction_lives_through(tmp_path: Path) -> None:
    file = tmp_path / "counts.csv"
    for header, row, found in (
        ("voltage (V),pulse_length (s)", "4.4,0.5", (4.4, 0.5)),
        ("voltage (mV),pulse_length (ms)", "440,50", (0.44, 0.05)),
        ("voltage,pulse_length", "-1.9,1e-3", (-1.9, 1e-3)),
    ):
        file.write_text(f"{header},switched,trials\n{row},12,100\n")
        table = read_switching(file)
        assert (table.voltage[0], table.pulse_length[0]) == pytest.approx(found)


@pytest.mark.once
def test_units_in_the_header_and_counts_that_tell_nothing(tmp_path: Path) -> None:
    file = tmp_path / "counts.csv"
    file.write_text(
        "# sample 7\ntrials,Switched,note,pulse length (ns),voltage [mV]\n100,12,a,10,400\n\n"
    )
    table = read_switching(file)
    assert [float(column[0]) for column in table] == pytest.approx([0.4, 1e-8, 12, 100])
    with pytest.raises(SpinlearnValueError, match="exists"):
        fit_switching(tmp_path / "none.csv")
    for switched, match in ((0, "none of the trials"), (100, "all trials")):
        with pytest.raises(SpinlearnValueError, match=match):
            fit_switching(SwitchingTable([0.3, 0.4], [1e-8] * 2, [switched] * 2, [100] * 2))
    for call, match in (
        (lambda: fit_switching(table, given={"delta": 40.0}), "given = delta"),
        (lambda: fit_switching(table, given={"thermal_stability": -1.0}), "thermal_stability"),
        (lambda: fit_switching(table), "at least 3"),
        (lambda: fit_switching(table, "brownian"), "one of fokker-planck, brown, thermal-"),
        (lambda: fit_switching([1, 2]), "SwitchingTable"),  # pyright: ignore
    ):
        with pytest.raises(SpinlearnValueError, match=match):
            call()


@pytest.mark.parametrize("kind", list(TELEGRAPH))
def test_telegraph_intervals_contain_the_truth(kind: str) -> None:
    truth = np.array(TELEGRAPH[kind])
    inside, scores = [], []
    for seed in range(15):
        fit = fit_telegraph(recording(np.random.default_rng([2, seed]), 2000, tuple(truth)), 25e-6)
        found = np.array([e[:3] for e in fit[:6]])
        inside.append((found[:, 1] <= truth) & (truth <= found[:, 2]))
        scores.append((found[:, 0] - truth) / ((found[:, 2] - found[:, 1]) / (2 * 1.96)))
    _consistent(np.array(inside), np.array(scores))


@pytest.mark.once
def test_telegraph_fit_sees_what_a_threshold_does_not() -> None:
    """Four of ten flips come back unseen between samples, and levels overlap."""
    truth = (0.0, 0.01, 0.003, 0.003, 30e-6, 60e-6)
    trace = recording(np.random.default_rng(5), 20_000, truth)
    fit = fit_telegraph(trace, SAMPLE_TIME)
    for estimate, value in zip(fit[:6], truth, strict=True):
        assert abs(estimate.value - value) < estimate.high - estimate.low
    flips = np.sum((trace[1:] > 0.005) != (trace[:-1] > 0.005))
    assert flips < 0.7 * 20_000 * SAMPLE_TIME * 2 / 90e-6
    assert min(fit.p_levels, fit.p_dwell) > 1e-3
    # The barrier: k_B T ln(τ/τ_0), 2.3 k_B T for every decade of the attempt time.
    low, high = fit.barriers(1e-9, temperature=320.0)
    assert high.covers(K_B * 320 * np.log(60e-6 / 1e-9))
    assert low.value - fit.barriers(1e-8, 320.0)[0].value == pytest.approx(
        K_B * 320 * np.log(10), rel=1e-6
    )
    # The source of noise that it gives has the statistics of the trace.
    noise = fit.noise()
    assert float(noise.mean) == pytest.approx(trace.mean(), rel=0.02)
    assert float(noise.standard_deviation) == pytest.approx(trace.std(), rel=0.02)
    # The state at a sample, given all of them: right more often than a threshold.
    quiet = recording(np.random.default_rng(6), 3000, (0.0, 0.01, 0.0, 0.0, 4e-4, 4e-4))
    noisy = quiet + 0.006 * np.random.default_rng(7).standard_normal(3000)
    states = fit_telegraph(noisy, SAMPLE_TIME).states(noisy) > 0.5
    assert (
        np.mean(states == (quiet > 0.005))
        > 0.93
        > 0.85
        > np.mean((noisy > 0.005) == (quiet > 0.005))
    )


@pytest.mark.once
def test_traces_that_are_no_telegraph_noise_are_told() -> None:
    rng = np.random.default_rng(8)
    good = recording(rng, 2000, TELEGRAPH["of one noise"])
    for trace, match in (
        (rng.normal(0.04, 0.001, 2000), "one level"),
        (np.where(np.arange(2000) < 900, 0.0, 0.01) + rng.normal(0, 1e-3, 2000), "flips"),
        (1e3 * good, r"trace\[\d+\] = .*mV"),
        (np.where(np.arange(2000) == 12, np.nan, good), r"trace\[12\] = nan"),
        (np.full(2000, 0.04), "one value"),
        (good[:50], "shape"),
        (good[:, None], "shape"),
    ):
        with pytest.raises(SpinlearnValueError, match=match):
            fit_telegraph(trace, 25e-6)
    with pytest.raises(SpinlearnValueError, match="sample_time"):
        fit_telegraph(good, 0.0)
    with pytest.raises(SpinlearnValueError, match="attempt_time"):
        fit_telegraph(good, 25e-6).barriers(1.0)
    # Flips at regular times are no exponential dwell times.
    clock = np.where(np.arange(2000) // 12 % 2, 0.01, 0.0) + rng.normal(0, 1.5e-3, 2000)
    assert fit_telegraph(good, 25e-6).p_dwell > 1e-3
    with pytest.warns(UserWarning, match="dwell times are not exponential"):
        assert fit_telegraph(clock, 25e-6).p_dwell < 1e-6


@pytest.mark.once
def test_counts_have_no_unit_and_lines_are_those_of_the_file(tmp_path):
    path = tmp_path / "counts.csv"
    path.write_text("voltage,pulse_length,switched (%),trials\n0.4,1e-8,1,20\n")
    with pytest.raises(SpinlearnValueError, match=r"unit of switched.*%"):
        read_switching(path)
    path.write_text(
        'voltage,pulse_length,switched,trials,note\n0.4,1e-8,1,20,"two\nlines"\n0.4,1e-8,x,20,\n'
    )
    with pytest.raises(SpinlearnValueError, match="line 4, switched"):
        read_switching(path)


@pytest.mark.once
def test_a_memory_written_by_less_than_a_millivolt_is_told():
    estimate = Estimate(5.1e-4, 4.9e-4, 5.3e-4, "V")
    found = {"critical_voltage": estimate, "thermal_stability": Estimate(40.0, 35.0, 45.0, "")}
    said = unlikely_units(found, 3)
    assert len(said) == 1
    assert "0.01 to 2 V" in said[0]
    assert "larger by 1e3" in said[0]
    # A superparamagnetic one may have it.
    assert not unlikely_units(found | {"thermal_stability": Estimate(10.0, 8.0, 12.0, "")}, 3)
