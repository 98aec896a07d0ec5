"""Answering: ``/checkin`` opens the form of a check-in, a questionnaire or a reflection, part by part.

A part is sealed when it is sent, and nothing else is written: not that somebody opened a form, or sent it. So what is
shown outside of the window of a form is the same whether or not somebody has answered; which part comes next, and the
thanks, stand in the window itself. A part that was sent is never shown again, only replaced.
"""

from collections.abc import Callable
from datetime import date

from bot.copies import keep_copy
from bot.examples import MENTEE
from bot.flow import Event, Flow, FormErrors, InForm, Outcome, Private, ShowForm, UserError
from bot.handlers import openings
from bot.handlers.leads_change import version_of
from bot.handlers.open_waves import (
    PULSE,
    called,
    closing,
    example_wave,
    keys_of,
    kind_of,
    open_for,
    parts_sent,
    results_button,
    still_open,
    which_one,
)
from bot.handlers.questions import (
    CHOICE,
    HIDE,
    NAMES,
    PERMISSION,
    PREFER_NOT,
    SHOW,
    Part,
    choice_of_part,
    field_of,
    part_form,
    parts_of,
    read_text,
)
from bot.handlers.welcome import taking_part
from bot.reading import id_in, picked, typed
from bot.surveys.instrument import LONGEST_TEXT, Answer, Comment, as_declared
from bot.surveys.names import named_in
from bot.surveys.sealing import SCORES, WORDS, WaveKeys, seal, tag
from bot.texts import _, marked, said_date
from bot.ui import Block, Buttons, Form, Message, Text
from storage.records import Participant, Person, Wave
from storage.unit_of_work import UnitOfWork

flow = Flow("checkin_form")


@flow.command("checkin", help=marked("Answer the check-in or questionnaire that is open"), leaves_no_trace=True)
@flow.button("checkin", leaves_no_trace=True)
def open_form(event: Event, uow: UnitOfWork) -> Outcome:
    """Show the first part that is not sent of the wave that is open for this person; of several waves, ask which."""
    part = taking_part(event, uow)
    found = open_for(event, uow)
    match found:
        case []:
            return Private(_nothing_open(part, uow))
        case [(wave, role)]:
            return ShowForm(_form_to_open(wave, role, event.who, uow), "checkin", str(wave.id))
        case _:
            return Private(which_one(found, event.who, "checkin"))


@flow.form("checkin_part", leaves_no_trace=True)
def choose_part(event: Event, uow: UnitOfWork) -> Outcome:
    """Show the part that is to be sent again."""
    taking_part(event, uow)
    wave, role = still_open(uow.waves.get(id_in(event.subject)), event, uow)
    chosen = [part for part in parts_of(wave, role) if str(part.number) == typed(event.values, CHOICE)]
    if not chosen:
        raise FormErrors({CHOICE: _("Please choose one of these.")}, choice_of_part(wave, role, event.who))
    return ShowForm(part_form(chosen[0], event.who), "checkin", str(wave.id))


@flow.form("checkin", leaves_no_trace=True)
def send(event: Event, uow: UnitOfWork) -> Outcome:
    """Seal the answers to a part and store them, in place of those from before; show the next part that is missing."""
    part = _locked(event, uow)
    wave = part.wave
    taking_part(event, uow)  # who has left may take back, and sends nothing any more
    errors: dict[str, str] = {}
    answer = _read_answer(event, part, errors)
    comment = _read_comment(event, part, errors)
    named = _named_in(comment, wave, uow)
    pointed_out = bool(named) and event.version == version_of(named)
    if pointed_out and (error := _names_stay(event, part)):
        errors[part.field(NAMES)] = error
    if errors:
        raise FormErrors(errors, part_form(part, event.who, named if pointed_out else ()))
    if named and not pointed_out:
        return ShowForm(part_form(part, event.who, named, event.values), "checkin", str(wave.id))
    keys = keys_of(wave, uow)
    _store(part, event.who, keys, uow, answer=answer, comment=comment)
    following = _first_missing(wave, part.role, event.who, keys, uow)
    if following is None:
        return InForm(thanks(wave, part.role, event.who))
    return ShowForm(part_form(following, event.who), "checkin", str(wave.id), follows=True)


