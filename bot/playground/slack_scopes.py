"""Which scope Slack asks for each call, as its reference of methods says."""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.playground.slack_workspace import Channel

OPEN_SOCKET = "apps.connections.open"
"""The one method that takes the app's token, and not the bot's."""

BY_METHOD: Mapping[str, str] = {
    OPEN_SOCKET: "connections:write",
    "users.info": "users:read",
    "users.lookupByEmail": "users:read.email",
    "chat.postMessage": "chat:write",
    "chat.postEphemeral": "chat:write",
    "chat.update": "chat:write",
    "files.getUploadURLExternal": "files:write",
    "files.completeUploadExternal": "files:write",
}
READS_ABOUT: Sequence[str] = ("conversations.info", "conversations.members")
BY_KIND: Mapping[str, str] = {"dm": "im", "group": "mpim", "channel": "groups", "public": "channels"}
"""What stands before ``:read``, ``:write`` and ``:history`` for each kind of conversation."""


def needed(method: str, given: Mapping[str, Any], channel: Channel | None) -> str:
    """The scope that a call needs; empty where every token may make it. ``channel``: the one that it names, if there is
    such a conversation."""
    if method == "conversations.open":
        return "mpim:write" if "," in str(given.get("users", "")).strip(",") else "im:write"
    if channel is not None and method in (*READS_ABOUT, "conversations.history"):
        kind = "public" if channel.is_public else channel.kind
        return f"{BY_KIND[kind]}:{'read' if method in READS_ABOUT else 'history'}"
    return BY_METHOD.get(method, "")
