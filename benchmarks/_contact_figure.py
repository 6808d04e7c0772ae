"""The figure of film_contacts: how far couplings reach, from the rows of its table."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks._measure import Row
from spinlearn.report._style import LINES, STYLE


class Kind(NamedTuple):
    """An arrangement as its rows are called, and its name in the figure."""

    size: str
    name: str


KINDS = (
    Kind("edge, 0.6 covered", "edge, 60 % covered"),
    Kind("grid, pads 0.4", "grid, pads 0.4"),
    Kind("straight bridges, ", "straight bridges"),
)
_RULE = ", rule: threshold 0.3"


def draw(rows: Sequence[Row], path: Path) -> None:
    """Agreement by the idealised rule and of films, and conductances, against distance.

    Rows of the full benchmark have films of all arrangements; those of ``--quick`` have bridges
    alone, of fewer cells.
    """
    films = [row for row in rows if "film(s)" in row["size"] and _usual(row["size"])]
    ruled = [row for row in rows if row["size"].endswith(_RULE)]
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(8.2, 2.9), layout="constrained")
        axes = figure.subplots(1, 3)
        _agreements(axes[0], ruled)
        _agreements(axes[1], films)
        axes[1].sharey(axes[0])
        axes[1].set_ylabel("")
        _conductances(axes[2], rows)
        titles = ("idealised rule", "films, full dynamics", "conductance")
        for letter, ax, title in zip("abc", axes, titles, strict=True):
            ax.set_title(f"({letter}) {title}")
            ax.set_xlabel("distance (pitches, or contacts)")
            ax.set_xticks(range(1, 6))
            ax.spines[["top", "right"]].set_visible(False)
        handles, labels = axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper center", ncols=3, frameon=False)
        figure.savefig(path, dpi=200)


def _usual(size: str) -> bool:
    """Films at their own voltage, of the size that all arrangements have if there is one."""
    return "voltage 1," in size and "24 cells" not in size


def _agreements(ax: Axes, rows: Sequence[Row]) -> None:
    for k, kind in enumerate(KINDS):
        found = _curve(rows, kind, "r with s_i s_j, distance ")
        if not found:
            continue
        far, values = np.array([(d, v) for d, v, _ in found]).T
        ends = [e for _, _, e in found]
        error: Any = None
        if all(e is not None for e in ends):
            low, high = np.array(ends, float).T
            error = np.maximum([values - low, high - values], 0)
        _line(ax, k, far, values, error, kind.name)
    ax.set_ylim(-1.05, 0.35)
    ax.axhline(0, color="0.8", lw=0.6, zorder=0)
    ax.set_ylabel("r of ΔG/G with $s_i s_j$")


def _conductances(ax: Axes, rows: Sequence[Row]) -> None:
    for k, kind in enumerate(KINDS):
        found = _curve(rows, kind, "conductance of a pair over a neighbour's, distance ")
        if found:
            far, values = np.array([(d, v) for d, v, _ in found]).T
            _line(ax, k, far, values, None, kind.name)
    ax.set_yscale("log")
    ax.set_ylabel("G over that of neighbours")


def _line(ax: Axes, k: int, far: Any, values: Any, error: Any, name: str) -> None:
    color, dashes = LINES[k]
    ax.errorbar(
        np.asarray(far) + 0.06 * (k - 1),
        values,
        yerr=error,
        color=color,
        ls=dashes,
        lw=1.1,
        marker="os^"[k],
        ms=4.5,
        mfc="white",
        capsize=2.5,
        elinewidth=0.8,
        label=name,
    )


def _curve(
    rows: Sequence[Row], kind: Kind, figure: str
) -> list[tuple[float, float, tuple[float, float] | None]]:
    """Distance, value and interval, the nearest first, of the first size of a kind."""
    own = [
        row
        for row in rows
        if row["size"].startswith(kind.size)
        and row["figure"].startswith(figure)
        and "untrained" not in row["figure"]
    ]
    if not own:
        return []
    size = own[0]["size"]
    values = {row["figure"]: row["value"] for row in own if row["size"] == size}
    found = []
    for name, value in values.items():
        distance, _, ending = name.removeprefix(figure).partition(",")
        if ending:
            continue
        ends = values.get(f"{name}, 95 % from"), values.get(f"{name}, 95 % to")
        known = None if None in ends else ends
        found.append((float(distance), value, known))
    return sorted(found)