def _store(part: Part, person: Person, keys: WaveKeys, uow: UnitOfWork, *, answer: Answer, comment: Comment) -> None:
    boxes = [
        (tag(keys.secret, person.id, part.number, kind), seal(content, part.instrument, part.wave.public_key))
        for kind, content in ((SCORES, answer), (WORDS, comment))
    ]
    uow.waves.put(part.wave.id, boxes)
    sent = parts_sent(part.wave, part.role, person.id, keys, uow)
    keep_copy(part.wave, person.id, answer, uow, role=part.role, part=part.number, sent=sent)


def _form_to_open(wave: Wave, role: str, person: Person, uow: UnitOfWork) -> Form:
    """The first part that is missing; where all were sent, the question which is to be sent again. A single part is
    shown whether or not it was sent."""
    parts = parts_of(wave, role)
    part = parts[0] if len(parts) == 1 else _first_missing(wave, role, person, keys_of(wave, uow), uow)
    return choice_of_part(wave, role, person) if part is None else part_form(part, person)


def _first_missing(wave: Wave, role: str, person: Person, keys: WaveKeys, uow: UnitOfWork) -> Part | None:
    sent = parts_sent(wave, role, person.id, keys, uow)
    return next((part for part in parts_of(wave, role) if part.number not in sent), None)


# Reading


def _locked(event: Event, uow: UnitOfWork) -> Part:
    """The part that a form asks, of a wave that is kept open until this transaction ends. Raises as ``still_open``, and
    UserError for a part that there is not."""
    wave_id, _dash, _number = event.subject.partition("-")
    wave, role = still_open(uow.waves.lock(id_in(wave_id)), event, uow)
    for part in parts_of(wave, role):
        if part.subject == event.subject:
            return part
    raise UserError(out_of_date(kind_of(wave)))


def _read_answer(event: Event, part: Part, errors: dict[str, str]) -> Answer:
    marks: dict[str, tuple[int, ...]] = {}
    for item in part.items:
        if item.kind == "text":
            continue
        name = field_of(item)
        chosen = picked(event.values, name) if item.kind == "many" else tuple(filter(None, [typed(event.values, name)]))
        known = {str(position) for position in range(1, len(item.options) + 1)} | {PREFER_NOT}
        if not known.issuperset(chosen) or not (chosen or item.kind == "many"):
            errors[name] = _("Please choose one of these; the last one means that you prefer not to say.")
        elif chosen and PREFER_NOT not in chosen:
            marks[item.id] = tuple(sorted(map(int, set(chosen))))
    return Answer(marks)


def _read_comment(event: Event, part: Part, errors: dict[str, str]) -> Comment:
    """What was written, and whether it may be shown; empty where nothing was."""
    texts = {}
    for item in part.items:
        if item.kind != "text":
            continue
        text = read_text(typed(event.values, field_of(item)))
        if len(text) > LONGEST_TEXT:
            errors[field_of(item)] = _("These are {count} characters; at most {most} fit.").format(
                count=len(text), most=LONGEST_TEXT
            )
        elif text:
            texts[item.id] = text
    choice = typed(event.values, part.field(PERMISSION))
    if texts and choice not in {SHOW, HIDE}:
        errors[part.field(PERMISSION)] = _("You wrote something, so please choose whether it may be shown.")
    return Comment(texts, show=bool(texts) and choice == SHOW)


def _named_in(comment: Comment, wave: Wave, uow: UnitOfWork) -> tuple[str, ...]:
    """The names of people and organisations of the programme in what was written."""
    if not comment.texts:
        return ()
    return tuple(named_in("\n".join(comment.texts.values()), uow.roll.names(wave.programme_id)))


def _names_stay(event: Event, part: Part) -> str:
    """Why words with these names, which were pointed out, are not taken; empty where the author insists."""
    match typed(event.values, part.field(NAMES)):
        case "as_it_is":
            return ""
        case "taken_out":
            return _("The names are still there. Please take them out above, or send it as it is.")
        case _:
            return _("Please choose one of the two.")


