"""Accounts that may be a person's, because they have their e-mail address, until a lead says whether they are."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, select, update

from storage.models import account_claim, person
from storage.people import PERSON
from storage.records import Account, Claim, NotThere, Person
from storage.upsert import insert_once

_lead = person.alias("lead")
_WIDTH = len(PERSON)


class Claims:
    """What leads are asked about accounts, once for each account and person."""

    def __init__(self, connection: Connection, now: datetime) -> None:
        self._db = connection
        self._now = now

    def ask(self, who: Account, person_id: int) -> Claim:
        """The question whether this account is that person's, new or asked before."""
        key = {"platform": who.platform, "tenant": who.tenant, "user": who.user, "person_id": person_id}
        insert_once(self._db, account_claim, **key, asked_at=self._now)
        columns = (account_claim.c.platform, account_claim.c.tenant, account_claim.c.user, account_claim.c.person_id)
        mine = (column == value for column, value in zip(columns, key.values(), strict=True))
        return self._one(_claims().where(*mine))

    def get(self, claim_id: int) -> Claim:
        """The question with this id. Raises NotThere where there is none."""
        return self._one(_claims().where(account_claim.c.id == claim_id))

    def decide(self, claim_id: int, decided: str, by: Person) -> None:
        """Note what a lead says first, ``confirmed`` or ``refused``."""
        open_one = (account_claim.c.id == claim_id, account_claim.c.decided.is_(None))
        self._db.execute(update(account_claim).where(*open_one).values(decided=decided, decided_by=by.id))

    def _one(self, query: Select[Any]) -> Claim:
        row = self._db.execute(query).first()
        if row is None:
            raise NotThere("no such claim")
        claim_id, platform, tenant, user, decided, *people = row
        who, lead = people[:_WIDTH], people[_WIDTH:]
        account = Account(platform, tenant, user)
        return Claim(claim_id, account, Person(*who), decided, Person(*lead) if decided else None)


def _claims() -> Select[Any]:
    columns = (
        account_claim.c.id,
        account_claim.c.platform,
        account_claim.c.tenant,
        account_claim.c.user,
        account_claim.c.decided,
        *PERSON,
        *(_lead.c[column.name] for column in PERSON),
    )
    return (
        select(*columns)
        .join(person, person.c.id == account_claim.c.person_id)
        .outerjoin(_lead, _lead.c.id == account_claim.c.decided_by)
    )
