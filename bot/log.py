"""Logging: one JSON line for each entry, and never a word that somebody typed."""

import logging
import re
import sys
import traceback

import structlog


def log_to_stderr() -> None:
    """Send the log to standard error. The SDKs' own loggers stay above DEBUG, where they quote requests."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def frames(error: BaseException) -> list[str]:
    """Where an error came from, without its words: they may quote what somebody typed."""
    summary = traceback.extract_tb(error.__traceback__)
    return [f"{re.sub(r'^.*/(?=[^/]+/[^/]+$)', '', frame.filename)}:{frame.lineno} {frame.name}" for frame in summary]
