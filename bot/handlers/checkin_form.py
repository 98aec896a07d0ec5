"""The check-in form: ``/checkin`` opens it, ``/withdraw`` takes back what was sent.

What is sent is sealed at once, and nothing else is written: not that somebody opened the form, sent it or took it back.
So what is shown before the close is the same whether or not somebody has answered, and the thanks stand in the window
of the form itself.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from bot.examples import MENTEE, MENTOR, PROGRAMME
from bot.flow import Event, Flow, FormErrors, InForm, Outcome, Private, ShowForm, UserError
from bot.handlers.help import whom_to_ask
from bot.handlers.leads_change import version_of
from bot.handlers.support import numbers
from bot.handlers.welcome import taking_part
from bot.programme import waves
from bot.reading import id_in, picked, read_line, typed
from bot.surveys import rules
from bot.surveys.instrument import LONGEST_TEXT, Answer, Comment, Instrument, Item, as_declared, declared
from bot.surveys.loading import all_instruments
from bot.surveys.names import named_in
from bot.surveys.sealing import KINDS, SCORES, WORDS, WaveKeys, seal, tag
from bot.texts import _, marked, said_day, said_moment
from bot.ui import (
    AnyField,
    Block,
    Button,
    Buttons,
    Form,
    Message,
    Option,
    PickMany,
    PickOne,
    Text,
    TextField,
    Values,
)
from storage.keys import KeyLost
from storage.records import NotThere, Participant, Person, Programme, Wave
from storage.unit_of_work import UnitOfWork

flow = Flow("checkin_form")

PART = 1
"""A check-in is sent in one part."""
PREFER_NOT = "none"
"""The option with which nothing is said to a question."""
SHOW, HIDE = "show", "hide"
AS_IT_IS, TAKEN_OUT = "as_it_is", "taken_out"
PERMISSION, NAMES = "permission", "names"
"""The fields beside those of the questions."""
NUMBERS = {3: marked("three"), 4: marked("four"), 5: marked("five"), 8: marked("eight"), 10: marked("ten")}
EXAMPLE_OF = 18
"""Of so many the example is in which a result is told."""
PULSE = "pulse"
"""The instrument of a check-in."""


@flow.command("checkin", help=marked("A check-in: a few short questions about your mentoring"), leaves_no_trace=True)
@flow.button("checkin", leaves_no_trace=True)
def open_form(event: Event, uow: UnitOfWork) -> Outcome:
    """Show the form of the wave that is open for this person; of several, ask which one."""
    part = taking_part(event, uow)
    found = _open_for(event, uow)
    match found:
        case []:
            return Private(_nothing_open(part, uow))
        case [(wave, role)]:
            return ShowForm(check_in_form(wave, role, event.who), "checkin", str(wave.id))
        case _:
            return Private(which_one(found, event.who, "checkin"))


@flow.form("checkin", leaves_no_trace=True)
def send(event: Event, uow: UnitOfWork) -> Outcome:
    """Seal the answers and store them, in place of those from before."""
    wave, role = _locked(event, uow)
    taking_part(event, uow)  # who has left may take back, and sends nothing any more
    instrument = as_declared(wave.instrument)
    errors: dict[str, str] = {}
    answer = _read_answer(event, instrument, role, errors)
    comment = _read_comment(event, instrument, role, errors)
    named = _named_in(comment, wave, uow)
    pointed_out = bool(named) and event.version == version_of(named)
    if pointed_out and (error := _names_stay(event)):
        errors[NAMES] = error
    if errors:
        raise FormErrors(errors, check_in_form(wave, role, event.who, named if pointed_out else ()))
    if named and not pointed_out:
        form = check_in_form(wave, role, event.who, named, event.values)
        return ShowForm(form, "checkin", event.subject)
    keys = _keys(wave, uow)
    boxes = ((SCORES, answer), (WORDS, comment))
    uow.waves.put(
        wave.id,
        [
            (tag(keys.secret, event.who.id, PART, kind), seal(content, instrument, wave.public_key))
            for kind, content in boxes
        ],
    )
    return InForm(thanks(wave, event.who))


@flow.command("withdraw", help=marked("Take back what I sent to an open check-in"), leaves_no_trace=True)
@flow.button("withdraw", leaves_no_trace=True)
def open_withdrawal(event: Event, uow: UnitOfWork) -> Outcome:
    """Show what would be taken back; whether there is anything is not looked up yet."""
    found = _open_for(event, uow)
    match found:
        case []:
            return Private(nothing_to_withdraw_from())
        case [(wave, _role)]:
            part = uow.people.participant(event.who.id)
            takes_part = part is not None and part.state == "joined"
            return ShowForm(withdrawal_form(wave, event.who, takes_part=takes_part), "withdraw", str(wave.id))
        case _:
            return Private(which_one(found, event.who, "withdraw"))


@flow.form("withdraw", leaves_no_trace=True)
def withdraw(event: Event, uow: UnitOfWork) -> Outcome:
    """Delete what was sent."""
    wave, _role = _locked(event, uow)
    keys = _keys(wave, uow)
    there_was = uow.waves.take_back(wave.id, [tag(keys.secret, event.who.id, PART, kind) for kind in KINDS])
    return InForm(taken_back(wave, event.who) if there_was else nothing_there(wave, event.who))


def who_answered(wave: Wave, keys: WaveKeys, person_ids: Iterable[int], uow: UnitOfWork) -> set[int]:
    """Those of these people who have a box in the wave."""
    tags = {tag(keys.secret, person_id, PART, SCORES): person_id for person_id in person_ids}
    return {tags[found] for found in uow.waves.known(wave.id, list(tags))}


def plan_of(programme: Programme) -> waves.Plan:
    """What the rules of waves need to know of a programme."""
    zone = ZoneInfo(programme.time_zone)
    return waves.Plan(programme.starts_on, programme.ends_on, zone, programme.region, programme.check_in_days)


# Reading


def _open_for(event: Event, uow: UnitOfWork) -> list[tuple[Wave, str]]:
    """The waves that are open for this person, or the one that a button is about. Raises NotThere for a wave that is
    not this person's, and UserError for one that has closed."""
    if not event.subject:
        return uow.waves.open_for(event.who.id)
    return [_still_open(uow.waves.get(id_in(event.subject)), event, uow)]


