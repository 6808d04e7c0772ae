"""The page that sets several runs side by side."""

from __future__ import annotations

from collections.abc import Sequence

from spinlearn.report._curves import curves_figure, is_curve
from spinlearn.report._markup import Markup, join, table, tag
from spinlearn.report._page import contents, page, picture_markup, section
from spinlearn.report._pictures import Picture
from spinlearn.report._quantities import with_unit
from spinlearn.report._sections import (
    citation_section,
    interval,
    reading,
    shown_value,
    status_markup,
)
from spinlearn.report._view import RunView
from spinlearn.report.experiments import comparison_pictures

_SECTIONS = (
    ("runs", "Runs"),
    ("numbers", "Headline numbers"),
    ("differences", "What differs"),
    ("figures", "Figures"),
    ("cite", "How to cite"),
)


def comparison_page(views: Sequence[RunView]) -> str:
    """HTML of several runs, finished or not."""
    named = _with_unique_names(views)
    title = f"Comparison of {len(named)} runs"
    figures = [picture_markup(picture) for picture in compared_pictures(named)]
    nothing = tag("p", "The runs have no curves in common.", class_="note")
    parts = [
        tag("header", tag("h1", title), contents(_SECTIONS)),
        _runs_section(named),
        _claims_section(named),
        _differences_section(named),
        section("figures", "Figures", *(figures or [nothing])),
        citation_section(view.kind.citation for view in named),
    ]
    return page(title, parts)


def compared_pictures(views: Sequence[RunView]) -> list[Picture]:
    """Curves of several runs over each other (SI units)."""
    named = [view for view in _with_unique_names(views) if view.dataset is not None]
    if not named:
        return []
    own, covered = comparison_pictures(named)
    datasets = [view.dataset for view in named]
    first = datasets[0]
    assert first is not None
    shared = [
        str(name)
        for name, array in first.data_vars.items()
        if name not in covered
        and array.ndim == 1
        and all(d is not None and name in d and is_curve(d[name]) for d in datasets)
        and all(d is not None and d[name].dims == array.dims for d in datasets)
    ]
    if not shared:
        return own
    figure = curves_figure(datasets, shared, [view.name for view in named])
    return [*own, Picture("recorded", "Recorded along the runs.", figure)]


def _with_unique_names(views: Sequence[RunView]) -> list[RunView]:
    """Runs of the same name get their folder, and if need be a number, behind it."""
    from dataclasses import replace

    names = [view.name for view in views]
    if len(set(names)) < len(names):
        names = [view.folder for view in views]
    if len(set(names)) < len(names):
        names = [f"{name} ({k})" for k, name in enumerate(names, 1)]
    return [replace(view, name=name) for view, name in zip(views, names, strict=True)]


def _runs_section(views: Sequence[RunView]) -> Markup:
    parts = []
    for view in views:
        about = f"{view.kind.title}; folder {view.folder}, specification {view.hash}, seed "
        parts += [
            tag("h3", view.name),
            tag("p", f"{about}{view.spec.seed}, {view.spec.precision}", class_="note"),
            status_markup(view),
        ]
    return section("runs", "Runs", *parts)


def _claims_section(views: Sequence[RunView]) -> Markup:
    columns = [{claim.name: claim for claim in view.claims} for view in views]
    names = list(dict.fromkeys(name for column in columns for name in column))
    rows = []
    for name in names:
        cells: list[Markup | str] = []
        for column in columns:
            claim = column.get(name)
            if claim is None:
                cells.append("—")
                continue
            text = with_unit(claim.value, claim.unit)
            if claim.interval is not None:
                text = f"{text} ({interval(claim)})"
            cells.append(join([text, reading(claim)]))
        rows.append((name, *cells))
    if not rows:
        nothing = tag("p", "None of the runs is finished.", class_="note")
        return section("numbers", "Headline numbers", nothing)
    header = ("", *(view.name for view in views))
    sampled = any(c.interval is not None for column in columns for c in column.values())
    note = [tag("p", "Intervals are of 95 %.", class_="note")] if sampled else []
    return section("numbers", "Headline numbers", table(header, rows, kinds=("name",)), *note)


def _differences_section(views: Sequence[RunView]) -> Markup:
    from spinlearn.runs import spec_rows

    columns = [{row[0]: row for row in spec_rows(view.spec)} for view in views]
    keys = list(dict.fromkeys(key for column in columns for key in column))
    rows = []
    for key in keys:
        if key == "label":  # the columns' headings
            continue
        found = [column.get(key) for column in columns]
        values = [None if row is None else row[1] for row in found]
        if all(value == values[0] for value in values) and None not in found:
            continue
        cells = [
            "—" if row is None else " ".join(shown_value(row[1], row[2])).strip() for row in found
        ]
        rows.append((tag("span", key, class_="code"), *cells))
    if not rows:
        same = tag("p", "The specifications are the same.", class_="note")
        return section("differences", "What differs", same)
    header = ("key", *(view.name for view in views))
    return section("differences", "What differs", table(header, rows))
