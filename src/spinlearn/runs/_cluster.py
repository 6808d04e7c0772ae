"""Pools of Dask workers: started here, or found at an address."""

from __future__ import annotations

import json
import logging
import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Executor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from spinlearn.errors import SpinlearnError

logger = logging.getLogger("spinlearn.runs")

# A process that did not come back after this long is replaced, s.
_PATIENCE_SECONDS = 60.0
# Replacements per worker, after which something is wrong with the machine.
_MOST_REPLACEMENTS = 3
_CONNECT_SECONDS = 30.0
# How often a scheduler is asked for its workers, s.
_COUNT_SECONDS = 1.0


def distributed() -> Any:
    """Dask's package, or an error that says how to get it."""
    try:
        import distributed as package
    except ImportError:
        raise SpinlearnError(
            "workers and schedulers need Dask, which is not installed. Install it with: "
            "pip install 'spinlearn[cluster]'"
        ) from None
    return package


@contextmanager
def local_pool(workers: int) -> Iterator[LocalPool]:
    """Processes on this machine, one thread each; they share its cores."""
    package = distributed()
    import dask.config

    variables = _environment(workers)
    settings = {
        # Each death is told: what to do about it is decided where a point's progress is known.
        "distributed.scheduler.allowed-failures": 0,
        "distributed.scheduler.worker-ttl": None,
        "distributed.comm.timeouts.connect": "60s",
        "distributed.nanny.pre-spawn-environ": variables,
        # A worker near its limit would wait for memory that JAX never gives back.
        "distributed.worker.memory.pause": False,
        "distributed.worker.memory.terminate": False,
    }
    with (
        # Otherwise Dask leaves its own folder behind among the machine's temporary files.
        tempfile.TemporaryDirectory(prefix="spinlearn-", ignore_cleanup_errors=True) as scratch,
        dask.config.set(settings | {"temporary-directory": scratch}),
        _kept(variables),
    ):
        try:
            cluster = package.LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                processes=True,
                memory_limit=0,
                dashboard_address="127.0.0.1:0",  # any free port
                silence_logs=logging.CRITICAL,
                preload=["spinlearn.runs._worker"],
            )
        except Exception as error:
            reason = error.__cause__ or error
            raise SpinlearnError(
                f"workers = {workers}: they do not start: {type(reason).__name__}: {reason}. Try "
                "without workers; in a script of yours call sweep below "
                "if __name__ == '__main__'."
            ) from error
        with cluster, package.Client(cluster, set_as_default=False) as client:
            yield LocalPool(client, cluster, workers)


@contextmanager
def found_pool(address: str) -> Iterator[FoundPool]:
    """Workers of a scheduler at an address, or named by a scheduler file that ends in .json."""
    package = distributed()
    try:
        where = _read_address(Path(address)) if address.endswith(".json") else address
        client = package.Client(where, timeout=_CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise SpinlearnError(
            f"scheduler = {address}: no scheduler answers there ({type(error).__name__}: {error}). "
            "Start one with 'dask scheduler', or use workers of this machine with --workers."
        ) from error
    with client:
        yield FoundPool(client, address)


def _read_address(file: Path) -> str:
    """Address in a scheduler file, which a scheduler that is just starting writes soon."""
    patience = time.monotonic() + _CONNECT_SECONDS
    while not file.exists() and time.monotonic() < patience:
        time.sleep(_COUNT_SECONDS / 4)
    return str(json.loads(file.read_text(encoding="utf-8"))["address"])


class _DaskPool:
    """What pools of Dask have in common."""

    def __init__(self, client: Any) -> None:
        self.executor: Executor = client.get_executor(pure=False)

    def is_death(self, error: BaseException) -> bool:
        """Whether a worker died."""
        from distributed.comm.core import CommClosedError
        from distributed.scheduler import KilledWorker

        return isinstance(error, KilledWorker | CommClosedError)


class LocalPool(_DaskPool):
    """Workers whose processes are looked after here."""

    def __init__(self, client: Any, cluster: Any, workers: int) -> None:
        super().__init__(client)
        self._cluster = cluster
        self._workers = workers
        self._replaced = 0
        self._whole = time.monotonic()

    def size(self) -> int:
        """Workers that are alive."""
        return len(self._cluster.scheduler.workers)

    def mend(self) -> None:
        """Start workers for those that did not come back by themselves."""
        missing = self._workers - self.size()
        if missing <= 0:
            self._whole = time.monotonic()
        elif time.monotonic() - self._whole > _PATIENCE_SECONDS:
            self._replaced += missing
            if self._replaced > _MOST_REPLACEMENTS * self._workers:
                raise SpinlearnError(
                    f"workers = {self._workers}: they die before they compute anything. Is there "
                    "memory for that many? What was computed is stored."
                )
            self._whole = time.monotonic()
            self._cluster.scale(len(self._cluster.worker_spec) + missing)


class FoundPool(_DaskPool):
    """Workers that somebody else looks after: they may come and go."""

    def __init__(self, client: Any, address: str) -> None:
        super().__init__(client)
        self._client = client
        self._address = address
        self._count = 0
        self._next = 0.0
        self._warned = False

    def size(self) -> int:
        """Workers that are there; one point each, whatever their number of threads."""
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + _COUNT_SECONDS
            try:
                self._count = len(self._client.nthreads())
            except (OSError, RuntimeError) as error:
                raise SpinlearnError(
                    f"scheduler = {self._address}: it does not answer any more ({error}). What was "
                    "computed is stored; start it again and go on."
                ) from error
        if not self._count and not self._warned:
            self._warned = True
            logger.warning("%s: no workers yet; waiting for them", self._address)
        return self._count

    def mend(self) -> None:
        """Nothing that could be done from here."""


@contextmanager
def _kept(variables: Mapping[str, str]) -> Iterator[None]:
    """Give this process its environment back: Dask sets the workers' in it and leaves it there."""
    before = {name: os.environ.get(name) for name in variables}
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _environment(workers: int) -> dict[str, str]:
    """Variables of a worker process, set before it starts."""
    import jax

    cores = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
    share = str(max(1, cores // workers))
    variables = {
        # Threads of XLA (NPROC) and of the linear algebra below numpy.
        "NPROC": share,
        "OMP_NUM_THREADS": share,
        "OPENBLAS_NUM_THREADS": share,
        "MKL_NUM_THREADS": share,
        "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
        "TF_CPP_MIN_LOG_LEVEL": os.environ.get("TF_CPP_MIN_LOG_LEVEL", "3"),
    }
    settings: Any = jax.config
    if settings.jax_compilation_cache_dir:
        least = settings.jax_persistent_cache_min_compile_time_secs
        variables["JAX_COMPILATION_CACHE_DIR"] = str(settings.jax_compilation_cache_dir)
        variables["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = str(least)
    return variables