def _locked(event: Event, uow: UnitOfWork) -> tuple[Wave, str]:
    """The wave that a form is about, kept open until this transaction ends, and the role in which this person is asked.
    Raises as ``_open_for``."""
    return _still_open(uow.waves.lock(id_in(event.subject)), event, uow)


def _still_open(wave: Wave, event: Event, uow: UnitOfWork) -> tuple[Wave, str]:
    role = uow.waves.role_in(wave.id, event.who.id)
    if not uow.waves.takes_answers(wave):
        raise UserError(closed())
    if role is None:
        raise NotThere("no wave in which this person is asked")
    return wave, role


def _keys(wave: Wave, uow: UnitOfWork) -> WaveKeys:
    try:
        return WaveKeys.unpacked(uow.keys.get(wave.key_id))
    except KeyLost:
        raise UserError(key_lost(uow.programmes.get(wave.programme_id))) from None


def field_of(item: Item) -> str:
    """The name of the field for a question; none of the other fields begins like this."""
    return f"item_{item.id}"


def _read_answer(event: Event, instrument: Instrument, role: str, errors: dict[str, str]) -> Answer:
    marks: dict[str, tuple[int, ...]] = {}
    for item in instrument.items_for(role):
        if item.kind == "text":
            continue
        name = field_of(item)
        chosen = picked(event.values, name) if item.kind == "many" else tuple(filter(None, [typed(event.values, name)]))
        known = {str(position) for position in range(1, len(item.options) + 1)} | {PREFER_NOT}
        if not known.issuperset(chosen) or not (chosen or item.kind == "many"):
            errors[name] = _("Please choose one of these; the last one means that you prefer not to say.")
        elif chosen and PREFER_NOT not in chosen:
            marks[item.id] = tuple(sorted(map(int, chosen)))
    return Answer(marks)


