"""Stored pictures in memory, for tests of chats."""

from dataclasses import dataclass, field

from bot import ui
from bot.chat import Unavailable

PNG = b"\x89PNG\r\n\x1a\n and what is drawn"
PICTURE = ui.Picture("4-1", "Mentors 15 to 17 of 17")


def with_picture(*pictures: ui.Picture) -> ui.Message:
    """Words around pictures."""
    return ui.Message("Results", (ui.Text("Before"), *(pictures or (PICTURE,)), ui.Text("After")), "Only you see this.")


@dataclass
class FakeGallery:
    """``pictures``: by name. ``copies``: what workspaces call theirs. ``public``: where people reach the bot. ``gone``:
    the database does not answer."""

    pictures: dict[str, bytes] = field(default_factory=lambda: {PICTURE.file: PNG})
    copies: dict[tuple[str, str], str] = field(default_factory=dict)
    public: str = "https://mentoring.example.org"
    gone: bool = False

    async def content(self, name: str) -> bytes:
        """A picture."""
        self._answer()
        return self.pictures.get(name, b"")

    async def address(self, name: str) -> str:
        """Its address."""
        self._answer()
        return f"{self.public}/files/{name}" if self.public and name in self.pictures else ""

    async def copy_of(self, name: str, tenant: str) -> str:
        """A workspace's copy."""
        self._answer()
        return self.copies.get((name, tenant), "")

    async def note_copy(self, name: str, tenant: str, reference: str) -> None:
        """A workspace has a copy."""
        self._answer()
        self.copies[(name, tenant)] = reference

    async def forget_copy(self, name: str, tenant: str, reference: str) -> None:
        """A workspace has none."""
        self._answer()
        if self.copies.get((name, tenant)) == reference:
            del self.copies[(name, tenant)]

    def _answer(self) -> None:
        if self.gone:
            raise Unavailable("pictures: the database does not answer")
