"""Films of two contacts under pulses, the compact link fitted to them, and what that foretells.

Granular films of 480 nm × 480 nm on platinum as in ``yu2021``, 32 × 32 cells, contacts on two whole
edges, 300 K; pulses of 0.1 ns, each with as long a rest; every voltage on the film as it was. At
small voltages the thermal motion of a film hides what a pulse does: all voltages see the same
thermal fields, and what the film does without voltage is taken away.

The link (`fit_links`) is fitted to all voltages, to those of 80 mV and above, and to all but one of
20 to 80 mV. What it foretells of voltages that were left out, and of shorter pulses at the voltages
of ``niu2024``, stands beside what films did: the relative change of conductance after the last
pulse, in parts of that of a whole link, and its 95 % interval over films. Errors are root mean
squares over pulses, in parts of the largest change at the same voltage. The link that the presets
of ``niu2024`` have is compared likewise.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import numpy as np

from benchmarks._measure import Row, parse, peak_memory, report, row, run_worker

SMALL = (0.02, 0.04, 0.06)  # V
LARGE = (0.08, 0.11, 0.16, 0.23, 0.32, 0.45)
LONG, SHORT, REST = 1e-10, 6e-11, 1e-10  # s
OF_SHORT = (0.025, 0.05)
PULSES, FILMS = 20, 8

Link = Any


def worker(number: str, quick: str) -> dict[str, Any]:
    """Relative changes of one film by pulses of both lengths, less those without voltage."""
    from benchmarks._link_film import conductances

    film, pulses = int(number), 4 if quick == "quick" else PULSES
    found = {}
    for name, voltages, pulse in (("long", SMALL + LARGE, LONG), ("short", OF_SHORT, SHORT)):
        g = conductances(film, (0.0, *voltages), pulse, REST, pulses)
        change = g / g[:, :1] - 1
        found[name] = (change[1:] - change[0]).tolist()
    return found | {"conductance": float(g[0, 0]), "memory": peak_memory()}


def fitted(measured: dict[str, Any], voltages: tuple[float, ...]) -> Any:
    from spinlearn.substrates import LinkResponse, fit_links

    chosen = [(SMALL + LARGE).index(v) for v in voltages]
    change = measured["long"][:, chosen]
    whole = measured["conductance"][:, None, None] * (1 + change)
    return fit_links(LinkResponse(np.array(voltages), LONG, REST, whole))


def foretold(link: Link, voltage: float, pulse: float, pulses: int) -> np.ndarray:
    """Relative change after each pulse, ``(pulses,)``."""
    import jax.numpy as jnp

    times = jnp.asarray(np.arange(1, pulses + 1) * pulse)
    written, _ = link.write(jnp.zeros_like(times), jnp.full_like(times, voltage), times)
    return np.asarray(link.change * written, float)


def compared(link: Link, name: str, voltage: float, pulse: float, films: np.ndarray) -> list[Row]:
    """What films did, ``(films, pulses)``, and what the link says."""
    from spinlearn._intervals import numbers_of

    said = foretold(link, voltage, pulse, films.shape[1])
    whole, mean = float(link.change), films.mean(axis=0)
    error = float(np.sqrt(np.mean((said - mean) ** 2)) / np.abs(mean).max())
    size = f"{1e3 * voltage:.3g} mV, {films.shape[1]} pulses of {1e9 * pulse:.3g} ns, {name}"
    rows = [
        row("part written, films", size, float(mean[-1]) / whole, "1"),
        row("part written, link", size, float(said[-1]) / whole, "1"),
        row("error of the link", size, error, "1"),
    ]
    ends = numbers_of(films[:, -1] / whole)
    if ends is not None:
        rows[1:1] = [
            row("part written, films, 95 % from", size, ends[0], "1"),
            row("part written, films, 95 % to", size, ends[1], "1"),
        ]
    return rows


def described(fit: Any, name: str) -> list[Row]:
    link = fit.model
    values = (
        ("conductance", link.conductance, "S"),
        ("change of a whole link", link.change, "1"),
        ("threshold", link.threshold, "V"),
        ("steepness", link.steepness, "1"),
        ("rate at the threshold", link.rate, "1/s"),
        ("acceleration", link.acceleration, "1"),
        ("residual, of the largest change", fit.residual, "1"),
        ("spread of a whole link's change from film to film", fit.device_spread, "1"),
        ("scatter of a saturated link", fit.saturated_scatter, "1"),
    )
    return [row(figure, name, float(value), unit) for figure, value, unit in values]


def readings(measured: dict[str, Any]) -> list[Row]:
    every = SMALL + LARGE
    at = {voltage: measured["long"][:, k, 1:] for k, voltage in enumerate(every)}
    fit = fitted(measured, every)
    rows = described(fit, "fitted to all voltages")
    for voltage in every:
        rows += compared(fit.model, "fitted to all", voltage, LONG, at[voltage])
    for k, voltage in enumerate(OF_SHORT):
        rows += compared(fit.model, "foretold", voltage, SHORT, measured["short"][:, k, 1:])
    above = fitted(measured, LARGE)
    rows += described(above, "fitted to 80 mV and above")
    for voltage in SMALL:
        rows += compared(above.model, "foretold from 80 mV and above", voltage, LONG, at[voltage])
    for voltage in (*SMALL, LARGE[0]):
        others = fitted(measured, tuple(v for v in every if v != voltage))
        rows += compared(others.model, "foretold from all others", voltage, LONG, at[voltage])
    preset = _of_presets()
    for voltage in (*SMALL, LARGE[0]):
        rows += compared(preset, "link of niu2024", voltage, LONG, at[voltage])
    for k, voltage in enumerate(OF_SHORT):
        short = measured["short"][:, k, 1:]
        rows += compared(preset, "link of niu2024", voltage, SHORT, short)
    return rows


def _of_presets() -> Link:
    from spinlearn.experiments.specs.niu2024 import LinkTable
    from spinlearn.substrates import LinkModel

    table = LinkTable()
    return LinkModel(
        table.conductance,
        table.change,
        table.threshold,
        table.steepness,
        table.rate,
        table.acceleration,
        table.retention,
    )


def main() -> None:
    if len(sys.argv) > 1 and sys.argv[1] == "--worker":
        print(json.dumps(worker(*sys.argv[2:])))
        return
    options = parse(__doc__)
    amount, films = ("quick", 2) if options.quick else ("full", FILMS)
    found = [
        run_worker(__spec__.name, [str(k), amount], double=False, limit=7200.0)
        for k in range(films)
    ]
    measured = {name: np.array([film[name] for film in found]) for name in found[0]}
    rows = readings(measured)
    for line in rows:
        line["peak_memory"] = float(measured["memory"].max())
    report(rows, options.json)


if __name__ == "__main__":
    main()
