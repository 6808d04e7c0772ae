"""Reports from the command line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import typer

from spinlearn.cli._output import emit, emit_summary


def write(paths: Sequence[Path], output: Path | None, *, png: bool, as_json: bool) -> None:
    """Write the page, or its figures alone, and say where."""
    from spinlearn.report import write_figures, write_report

    page = None if png else write_report(paths, output)
    files = write_figures(paths, output) if page is None else [page]
    if not as_json:
        for file in files:
            typer.echo(str(file))
        if not files:
            typer.echo("no figures: nothing is computed yet", err=True)
        return
    for file in files:
        emit(event="file", kind="figure" if png else "report", path=str(file))
    from spinlearn.runs import Result, SweepResult
    from spinlearn.runs._sweep_store import SweepStore

    for path in paths:
        if SweepStore.exists(path):
            counts = SweepResult(path).counts
            report = None if page is None else str(page)
            emit(event="summary", store=str(path), report=report, points=counts, claims=[])
            continue
        result = Result(path)
        emit_summary(path, page, result.claims if result.status == "finished" else ())
