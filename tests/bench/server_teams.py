"""A bare bot on botbuilder: it answers every invoke, and posts messages with the adapter that ``BENCH_ADAPTER`` names.

``mended``: ``BotFrameworkHttpAdapter`` without its known faults: the list that it scans 999 times for each new
connector client is a set, and the credentials are kept from one turn to the next.
``http``: the same as it comes. It can send nothing: its own credentials take no address of this machine.
``cloud``: ``CloudAdapter`` as it comes, Microsoft's present one. It makes two clients for each turn, and cannot answer
an invoke with a body, so it answers without one.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import requests
from aiohttp import web
from botbuilder.core import BotFrameworkAdapterSettings, TurnContext
from botbuilder.integration.aiohttp import (
    BotFrameworkHttpAdapter,
    CloudAdapter,
    ConfigurationBotFrameworkAuthentication,
)
from botbuilder.schema import Activity, ActivityTypes, ConversationAccount, ConversationReference, InvokeResponse
from botframework.connector.auth import AuthenticationConstants, ChannelValidation, MicrosoftAppCredentials
from msrest.universal_http.requests import ClientRetryPolicy

from bot.platforms.teams.auth import SCOPE
from tests.bench.servers import sending, serve_bare

ANSWER = {"statusCode": 200, "type": "application/vnd.microsoft.activity.message", "value": "Done."}


class _Kept(MicrosoftAppCredentials):  # type: ignore[misc]  # the SDK has no types
    """Credentials with a token that was fetched once."""

    kept = ""

    def get_access_token(self, force_refresh: bool = False) -> str:  # noqa: ARG002, FBT002 - the SDK's signature
        return self.kept


class _Bot:
    def __init__(self, body: object) -> None:
        self._body = body

    async def on_turn(self, context: TurnContext) -> None:
        value = InvokeResponse(status=200, body=self._body)
        await context.send_activity(Activity(type=ActivityTypes.invoke_response, value=value))


def _trust_the_stand_in() -> None:
    issuer = os.environ["TEAMS_TOKEN_ISSUER"]
    AuthenticationConstants.TO_BOT_FROM_CHANNEL_TOKEN_ISSUER = issuer
    ChannelValidation.TO_BOT_FROM_CHANNEL_TOKEN_VALIDATION_PARAMETERS.issuer = [issuer]
    ChannelValidation.open_id_metadata_endpoint = os.environ["TEAMS_OPENID_URL"]


def _token() -> str:
    form = {
        "grant_type": "client_credentials",
        "client_id": os.environ["TEAMS_APP_ID"],
        "client_secret": os.environ["TEAMS_APP_PASSWORD"],
        "scope": SCOPE,
    }
    answer = requests.post(os.environ["TEAMS_TOKEN_URL"], data=form, timeout=10)
    answer.raise_for_status()
    return str(answer.json()["access_token"])


def _cloud_adapter() -> CloudAdapter:
    configuration = SimpleNamespace(
        APP_ID=os.environ["TEAMS_APP_ID"],
        APP_PASSWORD=os.environ["TEAMS_APP_PASSWORD"],
        APP_TYPE="SingleTenant",
        APP_TENANTID=os.environ["TEAMS_TENANT_ID"],
    )
    return CloudAdapter(ConfigurationBotFrameworkAuthentication(configuration))


def _http_adapter(*, mended: bool) -> BotFrameworkHttpAdapter:
    app_id, secret = os.environ["TEAMS_APP_ID"], os.environ["TEAMS_APP_PASSWORD"]
    credentials = None
    if mended:
        ClientRetryPolicy.safe_codes = frozenset(ClientRetryPolicy.safe_codes)  # type: ignore[assignment]
        credentials = _Kept(app_id, secret)
        credentials.kept = _token()
    return BotFrameworkHttpAdapter(BotFrameworkAdapterSettings(app_id, secret, app_credentials=credentials))


async def _serve() -> None:
    _trust_the_stand_in()
    kind = os.environ["BENCH_ADAPTER"]
    app_id = os.environ["TEAMS_APP_ID"]
    adapter = _cloud_adapter() if kind == "cloud" else _http_adapter(mended=kind == "mended")
    bot = _Bot(None if kind == "cloud" else ANSWER)

    async def answer(request: web.Request) -> web.Response:
        answered: web.Response = await (
            adapter.process(request, bot) if kind == "cloud" else adapter.process(request, None, bot)
        )
        return answered

    async def post(messages: Any) -> Callable[[], Awaitable[object]]:
        prepared = [
            (
                ConversationReference(
                    channel_id="msteams",
                    service_url=message["service_url"],
                    conversation=ConversationAccount(id=message["conversation"]),
                ),
                Activity().deserialize(message["activity"]),
            )
            for message in messages
        ]

        def send(reference: Any, activity: Any) -> Awaitable[None]:
            async def logic(context: TurnContext) -> None:
                await context.send_activity(activity)

            sent: Awaitable[None] = adapter.continue_conversation(reference, logic, app_id)
            return sent

        return lambda: asyncio.gather(*(send(*each) for each in prepared))

    bare = web.Application()
    bare.add_routes([web.post("/api/messages", answer), sending(post)])
    await serve_bare(bare)


if __name__ == "__main__":
    asyncio.run(_serve())
