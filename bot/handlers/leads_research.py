"""The research copy, as leads plan it: for which outside evaluator it is, and until when they may keep it. Once people
have answered on the strength of that, it can only be given up, and then it is destroyed. What is right is as in
``programme.toml``.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

from bot.entering import settings_of
from bot.examples import RESEARCH_PLAN
from bot.flow import Event, Flow, Outcome, ShowForm, UserError
from bot.handlers.leads import leads_only
from bot.handlers.leads_change import LONGEST_ADDRESS, changed_meanwhile, refuse_if, sentence, show, version_of
from bot.handlers.leads_programme import LABELS, read_fields, store
from bot.programme.settings_file import RESEARCH, Research, Settings, why_no_copy
from bot.reading import typed
from bot.texts import _, marked, said_date
from bot.ui import AnyField, DateField, Form, Message, Option, PickOne, Text, TextField
from storage.records import ResearchPlan
from storage.unit_of_work import UnitOfWork

flow = Flow("leads_research")

HELP = {
    "ethics_reference": marked("Of the approval, as people are told it."),
    "evaluator": marked("As people are told it, for example: Dr Ilse Verhoeven, University of Westmarch."),
    "evaluator_key": marked("The evaluator makes it with: peermentor research new-key. Only they can open the copy."),
    "retention_until": marked("After the last day of the programme."),
}
KEPT, GONE = "kept", "gone"


@flow.button("change_research", leads=True)
def open_form(event: Event, uow: UnitOfWork) -> Outcome:
    """Show what is planned; or, once the copy has ended, how it ended."""
    programme = leads_only(event, uow)
    _refuse_if_over(programme.id, uow)
    research, stays = settings_of(programme, uow).research, uow.waves.there_was_one(programme.id)
    if stays and research is None:
        raise UserError(stays_as_it_is(None))
    return ShowForm(research_form(research, stays=stays), "change_research")


@flow.form("change_research", leads=True, again=show)
def save(event: Event, uow: UnitOfWork) -> Outcome:
    """Plan it as it was filled in, or give it up."""
    programme = leads_only(event, uow)
    _refuse_if_over(programme.id, uow)
    before = settings_of(programme, uow)
    stays = uow.waves.there_was_one(programme.id)
    form = research_form(before.research, stays=stays)
    if event.version != form.version:
        raise UserError(changed_meanwhile())
    if before.research is not None and typed(event.values, "state") == GONE:
        return store(replace(before, research=None), before, event, programme, uow)
    if stays:
        raise UserError(stays_as_it_is(before.research))
    return store(replace(before, research=_read(event, form, before)), before, event, programme, uow)


def _read(event: Event, form: Form, settings: Settings) -> Research:
    """The copy that was filled in. Raises FormErrors."""
    errors: dict[str, str] = {}
    values = read_fields(event, form, {key.field: key.read for key in RESEARCH.values()}, errors)
    wrong = dict(why_no_copy(values.get("retention_until"), settings.disclosure, settings.ends_on))
    for name, field in (("research", "ethics_reference"), ("research.retention_until", "retention_until")):
        if name in wrong:
            errors.setdefault(field, sentence(wrong[name]))
    refuse_if(errors, form)
    return Research(**values)


def _refuse_if_over(programme_id: int, uow: UnitOfWork) -> None:
    """Raises UserError for a copy that is handed over or destroyed, or is being handed over."""
    plan = uow.research.plan(programme_id)
    if plan is not None and plan.state != "open":
        raise UserError(over(plan))


# What is said


def research_form(research: Research | None, *, stays: bool) -> Form:
    """What is planned, to be changed or given up. ``stays``: it can only be given up."""
    fields: tuple[AnyField, ...] = () if stays else tuple(_field(name, research) for name in RESEARCH)
    if research is not None:
        fields = (_kept_or_given_up(), *fields)
    intro = _(
        "Those who agree to it are in it: what they tick in questionnaires, under a pseudonym, sealed so that only the "
        "outside evaluator can open it. You never see it, nor who agreed. It needs results that are told exactly."
    )
    if stays:
        intro = f"{intro} {_('A check-in or questionnaire has opened, so it can only be given up now.')}"
    return Form(
        "change_research",
        _("Research copy"),
        _("Save"),
        fields,
        seen_by=_("Everybody who can agree to it reads this. The other leads see what changed."),
        version=version_of(research, stays),
        intro=intro,
    )


def _kept_or_given_up() -> AnyField:
    options = (Option(KEPT, _("is planned")), Option(GONE, _("is given up, and what was kept is destroyed")))
    return PickOne("state", _("The research copy"), options=options, value=KEPT)


def _field(name: str, research: Research | None) -> AnyField:
    label, hint = _(LABELS[name]), _(HELP[name])
    value = getattr(research, name) if research else ""
    if name == "retention_until":
        return DateField(name, label, hint, value=value.isoformat() if isinstance(value, date) else "")
    return TextField(name, label, hint, value=str(value), max_length=LONGEST_ADDRESS)


def stays_as_it_is(research: Research | None) -> Message:
    """It cannot change any more."""
    said = _("Nothing has changed: the research copy stays as people were told it.")
    if research is None:
        said = _("No research copy can be planned any more: a check-in or questionnaire has opened.")
    return Message(said, (Text(said),), _("Only you see this."))


def over(plan: ResearchPlan) -> Message:
    """There is nothing to change any more."""
    said = _("The research copy is being handed over now.")
    if plan.ended_on is not None:
        handed_over = _("The research copy was handed over on {day}, and nothing of it is kept here.")
        destroyed = _("The research copy was destroyed on {day}: nobody had asked for it.")
        said = (destroyed if plan.state == "destroyed" else handed_over).format(day=said_date(plan.ended_on))
    return Message(said, (Text(said),), _("Only you see this."))


_EXAMPLE = Research(
    RESEARCH_PLAN.ethics_reference,
    RESEARCH_PLAN.evaluator,
    "ZXhhbXBsZS5leGFtcGxlLmV4YW1wbGUuZXhhbXBsZS4=",
    RESEARCH_PLAN.retention_until,
)

EXAMPLES: dict[str, Callable[[], Message | Form]] = {
    "form": lambda: research_form(_EXAMPLE, stays=False),
    "form_new": lambda: research_form(None, stays=False),
    "form_later": lambda: research_form(_EXAMPLE, stays=True),
    "stays_as_it_is": lambda: stays_as_it_is(_EXAMPLE),
    "too_late": lambda: stays_as_it_is(None),
    "over": lambda: over(replace(RESEARCH_PLAN, state="handed_over", ended_on=date(2027, 9, 14))),
    "over_destroyed": lambda: over(replace(RESEARCH_PLAN, state="destroyed", ended_on=date(2031, 9, 1))),
    "over_soon": lambda: over(replace(RESEARCH_PLAN, state="closing")),
}
