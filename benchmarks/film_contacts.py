"""Films with 35 contacts: how far the couplings reach, and what such a film stores.

Three parts, each of which stands for one distance to Hebb's rule between all pairs:

- ideal networks that lack the pairs which a lattice lacks, and that learn by an unsigned law;
- the idealised rule (m turns across j) on films with contacts along the edge, in a grid, or with
  bridges between them: where the current of a pattern goes, without any dynamics; a search over
  21 such arrangements, which ends with what it tried in order of recall;
- films of grains on platinum as in ``yu2021``, trained by the full dynamics.

A pattern is recalled from probes with 1 or 3 of 35 nodes flipped, up to its sign, by asynchronous
updates. Weights are what conductances gained less than a reference, in S.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from benchmarks._measure import Row, parser, peak_memory, report, row, run_worker


def main() -> None:
    if len(sys.argv) > 1 and sys.argv[1] == "--worker":
        print(json.dumps(worker(*sys.argv[2:])))
        return
    known = parser(__doc__)
    known.add_argument("--figure", type=Path, help="draw couplings against distance here, as PNG")
    known.add_argument("--rows", type=Path, help="draw these rows, a JSON of this benchmark")
    options = known.parse_args()
    if options.rows is None:
        rows = measured("quick" if options.quick else "full")
        report(rows, options.json)
    else:
        rows = json.loads(options.rows.read_text(encoding="utf-8"))
    if options.figure is not None:
        from benchmarks._contact_figure import draw

        draw(rows, options.figure)


def measured(amount: str) -> list[Row]:
    """All parts, each in a process of its own."""
    rows: list[Row] = []
    for part in ("networks", "rule", "films"):
        found = run_worker(__spec__.name, [part, amount], limit=7200.0, double=part != "films")
        for figure, size, value, unit in found["rows"]:
            rows.append(row(figure, size, value, unit, peak_memory=found["memory"]))
    return rows


def worker(part: str, amount: str) -> dict[str, Any]:
    from benchmarks._contact_studies import films, rule
    from benchmarks._lattice_networks import networks

    study = {"networks": networks, "rule": rule, "films": films}[part]
    return {"rows": study(amount == "quick"), "memory": peak_memory()}


if __name__ == "__main__":
    main()
