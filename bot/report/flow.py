"""The facts: how people came to the programme, what became of the pairs, and who came to Action Learning Sets."""

from collections.abc import Iterator, Mapping, Sequence

from bot.report import words
from bot.report.document import Bar, Bars, Bullets, Figure, Flow, Section, Stage, Table, Text
from bot.report.facts import Facts
from bot.report.lines import TOLD, Line
from bot.texts import _, marked, ngettext

COLUMNS = ("mentees", "mentors", "controls")
STAGES = (
    ("recruitment.eligible", marked("could have applied")),
    ("recruitment.applied", marked("applied")),
    ("recruitment.invited", marked("were invited")),
    ("recruitment.volunteered", marked("volunteered")),
    ("recruitment.selected", marked("were selected")),
    ("recruitment.joined", marked("joined")),
    ("pairs.introduced", marked("were introduced to each other in pairs")),
    ("pairs.completed", marked("pairs did not end early")),
    ("end.answered", marked("answered the end questionnaire")),
)
LOST = {
    "recruitment.applied": marked("{count} did not apply"),
    "recruitment.volunteered": marked("{count} did not volunteer"),
    "recruitment.selected": marked("{count} were not selected"),
    "recruitment.joined": marked("{count} did not join"),
    "end.answered": marked("{count} did not answer it"),
}
"""What those did who were left out at a step."""
OF_PAIRS = ("mentees", "mentors")
"""Whose column a fact about pairs stands in."""
MET_OFTEN = 4
"""The reference programme counted the pairs that met four times or more."""
AT_THE_END = tuple(
    f"end.{item}" for item in ("useful", "relationship", "time_difficulty", "will_continue", "wished", "interest")
)
"""What the end questionnaire says of the whole programme, the welcome and the unwelcome; chosen before anybody
answered, so that nothing is picked for how it came out."""
WHY_ENDED = {
    "moved": marked("another post or region"),
    "left_training": marked("left training"),
    "leave": marked("parental or other leave"),
    "no_time": marked("not enough time"),
    "no_contact": marked("no contact between the two"),
    "training": marked("training or learning sets not kept up"),
    "not_a_match": marked("not the right match"),
    "finished": marked("their aim was reached"),
    "other": marked("another reason"),
    "not_said": marked("no reason given"),
}


def in_short(facts: Facts, found: Sequence[Line]) -> Section:
    """What somebody reads who reads one page."""
    pairs = facts.pairs
    introduced = ngettext("{count} pair was introduced", "{count} pairs were introduced", pairs.introduced)
    items = [introduced.format(count=pairs.introduced) + "."]
    for item, said in (
        ("pairs.completed", _("{said} did not end early.")),
        (f"meetings.at_least.{MET_OFTEN}", _("{said} logged four meetings or more.")),
    ):
        items += [said.format(said=words.counted(line)) for line in found if line.item == item]
    levels = {wave.key: wave.level for wave in facts.waves}
    for line in found:
        if line.item == "end.answered" and line.shown == "fact":
            who = words.group(line.group)
            if _is_in_several_waves(line.item, found):
                who = _("{title}: {who}").format(title=who, who=words.who_is_asked(levels[line.wave]))
            items.append(_("{who}: {said} answered the end questionnaire.").format(who=who, said=words.counted(line)))
    if not any(wave.release and wave.release.rows for wave in facts.waves):
        items.append(
            _(
                "No questionnaire and no check-in has a result that may be told, so this report holds facts about the "
                "programme and no answers. The last section says why."
            )
        )
    results = tuple(_at_the_end(found, levels))
    said = _("What people said at the end of the programme as a whole; these results were chosen before any answer:")
    blocks = (Text(said), Bullets(results)) if results else ()
    return Section("in-short", _("In short"), (Bullets(tuple(items)), *blocks))


def _at_the_end(found: Sequence[Line], levels: Mapping[str, str]) -> Iterator[str]:
    """A line for each result and wave; groups over several roles only where these are not told apart."""
    for item in AT_THE_END:
        told = [line for line in found if line.item == item and line.shown in TOLD]
        for wave in dict.fromkeys(line.wave for line in told):
            mine = [line for line in told if line.wave == wave]
            alone = [line for line in mine if line.group in COLUMNS]
            counts = [
                _("{who} {said}").format(who=words.group(line.group).lower(), said=words.counted(line))
                for line in alone or mine
            ]
            what = _("{about} ({what})").format(about=_(mine[0].about), what=_(mine[0].what))
            if len({line.wave for line in told}) > 1:
                what = _("{title}, {who}").format(title=what, who=words.who_is_asked(levels[wave]))
            yield _("{what}: {counts}.").format(what=what, counts=", ".join(counts))


