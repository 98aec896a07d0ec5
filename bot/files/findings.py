"""What is to be said about the files that people give: mistakes, which stop an import, and warnings, which do not."""

from collections import Counter
from dataclasses import dataclass

SHOWN = 20
"""Of more mistakes than this, the first are shown and all are counted."""


@dataclass(frozen=True, slots=True)
class Spot:
    """Where something stands. ``line``: from 1; 0 means the file as a whole. ``column``: as a person finds it, such as
    ``E (region)`` in a sheet, a key or a number of characters in ``programme.toml``; empty means the whole line."""

    file: str
    line: int = 0
    column: str = ""

    def __str__(self) -> str:
        if not self.line:
            return self.file
        return f"{self.file}, line {self.line}" + (f", column {self.column}" if self.column else "")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing. ``kind``: a few words that others like it share. ``text``: what is wrong and what would be right."""

    at: Spot
    kind: str
    text: str

    def __str__(self) -> str:
        return f"{self.at}: {self.text}"


class Findings:
    """Everything that was found."""

    def __init__(self) -> None:
        self._mistakes: list[Finding] = []
        self._warnings: list[Finding] = []

    @property
    def count(self) -> int:
        """How many mistakes there are so far."""
        return len(self._mistakes)

    @property
    def mistakes(self) -> list[Finding]:
        """All mistakes, file by file and in the order of their lines."""
        return _in_order(self._mistakes)

    @property
    def warnings(self) -> list[Finding]:
        """All warnings, file by file and in the order of their lines."""
        return _in_order(self._warnings)

    def mistake(self, at: Spot, kind: str, text: str) -> None:
        """Something that has to be put right first."""
        self._mistakes.append(Finding(at, kind, text))

    def warn(self, at: Spot, kind: str, text: str) -> None:
        """Something that may be meant."""
        self._warnings.append(Finding(at, kind, text))


def told(findings: list[Finding]) -> list[str]:
    """A line for each finding; of many, the first and how many there are of each kind."""
    lines = [str(finding) for finding in findings[:SHOWN]]
    if len(findings) > SHOWN:
        lines.append(f"... and {len(findings) - SHOWN:,} more. All {len(findings):,} by kind:")
        kinds = Counter(finding.kind for finding in findings)
        lines += [f"{count:>9,}  {kind}" for kind, count in kinds.most_common()]
    return lines


def _in_order(findings: list[Finding]) -> list[Finding]:
    files = list(dict.fromkeys(finding.at.file for finding in findings))
    return sorted(findings, key=lambda finding: (files.index(finding.at.file), finding.at.line))
