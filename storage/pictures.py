"""Pictures of releases. They show what the ledger says and no more, so that they are no more secret than it is; still
only readers of a release are led to them.

A release is *painted* once, before it is told, even where no picture could be drawn.
"""

from collections.abc import Callable, Sequence

from sqlalchemy import Connection, delete, insert, select

from storage.files import PATH
from storage.models import ledger, painted, picture, uploaded_picture
from storage.records import File, NotThere, Picture
from storage.upsert import insert_once, upsert

MEDIA_TYPE = "image/png"


class Pictures:
    """The pictures. ``public_url``: the address at which people reach the bot; empty where they cannot. ``new_id``: a
    fresh text of 128 random bits or more for each call."""

    def __init__(self, connection: Connection, public_url: str, new_id: Callable[[], str]) -> None:
        self._db = connection
        self._public_url = public_url
        self._new_id = new_id

    def to_paint(self) -> list[int]:
        """The waves whose release has not been painted, oldest first."""
        there = select(painted.c.wave_id)
        query = select(ledger.c.wave_id).where(ledger.c.wave_id.not_in(there)).order_by(ledger.c.wave_id)
        return list(self._db.scalars(query))

    def hang(self, wave_id: int, pictures: Sequence[tuple[str, bytes]]) -> bool:
        """Store the alternative text and the content of each picture of a release; whether it had not been painted
        before. Nothing is stored where it had."""
        if not insert_once(self._db, painted, wave_id=wave_id):
            return False
        rows = [
            {"name": f"{wave_id}-{number}", "wave_id": wave_id, "number": number, "token": self._new_id(),
             "alt": alt, "content": content}
            for number, (alt, content) in enumerate(pictures, start=1)
        ]  # fmt: skip
        if rows:
            self._db.execute(insert(picture), rows)
        return True

    def of(self, wave_id: int) -> list[Picture]:
        """The pictures of a release, in order."""
        query = select(picture.c.name, picture.c.alt).where(picture.c.wave_id == wave_id)
        return [Picture(*row) for row in self._db.execute(query.order_by(picture.c.number))]

    def content(self, name: str) -> bytes:
        """A picture as PNG. Raises NotThere."""
        content = self._db.scalar(select(picture.c.content).where(picture.c.name == name))
        if content is None:
            raise NotThere(f"no picture {name}")
        return bytes(content)

    # By an address: whoever has it has the picture, for as long as there are messages that show it

    def address(self, name: str) -> str:
        """Where a picture can be fetched; empty where nobody could reach it, or there is none."""
        token = self._db.scalar(select(picture.c.token).where(picture.c.name == name)) if self._public_url else None
        return f"{self._public_url}{PATH}{token}" if token else ""

    def fetch(self, token: str) -> File:
        """The picture that an address leads to. Raises NotThere for an address that never was."""
        row = self._db.execute(select(picture.c.name, picture.c.content).where(picture.c.token == token)).first()
        if row is None:
            raise NotThere("no such picture")
        return File(f"{row.name}.png", MEDIA_TYPE, row.content)

    # By a copy that a platform keeps

    def copy_of(self, name: str, tenant: str) -> str:
        """What a workspace calls its copy of a picture; empty where it has none."""
        query = select(uploaded_picture.c.reference)
        here = (uploaded_picture.c.name == name, uploaded_picture.c.tenant == tenant)
        return self._db.scalar(query.where(*here)) or ""

    def note_copy(self, name: str, tenant: str, reference: str) -> None:
        """A workspace has a copy of a picture now, in place of any other."""
        upsert(self._db, uploaded_picture, {"name": name, "tenant": tenant}, {"reference": reference})

    def forget_copy(self, name: str, tenant: str, reference: str) -> None:
        """A workspace knows this copy no more."""
        here = (uploaded_picture.c.name == name, uploaded_picture.c.tenant == tenant)
        self._db.execute(delete(uploaded_picture).where(*here, uploaded_picture.c.reference == reference))
