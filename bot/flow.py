"""A conversation declares here what it answers to; events come in, outcomes go out.

A handler is a plain function of an event and a unit of work. It changes state, adds messages to the outbox and returns
an outcome. It does no network I/O and knows no platform.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from bot.ui import Form, Message, Values
from storage.records import Account, Conversation, Due, Person, Programme
from storage.unit_of_work import UnitOfWork

ACTION = re.compile(r"[a-z][a-z_]{0,40}")


@dataclass(frozen=True, slots=True)
class Event:
    """Something that a person did, the same for every platform.

    ``kind``: ``command`` (slash command or typed word), ``text`` (typed words that are no command; dispatch decides),
    ``button``, ``form``, ``home`` (Slack's App Home was opened), ``installed`` or ``removed`` (the bot, by the person).
    ``name``: the command, the button's action or the form's name. ``text``: what was typed (after the command).
    ``at``: programme time, UTC. ``here``: the conversation in which it happened, where there is one.
    ``message_id``: the message whose button was tapped, if it can be edited. ``key``: the same for a repeated delivery
    of the same event and different for any other; empty where the platform gives none.
    ``can_open_form``: a form can be shown in the answer. ``answers_privately``: the answer itself can carry a message
    that only this person sees. ``on_home``: a button of the Slack App Home was tapped. ``in_form``: a button in a form
    was tapped, which stays open behind the answer.
    ``email``: the verified address of an account that is nobody's yet, while people wait for their account; None where
    it was not asked for, empty where there is none.
    ``email``, ``person`` and ``leads_present`` (members of the leads channel now; only for flows that ask for it) are
    filled in by dispatch.
    """

    kind: str
    account: Account
    at: datetime
    name: str = ""
    text: str = ""
    subject: str = ""
    version: int = 0
    values: Values = field(default_factory=dict)
    here: Conversation | None = None
    message_id: str = ""
    key: str = ""
    can_open_form: bool = False
    answers_privately: bool = False
    on_home: bool = False
    in_form: bool = False
    email: str | None = None
    person: Person | None = None
    leads_present: frozenset[Account] = frozenset()

    @property
    def who(self) -> Person:
        """The person; dispatch lets an event without one reach only flows that are open to everybody."""
        if self.person is None:
            raise LookupError("this event has no person")
        return self.person

    @property
    def today(self) -> date:
        """The person's own day."""
        return self.at.astimezone(ZoneInfo(self.who.time_zone)).date()


@dataclass(frozen=True, slots=True)
class ShowForm:
    """Open a form; changes no state, unless it ``follows`` a form that was sent, and what was sent is taken. Where no
    form can be opened in the answer (typed words), dispatch answers with a card that has ``button``, an action that
    leads here, instead."""

    form: Form
    action: str
    subject: str = ""
    follows: bool = False


@dataclass(frozen=True, slots=True)
class Private:
    """Answer so that this person alone sees it."""

    message: Message


@dataclass(frozen=True, slots=True)
class Reply:
    """Answer in the conversation in which the event happened, for all its members."""

    message: Message


@dataclass(frozen=True, slots=True)
class Update:
    """Replace the message whose button was tapped; where there is none, answer privately."""

    message: Message


@dataclass(frozen=True, slots=True)
class ShowHome:
    """The person's home: Slack publishes it as App Home, Teams sends it as a card."""

    message: Message


@dataclass(frozen=True, slots=True)
class InForm:
    """Answer in the window of a form, which then holds these words: in place of a form that was sent, in front of one
    in which a button was tapped. Nothing is stored or sent for it."""

    message: Message


@dataclass(frozen=True, slots=True)
class Done:
    """Nothing more to say."""


class FormErrors(Exception):
    """What was typed cannot be taken: a text beside each field; what was typed stays. Changes no state.

    ``form``: the form as it was asked, for platforms that must show it again.
    """

    def __init__(self, errors: Mapping[str, str], form: Form) -> None:
        super().__init__(", ".join(sorted(errors)))
        self.errors = dict(errors)
        self.form = form


class UserError(Exception):
    """Something that the person is told in plain words; nothing is changed."""

    def __init__(self, message: Message) -> None:
        super().__init__("something for the person")
        self.message = message

    def words(self, _programme: Programme | None) -> Message:
        """What the person is told."""
        return self.message


Outcome = ShowForm | Private | Reply | Update | InForm | ShowHome | Done | FormErrors
Handler = Callable[[Event, UnitOfWork], Outcome]
Job = Callable[[Due, UnitOfWork], None]


@dataclass(frozen=True, slots=True)
class Route:
    """A handler and what it asks for.

    ``open_to_all``: also for people outside the programme. ``leads``: dispatch looks up who is in the leads channel
    now. ``again``: a read-only handler that answers a repeated event with how things stand. ``leaves_no_trace``:
    dispatch writes nothing of its own about such an event, not even that there was one.
    """

    handler: Handler
    open_to_all: bool = False
    leads: bool = False
    again: Handler | None = None
    leaves_no_trace: bool = False


@dataclass(frozen=True, slots=True)
class Command:
    """A slash command on Slack, a typed word on Teams. ``help``: one line, marked for translation.

    ``scope``: ``personal``, ``leads``, or ``typed`` for a word that is no slash command. ``hint``: what may follow it.
    """

    name: str
    help: str
    scope: str
    hint: str = ""


class Flow:
    """One conversation: its commands, buttons, forms and jobs."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.commands: list[Command] = []
        self.routes: dict[tuple[str, str], Route] = {}
        self.jobs: dict[str, Job] = {}

    def command(
        self,
        name: str,
        help: str,  # noqa: A002 - the word that the reader of a flow expects
        *,
        scope: str = "personal",
        hint: str = "",
        open_to_all: bool = False,
        leaves_no_trace: bool = False,
    ) -> Callable[[Handler], Handler]:
        """Answer ``/name`` and the typed word ``name``."""
        self.commands.append(Command(name, help, scope, hint))
        return self._route(
            "command", name, open_to_all=open_to_all, leads=scope == "leads", leaves_no_trace=leaves_no_trace
        )

    def button(
        self,
        action: str,
        *,
        open_to_all: bool = False,
        leads: bool = False,
        again: Handler | None = None,
        leaves_no_trace: bool = False,
    ) -> Callable[[Handler], Handler]:
        """Answer a tap on a button with this action."""
        return self._route(
            "button", action, open_to_all=open_to_all, leads=leads, again=again, leaves_no_trace=leaves_no_trace
        )

    def form(
        self, name: str, *, leads: bool = False, again: Handler | None = None, leaves_no_trace: bool = False
    ) -> Callable[[Handler], Handler]:
        """Answer a form that was sent."""
        return self._route("form", name, leads=leads, again=again, leaves_no_trace=leaves_no_trace)

    def on(self, kind: str, *, open_to_all: bool = False) -> Callable[[Handler], Handler]:
        """Answer an event that has no name: ``home``, ``installed``, ``removed``, and what dispatch falls back to:
        ``unknown`` (words or buttons that nobody answers to), ``outsider`` (a person who is not known) and ``claim`` (a
        person who is not known, but whose e-mail address is)."""
        return self._route(kind, "", open_to_all=open_to_all)

    def job(self, rule: str) -> Callable[[Job], Job]:
        """Do the due work of this rule: one call for each ``uow.due.add(rule, subject, at)`` that has come due."""

        def register(job: Job) -> Job:
            self.jobs[_named(rule)] = job
            return job

        return register

    def _route(
        self,
        kind: str,
        name: str,
        *,
        open_to_all: bool = False,
        leads: bool = False,
        again: Handler | None = None,
        leaves_no_trace: bool = False,
    ) -> Callable[[Handler], Handler]:
        def register(handler: Handler) -> Handler:
            key = (kind, _named(name) if name else "")
            if key in self.routes:
                raise ValueError(f"{self.name} answers {key} twice")
            self.routes[key] = Route(
                handler, open_to_all=open_to_all, leads=leads, again=again, leaves_no_trace=leaves_no_trace
            )
            return handler

        return register


class Flows:
    """All conversations together: the one registry of commands, and the way from an event to its handler."""

    def __init__(self, flows: Iterable[Flow]) -> None:
        self.commands: dict[str, Command] = {}
        self.jobs: dict[str, Job] = {}
        self._routes: dict[tuple[str, str], Route] = {}
        for flow in flows:
            taken = (flow.routes.keys() & self._routes.keys()) | (flow.jobs.keys() & self.jobs.keys())
            if taken:
                raise ValueError(f"{flow.name} takes what another flow answers already: {sorted(map(str, taken))}")
            self._routes |= flow.routes
            self.jobs |= flow.jobs
            self.commands |= {command.name: command for command in flow.commands}

    def find(self, kind: str, name: str = "") -> Route | None:
        """The route for an event of this kind and name."""
        return self._routes.get((kind, name))


def _named(name: str) -> str:
    if not ACTION.fullmatch(name):
        raise ValueError(f"{name!r} is no name for a command, action, form or rule")
    return name
