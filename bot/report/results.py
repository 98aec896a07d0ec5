"""What was answered, as far as it was released: wave by wave, under the headings that the questions have; and mentees
beside the comparison group."""

from collections.abc import Iterator, Sequence
from math import ceil

from bot.report import words
from bot.report.comparison import comparisons, spread
from bot.report.document import Bar, Bars, Block, Cell, Figure, Section, Spread, Table, Text
from bot.report.facts import Asked, Facts
from bot.report.lines import ALL, EXACT, FACT, GROUPS, PAIRS, POOLED, TOLD, WITHHELD, Line
from bot.texts import _, ngettext, said_date

ORDER = ("mentors", "mentees", "mentors+mentees", "controls")
"""Of columns."""
IN_A_FIGURE = 6
"""Items: three groups of each still fit on half a page."""


def questionnaires(facts: Facts, found: Sequence[Line]) -> Iterator[Section]:
    """A section for each wave that is no pulse and has closed."""
    for wave in facts.waves:
        if wave.instrument.kind != "pulse" and wave.release:
            yield _of_wave(wave, facts, found)


def check_ins(facts: Facts, found: Sequence[Line]) -> Iterator[Section]:
    """All pulses that have closed in one section; none where there were none."""
    pulses = [wave for wave in facts.waves if wave.instrument.kind == "pulse" and wave.release]
    if pulses:
        said = ngettext("{count} check-in has closed.", "{count} check-ins have closed.", len(pulses))
        below = tuple(_of_wave(wave, facts, found) for wave in pulses)
        yield Section("check-ins", _("Check-ins"), (Text(said.format(count=len(pulses))),), below)


def comparison(facts: Facts, found: Sequence[Line]) -> Iterator[Section]:
    """Mentees beside the comparison group; nothing where no item was told of both."""
    blocks: list[Block] = []
    for wave in facts.waves:
        told = [one for one in comparisons(found) if one.wave == wave.key]
        if not told:
            continue
        rows: list[tuple[Cell, ...]] = []
        for one in told:
            mentees: Cell = spread(one.mentees, one.mentees_interval) if one.mentees_interval else one.mentees
            controls: Cell = spread(one.controls, one.controls_interval) if one.controls_interval else one.controls
            rows.append((_label(one.mentees), mentees, controls, Spread(one.points, *one.difference, signed=True)))
        exact = told[0].shown == EXACT
        head = (_("Result"), _("Mentees"), _("Comparison group"), _("Difference"))
        note = _of_intervals() if exact else _of_ranges()
        blocks.append(Table(f"{wave.key}-comparison", _title(wave, facts), head, tuple(rows), note))
    if blocks:
        why = _(
            "The comparison group volunteered like the mentees, was not drawn or did not find a place, and had the "
            "usual support. Groups are compared, never a person with themselves; a difference need not come from the "
            "programme."
        )
        yield Section("comparison", _("The comparison group beside the mentees"), (Text(why), *blocks))


def _of_intervals() -> str:
    return _(
        "In brackets: 95% intervals. For a percentage that of Wilson's score, for a difference Newcombe's hybrid score "
        "interval (his method 10), in percentage points. An interval for a difference that holds 0 shows no clear "
        "difference. So many intervals were made that some would miss by chance; none was corrected for that."
    )


def _of_ranges() -> str:
    return _(
        "The counts were released as ranges. The difference is the range of all that these leave possible, in "
        "percentage points, before any play of chance; no interval can be computed of it."
    )


# A wave


def _of_wave(wave: Asked, facts: Facts, found: Sequence[Line]) -> Section:
    mine = [line for line in found if line.wave == wave.key]
    answered = [line for line in mine if line.item == f"{wave.instrument.id}.answered"]
    blocks = tuple(_introduction(wave, answered))
    release = wave.release
    results = [line for line in mine if line.shown != FACT]
    if release is None or release.refused:
        results = [line for line in results if line.shown != WITHHELD]
    below = tuple(_below(wave, results))
    return Section(wave.key, _title(wave, facts), blocks, below)


def _title(wave: Asked, facts: Facts) -> str:
    title = ", ".join(dict.fromkeys(_(wave.instrument.title[role]) for role in wave.instrument.audience))
    beside = [other for other in facts.waves if other.instrument.id == wave.instrument.id and other is not wave]
    if wave.instrument.kind == "pulse" or any(other.opened_on != wave.opened_on for other in beside):
        return _("{title}, closed on {day}").format(title=title, day=said_date(wave.closes_on))
    if beside:
        return _("{title}: {who}").format(title=title, who=words.who_is_asked(wave.level))
    return title


def _introduction(wave: Asked, answered: Sequence[Line]) -> Iterator[Block]:
    release = wave.release
    if release is None:
        return
    said = _("Open from {first} to {last}.").format(
        first=said_date(release.opened_on), last=said_date(release.closed_on)
    )
    who = [
        _("{who}: {said} answered.").format(who=words.group(line.group), said=words.counted(line)) for line in answered
    ]
    refused = {"few": _("Too few answered for anything to be told."), "": ""}
    lost = _("No result could be computed of what was sent.")
    yield Text(" ".join(filter(None, (said, *who, refused.get(release.refused, lost), _(wave.instrument.note)))))
    if release.comments:
        told = ngettext(
            "{count} comment was released to those who were asked, and to the leads.",
            "{count} comments were released to those who were asked, and to the leads.",
            len(release.comments),
        ).format(count=len(release.comments))
        yield Text(told + " " + _("Their authors agreed to these readers and to no others, so none is repeated here."))


