"""What the database holds, as frozen records: repositories return these and nothing else."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta


class NotThere(LookupError):
    """What was asked for does not exist, or is not this person's to see."""


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody's account. ``tenant``: the Slack workspace or the Microsoft tenant. ``user``: the Slack user id or the
    Microsoft Entra object id."""

    platform: str
    tenant: str
    user: str

    def __str__(self) -> str:
        return f"{self.platform}:{self.tenant}/{self.user}"


@dataclass(frozen=True, slots=True)
class Conversation:
    """Where messages go on a platform. ``kind``: ``dm``, ``group``, ``channel`` (a private one) or
    ``public`` (a channel that is not known to be private). ``service_url``: its connector on Teams, empty on Slack."""

    platform: str
    tenant: str
    id: str
    kind: str
    service_url: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """A human. ``time_zone``: IANA name. ``region``: ENG, WLS, SCT or NIR, for bank holidays. ``quiet_from`` and
    ``quiet_until``: the hours of the evening and the morning between which nothing is sent. ``no_send_days``: a digit
    for each weekday on which nothing is sent at all, Monday is 0. ``away_until``: the last day of all leave that was
    entered; it tells whether leave need be looked up."""

    id: int
    name: str
    email: str
    profile: str
    grade: str
    time_zone: str
    region: str
    quiet_from: int
    quiet_until: int
    no_send_days: str = "56"
    away_until: date | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """Somebody with an account. ``was_unreachable``: nothing could be delivered to it of late. ``chat``: the
    conversation in which they are written to; None before the first."""

    person: Person
    was_unreachable: bool
    chat: Conversation | None


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A person who is to be entered. ``organisation``: where they work from ``since`` on; may be empty."""

    name: str
    email: str
    accounts: tuple[Account, ...]
    time_zone: str
    region: str
    profile: str
    grade: str
    organisation: str
    since: date
    quiet_from: int = 20
    quiet_until: int = 8


@dataclass(frozen=True, slots=True)
class Entry:
    """Everything about a person that a list can say. ``role`` and ``state``: as in Participant, empty for who has no
    part. ``in_pair``: the person is one of a pair, whatever its state."""

    person: Person
    accounts: tuple[Account, ...]
    organisation: str
    role: str
    state: str
    duties: frozenset[str]
    in_pair: bool


@dataclass(frozen=True, slots=True)
class Claim:
    """That an account may be a person's: its e-mail address is theirs. ``decided``: what a lead said, ``confirmed`` or
    ``refused``, and who that was; None until then."""

    id: int
    account: Account
    person: Person
    decided: str | None
    decided_by: Person | None


@dataclass(frozen=True, slots=True)
class Programme:
    """One cohort. ``contact_name`` and ``contact_email``: whom anybody may ask about it. The days are those of the
    cadence. ``quiet_from`` and ``quiet_until``: the quiet hours with which people begin. ``disclosure``: the level at
    which results are released: standard, strict or research. ``baseline_on`` and so on: from which day on a
    questionnaire opens; None for the usual one. ``reflections``: after which rounds of their sets mentors look back:
    twice, once, always or never. From ``mentees_eligible`` on: how many there were at each step of the recruitment, as
    far as leads have said."""

    id: int
    name: str
    starts_on: date
    ends_on: date
    time_zone: str
    region: str
    contact_name: str
    contact_email: str
    is_demo: bool
    reminder_days: int = 7
    first_date_days: int = 21
    next_date_days: int = 42
    quiet_from: int = 20
    quiet_until: int = 8
    check_in_days: int = 61
    disclosure: str = "standard"
    baseline_on: date | None = None
    midpoint_on: date | None = None
    end_on: date | None = None
    follow_up_on: date | None = None
    reflections: str = "twice"
    mentees_eligible: int | None = None
    mentees_applied: int | None = None
    mentees_selected: int | None = None
    mentors_eligible: int | None = None
    mentors_applied: int | None = None
    mentors_selected: int | None = None
    controls_invited: int | None = None
    controls_volunteered: int | None = None


