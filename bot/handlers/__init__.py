"""One file per conversation. A new one is a file here, a line below and a test file."""

from bot.handlers import (
    als,
    als_change,
    als_overview,
    als_register,
    arranged,
    checkin,
    checkin_form,
    consent,
    dates,
    help,  # noqa: A004 - the conversation is about help
    home,
    introduction,
    leads,
    leads_change,
    leads_pairs,
    leads_people,
    leads_programme,
    leads_questionnaires,
    leads_recruitment,
    leads_removal,
    leads_research,
    leads_sets,
    linking,
    logmeeting,
    not_now,
    openings,
    pause,
    reach,
    released,
    report,
    schedule,
    support,
    welcome,
    withdrawal,
)
from storage.records import Programme
from storage.unit_of_work import UnitOfWork

CONVERSATIONS = (
    welcome.flow,
    introduction.flow,
    schedule.flow,
    arranged.flow,
    dates.flow,
    logmeeting.flow,
    als_overview.flow,
    als.flow,
    als_change.flow,
    als_register.flow,
    openings.flow,
    checkin.flow,
    checkin_form.flow,
    withdrawal.flow,
    consent.flow,
    released.flow,
    report.flow,
    not_now.flow,
    pause.flow,
    home.flow,
    support.flow,
    leads.flow,
    leads_change.flow,
    leads_programme.flow,
    leads_questionnaires.flow,
    leads_recruitment.flow,
    leads_research.flow,
    leads_people.flow,
    leads_removal.flow,
    leads_pairs.flow,
    leads_sets.flow,
    linking.flow,
    reach.flow,
)
FLOWS = (*CONVERSATIONS, help.flow_about(CONVERSATIONS))

move = leads_programme.move


def begin(programme: Programme, uow: UnitOfWork) -> None:
    """Start a programme: invite everybody and set its cadence going."""
    welcome.begin(programme, uow)
    leads.begin(programme, uow)
    als.begin(programme, uow)
    openings.begin(programme, uow)
    consent.begin(programme, uow)
