"""The report of a sweep: means with intervals, failures, figures over the swept values."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import xarray
from typer.testing import CliRunner

from spinlearn import SpinlearnValueError, cli
from spinlearn.report import write_figures, write_report
from spinlearn.report._pictures import png_bytes
from spinlearn.report._sweep_figures import sweep_pictures
from spinlearn.report._sweep_map import sweep_maps
from spinlearn.report._sweep_page import _mean
from spinlearn.runs import SweepResult
from tests.report.conftest import HOSTILE
from tests.report.test_html import Page

pytestmark = pytest.mark.once


def _page(path: Path) -> Page:
    return Page(path.read_text(encoding="utf-8"))


def test_page_of_a_sweep(swept: Path, tmp_path: Path) -> None:
    path = write_report([swept], tmp_path)
    page = _page(path)
    names = [attributes["id"] for attributes in page.all("section")]
    assert names == ["numbers", "figures", "spec", "provenance", "cite"]
    assert "Finished: all 4 points." in page.text
    assert "2 of 2" in page.text
    assert "±" in page.text
    assert "film.thickness5 nm, 10 nmswept" in page.text
    assert "seed0, 1swept" in page.text
    assert HOSTILE.replace("\u202e", "\ufffd") in page.text
    assert page.scripts == []
    assert len(page.all("img")) == 1
    again = write_report([swept], tmp_path / "again.html")
    assert again.read_bytes() == path.read_bytes()


def test_sweep_with_a_failed_and_a_missing_point(
    swept: Path, tmp_path: Path, copied: Callable[[Path], Path]
) -> None:
    path = copied(swept)
    first, second, *_ = sorted((path / "points").iterdir())
    shutil.rmtree(first)
    record = json.loads((second / "provenance.json").read_text())
    failure = {"status": "failed", "error": "<b>torque</b>"}
    (second / "provenance.json").write_text(json.dumps(record | failure))
    page = _page(write_report([path]))
    counts = SweepResult(path).counts
    assert counts["finished"] == 2
    assert "Finished: all" not in page.text
    assert "spinlearn resume small-sweep" in page.text
    assert page.all("progress")[0]["value"] == "2"
    assert "b" not in {name for name, _ in page.elements}
    shutil.rmtree(path / "points")
    assert "No point is finished yet." in _page(write_report([path])).text
    assert write_figures([path]) == []


def test_figures_and_command_line(swept: Path, stored: Path, tmp_path: Path) -> None:
    assert [f.name for f in write_figures([swept], tmp_path)] == ["numbers.png"]
    target = tmp_path / "page.html"
    done = CliRunner().invoke(cli.app, ["report", str(swept), "-o", str(target), "--json"])
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["event"] for line in lines] == ["file", "summary"]
    assert lines[-1]["points"] == {"finished": 4}
    with pytest.raises(SpinlearnValueError, match="one sweep alone"):
        write_report([stored, swept])


def _made(**dims: list) -> tuple[xarray.Dataset, xarray.Dataset]:
    """A sweep's numbers and their means, as SweepResult gives them."""
    shape = [len(values) for values in dims.values()]
    values = np.arange(float(np.prod(shape))).reshape(shape)
    number = (tuple(dims), 1e-3 * values, {"units": "S"})
    coordinates = {key: ((key,), np.asarray(v), {"units": "1"}) for key, v in dims.items()}
    dataset = xarray.Dataset({"g": number}, coordinates)
    mean = dataset["g"].mean("seed", keep_attrs=True)
    parts = {"g": mean, "g low": mean - 1e-3, "g high": mean + 1e-3}
    return dataset, xarray.Dataset(parts)


@pytest.mark.parametrize(
    ("dims", "curves"),
    [
        ({"seed": [0, 1, 2]}, 1),
        ({"start": ["vortex", "random"], "seed": [0, 1]}, 1),
        ({"a": [1.0, 10.0, 100.0], "start": ["vortex", "random"], "seed": [0, 1]}, 2),
        ({"a": [1, 2], "b": list(range(9)), "seed": [0]}, 2),
        ({"a": list(range(12)), "b": list(range(9)), "seed": [0]}, 7),
    ],
)
def test_figures_of_any_dimensions(dims: dict[str, list], curves: int) -> None:
    (picture,) = sweep_pictures(*_made(**dims))
    ax = picture.figure.axes[0]
    assert len(ax.containers) == curves
    assert ax.get_ylabel() == "g (mS)"
    assert ax.get_xscale() == ("log" if dims.get("a") == [1.0, 10.0, 100.0] else "linear")
    assert ("2 more combinations" in picture.caption) is (curves == 7)
    assert png_bytes(picture.figure, 40).startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("mean", "half", "expected"),
    [
        (5.45e4, 1.07e5, "(54.5 ± 110) kA/m"),
        (0.0, 2e-3, "(0 ± 0.002) A/m"),
        (3e3, np.nan, "3 kA/m"),
        (np.nan, np.nan, "—"),
    ],
)
def test_means_with_intervals(mean: float, half: float, expected: str) -> None:
    names = {"x": mean, "x low": mean - half, "x high": mean + half}
    dataset = xarray.Dataset({n: ((), v, {"units": "A/m"}) for n, v in names.items()})
    assert _mean(dataset, "x") == expected


@pytest.mark.parametrize(
    ("dims", "cells"),
    [
        ({"a": [1.0, 10.0, 100.0], "seed": [0, 1]}, None),
        ({"a": [1.0, 10.0, 100.0], "b": [1.0, 2.0], "seed": [0, 1]}, None),
        ({"a": [1.0, 10.0, 100.0], "b": list(range(4)), "seed": [0, 1]}, (3, 4)),
        ({"start": ["x", "y"], "a": [1.0, 2.0, 3.0], "b": list(range(4)), "seed": [0]}, (3, 4)),
    ],
)
def test_two_swept_numbers_make_a_map(dims: dict[str, list], cells: tuple | None) -> None:
    _, means = _made(**dims)
    pictures = sweep_maps(means, ["g"])
    assert bool(pictures) is (cells is not None)
    for picture in pictures:
        ax = picture.figure.axes[0]
        (mesh,) = ax.collections
        shown = np.asarray(mesh.get_array()).reshape(cells)
        expected = means["g"].isel(start=0) if "start" in dims else means["g"]
        np.testing.assert_allclose(shown, 1e3 * expected.transpose("a", "b").values)
        assert (ax.get_xlabel(), ax.get_ylabel()) == ("b", "a")
        assert [text.get_text() for text in ax.get_yticklabels()] == [f"{v:.4g}" for v in dims["a"]]
        assert ("start = x" in picture.caption) is ("start" in dims)
        assert png_bytes(picture.figure, 40).startswith(b"\x89PNG")


def test_a_number_that_is_the_same_everywhere_has_no_map() -> None:
    _, means = _made(a=[1.0, 2.0, 3.0], b=[1.0, 2.0, 3.0], seed=[0])
    assert sweep_maps(means * 0, ["g"]) == []
