"""One person's Slack: what is on the screen, and what tapping and typing there sends to the bot."""

import html
import json
from collections.abc import Mapping
from typing import Any, Protocol

from bot.playground import slack_blocks
from bot.playground.client import Answer, Room, Shown, ShownButton, ShownForm
from bot.playground.slack_blocks import Json
from bot.playground.slack_workspace import APP, BOT_USER, ApiError, Channel, Modal, Sent, Workspace
from bot.ui import Values
from storage.records import Account

UNSENT = Answer(status=200)


class Wire(Protocol):
    """How an app reaches the bot: what ``SlackStandIn`` gives it."""

    workspace: Workspace
    last_action: dict[Account, Any]

    async def send_form(self, fields: Mapping[str, str]) -> tuple[int, str]:
        """Send a slash command or an interaction; the bot's status and answer."""
        ...

    async def send_event(self, event: Json) -> int:
        """Send an event, with Slack's repeats; the bot's last status."""
        ...

    def response_url(self, name: str) -> str:
        """The full address of a response name."""
        ...


class SlackClient:
    """One person's app. ``channel``: where commands and words are typed; the bot's direct message without it."""

    def __init__(self, wire: Wire, account: Account, channel: Channel | None) -> None:
        self.account = account
        self._wire = wire
        self._workspace = wire.workspace
        self._user = account.user
        self._channel = channel

    def screen(self) -> list[Shown]:
        """Every message of the bot's that this person can see, oldest first."""
        return [self._workspace.show(sent) for sent in self._workspace.seen_by(self._user)]

    def shown(self, message_id: str) -> Shown | None:
        """The message of the bot's with this id, if this person can see it."""
        sent = self._workspace.message(self._user, message_id)
        return self._workspace.show(sent) if sent else None

    def rooms(self) -> list[Room]:
        """The conversations that this person is in; the direct message with the bot first."""
        workspace = self._workspace
        with_bot = workspace.dm(self._user)
        others = [channel for channel in workspace.channels_of(self._user) if channel is not with_bot]
        return [self._room(channel) for channel in (with_bot, *others)]

    def _room(self, channel: Channel) -> Room:
        names = sorted(self._workspace.people[user].name for user in channel.people)
        seen = [sent.ts for sent in self._workspace.in_channel(channel, self._user)]
        return Room(channel.id, channel.kind, channel.name, tuple(names), seen)

    def write(self, words: str) -> Shown:
        """Put words on the screens of a conversation; the bot is not told."""
        return self._workspace.show(self._workspace.write(self._user, self._here(), words))

    async def command(self, words: str) -> Answer:
        """Type ``/words``."""
        name, _, text = words.strip().partition(" ")
        channel = self._here()
        sent = {
            "team_id": self._workspace.team,
            "channel_id": channel.id,
            "channel_name": _name_of(channel),
            "user_id": self._user,
            "user_name": self._user.lower(),
            "command": f"/{name}",
            "text": html.escape(text, quote=False),
            "api_app_id": APP,
            "is_enterprise_install": "false",
            "response_url": self._wire.response_url(self._workspace.response_url(self._user, channel.id)),
            "trigger_id": self._act(),
        }
        before = set(self._workspace.modals)
        status, body = await self._wire.send_form(sent)
        form = self._opened_since(before)
        if status != 200 or not body:
            return Answer(status, form=form)
        try:
            said = json.loads(body)
        except ValueError:
            said = {"text": body}
        try:
            answer = self._workspace.private_answer(self._user, channel.id, said)
        except ApiError as error:
            return Answer(status, form=form, errors={"": f"{error.code}: {error.detail}"})
        return Answer(status, form=form, message=self._workspace.show(answer))

    async def say(self, words: str) -> Answer:
        """Type plain words: to the bot in its direct message, or in a channel with a mention of it."""
        channel = self._here()
        text = html.escape(words, quote=False)
        self._act()
        event = {
            "type": "message" if self._channel is None else "app_mention",
            "user": self._user,
            "team": self._workspace.team,
            "text": text if self._channel is None else f"<@{BOT_USER}> {text}",
            "channel": channel.id,
            "ts": f"{int(self._workspace.wire_time())}.000100",
        }
        return Answer(await self._wire.send_event(event | ({"channel_type": "im"} if self._channel is None else {})))

    async def tap(self, message: Shown, button: ShownButton) -> Answer:
        """Tap a button of a message or of the App Home, as it was when ``message`` was on the screen. Raises
        LookupError for what this person cannot see or what is not on it."""
        tapped = self._find(message, button)
        payload = self._tapped(tapped)
        sent = None
        if message.conversation:
            sent = self._sent(message)
            payload |= self._around_message(sent)
        else:
            around = {"id": message.id, "team_id": self._workspace.team}
            view = message.raw | around | {"hash": self._workspace.homes[self._user].hash}
            payload |= {"container": {"type": "view", "view_id": message.id}, "view": view}
        before, seen = set(self._workspace.modals), len(self._workspace.messages)
        raw_before = sent.raw if sent else None
        status, _body = await self._wire.send_form({"payload": json.dumps(payload)})
        answered = [m for m in self._workspace.messages[seen:] if m.only == self._user]
        if sent is not None and sent.only and sent.raw is not raw_before:
            answered.append(sent)
        shown = self._workspace.show(answered[-1]) if answered else None
        return Answer(status, form=self._opened_since(before), message=shown)

    async def get_help(self, form: ShownForm) -> tuple[str, ...]:
        """Tap *Get help* on an open form; what is shown in front of it. Raises LookupError where there is no such
        button, or nothing is shown."""
        modal = self._open(form)
        found = [each for each in slack_blocks.all_buttons(modal.view.blocks) if each.text.text == "Get help"]
        if not found:
            raise LookupError(f"the form {form.name!r} has no such button")
        view = modal.raw | {"id": modal.id, "team_id": self._workspace.team, "hash": modal.hash}
        around = {"container": {"type": "view", "view_id": modal.id}, "view": view}
        before = set(self._workspace.modals)
        await self._wire.send_form({"payload": json.dumps(self._tapped(found[0]) | around)})
        shown = self._opened_since(before)
        if shown is None:
            raise LookupError("nothing is shown")
        return shown.lines

    async def submit(self, form: ShownForm, values: Values) -> Answer:
        """Fill in an open form and send it. What Slack itself refuses (a required field left empty, letters in a
        number, too much text) is not sent; the errors stand beside the fields. Raises LookupError for a form that is
        not open, or a field that is not on it."""
        modal = self._open(form)
        fields = slack_blocks.inputs(modal.view)
        if values.keys() - fields.keys():
            raise LookupError(f"the form {form.name!r} has no field {sorted(values.keys() - fields.keys())}")
        modal.values |= values
        modal.errors = _refused_by_slack(fields, modal.values)
        if modal.errors:
            return self._still_open(200, modal)
        state = {name: slack_blocks.state_of(block, modal.values[name]) for name, block in fields.items()}
        payload = {
            "type": "view_submission",
            "team": {"id": self._workspace.team, "domain": "peermentor"},
            "user": self._me(),
            "api_app_id": APP,
            "trigger_id": self._act(),
            "view": modal.raw
            | {
                "id": modal.id,
                "team_id": self._workspace.team,
                "hash": modal.hash,
                "state": {"values": state},
                "app_installed_team_id": self._workspace.team,
                "bot_id": BOT_USER,
            },
            "response_urls": [],
            "is_enterprise_install": False,
            "enterprise": None,
        }
        before = set(self._workspace.modals)
        status, body = await self._wire.send_form({"payload": json.dumps(payload)})
        if status != 200:
            return self._still_open(status, modal)
        return self._after_submission(status, modal, json.loads(body) if body else {}, before)

    def close(self, form: ShownForm) -> None:
        """Close a modal, and nothing else: the bot has not asked to hear of it."""
        self._workspace.modals.pop(form.raw["id"], None)

    def home(self) -> Shown | None:
        """The App Home as it is on the screen."""
        return self._workspace.show_home(self._user)

    async def open_home(self) -> Shown | None:
        """Open the App Home; what it shows then."""
        self._act()
        event = {
            "type": "app_home_opened",
            "user": self._user,
            "channel": self._workspace.dm(self._user).id,
            "tab": "home",
            "event_ts": f"{self._workspace.wire_time():.6f}",
        }
        await self._wire.send_event(event)
        return self._workspace.show_home(self._user)

    async def install(self) -> Answer:
        """Start using the bot again."""
        self._workspace.blocked.discard(self._user)
        return UNSENT

    async def remove(self) -> Answer:
        """From now on Slack delivers nothing of the bot's to this person's direct message."""
        self._workspace.blocked.add(self._user)
        return UNSENT

    def _after_submission(self, status: int, modal: Modal, answer: Json, before: set[str]) -> Answer:
        match answer.get("response_action"):
            case None | "clear":
                del self._workspace.modals[modal.id]
                return Answer(status, form=self._opened_since(before))
            case "errors":
                unknown = answer["errors"].keys() - slack_blocks.inputs(modal.view).keys()
                modal.errors = {"": f"no such field: {sorted(unknown)}"} if unknown else answer["errors"]
                return self._still_open(status, modal)
            case "update":
                try:
                    modal = self._workspace.open_modal(self._user, answer["view"], modal.id)
                except ApiError as error:
                    modal.errors = {"": f"{error.code}: {error.detail}"}
                return self._still_open(status, modal)
            case other:
                modal.errors = {"": f"invalid response_action {other!r}"}
                return self._still_open(status, modal)

    def _open(self, form: ShownForm) -> Modal:
        modal = self._workspace.modals.get(form.raw["id"])
        if modal is None or modal.user != self._user:
            raise LookupError(f"the form {form.name!r} is not open")
        return modal

    def _tapped(self, button: slack_blocks.Button) -> Json:
        """A tap on a button, without where it is."""
        return {
            "type": "block_actions",
            "user": self._me(),
            "api_app_id": APP,
            "team": {"id": self._workspace.team, "domain": "peermentor"},
            "enterprise": None,
            "is_enterprise_install": False,
            "trigger_id": self._act(),
            "actions": [
                {
                    "type": "button",
                    "action_id": button.action_id,
                    "block_id": button.action_id,
                    "text": {"type": "plain_text", "text": button.text.text, "emoji": button.text.emoji},
                    "value": button.value,
                    "action_ts": f"{int(self._workspace.wire_time())}.{self._workspace.new_id('')}",
                }
            ],
        }

    def _still_open(self, status: int, modal: Modal) -> Answer:
        return Answer(status, form=self._workspace.show_modal(modal), errors=dict(modal.errors))

    def _around_message(self, sent: Sent) -> Json:
        channel = self._workspace.channels[sent.channel]
        private = bool(sent.only)
        response_url = self._workspace.response_url(self._user, channel.id, sent)
        container = {"type": "message", "message_ts": sent.ts, "channel_id": channel.id, "is_ephemeral": private}
        return {
            "container": container,
            "channel": {"id": channel.id, "name": _name_of(channel)},
            "response_url": self._wire.response_url(response_url),
            **({} if private else {"message": self._workspace.as_message(sent)}),
        }

    def _find(self, message: Shown, button: ShownButton) -> slack_blocks.Button:
        if not message.conversation:
            home = self._workspace.homes.get(self._user)
            if home is None or home.id != message.id:
                raise LookupError("this is somebody else's home")
        for tapped in slack_blocks.all_buttons(slack_blocks.checked_blocks(message.raw.get("blocks") or [])):
            if slack_blocks.shown_button(tapped) == button:
                return tapped
        raise LookupError(f"no button {button.action!r} on {message.key or message.id}")

    def _sent(self, message: Shown) -> Sent:
        sent = self._workspace.message(self._user, message.id)
        if sent is not None and sent.channel == message.conversation:
            return sent
        raise LookupError(f"{self.account} cannot see {message.key or message.id}")

    def _here(self) -> Channel:
        return self._channel or self._workspace.dm(self._user)

    def _me(self) -> Json:
        return {"id": self._user, "username": self._user.lower(), "team_id": self._workspace.team}

    def _act(self) -> str:
        self._wire.last_action[self.account] = self._workspace.clock()
        return self._workspace.trigger(self._user)

    def _opened_since(self, before: set[str]) -> ShownForm | None:
        for modal in self._workspace.modals.values():
            if modal.id not in before and modal.user == self._user:
                return self._workspace.show_modal(modal)
        return None


def _refused_by_slack(fields: Mapping[str, slack_blocks.InputBlock], values: Values) -> dict[str, str]:
    errors = {}
    for name, block in fields.items():
        value = values[name]
        if not value and not block.optional:
            errors[name] = "Please complete this required field."
        elif value and isinstance(block.element, slack_blocks.NumberInput):
            try:
                int(str(value))
            except ValueError:
                errors[name] = "Please enter a whole number."
        elif isinstance(block.element, slack_blocks.TextInput) and len(value) > block.element.max_length:
            errors[name] = f"Please use fewer than {block.element.max_length} characters."
    return errors


def _name_of(channel: Channel) -> str:
    """As Slack gives it with commands and taps: private channels do not tell their names."""
    return "privategroup" if channel.kind == "channel" else channel.name
