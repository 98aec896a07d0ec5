"""What people do to messages and forms, in the tests of conversations."""

from datetime import timedelta

from bot import ui
from bot.flow import Flow, Outcome, Private, Reply, ShowForm, ShowHome, Update
from storage.records import Conversation
from tests.world import World


def said(outcome: Outcome) -> ui.Message:
    """The message of an outcome."""
    assert isinstance(outcome, Private | Reply | ShowHome | Update), outcome
    return outcome.message


def form_of(outcome: Outcome) -> ui.Form:
    """The form of an outcome."""
    assert isinstance(outcome, ShowForm), outcome
    return outcome.form


def button(message: ui.Message, action: str) -> ui.Button:
    """The first button of a message with this action."""
    return next(b for b in ui.buttons_of(message) if b.action == action)


def actions(message: ui.Message) -> set[str]:
    """What can be tapped on a message."""
    return {b.action for b in ui.buttons_of(message)}


def tap(world: World, flow: Flow, who: str, tapped: ui.Button) -> Outcome:
    """Tap a button."""
    return world.do(flow, world.event(who, "button", tapped.action, subject=tapped.subject, version=tapped.version))


def send(world: World, flow: Flow, who: str, form: ui.Form, **values: str | tuple[str, ...]) -> Outcome:
    """Fill in a form and send it; fields that are not given keep what they hold."""
    held: ui.Values = {field.name: field.value for field in form.fields}
    event = world.event(who, "form", form.name, subject=form.subject, version=form.version, values=held | values)
    return world.do(flow, event)


def words(message: ui.Message) -> str:
    """Everything that can be read on a message."""
    lines: list[str] = [message.summary, message.seen_by]
    for block in message.blocks:
        match block:
            case ui.Text(text=text) | ui.Heading(text=text):
                lines.append(text)
            case ui.Bullets(items=items):
                lines += items
            case ui.Facts(rows=rows):
                lines += [f"{label}: {value}" for label, value in rows]
            case ui.Contact(name=name, email=email):
                lines += [name, email]
    return "\n".join(lines)


def deliver(world: World) -> None:
    """Let everything that waits have arrived; what is replaced from now on is an edit."""
    with world.uow() as uow:
        while heads := uow.outbox.heads(100):
            for waiting in heads:
                at = Conversation("slack", "T1", f"C-{waiting.place}", "dm")
                uow.outbox.lease(waiting, "test", world.now + timedelta(minutes=1))
                uow.outbox.mark_sent(waiting, "test", at, waiting.remote_id or f"message-{waiting.id}")