def _below(wave: Asked, results: Sequence[Line]) -> Iterator[Section]:
    sections = _sections(wave)
    joint = _joint(results)
    by_section: dict[str, list[Line]] = {}
    for line in results:
        if line.group == PAIRS:
            continue
        split = line.item.removeprefix(f"{wave.instrument.id}.")
        by_section.setdefault(sections.get(split, ""), []).append(line)
    for number, heading in enumerate(sorted(by_section, key=list(dict.fromkeys(sections.values())).index), start=1):
        lines = by_section[heading]
        name = f"{wave.key}-{number}"
        apart = [line for line in lines if line.group not in joint]
        together = [line for line in lines if line.group in joint]
        title = _(heading) if heading else _("Results")
        blocks: list[Block] = [*_figures(name, title, apart), *_table(name, title, apart), *_together(name, together)]
        yield Section(name, title, tuple(blocks))
    pairs = [line for line in results if line.group == PAIRS and line.shown in TOLD]
    if pairs:
        title, name = _("Topics that pairs discussed"), f"{wave.key}-topics"
        yield Section(name, title, (*_figures(name, title, pairs), *_table(name, title, pairs)))


def _sections(wave: Asked) -> dict[str, str]:
    """The heading of each split, in the order of the questions."""
    by_item = {item.id: item.section for item in wave.instrument.items}
    splits = [split for role in wave.instrument.audience for split in wave.instrument.splits((role,))]
    order = [item.id for item in wave.instrument.items]
    return {split.id: by_item[split.item] for split in sorted(splits, key=lambda split: order.index(split.item))}


def _joint(results: Sequence[Line]) -> set[str]:
    """Groups over several roles each of which is told by itself, too."""
    alone = {line.group for line in results if line.shown in TOLD and line.group in GROUPS.values()}
    several = {line.group for line in results if "+" in line.group or line.group == ALL}
    parts = {group: set(group.split("+")) if "+" in group else set(ORDER) - {"mentors+mentees"} for group in several}
    return {group for group in several if parts[group] <= alone}


def _figures(name: str, title: str, lines: Sequence[Line]) -> Iterator[Figure]:
    """As many as it takes so that none is longer than half a page."""
    items: dict[str, list[Line]] = {}
    for line in lines:
        if line.shown in TOLD:
            items.setdefault(line.item, []).append(line)
    compared = [Bars(_label(group[0]), tuple(_bars(group))) for group in items.values()]
    parted = _parted(compared)
    for number, part in enumerate(parted, start=1):
        caption = _("{title}: percentages").format(title=title)
        if len(parted) > 1:
            caption = _("{title}, {number} of {count}").format(title=caption, number=number, count=len(parted))
        said = [f"{item.label}: {', '.join(f'{bar.group} {bar.said}' for bar in item.bars)}" for item in part]
        alt = f"{caption}. {'; '.join(said)}."
        if any(bar.low != bar.high for item in part for bar in item.bars):
            caption = _("{title}. A hatched bar is the range in which a result lies.").format(title=caption)
        yield Figure(f"{name}-figure-{number}", caption, alt, tuple(part))


def _parted(compared: Sequence[Bars]) -> list[Sequence[Bars]]:
    """Parts of nearly the same length."""
    parts = ceil(len(compared) / IN_A_FIGURE)
    most = ceil(len(compared) / max(parts, 1))
    return [compared[start : start + most] for start in range(0, len(compared), most)] if compared else []


def _bars(lines: Sequence[Line]) -> Iterator[Bar]:
    for line in sorted(lines, key=_place):
        yield Bar(words.group(line.group), *line.percents, words.in_short(line))


def _table(name: str, title: str, lines: Sequence[Line]) -> Iterator[Table]:
    told = {line.item for line in lines if line.group not in GROUPS.values()}
    columns = sorted({line.group for line in lines if line.why != POOLED or line.item not in told}, key=_column)
    if not columns:
        return
    by_item: dict[str, dict[str, Line]] = {}
    for line in lines:
        by_item.setdefault(line.item, {})[line.group] = line
    rows = tuple(
        (_label(next(iter(cells.values()))), *(cells.get(column) for column in columns)) for cells in by_item.values()
    )
    caption = _("{title}: counts").format(title=title)
    yield Table(name, caption, (_("Result"), *map(words.group, columns)), rows)


def _together(name: str, lines: Sequence[Line]) -> Iterator[Table]:
    if not lines:
        return
    rows = tuple((_label(line), words.group(line.group), line) for line in lines)
    head = (_("Result"), _("Who"), _("Count"))
    yield Table(f"{name}-together", _("Counted over several groups, as announced beforehand"), head, rows)


def _label(line: Line) -> str:
    return _("{about}: {what}").format(about=_(line.about), what=_(line.what))


def _place(line: Line) -> int:
    return _column(line.group)


def _column(group: str) -> int:
    return ORDER.index(group) if group in ORDER else len(ORDER)
