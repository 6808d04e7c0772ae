"""Films with 35 contacts: how far the couplings reach, and what such a film stores.

Three parts, each of which stands for one distance to Hebb's rule between all pairs:

- ideal networks that lack the pairs which a lattice lacks, and that learn by an unsigned law;
- the idealised rule (m turns across j) on films with contacts along the edge, in a grid, or with
  bridges between them: where the current of a pattern goes, without any dynamics;
- films of grains on platinum as in ``yu2021``, trained by the full dynamics.

A pattern is recalled from probes with 1 or 3 of 35 nodes flipped, up to its sign, by asynchronous
updates. Weights are what conductances gained less than a reference, in S.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from benchmarks._measure import Row, parse, peak_memory, report, row, run_worker


def main() -> None:
    if len(sys.argv) > 1 and sys.argv[1] == "--worker":
        print(json.dumps(worker(*sys.argv[2:])))
        return
    options = parse(__doc__)
    amount = "quick" if options.quick else "full"
    rows: list[Row] = []
    for part in ("networks", "rule", "films"):
        found = run_worker(__spec__.name, [part, amount], limit=7200.0, double=part != "films")
        for figure, size, value, unit in found["rows"]:
            rows.append(row(figure, size, value, unit, peak_memory=found["memory"]))
    report(rows, options.json)


def worker(part: str, amount: str) -> dict[str, Any]:
    from benchmarks._contact_studies import STUDIES

    rows = STUDIES[part](amount == "quick")
    return {"rows": rows, "memory": peak_memory()}


if __name__ == "__main__":
    main()
