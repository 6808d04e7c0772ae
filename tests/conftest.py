"""Two jobs: float64 with strict promotion (JAX_ENABLE_X64=1), and float32."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import hypothesis
import jax
import numpy as np
import pytest

from spinlearn.runs._executables import make_room

if jax.config.jax_enable_x64:
    jax.config.update("jax_numpy_dtype_promotion", "strict")
    jax.config.update("jax_numpy_rank_promotion", "raise")

_approx = pytest.approx


def _relative(expected: Any, rel: Any = None, abs: Any = None, nan_ok: bool = False) -> Any:
    """`pytest.approx` whose relative error counts: small SI numbers are below its 1e-12."""
    if rel is not None and abs is None and np.all(np.asarray(expected) != 0):
        abs = 0
    return _approx(expected, rel=rel, abs=abs, nan_ok=nan_ok)


pytest.approx = _relative

# Compilation makes first examples slow; that says nothing about the code.
hypothesis.settings.register_profile("local", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True, database=None)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "local")


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name bytes by their length: a compressed file may hold the time at which it was written.

    Processes that test side by side must collect the same names, or none of them runs.
    """
    return f"{argname}-{len(val)}-bytes" if isinstance(val, bytes) else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What does not depend on the precision runs in one job."""
    double = jax.config.jax_enable_x64
    elsewhere = ("as_installed", "float32") if double else ("once", "float64")
    for item in items:
        if item.get_closest_marker(elsewhere[0]):
            item.add_marker(pytest.mark.skip(reason=f"runs in the {elsewhere[1]} job"))


@pytest.fixture(scope="module", autouse=True)
def _room_for_programs() -> Iterator[None]:
    """A worker compiles thousands of programs, more than the kernel lets one process hold."""
    yield
    make_room()


# Where a test takes longer to compile than to run. (Not in tests/junctions: eigenvalues of NumPy
# fail on what is compiled so.)
_COMPILED_QUICKLY = {"conformance", "magnetics", "networks", "substrates", "transport"}
_COMPILED_QUICKLY |= {"test_contact_layouts.py", "test_conductance_exact.py"}


@pytest.fixture(scope="module", autouse=True)
def _quick_compilation(request: pytest.FixtureRequest) -> Iterator[None]:
    """The float64 job compiles with few optimizations; the float32 job as for a user."""
    quick = jax.config.jax_enable_x64 and (
        not _COMPILED_QUICKLY.isdisjoint((request.path.parent.name, request.path.name))
    )
    jax.config.update("jax_disable_most_optimizations", quick)
    yield
    jax.config.update("jax_disable_most_optimizations", False)


@pytest.fixture(scope="session")
def double() -> bool:
    """Whether this is the float64 job."""
    return bool(jax.config.jax_enable_x64)


@pytest.fixture(scope="session")
def rtol(double: bool) -> float:
    """Relative rounding error that a few operations may leave in this job's precision."""
    return 1e-12 if double else 1e-5
