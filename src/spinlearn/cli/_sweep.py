"""``spinlearn sweep``, and going on with one."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import typer

from spinlearn.cli._output import FAILED, emit, print_table, shown
from spinlearn.cli._precision import keep_compiled, set_precision
from spinlearn.cli._runs import until_stopped

if TYPE_CHECKING:
    from spinlearn.experiments.specs import RunSpec
    from spinlearn.runs import SweepResult
    from spinlearn.runs._points import Plan

# Lines of the table and of the list of failures; all of them are in sweep.csv.
_MOST_LINES = 50


def start(
    spec: RunSpec,
    over: Sequence[str],
    seeds: int | None,
    output: Path | None,
    *,
    workers: int | None,
    scheduler: str | None,
    as_json: bool,
) -> None:
    """Compute a sweep and show what it gave."""
    from spinlearn.runs._points import make_plan
    from spinlearn.runs.sweeps import default_sweep_path, sweep

    plan = make_plan(spec, _values(over), seeds)
    _prepare(plan, apart=workers is not None or scheduler is not None)
    path = default_sweep_path(plan) if output is None else output

    def compute(**told: Any) -> SweepResult:
        means = {"workers": workers, "scheduler": scheduler}
        return sweep(spec, plan.over, seeds=plan.seeds, path=path, **means, **told)

    _follow(compute, path, as_json=as_json)


def _values(options: Sequence[str]) -> dict[str, list[Any]]:
    """Values by key of all ``--over``."""
    from spinlearn.runs._points import parse_over
    from spinlearn.runs.specification import SpecError

    found: dict[str, list[Any]] = {}
    for option in options:
        key, values = parse_over(option)
        if key in found:
            joined = ",".join(str(value) for value in (*found[key], *values))
            raise SpecError(
                [f"--over {key}: given twice: allowed is once. Write --over {key}={joined}"]
            )
        found[key] = values
    return found


def go_on(path: Path, *, as_json: bool) -> None:
    """Take a sweep up again and show what it gave."""
    from spinlearn.runs._sweep_store import SweepStore
    from spinlearn.runs.sweeps import resume_sweep

    store = SweepStore.open(path)
    _prepare(store.plan, apart=bool(store.means))
    _follow(lambda **told: resume_sweep(path, **told), path, as_json=as_json)


def _prepare(plan: Plan, *, apart: bool) -> None:
    """Set JAX up in this process; where others compute, it must not take their device."""
    if apart:
        keep_compiled()
    else:
        set_precision(any(point.spec.precision == "float64" for point in plan.points))


def _follow(compute: Callable[..., SweepResult], path: Path, *, as_json: bool) -> None:
    result = until_stopped(compute, path, as_json=as_json)
    if as_json:
        _emit(result)
    else:
        _show(result)
    if result.failed:
        raise typer.Exit(FAILED)


class _Line(NamedTuple):
    """One combination of values with its numbers over the seeds."""

    values: dict[str, Any]
    statuses: list[str]
    numbers: dict[str, tuple[float, tuple[float, float] | None, int, str]]


def _lines(result: SweepResult) -> Iterator[_Line]:
    means, table = result.over_seeds(), result.dataset
    over = {key: values for key, values in result.dims.items() if key != "seed"}
    kept = [str(name) for name in table.data_vars if f"{name} seeds" in means]
    for index in np.ndindex(*(len(values) for values in over.values())):
        numbers = {}
        for name in kept:
            mean, low, high, seeds = (
                float(means[f"{name}{end}"].values[index])
                for end in ("", " low", " high", " seeds")
            )
            if seeds:
                interval = None if math.isnan(low) else (low, high)
                numbers[name] = (mean, interval, int(seeds), table[name].attrs["units"])
        values = {key: values[k] for (key, values), k in zip(over.items(), index, strict=True)}
        yield _Line(values, table["status"].values[index].tolist(), numbers)


def _emit(result: SweepResult) -> None:
    """Failures, a line each, and the summary: headline numbers as means over the seeds."""
    for point, error in result.failed:
        emit(event="failure", point=point, error=error)
    claims = [
        {
            "name": name,
            "value": value,
            "unit": unit,
            "interval": interval,
            "seeds": seeds,
            "reference": None,
            "kind": "sweep",
            "verdict": "ours",
            "point": line.values,
        }
        for line in _lines(result)
        for name, (value, interval, seeds, unit) in line.numbers.items()
    ]
    counts = result.counts
    table = str(result.path / "sweep.csv")
    emit(
        event="summary",
        store=str(result.path),
        report=None,
        table=table,
        points=counts,
        claims=claims,
    )


def _show(result: SweepResult) -> None:
    lines = list(_lines(result))
    keys = [key for key in result.dims if key != "seed"]
    units = {key: str(result.dataset[key].attrs["units"]) for key in keys}
    names = list(dict.fromkeys(name for line in lines for name in line.numbers))
    rows = []
    for line in lines[:_MOST_LINES]:
        point = ", ".join(_text(line.values[key], units[key]) for key in keys)
        done = line.statuses.count("finished")
        cells = [_number(line.numbers.get(name)) for name in names]
        rows.append((point or "all", f"{done}/{len(line.statuses)}", *cells))
    counts = ", ".join(f"{count} {status}" for status, count in result.counts.items())
    header = (", ".join(keys) or "point", "seeds", *names)
    print_table(f"sweep of {result.spec.experiment}: {counts}", rows, header)
    if len(lines) > _MOST_LINES:
        typer.echo(f"... and {len(lines) - _MOST_LINES} more, in the table")
    failed = result.failed
    for point, error in failed[:_MOST_LINES]:
        where = ", ".join(f"{key} = {value}" for key, value in point.items())
        typer.echo(f"failed: {where}: {error}", err=True)
    if len(failed) > _MOST_LINES:
        typer.echo(f"... and {len(failed) - _MOST_LINES} more that failed", err=True)
    typer.echo(f"store: {result.path}")
    typer.echo(f"table: {result.path / 'sweep.csv'}")


def _number(number: tuple[float, tuple[float, float] | None, int, str] | None) -> str:
    """Mean and half of the confidence interval."""
    if number is None:
        return "-"
    value, interval, _, unit = number
    half = [] if interval is None else [(interval[1] - interval[0]) / 2]
    texts, prefixed = shown((value, *half), unit)
    return f"{' ± '.join(texts)} {prefixed}".rstrip()


def _text(value: Any, unit: str) -> str:
    if not isinstance(value, float):
        return str(value)
    (text,), prefixed = shown((value,), unit)
    return f"{text} {prefixed}".rstrip()
