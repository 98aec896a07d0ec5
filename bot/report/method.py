"""How to read the report: small numbers, method and anonymity, and what is not in it, with the rule that says so."""

from collections.abc import Iterator, Sequence

from bot.report import words
from bot.report.document import Bullets, Section, Table, Text
from bot.report.facts import Asked, Facts
from bot.report.intervals import percent, points, wilson
from bot.report.lines import FEW, NOT_COMPUTED, OPEN, POOLED, TOPICS, WITHHELD, Line
from bot.surveys import rules, topics
from bot.texts import _, marked, said_date

EXAMPLE = (16, 18)

RULES = {
    FEW: marked(
        "Nothing is told of a group of whom fewer than {minimum} answered. How few it were is not told either."
    ),
    POOLED: marked(
        "Where too few mentors or too few mentees answered, the two are counted together for the whole wave and never "
        "apart: one could be found by taking the other away."
    ),
    NOT_COMPUTED: marked(
        "Nothing is told where what was sent could not be read, or where a check before the release found that it "
        "could give somebody's answer away."
    ),
    TOPICS: marked(
        "Topics of meetings are counted by pairs, and told only if at least {pairs} pairs had logged a meeting. Where "
        "all of them had agreed to exact counts, they are told with the last questionnaire and at no other time."
    ),
    OPEN: marked("Nothing is told before the close, not even how many have answered."),
}


def small_numbers(facts: Facts) -> Section:
    """A plain word."""
    most = max((row.n for wave in facts.waves if wave.release for row in wave.release.rows), default=0)
    x, n = EXAMPLE
    low, high = wilson(x, n)
    texts = [
        _(
            "Few people took part, so each of them weighs a lot, and much of what differs between groups or between "
            "questionnaires may be chance. If the same programme ran again with other people, {x} of {n} "
            "({percent}%) could as well have been anything from {low}% to {high}% (95% interval)."
        ).format(x=x, n=n, percent=percent(x, n), low=points(low), high=points(high))
    ]
    if most:
        texts.append(
            _(
                "In the largest group of this report {n} people answered: one of them is {share} percentage points. "
                "Please read percentages together with the counts beside them, and do not rank people, places or "
                "groups by them."
            ).format(n=most, share=_one_of(most))
        )
    return Section("small-numbers", _("Small numbers"), tuple(map(Text, texts)))


def _one_of(n: int) -> str:
    return f"{100 / n:.1f}".removesuffix(".0")


def method(facts: Facts) -> Section:
    """Half a page: where numbers come from, and what protects whom."""
    level = rules.BY_NAME[facts.about.level]
    texts = [
        _(
            "Facts (recruitment, pairs, numbers of meetings, attendance, who completed) were noted as the programme "
            "ran, and the leads know them. Everything else was asked in questionnaires and check-ins. Each was open "
            "for a while, for a list of people that was fixed when it opened. Answers were sealed until the close, "
            "then opened together, counted as had been declared beforehand, and destroyed. This report is made of "
            "what was released then, and of nothing else: it was not made from answers."
        ),
        _level(level),
        _(
            "Percentages are computed from the counts. Who preferred not to say, or left a question open, counts among "
            "those who answered, and not as a yes. Each result was told once and is never revised; questionnaires are "
            "compared as groups, and nobody is compared with themselves before and after."
        ),
        _(
            "Never collected for this report, or never shown: who answered, what one person answered, what a pair "
            "talked about, how long they met, and why somebody paused. Nothing about taking part goes to supervisors "
            "or to panels that decide about training; please keep it so when you pass this report on."
        ),
    ]
    return Section("method", _("Method and anonymity"), tuple(map(Text, texts)))


def _level(level: rules.Level) -> str:
    steps = rules.STRICT if level == rules.STRICT else rules.STANDARD
    ranges = _(
        "Results are told in ranges, in steps of {step} or more for one group and {pooled} or more for groups counted "
        "together, so that no count gives away what one person answered, and only if at least {minimum} answered."
    ).format(step=steps.role_step, pooled=steps.pooled_step, minimum=steps.minimum)
    if level != rules.RESEARCH:
        return ranges
    exact = _(
        "Exact counts are told of questionnaires, for those who had agreed to that before the first one; such counts "
        "can show that one person disagreed, and everybody was told so."
    )
    return f"{exact} {_('Of everybody else, and of check-ins:')} {ranges[:1].lower()}{ranges[1:]}"


def not_released(facts: Facts, found: Sequence[Line]) -> Section:
    """What is missing, wave by wave, and the rules."""
    rows = tuple(row for wave in facts.waves for row in _missing(wave, facts, found))
    rows += tuple((title, _("everybody"), _("was not asked")) for title in facts.left_out)
    rows += tuple((title, _("everybody"), _("not asked yet")) for title in facts.to_come)
    used = [why for why in RULES if any(line.why == why for line in found)]
    least = max((rules.BY_NAME[wave.level] for wave in facts.waves), key=lambda level: level.minimum, default=None)
    minimum = least.minimum if least else rules.STANDARD.minimum
    said = [_(RULES[why]).format(minimum=minimum, pairs=topics.MINIMUM) for why in used]
    said.append(
        _("Free text is shown only where at least {count} answered, to those who were asked and to the leads.").format(
            count=max(rules.COMMENTS_FROM, minimum)
        )
    )
    if not facts.waves:
        nothing = _("No questionnaire and no check-in has opened, so there is nothing that could have been released.")
        return Section("not-released", _heading(), (Text(nothing), Bullets(tuple(said))))
    if not rows:
        return Section("not-released", _heading(), (Text(_("Everything that was declared was released.")),))
    head = (_("Asked"), _("Of whom"), _("Why it is not here"))
    table = Table("not-released", _("What was not released"), head, rows)
    return Section("not-released", _heading(), (table, Bullets(tuple(said))))


def _missing(wave: Asked, facts: Facts, found: Sequence[Line]) -> Iterator[tuple[str, str, str]]:
    """A row for each group and reason."""
    title = ", ".join(dict.fromkeys(_(title) for title in wave.instrument.title.values()))
    opened = (wave.instrument.id, wave.opened_on)
    if any((other.instrument.id, other.opened_on) == opened for other in facts.waves if other is not wave):
        title = _("{title}: {who}").format(title=title, who=words.who_is_asked(wave.level))
    asked = _("{title}, closing on {day}").format(title=title, day=said_date(wave.closes_on))
    missing = [line for line in found if line.wave == wave.key and line.shown == WITHHELD]
    for group, why in dict.fromkeys((line.group, line.why) for line in missing):
        yield asked, words.group(group), _(words.REASONS[why])


def _heading() -> str:
    return _("What was not released, and why")
