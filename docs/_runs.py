"""Figures of the tutorials: the demonstrations that they describe, run when the pages are built.

``python docs/_runs.py NAME FOLDER [small]`` runs one as the command line does. ``small`` keeps to
a size at which everything is passed through in seconds, where only the building is to be checked.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

#: Figures of each demonstration that its page shows.
SHOWN: Mapping[str, tuple[str, ...]] = {
    "yu2021": ("texture", "recall"),
    "niu2024": ("letters", "recall"),
    "zhou2025": ("fields", "learning"),
    "koenders2025": ("learning", "credit"),
}
SMALL: Mapping[str, tuple[str, ...]] = {
    "yu2021": (
        *("film.length=150e-9", "film.cell=10e-9", "training.voltage=0.07"),
        *("training.pulse=1e-10", "training.rest=1e-10", "training.repetitions=1"),
        *("ensemble.textures=2", "ensemble.studied=1", "controls.alternations=2"),
        *("controls.disturb_time=1e-11", "solver.relaxation=0.1"),
    ),
    "niu2024": (
        *("devices=2", "training.epochs=40", "memory.trials=8", "memory.most_flips=3"),
        *('memory.sets=["ABF"]', "memory.similarities=[0.5]", "memory.loads=[3]"),
        *("memory.spreads=[0.0]", "film.devices=1", "film.pitch=4"),
        *("film.voltage=0.05", "film.pulse=2e-10", "film.rest=2e-10"),
    ),
    "zhou2025": (
        *("arrays=1", "learning.epochs=2", "twin.arrays=50", "twin.presentations=8"),
        *("twin.every=8", "twin.probabilities=[0.3]", "twin.spreads=[0.0]"),
    ),
    "koenders2025": ("seeds=2", "network.hidden=[16]", "learning.epochs=3"),
}


def _spinlearn(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "spinlearn.cli", *arguments], check=True)


def main(name: str, folder: str, size: str = "demo") -> None:
    """Run one and keep the figures that its page shows."""
    made = Path(folder)
    path = made / f"run_{name}_{size}"
    changes = SMALL[name] if size == "small" else ()
    _spinlearn("run", name, "-o", str(path), *(x for c in changes for x in ("--set", c)))
    _spinlearn("report", str(path), "--png")
    for figure in SHOWN[name]:
        shutil.copy(path / "figures" / f"{figure}.png", made / f"{name}_{figure}.png")


if __name__ == "__main__":
    main(*sys.argv[1:])
