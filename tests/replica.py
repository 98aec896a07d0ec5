"""``python -m tests.replica``: ``peermentor run`` in a hurry. It keeps no pace, because the stand-in does not ask for
one, and its leases end soon, so that nobody waits long for those of a process that was killed."""

from datetime import timedelta

from bot import delivery
from bot.__main__ import cli
from bot.chat import Limit
from bot.platforms.slack.chat import SlackChat

LEASE = timedelta(seconds=15)

if __name__ == "__main__":
    SlackChat.per_conversation = SlackChat.per_installation = Limit(0.0)
    delivery.LEASE = LEASE
    cli(["run"])
