"""What the bot may do in a workspace: every scope of its token, and why it is needed. The README says the same."""

from collections.abc import Mapping

SLACK_SCOPES: Mapping[str, str] = {
    "commands": "People use the bot with slash commands.",
    "chat:write": "It sends its messages, and changes the ones that it sent.",
    "files:write": "It uploads the pictures of results, and shows each in its own messages alone.",
    "im:write": "It opens a direct message with each person who takes part.",
    "im:history": "It reads what people type to it in its own direct messages, and looks there after a fault whether a "
    "message has arrived.",
    "mpim:write": "It starts the group message of a pair. It cannot read what the two write there.",
    "app_mentions:read": "It hears its own name in a channel, and nothing else there.",
    "groups:read": "It sees who is in the leads' private channel now, because only they get the leads' figures.",
    "users:read": "It looks up who writes to it for the first time; Slack grants the next scope only with this one.",
    "users:read.email": "It recognises a person of the programme's list by the e-mail address that Slack has verified.",
}
"""``mpim:history`` and ``groups:history`` must never be here: with them the bot could read what pairs and leads write
to each other."""
