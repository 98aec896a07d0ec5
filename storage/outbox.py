"""The outbox: one row for each message in each place, from the moment it is wanted until long after it was sent.

A row is pending while it has a ``body``. Without a ``remote_id`` the body is to be sent; with one it is an edit of what
was sent. The body is dropped once the platform has it. Rows of one place go out first in, first out; a row that waits
for its time (``due_at``) holds up nothing, a row that is tried again (``retry_at``) holds up those behind it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Connection,
    Row,
    Select,
    Text,
    Update,
    bindparam,
    case,
    delete,
    func,
    select,
    update,
)

from storage.models import Moment, latest, outbox, pace, place, prompt
from storage.records import Conversation, Queued, Waiting
from storage.upsert import insert_once, upsert
from storage.waves import GOES_TO_EVERYBODY_ASKED

_WAITING = (
    outbox.c.id,
    outbox.c.place,
    outbox.c.key,
    outbox.c.body,
    outbox.c.revision,
    outbox.c.answers_at,
    outbox.c.useful_until,
    outbox.c.attempts,
    outbox.c.maybe_sent,
    outbox.c.lease_owner,
    outbox.c.conversation,
    outbox.c.remote_id,
    outbox.c.queued_at,
)

STRANGERS_KEPT = timedelta(days=7)

_PENDING = (outbox.c.body.is_not(None), outbox.c.dead_reason.is_(None))
_RELEASED: dict[str, Any] = {"lease_owner": None, "lease_until": None, "retry_at": None, "attempts": 0}

# These are asked all the time, and building a statement costs more than running it.
_NOW = bindparam("now", type_=Moment())
_READY_AT = latest(
    outbox.c.due_at,
    func.coalesce(outbox.c.retry_at, outbox.c.due_at),
    func.coalesce(outbox.c.lease_until, outbox.c.due_at),
    func.coalesce(pace.c.busy_until, outbox.c.due_at),
)


def _first_of_each_place(*columns: ColumnElement[Any]) -> Select[*tuple[Any, ...]]:
    """Pending messages that no earlier one of their place holds up, with the pace of their place."""
    earlier = outbox.alias("earlier")
    held_up = (
        select(earlier.c.id)
        .where(
            earlier.c.place == outbox.c.place,
            earlier.c.body.is_not(None),
            earlier.c.dead_reason.is_(None),
            earlier.c.due_at <= _NOW,
            (earlier.c.queued_at < outbox.c.queued_at)
            | ((earlier.c.queued_at == outbox.c.queued_at) & (earlier.c.id < outbox.c.id)),
        )
        .exists()
    )
    query: Select[*tuple[Any, ...]] = select(*columns)
    return query.outerjoin_from(outbox, pace, pace.c.name == outbox.c.place).where(*_PENDING, ~held_up)


_HEADS = (
    _first_of_each_place(*_WAITING)
    .where(outbox.c.due_at <= _NOW, _READY_AT <= _NOW)
    .order_by(outbox.c.queued_at, outbox.c.id)
    .limit(bindparam("limit"))
    .with_for_update(of=outbox, skip_locked=True)
)
_NEXT_AT = _first_of_each_place(func.min(_READY_AT))
_DEFER = update(outbox).where(outbox.c.id == bindparam("row_id")).values(due_at=bindparam("until", type_=Moment()))
_LEASE = (
    update(outbox)
    .where(outbox.c.id == bindparam("row_id"))
    .values(lease_owner=bindparam("owner"), lease_until=bindparam("until", type_=Moment()))
)
_SENT = (
    update(outbox)
    .where(outbox.c.id == bindparam("row_id"), outbox.c.lease_owner == bindparam("owner"))
    .values(
        remote_id=bindparam("with_id"),
        conversation=bindparam("in_conversation"),
        sent_at=func.coalesce(outbox.c.sent_at, _NOW),
        maybe_sent=False,
        **_RELEASED,
    )
)
_SENT_AS_IT_IS = _SENT.where(outbox.c.revision == bindparam("with_revision")).values(body=None)
_BUSY_UNTIL = select(pace.c.busy_until).where(pace.c.name == bindparam("name")).with_for_update()
_PROMPTS_SINCE = (
    select(prompt.c.sent_at)
    .where(
        prompt.c.person_id == bindparam("person_id"),
        prompt.c.sent_at > bindparam("since", type_=Moment()),
        prompt.c.outbox_id.is_(None) | (prompt.c.outbox_id != bindparam("but")),
    )
    .order_by(prompt.c.sent_at)
)
_KNOWN_PROMPTS_SINCE = _PROMPTS_SINCE.outerjoin_from(prompt, outbox, outbox.c.id == prompt.c.outbox_id).where(
    outbox.c.id.is_(None) | GOES_TO_EVERYBODY_ASKED
)
_BOOKED = select(outbox.c.due_at).where(
    outbox.c.place == bindparam("booked_place"),
    outbox.c.useful_until.is_not(None),
    outbox.c.remote_id.is_(None),
    outbox.c.answers_at.is_(None),
    (outbox.c.due_at > _NOW) | bindparam("gives_way", type_=Boolean()),
    outbox.c.id != bindparam("but"),
    GOES_TO_EVERYBODY_ASKED,
    *_PENDING,
)
_ONE = (outbox.c.place == bindparam("in_place"), outbox.c.key == bindparam("with_key"))
_CHANGE = (
    update(outbox)
    .where(outbox.c.dead_reason.is_(None))
    .values(
        revision=outbox.c.revision + 1,
        queued_at=_NOW,
        due_at=latest(outbox.c.due_at, _NOW),
        attempts=0,
        retry_at=None,
    )
    .returning(outbox.c.conversation, outbox.c.remote_id, outbox.c.body, outbox.c.key)
)
_CHANGE_BODY = _CHANGE.values(body=bindparam("new_body"))
_CHANGE_ONE = _CHANGE_BODY.where(*_ONE)
_CHANGE_ALL = _CHANGE_BODY.where(outbox.c.key == bindparam("with_key"))
_CHANGE_SENT = _CHANGE_BODY.where(
    outbox.c.conversation == bindparam("in_conversation"), outbox.c.remote_id == bindparam("with_id")
)
_BEGINNING = bindparam("beginning", type_=Text())
_NEWEST = (
    select(outbox.c.key)
    .where(
        outbox.c.place == bindparam("in_place"),
        func.substr(outbox.c.key, 1, func.length(_BEGINNING)) == _BEGINNING,
        outbox.c.dead_reason.is_(None),
    )
    .order_by(outbox.c.id.desc())
    .limit(1)
)
_THERE = select(outbox.c.key).where(
    outbox.c.place == bindparam("in_place"),
    outbox.c.key.in_(bindparam("keys", expanding=True)),
    outbox.c.dead_reason.is_(None),
)
_WAITS = select(outbox.c.id).where(*_ONE, outbox.c.remote_id.is_(None), *_PENDING)
_WITHDRAW = delete(outbox).where(
    outbox.c.key == bindparam("with_key"),
    outbox.c.remote_id.is_(None),
    outbox.c.lease_owner.is_(None),
    outbox.c.maybe_sent.is_(False),
    outbox.c.dead_reason.is_(None),
)


@cache
def _change_several(count: int) -> Update:
    """Changes so many messages of one place at once, each to a body of its own."""
    bodies = {f"key_{number}": f"body_{number}" for number in range(count)}
    body = case(*((outbox.c.key == bindparam(key), bindparam(body, type_=Text())) for key, body in bodies.items()))
    mine = (outbox.c.place == bindparam("in_place"), outbox.c.key.in_([bindparam(key) for key in bodies]))
    return _CHANGE.where(*mine).values(body=body)


class Outbox:
    """Messages to be delivered."""

    def __init__(self, connection: Connection, now: datetime, encode: Callable[[Any], str]) -> None:
        self._db = connection
        self._now = now
        self._encode = encode
        self._changed: dict[tuple[str, str], str] = {}

    # What handlers and jobs do

    def add(
        self,
        *,
        to: str,
        key: str,
        message: object,
        answers_at: datetime | None = None,
        due_at: datetime | None = None,
        not_before: datetime | None = None,
        useful_until: datetime | None = None,
    ) -> bool:
        """Have a message sent to a place, once for each key; whether it is new.

        ``answers_at``: when the reader did what this answers. Without it the message is a prompt, which keeps quiet
        time and counts in the message budget. ``due_at``: not before then, unless the place is hurried.
        ``not_before``: its own time, which nothing hurries. ``useful_until``: what cannot go before then, because of
        quiet time or for any other reason, does not go at all; until then the budget leaves room for it.
        """
        return insert_once(
            self._db,
            outbox,
            place=to,
            key=key,
            body=self._encode(message),
            queued_at=self._now,
            not_before=not_before,
            due_at=not_before or due_at or self._now,
            answers_at=answers_at,
            useful_until=useful_until,
        )

    def replace(self, key: str, message: object, *, place: str | None = None) -> None:
        """Change a message wherever it is: one that still waits is overwritten, one that was sent is edited."""
        if place is None:
            self._change(_CHANGE_ALL, message, with_key=key)
        else:
            self._change(_CHANGE_ONE, message, in_place=place, with_key=key)

    def replace_in(self, place: str, messages: Mapping[str, object]) -> set[str]:
        """Change messages of one place, by their keys, as ``replace`` does; the keys of those that are there."""
        named = {"in_place": place}
        for number, (key, message) in enumerate(messages.items()):
            named |= {f"key_{number}": key, f"body_{number}": self._encode(message)}
        changed = self._db.execute(_change_several(len(messages)), {**named, "now": self._now}).all()
        self._note_changed(changed)
        return {row[3] for row in changed}

    def replace_sent(self, at: Conversation, remote_id: str, message: object) -> None:
        """Change the message with this id in a conversation; nothing is left to do where it has just been changed to
        the same by its key."""
        if self._changed.get((at.id, remote_id)) != self._encode(message):
            self._change(_CHANGE_SENT, message, in_conversation=at.id, with_id=remote_id)

    def there(self, place: str, keys: Sequence[str]) -> set[str]:
        """Those of the keys under which a place has a message that can still arrive or be changed."""
        return set(self._db.execute(_THERE, {"in_place": place, "keys": keys}).scalars())

    def newest(self, place: str, beginning: str) -> str | None:
        """The key of the newest message for a place, sent or not, whose key begins like this; None where there is
        none that can still arrive or be changed."""
        return self._db.execute(_NEWEST, {"in_place": place, "beginning": beginning}).scalar()

    def waits(self, place: str, key: str) -> bool:
        """Whether a message has not been sent yet, and still may be."""
        return self._db.execute(_WAITS, {"in_place": place, "with_key": key}).first() is not None

    def withdraw(self, key: str) -> None:
        """Do not send what has not been sent."""
        self._db.execute(_WITHDRAW, {"with_key": key})

    def _change(self, which: Update, message: object, **named: str) -> None:
        changed = {**named, "new_body": self._encode(message), "now": self._now}
        self._note_changed(self._db.execute(which, changed))

    def _note_changed(self, rows: Iterable[Row[*tuple[Any, ...]]]) -> None:
        """Keep what messages that are shown somewhere say now: conversation, id and body of each."""
        self._changed |= {(row[0], row[1]): row[2] for row in rows if row[1]}

    # What delivery does

    def heads(self, limit: int) -> list[Waiting]:
        """The first message of each place that may go now, as far as the database knows; longest waiting first."""
        rows = self._db.execute(_HEADS, {"now": self._now, "limit": limit})
        return [Waiting(*row) for row in rows]

    def next_at(self) -> datetime | None:
        """When the next message may go; None where none waits."""
        return self._db.execute(_NEXT_AT, {"now": self._now}).scalar()

    def lease(self, waiting: Waiting, owner: str, until: datetime) -> None:
        """Claim a message for one process; until the lease ends nobody else sends it."""
        self._db.execute(_LEASE, {"row_id": waiting.id, "owner": owner, "until": until})

    def defer(self, waiting: Waiting, due_at: datetime) -> None:
        """Let a message wait for a better time; what is behind it may overtake."""
        self._db.execute(_DEFER, {"row_id": waiting.id, "until": due_at})

    def mark_sent(
        self, waiting: Waiting, owner: str, at: Conversation, remote_id: str, *, with_these_words: bool = True
    ) -> None:
        """The platform has it. A body that was replaced meanwhile stays, as an edit; so does one that a try before
        this one may have sent with other words."""
        sent = {
            "row_id": waiting.id,
            "owner": owner,
            "now": self._now,
            "in_conversation": at.id,
            "with_id": remote_id,
            "with_revision": waiting.revision,
        }
        if not with_these_words or not self._db.execute(_SENT_AS_IT_IS, sent).rowcount:
            self._db.execute(_SENT, sent)

    def send_anew(self, waiting: Waiting, owner: str) -> None:
        """The message that was to be edited cannot be: send it as a new one."""
        self._set_mine(waiting, owner, remote_id=None, conversation=None, answers_at=None, **_RELEASED)

    def drop_edit(self, waiting: Waiting, owner: str) -> None:
        """There is nothing left to edit."""
        self._set_mine(waiting, owner, body=None, **_RELEASED)

    def retry(self, waiting: Waiting, owner: str, at: datetime, *, maybe_sent: bool, attempts: int) -> None:
        """Try again at a time."""
        self._set_mine(
            waiting,
            owner,
            retry_at=at,
            maybe_sent=maybe_sent,
            attempts=attempts,
            lease_owner=None,
            lease_until=None,
        )

    def drop(self, waiting: Waiting) -> None:
        """Do not send a message that has lost its sense."""
        self._db.execute(delete(outbox).where(outbox.c.id == waiting.id))

    def bury(self, waiting: Waiting, reason: str) -> None:
        """Give a message up. Its words are dropped, the reason (a code) stays."""
        self._set(waiting.id, dead_reason=reason, body=None, lease_owner=None, lease_until=None)

    def bury_place(self, place: str, reason: str) -> None:
        """Give up all that waits for a place."""
        self._db.execute(
            update(outbox)
            .where(outbox.c.place == place, *_PENDING)
            .values(dead_reason=reason, body=None, lease_owner=None, lease_until=None)
        )

    def hurry(self, place: str) -> None:
        """Try at once what waits for a place, but for what has its own time to come."""
        may_go = outbox.c.not_before.is_(None) | (outbox.c.not_before <= self._now)
        self._db.execute(
            update(outbox)
            .where(outbox.c.place == place, *_PENDING, outbox.c.due_at > self._now, may_go)
            .values(due_at=self._now)
        )

    def _set(self, row_id: int, **values: Any) -> None:
        self._db.execute(update(outbox).where(outbox.c.id == row_id).values(**values))

    def _set_mine(self, waiting: Waiting, owner: str, **values: Any) -> None:
        mine = (outbox.c.id == waiting.id, outbox.c.lease_owner == owner)
        self._db.execute(update(outbox).where(*mine).values(**values))

    def forget_strangers(self) -> None:
        """Drop what was said a week ago in conversations that stand for no person, pair or leads channel."""
        old = outbox.c.queued_at < self._now - STRANGERS_KEPT
        self._db.execute(delete(outbox).where(outbox.c.place.startswith("here:"), outbox.c.body.is_(None), old))
        spoken = select(outbox.c.id).where(outbox.c.place == place.c.name).exists()
        self._db.execute(delete(place).where(place.c.name.startswith("here:"), ~spoken))

    # The message budget

    def count_prompt(self, person_ids: Iterable[int], waiting: Waiting) -> None:
        """Count a prompt for each of its readers; one that is tried again counts once, at the latest try."""
        for person_id in person_ids:
            key = {"person_id": person_id, "outbox_id": waiting.id}
            upsert(self._db, prompt, key, {"sent_at": self._now})

    def prompts_since(
        self, person_id: int, since: datetime, *, other_than: Waiting, seen_by_others: bool
    ) -> list[datetime]:
        """When other prompts than this went to a person, earliest first. ``seen_by_others``: this one goes to somebody
        else too, so that its delay must not tell who was reminded of a wave; reminders are left out."""
        bound = {"person_id": person_id, "since": since, "but": other_than.id}
        return list(self._db.execute(_KNOWN_PROMPTS_SINCE if seen_by_others else _PROMPTS_SINCE, bound).scalars())

    def booked(self, place: str, *, other_than: Waiting) -> list[datetime]:
        """When other prompts are to go to a place that are of use only for some time, as far as that lies ahead; where
        this one is of use at any time, it gives way also to those that could go now. No room is kept for reminders of
        waves: they give way to everything, and what others see must not tell of them."""
        gives_way = other_than.useful_until is None
        bound = {"booked_place": place, "now": self._now, "but": other_than.id, "gives_way": gives_way}
        return [max(at, self._now) for at in self._db.execute(_BOOKED, bound).scalars()]

    # Pace

    def busy_until(self, name: str) -> datetime:
        """Until when a conversation or an installation has had enough; now where it never was. Until this transaction
        ends no other can ask this, so that all replicas together keep one pace."""
        found: datetime | None = self._db.execute(_BUSY_UNTIL, {"name": name}).scalar()
        if found is None:  # only a row can be held, and another replica may make it at the same moment
            insert_once(self._db, pace, name=name, busy_until=self._now)
            found = self._db.execute(_BUSY_UNTIL, {"name": name}).scalar_one()
        return found

    def keep_busy(self, name: str, until: datetime) -> None:
        """Send nothing more there before then."""
        upsert(self._db, pace, {"name": name}, {"busy_until": until})

    # Figures

    def queue(self, limit: int) -> list[Queued]:
        """What waits to be sent, next first. At most ``limit``."""
        columns = (outbox.c.place, outbox.c.key, outbox.c.due_at, outbox.c.not_before, outbox.c.retry_at,
                   outbox.c.remote_id.is_not(None), outbox.c.maybe_sent)  # fmt: skip
        query = select(*columns).where(*_PENDING).order_by(outbox.c.due_at, outbox.c.id).limit(limit)
        return [Queued(*row) for row in self._db.execute(query)]

    def counts(self) -> dict[str, int]:
        """How many rows are delivered, pending and dead."""
        query = select(
            func.count(outbox.c.remote_id),
            func.count().filter(*_PENDING),
            func.count(outbox.c.dead_reason),
        )
        delivered, pending, dead = self._db.execute(query).one()
        return {"delivered": delivered, "pending": pending, "dead": dead}
