"""Reading specifications from TOML, with errors that name the key, the value and the remedy."""

from __future__ import annotations

import difflib
import hashlib
import json
import re
import stat
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from spinlearn.errors import SpinlearnError
from spinlearn.experiments.specs import (
    EXPERIMENTS,
    RunSpec,
    preset_names,
    preset_text,
    spec_type,
)
from spinlearn.runs._complaints import complaint, extra_of, unknown_experiment

# A specification is written by hand; a larger file is some other file.
_LARGEST_FILE = 1_000_000
# Of a dotted key the parser makes a table in a table, each walked through again for the next:
# thousands of parts take minutes and gigabytes.
_PART = r"""(?:[A-Za-z0-9_-]++|"[^"\n]*+"|'[^'\n]*+')"""
_LONG_KEY = re.compile(rf"(?<![A-Za-z0-9_-])(?:{_PART}[ \t]*+\.[ \t]*+){{32}}")


class SpecError(SpinlearnError):
    """A specification that cannot be run; one line for every mistake (no unit).

    Parameters
    ----------
    lines
        One complaint each.

    Examples
    --------
    >>> raise SpecError(["film.cell = -1.0: allowed is 2e-10 to 1e-06 m"])
    Traceback (most recent call last):
    ...
    spinlearn.runs.specification.SpecError: film.cell = -1.0: allowed is 2e-10 to 1e-06 m
    """

    def __init__(self, lines: Iterable[str]) -> None:
        self.lines = tuple(lines)
        super().__init__("\n".join(self.lines))

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.lines,)


def read_spec(source: str | Path, overrides: Mapping[str, Any] | None = None) -> RunSpec:
    """Specification from a TOML file, or one that comes with spinlearn by its name.

    Parameters
    ----------
    source
        Path of a TOML file, or one of the names that ``spinlearn list`` shows (no unit).
    overrides
        Values by dotted key, such as ``{"film.cell": 2e-9}`` (SI units).

    Returns
    -------
    RunSpec
        The resolved specification (SI units).

    Raises
    ------
    SpecError
        If the file cannot be read or holds a mistake; the message names every one.

    Examples
    --------
    >>> read_spec("magnetoresistance", {"loop.points": 5}).loop.points
    5
    """
    text, name = _text(source)
    if _LONG_KEY.search(text):
        raise SpecError([f"{name}: a key of too many parts. A specification has table.key."])
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SpecError([f"{name}: not TOML: {error}. See 'spinlearn show --help'."]) from None
    except RecursionError:
        raise SpecError([f"{name}: nested too deeply. A specification has one level."]) from None
    except ValueError as error:  # such as a number of thousands of digits
        raise SpecError([f"{name}: not TOML: {_first(error)}. Write a shorter number."]) from None
    if not table:
        raise SpecError(
            [f"{name}: empty. Write at least: experiment = {next(iter(EXPERIMENTS))!r}"]
        )
    for key, value in (overrides or {}).items():
        _override(table, key, value)
    return make_spec(table, name)


def make_spec(table: Mapping[str, Any], name: str = "specification") -> RunSpec:
    """Specification from a dictionary, such as one read from TOML or JSON.

    Parameters
    ----------
    table
        Keys and tables (SI units).
    name
        What to call it in errors (no unit).

    Raises
    ------
    SpecError
        If it holds a mistake.

    Examples
    --------
    >>> make_spec({"experiment": "magnetoresistance", "seed": 2}).seed
    2
    """
    if not isinstance(table, Mapping):
        raise SpecError([f"{name}: {type(table).__name__}: allowed is a table. Pass a dictionary."])
    experiment = table.get("experiment")
    if not isinstance(experiment, str) or experiment not in EXPERIMENTS:
        raise SpecError([unknown_experiment(name, table, experiment)])
    kind = spec_type(experiment)
    try:
        return kind.model_validate(dict(table))
    except ValidationError as error:
        lines = [complaint(kind, problem) for problem in error.errors(include_url=False)]
        raise SpecError([f"{name}: {line}" for line in dict.fromkeys(lines)]) from None
    except RecursionError:
        raise SpecError([f"{name}: nested too deeply. A specification has one level."]) from None


