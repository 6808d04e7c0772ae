"""What an experiment is to the code that runs it: segments, a layout of results, claims."""

from __future__ import annotations

import abc
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from spinlearn.experiments.specs.base import RunSpec

if TYPE_CHECKING:
    import xarray

State = Any
Rows = dict[str, Any]
Verdict = Literal["agrees", "differs", "unknown", "ours"]


@dataclass(frozen=True)
class Variable:
    """A stored result (in SI units).

    Parameters
    ----------
    dims
        Names of its dimensions.
    shape
        Its length along each of them.
    unit
        SI unit, "1" for none.
    description
        What it is, for axes of figures.
    rows
        How many entries along the first dimension one segment writes.
    dtype
        Type on disk.

    Examples
    --------
    >>> Variable(("field", "to", "from"), (41, 4, 4), "S", "conductance matrix").rows
    1
    """

    dims: tuple[str, ...]
    shape: tuple[int, ...]
    unit: str
    description: str
    rows: int = 1
    dtype: str = "float64"


@dataclass(frozen=True)
class Coordinate:
    """A stored coordinate (in SI units).

    Parameters
    ----------
    dims
        Names of its dimensions.
    values
        Its values: numbers in `unit`, or names.
    unit
        SI unit, "1" for none.
    description
        What it is, for axes of figures.

    Examples
    --------
    >>> Coordinate(("contact",), np.arange(4), "1", "contact").values.shape
    (4,)
    """

    dims: tuple[str, ...]
    values: np.ndarray
    unit: str
    description: str


@dataclass(frozen=True)
class Layout:
    """Everything that a run stores, and in how many segments (SI units, as its parts say).

    Parameters
    ----------
    segments
        Number of segments; after each the run can be taken up again.
    variables
        Results by name. Segment k of a run writes rows ``k·rows`` to ``(k+1)·rows`` of those
        that it returns.
    coordinates
        Coordinates by name.
    simulated
        Simulated time of one segment, s, or None where time plays no part.

    Examples
    --------
    >>> Layout(3, {"energy": Variable(("field",), (3,), "J", "energy")}, {}).segments
    3
    """

    segments: int
    variables: Mapping[str, Variable]
    coordinates: Mapping[str, Coordinate]
    simulated: float | None = None


@dataclass(frozen=True)
class Claim:
    """A headline number (in SI units) with its interval, seeds and verdict.

    Parameters
    ----------
    name
        What it is.
    value
        The number, in `unit`.
    unit
        SI unit, "1" for none.
    interval
        95 % confidence interval in `unit`; of a single run the bracket within which its steps
        leave the number; or None.
    seeds
        Number of independent samples, or None.
    reference
        The published value with its source, or None.
    kind
        What kind of number: "assumed device", "published device", "closed form", ...
    verdict
        "agrees", "differs", "unknown", or "ours" where nothing is published.

    Examples
    --------
    >>> Claim("coercive field", 2.1e3, "A/m").verdict
    'ours'
    """

    name: str
    value: float
    unit: str
    interval: tuple[float, float] | None = None
    seeds: int | None = None
    reference: str | None = None
    kind: str = "assumed device"
    verdict: Verdict = "ours"


@dataclass(frozen=True)
class Summary:
    """What a finished run comes down to (SI units, as the claims say).

    Parameters
    ----------
    claims
        Headline numbers.
    totals
        Counts and energies of the whole run by name with unit, such as
        ``{"field evaluations": (1234, "1"), "dissipated energy": (1e-12, "J")}``.

    Examples
    --------
    >>> Summary((), {"steps": (10.0, "1")}).totals["steps"]
    (10.0, '1')
    """

    claims: tuple[Claim, ...]
    totals: Mapping[str, tuple[float, str]] = field(default_factory=dict)


def in_precision(tree: Any, precision: str) -> Any:
    """A tree with its floating-point arrays in "float32" or "float64" (units as they are).

    Examples
    --------
    >>> in_precision({"m": np.ones(3)}, "float32")["m"].dtype
    dtype('float32')
    """

    def convert(leaf: Any) -> Any:
        if isinstance(leaf, np.ndarray | jax.Array) and jnp.issubdtype(leaf.dtype, jnp.floating):
            return leaf.astype(precision)
        return leaf

    return jax.tree.map(convert, tree)


class AbstractExperiment(eqx.Module):
    """An experiment in segments (SI units, as its specification says).

    An instance holds arrays alone, so that many points of a sweep can be stacked and mapped;
    everything that is not an array is derived from the specification.

    Examples
    --------
    >>> from spinlearn.experiments.magnetoresistance import Magnetoresistance
    >>> issubclass(Magnetoresistance, AbstractExperiment)
    True
    """

    title: ClassVar[str]
    citation: ClassVar[str]
    # How many points of a sweep are stacked at most; one where stacking does not pay.
    stacked: ClassVar[int] = 1

    @classmethod
    @abc.abstractmethod
    def build(cls, spec: Any) -> Self:
        """Arrays of the experiment, in the specification's precision (SI units)."""

    @classmethod
    @abc.abstractmethod
    def layout(cls, spec: Any) -> Layout:
        """What a run of this specification stores (SI units, as its parts say)."""

    @abc.abstractmethod
    def start(self) -> State:
        """State before the first segment: a tree of arrays (SI units)."""

    @abc.abstractmethod
    def advance(self, state: State, segment: int) -> tuple[State, Rows]:
        """State after a segment, and what it adds to the results (SI units, as in the layout)."""

    @classmethod
    def check(cls, spec: RunSpec, segment: int, rows: Mapping[str, np.ndarray]) -> None:
        """Raise a SpinlearnError that names the remedy if a segment went wrong (no unit)."""
        del spec, segment, rows

    @classmethod
    @abc.abstractmethod
    def summarize(cls, spec: Any, dataset: xarray.Dataset) -> Summary:
        """Headline numbers of a finished run (SI units, as the claims say)."""