def _read_comment(event: Event, instrument: Instrument, role: str, errors: dict[str, str]) -> Comment:
    """What was written, and whether it may be shown; empty where nothing was."""
    texts = {}
    for item in instrument.items_for(role):
        if item.kind != "text":
            continue
        text = _read_text(typed(event.values, field_of(item)))
        if len(text) > LONGEST_TEXT:
            errors[field_of(item)] = _("These are {count} characters; at most {most} fit.").format(
                count=len(text), most=LONGEST_TEXT
            )
        elif text:
            texts[item.id] = text
    choice = typed(event.values, PERMISSION)
    if texts and choice not in {SHOW, HIDE}:
        errors[PERMISSION] = _("You wrote something, so please choose whether it may be shown.")
    return Comment(texts, show=bool(texts) and choice == SHOW)


def _read_text(text: str) -> str:
    """What was typed, without characters that cannot be seen; lines stay lines."""
    return "\n".join(map(read_line, text.splitlines())).strip()


def _named_in(comment: Comment, wave: Wave, uow: UnitOfWork) -> tuple[str, ...]:
    """The names of people and organisations of the programme in what was written."""
    if not comment.texts:
        return ()
    return tuple(named_in("\n".join(comment.texts.values()), uow.roll.names(wave.programme_id)))


def _names_stay(event: Event) -> str:
    """Why words with these names, which were pointed out, are not taken; empty where the author insists."""
    match typed(event.values, NAMES):
        case "as_it_is":
            return ""
        case "taken_out":
            return _("The names are still there. Please take them out above, or send it as it is.")
        case _:
            return _("Please choose one of the two.")


def _nothing_open(part: Participant, uow: UnitOfWork) -> Message:
    """Why there is no form for this person now, and what comes next as far as that is known."""
    programme = uow.programmes.get(part.programme_id)
    instrument = all_instruments()[PULSE]
    if part.role not in instrument.audience:
        return not_for_you()
    plan = plan_of(programme)
    opens_at = waves.next_opening(plan, uow.now, uow.waves.opened_last(programme.id))
    return nothing_open(
        opens_at.astimezone(plan.zone).date() if opens_at else None,
        began_before=bool(uow.waves.are_under_way(programme.id)),
        has_results=bool(uow.ledger.all(programme.id)),
    )


# What is said


def check_in_form(
    wave: Wave, role: str, person: Person, named: Sequence[str] = (), values: Values | None = None
) -> Form:
    """The questions. ``named``: the names in what was written, which the author is asked about. ``values``: what was
    typed before."""
    instrument = as_declared(wave.instrument)
    level = rules.BY_NAME[wave.level]
    items = instrument.items_for(role)
    fields = [_asked(item, role, level, values or {}) for item in items]
    if any(item.kind == "text" for item in items):
        fields.append(_permission(values or {}))
    if named:
        fields.append(_about_names(named))
    intro = _(
        "{promise} Until {moment} you can send this again, which replaces what you sent, or take it back (type: "
        "withdraw); after that it cannot be found any more."
    )
    return Form(
        "checkin",
        _(instrument.title[role]),
        _("Send"),
        tuple(fields),
        seen_by=_(
            "Confidential: the chat that you use carries this form; I seal what you send, and show it to nobody before "
            "the close. After it the leads and everybody who is asked see the counts, without names."
        ),
        subject=str(wave.id),
        version=version_of(tuple(named)) if named else 0,
        intro=intro.format(promise=promise(wave.level), moment=closing(wave, person)),
        get_help=numbers(person.region),
    )


def _asked(item: Item, role: str, level: rules.Level, values: Values) -> AnyField:
    """A question; its words are the instrument's, which a translation may know too."""
    name, label = field_of(item), _(item.words[role])
    if item.kind == "text":
        text = _(
            "If at least {least} answer, everybody who is asked and the leads read it with the results: your exact "
            "words if you allow that, in no order, without your name. Nobody reads it before. No patient details, "
            "please."
        ).format(least=said_number(max(rules.COMMENTS_FROM, level.minimum)))
        written = _read_text(typed(values, name))[:LONGEST_TEXT]
        return TextField(name, label, text, optional=True, value=written, multiline=True, max_length=LONGEST_TEXT)
    options = (
        *(Option(str(position), _(words)) for position, words in enumerate(item.options, start=1)),
        Option(PREFER_NOT, _("Prefer not to say")),
    )
    if item.kind == "many":
        return PickMany(name, label, optional=True, options=options, value=picked(values, name))
    return PickOne(name, label, options=options, value=typed(values, name))


