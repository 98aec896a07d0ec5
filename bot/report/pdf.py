"""The page as a tagged PDF (PDF/UA-1), by WeasyPrint, which needs libraries of the system."""

LIBRARIES = ("libpango-1.0-0", "libpangoft2-1.0-0", "libharfbuzz-subset0")
"""As Debian calls them."""


class NoLibraries(Exception):
    """WeasyPrint does not find the libraries of the system that it needs."""


def pdf(page: str) -> bytes:
    """The page, printed; nothing is fetched for it. Raises NoLibraries."""
    try:
        from weasyprint import HTML  # noqa: PLC0415 - it looks for the libraries when it is imported
        from weasyprint.urls import URLFetcher  # noqa: PLC0415 - as above
    except OSError as error:
        raise NoLibraries(", ".join(LIBRARIES)) from error
    nothing = URLFetcher(allowed_protocols=[])
    made: bytes = HTML(string=page, url_fetcher=nothing).write_pdf(pdf_variant="pdf/ua-1")
    return made
