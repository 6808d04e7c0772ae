"""Reproducing all published systems from the command line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from spinlearn.cli._output import emit, print_table, shown
from spinlearn.cli._precision import set_precision
from spinlearn.cli._runs import read_options, say, until_stopped
from spinlearn.errors import SpinlearnValueError

if TYPE_CHECKING:
    from spinlearn.experiments.published import Comparison
    from spinlearn.experiments.specs import RunSpec

_PAGE = "report.html"


def reproduce_all(
    preset: str,
    changes: Sequence[str],
    output: Path | None,
    x64: bool | None,
    *,
    report: bool,
    as_json: bool,
) -> None:
    """Run what measures the published claims, one after the other, and set them side by side.

    What is finished is not computed again: after a stop, the same command goes on.
    """
    from spinlearn.experiments.published import compare_published, runs_of

    folder = Path("out") / f"all-{preset}" if output is None else output
    names = runs_of(preset)
    specs = _specifications(names, changes, x64)
    claims, folders = {}, {}
    for number, name in enumerate(names, 1):
        say(f"{number} of {len(names)}: {name}")
        folders[name] = folder / name
        claims[name] = _one(specs[name], folders[name], as_json=as_json, report=report)
    page = _write(folders, folder / _PAGE) if report else None
    found = compare_published(claims)
    if as_json:
        told = [_as_fields(one) for one in found]
        emit(
            event="summary",
            store=str(folder),
            report=None if page is None else str(page),
            claims=told,
        )
        return
    print_table(
        "published and measured", [_row(one) for one in found], ("system", "", "here", "verdict")
    )
    typer.echo(f"stores: {folder}")
    if page is not None:
        typer.echo(f"report: {page}")


def _specifications(
    names: Sequence[str], changes: Sequence[str], x64: bool | None
) -> dict[str, RunSpec]:
    """All specifications, checked before the first one runs; a change is for those that know it."""
    from spinlearn.runs import parse_override, spec_rows

    plain = {name: read_options(name, [], x64) for name in names}
    known = {name: {row[0] for row in spec_rows(spec)} for name, spec in plain.items()}
    keys = {change: parse_override(change)[0] for change in changes}
    for change, key in keys.items():
        if not any(key in own for own in known.values()):
            raise SpinlearnValueError(
                "--set", change, "a key of one of the specifications", "See 'spinlearn show NAME'."
            )
    return {
        name: read_options(name, [c for c, key in keys.items() if key in known[name]], x64)
        for name in names
    }


def _one(spec: RunSpec, path: Path, *, as_json: bool, report: bool) -> Any:
    """Headline numbers of a run."""
    from spinlearn.report import write_report
    from spinlearn.runs import run

    set_precision(spec.precision == "float64")
    result = until_stopped(lambda **told: run(spec, path, **told), path, as_json=as_json)
    if report:
        write_report([path])
    return result.claims


def _write(folders: dict[str, Path], page: Path) -> Path:
    from spinlearn.report import write_reproduction

    return write_reproduction(folders, page)


def _row(one: Comparison) -> tuple[str, str, str, str]:
    return one.experiment, one.published, _value(one), one.verdict


def _value(one: Comparison) -> str:
    claim = one.measured
    if claim is None:
        return "not measured"
    (value, *ends), unit = shown((claim.value, *(claim.interval or ())), claim.unit)
    text = f"{value} ({' … '.join(ends)})" if ends else value
    return f"{text} {unit}".strip()


def _as_fields(one: Comparison) -> dict[str, Any]:
    claim = one.measured
    return {
        "name": one.published,
        "value": None if claim is None else claim.value,
        "unit": None if claim is None else claim.unit,
        "interval": None if claim is None else claim.interval,
        "seeds": None if claim is None else claim.seeds,
        "reference": one.source,
        "kind": "published claim",
        "verdict": one.verdict,
        "experiment": one.experiment,
        "measured": None if claim is None else claim.name,
        "run": one.run or None,
        "why": one.why,
    }
