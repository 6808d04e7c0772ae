"""Running and resuming from the command line."""

from __future__ import annotations

import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from spinlearn.cli._output import (
    FAILED,
    SIGNALLED,
    emit_summary,
    say_progress,
    show_claims,
)
from spinlearn.cli._precision import set_precision

if TYPE_CHECKING:
    from spinlearn.experiments.specs import RunSpec
    from spinlearn.runs import Result
    from spinlearn.runs.progress import Progress


def read_options(source: str, options: Sequence[str], x64: bool | None) -> RunSpec:
    """The specification that SPEC, --set and --x64 ask for."""
    from spinlearn.runs import parse_override, read_spec

    overrides = dict(parse_override(option) for option in options)
    if x64 is not None:
        overrides["precision"] = "float64" if x64 else "float32"
    return read_spec(source, overrides)


def progress_for(as_json: bool) -> Progress:
    """Lines for scripts, or a bar on a terminal."""
    from spinlearn.runs import JsonProgress, TerminalProgress

    return JsonProgress(say_progress) if as_json else TerminalProgress()


def start(spec: RunSpec, output: Path | None, *, as_json: bool, report: bool) -> None:
    """Run a specification and report."""
    set_precision(spec.precision == "float64")
    from spinlearn.runs import default_path, run

    path = default_path(spec) if output is None else output
    _follow(lambda **told: run(spec, path, **told), path, as_json=as_json, report=report)


def go_on(path: Path, *, as_json: bool, report: bool) -> None:
    """Resume a run and report; or a sweep."""
    from spinlearn.runs._sweep_store import SweepStore
    from spinlearn.runs.store import RunStore

    if SweepStore.exists(path):
        from spinlearn.cli import _sweep

        _sweep.go_on(path, as_json=as_json)
        return

    store = RunStore.open(path)
    set_precision(store.spec.precision == "float64")
    from spinlearn.runs import resume

    _follow(
        lambda **told: resume(path, **told),
        path,
        as_json=as_json,
        report=report,
        finished=store.is_finished(),
    )


def refuse_sweep(path: Path) -> None:
    """Say what to do with a sweep where a run is wanted."""
    from spinlearn.runs import StoreError
    from spinlearn.runs._sweep_store import SweepStore

    if SweepStore.exists(path):
        raise StoreError(
            f"{path}: a sweep, not a run. Its table is {path / 'sweep.csv'}; export a point by its "
            f"folder: {path / 'points'}/HASH (hashes are in the table)."
        )


def _follow(
    compute: Callable[..., Result],
    path: Path,
    *,
    as_json: bool,
    report: bool,
    finished: bool = False,
) -> None:
    from spinlearn.runs import StoreError

    result = until_stopped(compute, path, as_json=as_json)
    page = None
    try:
        page = _report(path) if report else None
    except StoreError as error:
        if not finished:
            raise
        say(f"no report: {error}")  # nothing was computed, so that nothing failed
    if as_json:
        emit_summary(path, page, result.claims)
        return
    seconds = result.provenance.get("wall_time") or 0.0
    show_claims(f"{result.spec.experiment}, {seconds:.1f} s", result.claims)
    typer.echo(f"store: {path}")
    if page is not None:
        typer.echo(f"report: {page}")


def until_stopped(compute: Callable[..., Any], path: Path, *, as_json: bool) -> Any:
    """What a run or a sweep gave; if a signal stopped it, say how to go on, and end."""
    from spinlearn.runs.interrupt import stop_on_signals

    try:
        with stop_on_signals(say, f"spinlearn resume {path}") as asked:
            result = compute(progress=progress_for(as_json), stop=asked)
            number = asked()
    except KeyboardInterrupt:
        result, number = None, signal.SIGINT
    if result is None or result.status == "stopped":
        say(f"stopped. Go on with: spinlearn resume {path}")
        raise typer.Exit(SIGNALLED + number if number else FAILED)
    return result


def say(text: str) -> None:
    """A line on standard error."""
    typer.echo(text, err=True)


def _report(path: Path) -> Path:
    from spinlearn.report import write_report

    return write_report([path])


def spec_table(spec: RunSpec) -> list[tuple[str, str, str, str, str]]:
    """Key, value, unit, source and description of every field, as text."""
    from spinlearn.runs import spec_rows

    return [
        (key, _value(value), "" if unit == "1" else unit, source, text)
        for key, value, unit, source, text in spec_rows(spec)
    ]


def _value(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
