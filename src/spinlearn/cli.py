"""The command line: ``spinlearn demo`` and ``spinlearn doctor``.

Nothing heavier than typer is imported here: JAX is loaded by the command that needs it.
"""

from __future__ import annotations

import io
import json
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from spinlearn import __version__
from spinlearn.errors import SpinlearnError

if TYPE_CHECKING:
    import numpy as np

    from spinlearn.experiments import Readout

app = typer.Typer(
    name="spinlearn",
    help="Simulate magnetic hardware that learns by itself.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

_BAD_INPUT = 2
_FAILED_CHECK = 1
# Largest error of R_s·G on the square of the self-check: 8e-5 was measured in both precisions.
_CHECK_CELLS = 64
_CHECK_BOUND = 3e-4

_Json = Annotated[bool, typer.Option("--json", help="Print one JSON object a line, nothing else.")]


def main() -> None:
    """Run the command line (no unit)."""
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
        bool, typer.Option("--x64/--no-x64", help="Compute in float64 or in float32.")
    ] = True,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    del version
    context.obj = x64


@app.command()
def demo(
    context: typer.Context,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder for the picture and the tables.")
    ] = Path("out/demo"),
    cells: Annotated[
        int, typer.Option(help="Cells along each edge of the film, 24 to 2048.")
    ] = 256,
    as_json: _Json = False,
) -> None:
    """Read out a striped film: texture, current and conductance matrix, as a picture and CSV."""
    with _clear_errors():
        started = time.perf_counter()
        if not 24 <= cells <= 2048:
            raise SpinlearnError(
                f"cells = {cells}: allowed is 24 to 2048. Give another number with --cells."
            )
        _prepare_folder(output)
        _set_precision(context.obj)
        from spinlearn.experiments import StripedFilm, read_striped_film

        film = StripedFilm(cells=cells)
        if as_json:
            _emit(event="start", command="demo", version=__version__, cells=cells, x64=context.obj)
        readout = read_striped_film(film)
        files = _write_demo(readout, output)
        claims = _demo_claims(readout)
        seconds = round(time.perf_counter() - started, 3)
        if as_json:
            for kind, path in files.items():
                _emit(event="file", kind=kind, path=str(path))
            _emit(
                event="summary",
                store=str(output),
                report=str(files["figure"]),
                seconds=seconds,
                claims=claims,
            )
        else:
            _show_demo(readout, claims, files, seconds)


@app.command()
def doctor(context: typer.Context, as_json: _Json = False) -> None:
    """Show versions, devices, precision, memory; check the physics against an exact result."""
    with _clear_errors():
        _set_precision(context.obj)
        facts = _installation()
        error = _square_error()
        passed = error <= _CHECK_BOUND
        check = {"name": "square film, four contacts", "error": error, "bound": _CHECK_BOUND}
        if as_json:
            _emit(event="installation", **facts)
            _emit(event="check", **check, passed=passed)
            _emit(event="summary", passed=passed)
        else:
            _show_doctor(facts, check, passed)
    if not passed:
        raise typer.Exit(_FAILED_CHECK)


@contextmanager
def _clear_errors() -> Iterator[None]:
    """One line on standard error and exit code 2 for what the user can put right."""
    try:
        yield
    except SpinlearnError as error:
        message = " ".join(str(error).split())
        typer.echo(f"error: {message}", err=True)
        raise typer.Exit(_BAD_INPUT) from None


def _prepare_folder(folder: Path) -> None:
    """Make the folder and see that a file can be written, before any computing is done."""
    probe = folder / ".spinlearn-probe"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise _cannot_write(folder, error) from None


def _cannot_write(path: Path, error: OSError) -> SpinlearnError:
    reason = error.strerror or type(error).__name__
    return SpinlearnError(
        f"cannot write to {path}: {reason}. Give a folder that can be written with --output."
    )


def _set_precision(x64: bool) -> None:
    import jax

    jax.config.update("jax_enable_x64", bool(x64))
    try:
        jax.devices()
    except (RuntimeError, AssertionError) as error:
        asked = os.environ.get("JAX_PLATFORMS", "")
        reason = str(error) or "no such device"
        raise SpinlearnError(
            f"JAX_PLATFORMS = {asked!r}: JAX found no device to compute on ({reason}). "
            "Unset JAX_PLATFORMS, or install the device's plugin (extra 'gpu')."
        ) from None


def _emit(**fields: Any) -> None:
    typer.echo(json.dumps(fields, ensure_ascii=False))


def _write_demo(readout: Readout, folder: Path) -> dict[str, Path]:
    import numpy as np

    from spinlearn.report import readout_figure

    figure = readout_figure(
        np.asarray(readout.texture),
        np.asarray(readout.solution.phi),
        np.asarray(readout.solution.current_density),
        np.asarray(readout.conductance),
        readout.film.mesh.cell,
        uniform=np.asarray(readout.uniform_conductance),
        contacts=np.asarray(readout.contacts.owner),
        voltages=np.asarray(readout.film.voltages),
    )
    files = {
        "figure": folder / "demo.png",
        "conductance": folder / "conductance.csv",
        "conductance_uniform": folder / "conductance_uniform.csv",
    }
    try:
        figure.savefig(files["figure"], dpi=200, metadata={"Software": f"spinlearn {__version__}"})
        _write_matrix(files["conductance"], np.asarray(readout.conductance))
        _write_matrix(files["conductance_uniform"], np.asarray(readout.uniform_conductance))
    except OSError as error:
        raise _cannot_write(folder, error) from None
    return files


