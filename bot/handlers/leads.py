"""Leads: a monthly digest in their private channel, and the same on demand, of facts that leads may know: the state of
pairs, how many meetings were logged and when the last one was, and who cannot be reached. Nothing else.

A listed lead types ``leads here`` in the channel that is to get the digest. From then on a lead is who is listed *and*
is in that channel now.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.examples import CONTROL, MENTEE, MENTOR, PAIR, PROGRAMME, SESSION
from bot.flow import Event, Flow, Outcome, Private, Reply, UserError
from bot.handlers.help import whom_to_ask
from bot.programme.quiet import Quiet, next_allowed
from bot.reading import id_in
from bot.texts import _, marked, ngettext, said_date
from bot.ui import Block, Bullets, Button, Buttons, Facts, Form, Heading, Message, Text
from storage import places
from storage.records import Attendance, Due, PairFacts, Person, Programme
from storage.unit_of_work import UnitOfWork

flow = Flow("leads")

BEFORE_THE_FIRST = timedelta(days=28)
AFTER_THE_END = timedelta(days=31)
LATELY = timedelta(days=30)
LONG_AGO = timedelta(weeks=8)
SETTLING_IN = timedelta(weeks=4)
"""For so long after the introduction nobody need wonder why no meeting has been logged."""
UNDER_WAY = frozenset({"introduced", "agreed", "active"})
STEPS = ((0, 0), (1, 1), (2, 3), (4, 5), (6, None))
"""The lines of the distribution: from how many meetings to how many."""
LISTED = 9
"""Names on a list; more would not fit into a message of a programme of thousands."""
SESSIONS_LISTED = 3
"""Sessions on the list of a programme that has more of them in a month."""


def begin(programme: Programme, uow: UnitOfWork) -> None:
    """Have the first digest posted a month after the start."""
    uow.due.add("digest", str(programme.id), next_digest(programme, programme.starts_on + BEFORE_THE_FIRST))


def move(programme: Programme, uow: UnitOfWork) -> None:
    """The programme starts or ends on another day: have the digest posted by the new days."""
    today = uow.now.astimezone(ZoneInfo(programme.time_zone)).date()
    uow.due.drop("digest", str(programme.id))
    following = next_digest(programme, max(programme.starts_on + BEFORE_THE_FIRST, today))
    if following.date() <= programme.ends_on + AFTER_THE_END:
        uow.due.add("digest", str(programme.id), following)


@flow.job("digest")
def post_digest(due: Due, uow: UnitOfWork) -> None:
    """Post the digest of this month, and have the next one posted until a month after the end. One that still waits
    for a channel is out of date by then and goes."""
    programme = uow.programmes.get(id_in(due.subject))
    today = uow.now.astimezone(ZoneInfo(programme.time_zone)).date()
    uow.outbox.withdraw(_key(programme, today.replace(day=1) - timedelta(days=1)))
    seen_by = _("Everybody in this leads channel can see this. There is nothing to answer.")
    uow.outbox.add(
        to=places.leads(programme), key=_key(programme, today), message=_digest(programme, today, uow, seen_by)
    )
    following = next_digest(programme, today + timedelta(days=1))
    if following.date() <= programme.ends_on + AFTER_THE_END:
        uow.due.add("digest", due.subject, following)


@flow.command("leads", help=marked("For leads: the facts about all pairs, now"), scope="leads", hint="here")
@flow.button("leads", leads=True)
def leads(event: Event, uow: UnitOfWork) -> Outcome:
    """The digest for a lead, or ``leads here``; everybody else learns nothing."""
    programme = uow.programmes.current()
    if programme is None or not uow.people.has_duty(event.who.id, "lead"):
        return Private(for_leads_only(programme))
    if event.text.strip().lower() == "here":
        return _bind(event, programme, uow)
    if uow.places.find(places.leads(programme)) is None:
        return Private(type_it_there())
    if not leads_now(event, uow):
        return Private(for_leads_only(programme))
    seen_by = _("Only you see this answer. The other leads can ask for the same.")
    return Private(_digest(programme, event.today, uow, seen_by))


def leads_now(event: Event, uow: UnitOfWork) -> bool:
    """Whether this person is a lead now: listed, and in the leads channel. For routes that ask for leads only."""
    accounts = uow.people.accounts_of(event.who.id)
    return uow.people.has_duty(event.who.id, "lead") and not event.leads_present.isdisjoint(accounts)


def leads_only(event: Event, uow: UnitOfWork) -> Programme:
    """The programme, for a lead. Raises UserError for everybody who is none now. For routes that ask for leads only."""
    programme = uow.programmes.current()
    if programme is None or not leads_now(event, uow):
        raise UserError(for_leads_only(programme))
    return programme


def _bind(event: Event, programme: Programme, uow: UnitOfWork) -> Outcome:
    """Let this channel be the leads channel, and post what waits for it."""
    if event.here is None or event.here.kind != "channel":
        is_public = event.here is not None and event.here.kind == "public"
        return Private(not_in_public() if is_public else type_it_there())
    place = places.leads(programme)
    uow.places.bind(place, event.here)
    uow.outbox.hurry(place)
    return Reply(bound(programme))


def next_digest(programme: Programme, day: date) -> datetime:
    """09:00 on the first working day of a month: the first of these moments on this day or later."""
    zone = ZoneInfo(programme.time_zone)
    nights = Quiet(zone, programme.region, from_hour=0, until_hour=9)
    month = day.replace(day=1)
    following = (month + timedelta(days=31)).replace(day=1)
    moments = (next_allowed([nights], datetime.combine(first, time(), zone)) for first in (month, following))
    return next(at for at in moments if at.astimezone(zone).date() >= day)


def _key(programme: Programme, day: date) -> str:
    return f"digest:{programme.id}:{day:%Y-%m}"


def _digest(programme: Programme, today: date, uow: UnitOfWork, seen_by: str) -> Message:
    return digest(
        programme,
        uow.pairs.facts(programme.id),
        today=today,
        lately=uow.meetings.count_logged(programme.id, since=today - LATELY),
        unreachable=uow.people.unreachable(programme.id),
        attendance=uow.sets.attendance(programme.id, since=uow.now - LATELY) if uow.sets.all(programme.id) else None,
        seen_by=seen_by,
    )


# What is said


def digest(
    programme: Programme,
    facts: Sequence[PairFacts],
    *,
    today: date,
    lately: int,
    unreachable: Sequence[Person],
    attendance: Sequence[Attendance] | None,
    seen_by: str,
) -> Message:
    """The facts, figures first. ``lately``: meetings that were logged for the last 30 days. ``attendance``: of the
    sessions of Action Learning Sets in the last 30 days; None where there are no sets."""
    introduced = [fact for fact in facts if fact.pair.introduced_at is not None]
    heading = _("How the pairs are doing, {day}").format(day=said_date(today))
    return Message(
        summary=_("{programme}: how the pairs are doing").format(programme=programme.name),
        blocks=(
            Heading(heading),
            _figures(facts, introduced, lately),
            Heading(_("Meetings logged per pair")),
            _distribution(introduced),
            *_who_may_need_somebody(introduced, today),
            *(() if attendance is None else _sessions_held(attendance, programme)),
            *_who_cannot_be_reached(unreachable),
            Buttons(
                (
                    Button(_("Results so far"), "results"),
                    Button(_("Sets and changes"), "leads_change"),
                    Button(_("Make the report"), "report"),
                )
            ),
        ),
        seen_by=seen_by,
    )


def _figures(facts: Sequence[PairFacts], introduced: Sequence[PairFacts], lately: int) -> Facts:
    waiting = sum(fact.pair.state == "proposed" for fact in facts)
    pairs = _("{count} of {total}").format(count=len(introduced), total=len(facts))
    return Facts(
        (
            (_("Pairs introduced"), pairs),
            (_("Pairs waiting until both say yes"), str(waiting)),
            (_("Meetings logged so far"), str(sum(fact.meetings for fact in facts))),
            (_("Of these, in the last 30 days"), str(lately)),
        )
    )


def _distribution(introduced: Sequence[PairFacts]) -> Facts:
    rows = []
    for least, most in STEPS:
        pairs = sum(least <= fact.meetings and (most is None or fact.meetings <= most) for fact in introduced)
        rows.append((_step(least, most), ngettext("{count} pair", "{count} pairs", pairs).format(count=pairs)))
    return Facts(tuple(rows))


def _step(least: int, most: int | None) -> str:
    if most is None:
        return _("{least} meetings or more").format(least=least)
    if least < most:
        return _("{least}-{most} meetings").format(least=least, most=most)
    return ngettext("{least} meeting", "{least} meetings", least).format(least=least)


def _who_may_need_somebody(introduced: Sequence[PairFacts], today: date) -> list[Block]:
    under_way = [fact for fact in introduced if fact.pair.state in UNDER_WAY]
    nothing = [_names(fact) for fact in under_way if fact.last_day is None and _has_settled_in(fact, today)]
    earlier = sorted((fact.last_day, fact.pair.id, fact) for fact in under_way if fact.last_day is not None)
    long_ago = [
        _("{names}, last on {day}").format(names=_names(fact), day=said_date(last))
        for last, _id, fact in earlier
        if last <= today - LONG_AGO
    ]
    blocks: list[Block] = []
    if nothing:
        blocks += [Heading(_("No meeting logged so far")), _listed(nothing)]
    if long_ago:
        blocks += [Heading(_("No meeting logged for eight weeks")), _listed(long_ago)]
    if blocks:
        hint = _(
            "They may well have met without logging it. A lead could ask, kindly and once, whether anything would help."
        )
        blocks.append(Text(hint))
    return blocks


def _has_settled_in(fact: PairFacts, today: date) -> bool:
    introduced_at = fact.pair.introduced_at
    return introduced_at is not None and introduced_at.date() <= today - SETTLING_IN


def _sessions_held(attendance: Sequence[Attendance], programme: Programme) -> list[Block]:
    """How many came to each session: facts of sets, not of their members."""
    zone = ZoneInfo(programme.time_zone)
    lines = [
        _("{name}, {day}: {came} of {members} came").format(
            name=held.session.learning_set.name,
            day=said_date(held.session.starts_at.astimezone(zone).date()),
            came=held.came,
            members=held.members,
        )
        for held in attendance
    ]
    return [
        Heading(_("Action Learning Sets in the last 30 days")),
        _listed(lines, SESSIONS_LISTED) if lines else Text(_("No session has a register yet.")),
    ]


def _who_cannot_be_reached(people: Sequence[Person]) -> list[Block]:
    if not people:
        return []
    return [
        Heading(_("Cannot be reached")),
        _listed([person.name for person in people]),
        Text(_("My messages do not reach them. A call or an e-mail from a lead may help.")),
    ]


def _names(fact: PairFacts) -> str:
    return _("{mentor} and {mentee}").format(mentor=fact.pair.mentor.name, mentee=fact.pair.mentee.name)


def _listed(lines: Sequence[str], most: int = LISTED) -> Bullets:
    more = len(lines) - most
    if more <= 0:
        return Bullets(tuple(lines))
    return Bullets((*lines[:most], ngettext("and {count} more", "and {count} more", more).format(count=more)))


def bound(programme: Programme) -> Message:
    """In the channel that has become the leads channel."""
    return Message(
        summary=_("This is now the leads channel of {programme}").format(programme=programme.name),
        blocks=(
            Text(_("This is now the leads channel of {programme}.").format(programme=programme.name)),
            Text(
                _(
                    "Once a month I post here how many pairs were introduced, how many meetings were logged, which "
                    "pairs have logged none for a while, and whom I cannot reach. Never topics, lengths, answers or "
                    "requests for support."
                )
            ),
            Text(_("At any time, /leads shows the same; or mention me and add: leads")),
            Text(_("Please keep only leads in this channel.")),
        ),
        seen_by=_("Everybody in this channel can see this."),
    )


def for_leads_only(programme: Programme | None) -> Message:
    """For everybody who is no lead, or not known as one now."""
    said = _("Only the leads of the programme can see this, and only while they are in the leads channel.")
    return Message(summary=said, blocks=(Text(said), *whom_to_ask(programme)), seen_by=_("Only you see this."))


def type_it_there() -> Message:
    """For a lead, where no channel is known yet, or who typed ``leads here`` in a chat."""
    said = _("In the private channel of the leads, please type: /leads here")
    why = _(
        "Add me to that channel first. Where there is no such command, mention me and add: leads here. From then on I "
        "post the facts about the pairs there, for all its members."
    )
    return Message(summary=said, blocks=(Text(said), Text(why)), seen_by=_("Only you see this."))


def not_in_public() -> Message:
    """For a lead who typed ``leads here`` in a channel that is not known to be private."""
    said = _("I can only do this in a private channel.")
    why = _(
        "Elsewhere anybody could read which pairs have no meeting logged. In a private channel of the leads, please "
        "type: /leads here"
    )
    return Message(summary=said, blocks=(Text(said), Text(why)), seen_by=_("Only you see this."))


def _example_digest() -> Message:
    piotr, mei_ling = replace(MENTOR, name="Piotr Zawada"), replace(MENTEE, name="Mei-Ling Chow")
    other = replace(PAIR, id=6, mentor=piotr, mentee=mei_ling)
    facts = (
        PairFacts(PAIR, 5, date(2026, 12, 29)),
        PairFacts(other, 1, date(2026, 10, 6)),
        PairFacts(replace(other, id=7, mentee=replace(MENTEE, name="Omar El-Sayed")), 0, None),
        PairFacts(replace(other, id=8, state="proposed", introduced_at=None), 0, None),
    )
    seen_by = _("Everybody in this leads channel can see this. There is nothing to answer.")
    return digest(
        PROGRAMME,
        facts,
        today=date(2027, 1, 4),
        lately=2,
        unreachable=(CONTROL,),
        attendance=(Attendance(SESSION, 5, 6),),
        seen_by=seen_by,
    )


def _example_first_digest() -> Message:
    facts = (PairFacts(PAIR, 1, date(2026, 9, 22)),)
    seen_by = _("Only you see this answer. The other leads can ask for the same.")
    return digest(PROGRAMME, facts, today=date(2026, 10, 1), lately=1, unreachable=(), attendance=(), seen_by=seen_by)


EXAMPLES: dict[str, Callable[[], Message | Form]] = {
    "digest": _example_digest,
    "digest_with_nothing_to_do": _example_first_digest,
    "bound": lambda: bound(PROGRAMME),
    "for_leads_only": lambda: for_leads_only(PROGRAMME),
    "type_it_there": type_it_there,
    "not_in_public": not_in_public,
}
