"""The link by which somebody puts an event into their own calendar."""

from bot.programme.calendar import CANCELLATION, INVITATION, Dated, Organiser, cancellation, invitation
from bot.texts import _
from bot.ui import Link
from storage.records import Programme
from storage.unit_of_work import UnitOfWork

FILE_NAME = "mentoring.ics"


def calendar_link(event: Dated, programme: Programme, uow: UnitOfWork, *, cancelled: bool = False) -> Link | None:
    """A link to the event as a calendar file, which works until the event is over; None where the bot has no public
    address. Each reader gets a link of their own."""
    organiser = Organiser(programme.contact_name, programme.contact_email)
    if cancelled:
        label, media_type = _("Take it out of your calendar"), CANCELLATION
        content = cancellation(event, organiser, now=uow.now)
    else:
        label = _("Update your calendar") if event.sequence else _("Add it to your calendar")
        media_type, content = INVITATION, invitation(event, organiser, now=uow.now)
    url = uow.files.publish(FILE_NAME, media_type, content, expires_at=event.ends_at)
    return Link(label, url) if url else None
