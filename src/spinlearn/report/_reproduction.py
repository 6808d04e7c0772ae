"""The report of several reproductions: every published claim beside what was measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from spinlearn.experiments.published import Comparison, compare_published
from spinlearn.report._markup import Markup, join, table, tag
from spinlearn.report._page import contents, page, section
from spinlearn.report._quantities import duration, with_unit
from spinlearn.report._sections import citation_section, interval, status_markup, verdict_words
from spinlearn.report._view import RunView

_SECTIONS = (
    ("published", "What is published, and what was measured"),
    ("runs", "Runs"),
    ("numbers", "All headline numbers"),
    ("cite", "How to cite"),
)
_VERDICTS = {"agrees": "✓ agrees", "differs": "✗ differs", "unknown": "? unknown"}


def reproduction_page(views: Mapping[str, RunView], links: Mapping[str, str | None]) -> str:
    """HTML of runs by the names of their specifications, with links to their own reports."""
    title = "Published systems, reproduced"
    found = compare_published({name: view.claims for name, view in views.items()})
    parts = [
        tag("header", tag("h1", title), contents(_SECTIONS)),
        _published_section(found),
        _runs_section(views, links),
        _numbers_section(views),
        citation_section(view.kind.citation for view in views.values()),
    ]
    return page(title, parts)


def _published_section(found: Sequence[Comparison]) -> Markup:
    rows = []
    for one in found:
        claim = one.measured
        measured: Markup | str = "—"
        if claim is not None:
            text = with_unit(claim.value, claim.unit)
            if claim.interval is not None:
                text = f"{text} ({interval(claim)})"
            seeds = "" if claim.seeds is None else f", {claim.seeds} samples"
            about = tag("span", f"{claim.name}; {one.run}{seeds}", class_="note")
            measured = join([text, tag("br"), about])
        what = join([one.published, tag("br"), tag("span", one.source, class_="note")])
        verdict = tag("span", _VERDICTS[one.verdict], class_=one.verdict)
        rows.append((one.experiment, what, measured, verdict, one.why))
    header = ("system", "published", "measured here, 95 % interval", "verdict", "why")
    counts = (f"{sum(one.verdict == k for one in found)} {k}" for k in _VERDICTS)
    note = tag("p", f"{len(found)} claims: {', '.join(counts)}.", class_="note")
    kinds = ("name", "text", "text", "text", "text")
    return section("published", _SECTIONS[0][1], note, table(header, rows, kinds=kinds))


def _runs_section(views: Mapping[str, RunView], links: Mapping[str, str | None]) -> Markup:
    parts = []
    for name, view in views.items():
        link = links[name]
        seconds = view.provenance.get("wall_time")
        took = "" if seconds is None else f", {duration(float(seconds))}"
        about = f"{view.kind.title}; folder {view.folder}, specification {view.hash}{took}"
        report = "" if link is None else join([" ", tag("a", "its report", href=link)])
        parts += [tag("h3", name), tag("p", about, report, class_="note"), status_markup(view)]
    return section("runs", "Runs", *parts)


def _numbers_section(views: Mapping[str, RunView]) -> Markup:
    parts = []
    for name, view in views.items():
        rows = [
            (
                claim.name,
                with_unit(claim.value, claim.unit),
                interval(claim),
                claim.reference or "—",
                verdict_words(claim.verdict),
            )
            for claim in view.claims
        ]
        header = ("", "value", "95 % interval", "reference", "verdict")
        kinds = ("name", "text", "text", "text", "text")
        body = table(header, rows, kinds=kinds) if rows else tag("p", "Not finished.")
        parts.append(tag("details", tag("summary", f"{name}: {len(rows)} numbers"), body))
    return section("numbers", _SECTIONS[2][1], *parts)
