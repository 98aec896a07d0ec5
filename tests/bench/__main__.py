"""``python -m tests.bench``: all measurements as a table, and as JSON in the file that the environment's ``JSON``
names. With names after it, only those. Ends with status 1 if a limit is not kept."""

import json
import os
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from tests.bench.figures import Figure, all_benches


def measured(name: str) -> list[Figure]:
    """One measurement, in a fresh process: what one has loaded or warmed up is not there for the next."""
    child = subprocess.run(  # noqa: S603 - ourselves
        [sys.executable, "-m", "tests.bench.one", name], stdout=subprocess.PIPE, check=True
    )
    return [Figure(**figure) for figure in json.loads(child.stdout)]


def main() -> int:
    """Measure. Returns the exit status."""
    console = Console()
    names = [name for name in all_benches() if not sys.argv[1:] or name in sys.argv[1:]]
    figures: list[Figure] = []
    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task("measuring", total=len(names))
        for name in names:
            progress.update(task, description=name.replace("_", " "))
            figures += measured(name)
            progress.advance(task)
    table = Table()
    for heading in ("Figure", "Value", "Limit", ""):
        table.add_column(heading, justify="left" if heading == "Figure" else "right")
    for figure in figures:
        table.add_row(
            figure.name,
            f"{figure.value:,.3g} {figure.unit}",
            "" if figure.limit is None else f"{figure.limit:,.3g} {figure.unit}",
            "" if figure.limit is None else "ok" if figure.ok else "NOT OK",
        )
    console.print(table)
    if path := os.environ.get("JSON"):
        plain = [
            {"name": f.name, "value": round(f.value, 4), "unit": f.unit, "limit": f.limit, "ok": f.ok} for f in figures
        ]
        Path(path).write_text(json.dumps(plain, indent=1) + "\n", "utf-8")
    return 0 if all(figure.ok for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
