"""Letters and digits of 5×7 dots."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from spinlearn.errors import SpinlearnValueError

Array = jax.Array

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_DIGITS = "0123456789"

_FONT = """
A      B      C      D      E      F
.###.  ####.  .###.  ###..  #####  #####
#...#  #...#  #...#  #..#.  #....  #....
#...#  #...#  #....  #...#  #....  #....
#####  ####.  #....  #...#  ####.  ####.
#...#  #...#  #....  #...#  #....  #....
#...#  #...#  #...#  #..#.  #....  #....
#...#  ####.  .###.  ###..  #####  #....

G      H      I      J      K      L
.###.  #...#  .###.  ..###  #...#  #....
#...#  #...#  ..#..  ...#.  #..#.  #....
#....  #...#  ..#..  ...#.  #.#..  #....
#.###  #####  ..#..  ...#.  ##...  #....
#...#  #...#  ..#..  ...#.  #.#..  #....
#...#  #...#  ..#..  #..#.  #..#.  #....
.####  #...#  .###.  .##..  #...#  #####

M      N      O      P      Q      R
#...#  #...#  .###.  ####.  .###.  ####.
##.##  #...#  #...#  #...#  #...#  #...#
#.#.#  ##..#  #...#  #...#  #...#  #...#
#.#.#  #.#.#  #...#  ####.  #...#  ####.
#...#  #..##  #...#  #....  #.#.#  #.#..
#...#  #...#  #...#  #....  #..#.  #..#.
#...#  #...#  .###.  #....  .##.#  #...#

S      T      U      V      W      X
.####  #####  #...#  #...#  #...#  #...#
#....  ..#..  #...#  #...#  #...#  #...#
#....  ..#..  #...#  #...#  #...#  .#.#.
.###.  ..#..  #...#  #...#  #.#.#  ..#..
....#  ..#..  #...#  #...#  #.#.#  .#.#.
....#  ..#..  #...#  .#.#.  #.#.#  #...#
####.  ..#..  .###.  ..#..  .#.#.  #...#

Y      Z      0      1      2      3
#...#  #####  .###.  ..#..  .###.  #####
#...#  ....#  #...#  .##..  #...#  ...#.
#...#  ...#.  #..##  ..#..  ....#  ..#..
.#.#.  ..#..  #.#.#  ..#..  ...#.  ...#.
..#..  .#...  ##..#  ..#..  ..#..  ....#
..#..  #....  #...#  ..#..  .#...  #...#
..#..  #####  .###.  .###.  #####  .###.

4      5      6      7      8      9
...#.  #####  ..##.  #####  .###.  .###.
..##.  #....  .#...  ....#  #...#  #...#
.#.#.  ####.  #....  ...#.  #...#  #...#
#..#.  ....#  ####.  ..#..  .###.  .####
#####  ....#  #...#  .#...  #...#  ....#
...#.  #...#  #...#  .#...  #...#  ...#.
...#.  .###.  .###.  .#...  .###.  .##..
"""


def letters(which: str = _LETTERS) -> Float[Array, "p 35"]:
    """Capital letters of 5×7 dots, as patterns.

    Parameters
    ----------
    which
        The letters, A to Z, in the order of the patterns.

    Returns
    -------
    Array
        Patterns, ``(p, 35)``, 1 where there is ink and −1 elsewhere (no unit): seven rows of five
        dots, from the top. The mean overlap of two of them is 0.24, the largest 0.83 (C and O).

    Raises
    ------
    SpinlearnValueError
        If there is no letter, or one that is not from A to Z.

    Examples
    --------
    >>> for row in letters("L").reshape(7, 5):
    ...     print("".join("#" if dot > 0 else "." for dot in row))
    #....
    #....
    #....
    #....
    #....
    #....
    #####
    """
    return _patterns(which, _LETTERS)


def digits(which: str = _DIGITS) -> Float[Array, "p 35"]:
    """Digits of 5×7 dots, as patterns.

    Parameters
    ----------
    which
        The digits, 0 to 9, in the order of the patterns.

    Returns
    -------
    Array
        Patterns, ``(p, 35)``, 1 where there is ink and −1 elsewhere (no unit): seven rows of five
        dots, from the top.

    Raises
    ------
    SpinlearnValueError
        If there is no digit, or one that is not from 0 to 9.

    Examples
    --------
    >>> digits().shape, digits("1").reshape(7, 5)[0].tolist()
    ((10, 35), [-1.0, -1.0, 1.0, -1.0, -1.0])
    """
    return _patterns(which, _DIGITS)


def characters(which: str = _LETTERS + _DIGITS) -> Float[Array, "p 35"]:
    """Capital letters and digits of 5×7 dots, as patterns.

    Parameters
    ----------
    which
        The characters, A to Z and 0 to 9, in the order of the patterns.

    Returns
    -------
    Array
        Patterns, ``(p, 35)``, 1 where there is ink and −1 elsewhere (no unit), as of `letters`.

    Raises
    ------
    SpinlearnValueError
        If there is no character, or one that is neither from A to Z nor from 0 to 9.

    Examples
    --------
    >>> bool((characters("L7")[1] == digits("7")[0]).all())
    True
    """
    return _patterns(which, _LETTERS + _DIGITS)


def _patterns(which: Any, known: str) -> Array:
    if not isinstance(which, str) or not which or not set(which) <= set(known):
        kinds = [k for k in (_LETTERS, _DIGITS) if k in known]
        allowed = "characters " + " and ".join(f"{k[0]} to {k[-1]}" for k in kinds)
        raise SpinlearnValueError("which", repr(which), allowed, "Name them in a string.")
    glyphs = _read_font()
    return jnp.asarray(np.stack([glyphs[name] for name in which]), jnp.result_type(float))


def _read_font() -> dict[str, np.ndarray]:
    """Numbers ±1, ``(35,)``, of every character: a line of names, seven of dots, an empty one."""
    glyphs: dict[str, np.ndarray] = {}
    for band in _FONT.strip().split("\n\n"):
        names, *rows = (line.split() for line in band.splitlines())
        for place, name in enumerate(names):
            dots = "".join(row[place] for row in rows)
            glyphs[name] = np.array([1 if dot == "#" else -1 for dot in dots])
    return glyphs
