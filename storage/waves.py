"""Waves, who is asked, and the sealed answers. Who has answered is nowhere written: it can be told only with the secret
of the wave, which makes the tags under which answers lie. So neither a row nor the order of rows ties an answer, or
even the fact that there is one, to a person."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, delete, func, insert, literal, select, update

from storage.models import (
    Moment,
    due,
    inserted,
    outbox,
    prompt,
    sealed_answer,
    wave,
    wave_member,
)
from storage.programmes import hold
from storage.records import NotThere, Wave
from storage.upsert import insert_for_each, upsert
from storage.work import about

_WAVE = (
    wave.c.id,
    wave.c.programme_id,
    wave.c.name,
    wave.c.instrument,
    wave.c.level,
    wave.c.state,
    wave.c.opens_at,
    wave.c.closes_at,
    wave.c.public_key,
    wave.c.key_id,
)

_UNFINISHED = select(wave.c.id).where(wave.c.state.in_(("closing", "released", "scrubbed"))).order_by(wave.c.id)


def message_key(wave_id: int, what: str) -> str:
    """The outbox key of a message about a wave that is purged at its close."""
    return f"wave:{wave_id}:{what}"


def tells_who_is_missing(key: str) -> bool:
    """Whether a message of this outbox key goes only to who has not answered a wave: then not even that it could not be
    delivered may be told."""
    return key.startswith("wave:") and not key.endswith(":invite")


GOES_TO_EVERYBODY_ASKED = ~outbox.c.key.startswith("wave:", autoescape=True) | outbox.c.key.endswith(":invite")
"""The opposite, of a row of the outbox."""


class Waves:
    """The waves of a programme."""

    def __init__(self, connection: Connection, now: datetime) -> None:
        self._db = connection
        self._now = now

    # Opening

    def hold_openings(self, programme_id: int) -> None:
        """Be the only one who opens waves of a programme until this transaction ends."""
        hold(self._db, programme_id)

    def open(
        self,
        programme_id: int,
        *,
        name: str,
        instrument: str,
        level: str,
        members: Iterable[tuple[int, str]],
        closes_at: datetime,
        public_key: bytes,
        key_id: str,
    ) -> Wave:
        """Open a wave now. ``members``: the ids of those who are asked, with the role in which they are."""
        values = {
            "programme_id": programme_id,
            "name": name,
            "instrument": instrument,
            "level": level,
            "opens_at": self._now,
            "closes_at": closes_at,
            "public_key": public_key,
            "key_id": key_id,
        }
        wave_id = inserted(self._db.execute(insert(wave).values(**values)))
        by_role: defaultdict[str, list[int]] = defaultdict(list)
        for person_id, role in members:
            by_role[role].append(person_id)
        for role, ids in by_role.items():
            insert_for_each(self._db, wave_member, "person_id", ids, wave_id=wave_id, role=role)
        return self.get(wave_id)

    def has_key(self, key_id: str) -> bool:
        """Whether a wave has keys of this name."""
        return self._db.execute(select(wave.c.id).where(wave.c.key_id == key_id)).first() is not None

    # Looking

    def get(self, wave_id: int) -> Wave:
        """This wave, open or not. Raises NotThere where there is none."""
        return self._one(select(*_WAVE).where(wave.c.id == wave_id))

    def lock(self, wave_id: int) -> Wave:
        """This wave, which cannot begin to close before this transaction ends. Raises NotThere."""
        return self._one(select(*_WAVE).where(wave.c.id == wave_id).with_for_update(read=True))

    def _one(self, query: Select[Any]) -> Wave:
        row = self._db.execute(query).first()
        if row is None:
            raise NotThere("no such wave")
        return _wave(row)

    def takes_answers(self, found: Wave) -> bool:
        """Whether answers to this wave are taken now."""
        return found.state == "open" and found.opens_at <= self._now < found.closes_at

    def open_for(self, person_id: int) -> list[tuple[Wave, str]]:
        """The waves that a person can answer now, with the role in which they are asked; the first to close first."""
        query = (
            select(*_WAVE, wave_member.c.role)
            .join(wave_member, wave_member.c.wave_id == wave.c.id)
            .where(wave_member.c.person_id == person_id, wave.c.state == "open", wave.c.closes_at > self._now)
            .order_by(wave.c.closes_at, wave.c.id)
        )
        return [(_wave(row[:-1]), row[-1]) for row in self._db.execute(query)]

    def role_in(self, wave_id: int, person_id: int) -> str | None:
        """The role in which a person is asked in a wave; None for who is not asked."""
        mine = (wave_member.c.wave_id == wave_id, wave_member.c.person_id == person_id)
        return self._db.execute(select(wave_member.c.role).where(*mine)).scalar()

    def members(self, wave_id: int, *, after: int = 0, limit: int | None = None) -> list[tuple[int, str]]:
        """The ids and roles of those who are asked, by id, beginning after one."""
        query = select(wave_member.c.person_id, wave_member.c.role).where(
            wave_member.c.wave_id == wave_id, wave_member.c.person_id > after
        )
        rows = self._db.execute(query.order_by(wave_member.c.person_id).limit(limit))
        return [(row.person_id, row.role) for row in rows]

    def are_under_way(self, programme_id: int) -> list[Wave]:
        """The waves of a programme that are open, first to close first."""
        query = select(*_WAVE).where(wave.c.programme_id == programme_id, wave.c.state == "open")
        return [_wave(row) for row in self._db.execute(query.order_by(wave.c.closes_at, wave.c.id))]

    def closed(self, programme_id: int) -> list[Wave]:
        """The waves of a programme that take no answers any more, by their close."""
        query = select(*_WAVE).where(wave.c.programme_id == programme_id, wave.c.state != "open")
        return [_wave(row) for row in self._db.execute(query.order_by(wave.c.closes_at, wave.c.id))]

    def there_was_one(self, programme_id: int) -> bool:
        """Whether any wave of a programme has opened."""
        return self._db.execute(select(wave.c.id).where(wave.c.programme_id == programme_id)).first() is not None

    def last(self, programme_id: int, name: str) -> Wave | None:
        """The latest wave of an instrument in a programme; None before the first."""
        query = select(*_WAVE).where(wave.c.programme_id == programme_id, wave.c.name == name)
        row = self._db.execute(query.order_by(wave.c.opens_at.desc(), wave.c.id.desc())).first()
        return _wave(row) if row else None

    def openings(self, programme_id: int) -> list[tuple[str, datetime]]:
        """Instrument and moment of each opening of waves in a programme, the first one first. Two waves of one
        instrument that opened together are one opening."""
        query = select(wave.c.name, wave.c.opens_at).where(wave.c.programme_id == programme_id).distinct()
        return [(row.name, row.opens_at) for row in self._db.execute(query.order_by(wave.c.opens_at))]

    # Answers

    def put(self, wave_id: int, boxes: Iterable[tuple[bytes, bytes]]) -> None:
        """Store boxes under their tags; they replace those that lie there."""
        for tag, box in boxes:
            upsert(self._db, sealed_answer, {"wave_id": wave_id, "tag": tag}, {"box": box})

    def take_back(self, wave_id: int, tags: Sequence[bytes]) -> bool:
        """Remove boxes; whether there were any."""
        return bool(self._db.execute(delete(sealed_answer).where(*_under(wave_id, tags))).rowcount)

    def known(self, wave_id: int, tags: Sequence[bytes]) -> set[bytes]:
        """Those of the tags under which a box lies."""
        return set(self._db.execute(select(sealed_answer.c.tag).where(*_under(wave_id, tags))).scalars())

    def boxes(self, wave_id: int, *, after: bytes = b"", limit: int) -> list[tuple[bytes, bytes]]:
        """Tags and boxes, in the order of the tags, beginning after one."""
        query = select(sealed_answer.c.tag, sealed_answer.c.box).where(
            sealed_answer.c.wave_id == wave_id, sealed_answer.c.tag > after
        )
        return [(row.tag, row.box) for row in self._db.execute(query.order_by(sealed_answer.c.tag).limit(limit))]

    # Closing

    def unfinished(self) -> list[int]:
        """The waves whose close has begun and is not at its end."""
        return list(self._db.execute(_UNFINISHED).scalars())

    def advance(self, wave_id: int, before: str, after: str) -> bool:
        """Bring a wave from one state of its close to the next; False where somebody else has done so."""
        there = (wave.c.id == wave_id, wave.c.state == before)
        return self._db.execute(update(wave).where(*there).values(state=after)).rowcount == 1

    def drop_answers(self, wave_id: int, limit: int) -> int:
        """Delete so many boxes; how many there were."""
        of_wave = sealed_answer.c.wave_id == wave_id
        tags = select(sealed_answer.c.tag).where(of_wave).order_by(sealed_answer.c.tag)
        last = self._db.execute(tags.offset(limit - 1).limit(1)).scalar()
        some = of_wave if last is None else and_(of_wave, sealed_answer.c.tag <= last)
        return self._db.execute(delete(sealed_answer).where(some)).rowcount

    def even_out_prompts(self, wave_id: int) -> None:
        """Have one prompt of each kind that went out for this wave count in the budget of everybody who was asked, so
        that what is left after the messages are purged does not tell who had to be reminded."""
        first = select(func.min(outbox.c.sent_at)).where(_about(wave_id), outbox.c.sent_at.is_not(None))
        asked = select(wave_member.c.person_id).where(wave_member.c.wave_id == wave_id)
        for at in self._db.execute(first.group_by(outbox.c.key)).scalars().all():
            counted = asked.with_only_columns(wave_member.c.person_id, literal(at, Moment()))
            self._db.execute(insert(prompt).from_select(["person_id", "sent_at"], counted))

    def drop_messages(self, wave_id: int, limit: int) -> int:
        """Purge so many messages about this wave, sent, waiting or dead, with what counted them; how many there
        were."""
        some = select(outbox.c.id).where(_about(wave_id)).limit(limit)
        return self._db.execute(delete(outbox).where(outbox.c.id.in_(some.scalar_subquery()))).rowcount

    def drop_members(self, wave_id: int, limit: int) -> int:
        """Forget so many of those who were asked, and what was still to be done about them; how many there were."""
        ids = [person_id for person_id, _role in self.members(wave_id, limit=limit)]
        mine = (wave_member.c.wave_id == wave_id, wave_member.c.person_id.in_(ids))
        self._db.execute(delete(wave_member).where(*mine))
        asked_again = [about(wave_id, person_id) for person_id in ids]
        of_waves = due.c.rule.startswith("wave_", autoescape=True)
        self._db.execute(delete(due).where(of_waves, due.c.subject.in_(asked_again)))
        return len(ids)


def _about(wave_id: int) -> ColumnElement[bool]:
    return outbox.c.key.startswith(message_key(wave_id, ""), autoescape=True)


def _under(wave_id: int, tags: Sequence[bytes]) -> tuple[ColumnElement[bool], ...]:
    return sealed_answer.c.wave_id == wave_id, sealed_answer.c.tag.in_(list(tags))


def _wave(row: Row[*tuple[Any, ...]] | Sequence[Any]) -> Wave:
    return Wave(*row)
