"""Support: numbers to call first, then seniors to talk to. It answers everybody at any hour, also people who have not
joined, who declined, or whom the programme does not know.

Choosing a senior sends that person one message: that a talk is asked for, and how to reach the person who asks. Whom
somebody asked, when, and whether the senior has been in touch is stored; nothing else is, and leads see none of it.
"""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from bot.examples import MENTEE
from bot.flow import Event, Flow, Outcome, Private, Update
from bot.handlers.pause import away_until, quiet_of
from bot.programme.quiet import next_allowed
from bot.reading import id_in
from bot.texts import _, marked, said_moment, said_month
from bot.ui import Block, Bullets, Button, Buttons, Contact, Form, Heading, Link, Message, Text
from storage import places
from storage.records import Account, Person, Programme, SupportRequest, SupportService
from storage.unit_of_work import UnitOfWork

flow = Flow("support")

SENIORS_SHOWN = 6
LONGEST_LABEL = 40
UNKNOWN_NATION = "ENG"


@flow.command("support", help=marked("Numbers to call now, and seniors to talk to"), open_to_all=True)
@flow.button("support", open_to_all=True)
def show_support(event: Event, uow: UnitOfWork) -> Outcome:
    """The numbers; for people whom the programme knows also the seniors."""
    programme = uow.programmes.current()
    if programme is None:
        return Private(support(UNKNOWN_NATION, services=(), seniors=()))
    person = event.person
    nation = person.region if person else programme.region
    services = uow.programmes.services(programme.id, nation)
    offered = _offered(person, programme, uow) if person else []
    seniors = [(senior, uow.people.organisation_of(senior.id, uow.now.date())) for senior in offered]
    return Private(support(nation, services, seniors))


def _how_it_stands(event: Event, uow: UnitOfWork) -> Outcome:
    request = uow.support.latest(event.who.id, id_in(event.subject))
    return Private(_answer(request, uow)) if request else show_support(event, uow)


@flow.button("ask_senior", again=_how_it_stands)
def ask_senior(event: Event, uow: UnitOfWork) -> Outcome:
    """Ask the senior whom the person chose; one who may not be asked any more is answered with those who may."""
    programme = uow.programmes.current()
    senior_id = id_in(event.subject)
    if programme is None or senior_id not in {senior.id for senior in _eligible(event.who, programme, uow)}:
        return show_support(event, uow)
    request = uow.support.ask(event.who.id, senior_id)
    accounts = uow.people.accounts_of(event.who.id)
    uow.outbox.add(
        to=places.dm(request.senior), key=f"support:{request.id}", message=asked_for_a_talk(request, accounts)
    )
    return Private(_answer(request, uow))


def _thank_again(event: Event, uow: UnitOfWork) -> Outcome:
    uow.support.for_senior(event.who.id, id_in(event.subject))
    return Update(noted())


@flow.button("been_in_touch", again=_thank_again)
def been_in_touch(event: Event, uow: UnitOfWork) -> Outcome:
    """Note that the senior has been in touch; only the senior who was asked can say so."""
    request = uow.support.for_senior(event.who.id, id_in(event.subject))
    uow.support.answer(request.id)
    return Update(noted())


def _eligible(person: Person, programme: Programme, uow: UnitOfWork) -> list[Person]:
    """Seniors whom this person may ask: who can be reached, are no leads, and are somebody else."""
    not_asked = {lead.id for lead in uow.people.with_duty(programme.id, "lead")} | {person.id}
    return [
        senior
        for senior in uow.people.with_duty(programme.id, "senior support")
        if senior.id not in not_asked and uow.people.accounts_of(senior.id, reachable=True)
    ]


def _offered(person: Person, programme: Programme, uow: UnitOfWork) -> list[Person]:
    """Those who are not on leave, and of them those of other organisations, each if there are two or more; of many, a
    few, and different ones for each person."""
    today = uow.now.date()
    seniors = _eligible(person, programme, uow)
    here = [senior for senior in seniors if away_until(senior, uow) is None]
    if len(here) >= 2:  # noqa: PLR2004 - a choice is of two or more
        seniors = here
    mine = uow.people.organisation_of(person.id, today)
    elsewhere = [senior for senior in seniors if uow.people.organisation_of(senior.id, today) != mine]
    if mine and len(elsewhere) >= 2:  # noqa: PLR2004 - a choice is of two or more
        seniors = elsewhere
    start = person.id % len(seniors) if len(seniors) > SENIORS_SHOWN else 0
    return (seniors[start:] + seniors[:start])[:SENIORS_SHOWN]


def _answer(request: SupportRequest, uow: UnitOfWork) -> Message:
    senior = request.senior
    sent_at = next_allowed([quiet_of(senior, uow)], request.asked_at)
    return asked(request, sent_at if sent_at > uow.now else None)


# What is said


def support(nation: str, services: Sequence[SupportService], seniors: Sequence[tuple[Person, str]]) -> Message:
    """Numbers and services; and, where there are any, seniors with where they work."""
    blocks: list[Block] = [Heading(_("If it cannot wait")), *numbers(nation)]
    if services:
        blocks += [Heading(_("For doctors")), *map(_service, services)]
    if seniors:
        blocks += [
            Heading(_("Talk to a senior")),
            Text(_("Choose one, and I will ask them to get in touch. They get your name and how to reach you.")),
            Bullets(tuple(", ".join(filter(None, (who.name, who.grade, where))) for who, where in seniors)),
            Buttons(
                tuple(
                    Button(_("Ask {name}").format(name=_short(who.name)), "ask_senior", subject=str(who.id))
                    for who, _where in seniors
                )
            ),
            Text(
                _(
                    "Seniors are asked to keep what you say to themselves, unless somebody may come to harm or the law "
                    "requires it. I store whom you asked, when, and whether they have been in touch: nothing else."
                )
            ),
        ]
    return Message(
        summary=_("Numbers to call now, and people to talk to"),
        blocks=tuple(blocks),
        seen_by=_("Only you see this, and nobody is told that you opened it. Leads never see whom you ask."),
    )


