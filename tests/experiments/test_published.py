"""Published claims beside what was measured, and the report that says so."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator

import jax
import pytest
from typer.testing import CliRunner

from spinlearn import cli
from spinlearn.errors import SpinlearnValueError
from spinlearn.experiments import published
from spinlearn.experiments.experiment import Claim
from spinlearn.experiments.published import compare_published, runs_of
from spinlearn.experiments.specs import EXPERIMENTS, preset_names
from spinlearn.report import write_reproduction
from tests.runs.small import small_table

pytestmark = pytest.mark.once

GAP = "gap to back-propagation"
WHOLE = "correlation with s_i s_j of the mean over films, change against the mean over orthogonal"


@pytest.fixture(autouse=True)
def _restore_precision() -> Iterator[None]:
    """The command line sets JAX's global flag; the other tests run in this process too."""
    before = jax.config.jax_enable_x64
    yield
    jax.config.update("jax_enable_x64", before)


def only(run: str, claim: Claim) -> published.Comparison:
    (found,) = [one for one in compare_published({run: [claim]}) if one.measured is not None]
    return found


@pytest.mark.parametrize(
    ("run", "name", "value", "between", "verdict"),
    [
        ("koenders2025", GAP, 0.005, (0.0, 0.01), "agrees"),
        ("koenders2025", GAP, 0.03, (0.02, 0.04), "differs"),
        ("koenders2025", GAP, 0.005, None, "unknown"),
        ("yu2021", f"{WHOLE} patterns", -0.9, (-1.0, -0.2), "agrees"),
        ("yu2021", f"{WHOLE} patterns", -0.3, (-0.7, 0.1), "unknown"),
        ("yu2021", f"{WHOLE} patterns", 0.5, (0.2, 0.7), "differs"),
        ("yu2021", "one-bit errors corrected, trained films", 1.0, (0.44, 1.0), "unknown"),
        ("yu2021", "one-bit errors corrected, trained films", 1.0, (0.94, 1.0), "agrees"),
        ("yu2021", "one-bit errors corrected, trained films", 0.1, (0.0, 0.3), "differs"),
        ("yu2021-paper", f"{WHOLE} patterns", -0.9, (-1.0, -0.2), "agrees"),
        ("yu2021-transfer-paper", f"{WHOLE} patterns", 0.9, (0.8, 1.0), "differs"),
        ("zhou2025-mnist", "accuracy on 10000 held-out images, mnist, first 5 spikes", 0.905,
         (0.902, 0.908), "agrees"),
        ("zhou2025-mnist", "accuracy on 10000 held-out images, mnist, first 5 spikes", 0.8,
         (0.78, 0.82), "differs"),
    ],
)  # fmt: skip
def test_verdicts_follow_the_interval(run, name, value, between, verdict):
    found = only(run, Claim(name, value, "1", between, 3))
    assert found.verdict == verdict
    assert found.run == run
    assert found.why


@pytest.mark.parametrize("own", ["agrees", "differs", "unknown"])
def test_runs_that_know_their_reference_are_believed(own):
    claim = Claim(GAP, 0.03, "1", (0.02, 0.04), 3, "0.0175", verdict=own)
    assert only("koenders2025-paper", claim).verdict == own


def test_what_no_run_measures_is_unknown_and_says_why():
    found = compare_published({})
    assert {one.verdict for one in found} == {"unknown"}
    assert {one.experiment for one in found} == set(EXPERIMENTS) - {"magnetoresistance"}
    assert all(one.why and one.source and one.published for one in found)
    assert len({one.published for one in found}) == len(found)


@pytest.mark.parametrize("preset", ["demo", "paper"])
def test_runs_are_specifications_that_claims_name(preset):
    names = runs_of(preset)
    assert set(names) <= set(preset_names())
    for claim in published._PUBLISHED:
        # Of MNIST's claims the demo measures none.
        if preset == "paper" or claim.otherwise != published._MNIST:
            wanted = "koenders2025" if claim.runs == r"koenders2025$" else None
            assert wanted or any(re.match(claim.runs, name) for name in names), claim.statement
    with pytest.raises(SpinlearnValueError, match="preset = best"):
        runs_of("best")


@pytest.fixture
def little(monkeypatch, tmp_path):
    """One small run in place of the six."""
    changes = []
    for table, values in small_table().items():
        if isinstance(values, dict):
            changes += [f"{table}.{key}={value}" for key, value in values.items()]
    precision = small_table()["precision"]
    monkeypatch.setattr(published, "RUNS", {"demo": ("magnetoresistance",)})
    options = [part for change in changes for part in ("--set", change)]
    return ["reproduce", "all", *options, "--set", f"precision={precision}", "-o", str(tmp_path)]


def test_all_in_one_command(little, tmp_path):
    result = CliRunner().invoke(cli.app, [*little, "--json"])
    assert result.exit_code == 0, result.output
    last = json.loads(result.stdout.splitlines()[-1])
    assert last["event"] == "summary"
    assert last["store"] == str(tmp_path)
    assert {claim["verdict"] for claim in last["claims"]} == {"unknown"}
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert 'href="magnetoresistance/report.html"' in page
    assert "0 agrees, 0 differs" in page
    for one in compare_published({}):
        assert html.escape(one.published) in page
    # What is finished is not computed again.
    again = CliRunner().invoke(cli.app, little)
    assert again.exit_code == 0
    assert "not measured" in again.stdout


def test_a_change_that_no_specification_knows_is_named(little):
    result = CliRunner().invoke(cli.app, [*little, "--set", "film.colour=1"])
    assert result.exit_code == 2
    assert "film.colour" in result.stderr


def test_the_report_shows_what_was_measured(little, tmp_path, monkeypatch):
    assert CliRunner().invoke(cli.app, little).exit_code == 0
    one = published._Published(
        "yu2021", "A <b>loop</b>.", "nowhere", "magnet", "remanence", lambda claim: True, "Always."
    )
    monkeypatch.setattr(published, "_PUBLISHED", (one,))
    path = write_reproduction(
        {"magnetoresistance": tmp_path / "magnetoresistance"}, tmp_path / "other" / "page.html"
    )
    page = path.read_text(encoding="utf-8")
    assert "1 agrees" in page
    assert "A &lt;b&gt;loop" in page
    assert "remanence; magnetoresistance" in page
    # The run lies beside the page's folder, not in it.
    assert 'href="file:' in page
