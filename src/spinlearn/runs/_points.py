"""Points of a sweep: the product of values and seeds, every one a specification of its own."""

from __future__ import annotations

import hashlib
import itertools
import json
import math
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from spinlearn.errors import SpinlearnValueError
from spinlearn.experiments.specs import RunSpec
from spinlearn.runs.specification import SpecError, make_spec, spec_hash

# More is a slip; every point is a folder.
_MOST_POINTS = 1_000_000
# Mistakes that are told at once; the rest is counted.
_MOST_COMPLAINTS = 10


class Point(NamedTuple):
    """One point of a sweep (SI units).

    Parameters
    ----------
    values
        Value by dotted key, the seed last.
    spec
        Its specification.
    hash
        Hash of the specification; names its folder.

    Examples
    --------
    >>> plan = make_plan(make_spec({"experiment": "magnetoresistance"}), {"film.length": [1e-7]})
    >>> plan.points[0].values
    {'film.length': 1e-07, 'seed': 0}
    """

    values: dict[str, Any]
    spec: RunSpec
    hash: str

    @property
    def name(self) -> str:
        """The point in words (SI units)."""
        return ", ".join(f"{key} = {value!r}" for key, value in self.values.items())


@dataclass(frozen=True)
class Plan:
    """A sweep before it is computed (SI units).

    Parameters
    ----------
    base
        Specification that all points share but for the values swept over.
    over
        Values by dotted key.
    seeds
        Seeds at each of them.
    """

    base: RunSpec
    over: Mapping[str, tuple[Any, ...]]
    seeds: tuple[int, ...]

    @property
    def dims(self) -> dict[str, tuple[Any, ...]]:
        """Values of every dimension, the seeds last (SI units)."""
        return {**self.over, "seed": self.seeds}

    @cached_property
    def points(self) -> tuple[Point, ...]:
        """All points, the last dimension fastest; two of them may be the same run."""
        return tuple(self._points())

    @cached_property
    def distinct(self) -> tuple[Point, ...]:
        """Points without those that are the same run as one before."""
        return tuple({point.hash: point for point in reversed(self.points)}.values())[::-1]

    @cached_property
    def hash(self) -> str:
        """Hash of the base, the values and the seeds, 16 hexadecimal digits (no unit)."""
        text = json.dumps(self.record(), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def record(self) -> dict[str, Any]:
        """As it is stored."""
        return {
            "spec": self.base.model_dump(mode="json", exclude_none=True),
            "over": {key: list(values) for key, values in self.over.items()},
            "seeds": list(self.seeds),
        }

    def _points(self) -> Iterator[Point]:
        complaints: list[str] = []
        for values in itertools.product(*self.dims.values()):
            chosen = dict(zip(self.dims, values, strict=True))
            try:
                spec = change_spec(self.base, chosen, _name(chosen))
            except SpecError as error:
                complaints += error.lines
                continue
            yield Point(chosen, spec, spec_hash(spec))
        if complaints:
            told = list(dict.fromkeys(complaints))
            left = len(told) - _MOST_COMPLAINTS
            more = [f"... and {left} more"] if left > 0 else []
            raise SpecError([*told[:_MOST_COMPLAINTS], *more])


def make_plan(
    base: RunSpec,
    over: Mapping[str, Sequence[Any]] | None = None,
    seeds: int | Sequence[int] | None = None,
) -> Plan:
    """Points of a sweep, all of them checked (SI units).

    Raises
    ------
    SpecError
        If a value is none that the specification allows; the message names the point.
    SpinlearnValueError
        If there are no values, no seeds, or too many points.
    """
    values = {key: _values(key, given) for key, given in (over or {}).items()}
    if "experiment" in values:
        raise SpinlearnValueError(
            "over", "experiment", "a key of one experiment", "Sweep each experiment by itself."
        )
    if "seed" in values:
        if seeds is not None:
            raise SpinlearnValueError(
                "seeds", seeds, "none where over has 'seed'", "Give one of the two."
            )
        seeds = values.pop("seed")
    plan = Plan(base, values, _seeds(base, seeds))
    count = 1
    for along in plan.dims.values():
        count *= len(along)
    if count > _MOST_POINTS:
        raise SpinlearnValueError(
            "over", f"{count} points", f"at most {_MOST_POINTS}", "Give fewer values or seeds."
        )
    assert plan.points  # makes every specification, and so finds every mistake
    return plan


def change_spec(base: RunSpec, changes: Mapping[str, Any], name: str) -> RunSpec:
    """A specification with values changed by dotted key (SI units).

    Raises
    ------
    SpecError
        If a key or a value is not allowed.
    """
    table = base.model_dump(mode="json", exclude_none=True)
    for key, value in changes.items():
        *path, last = key.split(".")
        inner = table
        for part in path:
            inner = inner.setdefault(part, {})
            if not isinstance(inner, dict):
                raise SpecError([f"{name}: {key}: {part} is no table. See 'spinlearn show'."])
        inner[last] = value
    return make_spec(table, name)


def parse_over(text: str) -> tuple[str, list[Any]]:
    """Key and values of ``--over``: a list with commas, or START:STOP:COUNT (SI units).

    ``:log`` after the count spaces the values by a factor. Values are as in TOML, else text.

    Raises
    ------
    SpecError
        If it is neither.

    Examples
    --------
    >>> parse_over("film.cell=2e-9:8e-9:4")
    ('film.cell', [2e-09, 4e-09, 6e-09, 8e-09])
    >>> parse_over("relax.start=vortex,random"), parse_over("loop.points=3:9:3")
    (('relax.start', ['vortex', 'random']), ('loop.points', [3, 6, 9]))
    """
    key, equals, given = text.partition("=")
    key = key.strip()
    if not equals or not given.strip() or any(not part for part in key.split(".")):
        raise SpecError(
            [f"--over {text!r}: allowed is KEY=VALUES. Write e.g. film.cell=2e-9:8e-9:4"]
        )
    if ":" in given and not given.lstrip().startswith(("'", '"', "[")):
        return key, _spaced(text, given)
    try:
        return key, tomllib.loads(f"values = [{given}]")["values"]
    except (ValueError, RecursionError):
        return key, [_value(part.strip()) for part in given.split(",")]


def _spaced(text: str, given: str) -> list[Any]:
    match [_value(part.strip()) for part in given.split(":")]:
        case [int() | float() as start, int() | float() as stop, int() as count]:
            spacing = "linear"
        case [int() | float() as start, int() | float() as stop, int() as count, "log" as spacing]:
            pass
        case _:
            raise SpecError([_explain_spaced(text)])
    fine = 2 <= count <= _MOST_POINTS and math.isfinite(start) and math.isfinite(stop)
    if not fine or (spacing == "log" and min(start, stop) <= 0):
        raise SpecError([_explain_spaced(text)])
    steps = [k / (count - 1) for k in range(count)]
    if spacing == "log":
        values = [start * (stop / start) ** step for step in steps]
    else:
        values = [start + (stop - start) * step for step in steps]
    whole = isinstance(start, int) and isinstance(stop, int)
    if whole and all(abs(value - round(value)) < 1e-9 for value in values):
        return [round(value) for value in values]
    # Rounding errors of the spacing would make names and hashes that nobody can write.
    return [float(f"{value:.12g}") for value in values]


def _explain_spaced(text: str) -> str:
    return (
        f"--over {text!r}: allowed is KEY=START:STOP:COUNT with two numbers and at least two "
        "values, ':log' after it for positive ones. Write e.g. film.cell=2e-9:8e-9:4"
    )


def _value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except (ValueError, RecursionError):
        return text


def _name(values: Mapping[str, Any]) -> str:
    return "point " + ", ".join(f"{key} = {value!r}" for key, value in values.items())


def _values(key: str, given: Any) -> tuple[Any, ...]:
    if hasattr(given, "tolist"):  # an array, of numpy or JAX
        given = given.tolist()
    if isinstance(given, str | bytes) or not isinstance(given, Sequence) or not len(given):
        raise SpinlearnValueError(f"over[{key!r}]", given, "a list of values", "Give at least one.")
    return tuple(value.item() if hasattr(value, "item") else value for value in given)


def _seeds(base: RunSpec, seeds: Any) -> tuple[int, ...]:
    if seeds is None:
        return (base.seed,)
    if hasattr(seeds, "tolist"):
        seeds = seeds.tolist()
    if isinstance(seeds, int) and not isinstance(seeds, bool) and 0 < seeds <= _MOST_POINTS:
        return tuple(range(base.seed, base.seed + seeds))
    if isinstance(seeds, Sequence) and not isinstance(seeds, str | bytes) and len(seeds):
        found = tuple(seed.item() if hasattr(seed, "item") else seed for seed in seeds)
        if len(set(found)) == len(found):
            return found
    raise SpinlearnValueError(
        "seeds", seeds, "a number of seeds, or a list of different ones", "Give e.g. seeds=4."
    )
