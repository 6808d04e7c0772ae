"""Array types used in signatures: jaxtyping annotations with spinlearn's axis names.

Axis names: ``nx ny nz`` are cells, ``px py`` are cell corners (one more than cells),
``n`` counts contacts.
"""

from __future__ import annotations

from typing import TypeAlias

from jaxtyping import Array, Float, PRNGKeyArray

#: A number, or an array of one element.
Scalar: TypeAlias = Float[Array, ""]
#: Unit vectors of the magnetization, ``(3, nx, ny, nz)``.
Magnetization: TypeAlias = Float[Array, "3 nx ny nz"]
#: A vector field on cells, ``(3, nx, ny, nz)``.
VectorField: TypeAlias = Float[Array, "3 nx ny nz"]
#: In-plane conductivity tensor on cells, ``(2, 2, nx, ny, nz)``, S/m.
ConductivityField: TypeAlias = Float[Array, "2 2 nx ny nz"]
#: Conductance matrix, ``(n, n)``, S.
Conductance: TypeAlias = Float[Array, "n n"]
#: A typed JAX random key.
Key: TypeAlias = PRNGKeyArray

__all__ = [
    "Array",
    "Conductance",
    "ConductivityField",
    "Float",
    "Key",
    "Magnetization",
    "Scalar",
    "VectorField",
]
