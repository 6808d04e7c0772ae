"""What a run is specified by: tables of quantities with units, bounds and sources.

Nothing here loads JAX, so that a specification can be shown and checked at once.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


def quantity(
    default: Any, unit: str, low: float, high: float, description: str, *, source: str = "assumed"
) -> Any:
    """Field of a specification that holds a physical quantity.

    Parameters
    ----------
    default
        Value where the specification gives none, in `unit`.
    unit
        SI unit; "1" for a number without unit.
    low, high
        Smallest and largest value that make sense for such a device, in `unit`. They catch slips
        of units, so they are wide but not infinite.
    description
        One line for the user.
    source
        Where the default comes from; "assumed" where it is ours.

    Returns
    -------
    Any
        A pydantic field (no unit).

    Examples
    --------
    >>> class Film(Table):
    ...     thickness: float = quantity(10e-9, "m", 1e-10, 1e-5, "Thickness of the film")
    >>> Film().thickness
    1e-08
    """
    return Field(
        default,
        ge=low,
        le=high,
        strict=True,
        allow_inf_nan=False,
        description=description,
        json_schema_extra={"unit": unit, "source": source},
    )


def choice(default: Any, description: str, *, source: str = "assumed") -> Any:
    """Field of a specification that is not a quantity: a name, a switch, a path (no unit).

    Parameters
    ----------
    default
        Value where the specification gives none (no unit).
    description
        One line for the user.
    source
        Where the default comes from.

    Examples
    --------
    >>> class Start(Table):
    ...     texture: Literal["uniform", "vortex"] = choice("vortex", "Texture to start from")
    >>> Start().texture
    'vortex'
    """
    return Field(default, description=description, json_schema_extra={"unit": "", "source": source})


class Table(BaseModel):
    """A table of a specification: frozen, refuses unknown keys (its fields say their units).

    Examples
    --------
    >>> class Film(Table):
    ...     thickness: float = quantity(10e-9, "m", 1e-10, 1e-5, "Thickness of the film")
    >>> Film(thickness=2e-9)
    Film(thickness=2e-09)
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", validate_default=True, use_attribute_docstrings=False
    )


class RunSpec(Table):
    """Base of every experiment's specification.

    Parameters
    ----------
    experiment
        Name of the experiment (no unit).
    seed
        Seed of every random number, 0 to 2**63 - 1 (no unit).
    precision
        "float64" or "float32" (no unit).
    label
        A note of yours, shown in the report (no unit).

    Examples
    --------
    >>> RunSpec(experiment="mine", seed=3).precision
    'float64'
    """

    experiment: Any = choice(..., "Name of the experiment")
    seed: int = Field(
        0,
        ge=0,
        lt=2**63,
        strict=True,
        description="Seed of every random number",
        json_schema_extra={"unit": "", "source": "assumed"},
    )
    precision: Literal["float64", "float32"] = choice("float64", "Precision of the arithmetic")
    label: str = Field(
        "",
        max_length=200,
        strict=True,
        description="A note of yours, shown in the report",
        json_schema_extra={"unit": "", "source": "assumed"},
    )
