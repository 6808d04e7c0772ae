"""Checkpoints: the arrays of a state in one file, whole or absent, never pickled."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from spinlearn.runs._files import StoreError, write_file

# The one before is kept in case the disk spoils the last.
_KEPT = 2


class Checkpoint(NamedTuple):
    """A state after a number of segments (times in s).

    Parameters
    ----------
    segments
        Segments done (no unit).
    state
        Tree of arrays (SI units).
    seconds
        Wall time spent so far, s.

    Examples
    --------
    >>> Checkpoint(3, {"m": jnp.zeros(3)}, 1.5).segments
    3
    """

    segments: int
    state: Any
    seconds: float


def write_checkpoint(folder: Path, checkpoint: Checkpoint, run: str) -> None:
    """Write a checkpoint of the run with this hash, and remove all but the one before (no unit).

    Parameters
    ----------
    folder
        Where checkpoints go.
    checkpoint
        What to write.
    run
        Hash of the specification.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as name:
    ...     write_checkpoint(Path(name), Checkpoint(1, jnp.ones(2), 0.5), "abc")
    ...     read_checkpoint(Path(name), jnp.zeros(2), "abc").segments
    1
    """
    leaves = [np.asarray(leaf) for leaf in jax.tree.leaves(checkpoint.state)]
    header = {"run": run, "segments": checkpoint.segments, "seconds": checkpoint.seconds}
    arrays = {f"leaf{k}": leaf for k, leaf in enumerate(leaves)}
    text = np.frombuffer(json.dumps(header).encode(), np.uint8)
    folder.mkdir(exist_ok=True)
    write_file(
        folder / f"{checkpoint.segments:08d}.npz",
        lambda file: np.savez(file, header=text, **arrays),  # pyright: ignore[reportArgumentType]
    )
    for old in _files(folder)[_KEPT:]:
        old.unlink(missing_ok=True)


def read_checkpoint(folder: Path, like: Any, run: str) -> Checkpoint | None:
    """The newest checkpoint that is whole, or None where there is none (SI units).

    Parameters
    ----------
    folder
        Where checkpoints are.
    like
        A tree of arrays, or their shapes, with the structure of the state.
    run
        Hash of the specification that it must belong to.

    Raises
    ------
    StoreError
        If there are checkpoints, but none of this run that is whole.
    """
    troubles = []
    for path in _files(folder):
        try:
            return _read(path, like, run)
        except Exception as error:  # zipfile and numpy raise all kinds for what was changed
            troubles.append(f"{path.name}: {type(error).__name__}: {error}")
    if not troubles:
        return None
    raise StoreError(
        f"{folder}: no checkpoint of this run that is whole ({'; '.join(troubles)}). "
        "Remove the folder to start over; its results stay until they are written anew."
    )


def clear_checkpoints(folder: Path) -> None:
    """Remove all checkpoints, and what a kill left of one (no unit)."""
    if folder.exists():
        shutil.rmtree(folder)


def _files(folder: Path) -> list[Path]:
    """Checkpoints, the newest first."""
    return sorted(folder.glob("[0-9]*.npz"), reverse=True)


def _read(path: Path, like: Any, run: str) -> Checkpoint:
    # Read whole first: numpy checks each array's checksum when it is taken out of the archive.
    with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as archive:
        header = json.loads(archive["header"].tobytes())
        if header["run"] != run:
            raise ValueError(f"belongs to run {header['run']}, not to {run}")
        if header["segments"] != int(path.stem):
            raise ValueError(f"holds {header['segments']} segments, which is not its name")
        shapes, structure = jax.tree.flatten(like)
        leaves = [archive[f"leaf{k}"] for k in range(len(shapes))]
    for leaf, wanted in zip(leaves, shapes, strict=True):
        if leaf.shape != wanted.shape or leaf.dtype != wanted.dtype:
            raise ValueError(
                f"an array is {leaf.dtype}{leaf.shape}, not {wanted.dtype}{wanted.shape}"
            )
    state = jax.tree.unflatten(structure, [jnp.asarray(leaf) for leaf in leaves])
    return Checkpoint(int(header["segments"]), state, float(header["seconds"]))
