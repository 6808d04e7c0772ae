"""What the pages show but nobody writes: figures of their own code, and tables of benchmarks.

Each is made when the documentation is built, in a process of its own, into ``_generated`` beside
this file. It is made again when its source or the library has changed.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parent
MADE = DOCS / "_generated"
LIBRARY = DOCS.parent / "src" / "spinlearn"
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.M | re.S)

#: Pages whose code saves figures that they show.
PAGES = ("tutorial/standard_problem_4.md", "howto/lab_data.md")
#: Experiments whose tutorials show figures of their demonstration, which takes minutes.
RUNS = ("yu2021", "niu2024", "zhou2025", "koenders2025")
#: SPINLEARN_DOCS=small keeps these runs to seconds, where only the building is to be checked.
SIZE = os.environ.get("SPINLEARN_DOCS", "demo")

_AT_ONCE = 2
_RUN_PAGE = "import sys; exec(compile(sys.stdin.read(), '<page>', 'exec'), {'__name__': 'page'})"


def make_all() -> None:
    """Figures of pages, tutorials and the validation, and the tables of benchmarks."""
    MADE.mkdir(exist_ok=True)
    library = _digest(sorted(LIBRARY.rglob("*.py")))
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        # Each is a process of its own that computes in one core for most of its time.
        for done in [pool.submit(make, library) for make in _makers()]:
            done.result()
    files = sorted((DOCS / "benchmarks").glob("*.json"))
    _write(DOCS / "performance_table.md", performance_page(files))


def _makers() -> Iterator[Callable[[str], None]]:
    """What makes figures for the state of a library, the longest first."""
    runs, validation = DOCS / "_runs.py", DOCS / "_validation.py"
    for name in RUNS:
        command = [sys.executable, str(runs), name, str(MADE), SIZE]
        yield partial(_unless_known, runs, command, stamp=f"{name}_{SIZE}")
    yield partial(_unless_known, validation, [sys.executable, str(validation), str(MADE)])
    for name in PAGES:
        page = DOCS / name
        code = "".join(BLOCK.findall(page.read_text(encoding="utf-8")))
        for data in page.parent.glob("*.csv"):
            _write(MADE / data.name, data.read_text(encoding="utf-8"))
        yield partial(_unless_known, page, [sys.executable, "-c", _RUN_PAGE], given=code)


def performance_page(files: Iterable[Path]) -> str:
    """A page with one table for each JSON file of a benchmark."""
    parts = [
        "# Tables of the benchmarks",
        "Made from the JSON files in `docs/benchmarks`, which `python -m benchmarks` writes. A "
        "ratio above 1 means that spinlearn is ahead of the peer. A bound is the ratio that was "
        "set as a goal, or the largest value where there is no ratio; where it is missed the row "
        "says so. What was measured how, and on what: [performance](performance.md).",
    ]
    for file in files:
        rows = json.loads(file.read_text(encoding="utf-8"))
        missed = sum(_missed(row) for row in rows)
        bounds = sum(row["bound"] is not None for row in rows)
        parts += [
            f"## {file.stem}",
            f"{len(rows)} rows, {bounds} with a bound, {missed} of them missed.",
            "| figure | size | value | peer | its value | ratio | bound | peak memory |\n"
            "|---|---|---|---|---|---|---|---|\n" + "\n".join(map(_line, rows)),
        ]
    return "\n\n".join(parts) + "\n"


def _missed(row: dict[str, Any]) -> bool:
    bound, ratio, value = row["bound"], row["ratio"], row["value"]
    if bound is None:
        return False
    return ratio < bound if ratio is not None else value > bound


def _line(row: dict[str, Any]) -> str:
    unit = row["unit"]
    bound = _number(row["bound"])
    cells = (
        row["figure"],
        row["size"],
        f"{_number(row['value'])} {unit}",
        row["peer"],
        f"{_number(row['peer_value'])} {unit}" if row["peer_value"] is not None else "",
        _number(row["ratio"]),
        f"{bound} **missed**" if _missed(row) else bound,
        f"{row['peak_memory'] / 2**20:.0f} MiB" if row["peak_memory"] else "",
    )
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}"


def _unless_known(
    source: Path, command: list[str], library: str, *, given: str = "", stamp: str = ""
) -> None:
    """Run a command in the folder of what is made, unless it has run for the same source."""
    wanted = _digest([source]) + library
    record = MADE / f"{stamp or source.stem}.stamp"
    if record.exists() and record.read_text(encoding="utf-8") == wanted:
        return
    environment = {**os.environ, "JAX_ENABLE_X64": "1", "MPLBACKEND": "agg"}
    done = subprocess.run(
        command, input=given, cwd=MADE, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"the figures of {source.name} cannot be made:\n{done.stderr[-3000:]}")
    _write(record, wanted)


def _digest(files: Iterable[Path]) -> str:
    whole = hashlib.sha256()
    for file in files:
        whole.update(file.read_bytes())
    return whole.hexdigest()


def _write(path: Path, text: str) -> None:
    """A file that keeps its time if nothing changes, so that its page is not read again."""
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")
