"""One file per conversation. A new one is a file here, a line below and a test file."""

from bot.handlers import (
    dates,
    help,  # noqa: A004 - the conversation is about help
    home,
    introduction,
    leads,
    logmeeting,
    not_now,
    reach,
    support,
    welcome,
)
from storage.records import Programme
from storage.unit_of_work import UnitOfWork

CONVERSATIONS = (
    welcome.flow,
    introduction.flow,
    dates.flow,
    logmeeting.flow,
    not_now.flow,
    home.flow,
    support.flow,
    leads.flow,
    reach.flow,
)
FLOWS = (*CONVERSATIONS, help.flow_about(CONVERSATIONS))


def begin(programme: Programme, uow: UnitOfWork) -> None:
    """Start a programme: invite everybody and set its cadence going."""
    welcome.begin(programme, uow)
    leads.begin(programme, uow)
