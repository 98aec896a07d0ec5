"""The tables. Times are stored in UTC and come back with their zone."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    CursorResult,
    Date,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import ReturnTypeFromArgs
from sqlalchemy.types import TypeDecorator

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Moment(TypeDecorator[datetime]):
    """A moment in UTC. SQLite has no zones: there it is stored without one and gets it back here."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """To the database. Raises ValueError for a time without a zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs its time zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """From the database."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


class latest(ReturnTypeFromArgs[datetime]):  # noqa: N801 - named like the SQL function that it is
    """The latest of some moments: ``greatest`` in SQL, which SQLite calls ``max``."""

    inherit_cache = True
    name = "greatest"


@compiles(latest, "sqlite")
def _latest_on_sqlite(element: latest, compiler: SQLCompiler, **how: Any) -> str:
    return f"max({compiler.process(element.clauses, **how)})"


def _one_of(column: str, *values: str) -> CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


programme = Table(
    "programme",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("starts_on", Date, nullable=False),
    Column("ends_on", Date, nullable=False),
    Column("time_zone", Text, nullable=False),
    Column("region", Text, nullable=False),
    Column("contact_name", Text, nullable=False),
    Column("contact_email", Text, nullable=False),
    Column("reminder_days", Integer, nullable=False, server_default="7"),
    Column("first_date_days", Integer, nullable=False, server_default="21"),
    Column("next_date_days", Integer, nullable=False, server_default="42"),
    Column("quiet_from", Integer, nullable=False, server_default="20"),
    Column("quiet_until", Integer, nullable=False, server_default="8"),
    Column("check_in_days", Integer, nullable=False, server_default="61"),
    Column("disclosure", Text, nullable=False, server_default="standard"),
    Column("mentees_eligible", Integer),
    Column("mentees_applied", Integer),
    Column("mentees_selected", Integer),
    Column("mentors_eligible", Integer),
    Column("mentors_applied", Integer),
    Column("mentors_selected", Integer),
    Column("controls_invited", Integer),
    Column("controls_volunteered", Integer),
    Column("baseline_on", Date),
    Column("midpoint_on", Date),
    Column("end_on", Date),
    Column("follow_up_on", Date),
    Column("reflections", Text, nullable=False, server_default="twice"),
    Column("is_demo", Boolean, nullable=False, server_default=text("false")),
    _one_of("disclosure", "standard", "strict", "research"),
    _one_of("reflections", "twice", "once", "always", "never"),
)

organisation = Table(
    "organisation",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
)

person = Table(
    "person",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("email", Text, nullable=False, index=True),
    Column("profile", Text, nullable=False, server_default=""),
    Column("grade", Text, nullable=False, server_default=""),
    Column("time_zone", Text, nullable=False),
    Column("region", Text, nullable=False),
    Column("quiet_from", Integer, nullable=False, server_default="20"),
    Column("quiet_until", Integer, nullable=False, server_default="8"),
    Column("no_send_days", Text, nullable=False, server_default="56"),
    Column("away_until", Date),
)

leave = Table(
    "leave",
    metadata,
    Column("person_id", ForeignKey("person.id", ondelete="CASCADE"), nullable=False),
    Column("starts_on", Date, nullable=False),
    Column("ends_on", Date, nullable=False),
    PrimaryKeyConstraint("person_id", "starts_on"),
    CheckConstraint("starts_on <= ends_on", name="days"),
)

placement = Table(
    "placement",
    metadata,
    Column("person_id", ForeignKey("person.id"), nullable=False),
    Column("organisation_id", ForeignKey("organisation.id"), nullable=False),
    Column("starts_on", Date, nullable=False),
    Column("ends_on", Date),
    PrimaryKeyConstraint("person_id", "starts_on"),
)

account = Table(
    "account",
    metadata,
    Column("platform", Text, nullable=False),
    Column("tenant", Text, nullable=False),
    Column("user", Text, nullable=False),
    Column("person_id", ForeignKey("person.id"), nullable=False, index=True),
    Column("unreachable_since", Moment),
    PrimaryKeyConstraint("platform", "tenant", "user"),
)

account_claim = Table(
    "account_claim",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("platform", Text, nullable=False),
    Column("tenant", Text, nullable=False),
    Column("user", Text, nullable=False),
    Column("person_id", ForeignKey("person.id"), nullable=False, index=True),
    Column("asked_at", Moment, nullable=False),
    Column("decided", Text),
    Column("decided_by", ForeignKey("person.id")),
    UniqueConstraint("platform", "tenant", "user", "person_id"),
    _one_of("decided", "confirmed", "refused"),
)

participant = Table(
    "participant",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("programme_id", ForeignKey("programme.id"), nullable=False),
    Column("person_id", ForeignKey("person.id"), nullable=False, index=True),
    Column("role", Text, nullable=False),
    Column("state", Text, nullable=False, server_default="invited"),
    Column("joined_at", Moment),
    Column("version", Integer, nullable=False, server_default="1"),
    UniqueConstraint("programme_id", "person_id"),
    _one_of("role", "mentor", "mentee", "control"),
    _one_of("state", "invited", "joined", "declined", "left"),
)

duty = Table(
    "duty",
    metadata,
    Column("programme_id", ForeignKey("programme.id"), nullable=False),
    Column("person_id", ForeignKey("person.id"), nullable=False, index=True),
    Column("kind", Text, nullable=False),
    PrimaryKeyConstraint("programme_id", "person_id", "kind"),
    _one_of("kind", "lead", "selector", "facilitator", "senior support"),
)

pair = Table(
    "pair",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("programme_id", ForeignKey("programme.id"), nullable=False, index=True),
    Column("mentor_id", ForeignKey("person.id"), nullable=False, index=True),
    Column("mentee_id", ForeignKey("person.id"), nullable=False, index=True),
    Column("state", Text, nullable=False, server_default="proposed"),
    Column("introduced_at", Moment),
    Column("ended_at", Moment),
    Column("end_reason", Text, nullable=False, server_default=""),
    UniqueConstraint("programme_id", "mentor_id", "mentee_id"),
    CheckConstraint("mentor_id <> mentee_id", name="two_people"),
    _one_of("state", "proposed", "introduced", "agreed", "active", "paused", "ended"),
)

meeting = Table(
    "meeting",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("pair_id", ForeignKey("pair.id"), nullable=False),
    Column("day", Date, nullable=False),
    Column("state", Text, nullable=False),
    Column("minutes", Integer),
    Column("how", Text, nullable=False, server_default=""),
    Column("logged_by", ForeignKey("person.id")),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("starts_at", Moment),
    Column("place", Text, nullable=False, server_default=""),
    Column("uid", Text, nullable=False, server_default=""),
    Column("sequence", Integer, nullable=False, server_default="0"),
    UniqueConstraint("pair_id", "day"),
    _one_of("state", "arranged", "logged", "cancelled"),
)

meeting_topic = Table(
    "meeting_topic",
    metadata,
    Column("meeting_id", ForeignKey("meeting.id", ondelete="CASCADE"), nullable=False),
    Column("topic", Text, nullable=False),
    PrimaryKeyConstraint("meeting_id", "topic"),
)

als_set = Table(
    "als_set",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("programme_id", ForeignKey("programme.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("facilitator_id", ForeignKey("person.id"), nullable=False, index=True),
    UniqueConstraint("programme_id", "name"),
)

als_member = Table(
    "als_member",
    metadata,
    Column("set_id", ForeignKey("als_set.id", ondelete="CASCADE"), nullable=False),
    Column("person_id", ForeignKey("person.id", ondelete="CASCADE"), nullable=False, index=True),
    PrimaryKeyConstraint("set_id", "person_id"),
)

als_session = Table(
    "als_session",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("set_id", ForeignKey("als_set.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("starts_at", Moment, nullable=False),
    Column("minutes", Integer, nullable=False),
    Column("place", Text, nullable=False, server_default=""),
    Column("state", Text, nullable=False, server_default="planned"),
    Column("uid", Text, nullable=False, unique=True),
    Column("sequence", Integer, nullable=False, server_default="0"),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("is_counted", Boolean, nullable=False, server_default=text("false")),
    _one_of("state", "planned", "held", "cancelled"),
)

als_reply = Table(
    "als_reply",
    metadata,
    Column("session_id", ForeignKey("als_session.id", ondelete="CASCADE"), nullable=False),
    Column("person_id", ForeignKey("person.id", ondelete="CASCADE"), nullable=False),
    Column("answer", Text, nullable=False),
    PrimaryKeyConstraint("session_id", "person_id"),
    _one_of("answer", "yes", "no", "maybe"),
)

als_attendance = Table(
    "als_attendance",
    metadata,
    Column("session_id", ForeignKey("als_session.id", ondelete="CASCADE"), nullable=False),
    Column("person_id", ForeignKey("person.id", ondelete="CASCADE"), nullable=False),
    Column("came", Boolean, nullable=False),
    PrimaryKeyConstraint("session_id", "person_id"),
)

proposal = Table(
    "proposal",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("pair_id", ForeignKey("pair.id"), nullable=False),
    Column("by_id", ForeignKey("person.id"), nullable=False),
    Column("state", Text, nullable=False),
    Column("minutes", Integer, nullable=False),
    Column("place", Text, nullable=False, server_default=""),
    _one_of("state", "open", "picked", "withdrawn", "superseded"),
)
Index(
    "ix_proposal_open",
    proposal.c.pair_id,
    unique=True,
    sqlite_where=text("state = 'open'"),
    postgresql_where=text("state = 'open'"),
)

proposal_time = Table(
    "proposal_time",
    metadata,
    Column("proposal_id", ForeignKey("proposal.id", ondelete="CASCADE"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("starts_at", Moment, nullable=False),
    PrimaryKeyConstraint("proposal_id", "number"),
)

file = Table(
    "file",
    metadata,
    Column("token_hash", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("expires_at", Moment, nullable=False, index=True),
)

support_service = Table(
    "support_service",
    metadata,
    Column("programme_id", ForeignKey("programme.id"), nullable=False),
    Column("nation", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("reach", Text, nullable=False),
    Column("checked_on", Date, nullable=False),
    PrimaryKeyConstraint("programme_id", "nation", "name"),
)

support_request = Table(
    "support_request",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("person_id", ForeignKey("person.id"), nullable=False, index=True),
    Column("senior_id", ForeignKey("person.id"), nullable=False),
    Column("asked_at", Moment, nullable=False),
    Column("answered_at", Moment),
)

place = Table(
    "place",
    metadata,
    Column("name", Text, primary_key=True),
    Column("platform", Text, nullable=False),
    Column("tenant", Text, nullable=False),
    Column("conversation", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("service_url", Text, nullable=False, server_default=""),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("place", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("body", Text),
    Column("revision", Integer, nullable=False, server_default="1"),
    Column("queued_at", Moment, nullable=False),
    Column("not_before", Moment),
    Column("due_at", Moment, nullable=False),
    Column("answers_at", Moment),
    Column("useful_until", Moment),
    Column("retry_at", Moment),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("maybe_sent", Boolean, nullable=False, server_default=text("false")),
    Column("lease_owner", Text),
    Column("lease_until", Moment),
    Column("conversation", Text),
    Column("remote_id", Text),
    Column("sent_at", Moment),
    Column("dead_reason", Text),
    UniqueConstraint("place", "key"),
    sqlite_autoincrement=True,
)
Index(
    "ix_outbox_pending",
    outbox.c.place,
    outbox.c.queued_at,
    sqlite_where=text("body IS NOT NULL"),
    postgresql_where=text("body IS NOT NULL"),
)
Index(
    "ix_outbox_due",
    outbox.c.due_at,
    sqlite_where=text("body IS NOT NULL"),
    postgresql_where=text("body IS NOT NULL"),
)
Index(
    "ix_outbox_sent",
    outbox.c.conversation,
    outbox.c.remote_id,
    sqlite_where=text("remote_id IS NOT NULL"),
    postgresql_where=text("remote_id IS NOT NULL"),
)

prompt = Table(
    "prompt",
    metadata,
    Column("person_id", ForeignKey("person.id"), nullable=False),
    # Empty for a prompt whose message has been purged: it still counts in the budget.
    Column("outbox_id", ForeignKey("outbox.id", ondelete="CASCADE")),
    Column("sent_at", Moment, nullable=False),
    UniqueConstraint("person_id", "outbox_id"),
)
Index("ix_prompt_person_id_sent_at", prompt.c.person_id, prompt.c.sent_at)

# Waves. No table here has a time of an answer, or a number that rises with each answer, and no answer names anybody.

wave = Table(
    "wave",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("programme_id", ForeignKey("programme.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("instrument", Text, nullable=False),
    Column("level", Text, nullable=False),
    Column("state", Text, nullable=False, server_default="open"),
    Column("opens_at", Moment, nullable=False),
    Column("closes_at", Moment, nullable=False),
    Column("public_key", LargeBinary, nullable=False),
    Column("key_id", Text, nullable=False, unique=True),
    UniqueConstraint("programme_id", "name", "level", "opens_at"),
    _one_of("level", "standard", "strict", "research"),
    _one_of("state", "open", "closing", "released", "scrubbed", "destroyed"),
)

wave_member = Table(
    "wave_member",
    metadata,
    Column("wave_id", ForeignKey("wave.id", ondelete="CASCADE"), nullable=False),
    Column("person_id", ForeignKey("person.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("role", Text, nullable=False),
    PrimaryKeyConstraint("wave_id", "person_id"),
    sqlite_with_rowid=False,
)

# Rows stand in the order of their tags, which says nothing: on SQLite there is no row number beside them.
sealed_answer = Table(
    "sealed_answer",
    metadata,
    Column("wave_id", ForeignKey("wave.id", ondelete="CASCADE"), nullable=False),
    Column("tag", LargeBinary, nullable=False),
    Column("box", LargeBinary, nullable=False),
    PrimaryKeyConstraint("wave_id", "tag"),
    sqlite_with_rowid=False,
)

# Consents and the research copy. As with answers: no time, no name, and no row number.

consent = Table(
    "consent",
    metadata,
    Column("programme_id", ForeignKey("programme.id"), nullable=False),
    Column("tag", LargeBinary, nullable=False),
    Column("mark", LargeBinary, nullable=False),
    PrimaryKeyConstraint("programme_id", "tag"),
    sqlite_with_rowid=False,
)

research_plan = Table(
    "research_plan",
    metadata,
    Column("programme_id", ForeignKey("programme.id"), primary_key=True),
    Column("ethics_reference", Text, nullable=False),
    Column("evaluator", Text, nullable=False),
    Column("evaluator_key", Text, nullable=False),
    Column("retention_until", Date, nullable=False),
    Column("state", Text, nullable=False, server_default="open"),
    Column("ended_on", Date),
    _one_of("state", "open", "closing", "handed_over", "destroyed"),
)

research_copy = Table(
    "research_copy",
    metadata,
    Column("programme_id", ForeignKey("programme.id"), nullable=False),
    Column("tag", LargeBinary, nullable=False),
    Column("box", LargeBinary, nullable=False),
    PrimaryKeyConstraint("programme_id", "tag"),
    sqlite_with_rowid=False,
)

ledger = Table(
    "ledger",
    metadata,
    Column("wave_id", ForeignKey("wave.id"), primary_key=True),
    Column("released_at", Moment, nullable=False),
    Column("body", Text, nullable=False),
)

# Pictures of releases. The token is no secret from who can read the picture beside it.

painted = Table(
    "painted",
    metadata,
    Column("wave_id", ForeignKey("ledger.wave_id"), primary_key=True, autoincrement=False),
)

picture = Table(
    "picture",
    metadata,
    Column("name", Text, primary_key=True),
    Column("wave_id", ForeignKey("ledger.wave_id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("token", Text, nullable=False, unique=True),
    Column("alt", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),
    UniqueConstraint("wave_id", "number"),
)

uploaded_picture = Table(
    "uploaded_picture",
    metadata,
    Column("name", ForeignKey("picture.name"), nullable=False),
    Column("tenant", Text, nullable=False),
    Column("reference", Text, nullable=False),
    PrimaryKeyConstraint("name", "tenant"),
)

report_request = Table(
    "report_request",
    metadata,
    Column("programme_id", ForeignKey("programme.id"), nullable=False),
    Column("person_id", ForeignKey("person.id"), nullable=False, index=True),
    Column("asked_at", Moment, nullable=False),
    PrimaryKeyConstraint("programme_id", "person_id"),
)

pace = Table(
    "pace",
    metadata,
    Column("name", Text, primary_key=True),
    Column("busy_until", Moment, nullable=False),
)

due = Table(
    "due",
    metadata,
    Column("rule", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("done_at", Moment),
    PrimaryKeyConstraint("rule", "subject", "due_at"),
)
Index(
    "ix_due_open",
    due.c.due_at,
    sqlite_where=text("done_at IS NULL"),
    postgresql_where=text("done_at IS NULL"),
)

seen = Table(
    "seen",
    metadata,
    Column("key", Text, primary_key=True),
    Column("at", Moment, nullable=False, index=True),
)


def inserted(result: CursorResult[Any]) -> int:
    """The id of the row that an insert made."""
    key = result.inserted_primary_key
    if key is None:
        raise LookupError("nothing was inserted")
    return int(key[0])
