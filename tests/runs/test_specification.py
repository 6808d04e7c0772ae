"""Specifications: what is refused, and in which words."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinlearn import Mesh
from spinlearn.experiments.self_learning_film import four_contacts
from spinlearn.experiments.specs import EXPERIMENTS, preset_names
from spinlearn.experiments.specs._four_contacts import contact_problem
from spinlearn.experiments.specs.yu2021 import FourContactsTable
from spinlearn.runs import (
    SpecError,
    make_spec,
    parse_override,
    read_spec,
    spec_hash,
    spec_rows,
    spec_schema,
    spec_toml,
)

pytestmark = pytest.mark.once

NAME = "magnetoresistance"
HEAD = f'experiment = "{NAME}"\n'

# TOML, and what its error must name: the key, the value, what is allowed.
MALFORMED = {
    "empty": ("", ["empty", "experiment"]),
    "blank": ("\n\n   \n", ["empty"]),
    "comment": ("# nothing\n", ["empty"]),
    "no experiment": ("seed = 1\n", ["experiment", "missing", NAME]),
    "misspelt experiment key": (f'experimnt = "{NAME}"\n', ["experimnt", NAME]),
    "unknown experiment": ('experiment = "yu"\n', ["'yu'", NAME]),
    "near experiment": ('experiment = "magnetoresistence"\n', ["Did you mean", NAME]),
    "number as experiment": ("experiment = 3\n", ["experiment", "3", NAME]),
    "table as experiment": ("[experiment]\na = 1\n", ["experiment", NAME]),
    "no value": ("experiment =\n", ["not TOML", "line 1"]),
    "open string": ('experiment = "magneto\n', ["not TOML"]),
    "open table": (HEAD + "[film\n", ["not TOML", "line 2"]),
    "twice": (HEAD + HEAD, ["not TOML"]),
    "json": (json.dumps({"experiment": NAME}), ["not TOML"]),
    "yaml": (f"experiment: {NAME}\n", ["not TOML"]),
    "unknown key": (HEAD + "sed = 1\n", ["sed = 1", "no such key", "Did you mean 'seed'"]),
    "unknown table": (HEAD + "[films]\nlength = 1e-7\n", ["films", "Did you mean 'film'"]),
    "unknown key in table": (
        HEAD + "[film]\nlenght = 1e-7\n",
        ["film.lenght = 1e-07", "Did you mean 'length'"],
    ),
    "foreign key": (HEAD + "[film]\nzzz = 1\n", ["film.zzz", "Remove it"]),
    "key at top": (HEAD + "length = 1e-7\n", ["length", "no such key"]),
    "table as value": (HEAD + "[film.length]\na = 1\n", ["film.length", "from 8e-09"]),
    "value as table": (HEAD + "film = 3\n", ["film = 3", "a table with length"]),
    "list as table": (HEAD + "film = [1, 2]\n", ["film = [1, 2]", "a table"]),
    "array of tables": (HEAD + "[[film]]\nlength = 1e-7\n", ["film", "a table"]),
    "text as number": (
        HEAD + '[film]\nlength = "512e-9"\n',
        ["film.length = '512e-9'", "without quotes"],
    ),
    "text with unit": (HEAD + '[film]\nlength = "512 nm"\n', ["film.length", "m"]),
    "boolean as number": (HEAD + "[film]\nlength = true\n", ["film.length = True", "8e-09"]),
    "boolean as count": (HEAD + "[contacts]\ncount = true\n", ["contacts.count = True", "2 to"]),
    "date as number": (HEAD + "[film]\nlength = 2026-01-01\n", ["film.length", "8e-09"]),
    "list as number": (HEAD + "[film]\nlength = [1e-7]\n", ["film.length = [1e-07]"]),
    "nanometres": (
        HEAD + "[film]\nlength = 512.0\n",
        ["film.length = 512.0", "8e-09 to 0.0001 m", "5.12e-07"],
    ),
    "nanometres as whole number": (HEAD + "[film]\nlength = 512\n", ["film.length", "5.12e-07"]),
    "a slip of 1e9 down": (HEAD + "[film]\nlength = 512e-18\n", ["film.length", "5.12e-07"]),
    "thickness in nm": (HEAD + "[film]\nthickness = 10\n", ["film.thickness = 10", "1e-08"]),
    "cell in nm": (HEAD + "[film]\ncell = 4\n", ["film.cell = 4", "4e-09"]),
    "Ms in MA/m": (
        HEAD + "[film]\nsaturation_magnetization = 0.8\n",
        ["film.saturation_magnetization = 0.8", "A/m", "800000"],
    ),
    "A in pJ/m": (HEAD + "[film]\nexchange = 13.0\n", ["film.exchange = 13.0", "1e-14"]),
    "conductivity in MS/m": (HEAD + "[film]\nconductivity = 3.2\n", ["film.conductivity", "S/m"]),
    "K in MJ/m³ slip": (HEAD + "[film]\nanisotropy = 5e12\n", ["film.anisotropy", "J/m³", "5000"]),
    "DMI in mJ/m²": (HEAD + "[film]\ninterfacial_dmi = 3.0\n", ["film.interfacial_dmi", "0.003"]),
    "AMR in per cent": (HEAD + "[film]\namr_ratio = 25\n", ["film.amr_ratio = 25", "-0.5 to 1"]),
    "field in mT slip": (HEAD + "[loop]\nlargest = 1e15\n", ["loop.largest", "A/m"]),
    "negative length": (HEAD + "[film]\nlength = -5e-7\n", ["film.length = -5e-07", "8e-09"]),
    "negative cell": (HEAD + "[film]\ncell = -4e-9\n", ["film.cell = -4e-09"]),
    "zero thickness": (HEAD + "[film]\nthickness = 0\n", ["film.thickness = 0", "2e-10"]),
    "negative exchange": (HEAD + "[film]\nexchange = -1e-11\n", ["film.exchange"]),
    "length of 400 digits": (HEAD + f"[film]\nlength = 1{'0' * 400}\n", ["film.length = 1000"]),
    "seed of 5001 digits": (HEAD + f"seed = 1{'0' * 5000}\n", ["not TOML", "digits", "shorter"]),
    "seed of 5000 hexadecimal digits": (
        HEAD + f"seed = 0x1{'0' * 5000}\n",
        ["seed = a number of thousands of digits", "from 0"],
    ),
    "degrees": (
        HEAD + "[loop]\nangle = 45\n",
        ["loop.angle = 45", "Angles are in rad: for 45° write 0.785398"],
    ),
    "not a number": (HEAD + "[film]\nlength = nan\n", ["film.length = nan"]),
    "infinite": (HEAD + "[film]\nlength = inf\n", ["film.length = inf", "8e-09"]),
    "negative seed": (HEAD + "seed = -1\n", ["seed = -1", "from 0"]),
    "seed too large": (HEAD + f"seed = {2**63}\n", ["seed", "from 0"]),
    "seed as text": (HEAD + 'seed = "1"\n', ["seed = '1'", "without quotes"]),
    "seed as fraction": (HEAD + "seed = 1.5\n", ["seed = 1.5", "whole number"]),
    "precision": (HEAD + 'precision = "double"\n', ["precision = 'double'", "float64"]),
    "precision as number": (HEAD + "precision = 64\n", ["precision = 64", "float64"]),
    "label too long": (HEAD + f'label = "{"x" * 300}"\n', ["label", "200"]),
    "label as number": (HEAD + "label = 3\n", ["label = 3", "string"]),
    "one contact": (HEAD + "[contacts]\ncount = 1\n", ["contacts.count = 1", "2 to 256"]),
    "contacts as fraction": (HEAD + "[contacts]\ncount = 4.5\n", ["contacts.count = 4.5"]),
    "coverage": (HEAD + "[contacts]\ncoverage = 40\n", ["contacts.coverage = 40", "0.01 to 0.99"]),
    "one point": (HEAD + "[loop]\npoints = 1\n", ["loop.points = 1", "2 to"]),
    "start": (HEAD + '[relax]\nstart = "vortx"\n', ["relax.start = 'vortx'", "vortex"]),
    "tolerance": (HEAD + "[relax]\ntolerance = 0\n", ["relax.tolerance = 0"]),
    "too many cells": (
        HEAD + "[film]\nlength = 1e-4\nwidth = 1e-4\n",
        ["film.cell", "cells", "16 million"],
    ),
    "grains below a cell": (
        HEAD + "[film]\ncell = 20e-9\ngrain_size = 5e-9\n",
        ["film.grain_size = 5e-09", "2e-08"],
    ),
}

FILM = 'experiment = "yu2021"\n'
MALFORMED |= {
    "pads that overlap in the centre": (
        FILM + '[contacts]\nlayout = "centre"\nsize = 0.6\n',
        ["contacts.size = 0.6", "at most 0.435", "'centre' and 96 cells", "smaller"],
    ),
    "pads that overlap at the corners": (
        FILM + '[contacts]\nlayout = "corner"\nsize = 0.6\n',
        ["contacts.size = 0.6", "at most 0.494", "'corner' and 96 cells", "smaller"],
    ),
    "edge contacts on two cells": (
        FILM + '[film]\nlength = 120e-9\ncell = 60e-9\n[contacts]\nlayout = "edge"\nsize = 0.5\n',
        ["contacts.size = 0.5", "at most 0.204", "'edge' and 2 cells"],
    ),
    "arcs that touch": (
        FILM + "[film]\nlength = 240e-9\n[contacts]\narc = 1.0\n",
        ["contacts.arc = 1 rad", "at most 0.954 rad", "16 cells", "smaller"],
    ),
    "arcs without a cell": (
        FILM + "[film]\nlength = 90e-9\ncell = 30e-9\n",
        ["film.cell = 3e-08 m", "at most 6e-09 m", "hold no cell", "contacts.arc larger"],
    ),
    "a pad without a cell": (
        FILM + '[film]\nlength = 480e-9\n[contacts]\nlayout = "centre"\nsize = 0.03\n',
        ["film.cell = 1.5e-08 m", "at most", "hold no cell", "contacts.size larger"],
    ),
    "another mechanism on a film of grains": (
        FILM + 'mechanism = "spin-transfer"\n',
        ["film.interfacial_dmi = 0 J/m²", "spin-transfer", "yu2021-transfer"],
    ),
    "stripes under a spin-orbit torque": (
        FILM + "[film]\ninterfacial_dmi = 4.5e-3\n",
        ["film.interfacial_dmi = 0.0045 J/m²", "spin-orbit", "is 0"],
    ),
    "no damping": (FILM + "[film]\ndamping = 0.0\n", ["film.damping = 0.0", "0.0001 to 10"]),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed(name: str, tmp_path: Path) -> None:
    text, named = MALFORMED[name]
    path = tmp_path / "run.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SpecError) as caught:
        read_spec(path)
    message = str(caught.value)
    for part in named:
        assert part in message, message
    assert str(path) in message
    assert all(len(line) < 700 for line in caught.value.lines)


def test_there_are_sixty() -> None:
    assert len(MALFORMED) >= 60


@pytest.mark.parametrize(
    ("name", "mechanism", "hint"),
    [
        ("yu2021", "spin-transfer", "yu2021-transfer"),
        ("yu2021-transfer", "spin-orbit", "specification yu2021,"),
    ],
)
def test_a_mechanism_set_on_the_other_film_points_to_its_own(
    name: str, mechanism: str, hint: str
) -> None:
    with pytest.raises(SpecError, match=hint):
        read_spec(name, dict([parse_override(f"mechanism={mechanism}")]))


@pytest.mark.parametrize("layout", ["centre", "ring", "edge", "corner"])
def test_contacts_that_a_specification_allows_can_be_made(layout: str) -> None:
    """Some that just fit, some that just do not: none that pass fail when the film is made."""
    made = 0
    for cells, size, arc in itertools.product(
        (2, 3, 5, 8, 13, 21, 96), (0.02, 0.1, 0.43, 0.45, 0.49, 0.6), (0.02, 0.7, 1.0)
    ):
        if contact_problem(layout, size, arc, cells, cells * 1e-8, 1e-8):
            continue
        table = FourContactsTable.model_validate({"layout": layout, "size": size, "arc": arc})
        mesh = Mesh((cells, cells, 1), (1e-8, 1e-8, 1e-9))
        made += four_contacts(mesh, table).count == 4
    assert made > 12


def test_specifications_load_nothing_heavy() -> None:
    code = (
        "import sys; from spinlearn.runs import read_spec; read_spec('yu2021'); "
        "print('jax' in sys.modules, 'numpy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


def test_all_mistakes_at_once(tmp_path: Path) -> None:
    path = tmp_path / "run.toml"
    path.write_text(HEAD + "seed = -1\n[film]\nlength = 512\nwidht = 1\n")
    with pytest.raises(SpecError) as caught:
        read_spec(path)
    assert len(caught.value.lines) == 3


@pytest.mark.parametrize(
    "content",
    [bytes(range(256)), b"\x00" * 1000, b"\x89PNG\r\n", "experiment = 'é'".encode("utf-16")],
)
def test_binary(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "run.toml"
    path.write_bytes(content)
    with pytest.raises(SpecError, match=r"not text|not TOML"):
        read_spec(path)


def test_huge_file(tmp_path: Path) -> None:
    path = tmp_path / "run.toml"
    path.write_bytes(b"#" * 1_000_001)
    with pytest.raises(SpecError, match="1000001 bytes: allowed are 1000000"):
        read_spec(path)


def test_deeply_nested(tmp_path: Path) -> None:
    path = tmp_path / "run.toml"
    path.write_text(HEAD + "a = " + "[" * 5000 + "]" * 5000)
    with pytest.raises(SpecError):
        read_spec(path)


@pytest.mark.parametrize("part", ["a", '"a b"', "'a.b'"])
def test_a_key_of_thousands_of_parts_is_refused_at_once(part: str, tmp_path: Path) -> None:
    """The parser would take minutes, and gigabytes."""
    path = tmp_path / "run.toml"
    for key in (part + f" .{part}" * 100_000, f"[{part}" + f".\t{part}" * 100_000 + "]"):
        path.write_text(f"{HEAD}{key} = 1")
        with pytest.raises(SpecError, match="a key of too many parts"):
            read_spec(path)


def test_a_value_nested_as_deeply_as_toml_allows() -> None:
    """One that is read, but that Python cannot write."""
    nested: list[object] = []
    for _ in range(100_000):
        nested = [nested]
    with pytest.raises(SpecError, match="seed = a value nested too deeply"):
        make_spec({"experiment": NAME, "seed": nested})
    while nested:  # from the outside in: Python would go too deep to free it
        nested = nested.pop()  # pyright: ignore[reportAssignmentType]


@pytest.mark.parametrize("table", [3, None, "text", [1]])
def test_what_is_no_table(table: Any) -> None:
    with pytest.raises(SpecError, match="allowed is a table"):
        make_spec(table)


def test_long_numbers_in_an_override() -> None:
    with pytest.raises(SpecError, match="seed"):
        read_spec(NAME, dict([parse_override(f"seed=1{'0' * 5000}")]))


@pytest.mark.parametrize("name", ["x" * 256, "a\0b", f"{'x' * 5000}.toml"])
def test_names_that_no_file_can_have(name: str) -> None:
    with pytest.raises(SpecError, match="cannot be read") as caught:
        read_spec(name)
    assert len(str(caught.value)) < 200


@pytest.mark.skipif(os.name == "nt", reason="needs devices and pipes")
def test_devices_and_pipes(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (pipe, Path("/dev/zero")):
        with pytest.raises(SpecError, match="a device or a pipe"):
            read_spec(path)


def test_missing_file_suggests_a_name() -> None:
    with pytest.raises(SpecError, match="Did you mean 'magnetoresistance'"):
        read_spec("magnetoresistence")


def test_folder_without_run(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="a folder without a run"):
        read_spec(tmp_path)


@given(st.text(max_size=60))
def test_any_text_is_a_clean_error(text: str) -> None:
    with pytest.raises(SpecError):
        make_spec(_parse(text))


def _parse(text: str) -> dict:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return {"experiment": text}


@pytest.mark.parametrize("name", preset_names())
def test_presets_are_valid_and_survive_a_round_trip(name: str) -> None:
    spec = read_spec(name)
    assert spec.experiment in EXPERIMENTS
    assert make_spec(tomllib.loads(spec_toml(spec))) == spec


@pytest.mark.parametrize(
    "label", ["", 'quo"te', "tab\tnew\nline", "\\", "é µ 漢 \U0001f9f2", "\x7f"]
)
def test_labels_survive_toml(label: str) -> None:
    spec = make_spec({"experiment": NAME, "label": label})
    assert make_spec(tomllib.loads(spec_toml(spec))).label == label


def test_every_quantity_has_unit_source_and_description() -> None:
    for name in EXPERIMENTS:
        for key, _, unit, source, text in spec_rows(make_spec({"experiment": name})):
            assert text, key
            assert source, key
            if isinstance(_value(name, key), float):
                assert unit, key


def _value(name: str, key: str) -> object:
    value: object = make_spec({"experiment": name})
    for part in key.split("."):
        value = getattr(value, part)
    return value


def test_hash_depends_on_values_alone() -> None:
    def with_length(length: float) -> str:
        return spec_hash(make_spec({"experiment": NAME, "film": {"length": length}}))

    assert with_length(512e-9) == spec_hash(make_spec({"experiment": NAME}))
    assert with_length(511e-9) != with_length(512e-9)


def test_specifications_are_frozen() -> None:
    spec = make_spec({"experiment": NAME})
    with pytest.raises(ValueError, match="frozen"):
        spec.seed = 3  # pyright: ignore


def test_overrides() -> None:
    spec = read_spec(NAME, dict([parse_override("film.cell=8e-9"), parse_override("seed = 4")]))
    assert (spec.film.cell, spec.seed) == (8e-9, 4)  # pyright: ignore
    with pytest.raises(SpecError, match="key=value"):
        parse_override("film.cell")
    with pytest.raises(SpecError, match="seed is no table"):
        read_spec(NAME, {"seed.film": 3})


def test_schema_asks_for_the_experiment() -> None:
    schema = spec_schema()
    names = [part["$ref"].rpartition("/")[2] for part in schema["oneOf"]]
    assert names
    assert all("experiment" in schema["$defs"][name]["required"] for name in names)


def test_committed_schema_is_current() -> None:
    committed = Path(__file__).parents[2] / "docs" / "specification.schema.json"
    assert json.loads(committed.read_text(encoding="utf-8")) == spec_schema(), (
        "renew it: spinlearn show --schema > docs/specification.schema.json"
    )


def test_values_of_a_preset_are_assumed_and_others_given() -> None:
    rows = spec_rows(read_spec("yu2021-transfer", {"film.damping": 0.25}))
    source = {key: source for key, _, _, source, _ in rows}
    assert source["film.period"] == "assumed; of yu2021-transfer"
    assert source["film.damping"] == "given"
    assert source["film.polarization"] == "assumed"
