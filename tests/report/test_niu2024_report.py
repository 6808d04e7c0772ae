"""Figures of an associative memory, of a run made of random numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray

from spinlearn.experiments.niu2024 import Niu2024
from spinlearn.report._pictures import png_bytes
from spinlearn.report._view import RunView
from spinlearn.report.experiments._niu2024_film import OF_FILMS
from spinlearn.report.experiments._niu2024_images import image_pictures
from spinlearn.report.experiments.niu2024 import (
    COVERED,
    _set_picture,
    animations,
    comparison,
    pictures,
)
from spinlearn.runs import make_spec

NAMES = ["images", "weights", "recall", "letters", "learning", "gradient"]


def _spec(**changes: Any) -> Any:
    return make_spec({"experiment": "niu2024", "devices": 5} | changes)


def _view(spec: Any, done: int | None = None) -> RunView:
    rng, layout = np.random.default_rng(0), Niu2024.layout(spec)
    done = layout.segments if done is None else done
    described: dict[str, Any] = {}
    for name, v in layout.variables.items():
        values = rng.uniform(0, 1, v.shape)
        if name in ("probes", "recalls"):
            values = rng.choice([-1.0, 1.0], v.shape)
        values[done:] = np.nan
        described[name] = (v.dims, values.astype(v.dtype), {"units": v.unit})
    coordinates = {n: (c.dims, c.values) for n, c in layout.coordinates.items()}
    return RunView(
        name=spec.label or "memory",
        folder="memory",
        spec=spec,
        hash="0",
        kind=Niu2024,
        status="finished" if done == layout.segments else "running",
        provenance={},
        dataset=xarray.Dataset(described, coordinates) if done else None,
        done=done,
        segments=layout.segments,
        claims=(),
        totals={},
    )


def test_every_variable_is_drawn() -> None:
    films = _spec(film={"devices": 2, "pitch": 3})
    assert set(Niu2024.layout(films).variables) == set(COVERED)
    assert set(Niu2024.layout(_spec()).variables) == set(COVERED) - OF_FILMS


@pytest.mark.once
@pytest.mark.parametrize(("contacts", "pitch"), [("edge", 8), ("bridges", 6)])
def test_films_of_other_contacts_are_drawn(contacts: str, pitch: int) -> None:
    film = {"devices": 3, "pitch": pitch, "contacts": contacts, "epochs": 6}
    found = [p for p in pictures(_view(_spec(film=film), 4)) if p.name.startswith("film")]
    assert [p.name for p in found] == [
        "film-reach", "film-weights", "film-texture", "film-recall",
    ]  # fmt: skip
    assert "3 films" in found[0].caption
    label = found[0].figure.axes[0].get_xlabel()
    assert ("contacts)" in label) == (contacts == "edge")


@pytest.mark.parametrize("done", [5, 2])
def test_figures_of_what_is_computed(done: int) -> None:
    found = pictures(_view(_spec(), done))
    assert [picture.name for picture in found] == NAMES
    for picture in found:
        assert png_bytes(picture.figure, 30).startswith(b"\x89PNG")
        assert picture.caption.endswith(".")
    recall = next(p for p in found if p.name == "recall")
    assert ("too few" in recall.caption) == (done < 3)


def test_images_count_what_came_back() -> None:
    view = _view(_spec())
    assert view.dataset is not None
    data = view.dataset
    data["recalls"].values[0, :] = data["letters"].values
    data["recalls"].values[0, 0, 0] *= -1
    images, _ = image_pictures(data, view.spec)
    assert "outer product 2" in images.caption
    assert "links, residual 3" in images.caption


def test_nothing_is_drawn_of_nothing() -> None:
    view = _view(_spec(), 0)
    assert pictures(view) == []
    assert animations(view) == []
    assert comparison([view]) == []


def test_sets_may_be_left_out() -> None:
    view = _view(_spec(memory={"sets": []}))
    assert _set_picture(view.dataset, view.spec) == []


def test_comparison_of_runs() -> None:
    (picture,) = comparison([_view(_spec(label="$a")), _view(_spec(), 2)])
    labels = picture.figure.axes[0].get_legend_handles_labels()[1]
    assert [label.split("(")[1] for label in labels] == ["5)", "2)"]