@dataclass(frozen=True, slots=True)
class ResearchPlan:
    """Who gets a copy of the answers of those who agree to that. ``evaluator``: the outside evaluator and their
    institution. ``evaluator_key``: their public key (X25519, base64). ``retention_until``: the last day on which they
    may keep it. ``state``: ``open``; ``closing`` (it is being handed over: nothing is taken or given back any more);
    ``handed_over`` or ``destroyed``, on ``ended_on``."""

    ethics_reference: str
    evaluator: str
    evaluator_key: str
    retention_until: date
    state: str = "open"
    ended_on: date | None = None


@dataclass(frozen=True, slots=True)
class Participant:
    """A person's part in a programme. ``role``: mentor, mentee or control. ``state``: invited, joined, declined or
    left. ``version``: rises with each change of state, so that a button knows whether it is about this one."""

    programme_id: int
    person: Person
    role: str
    state: str
    version: int


@dataclass(frozen=True, slots=True)
class Pair:
    """A mentor and a mentee. ``state``: proposed, introduced, agreed, active, paused or ended. ``end_reason``: why it
    ended, of the few that there are to choose from (see ``bot.programme.pairs``); empty where none was given."""

    id: int
    programme_id: int
    mentor: Person
    mentee: Person
    state: str
    introduced_at: datetime | None
    ended_at: datetime | None = None
    end_reason: str = ""

    def other(self, person: Person) -> Person:
        """The one of the two who is not this person."""
        return self.mentee if person.id == self.mentor.id else self.mentor

    @property
    def people(self) -> tuple[Person, Person]:
        """The two."""
        return self.mentor, self.mentee


@dataclass(frozen=True, slots=True)
class Meeting:
    """A meeting of a pair. ``state``: arranged, logged or cancelled; at most one per pair and day. ``minutes`` is None
    and ``how`` and ``topics`` are empty when all that is known is that they met.

    ``starts_at``: its time, where one was picked; then ``minutes`` are those that were planned until it is logged,
    ``place`` is where (it may be empty), and in calendars it has this ``uid`` and ``sequence``. ``day`` is the day in
    the programme's zone.
    """

    id: int
    pair_id: int
    day: date
    state: str
    minutes: int | None
    how: str
    topics: tuple[str, ...]
    logged_by: int | None
    version: int
    starts_at: datetime | None = None
    place: str = ""
    uid: str = ""
    sequence: int = 0