def _nothing_open(part: Participant, uow: UnitOfWork) -> Message:
    """Why there is no form for this person now, and what comes next as far as that is known."""
    programme = uow.programmes.get(part.programme_id)
    opens_on = openings.opens_next(programme, part.role, uow)
    if part.role == "control":
        return nothing_open_for_controls(opens_on)
    under_way = filter(uow.waves.takes_answers, uow.waves.are_under_way(programme.id))
    asked = [as_declared(wave.instrument) for wave in under_way]
    return nothing_open(
        opens_on,
        began_before=any(each.kind != "reflection" and part.role in each.audience for each in asked),
        has_results=bool(uow.ledger.all(programme.id)),
    )


# What is said


def thanks(wave: Wave, role: str, person: Person) -> Message:
    """In the form, once all was sent."""
    parts, moment, what = len(parts_of(wave, role)), closing(wave, person), called(kind_of(wave))
    if parts == 1:
        said = _("Thank you. Your answers are sealed.")
        change = _(
            "Until {moment} you can change them: open the {what} and send all of it again. Or take them back: type "
            "withdraw. After that they cannot be found any more."
        )
    else:
        said = _("Thank you. Your answers to all {parts} parts are sealed.").format(parts=parts)
        change = _(
            "Until {moment} you can change them: open the {what} and send a part again. Or take everything back: type "
            "withdraw. After that they cannot be found any more."
        )
    seen_by = _("Only you see this. It is not noted anywhere that you answered, and I send no message about it.")
    return Message(said, (Text(said), Text(change.format(moment=moment, what=what))), seen_by)


def out_of_date(kind: str = PULSE) -> Message:
    """A form of a part that there is not."""
    said = _("This form is out of date, so nothing was stored now.")
    again = _("Please open the {what} again (type: checkin).").format(what=called(kind))
    return Message(said, (Text(said), Text(again)), _("Only you see this."))


def nothing_open(opens_on: date | None, *, began_before: bool, has_results: bool) -> Message:
    """No wave is open for a mentor or mentee. ``opens_on``: when the next one does, if that is known. ``began_before``:
    one is open that they are not asked in."""
    said = _("No check-in or questionnaire is open for you now.")
    blocks: list[Block] = [Text(said)]
    if began_before:
        blocks.append(Text(_("The one that is open began before you joined; you are asked from the next one on.")))
    if opens_on is not None:
        blocks.append(Text(_next_one(opens_on)))
    if has_results:
        blocks.append(Buttons((results_button(),)))
    return Message(said, tuple(blocks), _("Only you see this."))


def nothing_open_for_controls(opens_on: date | None) -> Message:
    """No wave is open for somebody of the comparison group. ``opens_on``: as in ``nothing_open``."""
    said = _("No questionnaire is open for you now.")
    blocks: list[Block] = [Text(said)]
    if opens_on is not None:
        blocks.append(Text(_next_one(opens_on)))
    blocks.append(Text(_("The short check-ins in between are for mentors and mentees.")))
    return Message(said, tuple(blocks), _("Only you see this."))


def _next_one(opens_on: date) -> str:
    return _("The next one opens on {day}. I will write to you then.").format(day=said_date(opens_on))


EXAMPLES: dict[str, Callable[[], Message | Form]] = {
    "thanks": lambda: thanks(example_wave(), "mentee", MENTEE),
    "thanks_for_all_parts": lambda: thanks(example_wave(name="end"), "mentee", MENTEE),
    "out_of_date": out_of_date,
    "nothing_open": lambda: nothing_open(date(2027, 1, 5), began_before=False, has_results=True),
    "nothing_open_for_a_newcomer": lambda: nothing_open(date(2027, 1, 5), began_before=True, has_results=False),
    "nothing_open_any_more": lambda: nothing_open(None, began_before=False, has_results=True),
    "nothing_open_for_controls": lambda: nothing_open_for_controls(date(2027, 2, 22)),
    "nothing_open_for_controls_any_more": lambda: nothing_open_for_controls(None),
}
