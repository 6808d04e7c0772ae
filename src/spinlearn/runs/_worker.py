"""What a worker process of a sweep executes.

Dask loads this module as a preload of local workers: there `dask_setup` gives the process its
share of the machine before JAX starts.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path
from typing import Any, NamedTuple

# Points of one process share a device: none may take all of its memory in advance.
os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")

# JAX's precision is a matter of the process: one point at a time, however many threads there are.
_one_point = threading.Lock()
_POLL_SECONDS = 0.5


class Task(NamedTuple):
    """A point as it is sent to a worker: plain values that any process can unpack.

    Parameters
    ----------
    table
        Its specification.
    entry
        Where its experiment lives, for one that is registered by the caller alone.
    sweep
        Folder of the sweep, on a file system that the worker shares.
    folder
        Folder of the point.
    stop
        A file that asks to stop when it is there.
    """

    table: dict[str, Any]
    entry: dict[str, str]
    sweep: str
    folder: str
    stop: str


def compute(task: Task) -> tuple[str, str]:
    """Run a point, or go on with it: status and error of its outcome."""
    if not (Path(task.sweep) / "sweep.json").is_file():
        return "unwritable", (
            f"{task.sweep}: not seen by the worker on {os.uname().nodename}. Put the sweep on a "
            "file system that all workers share, with --output."
        )
    import jax

    from spinlearn.experiments.specs import EXPERIMENTS, Entry
    from spinlearn.runs._attempt import attempt
    from spinlearn.runs.specification import make_spec

    EXPERIMENTS.setdefault(str(task.table["experiment"]), Entry(**task.entry))
    with _one_point:
        jax.config.update("jax_enable_x64", task.table["precision"] == "float64")
        spec = make_spec(task.table)
        outcome = attempt(spec, Path(task.folder), _StopFile(Path(task.stop)))
    return outcome.status, outcome.error


class _StopFile:
    """Whether a file is there; asks the disk a few times a second only."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._next = 0.0
        self._found = False

    def __call__(self) -> bool:
        if not self._found and time.monotonic() >= self._next:
            self._found = self._path.exists()
            self._next = time.monotonic() + _POLL_SECONDS
        return self._found


def dask_setup(worker: Any) -> None:
    """Called by Dask in a local worker, before it takes points."""
    if threading.current_thread() is threading.main_thread():
        # Ctrl-C reaches every process of a terminal; the sweep itself tells its workers to stop.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    _choose_device(worker.name)
    import jax

    import spinlearn.runs._attempt  # noqa: F401 - loaded now, so that no point waits for it

    jax.devices()


def _choose_device(name: Any) -> None:
    """One GPU each, in turn, where there are several."""
    given = os.environ.get("CUDA_VISIBLE_DEVICES")
    if given is None:
        known = Path("/proc/driver/nvidia/gpus")
        given = (
            ",".join(str(k) for k in range(len(list(known.iterdir())))) if known.is_dir() else ""
        )
    devices = [part.strip() for part in given.split(",") if part.strip()]
    if len(devices) > 1 and str(name).isdigit():
        os.environ["CUDA_VISIBLE_DEVICES"] = devices[int(name) % len(devices)]
