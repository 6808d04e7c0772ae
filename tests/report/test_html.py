"""The HTML report: what it says, that it is one file, and that no text becomes markup."""

from __future__ import annotations

import base64
import io
import json
import re
import tomllib
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image
from typer.testing import CliRunner

from spinlearn import SpinlearnValueError, cli
from spinlearn.report import write_figures, write_report
from spinlearn.report._citation import AUTHORS, LICENSE, TITLE, URL
from spinlearn.report._curves import add_legend, branches
from spinlearn.report._markup import embedded_json, escape, tag
from spinlearn.report._pictures import legend_name, png_bytes
from spinlearn.report._quantities import number, quantity, with_unit
from spinlearn.report._textures import textures_figure
from spinlearn.runs import Result, StoreError, read_spec, run, spec_rows, spec_toml
from tests.report.conftest import HOSTILE, small_spec

pytestmark = pytest.mark.once

ROOT = Path(__file__).parents[2]
_VOID = {"meta", "img", "input", "br", "hr", "link"}


class Page(HTMLParser):
    """Elements and text of a page; complains about tags that do not match."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self.scripts: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag == "script":
            self.scripts.append("")
        if tag not in _VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] == "script":
            self.scripts[-1] += data
        elif not self._open or self._open[-1] != "style":
            self.text += data

    def all(self, name: str) -> list[dict[str, str]]:
        return [attributes for tag, attributes in self.elements if tag == name]


def _page(path: Path) -> Page:
    return Page(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def report(stored: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_report([stored], tmp_path_factory.mktemp("report"))


@pytest.fixture(scope="module")
def comparison(stored: Path, other: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_report([stored, other], tmp_path_factory.mktemp("comparison"))


def test_sections_and_language(report: Path) -> None:
    page = _page(report)
    assert page.all("html") == [{"lang": "en"}]
    names = [attributes["id"] for attributes in page.all("section")]
    assert names == ["numbers", "figures", "animation", "spec", "provenance", "cite"]
    links = [a["href"] for a in page.all("a")]
    assert links == [f"#{name}" for name in names]
    assert "A small film" in page.text


def test_nothing_is_fetched(report: Path, comparison: Path) -> None:
    for path in (report, comparison):
        page = _page(path)
        policy = next(m for m in page.all("meta") if "http-equiv" in m)["content"]
        assert policy.startswith("default-src 'none'; img-src data:; style-src 'unsafe-inline'")
        for name, attributes in page.elements:
            assert name not in ("link", "iframe", "object", "embed", "base", "form", "video")
            assert attributes.get("src", "data:").startswith("data:")
            assert attributes.get("href", "#").startswith("#")
            assert "url(" not in attributes.get("style", "")
        style = re.search(r"<style>(.*?)</style>", path.read_text(encoding="utf-8"), re.S)
        assert style
        assert not re.search(r"url\(|@import|https?:", style[1])


def test_headline_numbers_have_units_and_verdicts(report: Path, stored: Path) -> None:
    text = _page(report).text
    claims = Result(stored).claims
    assert claims
    for claim in claims:
        value, unit = quantity(claim.value, claim.unit)
        assert f"{claim.name}{value}{unit}" in text
    assert "no published value" in text


def test_every_value_of_the_specification_is_there_with_its_source(
    report: Path, stored: Path
) -> None:
    page = _page(report)
    for key, _, _, _, description in spec_rows(Result(stored).spec):
        assert key in page.text
        assert description in page.text
    assert "film.length64nmgiven" in page.text
    assert {"class": "assumed"} in page.all("span")


def test_provenance_and_citation(report: Path, stored: Path) -> None:
    text = _page(report).text
    result = Result(stored)
    assert result.hash in text
    assert result.spec.precision in text
    for name, version in result.provenance["versions"].items():
        assert f"{name} {version}" in text
    assert "field evaluations" in text
    assert "@software{spinlearn," in text


def test_citation_is_that_of_the_repository() -> None:
    lines = (ROOT / "CITATION.cff").read_text(encoding="utf-8").splitlines()
    assert f"title: {TITLE}" in lines
    assert f"license: {LICENSE}" in lines
    assert [line.split("name: ")[1] for line in lines if "- name: " in line] == list(AUTHORS)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["urls"]["Documentation"] == URL


def test_images_are_whole_and_described(report: Path) -> None:
    images = _page(report).all("img")
    assert len(images) >= 6
    for image in images:
        assert len(image["alt"]) > 10
        content = base64.b64decode(image["src"].partition(",")[2], validate=True)
        Image.open(io.BytesIO(content)).load()


def test_frames_of_the_animation(report: Path, stored: Path) -> None:
    page = _page(report)
    facts = json.loads(page.scripts[0])
    fields = Result(stored).dataset["field"].values
    assert len(facts["labels"]) == len(fields)
    assert facts["labels"][0] == "applied field μ₀H = 201 mT"
    slider = next(i for i in page.all("input") if i["type"] == "range")
    assert slider["max"] == str(len(fields) - 1)
    canvas = page.all("canvas")[0]
    sprite = next(i for i in page.all("img") if i["src"].startswith("data:image/jpeg"))
    content = base64.b64decode(sprite["src"].partition(",")[2])
    width, height = Image.open(io.BytesIO(content)).size
    assert width == facts["columns"] * int(canvas["width"])
    assert height == -(-len(fields) // facts["columns"]) * int(canvas["height"])


def test_size(report: Path) -> None:
    assert report.stat().st_size < 3_000_000


def test_two_reports_are_the_same_bytes(stored: Path, report: Path, tmp_path: Path) -> None:
    again = write_report([stored], tmp_path / "new" / "folder" / "again.html")
    assert again == tmp_path / "new" / "folder" / "again.html"
    assert again.read_bytes() == report.read_bytes()
    assert [p.name for p in again.parent.iterdir()] == ["again.html"]


def test_hostile_labels_are_text(other: Path, comparison: Path, tmp_path: Path) -> None:
    single = write_report([other], tmp_path)
    for path in (single, comparison):
        raw = path.read_text(encoding="utf-8")
        assert "alert(1)</script>" not in raw
        assert "<img src=x" not in raw
        assert "\u202e" not in raw
        page = _page(path)
        assert HOSTILE.replace("\u202e", "\ufffd") in page.text
        assert all("onerror" not in attributes for _, attributes in page.elements)
        assert len(page.scripts) == (2 if path == single else 0)


def test_hostile_names_of_folders_and_recorded_text(
    stored: Path, tmp_path: Path, copied: Callable[[Path], Path]
) -> None:
    folder = copied(stored).rename(tmp_path / "<img src=x onerror=alert(1)>")
    record = json.loads((folder / "provenance.json").read_text())
    record |= {"status": "failed", "error": "<script>alert(3)</script>"}
    record["versions"]["<b>jax</b>"] = "<i>1</i>"
    record["sessions"][0]["system"] = "<u>Linux</u>"
    (folder / "provenance.json").write_text(json.dumps(record))
    page = _page(write_report([folder]))
    assert "<script>alert(3)</script>" in page.text
    assert "<img src=x onerror=alert(1)>" in page.text
    assert "Failed" in page.text
    assert not {"b", "i", "u"} & {name for name, _ in page.elements}


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("koenders2025", "data.folder"),
        ("koenders2025", "noise.trace"),
        ("zhou2025", "data.folder"),
    ],
)
def test_hostile_paths_in_a_specification_are_text(name: str, key: str, tmp_path: Path) -> None:
    folder = tmp_path / "begun"
    folder.mkdir()
    (folder / "spec.toml").write_text(spec_toml(read_spec(name, {key: HOSTILE})))
    page = _page(write_report([folder]))
    assert HOSTILE.replace("\u202e", "\ufffd") in page.text
    assert all("onerror" not in attributes for _, attributes in page.elements)
    assert "alert(1)" not in "".join(page.scripts)


def test_hostile_names_of_numbers_are_text(stored: Path, copied: Callable[[Path], Path]) -> None:
    folder = copied(stored)
    path = folder / "data.zarr" / "zarr.json"
    group = json.loads(path.read_text())
    for claim in group["attributes"]["claims"]:
        claim |= {"name": f"claim {HOSTILE}", "unit": HOSTILE, "reference": HOSTILE}
    group["attributes"]["totals"] = {f"total {HOSTILE}": {"value": 1.0, "unit": HOSTILE}}
    path.write_text(json.dumps(group))
    page = _page(write_report([folder]))
    for kind in ("claim", "total"):
        assert f"{kind} {HOSTILE}".replace("\u202e", "\ufffd") in page.text
    assert all("onerror" not in attributes for _, attributes in page.elements)
    assert "alert(1)" not in "".join(page.scripts)


def test_markup_is_built_not_pasted() -> None:
    assert (
        tag("p", "<b>", tag("i", "&"), title='"') == '<p title="&quot;">&lt;b&gt;<i>&amp;</i></p>'
    )
    assert escape("a\x00\ud800b") == "a\ufffd\ufffdb"
    text = embedded_json({"name": "</script><!--&\u2028"})
    assert not set("<>&\u2028") & set(text)
    assert json.loads(text) == {"name": "</script><!--&\u2028"}


def test_report_of_a_stopped_run(unfinished: Path, tmp_path: Path) -> None:
    page = _page(write_report([unfinished], tmp_path))
    assert "Stopped: 2 of 5 segments are done" in page.text
    assert "spinlearn resume stopped-run" in page.text
    assert "They are computed when the run is finished." in page.text
    assert len(page.all("img")) >= 5
    assert page.all("progress")[0]["value"] == "2"


def test_report_of_a_run_without_results(stored: Path, tmp_path: Path) -> None:
    folder = tmp_path / "begun"
    folder.mkdir()
    (folder / "spec.toml").write_text((stored / "spec.toml").read_text())
    page = _page(write_report([folder]))
    assert "Not finished: 0 of 5 segments are done" in page.text
    assert "Nothing is computed yet." in page.text
    assert page.all("img") == []
    assert write_figures([folder]) == []


def test_damaged_records(stored: Path, copied: Callable[[Path], Path]) -> None:
    folder = copied(stored)
    record = json.loads((folder / "provenance.json").read_text())
    record |= {"wall_time": "long", "sessions": 3, "versions": ["jax"], "error": None}
    (folder / "provenance.json").write_text(json.dumps(record))
    assert "not recorded yet" in _page(write_report([folder])).text
    metadata = folder / "data.zarr" / "zarr.json"
    whole = json.loads(metadata.read_text())
    whole["attributes"]["claims"] = [{"name": "x"}]
    metadata.write_text(json.dumps(whole))
    with pytest.raises(StoreError, match="headline numbers cannot be read"):
        write_report([folder])
    metadata.write_text("{")
    with pytest.raises(StoreError, match="cannot be read"):
        write_report([folder])


@pytest.mark.parametrize("segments", [1, 3, 4])
def test_figures_of_the_first_segments(segments: int, tmp_path: Path) -> None:
    calls: list[int] = []
    spec = small_spec(loop={"points": 3, "largest": 1.6e5}, seed=3)
    run(spec, tmp_path / "run", stop=lambda: calls.append(0) or len(calls) == segments)
    page = _page(write_report([tmp_path / "run"]))
    assert f"{segments} of 5 segments are done" in page.text
    assert len(page.all("img")) == 6
    facts = json.loads(page.scripts[0])
    assert len(facts["labels"]) == segments


def test_comparison(comparison: Path) -> None:
    page = _page(comparison)
    assert comparison.name == "comparison.html"
    header = "A small film" + HOSTILE.replace("\u202e", "\ufffd")
    assert header in page.text
    assert "film.exchange13 pJ/m10 pJ/m" in page.text
    assert "film.length" not in page.text
    assert "remanence" in page.text
    assert len(page.all("img")) >= 2


def test_comparison_with_an_unfinished_run_and_with_itself(
    stored: Path, unfinished: Path, tmp_path: Path
) -> None:
    page = _page(write_report([stored, unfinished], tmp_path))
    assert "Stopped: 2 of 5 segments" in page.text
    assert "seed03" in page.text
    twice = _page(write_report([stored, stored], tmp_path / "twice.html"))
    assert "small-run (1)small-run (2)" in twice.text
    assert "The specifications are the same." in twice.text


def test_figures_alone(stored: Path, other: Path, tmp_path: Path) -> None:
    files = write_figures([stored], tmp_path / "figures")
    assert [f.name for f in files] == [
        "loop.png",
        "textures.png",
        "conductance.png",
        "recorded.png",
    ]
    assert sorted(p.name for p in (tmp_path / "figures").iterdir()) == sorted(f.name for f in files)
    for file in files:
        pixels = np.asarray(Image.open(file).convert("L"))
        assert pixels.shape[1] > 1000
        assert pixels.std() > 10
    names = [f.name for f in write_figures([stored, other], tmp_path / "both")]
    assert names == ["loops.png", "recorded.png"]


def test_what_cannot_be_read_or_written(stored: Path, tmp_path: Path) -> None:
    with pytest.raises(SpinlearnValueError, match=r"^paths "):
        write_report([])
    with pytest.raises(StoreError, match="no such folder"):
        write_report([tmp_path / "nowhere"])
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot write to"):
        write_report([stored], tmp_path / "file" / "report.html")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file"]


def test_command_line(stored: Path, unfinished: Path, tmp_path: Path) -> None:
    invoke = CliRunner().invoke
    target = tmp_path / "page.html"
    done = invoke(cli.app, ["report", str(stored), "-o", str(target)])
    assert (done.exit_code, done.stdout) == (0, f"{target}\n")
    paths = [str(stored), str(unfinished)]
    done = invoke(cli.app, ["report", *paths, "-o", str(target), "--json"])
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["event"] for line in lines] == ["file", "summary", "summary"]
    assert lines[0] == {"event": "file", "kind": "report", "path": str(target)}
    assert [bool(line["claims"]) for line in lines[1:]] == [True, False]
    done = invoke(cli.app, ["report", str(stored), "--png", "-o", str(tmp_path / "png")])
    assert (done.exit_code, len(done.stdout.splitlines())) == (0, 4)
    done = invoke(cli.app, ["report", str(tmp_path / "nowhere")])
    assert done.exit_code == 3
    assert done.stderr.startswith("error: ")
    assert invoke(cli.app, ["report"]).exit_code == 2


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a film", "a film"),
        (r"$\frac{", r"\$\frac{"),
        ("_hidden", " _hidden"),
        ("膜 of\n permalloy", "□ of permalloy"),
        ("x" * 60, "x" * 47 + "…"),
    ],
)
def test_names_in_legends(name: str, shown: str) -> None:
    assert legend_name(name) == shown
    figure = Figure(layout="constrained")
    figure.add_subplot().plot([0, 1])
    add_legend(figure, [name, "other"])
    assert png_bytes(figure, 40).startswith(b"\x89PNG")
    assert len(figure.legends[0].get_texts()) == 2


def test_both_ways_of_a_loop_are_told_apart() -> None:
    down_and_up = np.array([2.0, 0.0, -2.0, 0.0, 2.0])
    assert branches(down_and_up) == [(slice(0, 3), "falling"), (slice(2, None), "rising")]
    assert branches(-down_and_up)[0] == (slice(0, 3), "rising")
    for whole in (np.arange(4.0), np.zeros(3), np.array([1.0]), np.array([0.0, 1, 0, 1])):
        assert branches(whole) == [(slice(None), "")]


@pytest.mark.parametrize(("count", "shape"), [(1, (8, 8)), (2, (16, 4)), (3, (4, 16)), (5, (8, 8))])
def test_panels_of_textures(count: int, shape: tuple[int, int]) -> None:
    m = np.zeros((3, *shape))
    m[0] = 1.0
    figure = textures_figure({f"panel {k}": m for k in range(count)}, (4e-9, 4e-9))
    titles = [ax.get_title(loc="left") for ax in figure.axes]
    assert titles == [f"({'abcde'[k]}) panel {k}" for k in range(count)] + [""]
    assert png_bytes(figure, 40).startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (5.12e-7, "m", "512 nm"),
        (-2.1e3, "A/m", "−2.1 kA/m"),
        (3e-14, "m²", "3 × 10⁻¹⁴ m²"),
        (0.1, "rad", "0.1 rad"),
        (0.025, "1", "0.025"),
        (0.0, "S", "0 S"),
        (float("nan"), "S", "not a number S"),
        (4.5e-3, "J/m²", "4.5 mJ/m²"),
    ],
)
def test_quantities(value: float, unit: str, expected: str) -> None:
    assert with_unit(value, unit) == expected


def test_numbers_have_a_true_minus() -> None:
    assert number(-1.5e-7) == "−1.5 × 10⁻⁷"
    assert number(float("-inf")) == "−∞"
