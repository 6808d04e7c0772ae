"""The page of a sweep: headline numbers over its values, with intervals over its seeds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from spinlearn.report._markup import Markup, join, table, tag
from spinlearn.report._page import contents, page, picture_markup, section
from spinlearn.report._pictures import Picture
from spinlearn.report._quantities import duration, number, scale_of
from spinlearn.report._sections import citation_section, listed, spec_section
from spinlearn.report._sweep_figures import number_names, sweep_pictures, value_text
from spinlearn.report._sweep_map import sweep_maps
from spinlearn.report._view import checked_record

if TYPE_CHECKING:
    from spinlearn.runs import SweepResult

_SECTIONS = (
    ("numbers", "Headline numbers"),
    ("figures", "Figures"),
    ("failures", "Failures"),
    ("spec", "Specification"),
    ("provenance", "Provenance"),
    ("cite", "How to cite"),
)
# All lines are in sweep.csv.
_MOST_LINES = 200


def sweep_page(sweep: SweepResult) -> str:
    """HTML of a sweep, finished or not."""
    from spinlearn.experiments.specs import experiment_type

    kind = experiment_type(sweep.spec.experiment)
    folder = sweep.path.resolve().name
    label = sweep.spec.label
    title = f"Sweep: {kind.title}"
    failures = _failures(sweep)
    sections = [s for s in _SECTIONS if s[0] != "failures" or failures]
    heading = [tag("h1", title), *([tag("p", label, class_="lead")] if label else [])]
    figures = [picture_markup(picture) for picture in pictures_of_sweep(sweep)]
    nothing = tag("p", "No point is finished yet.", class_="note")
    parts = [
        tag(
            "header",
            *heading,
            tag("p", f"Sweep {folder} of spinlearn", class_="note"),
            _status(sweep, folder),
            contents(sections),
        ),
        _numbers(sweep),
        section("figures", "Figures", *(figures or [nothing])),
        *failures,
        spec_section(sweep.spec, {key: _range(sweep, key) for key in sweep.dims}),
        _provenance(sweep),
        citation_section([kind.citation]),
    ]
    return page(f"{label or folder}: {title}", parts)


def pictures_of_sweep(sweep: SweepResult) -> list[Picture]:
    """Figures of a sweep (units on their axes)."""
    dataset, means = sweep.dataset, sweep.over_seeds()
    return [*sweep_pictures(dataset, means), *sweep_maps(means, number_names(dataset))]


def _status(sweep: SweepResult, folder: str) -> Markup:
    counts, total = sweep.counts, sum(sweep.counts.values())
    done = counts.get("finished", 0)
    if sweep.status == "finished":
        text = join([tag("strong", "Finished"), f": all {total} points."])
        return tag("div", tag("p", text), class_="status")
    how_far = ", ".join(f"{count} {status}" for status, count in counts.items())
    word = "Some points failed" if sweep.status == "failed" else "Not finished"
    resume = tag("code", f"spinlearn resume {folder}")
    return tag(
        "div",
        tag("p", tag("strong", word), f": of {total} points, {how_far}."),
        tag("p", "Go on with: ", resume),
        tag("progress", how_far, value=done, max=total, aria_label="points done"),
        class_="status unfinished",
    )


def _numbers(sweep: SweepResult) -> Markup:
    dataset, means = sweep.dataset, sweep.over_seeds()
    names = number_names(dataset)
    keys = [key for key in sweep.dims if key != "seed"]
    if not names:
        text = "No point is finished yet."
        return section("numbers", "Headline numbers", tag("p", text, class_="note"))
    rows = list(_lines(dataset, means, keys, names))
    header = (*(keys or ["point"]), "seeds", *names)
    kinds = ("key",) * max(1, len(keys)) + ("number",) + ("line",) * len(names)
    notes = ["Means over the seeds with their 95 % intervals (Student's t)."]
    if len(rows) > _MOST_LINES:
        notes.append(f"The first {_MOST_LINES} of {len(rows)} lines; all are in sweep.csv.")
    shown = table(header, rows[:_MOST_LINES], kinds=kinds)
    return section("numbers", "Headline numbers", shown, tag("p", " ".join(notes), class_="note"))


def _lines(
    dataset: Any, means: Any, keys: list[str], names: list[str]
) -> Iterator[tuple[object, ...]]:
    for index in np.ndindex(*(dataset.sizes[key] for key in keys)):
        place = dict(zip(keys, index, strict=True))
        values = [value_text(dataset[key], k) for key, k in place.items()] or ["all"]
        statuses = dataset["status"].isel(place).values.ravel().tolist()
        numbers = [_mean(means.isel(place), name) for name in names]
        yield (*values, f"{statuses.count('finished')} of {len(statuses)}", *numbers)


def _mean(means: Any, name: str) -> str:
    """Mean and half of its interval with the same prefix."""
    mean, low, high = (float(means[f"{name}{end}"].values) for end in ("", " low", " high"))
    if not np.isfinite(mean):
        return "—"
    scale, unit = scale_of(abs(mean), str(means[name].attrs.get("units", "1")))
    text = number(scale * mean)
    if np.isfinite(low):
        # Two digits of the interval say enough, but 110 is not 1.1 × 10².
        half = number(float(f"{scale * (high - low) / 2:.2g}"))
        text = f"({text} ± {half})" if unit else f"{text} ± {half}"
    return f"{text} {unit}".strip()


def _failures(sweep: SweepResult) -> list[Markup]:
    failed = sweep.failed
    if not failed:
        return []
    rows = [
        (", ".join(f"{key} = {value}" for key, value in values.items()), error)
        for values, error in failed[:_MOST_LINES]
    ]
    return [section("failures", "Failures", table(("point", "error"), rows, kinds=("", "text")))]


def _range(sweep: SweepResult, key: str) -> str:
    """Swept values in short."""
    coordinate = sweep.dataset[key]
    count = coordinate.size
    if count <= 3:
        return ", ".join(value_text(coordinate, k) for k in range(count))
    first, last = value_text(coordinate, 0), value_text(coordinate, count - 1)
    return f"{first} … {last} ({count} values)"


def _provenance(sweep: SweepResult) -> Markup:
    records = list(_records(sweep.path))
    versions = _distinct(listed(r["versions"]) for r in records if r.get("versions"))
    sessions = [s for r in records for s in r.get("sessions", ()) if isinstance(s, dict)]
    devices = _distinct(", ".join(map(str, s.get("devices", ()))) for s in sessions)
    started = sorted(str(s["started"]) for s in sessions if "started" in s)
    wall = sum(float(r.get("wall_time") or 0.0) for r in records)
    seeds = sweep.dims.get("seed", ())
    facts = [
        ("experiment", sweep.spec.experiment),
        ("hash of the sweep", tag("code", str(sweep.dataset.attrs["hash"]))),
        ("seeds", ", ".join(map(str, seeds[:20])) + (" …" if len(seeds) > 20 else "")),
        ("precision", sweep.spec.precision),
        ("wall time of all points", duration(wall)),
        ("first and last start (UTC)", f"{started[0]}, {started[-1]}" if started else "—"),
        ("devices", "; ".join(devices) or "—"),
        ("versions", "; ".join(versions) or "—"),
    ]
    return section("provenance", "Provenance", table(("", ""), facts, kinds=("name", "text")))


def _records(path: Path) -> Iterator[dict[str, Any]]:
    from spinlearn.runs.store import RunStore

    for folder in sorted((path / "points").glob("*")):
        if RunStore.exists(folder):
            yield checked_record(RunStore.open(folder).provenance())


def _distinct(texts: Iterator[str]) -> list[str]:
    return list(dict.fromkeys(text for text in texts if text))
