"""Specifications of the experiments, and the TOML files that come with spinlearn. No JAX here."""

from __future__ import annotations

from importlib import import_module, resources
from typing import TYPE_CHECKING, Any, NamedTuple

from spinlearn.errors import SpinlearnValueError
from spinlearn.experiments.specs.base import RunSpec, Table, choice, quantity

if TYPE_CHECKING:
    from spinlearn.experiments.experiment import AbstractExperiment

__all__ = [
    "EXPERIMENTS",
    "Entry",
    "RunSpec",
    "Table",
    "choice",
    "experiment_type",
    "preset_names",
    "preset_of",
    "preset_text",
    "quantity",
    "spec_type",
]


class Entry(NamedTuple):
    """Where an experiment lives (no unit).

    Parameters
    ----------
    summary
        One line for lists.
    spec
        ``module:class`` of its specification, below ``spinlearn.experiments.specs``; a module
        with a dot in its name is found anywhere.
    experiment
        ``module:class`` of the experiment, below ``spinlearn.experiments`` or with a dot.

    Examples
    --------
    >>> EXPERIMENTS["magnetoresistance"].experiment
    'magnetoresistance:Magnetoresistance'
    """

    summary: str
    spec: str
    experiment: str


EXPERIMENTS = {
    "koenders2025": Entry(
        "layers that learn from the noise of tunnel junctions (Koenders et al. 2025)",
        "koenders2025:Koenders2025Spec",
        "koenders2025:Koenders2025",
    ),
    "magnetoresistance": Entry(
        "conductance matrix of a film along a field loop",
        "magnetoresistance:MagnetoresistanceSpec",
        "magnetoresistance:Magnetoresistance",
    ),
    "niu2024": Entry(
        "an associative memory of 35 nodes on magnetic links (Niu et al. 2024)",
        "niu2024:Niu2024Spec",
        "niu2024:Niu2024",
    ),
    "yu2021": Entry(
        "a film that trains itself through four contacts (Yu et al. 2021)",
        "yu2021:Yu2021Spec",
        "yu2021:Yu2021",
    ),
    "zhou2025": Entry(
        "spiking neurons that learn images on binary tunnel junctions (Zhou et al. 2025)",
        "zhou2025:Zhou2025Spec",
        "zhou2025:Zhou2025",
    ),
}


def spec_type(name: str) -> type[RunSpec]:
    """Class of the specification of an experiment (no unit).

    Parameters
    ----------
    name
        One of `EXPERIMENTS`.

    Raises
    ------
    SpinlearnValueError
        If there is no such experiment.

    Examples
    --------
    >>> spec_type("magnetoresistance").__name__
    'MagnetoresistanceSpec'
    """
    return _load("spinlearn.experiments.specs", _entry(name).spec)


def experiment_type(name: str) -> type[AbstractExperiment]:
    """Class of an experiment; loads JAX (no unit).

    Parameters
    ----------
    name
        One of `EXPERIMENTS`.

    Raises
    ------
    SpinlearnValueError
        If there is no such experiment.

    Examples
    --------
    >>> experiment_type("magnetoresistance").__name__
    'Magnetoresistance'
    """
    return _load("spinlearn.experiments", _entry(name).experiment)


def preset_names() -> tuple[str, ...]:
    """Names of the specifications that come with spinlearn (no unit).

    Examples
    --------
    >>> "magnetoresistance" in preset_names()
    True
    """
    files = resources.files("spinlearn.experiments.specs").iterdir()
    return tuple(sorted(f.name.removesuffix(".toml") for f in files if f.name.endswith(".toml")))


def preset_text(name: str) -> str:
    """TOML of a specification that comes with spinlearn (no unit).

    Parameters
    ----------
    name
        One of `preset_names`: an experiment's name, or ``experiment-preset``.

    Raises
    ------
    SpinlearnValueError
        If there is none of that name.

    Examples
    --------
    >>> preset_text("magnetoresistance").splitlines()[-1] != ""
    True
    """
    if name not in preset_names():
        raise SpinlearnValueError(
            "name", name, f"one of {', '.join(preset_names())}", "See 'spinlearn list'."
        )
    file = resources.files("spinlearn.experiments.specs") / f"{name}.toml"
    return file.read_text(encoding="utf-8")


def preset_of(name: str, preset: str) -> str:
    """Name of the specification of an experiment's preset (no unit).

    The one that is called like the experiment itself is its "demo".

    Raises
    ------
    SpinlearnValueError
        If the experiment has no such preset.

    Examples
    --------
    >>> preset_of("magnetoresistance", "demo")
    'magnetoresistance'
    """
    _entry(name)
    own = {"demo" if p == name else p.removeprefix(f"{name}-"): p for p in preset_names()}
    own = {short: p for short, p in own.items() if p == name or p.startswith(f"{name}-")}
    if preset not in own:
        raise SpinlearnValueError(
            "preset", preset, f"one of {', '.join(own)}", "See 'spinlearn list'."
        )
    return own[preset]


def _entry(name: str) -> Entry:
    if name not in EXPERIMENTS:
        raise SpinlearnValueError(
            "experiment", name, f"one of {', '.join(EXPERIMENTS)}", "See 'spinlearn list'."
        )
    return EXPERIMENTS[name]


def _load(package: str, home: str) -> Any:
    module, _, name = home.partition(":")
    return getattr(import_module(module if "." in module else f"{package}.{module}"), name)
