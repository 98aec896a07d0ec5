"""Two choices beyond taking part, in programmes that tell exact counts: that those be published, and that a copy of the
answers goes to an outside evaluator. Each can be refused without anything changing, and no answer is a no.

Who joins is asked with the thanks for joining; who had joined before there was anything to ask gets a card of its own.
What somebody chooses is written so that only the bot can tell whose choice it is, and nothing else is written.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from bot.copies import Choices, agree, asks, choices_button, choices_of, is_open, take_back, what_is_asked
from bot.examples import MENTEE, PROGRAMME, RESEARCH_PLAN, participant
from bot.flow import Event, Flow, FormErrors, InForm, Outcome, Private, ShowForm, UserError
from bot.handlers.leads_change import version_of
from bot.handlers.not_now import not_now_row
from bot.handlers.welcome import not_taking_part, participant_of
from bot.programme import cadence
from bot.programme.plan import OF_RESEARCH, Change
from bot.reading import about, id_in, ids_about, typed
from bot.texts import _, marked, said_date
from bot.ui import AnyField, Block, Bullets, Buttons, Form, Message, Option, PickOne, Text
from storage.consents import EXACT_COUNTS
from storage.places import dm
from storage.records import Due, Participant, Programme, ResearchPlan
from storage.unit_of_work import UnitOfWork

flow = Flow("consent")

EXACT, COPY = "exact", "copy"
"""The fields, one for each choice."""
YES, NO = "yes", "no"
AT_ONCE = 500
"""Copies that one transaction deletes: it lasts well below 200 ms."""


def begin(programme: Programme, uow: UnitOfWork) -> None:
    """Have copies destroyed when their time is over."""
    if uow.research.plan(programme.id) is not None:
        _plan_end(programme, uow)


def move(changes: Iterable[Change], programme: Programme, uow: UnitOfWork) -> None:
    """Where it has changed what can be chosen, or by whom answers are read: ask everybody who has joined, and have
    copies destroyed when their time is over, or now that none are planned any more."""
    if not {change.what for change in changes} & {"disclosure", *OF_RESEARCH}:
        return
    _plan_end(programme, uow)
    if is_open(programme, uow):
        joined = [part.person.id for part in uow.people.participants(programme.id) if part.state == "joined"]
        uow.due.add_all("consent_ask", [about(programme.id, person_id) for person_id in joined], uow.now)


@flow.job("consent_ask")
def ask(due: Due, uow: UnitOfWork) -> None:
    """Ask somebody who has joined, while there is something to choose."""
    programme_id, person_id = ids_about(due.subject)
    programme, part = uow.programmes.get(programme_id), uow.people.participant(person_id)
    if part is not None and part.state == "joined" and is_open(programme, uow):
        key = f"consent:{due.subject}:{due.due_at:%Y-%m-%d}"
        uow.outbox.add(to=dm(part.person), key=key, message=question(part, programme))


@flow.command("choices", help=marked("What I chose about results and research"), scope="typed", leaves_no_trace=True)
@flow.button("consents", leaves_no_trace=True)
def open_form(event: Event, uow: UnitOfWork) -> Outcome:
    """Show what can be chosen, as it stands; or only how it stands."""
    programme = _programme_of(event, uow)
    choices = choices_of(programme, event.who.id, uow)
    if choices.any_open:
        return ShowForm(choices_form(choices), "consents")
    return Private(how_it_stands(choices) if asks(programme) else nothing_to_choose())


@flow.form("consents", leaves_no_trace=True)
def save(event: Event, uow: UnitOfWork) -> Outcome:
    """Keep what was chosen, in place of what was chosen before."""
    programme = _programme_of(event, uow)
    uow.waves.hold_openings(programme.id)  # who agreed is read when the first wave opens
    uow.research.hold_plan(programme.id)  # and copies, when they are handed over
    before = choices_of(programme, event.who.id, uow)
    form = choices_form(before)
    if not before.any_open or event.version != form.version:
        raise UserError(how_it_stands(before) if asks(programme) else nothing_to_choose())
    chosen = _read(event, form)
    exact = chosen.get(EXACT, before.exact)
    copy = exact and chosen.get(COPY, before.copy)
    if before.exact_open:
        change = uow.consents.give if exact else uow.consents.take_back
        change(programme.id, event.who.id, EXACT_COUNTS)
    if before.plan is not None and before.copy_open:
        (agree if copy else take_back)(before.plan, programme, event.who.id, uow)
    return InForm(kept(choices_of(programme, event.who.id, uow), in_vain=chosen.get(COPY, False) and not copy))


@flow.job("research_end")
def end(due: Due, uow: UnitOfWork) -> None:
    """Destroy all copies: they have been handed over, their time is over, or none are planned any more."""
    programme = uow.programmes.get(id_in(due.subject))
    plan = uow.research.plan(programme.id)
    today = uow.now.astimezone(ZoneInfo(programme.time_zone)).date()
    if plan is not None and plan.state in {"open", "closing"}:
        if today <= plan.retention_until:
            return
        uow.research.advance(programme.id, "destroyed", today)
    if uow.research.drop_some(programme.id, AT_ONCE) == AT_ONCE:
        uow.due.add(due.rule, due.subject, uow.now + timedelta(seconds=1))
        return
    uow.research.secret.destroy(programme.id)


def _plan_end(programme: Programme, uow: UnitOfWork) -> None:
    plan = uow.research.plan(programme.id)
    at = uow.now
    if plan is not None:
        at = cadence.morning(plan.retention_until + timedelta(days=1), ZoneInfo(programme.time_zone))
    uow.due.drop("research_end", str(programme.id))
    uow.due.add("research_end", str(programme.id), at)


def _programme_of(event: Event, uow: UnitOfWork) -> Programme:
    """The programme of somebody who takes part, or did. Raises UserError for anybody else."""
    part = participant_of(event, uow)
    programme = uow.programmes.get(part.programme_id)
    if part.state not in {"joined", "left"}:
        raise UserError(not_taking_part(part, programme))
    return programme


def _read(event: Event, form: Form) -> dict[str, bool]:
    """Yes or no to what was asked. Raises FormErrors."""
    given = {field.name: typed(event.values, field.name) for field in form.fields}
    errors = {name: _("Please choose yes or no.") for name, text in given.items() if text not in {YES, NO}}
    if errors:
        raise FormErrors(errors, form)
    return {name: text == YES for name, text in given.items()}


# What is said


def question(part: Participant, programme: Programme) -> Message:
    """To somebody who had joined before there was anything to ask."""
    said = _("There is something about results that only you can decide.")
    return Message(
        said,
        (
            Text(said),
            Text(what_is_asked()),
            Buttons((choices_button(primary=True),)),
            *not_now_row("consent_ask", about(programme.id, part.person.id)),
        ),
        _nobody_sees(),
    )


def choices_form(choices: Choices) -> Form:
    """What can still be chosen, as it stands."""
    fields = (*((_exact(choices),) if choices.exact_open else ()), *((_copy(choices),) if choices.copy_open else ()))
    intro = _("Whatever you choose, nothing changes for you: not what you are asked, and not how you are supported.")
    if not choices.exact_open:
        intro = f"{intro} {_exact_stays(choices)}"
    return Form(
        "consents",
        _("Results and research"),
        _("Save"),
        fields,
        seen_by=_nobody_sees(),
        version=version_of(choices.exact_open, choices.plan),
        intro=intro,
    )


def _exact(choices: Choices) -> AnyField:
    return PickOne(
        EXACT,
        _("May exact counts be published of the questionnaires that you answer?"),
        _(
            "Yes: you are counted with all who said yes, and told exactly, such as “17 of 18”. That can show that one "
            "person disagreed, and others may guess who. No: you are counted with the others, and told in steps, such "
            "as “16 to 18 of 18”. Check-ins are always told in steps. This stays as it is once the first check-in or "
            "questionnaire has opened."
        ),
        options=_yes_or_no(),
        value=YES if choices.exact else NO,
    )


def _copy(choices: Choices) -> AnyField:
    plan = choices.plan
    if plan is None:
        raise LookupError("no copy is planned")
    needs = _("It needs a yes above.") if choices.exact_open else ""
    said = _(
        "{evaluator} (ethics reference {reference}) would get, for each questionnaire, your group and what you ticked, "
        "under a pseudonym that links your questionnaires: no name, and nothing that you wrote. Only they can open it. "
        "Somebody who knows much about you might recognise you by your answers. They delete it after {day}. If you "
        "agree half way through a questionnaire, you are in the copy from the next one on. You can take this back "
        "until the copy is handed over, and it is deleted here at once."
    ).format(evaluator=plan.evaluator, reference=plan.ethics_reference, day=said_date(plan.retention_until))
    return PickOne(
        COPY,
        _("May a copy of your answers go to an outside evaluator, for research?"),
        " ".join(filter(None, (said, needs))),
        options=_yes_or_no(),
        value=YES if choices.copy else NO,
    )


def _yes_or_no() -> tuple[Option, ...]:
    return Option(YES, _("Yes, I agree")), Option(NO, _("No"))


def _nobody_sees() -> str:
    return _("Only you see this. Nobody is shown who agreed or answered, and leads see nothing of it.")


def kept(choices: Choices, *, in_vain: bool) -> Message:
    """In the form, once it was sent. ``in_vain``: they agreed to the copy, and not to exact counts."""
    said = _("That is kept.")
    blocks: list[Block] = [Text(said), Bullets(_standing(choices))]
    if in_vain:
        blocks.append(
            Text(_("A copy holds answers only of those who agree to exact counts, so none of yours is kept."))
        )
    return Message(said, tuple(blocks), _nobody_sees())


def how_it_stands(choices: Choices) -> Message:
    """What was chosen, where nothing can be chosen now."""
    said = _("This is how it stands; there is nothing to choose now.")
    return Message(said, (Text(said), Bullets(_standing(choices))), _nobody_sees())


def _standing(choices: Choices) -> tuple[str, ...]:
    if choices.exact_open:
        agreed = _("Exact counts: yes. You can change that until the first check-in or questionnaire opens.")
        not_agreed = _("Exact counts: no. You can change that until the first check-in or questionnaire opens.")
        exact = agreed if choices.exact else not_agreed
    else:
        exact = _exact_stays(choices)
    return exact, *_standing_of_copy(choices)


def _exact_stays(choices: Choices) -> str:
    if choices.exact:
        return _("Exact counts: yes, and that stays as it is, because the first check-in or questionnaire has opened.")
    return _(
        "Exact counts: no, you are counted in steps, and that stays as it is, because the first check-in or "
        "questionnaire has opened."
    )


def _standing_of_copy(choices: Choices) -> tuple[str, ...]:
    plan = choices.plan
    if plan is None:
        return ()
    if plan.ended_on is None:
        return (_copy_stands(choices, plan),)
    day = said_date(plan.ended_on)
    if plan.state == "destroyed":
        return (_("Research copy: it was never handed over, and was destroyed on {day}.").format(day=day),)
    if not choices.copy:
        return (_("Research copy: it was handed over on {day}. Nothing of yours is in it.").format(day=day),)
    said = _(
        "Research copy: you said yes, and it was handed over to {evaluator} on {day}. Here it is deleted, with what "
        "tied a pseudonym to you: nobody can find your answers in it any more, so they cannot be taken out. It is "
        "deleted there after {until}."
    )
    return (said.format(evaluator=plan.evaluator, day=day, until=said_date(plan.retention_until)),)


def _copy_stands(choices: Choices, plan: ResearchPlan) -> str:
    if not choices.copy:
        return _("Research copy: no. Nothing of yours is in it.")
    if plan.state == "closing":
        return _("Research copy: you said yes, and it is being handed over now.")
    return _("Research copy: you said yes. You can take that back until the copy is handed over.")


def nothing_to_choose() -> Message:
    """The programme tells results in steps, and keeps no copy."""
    said = _("There is nothing to choose: results are told in steps to everybody, and no copy of answers is kept.")
    return Message(said, (Text(said),), _("Only you see this."))


_ASKED = Choices(exact_open=True, exact=False, plan=RESEARCH_PLAN, copy=False)
_AGREED = replace(_ASKED, exact=True, copy=True)
_LATER = replace(_AGREED, exact_open=False)
_OVER = replace(_LATER, plan=replace(RESEARCH_PLAN, state="handed_over", ended_on=date(2027, 9, 14)))

EXAMPLES: dict[str, Callable[[], Message | Form]] = {
    "question": lambda: question(participant(MENTEE, "mentee", "joined"), PROGRAMME),
    "form": lambda: choices_form(_ASKED),
    "form_without_a_copy": lambda: choices_form(replace(_ASKED, plan=None)),
    "form_later": lambda: choices_form(_LATER),
    "kept": lambda: kept(_AGREED, in_vain=False),
    "kept_in_vain": lambda: kept(_ASKED, in_vain=True),
    "how_it_stands": lambda: how_it_stands(replace(_LATER, exact=False, copy=False)),
    "how_it_stands_handed_over": lambda: how_it_stands(_OVER),
    "how_it_stands_handed_over_without": lambda: how_it_stands(replace(_OVER, copy=False)),
    "how_it_stands_destroyed": lambda: how_it_stands(
        replace(_OVER, plan=replace(RESEARCH_PLAN, state="destroyed", ended_on=date(2031, 9, 1)))
    ),
    "nothing_to_choose": nothing_to_choose,
}
