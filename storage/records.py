"""What the database holds, as frozen records: repositories return these and nothing else."""

from dataclasses import dataclass
from datetime import date, datetime


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
    ``quiet_until``: the hours of the evening and the morning between which nothing is sent."""

    id: int
    name: str
    email: str
    profile: str
    grade: str
    time_zone: str
    region: str
    quiet_from: int
    quiet_until: int


@dataclass(frozen=True, slots=True)
class Programme:
    """One cohort. ``contact_name`` and ``contact_email``: whom anybody may ask about it."""

    id: int
    name: str
    starts_on: date
    ends_on: date
    time_zone: str
    region: str
    contact_name: str
    contact_email: str
    is_demo: bool


@dataclass(frozen=True, slots=True)
class Participant:
    """A person's part in a programme. ``role``: mentor, mentee or control. ``state``: invited, joined or declined.
    ``version``: rises with each change of state, so that a button knows whether it is about this one."""

    programme_id: int
    person: Person
    role: str
    state: str
    version: int


@dataclass(frozen=True, slots=True)
class Pair:
    """A mentor and a mentee. ``state``: proposed, introduced, agreed, active, paused or ended."""

    id: int
    programme_id: int
    mentor: Person
    mentee: Person
    state: str
    introduced_at: datetime | None

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
    and ``how`` and ``topics`` are empty when all that is known is that they met."""

    id: int
    pair_id: int
    day: date
    state: str
    minutes: int | None
    how: str
    topics: tuple[str, ...]
    logged_by: int | None
    version: int


@dataclass(frozen=True, slots=True)
class PairFacts:
    """What leads may know of a pair: its state, how many meetings were logged and the day of the last."""

    pair: Pair
    meetings: int
    last_day: date | None


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
class Waiting:
    """A message that waits in the outbox.

    ``remote_id``: its id on the platform if it was sent before, so that ``body`` is an edit. ``answers_at``: when the
    person did what this answers; None for what the bot starts. ``maybe_sent``: an earlier attempt may have arrived.
    ``leased_by``: the process that was sending it when its lease ran out; None otherwise.
    """

    id: int
    place: str
    key: str
    body: str
    revision: int
    answers_at: datetime | None
    attempts: int
    maybe_sent: bool
    leased_by: str | None
    conversation: str | None
    remote_id: str | None
    queued_at: datetime
