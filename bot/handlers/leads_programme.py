"""Changes of the programme by a lead: its days and region, its contact, its reminders and quiet hours, how results are
told, and the services that it names for help. What can be set, and what is right, is as in ``programme.toml``; what is
due follows at once.
"""

from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import date
from typing import Any

from bot.entering import save_settings, settings_of
from bot.examples import PROGRAMME
from bot.files.keys import NotRead
from bot.files.sheets import tidy
from bot.flow import Event, Flow, Outcome, Private, ShowForm, UserError
from bot.handlers import consent, dates, leads, open_waves, openings, welcome
from bot.handlers.leads import leads_only
from bot.handlers.leads_change import (
    LONGEST_ADDRESS,
    changed,
    changed_meanwhile,
    nothing_changed,
    refuse_if,
    sentence,
    show,
    version_of,
)
from bot.handlers.pause import NATIONS
from bot.programme.plan import Change, changes_of_settings
from bot.programme.settings_file import KEYS, SUPPORT, Service, Settings, wrong_days
from bot.reading import read_day, read_number, typed
from bot.texts import _, marked, said_date
from bot.ui import (
    AnyField,
    Block,
    Button,
    Buttons,
    DateField,
    Facts,
    Form,
    Message,
    NumberField,
    Option,
    PickOne,
    Text,
    TextField,
)
from storage.records import NotThere, Programme
from storage.unit_of_work import UnitOfWork

flow = Flow("leads_programme")

FORMS = {
    "change_days": (marked("Dates and region"), ("starts_on", "ends_on", "time_zone", "region")),
    "change_contact": (marked("Contact"), ("contact_name", "contact_email")),
    "change_cadence": (
        marked("Reminders, quiet hours"),
        ("reminder_days", "first_date_days", "next_date_days", "check_in_days", "quiet_from", "quiet_until"),
    ),
    "change_disclosure": (marked("How results are told"), ("disclosure",)),
}
"""The title of each form, and what it asks for of the settings."""
LABELS = {
    "starts_on": marked("First day"),
    "ends_on": marked("Last day"),
    "time_zone": marked("Time zone"),
    "region": marked("Bank holidays of"),
    "contact_name": marked("Whom anybody may ask"),
    "contact_email": marked("Their e-mail address"),
    "reminder_days": marked("Days until who has not answered the welcome is asked again"),
    "first_date_days": marked("Days until a new pair without a date is asked to find one"),
    "next_date_days": marked("Days until a pair that has not met is asked to find a date"),
    "check_in_days": marked("Days between one check-in and the next"),
    "disclosure": marked("Results of check-ins are told"),
    "baseline_on": marked("First questionnaire from"),
    "midpoint_on": marked("Halfway questionnaire from"),
    "end_on": marked("Final questionnaire from"),
    "follow_up_on": marked("Follow-up from"),
    "reflections": marked("Mentors look back on their sets"),
    "ethics_reference": marked("Ethics reference"),
    "evaluator": marked("Outside evaluator and institution"),
    "evaluator_key": marked("Evaluator's public key"),
    "retention_until": marked("Last day on which the evaluator keeps it"),
    "quiet_from": marked("Quiet from (hour of the evening)"),
    "quiet_until": marked("Quiet until (hour of the morning)"),
    "nation": marked("For"),
    "name": marked("Name"),
    "reach": marked("A number, an https:// address, or words"),
    "checked_on": marked("Last checked on"),
}
HELP = {
    "time_zone": marked("The programme's clock, for example Europe/London."),
    "check_in_days": marked("From 28 to 365. A check-in that is open stays as it is."),
    "disclosure": marked("This is what people are promised, so it cannot change once a check-in has opened."),
    "quiet_until": marked("People begin with these hours; who has chosen their own keeps them."),
    "checked_on": marked("The day on which somebody made sure that this is right. People see its month."),
}
DISCLOSURE = {
    "standard": marked("in steps of three or more, if at least eight answered"),
    "strict": marked("in steps of five or more, if at least ten answered"),
    "research": marked("exactly, of those who agree; of the others in steps of three or more"),
}
READERS = {key.field: key.read for key in KEYS.values()}
SERVICES_LISTED = 15


def move(before: Programme, programme: Programme, uow: UnitOfWork) -> None:
    """Let what is due follow the days of a programme, and its cadence, where they have changed."""
    if (before.starts_on, before.ends_on, before.time_zone) != (
        programme.starts_on,
        programme.ends_on,
        programme.time_zone,
    ):
        welcome.move(before, programme, uow)
        leads.move(programme, uow)
        dates.go_on(programme, uow)
    if open_waves.plan_of(before) != open_waves.plan_of(programme):
        openings.move(programme, uow)


@flow.button("change_days", leads=True)
@flow.button("change_contact", leads=True)
@flow.button("change_cadence", leads=True)
@flow.button("change_disclosure", leads=True)
def open_form(event: Event, uow: UnitOfWork) -> Outcome:
    """Show a form with what holds now."""
    programme = leads_only(event, uow)
    _refuse_if_promised(event, programme, uow)
    return ShowForm(settings_form(event.name, settings_of(programme, uow)), event.name)


