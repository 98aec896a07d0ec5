"""Introduction: once both of a pair have said yes, they meet each other here, once.

Two people of one workspace get a group chat where the bot can start one; otherwise each gets a personal message with
the other's profile and ways to reach them. Either way there is an agenda for a first meeting. Three weeks later the
bot looks for the first time whether they have a date.
"""

from collections.abc import Callable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from bot.chat import GROUP_CHATS
from bot.examples import MENTEE, MENTOR, PAIR
from bot.flow import Event, Flow, Outcome, Private
from bot.handlers import dates
from bot.handlers.pause import quiet_of
from bot.handlers.welcome import taking_part
from bot.programme import cadence
from bot.programme.pairs import can_group
from bot.programme.quiet import share_a_moment
from bot.reading import about, id_in
from bot.texts import _
from bot.ui import Block, Bullets, Button, Buttons, Contact, Facts, Form, Heading, Message, Text
from storage.places import dm, group
from storage.records import Account, Due, Pair, Person
from storage.unit_of_work import UnitOfWork

flow = Flow("introduction")


@dataclass(frozen=True, slots=True)
class Profile:
    """What the one learns about the other. ``organisation``: where they work now; may be empty."""

    person: Person
    organisation: str
    accounts: tuple[Account, ...]

    @property
    def homes(self) -> set[tuple[str, str]]:
        """The platforms and workspaces where the person has an account."""
        return {(account.platform, account.tenant) for account in self.accounts}


@flow.job("introduce")
def introduce(due: Due, uow: UnitOfWork) -> None:
    """Introduce a pair, if both take part and nobody has done so before."""
    pair = uow.pairs.get(id_in(due.subject))
    if not all(_takes_part(person, uow) for person in pair.people) or not uow.pairs.introduce(pair.id):
        return
    pair = uow.pairs.get(pair.id)
    programme = uow.programmes.get(pair.programme_id)
    zone = ZoneInfo(programme.time_zone)
    mentor, mentee = (_profile(person, uow, zone) for person in pair.people)
    key = _key(pair)
    # A group chat keeps the quiet time of both: two people whose hours never meet would never hear of each other there.
    can_meet_there = share_a_moment([quiet_of(person, uow) for person in pair.people], uow.now)
    if can_meet_there and can_group(mentor.homes, mentee.homes, GROUP_CHATS):
        uow.outbox.add(to=group(pair), key=key, message=group_introduction(pair, mentor, mentee))
    else:
        uow.outbox.add(to=dm(pair.mentor), key=key, message=introduction_of_mentee(pair, mentee))
        uow.outbox.add(to=dm(pair.mentee), key=key, message=introduction_of_mentor(pair, mentor))
    first_look = cadence.first_look_for_a_date(uow.now, zone, programme.first_date_days)
    for person in pair.people:
        uow.due.add("find_a_date", about(pair.id, person.id), first_look)


@flow.button("agenda")
def show_agenda(event: Event, uow: UnitOfWork) -> Outcome:
    """An agenda for a meeting: for the first one until a meeting was logged."""
    taking_part(event, uow)
    pairs = uow.pairs.of(event.who.id)
    met_before = bool(pairs) and all(uow.meetings.of_pair(pair.id, "logged") for pair in pairs)
    return Private(agenda(first=not met_before))


def take_back(pair: Pair, uow: UnitOfWork) -> bool:
    """Do not introduce a pair after all; whether that was in time, so that neither has heard of the other."""
    uow.due.drop("introduce", str(pair.id))
    if pair.introduced_at is None:
        return True
    places = [to for to in (group(pair), *map(dm, pair.people)) if uow.outbox.newest(to, _key(pair))]
    in_time = bool(places) and all(uow.outbox.waits(to, _key(pair)) for to in places)
    uow.outbox.withdraw(_key(pair))
    return in_time


def _key(pair: Pair) -> str:
    """The key of the introduction: two who were a pair before can be introduced again."""
    return f"introduction:{pair.id}:{pair.introduced_at:%Y-%m-%dT%H:%M:%S}"


def _takes_part(person: Person, uow: UnitOfWork) -> bool:
    part = uow.people.participant(person.id)
    return part is not None and part.state == "joined"


def _profile(person: Person, uow: UnitOfWork, zone: ZoneInfo) -> Profile:
    organisation = uow.people.organisation_of(person.id, uow.now.astimezone(zone).date())
    return Profile(person, organisation, uow.people.accounts_of(person.id, reachable=True))