@dataclass(frozen=True, slots=True)
class Proposal:
    """Times that one of a pair, ``by_id``, proposes to the other. ``state``: open, picked, withdrawn or superseded.
    ``times``: one to three moments, in the order in which they were proposed."""

    id: int
    pair_id: int
    by_id: int
    state: str
    minutes: int
    place: str
    times: tuple[datetime, ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that is stored. ``name``: what it is found by. ``alt``: what it shows, in words."""

    name: str
    alt: str


@dataclass(frozen=True, slots=True)
class File:
    """A file that somebody can fetch. ``media_type``: as it goes into Content-Type."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class PairFacts:
    """What leads may know of a pair: its state, how many meetings were logged and the day of the last."""

    pair: Pair
    meetings: int
    last_day: date | None


@dataclass(frozen=True, slots=True)
class PartTally:
    """How many people of a role are listed, how many have ever joined, and how many of these left again."""

    role: str
    listed: int
    joined: int
    left: int


@dataclass(frozen=True, slots=True)
class PairTally:
    """A pair that was introduced, without its names: as in Pair, and how many meetings it has logged."""

    meetings: int
    ended_at: datetime | None
    end_reason: str


@dataclass(frozen=True, slots=True)
class SessionTally:
    """A session that was held: how many of the members came."""

    set_id: int
    came: int
    members: int


@dataclass(frozen=True, slots=True)
class PairTopics:
    """A pair that has logged a meeting, and everything that it has ever ticked as a topic: for the counts of all pairs,
    and not to be shown."""

    pair_id: int
    mentor_id: int
    mentee_id: int
    topics: frozenset[str]


@dataclass(frozen=True, slots=True)
class LearningSet:
    """An Action Learning Set: a few mentors who meet regularly, and who facilitates them."""

    id: int
    programme_id: int
    name: str
    facilitator: Person


@dataclass(frozen=True, slots=True)
class Session:
    """A session of a set; what is said in it is never stored. ``state``: planned, held (its register is filled in) or
    cancelled. ``starts_at``: in UTC. ``place``: words or an ``https`` address, perhaps empty. ``uid`` and ``sequence``:
    as calendars know it; the sequence rises with every change. ``version``: rises when the time changes, so that an
    answer is known to be about this time. ``is_counted``: a facilitator has been told who comes, perhaps to an earlier
    time."""

    id: int
    learning_set: LearningSet
    starts_at: datetime
    minutes: int
    place: str
    state: str
    uid: str
    sequence: int
    version: int
    is_counted: bool = False

    @property
    def ends_at(self) -> datetime:
        """When it is over."""
        return self.starts_at + timedelta(minutes=self.minutes)


@dataclass(frozen=True, slots=True)
class Attendance:
    """How many of the members came to a session that was held."""

    session: Session
    came: int
    members: int


@dataclass(frozen=True, slots=True)
class Wave:
    """One instrument, one population, one opening, one close. ``name``: the instrument's id; ``instrument``: all of
    it, as it was declared before the opening. ``level``: of disclosure. ``state``: open, closing (nothing is taken any
    more), released (its release is in the ledger), scrubbed (no answer is left in the database's files) or destroyed
    (nor are the keys). ``key_id``: the name of its keys in the key store."""

    id: int
    programme_id: int
    name: str
    instrument: str
    level: str
    state: str
    opens_at: datetime
    closes_at: datetime
    public_key: bytes
    key_id: str


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """What a wave let out: the published form, and when."""

    wave_id: int
    programme_id: int
    name: str
    released_at: datetime
    body: str


@dataclass(frozen=True, slots=True)
class ReportRequest:
    """That a lead asked for the report of a programme."""

    programme_id: int
    person_id: int
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class SupportService:
    """A service that helps doctors. ``nation``: ENG, WLS, SCT, NIR or UK. ``reach``: its number or address.
    ``checked_on``: when somebody last made sure that this is right."""

    nation: str
    name: str
    reach: str
    checked_on: date


@dataclass(frozen=True, slots=True)
class SupportRequest:
    """That somebody asked a senior for a talk, and whether it was answered; nothing of what it is about."""

    id: int
    person: Person
    senior: Person
    asked_at: datetime
    answered_at: datetime | None


@dataclass(frozen=True, slots=True)
class Due:
    """Work that is due: ``rule`` names a job, ``subject`` what it is about."""

    rule: str
    subject: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Queued:
    """A message that waits in the outbox, without its words. ``not_before``: its own time; ``due_at``: when it may go
    as far as is known; ``retry_at``: when it is tried again. ``is_edit``: it was sent before, with other words."""

    place: str
    key: str
    due_at: datetime
    not_before: datetime | None
    retry_at: datetime | None
    is_edit: bool
    may_have_arrived: bool


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message that waits in the outbox.

    ``remote_id``: its id on the platform if it was sent before, so that ``body`` is an edit. ``answers_at``: when the
    person did what this answers; None for what the bot starts. ``useful_until``: when it makes no sense any more, if
    ever. ``maybe_sent``: an earlier attempt may have arrived. ``leased_by``: the process that was sending it when its
    lease ran out; None otherwise.
    """

    id: int
    place: str
    key: str
    body: str
    revision: int
    answers_at: datetime | None
    useful_until: datetime | None
    attempts: int
    maybe_sent: bool
    leased_by: str | None
    conversation: str | None
    remote_id: str | None
    queued_at: datetime

    @property
    def may_have_arrived(self) -> bool:
        """Whether it has to be looked up before it is sent."""
        return self.maybe_sent or self.leased_by is not None
