"""The report: a lead asks for it by a button, and gets it by direct message, as links that expire. It is made beside
the conversation (see ``bot.reporting``), since that takes longer than an answer may.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.examples import LEAD, PROGRAMME
from bot.flow import Event, Flow, Outcome, Private
from bot.handlers.help import whom_to_ask
from bot.handlers.leads import leads_only
from bot.texts import _, marked, said_day
from bot.ui import Bullets, Form, Heading, Link, Message, Text
from storage.places import dm
from storage.records import File, Person, Programme, ReportRequest
from storage.unit_of_work import UnitOfWork

flow = Flow("report")

KEPT = timedelta(days=7)
"""For so long the links work."""
LABELS = {
    "html": marked("Read it in a browser"),
    "pdf": marked("Print it or pass it on (PDF)"),
    "xlsx": marked("All tables, for a spreadsheet"),
    "json": marked("All numbers, for a program"),
}


@flow.button("report", leads=True)
def ask(event: Event, uow: UnitOfWork) -> Outcome:
    """Have the report made for a lead."""
    programme = leads_only(event, uow)
    if not uow.files.are_reachable:
        return Private(nowhere_to_fetch_it(programme))
    uow.reports.want(programme.id, event.who.id)
    return Private(being_made(programme))


def send(request: ReportRequest, files: Sequence[File], uow: UnitOfWork) -> None:
    """Send the files, once, to the lead who asked and still is one. ``files``: none where they could not be made."""
    if not uow.reports.done(request) or not uow.people.has_duty(request.person_id, "lead"):
        return
    programme, lead = uow.programmes.get(request.programme_id), uow.people.get(request.person_id)
    key = f"report:{programme.id}:{request.asked_at:%Y-%m-%dT%H:%M:%S}"
    message = _brought(files, programme, lead, uow) if files else not_made(programme)
    uow.outbox.add(to=dm(lead), key=key, message=message, answers_at=request.asked_at)


def _brought(files: Sequence[File], programme: Programme, lead: Person, uow: UnitOfWork) -> Message:
    """The message with the links, if there is an address for them: it can have been taken away since."""
    if not uow.files.are_reachable:
        return nowhere_to_fetch_it(programme)
    until = uow.now + KEPT
    links = [
        Link(_(LABELS[file.name.rpartition(".")[2]]), _published(file, until, uow))
        for file in files
    ]  # fmt: skip
    return ready(programme, lead, links, until)


def _published(file: File, until: datetime, uow: UnitOfWork) -> str:
    return uow.files.publish(file.name, file.media_type, file.content, expires_at=until)


# What is said


def being_made(programme: Programme) -> Message:
    """For a lead who has just asked, or asks again before it is there."""
    said = _("I am making the report of {programme}.").format(programme=programme.name)
    where = _("It comes to you here, in our direct messages, in a minute or two.")
    return Message(said, (Text(said), Text(where)), _("Only you see this. The other leads can ask for the same."))


def nowhere_to_fetch_it(programme: Programme) -> Message:
    """Where the bot has no public address, so that nobody could open a link."""
    said = _("I cannot send you the report here: I have no address from which you could fetch files.")
    how = _("Whoever runs me can make it on their machine, with: peermentor report")
    return Message(said, (Text(said), Text(how), *whom_to_ask(programme)), _("Only you see this."))


def ready(programme: Programme, lead: Person, links: Sequence[Link], until: datetime) -> Message:
    """The links. A file that could not be made is missing among them."""
    said = _("The report of {programme} is ready").format(programme=programme.name)
    day = until.astimezone(ZoneInfo(lead.time_zone)).date()
    notes = (
        _("It is made of released results and of facts that leads may know, and of no answers."),
        _("Each link works until {day}. Whoever has a link can open the file, so please do not post it.").format(
            day=said_day(day)
        ),
        _(
            "The file itself can be passed on, to a committee for instance. In a small group facts about pairs can be "
            "traced to people: please keep it away from supervisors and from panels that decide about training."
        ),
    )
    missing = () if len(links) == len(LABELS) else (Text(_no_pdf()),)
    return Message(said, (Heading(said), *links, *missing, Bullets(notes)), _("Only you see this."))


def _no_pdf() -> str:
    return _("There is no PDF: a library is missing on the machine on which I run. Whoever runs me can see which one.")


def not_made(programme: Programme) -> Message:
    """Where it could not be made."""
    said = _("I could not make the report of {programme}.").format(programme=programme.name)
    how = _("Whoever runs me finds the reason in the log, and can make it with: peermentor report")
    return Message(said, (Text(said), Text(how), *whom_to_ask(programme)), _("Only you see this."))


def _example_links() -> list[Link]:
    return [Link(_(label), f"https://mentoring.example/files/{kind}") for kind, label in LABELS.items()]


_UNTIL = datetime.combine(date(2027, 9, 9), datetime.min.time(), UTC)

EXAMPLES: dict[str, Callable[[], Message | Form]] = {
    "being_made": lambda: being_made(PROGRAMME),
    "nowhere_to_fetch_it": lambda: nowhere_to_fetch_it(PROGRAMME),
    "ready": lambda: ready(PROGRAMME, LEAD, _example_links(), _UNTIL),
    "ready_without_pdf": lambda: ready(PROGRAMME, LEAD, _example_links()[:1], _UNTIL),
    "not_made": lambda: not_made(PROGRAMME),
}
