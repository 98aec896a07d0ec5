"""Nothing is linked without a lead, and until then an account is a stranger's."""

import pytest

from bot.flow import Event, Outcome, Private, Update, UserError
from bot.handlers import home, linking, welcome
from bot.handlers.help import outsider
from bot.handlers.leads import for_leads_only
from storage import places
from storage.records import Account, NotThere, Person
from storage.unit_of_work import UnitOfWork
from tests.handlers.acts import actions, said, words
from tests.world import World

OMAR = Account("slack", "T1", "U777")
FATIMA = Account("teams", "tenant-1", "U778")


@pytest.fixture
def waiting(world: World) -> World:
    """Two people on the list without an account: Omar, a mentee, and Fatima, a senior."""
    with world.uow() as uow:
        omar = _enter("Omar El-Sayed", uow)
        uow.people.enrol(world.programme.id, omar, "mentee")
        fatima = _enter("Fatima Bello", uow)
        uow.people.give_duty(world.programme.id, fatima, "senior support")
        world.people |= {"Omar": uow.people.get(omar), "Fatima": uow.people.get(fatima)}
    return world


def _enter(name: str, uow: UnitOfWork) -> int:
    email = f"{name.partition(' ')[0].lower()}@example.org"
    return uow.people.add(name=name, email=email, accounts=[], time_zone="Europe/London", region="ENG")


def write(world: World, account: Account, email: str) -> Outcome:
    """Somebody writes from an account whose verified address is this."""
    return world.do(linking.flow, Event("claim", account, world.now, email=email))


def answer(world: World, action: str, *, who: str = "Gwen", present: bool = True, claim: int = 1) -> Outcome:
    """A lead taps a button of the question, in the leads channel or not."""
    here = frozenset({world.accounts[who]}) if present else frozenset()
    return world.do(linking.flow, world.event(who, "button", action, subject=str(claim), leads_present=here))


def linked(world: World, account: Account) -> Person | None:
    with world.uow() as uow:
        found = uow.people.by_account(account)
    return found.person if found else None


def asked(world: World) -> list[str]:
    """What the leads were asked."""
    return [queued.message.summary for queued in world.queued() if queued.place == places.leads(world.programme)]


def test_who_has_the_address_of_somebody_without_an_account_waits_for_a_lead(waiting: World) -> None:
    outcome = write(waiting, OMAR, "Omar@example.org")
    assert outcome == Private(linking.a_lead_confirms(waiting.programme))
    assert asked(waiting) == ["Is this Omar El-Sayed?"]
    assert linked(waiting, OMAR) is None


def test_they_are_told_nothing_but_that(waiting: World) -> None:
    told = words(said(write(waiting, OMAR, "omar@example.org")))
    assert "Omar" not in told
    assert "mentee" not in told


def test_the_leads_are_asked_once(waiting: World) -> None:
    for _ in range(3):
        write(waiting, OMAR, "omar@example.org")
    assert asked(waiting) == ["Is this Omar El-Sayed?"]


@pytest.mark.parametrize("email", ["nobody@example.org", "niamh@example.org", "", "omar@example.org.evil.example", "%"])
def test_any_other_address_is_a_stranger_s(waiting: World, email: str) -> None:
    assert write(waiting, OMAR, email) == Private(outsider(waiting.programme))
    assert asked(waiting) == []


def test_an_address_of_two_people_is_a_stranger_s(waiting: World) -> None:
    with waiting.uow() as uow:
        _enter("Omar Haddad", uow)
    assert write(waiting, OMAR, "omar@example.org") == Private(outsider(waiting.programme))


def test_with_a_lead_s_yes_the_account_is_theirs_and_they_get_the_card_to_join(waiting: World) -> None:
    write(waiting, OMAR, "omar@example.org")
    outcome = answer(waiting, "confirm_account")
    assert "Gwen Pritchard confirmed that this is Omar El-Sayed" in said(outcome).summary
    assert linked(waiting, OMAR) == waiting.people["Omar"]
    (card,) = waiting.queued("Omar")
    assert (card.prompt, actions(card.message) >= {"join", "decline"}) == (True, True)
    assert [work.rule for work in waiting.due() if work.subject.endswith(f"-{waiting.people['Omar'].id}")] == [
        "welcome_reminder"
    ]