def _permission(values: Values) -> AnyField:
    return PickOne(
        PERMISSION,
        _("May your exact words be shown?"),
        _("Only if you wrote something."),
        optional=True,
        options=(Option(SHOW, _("Yes, show them")), Option(HIDE, _("No: nobody reads them"))),
        value=typed(values, PERMISSION),
    )


def _about_names(named: Sequence[str]) -> AnyField:
    listed = ", ".join(_("“{name}”").format(name=name) for name in named)
    return PickOne(
        NAMES,
        _("What you wrote seems to name {names}. Somebody may be recognised by that.").format(names=listed),
        options=(
            Option(TAKEN_OUT, _("I have taken the names out above")),
            Option(AS_IT_IS, _("Send it as it is")),
        ),
    )


def promise(level_name: str) -> str:
    """What holds for answers at a level of disclosure."""
    level = rules.BY_NAME[level_name]
    low, high = rules.steps(EXAMPLE_OF, EXAMPLE_OF, level.role_step)
    return _(
        "Your answers are sealed until the close, then counted together, told in steps of {step} or more such as "
        "“{low} to {high} of {n}”, and destroyed. Nothing is told if fewer than {least} answered; each result is "
        "posted once and never revised."
    ).format(step=said_number(level.role_step), low=low, high=high, n=EXAMPLE_OF, least=said_number(level.minimum))


def said_number(number: int) -> str:
    """A number of the rules, in words."""
    return _(NUMBERS[number]) if number in NUMBERS else str(number)


def closing(wave: Wave, person: Person) -> str:
    """When a wave closes, on the reader's clock."""
    return said_moment(wave.closes_at, ZoneInfo(person.time_zone))


def check_in_button(wave: Wave, *, primary: bool = True) -> Button:
    """Opens the form."""
    return Button(_("Check in"), "checkin", str(wave.id), opens=True, primary=primary)


def results_button() -> Button:
    """Shows what earlier check-ins came to."""
    return Button(_("Results of check-ins"), "results")


def which_one(found: Sequence[tuple[Wave, str]], person: Person, action: str) -> Message:
    """Several are open: a button for each."""
    said = _("Which check-in is it about?")
    blocks: list[Block] = [Text(said)]
    for wave, role in found:
        title = _(as_declared(wave.instrument).title[role])
        blocks += [
            Text(_("{title}, open until {moment}").format(title=title, moment=closing(wave, person))),
            Buttons((Button(title, action, str(wave.id), opens=True),)),
        ]
    return Message(said, tuple(blocks), _("Only you see this."))


def thanks(wave: Wave, person: Person) -> Message:
    """In the form, once it was sent."""
    said = _("Thank you. Your answers are sealed.")
    change = _(
        "Until {moment} you can change them: open the check-in and send all of it again. Or take them back: type "
        "withdraw. After that they cannot be found any more."
    ).format(moment=closing(wave, person))
    seen_by = _("Only you see this. It is not noted anywhere that you answered, and I send no message about it.")
    return Message(said, (Text(said), Text(change)), seen_by)


def withdrawal_form(wave: Wave, person: Person, *, takes_part: bool = True) -> Form:
    """What would be taken back."""
    what = _(
        "This deletes all that you sent to the check-in that is open until {moment}, your comment too. I have shown it "
        "to nobody."
    ).format(moment=closing(wave, person))
    again = _("You can answer again until then.") if takes_part else _("As you take part no more, this is for good.")
    return Form(
        "withdraw",
        _("Take back answers"),
        _("Take back"),
        (),
        seen_by=_("Only you see this. It is not noted anywhere that you took something back."),
        subject=str(wave.id),
        intro=f"{what} {again}",
    )


def taken_back(wave: Wave, person: Person) -> Message:
    """In the form, once the answers are deleted."""
    said = _("Your answers are deleted. I have shown them to nobody.")
    until = _("The check-in is open until {moment}.").format(moment=closing(wave, person))
    return Message(said, (Text(said), Text(until)), _("Only you see this, and nobody is told."))


def nothing_there(wave: Wave, person: Person) -> Message:
    """In the form, where nothing was sent or it is taken back already."""
    said = _("There is nothing to take back: I hold no answers of yours.")
    until = _("The check-in is open until {moment}.").format(moment=closing(wave, person))
    return Message(said, (Text(said), Text(until)), _("Only you see this, and nobody is told."))


