"""The recruitment in numbers: how many people there were at each step, before anybody joined here. Leads enter it, and
the report at the end begins with it. What is right is as in ``programme.toml``.
"""

from collections.abc import Callable, Mapping

from bot.examples import PROGRAMME
from bot.files.keys import NotRead
from bot.flow import Event, Flow, Outcome, Private, ShowForm, UserError
from bot.handlers.leads import leads_only
from bot.handlers.leads_change import (
    changed,
    changed_meanwhile,
    nothing_changed,
    refuse_if,
    sentence,
    show,
    version_of,
)
from bot.programme.settings_file import FEWER_AND_FEWER, KEYS, too_many
from bot.reading import read_number, typed
from bot.texts import _, marked
from bot.ui import Form, Message, NumberField
from storage.records import Programme
from storage.unit_of_work import UnitOfWork

flow = Flow("leads_recruitment")

LABELS = {
    "mentees_eligible": marked("Could have applied as mentees"),
    "mentees_applied": marked("Applied as mentees"),
    "mentees_selected": marked("Were selected as mentees"),
    "mentors_eligible": marked("Could have applied as mentors"),
    "mentors_applied": marked("Applied as mentors"),
    "mentors_selected": marked("Were selected as mentors"),
    "controls_invited": marked("Were asked to be in the comparison group"),
    "controls_volunteered": marked("Volunteered for the comparison group"),
}
STEPS = tuple(step for steps in FEWER_AND_FEWER for step in steps)

Counts = Mapping[str, int | None]
"""How many there were at each step; None where nobody has counted."""


@flow.button("change_recruitment", leads=True)
def open_form(event: Event, uow: UnitOfWork) -> Outcome:
    """Show the form with what has been entered."""
    return ShowForm(recruitment_form(_entered(leads_only(event, uow))), "change_recruitment")


@flow.form("change_recruitment", leads=True, again=show)
def save(event: Event, uow: UnitOfWork) -> Outcome:
    """Store the numbers that were filled in; those left open are not known."""
    programme = leads_only(event, uow)
    before = _entered(programme)
    form = recruitment_form(before)
    if event.version != form.version:
        raise UserError(changed_meanwhile())
    errors: dict[str, str] = {}
    after = {step: _read(event, step, errors) for step in STEPS}
    refuse_if(errors | {step: sentence(wrong) for step, wrong in too_many(after) if step not in errors}, form)
    changes = [told(step, before[step], after[step]) for step in STEPS if before[step] != after[step]]
    if not changes:
        return Private(nothing_changed())
    uow.programmes.change(programme.id, **after)
    return Private(changed(event, programme, "; ".join(changes), uow))


# Reading


def _entered(programme: Programme) -> Counts:
    return {step: getattr(programme, step) for step in STEPS}


def _read(event: Event, step: str, errors: dict[str, str]) -> int | None:
    text = typed(event.values, step)
    if not text:
        return None
    number = read_number(text)
    try:
        count: int = KEYS[f"recruitment.{step}"].read(text if number is None else number)
    except NotRead as error:
        errors[step] = sentence(error)
        return None
    return count


# What is said


def recruitment_form(entered: Counts) -> Form:
    """A number for each step."""
    return Form(
        "change_recruitment",
        _("Recruitment"),
        _("Save"),
        tuple(
            NumberField(step, _(LABELS[step]), optional=True, value="" if count is None else str(count))
            for step, count in entered.items()
        ),
        seen_by=_("The other leads see what changed. The report tells these numbers; nobody is named."),
        version=version_of(*entered.values()),
        intro=_("The report begins with these. What nobody has counted stays open."),
    )


def told(step: str, before: int | None, after: int | None) -> str:
    """A change in words."""
    return _("{what}: {before} → {after}").format(
        what=_(LABELS[step]),
        before=_("not counted") if before is None else before,
        after=_("not counted") if after is None else after,
    )


_EXAMPLE = (84, 76, 18, None, 52, 18, 58, 26)

EXAMPLES: dict[str, Callable[[], Message | Form]] = {
    "form": lambda: recruitment_form(dict(zip(STEPS, _EXAMPLE, strict=True))),
    "form_empty": lambda: recruitment_form(_entered(PROGRAMME)),
}