def test_who_has_a_duty_gets_their_home(waiting: World) -> None:
    write(waiting, FATIMA, "fatima@example.org")
    answer(waiting, "confirm_account")
    (message,) = waiting.queued("Fatima")
    with waiting.uow() as uow:
        assert message.message == home.home_of(waiting.event("Gwen", "home", person=waiting.people["Fatima"]), uow)


def test_with_a_lead_s_no_the_account_stays_a_stranger_s_for_good(waiting: World) -> None:
    write(waiting, OMAR, "omar@example.org")
    outcome = answer(waiting, "refuse_account")
    assert "Gwen Pritchard said that this is not Omar El-Sayed" in said(outcome).summary
    assert write(waiting, OMAR, "omar@example.org") == Private(outsider(waiting.programme))
    assert linked(waiting, OMAR) is None
    assert waiting.queued("Omar") == []


@pytest.mark.parametrize("action", ["confirm_account", "refuse_account"])
@pytest.mark.parametrize(("who", "present"), [("Gwen", False), ("Niamh", True), ("Brigid", True), ("Leila", False)])
def test_only_a_lead_in_the_leads_channel_can_answer(waiting: World, action: str, who: str, present: bool) -> None:
    write(waiting, OMAR, "omar@example.org")
    with pytest.raises(UserError) as error:
        answer(waiting, action, who=who, present=present)
    assert error.value.message == for_leads_only(waiting.programme)
    assert linked(waiting, OMAR) is None
    write(waiting, OMAR, "omar@example.org")
    assert asked(waiting) == ["Is this Omar El-Sayed?"]


@pytest.mark.parametrize(("first", "then"), [("confirm", "refuse"), ("refuse", "confirm"), ("confirm", "confirm")])
def test_the_first_answer_holds(waiting: World, first: str, then: str) -> None:
    write(waiting, OMAR, "omar@example.org")
    once = answer(waiting, f"{first}_account")
    before = waiting.queued()
    assert answer(waiting, f"{then}_account") == once
    assert isinstance(once, Update)
    assert (linked(waiting, OMAR) is not None) == (first == "confirm")
    assert waiting.queued() == before


def test_a_repeated_tap_shows_how_it_stands(waiting: World) -> None:
    write(waiting, OMAR, "omar@example.org")
    here = frozenset({waiting.accounts["Gwen"]})
    event = waiting.event("Gwen", "button", "confirm_account", subject="1", leads_present=here)
    with waiting.uow() as uow:
        assert actions(said(linking.how_it_stands(event, uow))) == {"confirm_account", "refuse_account"}


@pytest.mark.parametrize("claim", ["999", "", "1-1", "one"])
def test_a_question_that_nobody_asked_is_not_there(waiting: World, claim: str) -> None:
    here = frozenset({waiting.accounts["Gwen"]})
    event = waiting.event("Gwen", "button", "confirm_account", subject=claim, leads_present=here)
    with pytest.raises(NotThere):
        waiting.do(linking.flow, event)


def test_two_accounts_of_one_person_are_asked_about_one_by_one(waiting: World) -> None:
    other = Account("teams", "tenant-1", "U779")
    for account in (OMAR, other):
        write(waiting, account, "omar@example.org")
    answer(waiting, "confirm_account", claim=1)
    answer(waiting, "confirm_account", claim=2)
    assert linked(waiting, OMAR) == linked(waiting, other) == waiting.people["Omar"]
    assert len(waiting.queued("Omar")) == 1


def test_an_account_that_is_somebody_s_by_then_stays_theirs(waiting: World) -> None:
    write(waiting, OMAR, "omar@example.org")
    with waiting.uow() as uow:
        uow.people.link(waiting.people["Fatima"].id, [OMAR])
    with pytest.raises(NotThere):
        answer(waiting, "confirm_account")
    assert linked(waiting, OMAR) == waiting.people["Fatima"]
    assert waiting.queued("Omar") == []


def test_who_has_no_account_is_not_welcomed_before_there_is_one(waiting: World) -> None:
    omar = waiting.people["Omar"]
    waiting.work(welcome.flow, "welcome", f"{waiting.programme.id}-{omar.id}")
    assert waiting.queued("Omar") == []
