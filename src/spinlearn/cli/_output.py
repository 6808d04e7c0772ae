"""What the command line prints, and how it ends.

Exit codes: 0 done; 1 a computation or a check failed; 2 bad input; 3 files cannot be read or
written; 130 or 143 stopped by Ctrl-C or SIGTERM, to be resumed.
"""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from spinlearn.errors import SpinlearnError, SpinlearnValueError

if TYPE_CHECKING:
    from spinlearn.experiments import Claim

FAILED, BAD_INPUT, STORAGE = 1, 2, 3
SIGNALLED = 128
# Longer names are cut in errors.
_LONGEST_NAME = 120


@contextmanager
def clear_errors() -> Iterator[None]:
    """One line a mistake on standard error, and an exit code, for what the user can put right."""
    try:
        yield
    except SpinlearnError as error:
        for line in getattr(error, "lines", None) or [" ".join(str(error).split())]:
            typer.echo(f"error: {line}", err=True)
        raise typer.Exit(_exit_code(error)) from None
    except OSError as error:
        where = str(error.filename or "files")
        where = where if len(where) <= _LONGEST_NAME else f"{where[: _LONGEST_NAME - 1]}…"
        typer.echo(f"error: {where}: {error.strerror or error}. Give another path.", err=True)
        raise typer.Exit(STORAGE) from None
    except MemoryError:
        typer.echo("error: out of memory. Use fewer cells, or float32 with --no-x64.", err=True)
        raise typer.Exit(FAILED) from None


def _exit_code(error: SpinlearnError) -> int:
    from spinlearn.runs import SpecError, StoreError

    if isinstance(error, StoreError):
        return STORAGE
    return BAD_INPUT if isinstance(error, SpecError | SpinlearnValueError) else FAILED


class _Outlasting(io.FileIO):
    """A stream that goes on into nothing when its reader is gone, as after ``| head``."""

    def write(self, data: Any, /) -> int | None:
        try:
            return super().write(data)
        except BrokenPipeError:
            _hush(self.fileno())
            return super().write(data)


def outlast_pipes() -> None:
    """A reader of standard output or error that goes away ends no computation."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        with suppress(OSError, ValueError, AttributeError):
            if stream.isatty():
                continue
            stream.flush()
            raw = _Outlasting(stream.fileno(), "w", closefd=False)
            wrapped = io.TextIOWrapper(
                io.BufferedWriter(raw),
                encoding=stream.encoding,
                errors=stream.errors,
                line_buffering=stream.line_buffering,
            )
            setattr(sys, name, wrapped)


def _hush(number: int) -> None:
    """Send what is written to a file descriptor nowhere from here on."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, number)
    finally:
        os.close(nowhere)


def say_progress(text: str) -> None:
    """A line of progress; whatever happens to standard output, a computation goes on."""
    try:
        typer.echo(text)
    except OSError:
        with suppress(OSError, ValueError):
            _hush(sys.stdout.fileno())


def emit(**fields: Any) -> None:
    """One JSON object on one line of standard output."""
    typer.echo(json.dumps(fields, ensure_ascii=False))


def emit_summary(store: Path, report: Path | None, claims: Sequence[Claim]) -> None:
    """The last line of ``--json``."""
    emit(
        event="summary",
        store=str(store),
        report=None if report is None else str(report),
        claims=[vars(claim) for claim in claims],
    )


def show_claims(title: str, claims: Sequence[Claim]) -> None:
    """A table of headline numbers, with intervals and verdicts."""
    rows = []
    for claim in claims:
        (value, *ends), unit = shown((claim.value, *(claim.interval or ())), claim.unit)
        if ends:
            value = f"{value} ({' … '.join(ends)})"
        rows.append((claim.name, value, unit, claim.verdict))
    print_table(title, rows)


def shown(values: Sequence[float], unit: str) -> tuple[list[str], str]:
    """Values to four digits and their unit, with the SI prefix that suits the first, if any."""
    if unit in ("1", "%"):
        return [f"{value:.4g}" for value in values], unit.replace("1", "")
    from spinlearn.report import prefixed

    scale, prefixed_unit = prefixed(abs(values[0]) or max(map(abs, values)), unit)
    return [f"{scale * value:.4g}" for value in values], prefixed_unit


def print_table(
    title: str, rows: Sequence[tuple[str, ...]], header: Sequence[str] | None = None
) -> None:
    """A table on standard output; the first column is text, the second numbers."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(title=escape(title), title_justify="left", show_header=header is not None)
    columns = len(rows[0]) if rows else len(header or ())
    for k in range(columns):
        name = "" if header is None else header[k]
        table.add_column(name, justify="right" if k == 1 else "left", overflow="fold")
    for row in rows:
        table.add_row(*(escape(cell) for cell in row))
    Console().print(table)
