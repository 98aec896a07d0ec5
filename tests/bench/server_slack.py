"""A bare bot on slack-bolt: it acknowledges every tap, and posts messages with the client as it comes."""

import asyncio
import os
import re
from collections.abc import Awaitable, Callable
from typing import Any

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_sdk.web.async_client import AsyncWebClient

from bot.platforms.slack.adapter import PATH
from tests.bench.servers import sending, serve_bare


async def _serve() -> None:
    client = AsyncWebClient(token=os.environ["SLACK_BOT_TOKEN"], base_url=os.environ["SLACK_API_URL"])
    app = AsyncApp(client=client, signing_secret=os.environ["SLACK_SIGNING_SECRET"], process_before_response=True)

    async def acknowledge(ack: AsyncAck) -> None:
        await ack()

    app.action(re.compile(""))(acknowledge)

    async def post(messages: Any) -> Callable[[], Awaitable[object]]:
        return lambda: asyncio.gather(*(client.chat_postMessage(**message) for message in messages))

    bare = app.web_app(path=PATH)
    bare.add_routes([sending(post)])
    await serve_bare(bare)


if __name__ == "__main__":
    asyncio.run(_serve())
