"""Slack's copies of stored pictures: each is uploaded to a workspace once, shared with nobody, and shown by its id."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import structlog

from bot.chat import Gallery, Refused
from bot.ui import Message, pictures_of, with_pictures

log = structlog.get_logger(__name__)

READY_WITHIN = 60.0
"""Seconds (wire time) after an upload within which Slack may still look at a file and not yet show it."""

Upload = Callable[[str, bytes], Awaitable[str]]
"""Uploads a file of this name; its id at Slack."""


class Pictures:
    """``upload``: brings a file to Slack. Without a ``gallery`` there are no pictures, only words."""

    def __init__(self, gallery: Gallery | None, upload: Upload) -> None:
        self._gallery = gallery
        self._upload = upload
        self._one_at_a_time = asyncio.Lock()
        self._names: dict[str, tuple[str, str]] = {}
        """The name and the workspace of each file id that was used."""
        self._unproven: dict[str, float] = {}
        """When the files were uploaded that no message has shown yet."""

    async def resolved(self, message: Message, tenant: str) -> Message:
        """The message with Slack's ids in place of names; a picture that Slack does not take is left out. Raises a
        ChatError where trying again may help."""
        ids: dict[str, str] = {}
        for picture in pictures_of(message):
            async with self._one_at_a_time:
                try:
                    ids[picture.file] = await self._id(picture.file, tenant)
                except Refused as why:
                    log.warning("slack.picture_left_out", reason=str(why))
        return with_pictures(message, ids)

    async def _id(self, name: str, tenant: str) -> str:
        if self._gallery is None:
            return ""
        found = await self._gallery.copy_of(name, tenant)
        if not found and (content := await self._gallery.content(name)):
            found = await self._upload(f"{name}.png", content)
            self._unproven[found] = time.monotonic()
            await self._gallery.note_copy(name, tenant, found)
        self._names[found] = (name, tenant)
        return found

    def shown(self, message: Message) -> None:
        """Slack has taken a message with these ids."""
        for picture in pictures_of(message):
            self._unproven.pop(picture.file, None)

    async def not_shown(self, message: Message) -> bool:
        """Slack has refused a message with these ids; whether it may take it later. A file that it has just been given
        may not be ready; one that it has shown before is gone, and will be uploaded anew."""
        again = False
        for picture in pictures_of(message):
            uploaded_at = self._unproven.get(picture.file)
            if uploaded_at is not None:
                again = again or time.monotonic() - uploaded_at < READY_WITHIN
            elif self._gallery is not None:
                await self._gallery.forget_copy(*self._names[picture.file], picture.file)
                again = True
        return again