@flow.form("change_days", leads=True, again=show)
@flow.form("change_contact", leads=True, again=show)
@flow.form("change_cadence", leads=True, again=show)
@flow.form("change_disclosure", leads=True, again=show)
def save(event: Event, uow: UnitOfWork) -> Outcome:
    """Let what was filled in hold from now on."""
    programme = leads_only(event, uow)
    _refuse_if_promised(event, programme, uow)
    before = settings_of(programme, uow)
    form = settings_form(event.name, before)
    if event.version != form.version:
        raise UserError(changed_meanwhile())
    errors: dict[str, str] = {}
    values = read_fields(event, form, READERS, errors)
    after = replace(before, **values)
    if not errors and after.ends_on <= after.starts_on:
        errors["ends_on"] = _("The last day has to come after the first, {day}.").format(day=said_date(after.starts_on))
    if "ends_on" in values and after.research and after.ends_on >= after.research.retention_until:
        errors["ends_on"] = _("The last day has to come before {day}, the last one of the research copy.").format(
            day=said_date(after.research.retention_until)
        )
    if event.name == "change_days" and not errors and any(wrong_days(asdict(after))):
        errors["ends_on"] = _("The day that was chosen for a questionnaire would not fit: please change that first.")
    refuse_if(errors, form)
    return store(after, before, event, programme, uow)


@flow.button("change_services", leads=True)
def show_services(event: Event, uow: UnitOfWork) -> Outcome:
    """Show the services for help."""
    return Private(services_card(settings_of(leads_only(event, uow), uow).services))


@flow.button("change_service", leads=True)
def open_service(event: Event, uow: UnitOfWork) -> Outcome:
    """Show the form for a service, or for a new one."""
    settings = settings_of(leads_only(event, uow), uow)
    return ShowForm(service_form(_service_of(event, settings)), "change_service", event.subject)


@flow.form("change_service", leads=True, again=show)
def save_service(event: Event, uow: UnitOfWork) -> Outcome:
    """Name a service, name it differently or name it no more."""
    programme = leads_only(event, uow)
    before = settings_of(programme, uow)
    old = _service_of(event, before)
    form = service_form(old)
    if event.version != form.version:
        raise UserError(changed_meanwhile())
    others = tuple(service for service in before.services if service != old)
    if old is not None and typed(event.values, "state") == "gone":
        return store(replace(before, services=others), before, event, programme, uow)
    errors: dict[str, str] = {}
    values = read_fields(event, form, {key.field: key.read for key in SUPPORT.values()}, errors)
    if any((service.nation, service.name) == (values.get("nation"), values.get("name")) for service in others):
        errors["name"] = _("There is a service of this name already.")
    refuse_if(errors, form)
    return store(replace(before, services=(*others, Service(**values))), before, event, programme, uow)


def _refuse_if_promised(event: Event, programme: Programme, uow: UnitOfWork) -> None:
    """Raises UserError for a change of how results are told, once people have answered on the strength of it."""
    if event.name == "change_disclosure" and uow.waves.there_was_one(programme.id):
        raise UserError(disclosure_stays(programme.disclosure))


def store(after: Settings, before: Settings, event: Event, programme: Programme, uow: UnitOfWork) -> Outcome:
    """Let other settings hold from now on, and tell what changed."""
    changes = changes_of_settings(before, after)
    if not changes:
        return Private(nothing_changed())
    now = save_settings(after, programme, uow)
    move(programme, now, uow)
    consent.move(changes, now, uow)
    return Private(changed(event, programme, "; ".join(map(told, changes)), uow))


def read_fields(
    event: Event, form: Form, readers: dict[str, Callable[[object], Any]], errors: dict[str, str]
) -> dict[str, Any]:
    """What was filled in, by name; None for what may be left open and was. What cannot be taken is noted in
    ``errors``."""
    values: dict[str, Any] = {}
    for field in form.fields:
        if field.name not in readers:
            continue
        if field.optional and not typed(event.values, field.name):
            values[field.name] = None
            continue
        try:
            values[field.name] = readers[field.name](_as_in_a_file(field, typed(event.values, field.name)))
        except NotRead as error:
            errors[field.name] = sentence(error)
    return values


def _as_in_a_file(field: AnyField, text: str) -> object:
    """What was typed, as the file would have it; what is no day or number stays as it is, to be refused."""
    if isinstance(field, DateField):
        return read_day(text) or text
    if isinstance(field, NumberField):
        number = read_number(text)
        return text if number is None else number
    return tidy(text)


def _service_of(event: Event, settings: Settings) -> Service | None:
    """The service that a button or form is about; None for a new one. Raises NotThere for one that is no more."""
    if not event.subject:
        return None
    for service in settings.services:
        if _subject(service) == event.subject:
            return service
    raise NotThere("no such service")


def _subject(service: Service) -> str:
    return f"{service.nation}:{service.name}"


