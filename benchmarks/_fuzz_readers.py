"""Every reader of files with whole files to damage: made by the package's writers where it has one.

A reader here is a pair: a folder is filled once with whole files, then every case damages one of
them and reads it, as a user's call or command would.
"""

from __future__ import annotations

import gzip
import io
import json
import shutil
import struct
import tomllib
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._mutations import Rng, damaged

# Members of the gzip bomb: 16 MiB of zeros each, more than a reader may take into memory.
_BOMB_MEMBERS = 160


class Reader(ABC):
    """Whole files, and what reads a damaged one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.target = folder / "target"
        self.target.mkdir()

    @abstractmethod
    def case(self, rng: Rng) -> None:
        """Damage a file and read it; anything unexpected is raised."""


class Files(Reader):
    """A reader of single files."""

    endings: tuple[str, ...] = ("",)

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.seeds = self.whole()

    @abstractmethod
    def whole(self) -> list[bytes]:
        """Contents of whole files."""

    @abstractmethod
    def read(self, path: Path, rng: Rng) -> None:
        """Read the file."""

    def damage(self, rng: Rng, content: bytes) -> bytes:
        return damaged(rng, content, self.seeds)

    def case(self, rng: Rng) -> None:
        content = self.damage(rng, self.seeds[int(rng.integers(len(self.seeds)))])
        path = self.target / f"file{self.endings[int(rng.integers(len(self.endings)))]}"
        path.write_bytes(content)
        try:
            self.read(path, rng)
        finally:
            path.unlink()


class Toml(Files):
    """Specifications; one that is accepted must survive being written and read again."""

    endings = (".toml",)

    def whole(self) -> list[bytes]:
        from spinlearn.experiments.specs import preset_names, preset_text
        from spinlearn.runs import read_spec, spec_toml

        names = preset_names()
        return [preset_text(n).encode() for n in names] + [
            spec_toml(read_spec(n)).encode() for n in names
        ]

    def read(self, path: Path, rng: Rng) -> None:
        from spinlearn.runs import make_spec, read_spec, spec_hash, spec_rows, spec_toml

        del rng
        spec = read_spec(path)
        text = spec_toml(spec)
        again = make_spec(tomllib.loads(text))
        if again != spec or spec_hash(again) != spec_hash(spec):
            raise AssertionError("a specification that does not survive being written and read")
        spec_rows(spec)


class Ovf(Files):
    """Magnetizations in all representations, and OVF 1.0."""

    endings = (".ovf",)

    def whole(self) -> list[bytes]:
        from spinlearn import Mesh
        from spinlearn.magnetics import write_ovf

        rng, seeds = np.random.default_rng(0), []
        path = self.folder / "whole.ovf"
        for shape in ((4, 3, 1), (2, 2, 2), (1, 1, 1)):
            mesh = Mesh(shape, (4e-9, 4e-9, 1e-9))
            for kind in ("binary4", "binary8", "text"):
                values = rng.normal(size=(3, *shape))
                write_ovf(path, values, mesh, units="A/m", time=1e-9, representation=kind)
                seeds.append(path.read_bytes())
        older = {
            "OVF 2.0": "rectangular mesh v1.0",
            "OOMMF OVF": "OOMMF:",
            "valuedim: 3": "valuemultiplier: 2.0",
            "valueunits": "valueunit",
        }
        text = seeds[2].decode()
        for old, new in older.items():
            text = text.replace(old, new)
        text = text.replace("# OOMMF: 2.0", "# OOMMF: rectangular mesh v1.0")
        return [*seeds, text.encode()]

    def read(self, path: Path, rng: Rng) -> None:
        from spinlearn.magnetics import read_ovf, unit_vectors

        del rng
        state = read_ovf(path)
        if state.values.shape[1:] != tuple(state.mesh.shape):
            raise AssertionError(f"values {state.values.shape} on a mesh {state.mesh.shape}")
        if not all(np.isfinite((*state.mesh.cell, *state.origin))):
            raise AssertionError("a mesh that is not finite")
        unit_vectors(state)


class Counts(Files):
    """Counts of switching; now and then they are fitted as well."""

    endings = (".csv",)

    def whole(self) -> list[bytes]:
        header = "voltage,pulse_length,switched,trials"
        rows = [(0.40 + 0.02 * k, 1e-8 * (1 + k % 2), 3 + 11 * k, 200) for k in range(16)]
        plain = "\n".join([header, *(",".join(map(str, row)) for row in rows)]) + "\n"
        units = (
            "# of the lab\nvoltage (mV);pulse_length (ns);junction;switched;trials\n"
            "400;10;A;12;100\n450;10;A;47;100\n"
        )
        tabs = (
            'trials\tswitched\t"voltage"\tpulse_length_ns\n100\t12\t-0.4\t10\n100\t47\t-0.45\t10\n'
        )
        return [plain.encode(), units.encode(), tabs.encode()]

    def read(self, path: Path, rng: Rng) -> None:
        from spinlearn.junctions import fit_switching, read_switching

        table = read_switching(path)
        if not all(np.isfinite(np.asarray(column)).all() for column in table):
            raise AssertionError("counts that are not finite")
        if rng.random() < 0.02:
            fit_switching(table, "brown")


class _Trace(Files):
    """Recordings, in one file or in two chunks."""

    def read(self, path: Path, rng: Rng) -> None:
        from spinlearn.junctions import MeasuredNoise

        time = None if rng.random() < 0.5 else 1e-6
        options: dict[str, Any] = {} if rng.random() < 0.7 else {"time_column": None}
        noise = MeasuredNoise(path, sample_time=time, **options)
        if not np.isfinite((noise.mean, noise.standard_deviation, *noise.span)).all():
            raise AssertionError("a recording that is not finite")
        if len(noise.read(0, 5)) != 5 or not np.isfinite(noise.read(noise.samples - 1, 3)).all():
            raise AssertionError("samples that are not there")


class Csv(_Trace):
    """Recordings in CSV."""

    endings = (".csv", ".csv", ".CSV")

    def whole(self) -> list[bytes]:
        volts = np.random.default_rng(0).normal(0.04, 0.01, 40)
        return [
            ("V\n" + "".join(f"{v:.6f}\n" for v in volts)).encode(),
            ("t,V\n" + "".join(f"{1e-6 * k:.7g},{v:.6f}\n" for k, v in enumerate(volts))).encode(),
            (
                '"time (us)";"voltage [mV]";note\r\n'
                + "".join(f'{k};{1e3 * v:.3f};"a ""b"""\r\n' for k, v in enumerate(volts))
            ).encode(),
        ]


