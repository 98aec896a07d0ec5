"""What holds for all conversations: whatever is shown leads somewhere."""

import pytest

from bot.flow import Flows
from bot.handlers import FLOWS
from bot.ui import Button, Form, Message, buttons_of
from tests.examples import EXAMPLES


def buttons_on(name: str) -> tuple[Button, ...]:
    example = EXAMPLES[name]()
    return buttons_of(example) if isinstance(example, Message) else ()


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_button_and_every_form_is_answered_by_a_conversation(name: str) -> None:
    flows = Flows(FLOWS)
    unanswered = [button.action for button in buttons_on(name) if flows.find("button", button.action) is None]
    example = EXAMPLES[name]()
    if isinstance(example, Form) and flows.find("form", example.name) is None:
        unanswered.append(example.name)
    assert unanswered == []


def test_all_conversations_together_have_one_answer_for_each_thing() -> None:
    flows = Flows(FLOWS)
    assert {"support", "leads", "help", "mentoring"} <= flows.commands.keys()
    assert all(flows.find(kind) for kind in ("home", "installed", "removed", "unknown", "outsider"))
