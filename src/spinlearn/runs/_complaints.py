"""What is wrong with a specification: the key, the value, what is allowed, the remedy."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from spinlearn.experiments.specs import EXPERIMENTS

_PREFIXES = {
    1e-12: "p",
    1e-9: "n",
    1e-6: "µ",
    1e-3: "m",
    1e3: "k",
    1e6: "M",
    1e9: "G",
}


def unknown_experiment(name: str, table: Mapping[str, Any], experiment: Any) -> str:
    """No experiment is named, or one that does not exist."""
    known = ", ".join(EXPERIMENTS)
    if "experiment" not in table:
        near = difflib.get_close_matches("experiment", [str(k) for k in table], 1)
        hint = f" (found {near[0]!r})" if near else ""
        return f"{name}: experiment is missing{hint}: allowed is one of {known}. Add it."
    hint = "See 'spinlearn list'."
    near = difflib.get_close_matches(str(experiment), EXPERIMENTS, 1)
    if near:
        hint = f"Did you mean {near[0]!r}?"
    return f"{name}: experiment = {_shown(experiment)}: allowed is one of {known}. {hint}"


def complaint(kind: type[BaseModel], problem: Any) -> str:
    """One mistake: key = value: allowed is ... Remedy."""
    location, value = problem["loc"], problem["input"]
    key = ".".join(str(part) for part in location)
    table, info = _find(kind, location)
    if problem["type"] == "extra_forbidden":
        known = list(table.model_fields) if table else []
        near = difflib.get_close_matches(str(location[-1]), known, 1)
        hint = f"Did you mean {near[0]!r}?" if near else "Remove it."
        return f"{key} = {_shown(value)}: no such key: allowed are {', '.join(known)}. {hint}"
    if problem["type"] == "value_error":
        return f"{key}.{problem['ctx']['error']}" if key else str(problem["ctx"]["error"])
    if problem["type"] == "missing":
        return f"{key}: missing: allowed is {_allowed(info)}. Add it."
    return f"{key} = {_shown(value)}: allowed is {_allowed(info, problem)}. {_remedy(info, value)}"


def _find(kind: Any, location: tuple[Any, ...]) -> tuple[Any, FieldInfo | None]:
    """The table that a location lies in, and its field."""
    table, info = kind, None
    for part in location:
        if info is not None:
            inner = info.annotation
            if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
                return table, info
            table = inner
        info = table.model_fields.get(part)
        if info is None:
            return table, None
    return table, info


def _bounds(info: FieldInfo | None) -> tuple[float | None, float | None]:
    low = high = None
    for item in info.metadata if info else ():
        low = getattr(item, "ge", low)
        high = getattr(item, "le", getattr(item, "lt", high))
    return low, high


def _allowed(info: FieldInfo | None, problem: Any = None) -> str:
    if info is None:
        return "nothing"
    annotation = info.annotation
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return f"a table with {', '.join(annotation.model_fields)}"
    low, high = _bounds(info)
    unit = extra_of(info).get("unit", "")
    unit = "" if unit in ("", "1") else f" {unit}"
    if annotation in (int, float) and low is not None and high is not None:
        what = "a whole number" if annotation is int else "a number"
        return f"{what} from {low:g} to {high:g}{unit}"
    if problem is not None and "expected" in problem.get("ctx", {}):
        return f"one of {problem['ctx']['expected']}"
    message = problem["msg"] if problem is not None else str(annotation)
    return message[0].lower() + message[1:]


def _remedy(info: FieldInfo | None, value: Any) -> str:
    """What to write instead; a slip of units is guessed."""
    low, high = _bounds(info)
    if info is not None and info.annotation is float and low is not None and high is not None:
        unit = extra_of(info).get("unit", "")
        if unit == "rad" and _is_number(value) and low <= math.radians(value) <= high:
            return f"Angles are in rad: for {value:g}° write {math.radians(value):.6g}."
        factor = _slip(value, low, high, info.default)
        # Nobody counts in parts per thousand of one, nor in thousands of seconds.
        if factor is not None and unit != "1" and not (unit == "s" and factor > 1):
            meant = f"{value:g} {_PREFIXES[factor]}{unit}"
            return f"Units are SI: for {meant} write {value * factor:.12g}."
    if isinstance(value, str) and info is not None and info.annotation in (int, float):
        return "Write a number, without quotes."
    default = None if info is None else info.default
    if (
        default is not None
        and not isinstance(default, BaseModel)
        and repr(default) != "PydanticUndefined"
    ):
        return f"The default is {default}."
    return "See 'spinlearn show'."


def _slip(value: Any, low: float, high: float, default: float) -> float | None:
    """The prefix that was probably meant: of those that fit, the one nearest to the default."""
    if not _is_number(value) or not value:
        return None
    usual = math.log(abs(default) or max(abs(low), abs(high)))
    fitting = [factor for factor in _PREFIXES if low <= value * factor <= high]
    return min(fitting, key=lambda f: abs(math.log(abs(value * f)) - usual), default=None)


def _is_number(value: Any) -> bool:
    """Whether it is a finite number that a float can hold."""
    try:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return number and math.isfinite(value)
    except OverflowError:
        return False


def extra_of(info: FieldInfo) -> dict[str, Any]:
    """Unit and source of a field."""
    extra = info.json_schema_extra
    return extra if isinstance(extra, dict) else {}


def _shown(value: Any, limit: int = 80) -> str:
    try:
        text = repr(value)
    except ValueError:  # Python writes no whole number of so many digits
        text = "a number of thousands of digits"
    except RecursionError:
        text = "a value nested too deeply"
    return text if len(text) <= limit else text[: limit - 1] + "…"
