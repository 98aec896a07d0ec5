"""Places: the logical addresses of the outbox, and the conversations that stand behind them.

``dm:5`` is the personal chat with person 5, ``pair:17`` the group chat of pair 17, ``leads:1`` the leads channel of
programme 1, ``here:...`` a conversation in which somebody spoke to the bot.
"""

from sqlalchemy import Connection, bindparam, delete, select

from storage.models import place
from storage.records import Conversation, Pair, Person, Programme
from storage.upsert import upsert

DM = "dm:"


def dm(person: Person) -> str:
    """The personal chat with somebody."""
    return f"{DM}{person.id}"


def group(pair: Pair) -> str:
    """The group chat of a pair."""
    return f"pair:{pair.id}"


def leads(programme: Programme) -> str:
    """The leads channel of a programme."""
    return f"leads:{programme.id}"


CONVERSATION = (place.c.platform, place.c.tenant, place.c.conversation, place.c.kind, place.c.service_url)
"""The columns of a Conversation, in the order of its fields."""

_FIND = select(*CONVERSATION).where(place.c.name == bindparam("name"))


class Places:
    """Which conversation stands behind a place."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def find(self, name: str) -> Conversation | None:
        """The conversation, or None where none is known yet."""
        row = self._db.execute(_FIND, {"name": name}).first()
        return Conversation(*row) if row else None

    def bind(self, name: str, conversation: Conversation) -> None:
        """Let a place stand for this conversation from now on."""
        if self.find(name) == conversation:
            return
        values = {
            "platform": conversation.platform,
            "tenant": conversation.tenant,
            "conversation": conversation.id,
            "kind": conversation.kind,
            "service_url": conversation.service_url,
        }
        upsert(self._db, place, {"name": name}, values)

    def here(self, conversation: Conversation) -> str:
        """The place that stands for a conversation in which somebody spoke."""
        name = f"here:{conversation.platform}:{conversation.tenant}:{conversation.id}"
        self.bind(name, conversation)
        return name

    def forget(self, name: str) -> None:
        """The conversation is of no use any more."""
        self._db.execute(delete(place).where(place.c.name == name))
