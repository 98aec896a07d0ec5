"""The research copy: the plan, and sealed copies of answers until they are handed over. Whose a copy is can be told
only with the secret of the programme; what is in it can be read only by the outside evaluator."""

from collections.abc import Collection, Sequence
from datetime import date

from sqlalchemy import ColumnElement, Connection, delete, select, update

from storage.keys import KeyStore
from storage.models import research_copy, research_plan
from storage.records import ResearchPlan
from storage.secret import Secret
from storage.upsert import upsert

_PLAN = select(
    research_plan.c.ethics_reference,
    research_plan.c.evaluator,
    research_plan.c.evaluator_key,
    research_plan.c.retention_until,
    research_plan.c.state,
    research_plan.c.ended_on,
)


class Research:
    """The research copy of a programme. ``secret``: makes the tags of copies and the pseudonyms in them."""

    def __init__(self, connection: Connection, keys: KeyStore) -> None:
        self._db = connection
        self.secret = Secret(connection, keys, "research", research_copy)

    # The plan

    def plan(self, programme_id: int) -> ResearchPlan | None:
        """Who gets what until when; None where no copy is planned."""
        row = self._db.execute(_PLAN.where(research_plan.c.programme_id == programme_id)).first()
        return ResearchPlan(*row) if row else None

    def hold_plan(self, programme_id: int) -> ResearchPlan | None:
        """The same, which does not end before this transaction does."""
        row = self._db.execute(_PLAN.where(research_plan.c.programme_id == programme_id).with_for_update(read=True))
        found = row.first()
        return ResearchPlan(*found) if found else None

    def save_plan(
        self, programme_id: int, *, ethics_reference: str, evaluator: str, evaluator_key: str, retention_until: date
    ) -> None:
        """Plan a copy, or plan it differently."""
        values = {
            "ethics_reference": ethics_reference,
            "evaluator": evaluator,
            "evaluator_key": evaluator_key,
            "retention_until": retention_until,
        }
        upsert(self._db, research_plan, {"programme_id": programme_id}, values)

    def drop_plan(self, programme_id: int) -> None:
        """Plan no copy any more."""
        self._db.execute(delete(research_plan).where(research_plan.c.programme_id == programme_id))

    def advance(self, programme_id: int, state: str, ended_on: date | None = None) -> None:
        """Bring the plan to another state; ``ended_on`` with the last ones."""
        plan = research_plan.c.programme_id == programme_id
        self._db.execute(update(research_plan).where(plan).values(state=state, ended_on=ended_on))

    # Copies

    def put(self, programme_id: int, tag: bytes, box: bytes) -> None:
        """Store a copy; it replaces the one that lies there."""
        upsert(self._db, research_copy, {"programme_id": programme_id, "tag": tag}, {"box": box})

    def take_back(self, programme_id: int, tags: Sequence[bytes]) -> bool:
        """Remove copies; whether there were any."""
        there = (_of(programme_id), research_copy.c.tag.in_(list(tags)))
        return bool(self._db.execute(delete(research_copy).where(*there)).rowcount)

    def tags(self, programme_id: int, *, after: bytes = b"", limit: int | None = None) -> list[bytes]:
        """Under what copies lie, in order, beginning after one."""
        query = select(research_copy.c.tag).where(_of(programme_id), research_copy.c.tag > after)
        return list(self._db.execute(query.order_by(research_copy.c.tag).limit(limit)).scalars())

    def boxes(self, programme_id: int, tags: Collection[bytes]) -> list[bytes]:
        """The copies under some tags, in the order of the tags."""
        query = select(research_copy.c.box).where(_of(programme_id), research_copy.c.tag.in_(list(tags)))
        return list(self._db.execute(query.order_by(research_copy.c.tag)).scalars())

    def drop_some(self, programme_id: int, limit: int) -> int:
        """Delete so many copies; how many there were."""
        some = list(self._db.execute(select(research_copy.c.tag).where(_of(programme_id)).limit(limit)).scalars())
        self.take_back(programme_id, some)
        return len(some)


def _of(programme_id: int) -> ColumnElement[bool]:
    return research_copy.c.programme_id == programme_id
