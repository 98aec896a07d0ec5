"""Times that one of a pair proposes to the other: at most one proposal of a pair is open."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from storage.models import inserted, pair, proposal, proposal_time
from storage.records import NotThere, Proposal


class Proposals:
    """What was proposed, and what became of it."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def add(self, pair_id: int, by_id: int, times: Sequence[datetime], *, minutes: int, place: str) -> Proposal:
        """Propose times. The pair has no other open proposal: the caller has closed it."""
        values = {"pair_id": pair_id, "by_id": by_id, "state": "open", "minutes": minutes, "place": place}
        proposal_id = inserted(self._db.execute(insert(proposal).values(**values)))
        rows = [{"proposal_id": proposal_id, "number": n, "starts_at": at} for n, at in enumerate(times, start=1)]
        self._db.execute(insert(proposal_time), rows)
        return self.get(proposal_id)

    def get(self, proposal_id: int) -> Proposal:
        """This proposal, for the bot's own work. Raises NotThere where there is none."""
        columns = (proposal.c.id, proposal.c.pair_id, proposal.c.by_id, proposal.c.state)
        query = select(*columns, proposal.c.minutes, proposal.c.place).where(proposal.c.id == proposal_id)
        row = self._db.execute(query).first()
        if row is None:
            raise NotThere(f"no proposal {proposal_id}")
        times = select(proposal_time.c.starts_at).where(proposal_time.c.proposal_id == proposal_id)
        return Proposal(*row, tuple(self._db.execute(times.order_by(proposal_time.c.number)).scalars()))

    def for_person(self, person_id: int, proposal_id: int) -> Proposal:
        """This proposal, if the person is one of its pair. Raises NotThere otherwise."""
        mine = (pair.c.mentor_id == person_id) | (pair.c.mentee_id == person_id)
        query = select(proposal.c.id).join(pair, pair.c.id == proposal.c.pair_id)
        if self._db.execute(query.where(mine, proposal.c.id == proposal_id)).first() is None:
            raise NotThere("no such proposal for this person")
        return self.get(proposal_id)

    def open_of(self, pair_id: int) -> Proposal | None:
        """The open proposal of a pair."""
        query = select(proposal.c.id).where(proposal.c.pair_id == pair_id, proposal.c.state == "open")
        found = self._db.execute(query).scalar()
        return None if found is None else self.get(found)

    def close(self, proposal_id: int, state: str) -> bool:
        """Note that an open proposal is picked, withdrawn or superseded; whether it was still open."""
        closed = self._db.execute(
            update(proposal).where(proposal.c.id == proposal_id, proposal.c.state == "open").values(state=state)
        )
        return bool(closed.rowcount)
