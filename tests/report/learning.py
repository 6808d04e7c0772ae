"""A run of ``yu2021`` made of random numbers: no film is simulated."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray

from spinlearn.experiments._conductance_changes import balanced_patterns
from spinlearn.experiments.experiment import Layout
from spinlearn.experiments.yu2021 import Yu2021
from spinlearn.report._view import RunView
from spinlearn.runs import make_spec
from spinlearn.substrates import sign_patterns

_CONDUCTANCES = ("untrained", "waited", "trained", "no_amr_untrained", "no_amr", "no_torque")
_CONDUCTANCES += (
    "driven",
    "reversed",
    "disturbed",
    "idle",
    "alternated",
    "every_pattern",
    "retained",
)


def learning_spec(**changes: Any) -> Any:
    """Five small films, three of them studied, with every control."""
    table: dict[str, Any] = {
        "experiment": "yu2021",
        "film": {"length": 360e-9, "cell": 15e-9},
        "ensemble": {"textures": 5, "studied": 3},
        "controls": {"alternations": 6, "spectrum": True, "retention_temperature": 300.0},
    }
    if changes.get("mechanism") == "spin-transfer":
        table["film"]["interfacial_dmi"] = 4.5e-3
    return make_spec(table | changes)


def learning_rows(
    spec: Any, learns: float = 3e-3, scatter: float = 5e-4, current: float = 0.0
) -> dict[str, np.ndarray]:
    """What all segments of a run would give, films learning a part of G with some scatter.

    Streamlines take longer than everything else: by default there is no current.
    """
    rng = np.random.default_rng(spec.seed)
    layout = Yu2021.layout(spec)
    patterns, every = balanced_patterns(), np.asarray(sign_patterns(4), float)
    films = -rng.uniform(1e-3, 2e-3, (spec.ensemble.textures, 4, 4))
    rows = {}
    for name, variable in layout.variables.items():
        shape = variable.shape
        if name in _CONDUCTANCES:
            which = {"trained": patterns[:, None], "every_pattern": every, "driven": patterns}
            which["reversed"] = patterns
            if name == "alternated":
                which[name] = patterns[np.arange(shape[1]) % 2]
            if name in ("disturbed", "idle", "retained"):
                which[name] = patterns[0]
            change = np.zeros((4, 4))
            if name in which:
                signs = which[name]
                change = learns * (1 - signs[..., :, None] * signs[..., None, :])
            noise = 0.0 if name in ("waited", "untrained") else scatter * rng.normal(size=shape)
            base = films[: shape[0]].reshape(shape[0], *(1,) * (len(shape) - 3), 4, 4)
            values = np.broadcast_to(base * (1 + change + noise), shape)
        elif name.startswith("recalled"):
            values = rng.choice([-1.0, 1.0], shape)
            if name == "recalled":
                values[:, :, ::2] = patterns[:, None]
        elif name in ("m_before", "m_after", "frames"):
            values = rng.normal(size=shape)
            values /= np.linalg.norm(values, axis=-3, keepdims=True)
        elif name == "current":
            values = np.broadcast_to(current, shape)
        else:
            values = rng.uniform(0.5e-12, 1e-12, shape)
        rows[name] = values.astype(variable.dtype)
    return rows


def learning_view(spec: Any, done: int | None = None, **changes: Any) -> RunView:
    """A run of which the first films are done, as `view_run` gives it."""
    layout = Yu2021.layout(spec)
    rows = learning_rows(spec, **changes)
    done = layout.segments if done is None else done
    return RunView(
        name=spec.label or "films",
        folder="films",
        spec=spec,
        hash="0",
        kind=Yu2021,
        status="finished" if done == layout.segments else "running",
        provenance={},
        dataset=_dataset(layout, {name: values[:done] for name, values in rows.items()}),
        done=done,
        segments=layout.segments,
        claims=(),
        totals={},
    )


def _dataset(layout: Layout, rows: dict[str, np.ndarray]) -> xarray.Dataset:
    described = {
        name: (v.dims, rows[name], {"units": v.unit, "long_name": v.description})
        for name, v in layout.variables.items()
    }
    coordinates = {
        name: (c.dims, c.values, {"units": c.unit, "long_name": c.description})
        for name, c in layout.coordinates.items()
    }
    return xarray.Dataset(described, coordinates)