def as_spec(given: RunSpec | str | Path | Mapping[str, Any]) -> RunSpec:
    """A specification as it is, or read from a path, a name or a dictionary (SI units).

    Raises
    ------
    SpecError
        If it holds a mistake.

    Examples
    --------
    >>> as_spec("magnetoresistance") == read_spec("magnetoresistance")
    True
    """
    if isinstance(given, RunSpec):
        return given
    return make_spec(given) if isinstance(given, Mapping) else read_spec(given)


def spec_hash(spec: RunSpec) -> str:
    """Hash of everything that the results depend on, 16 hexadecimal digits (no unit).

    The label is left out.

    Examples
    --------
    >>> a, b = (make_spec({"experiment": "magnetoresistance", "label": x}) for x in "ab")
    >>> spec_hash(a) == spec_hash(b), len(spec_hash(a))
    (True, 16)
    """
    content = spec.model_dump(mode="json", exclude={"label"})
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def spec_toml(spec: RunSpec) -> str:
    """The resolved specification as TOML (SI units).

    Examples
    --------
    >>> spec = make_spec({"experiment": "magnetoresistance"})
    >>> make_spec(tomllib.loads(spec_toml(spec))) == spec
    True
    """
    return "\n".join(_toml_lines(spec.model_dump(mode="json", exclude_none=True), "")) + "\n"


def spec_schema() -> dict[str, Any]:
    """JSON schema of every specification, for editors and checks (no unit).

    Examples
    --------
    >>> len(spec_schema()["oneOf"]) == len(EXPERIMENTS)
    True
    """
    parts, definitions = [], {}
    for name in EXPERIMENTS:
        schema = spec_type(name).model_json_schema()
        # A default names the experiment in Python alone: a file must say which it is.
        schema["required"] = sorted({"experiment", *schema.get("required", ())})
        definitions |= schema.pop("$defs", {})
        definitions[schema["title"]] = schema
        parts.append({"$ref": f"#/$defs/{schema['title']}"})
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "spinlearn run specification",
        "oneOf": parts,
        "$defs": definitions,
    }


def spec_rows(spec: RunSpec) -> list[tuple[str, Any, str, str, str]]:
    """Every field of a specification: key, value, unit, source, description (SI units).

    The source of a value that is not the default is "assumed" where one of the specifications that
    come with spinlearn has it, and "given" otherwise.

    Examples
    --------
    >>> rows = spec_rows(make_spec({"experiment": "magnetoresistance", "seed": 7}))
    >>> [row[:4] for row in rows if row[0] in ("seed", "film.thickness")]
    [('seed', 7, '', 'given'), ('film.thickness', 1e-08, 'm', 'assumed')]
    """
    packaged = _packaged(spec.experiment)
    own = dict(_flat(spec.model_dump(), ""))
    # A value may be that of several: the one that the specification shares most with is named.
    nearest = sorted(packaged, key=lambda name: -_shared(packaged[name], own))

    def source(key: str, value: Any, info: Any) -> str:
        if value == info.default:
            return extra_of(info).get("source", "")
        names = [name for name in nearest if packaged[name].get(key) == value]
        return f"assumed; of {names[0]}" if names else "given"

    return [
        (
            key,
            value,
            extra_of(info).get("unit", ""),
            source(key, value, info),
            info.description or "",
        )
        for key, value, info in _fields(spec, "")
    ]


def _packaged(experiment: str) -> dict[str, dict[str, Any]]:
    """Values by dotted key in every specification of an experiment that comes with spinlearn."""
    tables = {name: tomllib.loads(preset_text(name)) for name in preset_names()}
    own = {name: table for name, table in tables.items() if table["experiment"] == experiment}
    return {name: dict(_flat(table, "")) for name, table in own.items()}