class Parquet(_Trace):
    """Recordings in Parquet."""

    endings = (".parquet", ".pq")

    def whole(self) -> list[bytes]:
        import pyarrow
        import pyarrow.parquet

        volts = np.random.default_rng(0).normal(0.04, 0.01, 200)
        tables: list[tuple[dict[str, Any], dict[str, Any]]] = [
            ({"V": volts}, {"compression": "none", "use_dictionary": False}),
            ({"t": 1e-6 * np.arange(200), "V": volts.astype(np.float32)}, {"row_group_size": 64}),
            ({"V (mV)": (1e3 * volts).astype(np.int16)}, {"compression": "gzip"}),
            ({"V": volts, "note": ["a"] * 200}, {"write_page_checksum": True}),
            ({"V": volts}, {"compression": "zstd", "data_page_version": "2.0"}),
        ]
        seeds = []
        for columns, options in tables:
            path = self.folder / "whole.parquet"
            pyarrow.parquet.write_table(pyarrow.table(columns), path, **options)
            seeds.append(path.read_bytes())
        return seeds

    def damage(self, rng: Rng, content: bytes) -> bytes:
        # Parquet's header is a footer: half of the damage goes there, its ends left alone.
        if rng.random() < 0.5:
            length = int.from_bytes(content[-8:-4], "little")
            footer = damaged(rng, content[-8 - length : -8])
            size = len(footer) if rng.random() < 0.9 else length
            return content[: -8 - length] + footer + struct.pack("<I", size) + b"PAR1"
        return super().damage(rng, content)