def numbers(nation: str) -> tuple[Link, ...]:
    """Numbers that are answered at any hour, to tap. Last checked in November 2026; check them every year."""
    danger = Link(_("999: somebody is in immediate danger"), "tel:999")
    samaritans = Link(_("116 123: Samaritans, to talk at any hour, free"), "tel:116123")
    if nation == "NIR":
        lifeline = Link(_("0808 808 8000: Lifeline, for distress or despair at any hour, free"), "tel:08088088000")
        doctor = Link(
            _("GP out of hours: urgent help while your surgery is closed"),
            "https://gpoutofhours.hscni.net/",
        )
        return danger, lifeline, doctor, samaritans
    if nation == "SCT":
        return danger, Link(_("111: NHS 24, urgent help, also for your mental health"), "tel:111"), samaritans
    return danger, Link(_("111, option 2: NHS, urgent help for your mental health"), "tel:111"), samaritans


def _service(service: SupportService) -> Link | Text:
    said = _("{name}: {reach} (checked {month})").format(
        name=service.name, reach=service.reach, month=said_month(service.checked_on)
    )
    if re.fullmatch(r"[0-9][0-9 ]+", service.reach):
        return Link(said, f"tel:{service.reach.replace(' ', '')}")
    if re.fullmatch(r"https://[\w./?=&%~-]+", service.reach, re.ASCII):
        return Link(said, service.reach)
    return Text(said)


def asked(request: SupportRequest, sent_at: datetime | None) -> Message:
    """To the person who asked. ``sent_at``: when the senior will get the request, if it has to wait."""
    senior, zone = request.senior.name, ZoneInfo(request.person.time_zone)
    if sent_at is None:
        when = _("Your request is on its way to {senior}.").format(senior=senior)
    else:
        when = _("{senior} is not to be disturbed now. They will get your request on {moment}, your time.").format(
            senior=senior, moment=said_moment(sent_at, zone)
        )
    return Message(
        summary=_("I am asking {senior} to get in touch with you").format(senior=senior),
        blocks=(
            Text(when),
            Text(_("I cannot say when they will answer, and I do not remind them. You can ask somebody else as well.")),
            Heading(_("If it cannot wait")),
            *numbers(request.person.region),
        ),
        seen_by=_("Only you see this. {senior} is told that you would like to talk; leads are not.").format(
            senior=senior
        ),
    )


def asked_for_a_talk(request: SupportRequest, accounts: Sequence[Account]) -> Message:
    """To the senior: who asks, and how to reach them."""
    name = request.person.name
    return Message(
        summary=_("{name} would like to talk with you").format(name=name),
        blocks=(
            Text(_("{name} would like to talk with you. I do not know what about.").format(name=name)),
            Contact(name, request.person.email, tuple((a.platform, a.tenant, a.user) for a in accounts)),
            Text(
                _(
                    "Please get in touch, or let them know if you cannot, so that they can ask somebody else. Keep "
                    "what you hear to yourself, unless somebody may come to harm or the law requires it."
                )
            ),
            Buttons((Button(_("I have been in touch"), "been_in_touch", subject=str(request.id), primary=True),)),
        ),
        seen_by=_("Only you see this; leads cannot. Your tap is stored and shown to nobody."),
    )


def noted() -> Message:
    """To the senior, in place of the request."""
    thanks = _("Noted, thank you.")
    return Message(summary=thanks, blocks=(Text(thanks),), seen_by=_("Only you see this; leads cannot."))


def _short(name: str) -> str:
    return name if len(name) <= LONGEST_LABEL else f"{name[: LONGEST_LABEL - 1]}…"


_SENIOR = Person(
    21, "Ifeanyi Nwosu", "ifeanyi@westmarch.example", "", "Consultant paediatrician", "Europe/London", "ENG", 20, 8
)
_OTHER_SENIOR = Person(22, "Siobhán Kearney", "siobhan@westmarch.example", "", "", "Europe/London", "ENG", 20, 8)
_SENIORS = ((_SENIOR, "Harbour Road Hospital"), (_OTHER_SENIOR, ""))
_SERVICES = (
    SupportService("ENG", "NHS Practitioner Health", "0300 0303 300", date(2026, 8, 3)),
    SupportService("UK", "Doctors' Support Network", "https://www.dsn.org.uk", date(2026, 8, 3)),
    SupportService("UK", "Occupational health", "ask your employer", date(2026, 8, 3)),
)
_REQUEST = SupportRequest(7, MENTEE, _SENIOR, datetime(2026, 11, 6, 22, 10, tzinfo=UTC), None)

EXAMPLES: dict[str, Callable[[], Message | Form]] = {
    "support": lambda: support("ENG", _SERVICES, _SENIORS),
    "support_outside_the_programme": lambda: support("WLS", _SERVICES[1:], ()),
    "support_in_northern_ireland": lambda: support("NIR", (), _SENIORS),
    "support_in_scotland": lambda: support("SCT", (), ()),
    "asked": lambda: asked(_REQUEST, None),
    "asked_at_night": lambda: asked(_REQUEST, datetime(2026, 11, 9, 8, 0, tzinfo=UTC)),
    "asked_for_a_talk": lambda: asked_for_a_talk(_REQUEST, (Account("slack", "T0WESTM", "U0KWABEN"),)),
    "noted": noted,
}