def _shared(values: Mapping[str, Any], own: Mapping[str, Any]) -> int:
    """How many values are alike, less those that are not."""
    return sum(1 if own.get(key) == value else -1 for key, value in values.items())


def _flat(table: Mapping[str, Any], prefix: str) -> Iterable[tuple[str, Any]]:
    for name, value in table.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


def _fields(table: BaseModel, prefix: str) -> Iterable[tuple[str, Any, Any]]:
    for name, info in type(table).model_fields.items():
        value = getattr(table, name)
        if isinstance(value, BaseModel):
            yield from _fields(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value, info


def _first(error: ValueError) -> str:
    """What an error says, without its advice for programmers."""
    return str(error).split(";")[0].split("\n")[0]


def _text(source: str | Path) -> tuple[str, str]:
    path = Path(source)
    name = str(source)
    try:
        if not path.exists() and name in preset_names():
            return preset_text(name), name
        if path.is_dir():
            stored = path / "spec.toml"
            if not stored.exists():
                raise SpecError([f"{name}: a folder without a run. Give a TOML file or a name."])
            path = stored
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise SpecError([f"{name}: a device or a pipe. Give a TOML file."])
        with path.open("rb") as file:
            content = file.read(_LARGEST_FILE + 1)
        size = max(found.st_size, len(content))
        if size > _LARGEST_FILE:
            raise SpecError(
                [f"{name}: {size} bytes: allowed are {_LARGEST_FILE}. Is this a specification?"]
            )
        return content.decode("utf-8-sig"), name
    except UnicodeDecodeError as error:
        raise SpecError(
            [f"{name}: not text: byte {error.start} is no UTF-8. Give a TOML file."]
        ) from None
    except FileNotFoundError:
        known = preset_names()
        near = difflib.get_close_matches(name, known, 1)
        hint = f"Did you mean {near[0]!r}?" if near else f"Names: {', '.join(known)}."
        raise SpecError([f"{name}: no such file or name. {hint}"]) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        shown = repr(name if len(name) <= 80 else f"{name[:79]}…")
        raise SpecError([f"{shown}: cannot be read: {reason}. Give a TOML file."]) from None


def _override(table: dict[str, Any], key: str, value: Any) -> None:
    *path, last = key.split(".")
    for part in path:
        inner = table.setdefault(part, {})
        if not isinstance(inner, dict):
            raise SpecError([f"{key}: {part} is no table. See 'spinlearn show'."])
        table = inner
    table[last] = value


def parse_override(text: str) -> tuple[str, Any]:
    """Key and value of ``--set key=value``; the value as in TOML, else as text (no unit).

    Raises
    ------
    SpecError
        If there is no key or no equals sign.

    Examples
    --------
    >>> parse_override("film.cell=2e-9"), parse_override("relax.start=random")
    (('film.cell', 2e-09), ('relax.start', 'random'))
    """
    key, equals, value = text.partition("=")
    key = key.strip()
    if not equals or not key or any(not part for part in key.split(".")):
        raise SpecError([f"--set {text!r}: allowed is key=value. Write e.g. --set film.cell=2e-9"])
    try:
        return key, tomllib.loads(f"value = {value}")["value"]
    except (ValueError, RecursionError):
        return key, value.strip()


def _toml_lines(table: Mapping[str, Any], prefix: str) -> Iterable[str]:
    for key, value in table.items():
        if not isinstance(value, dict):
            yield f"{key} = {_toml_value(value)}"
    for key, value in table.items():
        if isinstance(value, dict):
            yield ""
            yield f"[{prefix}{key}]"
            yield from _toml_lines(value, f"{prefix}{key}.")


def _toml_value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, str):
        # JSON's escapes are TOML's, but for characters outside of the basic plane.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_toml_value(v) for v in value) + "]"
    return str(value)