class Idx(Reader):
    """Images and labels, plain and gzipped, one file or a folder of four."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        rng = np.random.default_rng(0)
        codes = {"u1": 8, "i1": 9, ">i2": 11, ">i4": 12, ">f4": 13, ">f8": 14}

        def idx(array: np.ndarray, kind: str = "u1") -> bytes:
            sizes = struct.pack(f">{array.ndim}I", *array.shape)
            return bytes([0, 0, codes[kind], array.ndim]) + sizes + array.astype(kind).tobytes()

        self.parts = {
            "train-images-idx3-ubyte": idx(rng.integers(0, 256, (7, 4, 4))),
            "train-labels-idx1-ubyte": idx(rng.integers(0, 10, 7)),
            "t10k-images-idx3-ubyte": idx(rng.integers(0, 256, (3, 4, 4))),
            "t10k-labels-idx1-ubyte": idx(rng.integers(0, 10, 3)),
        }
        others = [idx(rng.integers(0, 99, (2, 3)), kind) for kind in codes]
        self.seeds = [*self.parts.values(), *others]
        self.bomb = gzip.compress(bytes(1 << 24)) * _BOMB_MEMBERS

    def _content(self, rng: Rng, whole: bytes) -> bytes:
        chance = rng.random()
        if chance < 0.5:
            return damaged(rng, whole, self.seeds)
        if chance < 0.75:
            return gzip.compress(damaged(rng, whole, self.seeds), 1)
        if chance < 0.998:
            return damaged(rng, gzip.compress(whole, 1))
        # Its header is left whole: a file that unpacks to what its header says is only large.
        return gzip.compress(whole) + self.bomb

    def case(self, rng: Rng) -> None:
        from spinlearn.datasets import read_idx, read_images

        if rng.random() < 0.5:
            path = self.target / "file"
            path.write_bytes(self._content(rng, self.seeds[int(rng.integers(len(self.seeds)))]))
            read_idx(path, dimensions=(None, 1, 3)[int(rng.integers(3))])
            return
        struck = int(rng.integers(4))
        for k, (name, content) in enumerate(self.parts.items()):
            new = self._content(rng, content) if k == struck else content
            (self.target / name).write_bytes(new)
        images = read_images(self.target)
        if len(images.train) != len(images.train_labels):
            raise AssertionError("images without labels")


class Zarr(Reader):
    """Stored runs, finished and stopped: opened, exported, shown and resumed."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        import jax

        from benchmarks import _walk
        from spinlearn.runs import run

        _walk.register()
        precision = "float64" if jax.config.read("jax_enable_x64") else "float32"
        walk: dict[str, Any] = {"experiment": "walk", "precision": precision}
        film: dict[str, Any] = {
            "experiment": "magnetoresistance",
            "precision": precision,
            "film": {"length": 64e-9, "width": 64e-9, "grain_size": 16e-9},
            "loop": {"points": 3, "largest": 8e4},
            "relax": {"tolerance": 1e-3},
        }
        self.runs = []
        for table in (walk, film):
            for stopped in (False, True):
                path = folder / f"{table['experiment']}-{'stopped' if stopped else 'finished'}"
                run(table, path, stop=StopAfter(2) if stopped else None)
                self.runs.append(path)
        self.count = 0

    def case(self, rng: Rng) -> None:
        # A run of the walk is resumed, which costs nothing; one of the film is looked at alone.
        whole = self.runs[int(rng.choice(4, p=[0.3, 0.4, 0.15, 0.15]))]
        self.count += 1
        path = self.target / f"run{self.count}"
        shutil.copytree(whole, path)
        try:
            for _ in range(int(rng.integers(1, 3))):
                _strike(rng, path)
            self._read(rng, path, whole.name.startswith("walk"))
        finally:
            shutil.rmtree(path)

    def _read(self, rng: Rng, path: Path, resumable: bool) -> None:
        from spinlearn.errors import SpinlearnError
        from spinlearn.report import write_report
        from spinlearn.report._view import view_run
        from spinlearn.runs import Result, resume

        actions = (
            lambda: Result(path).claims,
            lambda: (Result(path).totals, Result(path).status, Result(path).hash),
            lambda: view_run(path),
            lambda: Result(path).export(path / "csv"),
            lambda: resume(path, stop=StopAfter(3)) if resumable else None,
            lambda: write_report([path]) if rng.random() < 0.02 else None,
        )
        refused = None
        # What one of them refuses or repairs, the next one finds.
        for k in rng.permutation(len(actions))[:4]:
            try:
                actions[int(k)]()
            except (SpinlearnError, OSError) as error:
                refused = error
        if refused is not None:
            raise refused


