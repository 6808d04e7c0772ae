"""The command line: ``spinlearn list | show | run | reproduce | resume | sweep | ...``.

Nothing heavier than typer is imported here: JAX is loaded by the command that needs it.
"""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from spinlearn import __version__
from spinlearn.cli._output import FAILED, clear_errors, emit, outlast_pipes, print_table
from spinlearn.errors import SpinlearnValueError

_EPILOG = (
    "Exit codes: 0 done; 1 a computation or a check failed; 2 bad input; 3 files cannot be read or "
    "written; 130 or 143 stopped by Ctrl-C or SIGTERM, to be resumed."
)

app = typer.Typer(
    name="spinlearn",
    help="Simulate magnetic hardware that learns by itself.",
    epilog=_EPILOG,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _complete_spec(incomplete: str) -> list[str]:
    from spinlearn.experiments.specs import preset_names

    files = [str(path) for path in Path().glob("*.toml")]
    return [name for name in (*preset_names(), *files) if name.startswith(incomplete)]


_Json = Annotated[bool, typer.Option("--json", help="Print one JSON object a line, nothing else.")]
_Spec = Annotated[
    str,
    typer.Argument(
        metavar="SPEC",
        help="A TOML file, or a name that 'spinlearn list' shows.",
        autocompletion=_complete_spec,
    ),
]
_SomeSpec = Annotated[
    str | None,
    typer.Argument(
        metavar="SPEC",
        help="A TOML file, or a name that 'spinlearn list' shows; not needed with --schema.",
        autocompletion=_complete_spec,
    ),
]
_Set = Annotated[
    list[str] | None,
    typer.Option("--set", "-s", metavar="KEY=VALUE", help="Change a value, e.g. film.cell=2e-9."),
]
_Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", help="Folder for the results, by default out/NAME-HASH."),
]
_Report = Annotated[bool, typer.Option("--report/--no-report", help="Write the HTML report.")]
_Run = Annotated[Path, typer.Argument(metavar="PATH", help="Folder of a run.")]


def main() -> None:
    """Run the command line (no unit)."""
    outlast_pipes()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal without the sign for a unit still gets its numbers.
            stream.reconfigure(errors="replace")
    app()


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"spinlearn {__version__}")
        raise typer.Exit


