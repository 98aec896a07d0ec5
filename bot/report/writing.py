"""The files of a report."""

from pathlib import Path

import msgspec

MEDIA_TYPES = {
    "report.html": "text/html; charset=utf-8",
    "report.pdf": "application/pdf",
    "report.xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "report.json": "application/json",
}


class Made(msgspec.Struct, frozen=True):
    """The files. ``pdf``: empty where libraries of the system are missing."""

    html: bytes
    pdf: bytes
    xlsx: bytes
    json: bytes


def files_of(made: Made) -> dict[str, bytes]:
    """The files by name; without the PDF where it could not be made."""
    files = {"report.html": made.html, "report.pdf": made.pdf, "report.xlsx": made.xlsx, "report.json": made.json}
    return {name: content for name, content in files.items() if content}


def write(made: Made, folder: Path) -> list[Path]:
    """Write them into a folder, which is made where there is none; what was written. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, content in files_of(made).items():
        path = folder / name
        path.write_bytes(content)
        written.append(path)
    return written
