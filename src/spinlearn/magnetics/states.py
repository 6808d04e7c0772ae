"""Magnetization to start from: uniform, random, vortices, skyrmions, walls."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from spinlearn._checks import require
from spinlearn.magnetics._cells import dot
from spinlearn.magnetics._state_parts import (
    Outline,
    Vector,
    as_length,
    as_number,
    as_sign,
    as_unit_vector,
    check_key,
    distance_along,
    from_centre,
    middle_of,
    on_cells,
    wall_profile,
)
from spinlearn.mesh import Mesh
from spinlearn.rng import stream
from spinlearn.typing import Key

Array = jax.Array


def uniform_state(
    mesh: Mesh, direction: Vector, *, outline: Outline = None
) -> Float[Array, "3 nx ny nz"]:
    r"""The same direction everywhere, :math:`m = d/|d|`.

    Parameters
    ----------
    mesh
        Mesh of the film.
    direction
        Direction d, ``(3,)``, without unit; normalised here.
    outline
        Which cells are film, true or false: ``(nx, ny)`` or ``(nx, ny, nz)``; m is zero elsewhere.

    Returns
    -------
    Array
        Unit vectors ``(3, nx, ny, nz)`` without unit, in the default precision.

    Raises
    ------
    SpinlearnValueError
        If the direction is zero, not finite or not three numbers, or the outline does not fit.

    Examples
    --------
    >>> from spinlearn import Mesh
    >>> from spinlearn.magnetics import uniform_state
    >>> m = uniform_state(Mesh((8, 4, 1), (4e-9, 4e-9, 2e-9)), (3.0, 4.0, 0.0))
    >>> m.shape, bool(jnp.allclose(m[:, 0, 0, 0], jnp.array([0.6, 0.8, 0.0])))
    ((3, 8, 4, 1), True)
    """
    x, y, z = as_unit_vector(direction, "direction")
    return on_cells((x, y, z), mesh, outline)


def random_state(mesh: Mesh, *, key: Key, outline: Outline = None) -> Float[Array, "3 nx ny nz"]:
    r"""An independent direction in every cell, evenly distributed over the sphere.

    :math:`m_z` is uniform on -1…1 and the azimuth on 0…2π (Archimedes).

    Parameters
    ----------
    mesh
        Mesh of the film.
    key
        Typed JAX key; equal keys give equal states (of one precision).
    outline
        Which cells are film, true or false: ``(nx, ny)`` or ``(nx, ny, nz)``; m is zero elsewhere.

    Returns
    -------
    Array
        Unit vectors ``(3, nx, ny, nz)`` without unit, in the default precision.

    Raises
    ------
    SpinlearnValueError
        If the key is not one typed key, or the outline does not fit.

    Examples
    --------
    >>> from spinlearn import Mesh, key_from_seed
    >>> from spinlearn.magnetics import random_state
    >>> m = random_state(Mesh((32, 32, 1), (4e-9, 4e-9, 2e-9)), key=key_from_seed(1))
    >>> bool(jnp.all(jnp.abs(m.mean(axis=(1, 2, 3))) < 0.1))
    True
    """
    height, azimuth = jax.random.split(stream(check_key(key), "random state"))
    real = jnp.result_type(float)
    # Drawn in one precision, so that every precision has the same state.
    z = jax.random.uniform(height, mesh.shape, jnp.float32, -1.0, 1.0).astype(real)
    phi = 2 * np.pi * jax.random.uniform(azimuth, mesh.shape, jnp.float32).astype(real)
    across = jnp.sqrt(1 - z**2)
    return on_cells((across * jnp.cos(phi), across * jnp.sin(phi), z), mesh, outline)


def vortex_state(
    mesh: Mesh,
    *,
    circulation: Any = 1,
    polarity: Any = 1,
    core_radius: Any = None,
    centre: Vector | None = None,
    outline: Outline = None,
) -> Float[Array, "3 nx ny nz"]:
    r"""A vortex: in the plane around its centre, out of the plane in its core.

    With the polar coordinates r, φ around the centre,

    .. math:: m_z = p\,\mathrm e^{-r^2/b^2},\qquad
              (m_x, m_y) = c\,\sqrt{1-m_z^2}\;(-\sin\phi, \cos\phi) ,

    the ansatz of Feldtkeller and Thomas (Phys. Kondens. Mater. 4, 8, 1965).

    Parameters
    ----------
    mesh
        Mesh of the film; all its layers are the same.
    circulation
        c, 1 for counter-clockwise seen from above, or -1; without unit.
    polarity
        p, 1 for a core that points up, or -1; without unit.
    core_radius
        b, the radius at which m_z has fallen to 1/e, m; by default two cells. In a very thin film
        √2 exchange lengths have the least energy.
    centre
        Position (x, y) of the core, m; by default the middle of the mesh.
    outline
        Which cells are film, true or false: ``(nx, ny)`` or ``(nx, ny, nz)``; m is zero elsewhere.

    Returns
    -------
    Array
        Unit vectors ``(3, nx, ny, nz)`` without unit, in the default precision.

    Raises
    ------
    SpinlearnValueError
        If the circulation or polarity is not ±1, the radius is not positive, the centre is not two
        finite numbers, or the outline does not fit.

    Examples
    --------
    >>> from spinlearn import Mesh
    >>> from spinlearn.magnetics import vortex_state
    >>> m = vortex_state(Mesh((65, 65, 1), (4e-9, 4e-9, 10e-9)), polarity=-1)
    >>> m[2, 32, 32, 0].item(), bool(m[1, 64, 32, 0] > 0.99)  # core; counter-clockwise
    (-1.0, True)
    """
    sense, up = as_sign(circulation, "circulation"), as_sign(polarity, "polarity")
    edge = jnp.max(jnp.asarray(mesh.cell[:2], jnp.result_type(float)))
    radius = 2 * edge if core_radius is None else as_length(core_radius, "core_radius")
    x, y = from_centre(centre, mesh, wrap=False)
    x, y = x / radius, y / radius
    square = x**2 + y**2
    safe = jnp.where(square > 1e-30, square, 1)
    # √(1-m_z²)/r, smooth through the centre.
    across = sense * jnp.sqrt(jnp.where(square > 1e-30, -jnp.expm1(-2 * safe) / safe, 2))
    return on_cells((-y * across, x * across, up * jnp.exp(-square)), mesh, outline)


def skyrmion_state(
    mesh: Mesh,
    *,
    radius: Any,
    wall_width: Any,
    polarity: Any = 1,
    helicity: Any = 0.0,
    centre: Vector | None = None,
    outline: Outline = None,
) -> Float[Array, "3 nx ny nz"]:
    r"""A skyrmion: a disc of the other direction with a wall of one helicity around it.

    With the polar coordinates r, φ around the centre,

    .. math:: \theta(r) = 2\arctan\frac{\sinh(R/\Delta)}{\sinh(r/\Delta)},\qquad
              m = \sin\theta\,[\cos(\phi+\gamma)\,\hat x + \sin(\phi+\gamma)\,\hat y]
              - p\cos\theta\;\hat z ,

    two 180° walls at ±R (Braun, Phys. Rev. B 50, 16485, 1994; Wang, Yuan and Wang, Commun. Phys.
    1, 31, 2018). Its topological charge :math:`\frac{1}{4\pi}\int m\cdot(\partial_x m\times
    \partial_y m)\,\mathrm dx\,\mathrm dy` is p.

    Parameters
    ----------
    mesh
        Mesh of the film; all its layers are the same. Along periodic axes the nearest image of the
        skyrmion counts.
    radius
        R, where m_z = 0, m.
    wall_width
        Wall width parameter Δ, m.
    polarity
        p, the direction of the core: 1 for up in a film that points down, or -1; without unit.
    helicity
        Angle γ of the in-plane part against the outward direction, rad: 0 or π for a Néel, ±π/2
        for a Bloch skyrmion. With D > 0 `InterfacialDMI` favours γ = π and `BulkDMI` -π/2 if
        p = 1, and γ = 0 and π/2 if p = -1.
    centre
        Position (x, y) of the core, m; by default the middle of the mesh.
    outline
        Which cells are film, true or false: ``(nx, ny)`` or ``(nx, ny, nz)``; m is zero elsewhere.

    Returns
    -------
    Array
        Unit vectors ``(3, nx, ny, nz)`` without unit, in the default precision.

    Raises
    ------
    SpinlearnValueError
        If a length is not positive, the polarity is not ±1, the centre is not two finite numbers,
        or the outline does not fit.

    Examples
    --------
    >>> from spinlearn import Mesh
    >>> from spinlearn.magnetics import skyrmion_state
    >>> mesh = Mesh((65, 65, 1), (2e-9, 2e-9, 1e-9))
    >>> m = skyrmion_state(mesh, radius=20e-9, wall_width=5e-9, helicity=jnp.pi)
    >>> m[2, 32, 32, 0].item(), bool(m[2, 0, 32, 0] < -0.99)
    (1.0, True)
    >>> bool(jnp.allclose(m[:, 42, 32, 0], jnp.array([-1, 0, 0]), atol=1e-5))  # 20 nm to the right
    True
    """
    width = as_length(wall_width, "wall_width")
    outer = as_length(radius, "radius") / width
    up, angle = as_sign(polarity, "polarity"), as_number(helicity, "helicity", "rad")
    x, y = from_centre(centre, mesh, wrap=True)
    x, y = x / width, y / width
    square = x**2 + y**2
    middle = square < 1e-12
    r = jnp.sqrt(jnp.where(middle, 1, square))
    # tan(θ/2) = exp(log_ratio): θ from the logarithm, for the hyperbolic sines overflow.
    log_outer = outer + jnp.log(-jnp.expm1(-2 * outer))
    log_ratio = log_outer - r - jnp.log(-jnp.expm1(-2 * r))
    height, across = wall_profile(log_ratio)
    # sin θ/r goes to a limit in the centre.
    limit = 4 * jnp.exp(-log_outer)
    across = jnp.where(middle, limit, across / r)
    cos, sin = jnp.cos(angle), jnp.sin(angle)
    m_x, m_y = across * (cos * x - sin * y), across * (sin * x + cos * y)
    return on_cells((m_x, m_y, up * jnp.where(middle, 1, height)), mesh, outline)


def two_domain_state(
    mesh: Mesh,
    *,
    left: Vector,
    wall: Vector,
    right: Vector,
    wall_width: Any,
    position: Any = None,
    direction: Any = 0.0,
    outline: Outline = None,
) -> Float[Array, "3 nx ny nz"]:
    r"""Two domains with a straight wall between them.

    With the wall's normal :math:`\hat k` and :math:`u = (\hat k\cdot r - q)/\Delta`,

    .. math:: m \propto \frac{1-\tanh u}{2}\; l + \frac{1+\tanh u}{2}\; r
              + \frac{1}{\cosh u}\; w ,

    normalised. Between opposite domains with w at right angles this is the wall of Landau and
    Lifshitz, :math:`m = -\tanh u\; l + w/\cosh u`.

    Parameters
    ----------
    mesh
        Mesh of the film; all its layers are the same.
    left, right
        Directions l and r of the domains before and behind the wall, ``(3,)``, without unit;
        normalised here.
    wall
        Direction w inside the wall, ``(3,)``, without unit; normalised here. Along the normal k it
        makes a Néel wall, at right angles a Bloch wall.
    wall_width
        Wall width parameter Δ, m.
    position
        Position q of the wall along its normal, from the corner of the mesh, m: the wall's x if
        the direction is 0, its y if it is π/2. By default the wall goes through the middle.
    direction
        Angle of the wall's normal k with the x axis, rad.
    outline
        Which cells are film, true or false: ``(nx, ny)`` or ``(nx, ny, nz)``; m is zero elsewhere.

    Returns
    -------
    Array
        Unit vectors ``(3, nx, ny, nz)`` without unit, in the default precision.

    Raises
    ------
    SpinlearnValueError
        If a direction is zero or not three finite numbers, the way from left to right by `wall`
        passes through zero (all three on one line), a length is not positive, or the outline does
        not fit.

    Examples
    --------
    >>> from spinlearn import Mesh
    >>> from spinlearn.magnetics import two_domain_state
    >>> mesh = Mesh((63, 8, 1), (2e-9, 2e-9, 1e-9))
    >>> up, down, along_y = (0.0, 0.0, 1.0), (0.0, 0.0, -1.0), (0.0, 1.0, 0.0)
    >>> m = two_domain_state(mesh, left=up, wall=along_y, right=down, wall_width=6e-9)
    >>> [round(m[i, x, 0, 0].item(), 3) + 0.0 for i, x in ((2, 0), (1, 31), (2, 62))]
    [1.0, 1.0, -1.0]
    """
    before, inside, behind = (
        as_unit_vector(v, field).reshape(3, 1, 1, 1)
        for v, field in ((left, "left"), (wall, "wall"), (right, "right"))
    )
    angle = as_number(direction, "direction", "rad")
    if position is None:
        x, y = middle_of(mesh)
        q = jnp.cos(angle) * x + jnp.sin(angle) * y
    else:
        q = as_number(position, "position", "m")
    past, across = wall_profile(
        (distance_along(angle, mesh) - q) / as_length(wall_width, "wall_width")
    )
    past, across = past[None], across[None]
    m = 0.5 * ((1 - past) * before + (1 + past) * behind) + across * inside
    length = jnp.sqrt(dot(m, m))
    require(
        length > 1e-3,
        "wall",
        wall,
        "a direction that leads from left to right",
        "Choose one at right angles to the domains.",
        depends_on=(length,),
    )
    x, y, z = m / length[None]
    return on_cells((x, y, z), mesh, outline)