class StopAfter:
    """Asked after every segment whether to stop: yes after so many."""

    def __init__(self, segments: int) -> None:
        self.left = segments

    def __call__(self) -> bool:
        self.left -= 1
        return self.left <= 0


def _strike(rng: Rng, run: Path) -> None:
    """Damage, remove, exchange or replace one of a run's files."""
    files = sorted(p for p in run.rglob("*") if p.is_file() and p.name != ".lock")
    if not files:
        return
    # Every kind of file alike: metadata are few, and say more than numbers do.
    kinds = sorted({_kind(p) for p in files})
    wanted = kinds[int(rng.integers(len(kinds)))]
    chosen = [p for p in files if _kind(p) == wanted]
    path = chosen[int(rng.integers(len(chosen)))]
    kind = rng.random()
    if kind < 0.5 and path.suffix in (".json", ".npz"):
        (_change_json if path.suffix == ".json" else _change_archive)(rng, path)
    elif kind < 0.85:
        path.write_bytes(damaged(rng, path.read_bytes()))
    elif kind < 0.90:
        path.unlink()
    elif kind < 0.94:
        path.write_bytes(files[int(rng.integers(len(files)))].read_bytes())
    elif kind < 0.97:
        path.unlink()
        path.mkdir()
    else:
        shutil.rmtree(path.parent) if path.parent != run else path.unlink()


def _kind(path: Path) -> str:
    return path.suffix + ("" if path.parent.name != "data.zarr" else ", of the group")


def _change_json(rng: Rng, path: Path) -> None:
    """JSON that is JSON still, with something else in one place."""
    try:
        content = json.loads(path.read_bytes())
    except ValueError:
        return
    path.write_text(json.dumps(_changed(rng, content)))


def _changed(rng: Rng, node: Any) -> Any:
    """A tree with one of its nodes replaced, removed or renamed."""
    if not isinstance(node, dict | list) or not node or rng.random() < 0.1:
        return _VALUES[int(rng.integers(len(_VALUES)))]
    keys = list(node) if isinstance(node, dict) else list(range(len(node)))
    key = keys[int(rng.integers(len(keys)))]
    chance = rng.random()
    if chance < 0.1:
        del node[key]
    elif chance < 0.15 and isinstance(node, dict):
        node[f"{key}x"] = node.pop(key)
    else:
        node[key] = _changed(rng, node[key])
    return node


def _change_archive(rng: Rng, path: Path) -> None:
    """A checkpoint whose checksums hold, with another header or other arrays."""
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as archive:
            parts = {name: archive[name] for name in archive.files}
    except Exception:
        return
    if rng.random() < 0.7 and "header" in parts:
        header = json.dumps(_changed(rng, json.loads(parts["header"].tobytes()))).encode()
        parts["header"] = np.frombuffer(header, np.uint8)
    else:
        name = list(parts)[int(rng.integers(len(parts)))]
        new = (np.zeros(0), np.ones(3, int), np.array("x"), np.full((2, 2), np.nan))
        parts[name] = new[int(rng.integers(len(new)))]
    with path.open("wb") as file:
        np.savez(file, **parts)  # pyright: ignore[reportArgumentType]


_VALUES: tuple[Any, ...] = (
    *(
        None,
        True,
        False,
        0,
        -1,
        1,
        3,
        2**31,
        2**63,
        2**64,
        10**30,
        0.5,
        -1e308,
        1e999,
        float("nan"),
    ),
    *("", "x", "nan", "0", "float64", "<f8", "<script>", "\u0000", "\ud800", "µ", "x" * 5000),
    *([], [[]], [None], [1, 2], ["x"], {}, {"x": 1}, {"value": None}, [{}], {"name": "bytes"}),
)


READERS: dict[str, type[Reader]] = {
    "toml": Toml,
    "ovf": Ovf,
    "counts": Counts,
    "csv": Csv,
    "parquet": Parquet,
    "idx": Idx,
    "zarr": Zarr,
}
