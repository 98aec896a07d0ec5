"""Sends what is in the outbox: at each platform's pace, out of quiet time, within the message budget, once.

A message is claimed in one transaction, sent, and marked in another. Who dies in between leaves a lease that runs out;
the next attempt then asks the platform, where it can be asked, whether the message arrived.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import structlog

from bot import ui
from bot.chat import (
    Ambiguous,
    Chat,
    ChatError,
    Limit,
    NotEditable,
    RateLimited,
    Refused,
    Unauthorised,
    Unreachable,
)
from bot.clock import Clock
from bot.flow import Event, Flows
from bot.handlers.pause import quiet_of
from bot.log import frames
from bot.programme.budget import budget_of, next_within_budget
from bot.programme.quiet import Quiet, next_allowed
from storage import places
from storage.records import Account, Conversation, Person, Waiting
from storage.unit_of_work import Database, DatabaseGone, UnitOfWork
from storage.waves import tells_who_is_missing

log = structlog.get_logger()

BATCH = 20
LEASE = timedelta(seconds=90)
BEGUN_WITHIN = timedelta(seconds=10)
"""What is claimed and not begun by then is given back: its lease must not end while it is on its way, and a platform
that is slow must not hold up the other."""
ANSWER = timedelta(seconds=60)
"""What is delivered within this time of the reader's own action is an answer; anything else is a prompt."""
GIVE_UP = timedelta(days=3)
FIRST_RETRY = 2.0
LONGEST_RETRY = 900.0
UNAUTHORISED_PAUSE = timedelta(minutes=5)
UNBOUND_PAUSE = timedelta(hours=1)
NOTED_AFTER = 2.0
"""Seconds after which a process whose database is gone tries again to note what it has sent."""
NOTED_TRIES = 15
LONGEST_WAIT = 5.0
"""Seconds after which a delivery that has nothing to do looks again: another process may have added something."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a message goes: a conversation, or the accounts to open one with."""

    platform: str
    tenant: str
    conversation: Conversation | None
    accounts: tuple[Account, ...]

    @property
    def installation(self) -> str:
        """The name of the installation whose pace is kept."""
        return f"{self.platform}:{self.tenant}"


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message that this process may send, if it begins before ``until``."""

    waiting: Waiting
    target: Target
    until: datetime


class Delivery:
    """Sends due messages. ``owner``: a name that no other process has. ``random``: for the backoff's jitter.
    ``pause``: lets some seconds pass."""

    def __init__(
        self,
        database: Database,
        flows: Flows,
        chats: Mapping[str, Chat],
        *,
        clock: Clock,
        owner: str,
        random: Random,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._database = database
        self._flows = flows
        self._chats = chats
        self._clock = clock
        self._owner = owner
        self._random = random
        self._pause_for = pause
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """There may be something to send."""
        self._wake.set()

    async def run(self) -> None:
        """Deliver for ever."""
        while True:
            self._wake.clear()
            try:
                await self.deliver_due()
                pause = await self._pause()
            except DatabaseGone:
                log.warning("delivery.database_gone")
                pause = LONGEST_WAIT
            except Exception as error:  # noqa: BLE001 - delivery goes on, whatever it was
                log.error("delivery.stumbled", error=type(error).__name__, where=frames(error))
                pause = LONGEST_WAIT
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), pause)

    async def deliver_due(self) -> None:
        """Send all that may be sent now."""
        turned_away: Counter[str] = Counter()
        while True:
            claimed, moved = await self._database.run(lambda uow: self._claim(uow, turned_away), self._clock())
            turns = {name: asyncio.Semaphore(chat.at_once) for name, chat in self._chats.items()}
            async with asyncio.TaskGroup() as sending:
                for one in claimed:
                    sending.create_task(self._in_turn(turns[one.target.platform], one))
            if not moved and len(claimed) < BATCH:
                return

    async def next_at(self) -> datetime | None:
        """When the next message may go; None where none waits."""
        return await self._database.run(lambda uow: uow.outbox.next_at(), self._clock())

    async def _pause(self) -> float:
        at = await self.next_at()
        if at is None:
            return LONGEST_WAIT
        return min(max((at - self._clock()).total_seconds(), 0.0), LONGEST_WAIT)

    # Claiming: one transaction

    def _claim(self, uow: UnitOfWork, turned_away: Counter[str]) -> tuple[list[Claimed], int]:
        ready: list[Claimed] = []
        heads = uow.outbox.heads(BATCH)
        for waiting in heads:
            try:
                target = self._may_go(waiting, uow)
            except (LookupError, ValueError) as error:
                # A row about somebody or something that is no more must not stop all others.
                log.error("delivery.lost", row=waiting.id, error=type(error).__name__, where=frames(error))
                uow.outbox.bury(waiting, "lost")
                target = None
            if target is not None:
                ready.append(Claimed(waiting, target, uow.now + BEGUN_WITHIN))
        # Always in the same order: two replicas that hold a pace each must not wait for that of the other.
        ready.sort(key=lambda one: one.target.installation)
        claimed = [one for one in ready if self._keeps_pace(one.waiting, one.target, turned_away, uow)]
        for one in claimed:
            uow.outbox.lease(one.waiting, self._owner, uow.now + LEASE)
        return claimed, len(heads) - len(claimed)

    def _may_go(self, waiting: Waiting, uow: UnitOfWork) -> Target | None:
        """Where the message goes now, if there is room; None where it does not, and its row says when or why."""
        better, counted = self._better_time(waiting, uow)
        if waiting.useful_until is not None and better >= waiting.useful_until and not waiting.remote_id:
            uow.outbox.drop(waiting)
            return None
        if better > uow.now:
            uow.outbox.defer(waiting, better)
            return None
        target = self._target(waiting, uow)
        if target is not None:
            uow.outbox.count_prompt([person.id for person in counted], waiting)
        return target

    def _target(self, waiting: Waiting, uow: UnitOfWork) -> Target | None:
        """Where the message goes; None where it goes nowhere now, which is noted on its row."""
        found = uow.places.find(waiting.place)
        if found is not None and found.platform in self._chats:
            return Target(found.platform, found.tenant, found, ())
        kind, _, subject = waiting.place.partition(":")
        accounts: tuple[Account, ...] = ()
        if kind == "dm":
            accounts = self._served(uow.people.accounts_of(int(subject), reachable=True))[:1]
            if not accounts:
                uow.outbox.bury_place(waiting.place, "unreachable")
                return None
        elif kind == "pair":
            mentor, mentee = (self._served(uow.people.accounts_of(p.id)) for p in uow.pairs.get(int(subject)).people)
            shared = [(a, b) for a in mentor for b in mentee if (a.platform, a.tenant) == (b.platform, b.tenant)]
            accounts = shared[0] if shared else ()
        if not accounts:
            uow.outbox.defer(waiting, uow.now + UNBOUND_PAUSE)
            return None
        return Target(accounts[0].platform, accounts[0].tenant, None, accounts)

    def _served(self, accounts: tuple[Account, ...]) -> tuple[Account, ...]:
        return tuple(account for account in accounts if account.platform in self._chats)

    def _better_time(self, waiting: Waiting, uow: UnitOfWork) -> tuple[datetime, tuple[Person, ...]]:
        """The first moment at which this message may go, as far as quiet time and the message budget rule it, and in
        whose budget it counts."""
        if waiting.remote_id or (waiting.answers_at and uow.now - waiting.answers_at <= ANSWER):
            return uow.now, ()
        readers = _readers(waiting.place, uow)
        quiets = [quiet_of(person, uow) for person in readers] or [self._programme_quiet(uow)]
        earliest = uow.now
        # An answer that comes too late keeps quiet time; it still is nothing that the bot has started by itself.
        counted = readers if waiting.answers_at is None else ()
        shared = len(readers) > 1
        for person in counted:
            participant = uow.people.participant(person.id)
            limits = budget_of(participant.role if participant else None)
            longest = max(span for _, span in limits)
            since = uow.now - longest
            sent = uow.outbox.prompts_since(person.id, since, other_than=waiting, seen_by_others=shared)
            booked = uow.outbox.booked(places.dm(person), other_than=waiting)
            earliest = max(earliest, next_within_budget([*sent, *booked], uow.now, limits))
        better = next_allowed(quiets, earliest)
        is_news = not tells_who_is_missing(waiting.key)
        if waiting.useful_until is not None and better >= waiting.useful_until and is_news:
            # News of a meeting that is off must not be lost to the budget: somebody would go there for nothing. A
            # reminder of a wave can be.
            better = next_allowed(quiets, uow.now)
        return better, counted

    def _programme_quiet(self, uow: UnitOfWork) -> Quiet:
        programme = uow.programmes.current()
        if programme is None:
            raise LookupError("there is no programme")
        return Quiet(ZoneInfo(programme.time_zone), programme.region)

    def _keeps_pace(self, waiting: Waiting, target: Target, turned_away: Counter[str], uow: UnitOfWork) -> bool:
        """Whether the installation has room for one more now; if so, it and the conversation are charged for it, if
        not, the conversation waits until there is, so that it is not in the way of other installations.
        ``turned_away``: how many were, by installation. Where they are many, each prompt waits for its turn, so that
        thousands are not all looked at again whenever there is room for one.

        The generic cell rate algorithm: ``busy_until`` is the time by which all that was sent would have been sent
        at an even pace; a burst may run ahead of it.
        """
        chat = self._chats[target.platform]
        busy_until = uow.outbox.busy_until(target.installation)
        room_at = busy_until - _ahead(chat.per_installation)
        each = timedelta(seconds=chat.per_installation.seconds)
        if room_at > uow.now:
            turn = room_at + each * turned_away[target.installation]
            turned_away[target.installation] += 1
            is_prompt = waiting.answers_at is None and not waiting.remote_id
            can_wait = is_prompt and (waiting.useful_until is None or turn < waiting.useful_until)
            if turned_away[target.installation] > BATCH and can_wait:
                uow.outbox.defer(waiting, turn)
            else:
                uow.outbox.keep_busy(waiting.place, room_at)
            return False
        uow.outbox.keep_busy(target.installation, max(busy_until, uow.now) + each)
        uow.outbox.keep_busy(waiting.place, uow.now + timedelta(seconds=chat.per_conversation.seconds))
        return True

    # Sending: no transaction is open

    async def _in_turn(self, turns: asyncio.Semaphore, claimed: Claimed) -> None:
        async with turns:
            try:
                if self._clock() > claimed.until:
                    await self._write(self._give_back, claimed.waiting)
                else:
                    await self._deliver(claimed)
            except DatabaseGone:  # the others that are on their way must not be broken off
                log.warning("delivery.not_noted", row=claimed.waiting.id)

    def _give_back(self, uow: UnitOfWork, waiting: Waiting) -> None:
        """Let anybody send a message that was claimed and not begun."""
        self._retry(waiting, uow.now, uow, maybe_sent=waiting.may_have_arrived, attempts=waiting.attempts)

    async def _deliver(self, claimed: Claimed) -> None:
        waiting, target = claimed.waiting, claimed.target
        chat = self._chats[target.platform]
        try:
            conversation = target.conversation or await self._open(chat, claimed)
            remote_id, as_it_is = await self._send(chat, conversation, waiting)
        except ChatError as error:
            await self._write(self._note_failure, claimed, error)
        except DatabaseGone:
            raise
        except Exception as error:  # noqa: BLE001 - one message that cannot be rendered must not stop the others
            log.error("delivery.failed", row=waiting.id, error=type(error).__name__, where=frames(error))
            await self._write(self._note_failure, claimed, Refused(type(error).__name__))
        else:
            await self._write(self._note_success, waiting, conversation, remote_id, as_it_is)

    async def _write(self, change: Callable[..., None], *what: object) -> None:
        """Note what became of a message, and try for as long as nobody else takes it: what has arrived and is not noted
        is sent again wherever nothing can be looked up. Raises DatabaseGone."""
        for _ in range(NOTED_TRIES):
            try:
                return await self._database.run(lambda uow: change(uow, *what), self._clock())
            except DatabaseGone:
                await self._pause_for(NOTED_AFTER)
        return await self._database.run(lambda uow: change(uow, *what), self._clock())

    def _note_success(
        self, uow: UnitOfWork, waiting: Waiting, at: Conversation, remote_id: str, as_it_is: bool
    ) -> None:
        uow.outbox.mark_sent(waiting, self._owner, at, remote_id, with_these_words=as_it_is)

    async def _open(self, chat: Chat, claimed: Claimed) -> Conversation:
        conversation = await chat.open(claimed.target.accounts)
        await self._database.run(lambda uow: uow.places.bind(claimed.waiting.place, conversation), self._clock())
        return conversation

    async def _send(self, chat: Chat, conversation: Conversation, waiting: Waiting) -> tuple[str, bool]:
        """Send or edit; the message's id, and whether it is sure to have these words (an earlier try that arrived
        unnoticed may have had those before a change)."""
        message = ui.load(waiting.body)
        if waiting.remote_id:
            await chat.edit(conversation, waiting.remote_id, message, waiting.key)
            return waiting.remote_id, True
        if waiting.may_have_arrived:
            arrived = await chat.find(conversation, waiting.key)
            if arrived is not None:
                return arrived, waiting.revision == 1
        return await chat.send(conversation, message, waiting.key), True

    def _note_failure(self, uow: UnitOfWork, claimed: Claimed, error: ChatError) -> None:
        waiting, target = claimed.waiting, claimed.target
        maybe_sent = waiting.may_have_arrived
        match error:
            case RateLimited():
                until = uow.now + timedelta(seconds=error.retry_after)
                limit = self._chats[target.platform].per_installation
                if error.everywhere:
                    uow.outbox.keep_busy(target.installation, until + _ahead(limit))
                uow.outbox.keep_busy(waiting.place, until)
                self._retry(waiting, until, uow, maybe_sent=maybe_sent, attempts=waiting.attempts)
            case Unauthorised():
                until = uow.now + UNAUTHORISED_PAUSE
                self._pause_refused(target, until, str(error), uow)
                self._retry(waiting, until, uow, maybe_sent=maybe_sent, attempts=waiting.attempts)
            case Unreachable():
                self._unreachable(claimed, uow)
            case NotEditable() if waiting.remote_id:
                uow.outbox.send_anew(waiting, self._owner)
            case Refused() | NotEditable():
                log.error("delivery.refused", row=waiting.id, platform=target.platform, reason=str(error))
                uow.outbox.bury(waiting, str(error))
            case _ if uow.now - waiting.queued_at > GIVE_UP:
                log.error("delivery.given_up", row=waiting.id, platform=target.platform, reason=str(error))
                uow.outbox.bury(waiting, "given up")
            case _:
                longest = min(FIRST_RETRY * 2**waiting.attempts, LONGEST_RETRY)
                pause = timedelta(seconds=longest * self._random.uniform(0.5, 1.0))
                maybe_sent = maybe_sent or isinstance(error, Ambiguous)
                self._retry(
                    waiting, uow.now + pause, uow, maybe_sent=maybe_sent, attempts=min(waiting.attempts + 1, 20)
                )

    def _pause_refused(self, target: Target, until: datetime, reason: str, uow: UnitOfWork) -> None:
        """Leave an installation alone until then; said once, though several messages that were on their way meet it."""
        ahead = _ahead(self._chats[target.platform].per_installation)
        paused_until = uow.outbox.busy_until(target.installation) - ahead
        if paused_until < until - UNAUTHORISED_PAUSE / 2:
            log.error("delivery.unauthorised", installation=target.installation, reason=reason)
        uow.outbox.keep_busy(target.installation, until + ahead)

    def _retry(self, waiting: Waiting, at: datetime, uow: UnitOfWork, *, maybe_sent: bool, attempts: int) -> None:
        uow.outbox.retry(waiting, self._owner, at, maybe_sent=maybe_sent, attempts=attempts)

    def _unreachable(self, claimed: Claimed, uow: UnitOfWork) -> None:
        """The conversation is of no use: forget it, and let the conversation about reaching people know of a person."""
        waiting, target = claimed.waiting, claimed.target
        if tells_who_is_missing(waiting.key):
            # Leads who heard today that somebody cannot be reached would know who had to be reminded. The next message
            # that others get too will find it out.
            uow.outbox.bury(waiting, "unreachable")
            return
        uow.places.forget(waiting.place)
        kind, _, subject = waiting.place.partition(":")
        if kind == "here":  # where somebody spoke who is not there any more: nothing leads there again
            uow.outbox.bury_place(waiting.place, "unreachable")
            return
        if kind != "dm":
            log.warning("delivery.place_gone", place=waiting.place)
            uow.outbox.retry(waiting, self._owner, uow.now + UNBOUND_PAUSE, maybe_sent=False, attempts=waiting.attempts)
            return
        for account in target.accounts or uow.people.accounts_of(int(subject), reachable=True):
            if (account.platform, account.tenant) == (target.platform, target.tenant):
                route = self._flows.find("removed")
                person = uow.people.get(int(subject))
                if route is not None:
                    route.handler(Event(kind="removed", account=account, at=uow.now, person=person), uow)
        uow.outbox.retry(waiting, self._owner, uow.now, maybe_sent=False, attempts=waiting.attempts)


def _readers(place: str, uow: UnitOfWork) -> tuple[Person, ...]:
    """Whose quiet time and budget a message in a place concerns; nobody's in a channel."""
    kind, _, subject = place.partition(":")
    if kind == "dm":
        return (uow.people.get(int(subject)),)
    if kind == "pair":
        return uow.pairs.get(int(subject)).people
    return ()


def _ahead(limit: Limit) -> timedelta:
    """How far a burst may run ahead of the even pace."""
    return timedelta(seconds=limit.seconds * (limit.burst - 1))