def recruitment(found: Sequence[Line]) -> Section:
    """Who could have applied, and how many were left at each step."""
    stages = [(item, label, _at(item, found)) for item, label in STAGES]
    columns = tuple(
        (
            words.group(column),
            tuple(
                Stage(_(label), words.counted(at[column]), tuple(_lost(item, column, at[column], found)))
                for item, label, at in stages
                if column in at
            ),
        )
        for column in COLUMNS
    )
    rows = tuple(
        (_sentence(_(label)), *(at.get(column, "") for column in COLUMNS)) for _item, label, at in stages if at
    )
    left = {line.group: line for line in found if line.item == "recruitment.left"}
    if left:
        rows += ((_("Left later"), *(left.get(column, "") for column in COLUMNS)),)
    missing = "" if any(at for item, _label, at in stages if item == "recruitment.applied") else _(
        "How many could have applied, applied and were selected has not been entered by a lead."
    )  # fmt: skip
    table = Table(
        "recruitment",
        _("People at each step; percentages are of the step before, where that was counted"),
        (_("Step"), *map(words.group, COLUMNS)),
        rows,
        missing,
    )
    drawn = Flow(_("Flow of participants, from top to bottom; the table below says the same"), columns)
    return Section("recruitment", _("Recruitment and flow"), (drawn, table))


def _lost(item: str, column: str, line: Line, found: Sequence[Line]) -> Iterator[str]:
    """Who did not come to a step, with reasons where there are any; and who left after they had joined."""
    if item in LOST and line.of and line.n is not None and line.of > line.n:
        yield _(LOST[item]).format(count=line.of - line.n)
    if item == "recruitment.joined":
        for each in found:
            if each.item == "recruitment.left" and each.group == column and each.n:
                yield _("{count} left later").format(count=each.n)
    if item == "pairs.completed":
        for each in found:
            if each.item.startswith("pairs.ended."):
                why = _(WHY_ENDED[each.item.rpartition(".")[2]])
                yield _("{count} ended: {why}").format(count=each.n, why=why)


def _at(item: str, found: Sequence[Line]) -> dict[str, Line]:
    """The numbers of a step, by column. Of a questionnaire in two waves there is no single number, also where only one
    of them tells how many answered."""
    if _is_in_several_waves(item, found):
        return {}
    lines = [line for line in found if line.item == item]
    if any(line.group == "pairs" for line in lines):
        return dict.fromkeys(OF_PAIRS, lines[0])
    return {line.group: line for line in lines if line.group in COLUMNS}


def _is_in_several_waves(item: str, found: Sequence[Line]) -> bool:
    instrument, _dot, _rest = item.partition(".")
    return len({line.wave for line in found if line.wave and line.item.startswith(f"{instrument}.")}) > 1


def pairs(facts: Facts, found: Sequence[Line]) -> Section:
    """How often pairs met, and which ended early."""
    if not facts.pairs.introduced:
        return Section("pairs", _heading(), (Text(_("No pair has been introduced.")),))
    exact = {_number(line): line for line in found if line.item.startswith("meetings.logged.")}
    at_least = {_number(line): line for line in found if line.item.startswith("meetings.at_least.")}
    bars = tuple(Bar(_meetings(number), *line.percents, words.in_short(line)) for number, line in exact.items())
    caption = _("Meetings logged per pair: share of the pairs")
    alt = "; ".join(f"{bar.group}: {bar.said}" for bar in bars)
    table = Table(
        "meetings",
        _("Meetings logged per pair"),
        (_("Meetings logged"), _("Pairs with so many"), _("Pairs with so many or more")),
        tuple(
            (_meetings(number), exact.get(number, 0), at_least.get(number, facts.pairs.introduced))
            for number in range(max(exact) + 1)
        ),
        _("A meeting that nobody logged is not counted: pairs may well have met more often."),
    )
    figure = Figure("meetings", caption, f"{caption}. {alt}.", (Bars("", bars),))
    return Section("pairs", _heading(), (figure, table, *_completion(facts, found)))


def _heading() -> str:
    return _("Pairs and their meetings")


def _number(line: Line) -> int:
    return int(line.item.rpartition(".")[2])


def _completion(facts: Facts, found: Sequence[Line]) -> tuple[Table, ...]:
    completed = [line for line in found if line.item == "pairs.completed"]
    ended = [line for line in found if line.item.startswith("pairs.ended.")]
    over = facts.made_on >= facts.about.ends_on
    label = _("Completed the programme") if over else _("Have not ended so far")
    rows = [(label, line) for line in completed]
    why = _("Ended early: {why}")
    rows += [(why.format(why=_(WHY_ENDED[line.item.rpartition(".")[2]])), line) for line in ended]
    note = _("Reasons are what a lead noted, of a short list. What the two told each other is nowhere stored.")
    return (Table("completion", _("What became of the pairs"), (_("Outcome"), _("Pairs")), tuple(rows), note),)


def learning_sets(facts: Facts, found: Sequence[Line]) -> tuple[Section, ...]:
    """Who came to the sessions; nothing in a programme without any."""
    if not facts.sessions:
        return ()
    by_item = {line.item: line for line in found if line.item.startswith("als.")}
    rows = [
        (_("Session {number}").format(number=held.number), held.sets, by_item[f"als.attendance.{held.number}"])
        for held in facts.sessions
    ]
    held_in_all = sum(held.sets for held in facts.sessions)
    table = Table(
        "learning-sets",
        _("Attendance, all sets together"),
        (_("Session"), _("Sets that held it"), _("Mentors who came")),
        (*rows, (_("All sessions"), held_in_all, by_item["als.attendance"])),
        _("From the facilitators' registers. What is said in a set is stored nowhere."),
    )
    return (Section("learning-sets", _("Action Learning Sets"), (table,)),)


def _meetings(number: int) -> str:
    return ngettext("{count} meeting", "{count} meetings", number).format(count=number)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
