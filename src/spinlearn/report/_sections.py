"""Sections that a run has: status, headline numbers, specification, provenance, citation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from spinlearn.report._citation import citation_bibtex, citation_text
from spinlearn.report._markup import Markup, join, table, tag
from spinlearn.report._page import section
from spinlearn.report._quantities import MU_0, duration, is_field, number, quantity, with_unit
from spinlearn.report._view import RunView

if TYPE_CHECKING:
    from spinlearn.experiments import Claim
    from spinlearn.experiments.specs import RunSpec

# Keys of every specification that are no property of a device.
_SETTINGS = {"experiment", "seed", "precision", "label"}

_VERDICTS = {
    "agrees": "✓ agrees with the reference",
    "differs": "✗ differs from the reference",
    "unknown": "? reference not known",
    "ours": "no published value",
}


def status_markup(view: RunView) -> Markup:
    """Whether the run is finished, how far it is, and what to do if not."""
    how_far = f"{view.done} of {view.segments} segments are done"
    resume = tag("code", f"spinlearn resume {view.folder}")
    wall = view.provenance.get("wall_time")
    took = "" if wall is None else f" in {duration(float(wall))}"
    if view.status == "finished":
        text = join([tag("strong", "Finished"), f": all {view.segments} segments{took}."])
        return tag("div", tag("p", text), class_="status")
    lines = []
    if view.status == "failed":
        error = view.provenance.get("error", "no error was recorded")
        lines += [
            tag("p", tag("strong", "Failed"), f": {how_far}."),
            tag("p", tag("code", error)),
            tag("p", "What was stored is shown below. Once the cause is gone: ", resume),
        ]
    elif view.status == "stopped":
        lines += [
            tag("p", tag("strong", "Stopped"), f": {how_far}{took}."),
            tag("p", "Go on with: ", resume),
        ]
    else:
        lines += [
            tag("p", tag("strong", "Not finished"), f": {how_far}."),
            tag("p", "It is being computed, or was killed. If it was killed, go on with: ", resume),
        ]
    bar = tag("progress", how_far, value=view.done, max=view.segments, aria_label="segments done")
    return tag("div", *lines, bar, class_=f"status {_status_class(view.status)}")


def claims_section(view: RunView) -> Markup:
    """Headline numbers with units, intervals and verdicts."""
    claims = view.claims
    if not claims:
        text = "They are computed when the run is finished."
        return section("numbers", "Headline numbers", tag("p", text, class_="note"))
    shown = [quantity(claim.value, claim.unit) for claim in claims]
    columns: list[tuple[str, str, list[object]]] = [
        ("", "name", [claim.name for claim in claims]),
        ("value", "number", [value for value, _ in shown]),
        ("unit", "unit", [join([u, reading(c)]) for (_, u), c in zip(shown, claims, strict=True)]),
    ]
    notes = []
    if any(claim.interval is not None for claim in claims):
        columns.append(("95 % interval", "unit", [interval(claim) for claim in claims]))
        columns.append(("seeds", "number", [_or_dash(claim.seeds) for claim in claims]))
    else:
        notes.append("No 95 % intervals: the numbers come from one run, not from a sample.")
    if any(claim.reference for claim in claims):
        columns.append(("reference", "text", [_or_dash(claim.reference) for claim in claims]))
    else:
        notes.append("No references: nothing is published to compare with.")
    columns.append(("kind", "text", [claim.kind for claim in claims]))
    columns.append(("verdict", "text", [verdict(claim) for claim in claims]))
    header, kinds, cells = zip(*columns, strict=True)
    rows = list(zip(*cells, strict=True))
    note = [tag("p", " ".join(notes), class_="note")] if notes else []
    return section("numbers", "Headline numbers", table(header, rows, kinds=kinds), *note)


def interval(claim: Claim) -> str:
    """95 % interval of a claim as text, in the unit that its value is shown in."""
    if claim.interval is None:
        return "—"
    low, high = claim.interval
    return f"{with_unit(low, claim.unit)} … {with_unit(high, claim.unit)}"


def reading(claim: Claim) -> Markup | str:
    """A field in A/m is read as μ0H in T as well."""
    if not is_field(claim.unit, claim.name):
        return ""
    return tag("span", f" (μ₀H = {with_unit(MU_0 * claim.value, 'T')})", class_="note")


def verdict(claim: Claim) -> Markup:
    """The verdict of a claim in words."""
    return verdict_words(claim.verdict)


def verdict_words(verdict: str) -> Markup:
    """A verdict in words."""
    return tag("span", _VERDICTS.get(verdict, verdict), class_=verdict)


def spec_section(spec: RunSpec, swept: Mapping[str, str] | None = None) -> Markup:
    """Every value of a specification, and where it comes from; swept ones as their range."""
    from spinlearn.runs import spec_rows, spec_toml

    rows = []
    for key, value, unit, source, text in spec_rows(spec):
        shown, where = shown_value(value, unit), source
        if swept and key in swept:
            shown, where = (swept[key], ""), "swept"
        elif source == "assumed" and key in _SETTINGS:
            where = "default"
        rows.append((tag("span", key, class_="code"), *shown, source_markup(where), text))
    header = ("key", "value", "unit", "source", "description")
    kinds = ("", "number", "unit", "text", "text")
    note = tag(
        "p",
        "Assumed: a default of spinlearn's own, not a published value. Given: set for this run.",
        class_="note",
    )
    toml = tag(
        "details",
        tag("summary", "The specification as TOML, in SI units"),
        tag("pre", spec_toml(spec)),
    )
    return section("spec", "Specification", note, table(header, rows, kinds=kinds), toml)


def shown_value(value: Any, unit: str) -> tuple[str, str]:
    """A value of a specification and its unit with prefix, as text."""
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "—"}[value], ""
    if isinstance(value, float):
        return quantity(value, unit, 6)
    if isinstance(value, list | tuple) and value and all(isinstance(v, float) for v in value):
        return ", ".join(number(v, 6) for v in value), "" if unit == "1" else unit
    return str(value) or "—", "" if unit == "1" else unit


def source_markup(source: str) -> Markup:
    """Where a value comes from; assumed ones stand out."""
    return tag("span", source or "—", class_="assumed" if source == "assumed" else None)


def provenance_section(view: RunView) -> Markup:
    """Versions, device, precision, seed, hash, sessions and totals."""
    record = view.provenance
    sessions = [s for s in record.get("sessions", ()) if isinstance(s, dict)]
    wall = record.get("wall_time")
    facts = [
        ("experiment", view.spec.experiment),
        ("hash of the specification", tag("code", view.hash)),
        ("seed", view.spec.seed),
        ("precision", view.spec.precision),
        ("wall time", "not recorded yet" if wall is None else duration(float(wall))),
        ("finished", record.get("finished", "—")),
        *((name, with_unit(value, unit, 6)) for name, (value, unit) in view.totals.items()),
    ]
    parts = [table(("", ""), facts, kinds=("name", "text"))]
    versions = record.get("versions", {})
    if isinstance(versions, dict) and versions:
        parts += [tag("h3", "Versions"), tag("p", listed(versions))]
    if sessions:
        rows = [
            (s.get("started", "—"), _joined(s.get("devices")), s.get("cores"), s.get("system"))
            for s in sessions
        ]
        header = ("started (UTC)", "devices", "cores", "system")
        parts += [tag("h3", "Sessions"), table(header, rows, kinds=("", "text", "number", "text"))]
    return section("provenance", "Provenance", *parts)


def citation_section(citations: Iterable[str]) -> Markup:
    """How to cite spinlearn and the systems that were simulated."""
    parts = [tag("p", citation_text()), tag("pre", citation_bibtex())]
    works = list(dict.fromkeys(citation for citation in citations if citation))
    if works:
        parts += [tag("p", "The system that was simulated:"), *(tag("p", work) for work in works)]
    return section("cite", "How to cite", *parts)


def variables_markup(view: RunView) -> Markup:
    """What is stored, behind a click."""
    if view.dataset is None:
        return Markup("")
    rows = []
    for name, array in view.dataset.data_vars.items():
        unit = array.attrs.get("units", "1")
        shape = " × ".join(f"{dim} {size}" for dim, size in array.sizes.items())
        text = array.attrs.get("long_name", "")
        rows.append((tag("span", name, class_="code"), text, "—" if unit == "1" else unit, shape))
    header = ("variable", "", "unit", "dimensions")
    return tag(
        "details",
        tag("summary", "Stored variables"),
        table(header, rows, kinds=("", "text", "unit", "text")),
        tag(
            "p",
            "data.zarr opens with xarray.open_zarr; ",
            tag("code", f"spinlearn export {view.folder} -o results.nc"),
            " writes NetCDF.",
            class_="note",
        ),
    )


def _or_dash(value: object) -> object:
    return "—" if value is None or value == "" else value


def _status_class(status: str) -> str:
    return "failed" if status == "failed" else "unfinished"


def listed(versions: Mapping[str, Any]) -> str:
    """Names with their versions."""
    return ", ".join(f"{name} {version}" for name, version in versions.items())


def _joined(values: Any) -> str:
    return ", ".join(str(v) for v in values) if isinstance(values, list) else "—"
