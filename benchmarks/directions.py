"""How often the automatic direction is right, on a TSV with columns `classical` and `modern`.

python benchmarks/directions.py PAIRS.tsv
"""

from __future__ import annotations

import argparse
from pathlib import Path

from engine.data.directions import of_text


def main() -> None:
    """Print the share of each language's sentences that is told."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pairs", type=Path)
    header, *lines = parser.parse_args().pairs.read_text(encoding="utf-8").splitlines()
    columns = header.split("\t")
    rows = [dict(zip(columns, line.split("\t"))) for line in lines]
    for column, direction in (("classical", "to_modern"), ("modern", "to_classical")):
        right = sum(of_text(row[column]) == direction for row in rows)
        print(f"{column:<10} {right / len(rows):.1%} of {len(rows)}")


if __name__ == "__main__":
    main()
