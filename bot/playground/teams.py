"""A local stand-in of Microsoft Teams, and the apps of its people."""

from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.playground import teams_cards
from bot.playground.client import Answer, Room, Shown, ShownButton, ShownForm
from bot.playground.teams_service import Place, Sent, TeamsService, mri
from bot.ui import Values
from storage.records import Account

Json = dict[str, Any]


class BadAnswer(Exception):
    """The bot answered an invoke with something that Teams would not show."""


class TeamsClient:
    """One person's app: what is on the screen, and what can be done there."""

    def __init__(self, teams: TeamsService, account: Account, name: str, channel: str | None) -> None:
        self.account = account
        self._teams = teams
        self._name = name
        self._channel = channel

    def screen(self) -> list[Shown]:
        """Every message of the bot that this person can see, oldest first."""
        teams, user = self._teams, self.account.user
        with teams.lock:
            seen = [sent for place in teams.places_of(user) for sent in teams.in_place(place) if not sent.by]
            return [sent.shown(user) for sent in sorted(seen, key=lambda sent: sent.id)]

    def shown(self, message_id: str) -> Shown | None:
        """The message of the bot with this id, if this person can see it."""
        with self._teams.lock:
            sent = self._teams.message(self.account.user, message_id)
            return self._show(sent) if sent else None

    def rooms(self) -> list[Room]:
        """The conversations that this person is in; the personal chat first."""
        with self._teams.lock:
            return [self._room(place) for place in self._teams.places_of(self.account.user)]

    def _room(self, place: Place) -> Room:
        kind = "dm" if place.kind == "personal" else place.kind
        names = sorted(self._teams.members[user].name for user in place.users)
        return Room(place.id, kind, place.name, tuple(names), [sent.id for sent in self._teams.in_place(place)])

    def write(self, words: str) -> Shown:
        """Put words on the screens of a conversation; the bot is not told."""
        user = self.account.user
        place = self._teams.place(self._channel) if self._channel else self._teams.personal(user)
        return self._show(self._teams.write(user, place, words))

    def close(self, form: ShownForm) -> None:
        """Close a dialog: Teams tells nobody."""

    def _show(self, sent: Sent) -> Shown:
        shown = sent.shown(self.account.user)
        return replace(shown, by=self._teams.members[sent.by].name) if sent.by else shown

    async def command(self, words: str) -> Answer:
        """Type a command; there are no slash commands in Teams."""
        return await self.say(words)

    async def say(self, words: str) -> Answer:
        """Type words to the bot: in the personal chat, or in the channel with a mention."""
        activity = self.activity("message", self._channel, text=words, textFormat="plain")
        if self._channel is not None:
            mention = "<at>peermentor</at>"
            bot = activity["recipient"]
            activity["text"] = f"{mention} {words}"
            activity["entities"] = [{"type": "mention", "mentioned": bot, "text": mention}]
        return Answer((await self._do(activity))[0])

    async def tap(self, message: Shown, button: ShownButton) -> Answer:
        """Tap a button of a message. Raises LookupError where the message does not show it (any more)."""
        sent = self._sent(message.id)
        action = self._action(sent, button)
        if action["type"] == "Action.Execute":
            return await self._execute(sent, action)
        if action["data"].get("msteams", {}).get("type") == "task/fetch":
            value = {"data": action["data"], "context": {"theme": "default"}}
            activity = self.activity("invoke", sent.place.id, name="task/fetch", value=value, replyToId=sent.id)
            return await self._task(activity)
        activity = self.activity("message", sent.place.id, value=action["data"], replyToId=sent.id)
        return Answer((await self._do(activity))[0])

    async def submit(self, form: ShownForm, values: Values) -> Answer:
        """Fill in an open dialog and send it. Raises ValueError for what its inputs would not take."""
        value = {"data": teams_cards.submission(form, values), "context": {"theme": "default"}}
        return await self._task(
            self.activity(
                "invoke",
                form.raw["conversation"],
                name="task/submit",
                value=value,
                replyToId=form.raw["message"],
            )
        )

    async def get_help(self, form: ShownForm) -> tuple[str, ...]:
        """Tap *Get help* on an open dialog; what it shows then. Raises LookupError where there is no such button."""
        return teams_cards.behind(form.raw["task"]["card"]["content"], "Get help")

    def home(self) -> Shown | None:
        """Teams has no such place for a bot: its home is a card in the chat."""
        return None

    async def open_home(self) -> None:
        """Type ``home``; the home card arrives in the conversation."""
        await self.say("home")

    async def install(self) -> Answer:
        """Install the app for oneself."""
        with self._teams.lock:
            self._teams.installed.add(self.account.user)
        return Answer((await self._do(self.activity("installationUpdate", action="add")))[0])

    async def remove(self) -> Answer:
        """Remove the app; from now on Teams refuses to deliver to this person."""
        with self._teams.lock:
            self._teams.installed.discard(self.account.user)
        return Answer((await self._do(self.activity("installationUpdate", action="remove")))[0])

    def activity(self, kind: str, conversation: str | None = None, **parts: object) -> Json:
        """An activity of this person as Teams sends it; without ``conversation`` in the personal chat."""
        teams, user = self._teams, self.account.user
        place = teams.place(conversation) if conversation else teams.personal(user)
        now, zone = teams.clock(), teams.members[user].time_zone
        return {
            "type": kind,
            "id": teams.new_id(),
            "timestamp": now.isoformat(),
            "localTimestamp": now.astimezone(ZoneInfo(zone)).isoformat(),
            "localTimezone": zone,
            "channelId": "msteams",
            "serviceUrl": teams.service_url,
            "from": {"id": mri(user), "name": self._name, "aadObjectId": user},
            "conversation": {"conversationType": place.kind, "tenantId": teams.tenant, "id": place.id},
            "recipient": {"id": f"28:{teams.app_id}", "name": "peermentor"},
            "channelData": {"tenant": {"id": teams.tenant}},
            "locale": "en-GB",
            **parts,
        }

    async def _do(self, activity: Json) -> tuple[int, Any]:
        with self._teams.lock:
            self._teams.last_action[self.account] = self._teams.clock()
        return await self._teams.deliver(activity)

    async def _execute(self, sent: Sent, action: Json) -> Answer:
        value = {"action": {key: action[key] for key in ("type", "title", "verb", "data")}, "trigger": "manual"}
        activity = self.activity("invoke", sent.place.id, name="adaptiveCard/action", value=value, replyToId=sent.id)
        status, body = await self._do(activity)
        if status != 200:
            return Answer(status)
        match body:
            case {"statusCode": 200, "type": teams_cards.CARD, "value": dict(card)}:
                teams_cards.check(card)
                with self._teams.lock:
                    sent.own_cards[self.account.user] = card
                    self._teams.changed.append(sent.id)
                return Answer(status, message=sent.shown(self.account.user))
            case {"statusCode": 200, "type": "application/vnd.microsoft.activity.message", "value": str(text)}:
                return Answer(status, message=self._toast(sent.place.id, text))
            case _:
                raise BadAnswer("no answer to adaptiveCard/action")

    async def _task(self, activity: Json) -> Answer:
        status, body = await self._do(activity)
        match body:
            case None:
                return Answer(status)
            case {
                "task": {
                    "type": "continue",
                    "value": {"title": str(), "card": {"contentType": teams_cards.CARD, "content": card}} as task,
                }
            }:
                teams_cards.check(card)
                conversation = activity["conversation"]["id"]
                form = teams_cards.form(task, conversation=conversation, message=activity["replyToId"])
                return Answer(status, form=form, errors=form.errors)
            case {"task": {"type": "message", "value": str(text)}}:
                return Answer(status, message=self._toast(activity["conversation"]["id"], text))
            case _:
                raise BadAnswer(f"no answer to {activity['name']}")

    def _toast(self, conversation: str, text: str) -> Shown | None:
        """Words that Teams shows for a moment, to this person alone."""
        now: datetime = self._teams.clock()
        return Shown("", conversation, "", now, (text,), (), {"text": text}, ephemeral=True) if text else None

    def _sent(self, message_id: str) -> Sent:
        with self._teams.lock:
            sent = self._teams.message(self.account.user, message_id)
            if sent is not None:
                return sent
        raise LookupError(f"there is no message {message_id} on this screen")

    def _action(self, sent: Sent, button: ShownButton) -> Json:
        wanted = {"action": button.action, "subject": button.subject, "version": button.version}
        with self._teams.lock:
            for action in teams_cards.actions(sent.card(self.account.user)):
                if wanted.items() <= action.get("data", {}).items():
                    return action
        raise LookupError(f"no button {button.action!r} on {sent.key or sent.id}")


class TeamsStandIn(TeamsService):
    """The local Teams with the apps of its people."""

    def client(self, account: Account, channel: str | None = None) -> TeamsClient:
        """This person's app; with ``channel``, what is typed goes there and mentions the bot."""
        return TeamsClient(self, account, self.members[account.user].name, channel)
