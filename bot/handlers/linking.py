"""Linking: somebody on the list writes from an account that the programme does not know yet.

Where the platform vouches for the account's e-mail address, and it is that of a person without an account, the leads
are asked whether it is them. Until a lead says yes the account is a stranger's: nothing about the programme is shown to
it. With the yes the account is linked, and the person gets the card to join, or their home.
"""

from collections.abc import Callable
from dataclasses import replace

from bot.examples import LEAD, MENTEE, PROGRAMME
from bot.flow import Event, Flow, Outcome, Private, Update
from bot.handlers.help import outsider, whom_to_ask
from bot.handlers.home import home_of
from bot.handlers.leads import leads_only
from bot.handlers.welcome import send_card
from bot.reading import id_in
from bot.texts import _
from bot.ui import Button, Buttons, Contact, Form, Message, Text
from storage import places
from storage.records import Account, Claim, NotThere, Programme
from storage.unit_of_work import UnitOfWork

flow = Flow("linking")


@flow.on("claim", open_to_all=True)
def ask_the_leads(event: Event, uow: UnitOfWork) -> Outcome:
    """Ask the leads about an account, once; where the address is nobody's, or a lead said no, it is a stranger's."""
    programme = uow.programmes.current()
    person = uow.people.without_account(event.email or "")
    if programme is None or person is None:
        return Private(outsider(programme))
    claim = uow.claims.ask(event.account, person.id)
    if claim.decided:
        return Private(outsider(programme))
    uow.outbox.add(to=places.leads(programme), key=f"claim:{claim.id}", message=is_it_them(claim))
    return Private(a_lead_confirms(programme))


def how_it_stands(event: Event, uow: UnitOfWork) -> Outcome:
    """What was said about an account."""
    leads_only(event, uow)
    claim = uow.claims.get(id_in(event.subject))
    return Update(settled(claim) if claim.decided else is_it_them(claim))


@flow.button("confirm_account", leads=True, again=how_it_stands)
def confirm(event: Event, uow: UnitOfWork) -> Outcome:
    """Link the account, and greet the person there."""
    leads_only(event, uow)
    claim = uow.claims.get(id_in(event.subject))
    if claim.decided:
        return how_it_stands(event, uow)
    if uow.people.by_account(claim.account) is not None:
        raise NotThere("the account was linked by a file meanwhile")
    uow.claims.decide(claim.id, "confirmed", event.who)
    uow.people.link(claim.person.id, [claim.account])
    part = uow.people.participant(claim.person.id)
    if part is not None and part.state == "invited":
        send_card(part, uow)
    else:
        message = home_of(replace(event, person=claim.person), uow)
        uow.outbox.add(to=places.dm(claim.person), key=f"linked:{claim.id}", message=message)
    return how_it_stands(event, uow)


@flow.button("refuse_account", leads=True, again=how_it_stands)
def refuse(event: Event, uow: UnitOfWork) -> Outcome:
    """Leave the account a stranger's, for good."""
    leads_only(event, uow)
    claim = uow.claims.get(id_in(event.subject))
    uow.claims.decide(claim.id, "refused", event.who)
    return how_it_stands(event, uow)


# What is said


def a_lead_confirms(programme: Programme) -> Message:
    """To whoever wrote, until a lead has said whether it is them."""
    said = _("Hello. Your e-mail address is on the list of {programme}.").format(programme=programme.name)
    return Message(
        said,
        (
            Text(said),
            Text(_("A lead of the programme first confirms that it is you. I will write to you here after that.")),
            *whom_to_ask(programme),
            Buttons((Button(_("Get help"), "support"),)),
        ),
        _("Only you see this. Leads see your account and its e-mail address."),
    )


def is_it_them(claim: Claim) -> Message:
    """To the leads: whose account is this?"""
    name, account = claim.person.name, claim.account
    said = _("Is this {name}?").format(name=name)
    return Message(
        said,
        (
            Text(said),
            Text(
                _(
                    "Somebody wrote to me from an account that I do not know. Its verified e-mail address is the one "
                    "that your list has for {name}, who has no account here yet."
                ).format(name=name)
            ),
            Contact(name, claim.person.email, ((account.platform, account.tenant, account.user),)),
            Text(_("Confirm only if you are sure. Until then I show nothing of the programme to that account.")),
            Buttons(
                (
                    Button(_("Confirm: it is them"), "confirm_account", str(claim.id), primary=True),
                    Button(_("Not them"), "refuse_account", str(claim.id)),
                )
            ),
        ),
        _("Everybody in this leads channel can see this; only leads can answer."),
    )


def settled(claim: Claim) -> Message:
    """To the leads, in place of the question."""
    lead = claim.decided_by.name if claim.decided_by else ""
    if claim.decided == "confirmed":
        said = _("{lead} confirmed that this is {name}. I have linked the account, and will write to them there.")
    else:
        said = _("{lead} said that this is not {name}. I have not linked the account, and will not ask about it again.")
    said = said.format(lead=lead, name=claim.person.name)
    return Message(said, (Text(said),), _("Everybody in this leads channel can see this."))


_CLAIM = Claim(3, Account("slack", "T0WESTMARCH", "U0KWABEN"), MENTEE, decided=None, decided_by=None)

EXAMPLES: dict[str, Callable[[], Message | Form]] = {
    "a_lead_confirms": lambda: a_lead_confirms(PROGRAMME),
    "is_it_them": lambda: is_it_them(_CLAIM),
    "confirmed": lambda: settled(replace(_CLAIM, decided="confirmed", decided_by=LEAD)),
    "refused": lambda: settled(replace(_CLAIM, decided="refused", decided_by=LEAD)),
}
