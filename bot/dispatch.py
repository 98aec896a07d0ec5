"""One event is one unit of work: find the person, run the handler, commit, and say what became of it."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

import structlog

from bot.chat import Chat, ChatError
from bot.flow import (
    Done,
    Event,
    Flows,
    FormErrors,
    InForm,
    Outcome,
    Private,
    Reply,
    Route,
    ShowForm,
    ShowHome,
    Update,
    UserError,
)
from bot.handlers.help import form_behind_button, not_yours, something_went_wrong
from bot.log import frames
from bot.ui import Message
from storage import places
from storage.records import Account, Conversation, NotThere, Programme
from storage.unit_of_work import Database, DatabaseGone, UnitOfWork

log = structlog.get_logger()

SAME_TAP = 15
"""Seconds within which a platform that repeats a tap gets no second private answer to it."""
SECONDS_FOR_EMAIL = 2.0
"""Platforms wait for an answer no longer than three seconds."""


class _WhoIsThis(Exception):
    """An account is nobody's, and somebody waits for theirs: its e-mail address may tell. Nothing has been changed."""


class Dispatch:
    """What adapters call with each event. ``wake``: told after each commit that there may be something to deliver.
    ``new_id``: a fresh random text for each call."""

    def __init__(
        self,
        database: Database,
        flows: Flows,
        chats: Mapping[str, Chat],
        *,
        wake: Callable[[], None],
        new_id: Callable[[], str],
    ) -> None:
        self._database = database
        self._flows = flows
        self._chats = chats
        self._wake = wake
        self._new_id = new_id

    async def __call__(self, event: Event) -> Outcome:
        """Handle an event; the outcome is committed when this returns. Raises DatabaseGone, so that the platform is
        told to send the event again; everything else that goes wrong becomes words for the person."""
        event = self._named(event)
        route = self._flows.find(event.kind, event.name) or self._flows.find("unknown")
        if route is None:
            return Done()
        if route.leads:
            event = replace(event, leads_present=await self._leads_present(event.at))
        try:
            outcome = await self._in_one_transaction(event, route)
        except DatabaseGone:
            raise
        except UserError as error:
            outcome = await self._say(event, route, error.words)
        except NotThere:
            outcome = await self._say(event, route, not_yours)
        except Exception as error:  # noqa: BLE001 - whatever it is, the person hears of it and the log has it
            outcome = await self._apologise(event, route, error)
        self._wake()
        return outcome

    async def _in_one_transaction(self, event: Event, route: Route) -> Outcome:
        try:
            return await self._database.run(lambda uow: self._handle(event, route, uow), event.at)
        except _WhoIsThis:
            known = replace(event, email=await self._email_of(event))
            return await self._database.run(lambda uow: self._handle(known, route, uow), event.at)

    def _named(self, event: Event) -> Event:
        """Typed words that start with a command are that command."""
        if event.kind != "text":
            return event
        first, _, rest = event.text.strip().partition(" ")
        name = first.lower().lstrip("/")
        if name not in self._flows.commands:
            return replace(event, kind="unknown")
        return replace(event, kind="command", name=name, text=rest.strip())

    def _handle(self, event: Event, route: Route, uow: UnitOfWork) -> Outcome:
        event = self._recognised(event, route, uow)
        if event.person is None and not route.open_to_all:
            if event.email is None and uow.people.anybody_without_account():
                raise _WhoIsThis
            stranger = self._flows.find("claim" if event.email else "outsider")
            return self._settle(event, route, stranger.handler(event, uow) if stranger else Done(), uow)
        by_delivery = event.kind in {"command", "unknown"}  # each has a key of its own, so a repeat is the platform's
        once = event.key and (by_delivery or route.again) and not route.leaves_no_trace
        if once and not uow.seen.first_time(_seen_key(event)):
            return self._settle(event, route, route.again(event, uow) if route.again else Done(), uow)
        try:
            outcome = route.handler(event, uow)
        except FormErrors as errors:
            outcome = errors
        return self._settle(event, route, outcome, uow)

    def _recognised(self, event: Event, route: Route, uow: UnitOfWork) -> Event:
        """The event with its person; what it tells about how to reach them is noted."""
        found = uow.people.by_account(event.account)
        if found is None:
            return replace(event, person=None)
        if event.kind != "removed" and not route.leaves_no_trace:
            if found.was_unreachable:
                uow.people.mark_reachable(event.account)
            if event.here is not None and event.here.kind == "dm" and event.here != found.chat:
                uow.places.bind(places.dm(found.person), event.here)
        return replace(event, person=found.person)

    def _settle(self, event: Event, route: Route, outcome: Outcome, uow: UnitOfWork) -> Outcome:
        """Put into the outbox what the adapter cannot say in its answer."""
        in_its_form = event.in_form or (event.kind == "form" and route.leaves_no_trace)
        match outcome:
            case FormErrors():
                uow.change_nothing()
            case ShowForm() if event.can_open_form:
                if not outcome.follows:
                    uow.change_nothing()
            case ShowForm():
                return self._settle(event, route, Private(form_behind_button(outcome)), uow)
            case Private(message) if event.kind == "home":
                return ShowHome(message)
            case Private(message) | Update(message) if in_its_form:
                return InForm(message)
            case Reply(message) if event.here is not None:
                to = uow.places.here(event.here)
                uow.outbox.add(to=to, key=self._answer_key(event), message=message, answers_at=event.at)
            case Update(message) if event.message_id and event.here is not None:
                uow.outbox.replace_sent(event.here, event.message_id, message)
            case Private(message) | Update(message) if not event.answers_privately:
                self._answer(event, message, uow)
        return outcome

    def _answer(self, event: Event, message: Message, uow: UnitOfWork) -> None:
        if event.person is not None:
            to = places.dm(event.person)
        elif event.here is not None and event.here.kind == "dm":
            to = uow.places.here(event.here)
        else:
            return  # a stranger in a channel: there is nowhere to answer in private
        uow.outbox.add(to=to, key=self._answer_key(event), message=message, answers_at=event.at)

    def _answer_key(self, event: Event) -> str:
        if not event.key:
            return f"answer:{self._new_id()}"
        return f"answer:{_seen_key(event)}:{int(event.at.timestamp()) // SAME_TAP}"

    async def _apologise(self, event: Event, route: Route, error: Exception) -> Outcome:
        reference = self._new_id()[:8]
        log.error(
            "event.failed",
            reference=reference,
            kind=event.kind,
            name=event.name,
            error=type(error).__name__,
            where=frames(error),
        )

        return await self._say(event, route, lambda programme: something_went_wrong(reference, programme))

    async def _say(self, event: Event, route: Route, message: Callable[[Programme | None], Message]) -> Outcome:
        """Answer in a transaction of its own, after that of the handler was rolled back."""

        def say(uow: UnitOfWork) -> Outcome:
            said = Private(message(uow.programmes.current()))
            return self._settle(self._recognised(event, route, uow), route, said, uow)

        return await self._database.run(say, event.at)

    async def _email_of(self, event: Event) -> str:
        """The verified address of an account; empty where there is none, or the platform does not say so in time."""
        chat = self._chats.get(event.account.platform)
        if chat is None:
            return ""
        try:
            async with asyncio.timeout(SECONDS_FOR_EMAIL):
                return await chat.email_of(event.account, event.here) or ""
        except (ChatError, TimeoutError) as error:
            log.warning("event.email_unknown", platform=event.account.platform, error=type(error).__name__)
            return ""

    async def _leads_present(self, now: datetime) -> frozenset[Account]:
        """Who is in the leads channel now; nobody where that cannot be seen."""

        def channel(uow: UnitOfWork) -> Conversation | None:
            programme = uow.programmes.current()
            return uow.places.find(places.leads(programme)) if programme else None

        conversation = await self._database.run(channel, now)
        if conversation is None or conversation.platform not in self._chats:
            return frozenset()
        try:
            users = await self._chats[conversation.platform].members(conversation)
        except ChatError as error:
            log.warning("leads.members_unknown", error=type(error).__name__)
            return frozenset()
        return frozenset(Account(conversation.platform, conversation.tenant, user) for user in users)


def _seen_key(event: Event) -> str:
    return f"{event.account}:{event.kind}:{event.key}"
