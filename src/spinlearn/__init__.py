"""spinlearn: simulate magnetic hardware that learns by itself.

Public names are loaded when they are first used, so that ``import spinlearn`` (and the command
line's ``--help``) does not wait for JAX.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spinlearn import (
        constants,
        datasets,
        experiments,
        junctions,
        magnetics,
        networks,
        report,
        rules,
        runs,
        substrates,
        transport,
    )
    from spinlearn.errors import SpinlearnError, SpinlearnValueError
    from spinlearn.materials import Material, material_names, named_material
    from spinlearn.mesh import Mesh
    from spinlearn.rng import key_from_seed, stream

__version__ = "0.1.0"

_HOMES = {
    "Material": "materials",
    "Mesh": "mesh",
    "SpinlearnError": "errors",
    "SpinlearnValueError": "errors",
    "key_from_seed": "rng",
    "material_names": "materials",
    "named_material": "materials",
    "stream": "rng",
}
_SUBPACKAGES = (
    "constants",
    "datasets",
    "experiments",
    "junctions",
    "magnetics",
    "networks",
    "report",
    "rules",
    "runs",
    "substrates",
    "transport",
)

__all__ = [
    "Material",
    "Mesh",
    "SpinlearnError",
    "SpinlearnValueError",
    "__version__",
    "constants",
    "datasets",
    "experiments",
    "junctions",
    "key_from_seed",
    "magnetics",
    "material_names",
    "named_material",
    "networks",
    "report",
    "rules",
    "runs",
    "stream",
    "substrates",
    "transport",
]


def __getattr__(name: str) -> Any:
    if name in _SUBPACKAGES:
        return import_module(f"spinlearn.{name}")
    if name in _HOMES:
        return getattr(import_module(f"spinlearn.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'spinlearn' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
