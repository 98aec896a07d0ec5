"""The report from its first section to its last. What each says is in ``flow``, ``results`` and ``rules_told``."""

from bot.report import flow, method, results
from bot.report.document import Report
from bot.report.facts import Facts
from bot.report.lines import lines
from bot.texts import _, said_date


def contents(facts: Facts) -> Report:
    """The whole report."""
    about, found = facts.about, lines(facts)
    days = _("{first} to {last}").format(first=said_date(about.starts_on), last=said_date(about.ends_on))
    contact = _("{name}, {address}").format(name=about.contact_name, address=about.contact_email)
    return Report(
        title=_("{programme}: report").format(programme=about.name),
        facts=(
            (_("Programme"), days),
            (_("Report made on"), said_date(facts.made_on)),
            (_("Questions to"), contact),
        ),
        sections=(
            flow.in_short(facts, found),
            flow.recruitment(found),
            flow.pairs(facts, found),
            *flow.learning_sets(facts, found),
            *results.questionnaires(facts, found),
            *results.check_ins(facts, found),
            *results.comparison(facts, found),
            method.small_numbers(facts),
            method.method(facts),
            method.not_released(facts, found),
        ),
    )
