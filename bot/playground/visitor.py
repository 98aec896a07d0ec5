"""Somebody at the page: whom they are at the moment, and what they do there. Each ``do`` of the protocol is a
method."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
import structlog

from bot.flow import Command, Flows
from bot.handlers import FLOWS
from bot.log import frames
from bot.playground import views
from bot.playground.client import Answer, Client, Fault, Room, Shown, ShownForm
from bot.playground.example import ExamplePerson
from bot.playground.reasons import why
from bot.playground.running import NotNow, Playground
from bot.playground.simulation import PUBLIC_URL
from bot.playground.views import BOT, HOME, Json
from bot.texts import _
from storage.files import PATH
from storage.records import Queued
from storage.unit_of_work import UnitOfWork

log = structlog.get_logger()

PAGE = 100
WAITING = 200
MENTION = f"@{BOT}"
SENDS = {"slack": "chat.postMessage", "teams": "sendToConversation"}
"""The method with which a message is posted: what goes wrong, where nothing else is said."""
FAULTS = frozenset({"reply_lost", "reply_late", "delay", "status"})
COMMANDS = {name: command for name, command in Flows(FLOWS).commands.items() if command.scope in {"personal", "leads"}}


class Visitor:
    """One page. ``outgoing``: what it is told, in this order; the server sends it."""

    def __init__(self, playground: Playground) -> None:
        self.outgoing: asyncio.Queue[Json] = asyncio.Queue()
        self._playground = playground
        self._me: Me | None = None
        self._does: Mapping[str, Callable[..., Awaitable[Json]]] = {
            "hello": self._hello,
            "be": self._be,
            "read": self._read,
            "home": self._home,
            "type": self._type,
            "tap": self._tap,
            "submit": self._submit,
            "help": self._help,
            "close": self._close,
            "install": self._install,
            "remove": self._remove,
            "clock": self._clock,
            "stop": self._stop,
            "cohort": self._cohort,
            "outbox": self._outbox,
            "faults": self._faults,
            "figures": self._figures,
            "reset": self._reset,
        }

    # What the playground tells

    def push(self, said: Json) -> None:
        """Tell the page something."""
        self.outgoing.put_nowait(said)

    def look(self, ids: list[tuple[str, str]]) -> None:
        """Show what has come or changed on the screen of the person whom this page follows."""
        me = self._me
        if me is None:
            return
        for message_id in dict.fromkeys(one for platform, one in ids if platform == me.platform):
            shown = me.client.shown(message_id)
            if shown is not None:
                self._show(me, shown)
        home = me.client.home()
        if me.home is not None and home is not None and home != me.home:
            me.home = home
            self.push({"event": "changed", "message": views.message(home, me.platform, HOME)})

    def forget(self) -> None:
        """Another simulation has begun: the page is nobody."""
        self._me = None

    def _show(self, me: "Me", shown: Shown) -> None:
        said = views.message(shown, me.platform)
        if shown.id in me.seen:
            self.push({"event": "changed", "message": said})
        else:
            me.seen.add(shown.id)
            self.push({"event": "message", "to": [str(me.who.account)], "message": said})

    # What the page asks

    async def answer(self, asked: Mapping[str, Any]) -> Json:
        """Do what a page asks for; the answer. Whatever goes wrong is said in plain words."""
        about = {"re": asked.get("id")}
        given = {name: value for name, value in asked.items() if name not in {"id", "do"}}
        do = self._does.get(str(asked.get("do")))
        if do is None or not _takes(do, given):
            return about | {"ok": False, "error": f"The playground does not understand {asked.get('do')!r} so."}
        try:
            return about | {"ok": True} | await do(**given)
        except (LookupError, NotNow, ValueError) as error:
            return about | {"ok": False, "error": _said(error)}
        except (aiohttp.ClientError, TimeoutError):
            return about | {"ok": False, "error": "The bot did not answer."}
        except Exception as error:  # noqa: BLE001 - whatever it is, the page hears of it and the log has it
            log.error("playground.failed", do=asked.get("do"), error=type(error).__name__, where=frames(error))
            return about | {"ok": False, "error": f"Something in the playground went wrong: {type(error).__name__}"}

    async def _hello(self) -> Json:
        playground = self._playground
        simulation, programme = playground.simulation, await playground.programme()
        scenario = simulation.scenario
        self._unread_of_all()
        clock = await playground.clock()
        return {
            "scenario": scenario.name,
            "scenarios": playground.offered,
            "now": clock["now"],
            "waiting": clock["waiting"],
            "starts": views.moment(scenario.starts),
            "ends": views.moment(scenario.ends),
            "zone": programme.time_zone,
            "level": programme.disclosure,
            "cohort": {"on": simulation.cohort.is_on, "seed": playground.seed},
            "running": playground.running,
            "people": [views.person(person) for person in scenario.people],
            "faults": self._faults_now(),
            "files": [f"{PUBLIC_URL}{PATH}"],
        }

    def _unread_of_all(self) -> None:
        counts = {str(who): rooms.total() for who, rooms in self._playground.unread.items() if rooms.total()}
        self.push({"event": "unread", "counts": counts})

    async def _be(self, person: str) -> Json:
        simulation = self._playground.simulation
        account = views.account(person, simulation.people)
        client = simulation.stand_in(account).client(account)
        rooms = client.rooms()
        if self._me is None or self._me.who.account != account:
            self._me = Me(simulation.people[account], client, set())
        self._me.seen.update(seen for each in rooms for seen in each.messages)
        unread = self._playground.unread[account]
        known = await simulation.app.database.run(lambda uow: uow.people.by_account(account), simulation.clock())
        programme = await self._playground.programme()
        return {
            "person": person,
            "zone": known.person.time_zone if known else programme.time_zone,
            "conversations": [views.room(each, self._me.who.name, unread[each.id]) for each in rooms],
            "commands": [_offered(command) for command in COMMANDS.values()],
            "has_home": True,
        }

    async def _read(self, conversation: str, before: str | None = None, limit: int = PAGE) -> Json:
        me = self._somebody()
        ids = _room(me.client, conversation).messages
        end = ids.index(before) if before in ids else len(ids)
        start = max(0, end - min(int(limit), PAGE))
        shown = [one for message_id in ids[start:end] if (one := me.client.shown(message_id)) is not None]
        self._playground.read(me.who.account, conversation)
        return {"messages": [views.message(one, me.platform) for one in shown], "more": start > 0}

    async def _home(self) -> Json:
        me = self._somebody()
        async with self._playground.acting(me.who.account) as client:
            if me.platform == "teams":
                client.write(HOME)
            me.home = await client.open_home()
        return {"message": views.message(me.home, me.platform, HOME) if me.home else None}

    async def _type(self, conversation: str, words: str) -> Json:
        me = self._somebody()
        is_dm = _room(me.client, conversation).kind == "dm"
        if me.platform == "slack" and words.startswith("/"):
            return await self._slash(me, None if is_dm else conversation, words[1:])
        async with self._playground.acting(me.who.account) as client:
            here = client if is_dm else self._client(me, conversation)
            here.write(words)
            if is_dm:
                return self._answered(me, await here.say(words))
            if words.lower().startswith(MENTION):
                return self._answered(me, await here.say(words[len(MENTION) :].strip()))
        return _nothing(f"Everybody here can read this. {BOT} hears only what begins with {MENTION}.")

    async def _slash(self, me: "Me", channel: str | None, words: str) -> Json:
        name = words.partition(" ")[0]
        if name not in COMMANDS:
            return _nothing(f"Slack knows no command /{name}.")
        async with self._playground.acting(me.who.account) as client:
            here = self._client(me, channel) if channel else client
            return self._answered(me, await here.command(words))

    async def _tap(self, message: str, button: int) -> Json:
        me = self._somebody()
        shown = me.home if message == HOME else me.client.shown(message)
        if shown is None or not 0 <= button < len(shown.buttons):
            raise LookupError("this button is not there any more")
        async with self._playground.acting(me.who.account) as client:
            return self._answered(me, await client.tap(shown, shown.buttons[button]))

    async def _submit(self, form: str, values: Mapping[str, Any]) -> Json:
        me = self._somebody()
        shown = me.form(form)
        async with self._playground.acting(me.who.account) as client:
            return self._answered(me, await client.submit(shown, views.values_of(shown, values)))

    async def _help(self, form: str) -> Json:
        me = self._somebody()
        async with self._playground.acting(me.who.account) as client:
            return {"lines": list(await client.get_help(me.form(form)))}

    async def _close(self, form: str) -> Json:
        me = self._somebody()
        me.client.close(me.form(form))
        return {}

    async def _install(self) -> Json:
        me = self._somebody()
        async with self._playground.acting(me.who.account) as client:
            return self._answered(me, await client.install()) | {"said": f"{BOT} is installed for {me.who.name}."}

    async def _remove(self) -> Json:
        me = self._somebody()
        async with self._playground.acting(me.who.account) as client:
            return self._answered(me, await client.remove()) | {"said": f"{me.who.name} has removed {BOT}."}

    # Behind the stage

    async def _clock(self, to: str) -> Json:
        self._playground.move(to)
        return {}

    async def _stop(self) -> Json:
        await self._playground.stop()
        return {}

    async def _cohort(self, *, on: bool, seed: int | None = None) -> Json:
        self._playground.switch_cohort(on=bool(on), seed=seed)
        return {}

    async def _outbox(self) -> Json:
        simulation = self._playground.simulation

        def look(uow: UnitOfWork) -> Json:
            rows = [_waits(row, uow) for row in uow.outbox.queue(WAITING)]
            return {"waiting": rows, "total": uow.outbox.counts()["pending"]}

        return await simulation.app.database.run(look, simulation.clock())

    async def _faults(
        self,
        platform: str,
        kind: str,
        *,
        status: int = 500,
        times: int = 1,
        method: str = "",
        retry_after: int | None = None,
    ) -> Json:
        faults = {each.platform: each.faults for each in self._playground.simulation.stand_ins}[platform]
        if kind == "off":
            faults.clear()
        elif kind in FAULTS:
            fault = Fault(method or SENDS[platform], kind, int(times), int(status), retry_after=retry_after)
            faults.append(fault)
        else:
            raise LookupError(f"there is no fault {kind}")
        return {"faults": self._faults_now()}

    def _faults_now(self) -> Json:
        return {
            each.platform: [
                {"kind": f.kind, "method": f.method, "times": f.times, "status": f.status, "retry_after": f.retry_after}
                for f in each.faults
                if f.times > 0
            ]
            for each in self._playground.simulation.stand_ins
        }

    async def _figures(self) -> Json:
        return {"figures": self._playground.figures().as_json()}

    async def _reset(self, scenario: str, seed: int | None = None, level: str = "") -> Json:
        usual = self._playground.seed
        await self._playground.load(scenario, seed=usual if seed is None else int(seed), level=level)
        return {}

    # What they share

    def _somebody(self) -> "Me":
        if self._me is None:
            raise LookupError("be somebody first")
        return self._me

    def _client(self, me: "Me", channel: str) -> Client:
        return self._playground.simulation.stand_in(me.who.account).client(me.who.account, channel)

    def _answered(self, me: "Me", answer: Answer) -> Json:
        """What the person sees: a private message or a changed card, the form that is open now, and what went wrong."""
        said = None
        if answer.status >= 300:
            said = f"{BOT} did not answer as it should (status {answer.status}). Try again."
        elif answer.errors and answer.form is None:
            said = " ".join(answer.errors.values())
        return {
            "message": self._message_of(me, answer.message) if answer.message else None,
            "form": me.opened(answer.form) if answer.form else None,
            "said": said,
        }

    def _message_of(self, me: "Me", shown: Shown) -> Json:
        if shown.id:
            me.seen.add(shown.id)
            return views.message(shown, me.platform)
        me.answers += 1
        return views.message(shown, me.platform, f"answer:{me.answers}")


@dataclass(slots=True)
class Me:
    """Whom a page follows. ``seen``: ids of messages that the page knows of. ``open``: the form that is open, and the
    handle that the page has of it. ``answers`` and ``handles``: so many were shown so far."""

    who: ExamplePerson
    client: Client
    seen: set[str]
    home: Shown | None = None
    answers: int = 0
    handles: int = 0
    open: tuple[str, ShownForm] | None = None

    @property
    def platform(self) -> str:
        """Where this person is."""
        return self.who.account.platform

    def form(self, handle: str) -> ShownForm:
        """The form that is open under this handle. Raises LookupError for one that is not (any more)."""
        if self.open is None or self.open[0] != handle:
            raise LookupError("this form is not open any more")
        return self.open[1]

    def opened(self, shown: ShownForm) -> Json:
        """A form that is open now, in place of any other. The same one with errors keeps its handle."""
        version = (shown.raw["id"], shown.raw["hash"]) if self.platform == "slack" else None
        before = self.open[1].raw if self.open and version else {}
        if self.open is None or version != (before.get("id"), before.get("hash")):
            self.handles += 1
        handle = f"form:{self.handles}"
        self.open = (handle, shown)
        return views.form(shown, self.platform, handle)


def _room(client: Client, conversation: str) -> Room:
    for each in client.rooms():
        if each.id == conversation:
            return each
    raise LookupError("this person is not in that conversation")


def _takes(do: Callable[..., object], given: Mapping[str, Any]) -> bool:
    """Whether something can be asked with these details."""
    try:
        inspect.signature(do).bind(**given)
    except TypeError:
        return False
    return True


def _offered(command: Command) -> Json:
    return {"name": command.name, "hint": command.hint, "help": _(command.help)}


def _nothing(said: str) -> Json:
    return {"message": None, "form": None, "said": said}


def _said(error: Exception) -> str:
    return str(error.args[0]) if error.args else type(error).__name__


def _waits(row: Queued, uow: UnitOfWork) -> Json:
    states = [
        ("to be changed where it was sent", row.is_edit),
        ("may have arrived, and is looked for", row.may_have_arrived),
        ("to be tried again", row.retry_at is not None),
    ]
    return {
        "to": _place(row.place, uow),
        "key": row.key,
        "why": why(row.key),
        "due_at": views.moment(max(row.due_at, row.retry_at or row.due_at)),
        "not_before": views.moment(row.not_before),
        "state": next((words for words, holds in states if holds), "waits for its time"),
    }


def _place(place: str, uow: UnitOfWork) -> str:
    kind, _colon, subject = place.partition(":")
    match kind:
        case "dm":
            return uow.people.get(int(subject)).name
        case "pair":
            return " and ".join(person.name for person in uow.pairs.get(int(subject)).people)
        case "leads":
            return "the leads' channel"
        case _:
            return "a conversation"
