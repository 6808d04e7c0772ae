"""Figures of films that train themselves, from made-up results."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.collections import LineCollection

from spinlearn._intervals import interval_of, wilson
from spinlearn.experiments._conductance_changes import correlation, orthogonal_mean, relative_change
from spinlearn.experiments._yu2021_claims import learning_claims
from spinlearn.experiments._yu2021_recall import one_bit_recall
from spinlearn.experiments.yu2021 import Yu2021
from spinlearn.report import write_figures, write_report
from spinlearn.report._pictures import png_bytes
from spinlearn.report._single import _animation_section, run_pictures
from spinlearn.report.experiments._samples import finished
from spinlearn.report.experiments._yu2021_films import learned
from spinlearn.report.experiments._yu2021_recall import _ends
from spinlearn.report.experiments._yu2021_textures import texture_pictures, turned
from spinlearn.report.experiments.yu2021 import COVERED, animations, comparison, pictures
from spinlearn.runs.store import RunStore
from tests.report.learning import learning_rows, learning_spec, learning_view
from tests.report.test_html import Page

pytestmark = pytest.mark.once

OF_ALL_FILMS = ["conductance", "hebb", "learning", "recall", "energy"]
EVERYTHING = ["texture", "imprint", "conductance", "hebb", "learning", "survival", "recall"]
EVERYTHING += ["energy", "controls", "spectrum"]


def _names(view: Any, *, drawn: bool = False) -> list[str]:
    found = pictures(view)
    for picture in found:
        assert not drawn or png_bytes(picture.figure, 30).startswith(b"\x89PNG")
        assert picture.caption.endswith(".")
    return [picture.name for picture in found]


def test_every_variable_is_covered() -> None:
    assert set(Yu2021.layout(learning_spec()).variables) == COVERED


def test_figures_of_a_finished_run() -> None:
    view = learning_view(learning_spec())
    captions = {picture.name: picture.caption for picture in run_pictures(view)}
    assert list(captions) == EVERYTHING
    for name in OF_ALL_FILMS[1:]:
        assert "5 films; bars: 95 % intervals (Student's)" in captions[name]
    for name in ("survival", "controls", "spectrum"):
        assert "3 studied films; bars" in captions[name]
    assert "300 K" in captions["survival"]


def test_axes_have_units() -> None:
    found = {picture.name: picture.figure for picture in pictures(learning_view(learning_spec()))}
    assert found["texture"].axes[0].get_xlabel() == "x (nm)"
    assert found["energy"].axes[0].get_ylabel() == "energy of a pulse (fJ)"
    assert found["conductance"].axes[0].get_ylabel() == "G (mS)"
    assert found["hebb"].axes[0].get_ylabel().endswith("(%)")
    times = [ax.get_xlabel() for ax in found["survival"].axes]
    assert times == ["trainings"] * 5 + ["time since training (ns)"]


@pytest.mark.parametrize("done", [1, 4])
def test_figures_of_the_first_films(done: int) -> None:
    """One film has no interval, two have none, and studied films are fewer than others."""
    view = learning_view(learning_spec(), done)
    assert _names(view, drawn=done == 1) == EVERYTHING
    caption = next(p.caption for p in pictures(view) if p.name == "recall")
    assert ("too few for intervals" in caption) is (done < 3)


def test_rows_that_are_missing_are_left_out() -> None:
    view = learning_view(learning_spec())
    data = view.dataset
    assert data is not None
    data["trained"][3:] = np.nan
    data["m_after"][0] = np.nan
    data["frames"][0, 5] = np.nan
    data["retained"][:] = np.nan
    assert _names(view) == EVERYTHING
    captions = {picture.name: picture.caption for picture in pictures(view)}
    assert "3 films; bars" in captions["hebb"]
    assert "5 films; bars" in captions["recall"]
    assert " K." not in captions["survival"]
    assert animations(view) == []
    for name in data.data_vars:
        if data[name].dtype.kind == "f":
            data[name][:] = np.nan
    assert _names(view) == []
    assert comparison([view]) == []


def test_run_without_studied_films() -> None:
    view = learning_view(learning_spec(ensemble={"textures": 4, "studied": 0}))
    assert _names(view) == OF_ALL_FILMS
    assert animations(view) == []
    assert _animation_section(view) == []


def test_run_without_options_and_with_many_repetitions() -> None:
    spec = learning_spec(
        training={"repetitions": 20, "polarities": "alternating"}, controls={"alternations": 0}
    )
    assert _names(learning_view(spec)) == [n for n in EVERYTHING if n not in _OPTIONAL]


_OPTIONAL = ("survival", "spectrum")


@pytest.mark.parametrize(
    ("mechanism", "layout"),
    [
        ("spin-orbit", "centre"),
        ("spin-orbit", "edge"),
        ("spin-transfer", "ring"),
        ("spin-transfer", "corner"),
    ],
)
def test_textures(mechanism: str, layout: str) -> None:
    contacts = {"layout": layout, "size": 0.3}
    view = learning_view(learning_spec(mechanism=mechanism, contacts=contacts), current=1e10)
    texture, imprint = texture_pictures(view.dataset, view.spec)
    assert any(isinstance(c, LineCollection) for c in texture.figure.axes[1].collections)
    bars = [a.get_ylabel() for ax in texture.figure.axes for a in ax.child_axes]
    upright = mechanism == "spin-transfer"
    assert bars == ["$m_z$"] * upright + ["change of (m·j)²/j²"]
    assert ("Grey" in texture.caption) is upright
    for picture in (texture, imprint):
        numbers = [text.get_text() for text in picture.figure.axes[0].texts]
        assert numbers[:4] == ["0", "1", "2", "3"]
        assert png_bytes(picture.figure, 30).startswith(b"\x89PNG")


def test_what_turned_across_the_current() -> None:
    x, y = np.eye(3)[:2][:, :, None, None] * np.ones((1, 4, 5))
    current = 1e10 * x[:2]
    np.testing.assert_allclose(turned(x, y, current), -1)
    np.testing.assert_allclose(turned(y, -x, current), 1)
    np.testing.assert_allclose(turned(x, -x, current), 0)
    np.testing.assert_allclose(turned(x, y, 0 * current), 0)


def test_numbers_are_those_of_the_claims() -> None:
    spec = learning_spec()
    data = learning_view(spec).dataset
    assert data is not None
    found, claims = learned(data), {c.name: c for c in learning_claims(spec, data)}
    assert found is not None
    for values, reference in (
        (found.against_mean, "mean over orthogonal patterns"),
        (found.against_untrained, "untrained film"),
    ):
        single = np.array([correlation(film, found.alike) for film in values[:, :, -1]])
        claim = claims[f"correlation with s_i s_j in a single film, change against the {reference}"]
        assert claim.value == pytest.approx(single.mean())
        assert claim.interval == pytest.approx(interval_of(single))
    last, waited = data["trained"].values[:, :, -1], data["waited"].values
    mean = orthogonal_mean(last, waited)
    np.testing.assert_allclose(found.against_mean[:, :, -1], relative_change(last, mean[:, None]))
    every = "trained films that correct every one-bit error of every pattern"
    assert claims[every].interval == pytest.approx(wilson(claims[every].value, 5))


def test_films_without_scatter_follow_hebbs_rule() -> None:
    data = learning_view(learning_spec(), scatter=0.0).dataset
    assert data is not None
    found = learned(data)
    assert found is not None
    for values in (found.against_mean, found.against_untrained):
        assert correlation(values[0, :, -1], found.alike) == pytest.approx(-1)


def test_final_states_are_counted() -> None:
    pattern = np.array([1.0, 1.0, -1.0, -1.0])
    states = np.stack([pattern, pattern, -pattern, np.ones(4), np.array([1.0, -1, 1, -1])])
    found = _ends(states[None, None], pattern[None])
    assert found.tolist() == [[2, 1, 1, 1]]
    back = one_bit_recall(np.tile(pattern, (2, 1, 16, 1)), pattern[None], _probes())
    assert back.all()


def _probes() -> np.ndarray:
    return np.array(np.meshgrid(*[[1.0, -1.0]] * 4, indexing="ij")).reshape(4, -1).T


def test_finished_films() -> None:
    data = learning_view(learning_spec()).dataset
    assert data is not None
    assert finished(data, "untrained", "nothing") is None
    data["disturbed"][1, 0, 0] = np.nan
    found = finished(data, "untrained", "disturbed")
    assert found is not None
    assert [len(values) for values in found] == [2, 2]
    np.testing.assert_array_equal(found[0], data["untrained"].values[[0, 2]])
    assert interval_of(found[0]) is None


def test_animation_says_when_the_pulse_is_on() -> None:
    ((animation, name, caption),) = animations(learning_view(learning_spec()))
    assert name == "film learning"
    assert "2 ns" in caption
    labels = animation.labels
    assert labels[0] == "time = 0 ns, before the pulse"
    assert labels[12] == "time = 2 ns, pulse on"
    assert labels[-1] == "time = 4 ns, pulse off"
    assert sum("pulse on" in label for label in labels) == 12
    assert sum("pulse off" in label for label in labels) == 12
    (section,) = _animation_section(learning_view(learning_spec()))
    assert len(Page(section).all("canvas")) == 1


def test_comparison_of_runs() -> None:
    views = [
        learning_view(learning_spec(label="$x"), scatter=s, learns=k)
        for s, k in ((5e-4, 3e-3), (3e-3, 3e-3), (5e-4, -3e-3))
    ]
    views.append(learning_view(learning_spec(ensemble={"textures": 2, "studied": 1})))
    (picture,) = comparison(views)
    axes = picture.figure.axes
    assert [t.get_text() for t in axes[0].get_yticklabels()][-1] == "films (2)"
    assert len(axes[0].get_yticklabels()) == len(views)
    assert axes[1].get_xlabel().endswith("(%)")
    assert png_bytes(picture.figure, 30).startswith(b"\x89PNG")


@pytest.fixture
def stopped(tmp_path: Path) -> Path:
    """A stored run of which two films are done."""
    spec = learning_spec()
    layout = Yu2021.layout(spec)
    store = RunStore.create(tmp_path / "stopped", spec)
    store.prepare(layout)
    rows = learning_rows(spec)
    for k in range(2):
        store.write_rows(layout, k, {n: v[k : k + 1] for n, v in rows.items() if len(v) > k})
    store.flush()
    store.write_provenance(status="stopped")
    return store.path


def test_page_of_a_stopped_run(stopped: Path, tmp_path: Path) -> None:
    page = Page(write_report([stopped]).read_text(encoding="utf-8"))
    assert "Stopped: 2 of 5 segments are done" in page.text
    figures = [a["id"] for a in page.all("figure") if "id" in a]
    assert figures == [f"figure-{name}" for name in EVERYTHING]
    facts = json.loads(page.scripts[0])
    assert len(facts["labels"]) == 25
    both = write_figures([stopped, stopped], tmp_path / "both")
    assert [file.name for file in both] == ["runs.png"]


def test_page_of_a_run_that_has_just_begun(tmp_path: Path) -> None:
    spec = learning_spec()
    store = RunStore.create(tmp_path / "begun", spec)
    store.prepare(Yu2021.layout(spec))
    page = Page(write_report([store.path]).read_text(encoding="utf-8"))
    assert "Nothing is computed yet." in page.text
    assert page.all("img") == []
