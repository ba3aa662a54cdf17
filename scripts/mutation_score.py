"""Say how many mutants the tests killed, by package, and fail when any package is under the mark.

    python scripts/mutation_score.py --at-least 80

Reads what ``mutmut run`` left in ``mutants/``. A mutant that no test reaches, or that was not tried, counts as alive.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from pathlib import Path

from mutmut.stats import status_by_exit_code

KILLED = {"killed", "timeout", "caught by type check"}
LEFT_OUT = {"skipped"}


def main() -> None:
    """Print the table; exit 1 when a package is under ``--at-least`` per cent."""
    parser = argparse.ArgumentParser(description="Mutation score of the pure packages.")
    parser.add_argument("--at-least", type=float, default=80.0, metavar="PERCENT")
    parser.add_argument("--directory", type=Path, default=Path("mutants"))
    arguments = parser.parse_args()
    scores = tally(arguments.directory)
    if not scores:
        sys.exit(f"No results in {arguments.directory}: run `mutmut run` first.")
    for package, (killed, total) in sorted(scores.items()):
        print(f"{package:<20}{killed:>6} of {total:>6} killed  {100 * killed / total:6.1f} %")
    low = [package for package, (killed, total) in scores.items() if 100 * killed / total < arguments.at_least]
    if low:
        sys.exit(f"Under {arguments.at_least:g} %: {', '.join(sorted(low))}. `mutmut results` lists the survivors.")


def tally(directory: Path) -> dict[str, tuple[int, int]]:
    """Package to (killed, tested), from mutmut's one result file beside each mutated source file."""
    counts: dict[str, Counter[str]] = {}
    for path in directory.rglob("*.meta"):
        package = "/".join(path.relative_to(directory).parts[:2])
        results = json.loads(path.read_text(encoding="utf-8"))["exit_code_by_key"]
        counts.setdefault(package, Counter()).update(status_by_exit_code[code] for code in results.values())
    scored = {}
    for package, statuses in counts.items():
        total = sum(number for status, number in statuses.items() if status not in LEFT_OUT)
        if total:
            scored[package] = (sum(number for status, number in statuses.items() if status in KILLED), total)
    return scored


if __name__ == "__main__":
    main()
