"""A stored run as a report sees it: what is there, and how far it is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import xarray

    from spinlearn.experiments import AbstractExperiment, Claim, Layout
    from spinlearn.experiments.specs import RunSpec

# Variables with more numbers than this are not read to see how far a run is.
_SMALL = 2**22


@dataclass(frozen=True)
class RunView:
    """A run, finished or not (SI units, as its dataset says).

    Parameters
    ----------
    name
        What to call it: its label, or its folder's name.
    folder
        Name of its folder.
    spec, hash
        Its specification, and the hash of that.
    kind
        Class of the experiment.
    status
        "finished", "running", "stopped" or "failed".
    provenance
        Versions, device, sessions, wall time in s.
    dataset
        What is computed so far, or None where nothing is stored.
    done, segments
        Segments done, and all of them.
    claims, totals
        Headline numbers and totals; none before the run is finished.
    """

    name: str
    folder: str
    spec: RunSpec
    hash: str
    kind: type[AbstractExperiment]
    status: str
    provenance: dict[str, Any]
    dataset: xarray.Dataset | None
    done: int
    segments: int
    claims: tuple[Claim, ...]
    totals: dict[str, tuple[float, str]]


def view_run(path: Path) -> RunView:
    """Read a stored run.

    Raises
    ------
    StoreError
        If there is none, or it cannot be read.
    """
    from spinlearn.experiments.specs import experiment_type
    from spinlearn.runs import Result
    from spinlearn.runs.store import RunStore

    result = Result(path)
    kind = experiment_type(result.spec.experiment)
    layout = kind.layout(result.spec)
    folder = path.resolve().name
    stored = result.dataset if RunStore.open(path).data.is_dir() else None
    claims, totals = (result.claims, result.totals) if stored is not None else ((), {})
    done = 0
    if stored is not None:
        finished = result.status == "finished"
        done = layout.segments if finished else _segments_done(layout, stored)
    return RunView(
        name=result.spec.label or folder,
        folder=folder,
        spec=result.spec,
        hash=result.hash,
        kind=kind,
        status=result.status,
        provenance=checked_record(result.provenance),
        dataset=None if stored is None or not done else _computed(layout, stored, done),
        done=done,
        segments=layout.segments,
        claims=claims,
        totals=totals,
    )


def checked_record(record: dict[str, Any]) -> dict[str, Any]:
    """The entries that are what they should be; a record changed by hand is no reason to fail."""
    kinds = {"wall_time": (int, float), "sessions": list, "versions": dict}
    return {k: v for k, v in record.items() if isinstance(v, kinds.get(k, object))}


def _segments_done(layout: Layout, dataset: xarray.Dataset) -> int:
    """Rows that are not computed yet are NaN; the small variables tell enough."""
    done = 0
    numbers = {n: v for n, v in layout.variables.items() if np.dtype(v.dtype).kind == "f"}
    small = {n: v for n, v in numbers.items() if math.prod(v.shape) <= _SMALL}
    for name, variable in (small or numbers).items():
        if name not in dataset:
            continue
        finite = np.isfinite(dataset[name].values)
        rows = np.flatnonzero(finite.reshape(len(finite), -1).any(axis=1))
        if rows.size:
            done = max(done, (int(rows[-1]) + 1) // variable.rows)
    return done


def _computed(layout: Layout, dataset: xarray.Dataset, done: int) -> xarray.Dataset:
    """The dataset without the rows that are missing."""
    rows = {v.dims[0]: done * v.rows for v in layout.variables.values() if v.dims}
    return dataset.isel({dim: slice(count) for dim, count in rows.items()})
