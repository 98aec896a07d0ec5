"""When questionnaires open, and how often mentors look back on their Action Learning Sets, as leads set it. A
questionnaire that has opened is not among them any more. What is right is as in ``programme.toml``.
"""

from collections.abc import Callable, Collection
from dataclasses import asdict, replace
from datetime import date
from typing import Any

from bot.entering import settings_of
from bot.examples import PROGRAMME
from bot.flow import Event, Flow, Outcome, ShowForm, UserError
from bot.handlers.leads import leads_only
from bot.handlers.leads_change import changed_meanwhile, refuse_if, sentence, show, version_of
from bot.handlers.leads_programme import LABELS, READERS, read_fields, store
from bot.programme import rounds, waves
from bot.programme.settings_file import Settings, wrong_days
from bot.texts import _, marked, said_date
from bot.ui import AnyField, DateField, Form, Message, Option, PickOne
from storage.records import Programme
from storage.unit_of_work import UnitOfWork

flow = Flow("leads_questionnaires")

REFLECTIONS = {
    "twice": marked("after the round of sessions half way, and after the last"),
    "once": marked("after the last round of sessions"),
    "always": marked("after each round of sessions"),
    "never": marked("never"),
}


@flow.button("change_questionnaires", leads=True)
def open_form(event: Event, uow: UnitOfWork) -> Outcome:
    """Show the days that were chosen, of the questionnaires that are still to open."""
    programme = leads_only(event, uow)
    return ShowForm(days_form(settings_of(programme, uow), _to_come(programme, uow)), event.name)


@flow.form("change_questionnaires", leads=True, again=show)
def save(event: Event, uow: UnitOfWork) -> Outcome:
    """Let what was filled in hold from now on; a day that was left open is the usual one."""
    programme = leads_only(event, uow)
    before = settings_of(programme, uow)
    form = days_form(before, _to_come(programme, uow))
    if event.version != form.version:
        raise UserError(changed_meanwhile())
    errors: dict[str, str] = {}
    after = replace(before, **read_fields(event, form, READERS, errors))
    asked = {each.name for each in form.fields}
    wrong = {name: sentence(why) for name, why in wrong_days(asdict(after)) if name in asked}
    refuse_if(errors or wrong, form)
    return store(after, before, event, programme, uow)


def _to_come(programme: Programme, uow: UnitOfWork) -> list[str]:
    """The questionnaires that have not opened."""
    opened = {name for name, _at in uow.waves.openings(programme.id)}
    return [name for name in waves.QUESTIONNAIRES if name not in opened]


# What is said


def days_form(settings: Settings, to_come: Collection[str]) -> Form:
    """A day for each questionnaire that is to come, and when mentors look back."""
    names = [f"{name}_on" for name in to_come]
    options = tuple(Option(when, _(REFLECTIONS[when])) for when in rounds.WHEN)
    return Form(
        "change_questionnaires",
        _("Questionnaires"),
        _("Save"),
        (
            *(_day_of(name, getattr(settings, f"{name}_on"), settings) for name in to_come),
            PickOne("reflections", _(LABELS["reflections"]), options=options, value=settings.reflections),
        ),
        seen_by=_("You change this for everybody in the programme. The other leads see what changed."),
        version=version_of(*names, *(getattr(settings, name) for name in names), settings.reflections),
        intro=_(
            "Each opens on a working morning, stays open for two to four weeks, and takes the place of the check-in in "
            "its month. One that has opened cannot be moved."
        ),
    )


def _day_of(name: str, day: date | None, settings: Settings) -> AnyField:
    usual = waves.usual_day(settings.starts_on, settings.ends_on, name)
    hint = _("Left open: {day}.").format(day=said_date(usual))
    label = _(LABELS[f"{name}_on"])
    return DateField(f"{name}_on", label, hint, optional=True, value=day.isoformat() if day else "")


def _example(**changed: Any) -> Settings:
    names = [name for name in Settings.__dataclass_fields__ if hasattr(PROGRAMME, name)]
    return replace(Settings(**{name: getattr(PROGRAMME, name) for name in names}), **changed)


EXAMPLES: dict[str, Callable[[], Message | Form]] = {
    "form": lambda: days_form(_example(), waves.QUESTIONNAIRES),
    "form_half_way": lambda: days_form(_example(end_on=date(2027, 7, 5)), ("end", "follow_up")),
}