# What is said


def group_introduction(pair: Pair, mentor: Profile, mentee: Profile) -> Message:
    """Both meet each other in a chat of their own."""
    said = _("{mentor}, meet {mentee}.").format(mentor=mentor.person.name, mentee=mentee.person.name)
    return Message(
        said,
        (
            Text(said),
            Text(_("You are a pair now, and this chat is yours. Say hello, and agree a day for your first meeting.")),
            *_about(mentor, _("Mentor")),
            *_about(mentee, _("Mentee")),
            *_first_agenda(),
            _next_steps(pair),
        ),
        _("Only you two see this chat; I do not read what you write. Leads see that you have been introduced."),
    )


def introduction_of_mentor(pair: Pair, mentor: Profile) -> Message:
    """The mentee learns who the mentor is."""
    return _personal(_("{name} is your peer mentor.").format(name=mentor.person.name), pair, mentor)


def introduction_of_mentee(pair: Pair, mentee: Profile) -> Message:
    """The mentor learns who the mentee is."""
    return _personal(_("{name} is your mentee.").format(name=mentee.person.name), pair, mentee)


def _personal(said: str, pair: Pair, other: Profile) -> Message:
    return Message(
        said,
        (
            Text(said),
            Text(
                _(
                    "You both get a message like this. Whoever reads it first: say hello, and suggest a day for your "
                    "first meeting."
                )
            ),
            *_about(other),
            *_first_agenda(),
            _next_steps(pair),
        ),
        _("Only you see this; {name} gets one about you. Leads see that you have been introduced.").format(
            name=other.person.name
        ),
    )


def _about(profile: Profile, role: str = "") -> tuple[Block, ...]:
    person = profile.person
    rows = ((_("Role"), role), (_("Grade"), person.grade), (_("Works at"), profile.organisation))
    known = tuple((label, value) for label, value in rows if value)
    accounts = tuple((account.platform, account.tenant, account.user) for account in profile.accounts)
    return (
        Contact(person.name, person.email, accounts),
        *((Facts(known),) if known else ()),
        *((Text(person.profile),) if person.profile else ()),
    )


def _first_agenda() -> tuple[Block, ...]:
    return (
        Heading(_("For your first meeting")),
        Bullets(
            (
                _("Hopes: what would make this worthwhile for each of you?"),
                _("Ground rules: what you say stays between you, unless somebody is at serious risk."),
                _("How often, how long and how you meet; what to do when a shift gets in the way."),
                _("What you will do if it does not work for one of you."),
                _("The next date, before you part."),
            )
        ),
    )


def _next_steps(pair: Pair) -> Buttons:
    return Buttons(
        (
            dates.find_a_time(pair, primary=True),
            Button(_("Log a meeting"), "log_meeting", str(pair.id), opens=True),
            Button(_("Get help"), "support"),
        )
    )


def agenda(*, first: bool) -> Message:
    """A few lines to hold on to in a meeting."""
    blocks = _first_agenda() if first else _usual_agenda()
    said = _("An agenda for your first meeting") if first else _("An agenda for your meeting")
    return Message(said, blocks, _("Only you see this. What you talk about stays between the two of you."))


def _usual_agenda() -> tuple[Block, ...]:
    return (
        Heading(_("For your meeting")),
        Bullets(
            (
                _("How have things been since last time? What became of what you planned?"),
                _("What should today be about? The mentee chooses; one or two things are enough."),
                _("Where would you like to be, what have you tried, what else could you do?"),
                _("What will you do until next time?"),
                _("The next date, before you part."),
            )
        ),
    )


_EXAMPLE_MENTOR = Profile(MENTOR, "Fenmoor Infirmary", (Account("slack", "T0WESTMARCH", "U0SINEAD"),))
_EXAMPLE_MENTEE = Profile(MENTEE, "Larkhill General", (Account("teams", "5f0c1f2e", "8c1d9a70-kwabena"),))

EXAMPLES: dict[str, Callable[[], Message | Form]] = {
    "group_introduction": lambda: group_introduction(PAIR, _EXAMPLE_MENTOR, _EXAMPLE_MENTEE),
    "introduction_of_mentor": lambda: introduction_of_mentor(PAIR, _EXAMPLE_MENTOR),
    "introduction_of_mentee": lambda: introduction_of_mentee(PAIR, _EXAMPLE_MENTEE),
    "agenda_first": lambda: agenda(first=True),
    "agenda_later": lambda: agenda(first=False),
}