def nothing_to_withdraw_from() -> Message:
    """No wave is open for this person."""
    said = _("No check-in is open for you, so there is nothing that could be taken back.")
    why = _("After the close answers are counted and destroyed: nobody can find yours any more, and neither can I.")
    return Message(said, (Text(said), Text(why)), _("Only you see this."))


def closed() -> Message:
    """A form or a button of a wave that takes nothing any more."""
    said = _("This check-in has closed, so nothing was stored now.")
    why = _("What was sent before the close is counted once, and cannot be changed or found any more.")
    return Message(said, (Text(said), Text(why), Buttons((results_button(),))), _("Only you see this."))


def nothing_open(opens_on: date | None, *, began_before: bool, has_results: bool) -> Message:
    """No wave is open for a mentor or mentee. ``opens_on``: when the next one does, if that is known. ``began_before``:
    one is open that they are not asked in."""
    said = _("No check-in is open for you now.")
    blocks: list[Block] = [Text(said)]
    if began_before:
        blocks.append(Text(_("The one that is open began before you joined; you are asked from the next one on.")))
    if opens_on is not None:
        blocks.append(Text(_("The next one opens on {day}. I will write to you then.").format(day=said_day(opens_on))))
    if has_results:
        blocks.append(Buttons((results_button(),)))
    return Message(said, tuple(blocks), _("Only you see this."))


def not_for_you() -> Message:
    """For the comparison group."""
    said = _("Check-ins are for mentors and mentees. You get questionnaires and nothing else.")
    return Message(said, (Text(said),), _("Only you see this."))


def key_lost(programme: Programme) -> Message:
    """The wave cannot seal or find anything any more."""
    said = _("This check-in cannot take answers any more: the key that seals them is lost. Nothing was stored now.")
    before = _("What was sent before cannot be read by anybody.")
    return Message(said, (Text(said), Text(before), *whom_to_ask(programme)), _("Only you see this."))


def example_wave(level: str = "standard") -> Wave:
    """A wave of the example programme."""
    return Wave(
        id=4,
        programme_id=PROGRAMME.id,
        name=PULSE,
        instrument=declared(all_instruments()[PULSE]),
        level=level,
        state="open",
        opens_at=datetime(2026, 11, 3, 10, 0, tzinfo=UTC),
        closes_at=datetime(2026, 11, 17, 12, 0, tzinfo=UTC),
        public_key=b"",
        key_id="1-pulse-2026-11-03",
    )


def _example_with_names() -> Form:
    values: Values = {"item_useful": "4", "item_open": "5", "item_time": PREFER_NOT, "item_comment": MENTOR.name}
    return check_in_form(example_wave(), "mentee", MENTEE, (MENTOR.name,), values | {PERMISSION: SHOW})


EXAMPLES: dict[str, Callable[[], Message | Form]] = {
    "form_mentor": lambda: check_in_form(example_wave(), "mentor", MENTOR),
    "form_mentee": lambda: check_in_form(example_wave(), "mentee", MENTEE),
    "form_strict": lambda: check_in_form(example_wave("strict"), "mentee", MENTEE),
    "form_with_names": _example_with_names,
    "thanks": lambda: thanks(example_wave(), MENTEE),
    "which_one": lambda: which_one(((example_wave(), "mentee"),) * 2, MENTEE, "checkin"),
    "withdrawal_form": lambda: withdrawal_form(example_wave(), MENTEE),
    "withdrawal_form_after_leaving": lambda: withdrawal_form(example_wave(), MENTEE, takes_part=False),
    "taken_back": lambda: taken_back(example_wave(), MENTEE),
    "nothing_there": lambda: nothing_there(example_wave(), MENTEE),
    "nothing_to_withdraw_from": nothing_to_withdraw_from,
    "closed": closed,
    "nothing_open": lambda: nothing_open(date(2027, 1, 5), began_before=False, has_results=True),
    "nothing_open_for_a_newcomer": lambda: nothing_open(date(2027, 1, 5), began_before=True, has_results=False),
    "nothing_open_any_more": lambda: nothing_open(None, began_before=False, has_results=True),
    "not_for_you": not_for_you,
    "key_lost": lambda: key_lost(PROGRAMME),
}
