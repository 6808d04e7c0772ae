"""Stores that were cut, changed or made by somebody else: clean errors."""

from __future__ import annotations

import json
import shutil
import warnings
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest
import zarr
from numcodecs import Zstd

from spinlearn.errors import SpinlearnError
from spinlearn.runs import Result, StoreError, resume, run
from spinlearn.runs.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from spinlearn.runs.store import check_texts
from tests.runs.small import small_spec
from tests.runs.test_runs import StopAfter

pytestmark = pytest.mark.once


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("store") / "run"
    run(small_spec(), path)
    return path


@pytest.fixture
def copy(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "copy"))


@pytest.fixture
def half(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Path:
    path = tmp_path / "half"
    run(small_spec(), path, stop=StopAfter(2))
    return path


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no such folder"):
        Result(tmp_path / "nowhere")


@pytest.mark.parametrize("content", [None, "file", "zarr"])
def test_foreign_folder(content: str | None, tmp_path: Path) -> None:
    path = tmp_path / "foreign"
    if content == "file":
        path.write_text("x")
    else:
        path.mkdir()
        if content == "zarr":
            (path / "zarr.json").write_text('{"zarr_format": 3, "node_type": "group"}')
    with pytest.raises(StoreError, match="spinlearn run"):
        resume(path)


@pytest.mark.parametrize(
    "text", ["", "\x00\x01", "experiment = 3", 'experiment = "magnetoresistance"\nseed = "a"']
)
def test_changed_specification(text: str, copy: Path) -> None:
    (copy / "spec.toml").write_text(text)
    with pytest.raises(StoreError, match="specification was changed"):
        Result(copy)


def test_specification_of_another_run(copy: Path) -> None:
    text = (copy / "spec.toml").read_text().replace("seed = 0", "seed = 1")
    (copy / "spec.toml").write_text(text)
    with pytest.raises(StoreError, match="another run"):
        _ = Result(copy).dataset


@pytest.mark.parametrize("file", ["zarr.json", "energy/zarr.json", "conductance/c/0/0/0"])
@pytest.mark.parametrize("damage", ["cut", "noise", "empty"])
def test_damaged_results(file: str, damage: str, copy: Path) -> None:
    path = copy / "data.zarr" / file
    content = path.read_bytes()
    damaged = {"cut": content[: len(content) // 2], "noise": b"\xff" * len(content), "empty": b""}
    path.write_bytes(damaged[damage])
    with pytest.raises(StoreError, match="compute it anew"):
        _ = Result(copy).dataset


@pytest.mark.parametrize("text", ["", "{", "[]", "3", "\x00"])
def test_damaged_provenance(text: str, copy: Path) -> None:
    (copy / "provenance.json").write_text(text)
    with pytest.raises(StoreError, match=r"provenance\.json"):
        resume(copy)


@pytest.mark.parametrize("damage", ["variable gone", "noise", "cut chunk", "sessions"])
def test_damaged_while_stopped(damage: str, half: Path) -> None:
    if damage == "variable gone":
        shutil.rmtree(half / "data.zarr" / "energy")
    elif damage == "noise":
        (half / "data.zarr" / "energy" / "zarr.json").write_bytes(b"\xff" * 50)
    elif damage == "cut chunk":
        chunk = half / "data.zarr" / "conductance" / "c" / "0" / "0" / "0"
        chunk.write_bytes(chunk.read_bytes()[:20])
    else:
        (half / "provenance.json").write_text('{"sessions": 5}')
    with pytest.raises(StoreError, match=r"compute it anew|provenance\.json"):
        resume(half)


def test_results_removed_are_computed_again(half: Path, whole: Path) -> None:
    shutil.rmtree(half / "data.zarr")
    shutil.rmtree(half / "checkpoint")
    resume(half)
    np.testing.assert_array_equal(
        Result(half).dataset["conductance"], Result(whole).dataset["conductance"]
    )


def test_results_removed_but_not_the_checkpoint(half: Path) -> None:
    """The checkpoint says two segments are done, but their rows are gone."""
    shutil.rmtree(half / "data.zarr")
    resume(half)
    assert np.isfinite(Result(half).dataset["energy"].values).all()


@pytest.mark.parametrize("damage", ["cut", "noise", "empty", "zip of something"])
def test_damaged_checkpoints_are_said_to_be_so(damage: str, half: Path) -> None:
    for path in (half / "checkpoint").iterdir():
        content = path.read_bytes()
        if damage == "zip of something":
            np.savez(path, a=np.zeros(3))
        else:
            path.write_bytes(
                {"cut": content[: len(content) // 2], "noise": b"\xff" * 100, "empty": b""}[damage]
            )
    with pytest.raises(StoreError, match="no checkpoint of this run that is whole"):
        resume(half)
    shutil.rmtree(half / "checkpoint")
    assert resume(half).status == "finished"


def test_flipped_bit_in_a_checkpoint_is_found(tmp_path: Path) -> None:
    state = {"m": jnp.arange(1000.0)}
    write_checkpoint(tmp_path, Checkpoint(1, state, 0.5), "abc")
    path = next(tmp_path.iterdir())
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(StoreError, match="whole"):
        read_checkpoint(tmp_path, state, "abc")


def test_checkpoint_before_is_taken_when_the_last_is_spoilt(tmp_path: Path) -> None:
    state = {"m": jnp.arange(10.0), "n": jnp.asarray(3)}
    for k in (1, 2, 3):
        write_checkpoint(tmp_path, Checkpoint(k, state, 0.5), "abc")
    newest = max(tmp_path.iterdir())
    newest.write_bytes(b"")
    found = read_checkpoint(tmp_path, state, "abc")
    assert found is not None
    assert found.segments == 2
    np.testing.assert_array_equal(found.state["m"], state["m"])


def test_checkpoint_of_another_run_or_shape(tmp_path: Path) -> None:
    state = {"m": jnp.arange(10.0)}
    write_checkpoint(tmp_path, Checkpoint(1, state, 0.5), "abc")
    with pytest.raises(StoreError, match="belongs to run abc"):
        read_checkpoint(tmp_path, state, "abd")
    with pytest.raises(StoreError, match=r"\(10,\)"):
        read_checkpoint(tmp_path, {"m": jnp.arange(11.0)}, "abc")


@pytest.mark.parametrize(
    "header", [b"3", b"null", b'"text"', b'{"run": "abc", "segments": [1], "seconds": 1}']
)
def test_headers_of_checkpoints_that_were_changed(header: bytes, tmp_path: Path) -> None:
    state = np.zeros(1)
    np.savez(tmp_path / "00000001.npz", header=np.frombuffer(header, np.uint8), leaf0=state)
    with pytest.raises(StoreError, match="no checkpoint of this run that is whole"):
        read_checkpoint(tmp_path, jnp.zeros(1), "abc")


def test_a_checkpoint_under_another_name(tmp_path: Path) -> None:
    write_checkpoint(tmp_path, Checkpoint(2, jnp.zeros(1), 0.5), "abc")
    (tmp_path / "00000002.npz").rename(tmp_path / "00000009.npz")
    with pytest.raises(StoreError, match="holds 2 segments"):
        read_checkpoint(tmp_path, jnp.zeros(1), "abc")


@pytest.mark.parametrize("content", [[1], "text", [{"name": "x"}], {"a": 1}])
@pytest.mark.parametrize("part", ["claims", "totals"])
def test_headline_numbers_that_were_changed(part: str, content: object, copy: Path) -> None:
    path = copy / "data.zarr" / "zarr.json"
    group = json.loads(path.read_text())
    group["attributes"][part] = content
    path.write_text(json.dumps(group))
    result = Result(copy)
    with pytest.raises(StoreError, match="headline numbers"):
        _ = result.claims if part == "claims" else result.totals


@pytest.mark.parametrize("spec", [3, None, [], "text"])
def test_a_recorded_specification_that_is_none(spec: object, copy: Path) -> None:
    path = copy / "data.zarr" / "zarr.json"
    group = json.loads(path.read_text())
    group["attributes"]["spec"] = json.dumps(spec)
    path.write_text(json.dumps(group))
    with pytest.raises(StoreError, match="results of another run"):
        _ = Result(copy).dataset


def test_texts_that_claim_to_be_many_take_no_memory(tmp_path: Path) -> None:
    group = zarr.create_group(tmp_path / "group")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # text is an extension of the format
        names = group.create_array("names", shape=(3,), dtype="str")
    names[:] = np.array(["a", "b", "c"], object)
    check_texts(tmp_path / "group")
    chunk = tmp_path / "group" / "names" / "c" / "0"
    content = bytes(Zstd().decode(chunk.read_bytes()))
    assert content[:4] == (3).to_bytes(4, "little")
    chunk.write_bytes(Zstd().encode(b"\xff\xff\xff\x7f" + content[4:]))
    with pytest.raises(ValueError, match="names: 2147483647 texts in a chunk of 3"):
        check_texts(tmp_path / "group")


def test_a_result_looks_at_its_texts(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> None:
        raise ValueError("too many texts")

    monkeypatch.setattr("spinlearn.runs.result.check_texts", refuse)
    with pytest.raises(StoreError, match="too many texts"):
        _ = Result(copy).dataset


def test_checkpoints_hold_no_pickle(tmp_path: Path) -> None:
    np.savez(tmp_path / "00000001.npz", header=np.array([{"run": "abc"}], dtype=object))
    with pytest.raises(StoreError, match="whole"):
        read_checkpoint(tmp_path, jnp.zeros(1), "abc")


def test_errors_are_of_one_family() -> None:
    assert issubclass(StoreError, SpinlearnError)


def test_provenance_is_json_with_nothing_private(whole: Path) -> None:
    record = json.loads((whole / "provenance.json").read_text())
    assert set(record) == {"status", "hash", "versions", "sessions", "wall_time", "finished"}
    assert str(Path.home()) not in json.dumps(record)
