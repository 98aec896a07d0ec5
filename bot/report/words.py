"""How numbers of the report are said."""

from bot.report.document import Cell, Spread
from bot.report.lines import FEW, NOT_COMPUTED, OPEN, POOLED, STEPS, TOPICS, WITHHELD, Line
from bot.surveys import rules
from bot.texts import _, marked

GROUPS = {
    "mentors": marked("Mentors"),
    "mentees": marked("Mentees"),
    "controls": marked("Comparison group"),
    "pairs": marked("Pairs"),
    "all": marked("Everybody"),
    "mentors+mentees": marked("Mentors and mentees"),
}
REASONS = {
    FEW: marked("too few answered"),
    NOT_COMPUTED: marked("not computed"),
    POOLED: marked("only counted together"),
    OPEN: marked("not closed yet"),
    TOPICS: marked("topics of meetings: too few pairs, or told once only"),
}


def group(name: str) -> str:
    """A group as a heading."""
    return _(GROUPS[name]) if name in GROUPS else " + ".join(_(GROUPS[part]) for part in name.split("+"))


def who_is_asked(level: str) -> str:
    """Who is in a wave of this level, where another wave of the same questionnaire opened with it."""
    return _("those who agreed to exact counts") if level == rules.RESEARCH.name else _("the others")


def cell(value: Cell) -> str:
    """What stands in a cell."""
    match value:
        case None:
            return _("not asked")
        case Line():
            return counted(value)
        case Spread():
            return spread(value)
        case int():
            return f"{value:,}"
        case _:
            return value


def counted(line: Line) -> str:
    """A count with its percentage, a range of them, or why there is none."""
    if line.shown == WITHHELD:
        return _("not told: {why}").format(why=_(REASONS[line.why]))
    if line.shown == STEPS:
        low, high = line.percents
        return _("{low} to {high} of {of} ({low_percent}% to {high_percent}%)").format(
            low=line.low, high=line.high, of=line.of, low_percent=low, high_percent=high
        )
    if not line.of:
        return f"{line.n:,}"
    return _("{n} of {of} ({percent}%)").format(n=line.n, of=line.of, percent=line.percent)


def in_short(line: Line) -> str:
    """The counts alone, where there is little room."""
    if line.shown == STEPS:
        return _("{low}-{high} of {of}").format(low=line.low, high=line.high, of=line.of)
    return _("{n} of {of}").format(n=line.n, of=line.of)


def spread(value: Spread) -> str:
    """A percentage, or a difference in points, with its interval."""
    if value.signed:
        low, high = signed(value.low), signed(value.high)
        if value.middle is None:
            return _("between {low} and {high} points").format(low=low, high=high)
        return _("{middle} points ({low} to {high})").format(middle=signed(value.middle), low=low, high=high)
    said = _("{n} of {of}: {middle}% ({low}% to {high}%)")
    return said.format(n=value.n, of=value.of, middle=value.middle, low=value.low, high=value.high)


def signed(points: int) -> str:
    """With a sign, the minus as printers set it."""
    return f"\N{MINUS SIGN}{-points}" if points < 0 else f"+{points}" if points else "0"