def told(change: Change) -> str:
    """A change in words."""
    label = LABELS.get(change.what.replace(" ", "_"))
    what = _(label) if label else change.what
    return _("{what}: {before} → {after}").format(
        what=what, before=change.before or _("nothing"), after=change.after or _("nothing")
    )


# What is said


def settings_form(name: str, settings: Settings) -> Form:
    """One of the forms, with what holds now."""
    title, names = FORMS[name]
    return Form(
        name,
        _(title),
        _("Save"),
        tuple(_field(each, getattr(settings, each)) for each in names),
        seen_by=_("You change this for everybody in the programme. The other leads see what changed."),
        version=version_of(*(getattr(settings, each) for each in names)),
    )


def _field(name: str, value: object) -> AnyField:
    label, hint = _(LABELS[name]), _(HELP[name]) if name in HELP else ""
    if name in {"region", "nation"}:
        names = NATIONS if name == "region" else NATIONS | {"UK": marked("All four nations")}
        options = tuple(Option(code, _(nation)) for code, nation in names.items())
        return PickOne(name, label, options=options, value=str(value))
    if name == "disclosure":
        options = tuple(Option(level, _(words)) for level, words in DISCLOSURE.items())
        return PickOne(name, label, hint, options=options, value=str(value))
    if isinstance(value, date):
        return DateField(name, label, hint, value=value.isoformat())
    if isinstance(value, int):
        return NumberField(name, label, hint, value=str(value))
    return TextField(name, label, hint, value=str(value), max_length=LONGEST_ADDRESS)


def disclosure_stays(level: str) -> Message:
    """How results are told, when that can be changed no more."""
    said = _("Results of check-ins are told {how}.").format(how=_(DISCLOSURE.get(level, level)))
    why = _("A check-in has opened with this promise, so it stays as it is until the end of the programme.")
    return Message(said, (Text(said), Text(why)), _("Only you see this answer. Everybody is told the same."))


def services_card(services: tuple[Service, ...]) -> Message:
    """The services for help, each with a button to change it."""
    blocks: list[Block] = []
    for service in services[:SERVICES_LISTED]:
        rows = ((service.name, service.reach), (_("Last checked on"), said_date(service.checked_on)))
        change = Button(_("Change or remove"), "change_service", _subject(service), opens=True)
        blocks += [Facts(rows), Buttons((change,))]
    if not blocks:
        blocks.append(Text(_("No service is named yet. The numbers for emergencies are always shown.")))
    elif len(services) > SERVICES_LISTED:
        blocks.append(Text(_("There are more; the file of the programme can change them.")))
    blocks.append(Buttons((Button(_("Add a service"), "change_service", opens=True),)))
    return Message(_("Support services"), tuple(blocks), _("Only you see this card. Everybody sees the services."))


def service_form(service: Service | None) -> Form:
    """A service that helps doctors; None for a new one."""
    keep = PickOne(
        "state",
        _("This service"),
        options=(Option("kept", _("is named, as below")), Option("gone", _("is named no more"))),
        value="kept",
    )
    if service is None:
        fields: tuple[AnyField, ...] = (
            _field("nation", ""),
            _field("name", ""),
            _field("reach", ""),
            DateField("checked_on", _(LABELS["checked_on"]), _(HELP["checked_on"])),
        )
    else:
        fields = (keep, *(_field(each.field, getattr(service, each.field)) for each in SUPPORT.values()))
    return Form(
        "change_service",
        _("Support service"),
        _("Save"),
        fields,
        seen_by=_("Everybody who asks for support sees this."),
        subject=_subject(service) if service else "",
        version=version_of(service),
    )


_SETTINGS = Settings(
    name=PROGRAMME.name,
    starts_on=PROGRAMME.starts_on,
    ends_on=PROGRAMME.ends_on,
    time_zone=PROGRAMME.time_zone,
    region=PROGRAMME.region,
    contact_name=PROGRAMME.contact_name,
    contact_email=PROGRAMME.contact_email,
    disclosure=PROGRAMME.disclosure,
    reminder_days=PROGRAMME.reminder_days,
    first_date_days=PROGRAMME.first_date_days,
    next_date_days=PROGRAMME.next_date_days,
    check_in_days=PROGRAMME.check_in_days,
    quiet_from=PROGRAMME.quiet_from,
    quiet_until=PROGRAMME.quiet_until,
)
_SERVICE = Service("ENG", "NHS Practitioner Health", "0300 0303 300", date(2026, 8, 3))

EXAMPLES: dict[str, Callable[[], Message | Form]] = {
    "days_form": lambda: settings_form("change_days", _SETTINGS),
    "contact_form": lambda: settings_form("change_contact", _SETTINGS),
    "cadence_form": lambda: settings_form("change_cadence", _SETTINGS),
    "disclosure_form": lambda: settings_form("change_disclosure", _SETTINGS),
    "disclosure_stays": lambda: disclosure_stays(_SETTINGS.disclosure),
    "services": lambda: services_card((_SERVICE,)),
    "services_none": lambda: services_card(()),
    "service_form": lambda: service_form(_SERVICE),
    "service_form_new": lambda: service_form(None),
}