@app.callback()
def _global(
    context: typer.Context,
    x64: Annotated[
        bool | None,
        typer.Option("--x64/--no-x64", help="Compute in float64 or float32, whatever SPEC says."),
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", help="Show the log.")] = False,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    del version
    context.obj = x64
    if verbose:
        import logging

        logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s")
        for others in ("jax", "jaxlib", "distributed"):
            logging.getLogger(others).setLevel(logging.WARNING)


@app.command("list")
def list_(as_json: _Json = False) -> None:
    """List the experiments and the specifications that come with spinlearn."""
    from spinlearn.experiments.specs import EXPERIMENTS, preset_names

    presets = {
        name: [p for p in preset_names() if p == name or p.startswith(f"{name}-")]
        for name in EXPERIMENTS
    }
    if as_json:
        for name, entry in EXPERIMENTS.items():
            emit(event="experiment", name=name, summary=entry.summary, presets=presets[name])
        return
    rows = [(name, ", ".join(presets[name]), e.summary) for name, e in EXPERIMENTS.items()]
    print_table("Experiments", rows, ("experiment", "specifications", ""))
    typer.echo("Look at one with: spinlearn show NAME. Run it with: spinlearn run NAME")


@app.command()
def show(
    context: typer.Context,
    spec: _SomeSpec = None,
    changes: _Set = None,
    toml: Annotated[bool, typer.Option("--toml", help="Print TOML to start from.")] = False,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON schema of all specifications.")
    ] = False,
    as_json: _Json = False,
) -> None:
    """Show a specification with every value, its unit and where it comes from."""
    with clear_errors():
        from spinlearn.cli._runs import read_options, spec_table
        from spinlearn.runs import spec_hash, spec_schema, spec_toml

        if schema:
            typer.echo(json.dumps(spec_schema(), indent=1, ensure_ascii=False))
            return
        if spec is None:
            raise SpinlearnValueError(
                "SPEC",
                "not given",
                "a TOML file, or a name that 'spinlearn list' shows",
                "Give one, or --schema.",
            )
        chosen = read_options(spec, changes or [], context.obj)
        if toml:
            typer.echo(spec_toml(chosen), nl=False)
        elif as_json:
            emit(event="spec", hash=spec_hash(chosen), spec=chosen.model_dump(mode="json"))
        else:
            header = ("key", "value", "unit", "source", "")
            print_table(f"{chosen.experiment} {spec_hash(chosen)}", spec_table(chosen), header)


@app.command()
def run(
    context: typer.Context,
    spec: _Spec,
    changes: _Set = None,
    output: _Output = None,
    report: _Report = True,
    as_json: _Json = False,
) -> None:
    """Run a specification; what is stored already is not computed again."""
    with clear_errors():
        from spinlearn.cli._runs import read_options, start

        chosen = read_options(spec, changes or [], context.obj)
        start(chosen, output, as_json=as_json, report=report)


@app.command()
def reproduce(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Name of an experiment, or all.")],
    preset: Annotated[str, typer.Option(help="Which of its specifications.")] = "demo",
    changes: _Set = None,
    output: _Output = None,
    report: _Report = True,
    as_json: _Json = False,
) -> None:
    """Reproduce a system and set what was measured beside what is published."""
    with clear_errors():
        if name == "all":
            from spinlearn.cli._reproduce import reproduce_all

            options = {"report": report, "as_json": as_json}
            reproduce_all(preset, changes or [], output, context.obj, **options)
            return
        from spinlearn.cli._runs import read_options, start
        from spinlearn.experiments.specs import EXPERIMENTS, preset_of

        if name not in EXPERIMENTS:
            known = f"one of {', '.join(EXPERIMENTS)}, or all"
            raise SpinlearnValueError("name", name, known, "See 'spinlearn list'.")
        chosen = read_options(preset_of(name, preset), changes or [], context.obj)
        start(chosen, output, as_json=as_json, report=report)


@app.command()
def resume(path: _Run, report: _Report = True, as_json: _Json = False) -> None:
    """Go on with a run that was stopped, killed or out of disk; the result is the same."""
    with clear_errors():
        from spinlearn.cli._runs import go_on

        go_on(path, as_json=as_json, report=report)


@app.command()
def sweep(
    context: typer.Context,
    spec: _Spec,
    over: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY=VALUES",
            help="Values in SI units: a list with commas, or START:STOP:COUNT, with ':log' after "
            "it for equal factors. Several options make a product.",
        ),
    ] = None,
    seeds: Annotated[
        int | None, typer.Option(min=1, help="Number of seeds at every point.")
    ] = None,
    changes: _Set = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="Folder for the results, by default out/sweep-NAME-HASH."
        ),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Compute in this many processes, one thread each.")
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS", help="Compute on the workers of a Dask scheduler, or of its file."
        ),
    ] = None,
    as_json: _Json = False,
) -> None:
    """Run a specification at many values and seeds; only points that are missing are computed."""
    with clear_errors():
        from spinlearn.cli import _sweep
        from spinlearn.cli._runs import read_options

        chosen = read_options(spec, changes or [], context.obj)
        means = {"workers": workers, "scheduler": scheduler}
        _sweep.start(chosen, over or [], seeds, output, **means, as_json=as_json)


@app.command()
def export(
    path: _Run,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="A file ending in .nc, or a folder for CSV.")
    ],
    as_json: _Json = False,
) -> None:
    """Export the results of a run to NetCDF or CSV."""
    with clear_errors():
        from spinlearn.cli._runs import refuse_sweep
        from spinlearn.runs import Result

        refuse_sweep(path)
        written = Result(path).export(output)
        if as_json:
            emit(event="file", kind="export", path=str(written))
        else:
            typer.echo(str(written))


@app.command()
def report(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Folders of runs.")],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="A file ending in .html, or a folder; by default report.html in the run's "
            "folder, or comparison.html here for several runs.",
        ),
    ] = None,
    png: Annotated[
        bool, typer.Option("--png", help="Write the figures alone, into a folder, PATH/figures.")
    ] = False,
    as_json: _Json = False,
) -> None:
    """Write the HTML report of a run, finished or not; of several runs a comparison."""
    with clear_errors():
        from spinlearn.cli._report import write

        write(paths, output, png=png, as_json=as_json)


@app.command()
def doctor(context: typer.Context, as_json: _Json = False) -> None:
    """Show versions, devices, precision, memory; check the physics against exact results."""
    with clear_errors():
        from spinlearn.cli import _doctor
        from spinlearn.cli._precision import set_precision

        set_precision(context.obj is not False)
        facts, checks = _doctor.installation(), _doctor.self_check()
        passed = all(check.passed for check in checks)
        if as_json:
            emit(event="installation", **facts)
            for check in checks:
                emit(event="check", **check._asdict(), passed=check.passed)
            emit(event="summary", passed=passed)
        else:
            _doctor.show(facts, checks)
    if not passed:
        raise typer.Exit(FAILED)