def _write_matrix(path: Path, matrix: np.ndarray) -> None:
    """A row per contact that the current flows into, a column per contact at 1 V; S."""
    header = ["current into contact", *(f"G at contact {k} (S)" for k in range(len(matrix)))]
    rows = [",".join(header)]
    for k, row in enumerate(matrix):
        rows.append(",".join([str(k), *(f"{value:.10e}" for value in row)]))
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")


def _demo_claims(readout: Readout) -> list[dict[str, Any]]:
    import numpy as np

    g, change = np.asarray(readout.conductance), np.asarray(readout.relative_change)
    other = ~np.eye(len(g), dtype=bool)
    dissipated = np.asarray(readout.film.voltages) @ np.asarray(readout.solution.currents)
    values: list[tuple[str, Any, str]] = [
        ("contacts", len(g), "1"),
        ("conductance into a contact, mean", np.mean(np.diagonal(g)), "S"),
        ("changed by the texture, mean", 100 * np.mean(np.diagonal(change)), "%"),
        ("conductance between two contacts, lowest change", 100 * np.min(change[other]), "%"),
        ("conductance between two contacts, highest change", 100 * np.max(change[other]), "%"),
        ("dissipated power at the voltage pattern", dissipated, "W"),
        ("asymmetry of G over its largest element", np.max(np.abs(g - g.T)) / np.max(g), "1"),
    ]
    return [
        {
            "name": name,
            "value": value if isinstance(value, int) else float(value),
            "unit": unit,
            "interval": None,
            "seeds": None,
            "reference": None,
            "kind": "assumed device",
            "verdict": "ours",
        }
        for name, value, unit in values
    ]


def _show_demo(
    readout: Readout, claims: list[dict[str, Any]], files: Mapping[str, Path], seconds: float
) -> None:
    rows = [(claim["name"], *_shown(claim["value"], claim["unit"])) for claim in claims]
    nx, ny, _ = readout.film.mesh.shape
    _print_table(f"Striped film, {nx} × {ny} cells, {seconds:.1f} s", rows)
    typer.echo("The device is ours (assumed), not a published one.")
    for path in files.values():
        typer.echo(str(path))


def _shown(value: float, unit: str) -> tuple[str, str]:
    """A value to four digits and its unit, with an SI prefix where that is usual."""
    if unit in ("1", "%"):
        return f"{value:.4g}", unit.replace("1", "")
    from spinlearn.report import prefixed

    scale, prefixed_unit = prefixed(abs(value), unit)
    return f"{scale * value:.4g}", prefixed_unit


def _installation() -> dict[str, Any]:
    import platform
    from importlib.metadata import version

    import jax

    names = ("jax", "jaxlib", "equinox", "numpy", "scipy", "matplotlib")
    return {
        "spinlearn": __version__,
        "python": platform.python_version(),
        **{name: version(name) for name in names},
        "devices": [f"{device.device_kind} ({device.platform})" for device in jax.devices()],
        "precision": "float64" if jax.config.read("jax_enable_x64") else "float32",
        "memory_gib": _host_memory(),
        "device_memory_gib": [_device_memory(device) for device in jax.devices()],
    }


def _host_memory() -> float | None:
    try:
        return round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30, 1)
    except (AttributeError, OSError, ValueError):
        return None


def _device_memory(device: Any) -> float | None:
    """What the device may use; None where it is the host's memory."""
    limit = (device.memory_stats() or {}).get("bytes_limit")
    return None if limit is None else round(limit / 2**30, 1)


def _square_error() -> float:
    """Largest error of R_s·G for a square with four contacts, against the exact matrix.

    A conformal map takes the disc with four equal contacts and four equal gaps to the square
    whose contacts cover the middle part ``f = F(asin(√2 sin π/8) | ½)/K(½)`` of each side. G is
    circulant; its eigenvalues on the disc are ``2 sin(πm/4)/R_s``, m = 0 … 3.
    """
    import jax.numpy as jnp
    import numpy as np
    from scipy.special import ellipk, ellipkinc

    from spinlearn import Mesh
    from spinlearn.transport import AMR, conductance_matrix, edge_electrodes

    covered = ellipkinc(np.arcsin(np.sqrt(2) * np.sin(np.pi / 8)), 0.5) / ellipk(0.5)
    row = np.fft.ifft(2 * np.sin(np.pi * np.arange(4) / 4)).real
    exact = np.stack([np.roll(row, k) for k in range(4)])
    mesh = Mesh((_CHECK_CELLS, _CHECK_CELLS, 1), (4e-9, 4e-9, 10e-9))
    conductivity = 4e6
    m = jnp.zeros((3, *mesh.shape)).at[2].set(1.0)
    contacts = edge_electrodes((1, 1, 1, 1), mesh, coverage=float(covered))
    g = conductance_matrix(AMR(conductivity, 0.0).tensor(m), contacts)
    return float(np.max(np.abs(np.asarray(g) / (conductivity * mesh.thickness) - exact)))


def _show_doctor(facts: Mapping[str, Any], check: Mapping[str, Any], passed: bool) -> None:
    def text(value: Any) -> str:
        if isinstance(value, list):
            return ", ".join(text(v) for v in value)
        return "as the host" if value is None else str(value)

    names = {"memory_gib": "memory (GiB)", "device_memory_gib": "device memory (GiB)"}
    rows = [(names.get(name, name), text(value)) for name, value in facts.items()]
    _print_table("Installation", rows)
    verdict = "passed" if passed else "FAILED"
    typer.echo(
        f"Physics check, {check['name']}, against the exact conductance matrix: {verdict} "
        f"(error {check['error']:.1e}, bound {check['bound']:.0e})"
    )


def _print_table(title: str, rows: Sequence[tuple[str, ...]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title, title_justify="left", show_header=False)
    table.add_column()
    table.add_column(justify="right", overflow="fold")
    for row in rows:
        table.add_row(*row)
    Console().print(table)
