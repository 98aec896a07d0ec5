"""Meetings of pairs: at most one per pair and day."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, func, insert, select, update

from storage.models import inserted, meeting, meeting_topic, pair
from storage.records import Meeting, NotThere, PairTopics

_COLUMNS = (
    meeting.c.id,
    meeting.c.pair_id,
    meeting.c.day,
    meeting.c.state,
    meeting.c.minutes,
    meeting.c.how,
    meeting.c.logged_by,
    meeting.c.version,
    meeting.c.starts_at,
    meeting.c.place,
    meeting.c.uid,
    meeting.c.sequence,
)

# What every look for a date asks; building a statement costs more than running it.
_TOPICS = (
    select(meeting_topic.c.topic)
    .where(meeting_topic.c.meeting_id == bindparam("meeting_id"))
    .order_by(meeting_topic.c.topic)
)
_OF_PAIR = (
    select(*_COLUMNS)
    .where(meeting.c.pair_id == bindparam("pair_id"), meeting.c.state == bindparam("state"))
    .order_by(meeting.c.day)
)
_WITH_A_TIME = (
    select(*_COLUMNS)
    .join(pair, pair.c.id == meeting.c.pair_id)
    .where((pair.c.mentor_id == bindparam("person_id")) | (pair.c.mentee_id == bindparam("person_id")))
    .where(meeting.c.state == "arranged", meeting.c.starts_at.is_not(None))
    .order_by(meeting.c.starts_at)
)

_NO_TIME: dict[str, object] = {"starts_at": None, "minutes": None, "place": "", "uid": "", "sequence": 0}


class Meetings:
    """What pairs arranged and logged."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def for_person(self, person_id: int, meeting_id: int) -> Meeting:
        """This meeting, if the person is one of its pair. Raises NotThere otherwise."""
        mine = (pair.c.mentor_id == person_id) | (pair.c.mentee_id == person_id)
        query = select(*_COLUMNS).join(pair, pair.c.id == meeting.c.pair_id)
        row = self._db.execute(query.where(mine, meeting.c.id == meeting_id)).first()
        if row is None:
            raise NotThere("no such meeting for this person")
        return self._meeting(row)

    def get(self, meeting_id: int) -> Meeting:
        """This meeting, for the bot's own work. Raises NotThere where there is none."""
        row = self._db.execute(select(*_COLUMNS).where(meeting.c.id == meeting_id)).first()
        if row is None:
            raise NotThere(f"no meeting {meeting_id}")
        return self._meeting(row)

    def on_day(self, pair_id: int, day: date) -> Meeting | None:
        """The meeting of a pair on a day."""
        query = select(*_COLUMNS).where(meeting.c.pair_id == pair_id, meeting.c.day == day)
        row = self._db.execute(query).first()
        return self._meeting(row) if row else None

    def of_pair(self, pair_id: int, state: str) -> list[Meeting]:
        """The arranged, logged or cancelled meetings of a pair, earliest first."""
        rows = self._db.execute(_OF_PAIR, {"pair_id": pair_id, "state": state}).all()
        return [self._meeting(row) for row in rows]

    def count_logged(self, programme_id: int, *, since: date) -> int:
        """How many meetings of all pairs of a programme were logged for this day or later."""
        query = (
            select(func.count())
            .select_from(meeting)
            .join(pair, pair.c.id == meeting.c.pair_id)
            .where(pair.c.programme_id == programme_id, meeting.c.state == "logged", meeting.c.day >= since)
        )
        return int(self._db.execute(query).scalar_one())

    def topics_of_pairs(self, programme_id: int, *, after: int, limit: int) -> list[PairTopics]:
        """The pairs that have logged a meeting, by id, beginning after one; with what they ticked."""
        has_met = select(meeting.c.id).where(meeting.c.pair_id == pair.c.id, meeting.c.state == "logged").exists()
        query = select(pair.c.id, pair.c.mentor_id, pair.c.mentee_id).where(
            pair.c.programme_id == programme_id, pair.c.id > after, has_met
        )
        pairs = self._db.execute(query.order_by(pair.c.id).limit(limit)).all()
        ticked = (
            select(meeting.c.pair_id, meeting_topic.c.topic)
            .join(meeting_topic, meeting_topic.c.meeting_id == meeting.c.id)
            .where(meeting.c.state == "logged", meeting.c.pair_id.in_([row.id for row in pairs]))
            .distinct()
        )
        topics: defaultdict[int, set[str]] = defaultdict(set)
        for pair_id, topic in self._db.execute(ticked):
            topics[pair_id].add(topic)
        return [PairTopics(*row, frozenset(topics[row.id])) for row in pairs]

    def arrange(self, pair_id: int, day: date) -> Meeting:
        """Note a day on which a pair will meet. A cancelled meeting of that day is on again, any other stays."""
        found = self.on_day(pair_id, day)
        if found is None:
            values = {"pair_id": pair_id, "day": day, "state": "arranged"}
            return self.get(inserted(self._db.execute(insert(meeting).values(**values))))
        if found.state == "cancelled":
            self._change(found.id, found.version, state="arranged", **_NO_TIME)
        return self.get(found.id)

    def arrange_at(
        self,
        pair_id: int,
        starts_at: datetime,
        *,
        day: date,
        minutes: int,
        place: str,
        instead_of: Meeting | None,
        new_uid: str,
    ) -> Meeting:
        """Fix the time of a pair's meeting. ``instead_of``: the arranged meeting that gets this time; with a time
        before, it stays the same event in calendars. A cancelled meeting of that day makes way; the caller sees to it
        that there is no other on that day."""
        there = self.on_day(pair_id, day)
        if there is not None and instead_of is not None and there.id != instead_of.id:
            self._db.execute(delete(meeting).where(meeting.c.id == there.id))
        known = instead_of or there
        moved = instead_of is not None and instead_of.starts_at is not None
        values = {
            "day": day,
            "state": "arranged",
            "minutes": minutes,
            "starts_at": starts_at,
            "place": place,
            "uid": instead_of.uid if instead_of and moved else new_uid,
            "sequence": instead_of.sequence + 1 if instead_of and moved else 0,
        }
        if known is None:
            return self.get(inserted(self._db.execute(insert(meeting).values(pair_id=pair_id, **values))))
        self._change(known.id, known.version, **values)
        return self.get(known.id)

    def with_a_time(self, person_id: int) -> list[Meeting]:
        """The arranged meetings of all pairs of a person of which the time is known, earliest first."""
        return [self._meeting(row) for row in self._db.execute(_WITH_A_TIME, {"person_id": person_id}).all()]

    def cancel(self, meeting_id: int) -> None:
        """Note that an arranged meeting will not take place."""
        self._db.execute(
            update(meeting)
            .where(meeting.c.id == meeting_id, meeting.c.state == "arranged")
            .values(state="cancelled", version=meeting.c.version + 1, sequence=meeting.c.sequence + 1)
        )

    def log(
        self,
        pair_id: int,
        day: date,
        *,
        by: int,
        minutes: int | None = None,
        how: str = "",
        topics: Iterable[str] = (),
        moved_from: int | None = None,
    ) -> Meeting:
        """Note that a pair met on a day. What is known of that day already is replaced: the later edit wins.

        ``moved_from``: the id of a meeting whose day is corrected to this one. A meeting that was cancelled makes way;
        the caller sees to it that there is no other on that day.
        """
        found = self.get(moved_from) if moved_from is not None else self.on_day(pair_id, day)
        values = {"day": day, "state": "logged", "minutes": minutes, "how": how, "logged_by": by}
        if found is None:
            meeting_id = inserted(self._db.execute(insert(meeting).values(pair_id=pair_id, **values)))
        else:
            meeting_id = found.id
            cancelled = (meeting.c.pair_id == pair_id, meeting.c.day == day, meeting.c.state == "cancelled")
            self._db.execute(delete(meeting).where(*cancelled, meeting.c.id != meeting_id))
            self._change(found.id, found.version, **values)
            self._db.execute(delete(meeting_topic).where(meeting_topic.c.meeting_id == meeting_id))
        rows = [{"meeting_id": meeting_id, "topic": topic} for topic in sorted(set(topics))]
        if rows:
            self._db.execute(insert(meeting_topic), rows)
        return self.get(meeting_id)

    def _change(self, meeting_id: int, version: int, **values: object) -> None:
        self._db.execute(update(meeting).where(meeting.c.id == meeting_id).values(version=version + 1, **values))

    def _meeting(self, row: Row[*tuple[Any, ...]]) -> Meeting:
        topics = tuple(self._db.execute(_TOPICS, {"meeting_id": row.id}).scalars())
        return Meeting(
            row.id,
            row.pair_id,
            row.day,
            row.state,
            row.minutes,
            row.how,
            topics,
            row.logged_by,
            row.version,
            row.starts_at,
            row.place,
            row.uid,
            row.sequence,
        )
