"""``python -m tests.attacks``: all attacks with many programmes, as a table, and as JSON in the file that the
environment's ``JSON`` names. Ends with status 1 if one of them is not as it should be."""

import json
import os
import sys
import time
from pathlib import Path

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from tests.attacks.table import FULL, Finding, all_attacks

WIDTH = 140


def main() -> int:
    """Run them all. Returns the exit status."""
    console = Console() if sys.stdout.isatty() else Console(width=WIDTH)
    findings: list[Finding] = []
    with Progress(console=Console(stderr=True)) as progress:
        attacks = all_attacks()
        task = progress.add_task("attacks", total=len(attacks))
        for name, attack in attacks.items():
            progress.update(task, description=name.replace("_", " "))
            started = time.perf_counter()
            for finding in attack(FULL):
                findings.append(finding)
                progress.console.print(_line(finding, time.perf_counter() - started))
            progress.advance(task)
    console.print(_table(findings))
    if path := os.environ.get("JSON"):
        Path(path).write_text(json.dumps([_plain(finding) for finding in findings], indent=1) + "\n", "utf-8")
    wrong = sum(not finding.ok for finding in findings)
    console.print(f"{len(findings)} figures, {wrong} not as they should be")
    return 1 if wrong else 0


def _plain(finding: Finding) -> dict[str, str | float | bool]:
    return {
        "attack": finding.attack,
        "level": finding.level,
        "setting": finding.setting,
        "figure": round(finding.figure, 4),
        "low": round(finding.low, 4),
        "high": round(finding.high, 4),
        "limit": finding.limit,
        "must_fail": finding.must_fail,
        "ok": finding.ok,
    }


def _line(finding: Finding, seconds: float) -> str:
    return f"{finding.attack} ({finding.level}): {finding.figure:.3f}, {seconds:.0f} s"


def _table(findings: list[Finding]) -> Table:
    table = Table(title="Attacks that must fail")
    for heading in ("Attack", "Level", "Where it does best"):
        table.add_column(heading)
    for heading in ("Figure", "95% interval", "Limit", ""):
        table.add_column(heading, justify="right", no_wrap=True)
    for finding in findings:
        limit = f"> {finding.limit:.2f}" if finding.must_fail else f"{finding.limit:.2f}"
        table.add_row(
            finding.attack,
            finding.level,
            finding.setting,
            f"{finding.figure:.3f}",
            f"{finding.low:.3f} to {finding.high:.3f}",
            limit,
            "ok" if finding.ok else "NOT OK",
        )
    return table


if __name__ == "__main__":
    sys.exit(main())
