"""The report as one HTML page that needs nothing else: styles and figures are in it, scripts are not."""

from collections.abc import Iterable
from itertools import groupby

from jinja2 import Environment, PackageLoader, StrictUndefined

from bot.report import words
from bot.report.document import Block, Bullets, Figure, Flow, Report, Table, Text
from bot.report.drawing import WIDTH, drawn
from bot.texts import _

KINDS = {Text: "text", Bullets: "bullets", Table: "table", Figure: "figure", Flow: "flow"}


def page(report: Report) -> str:
    """The page. Everything that anybody typed is escaped by the template."""
    environment = Environment(
        loader=PackageLoader("bot.report", ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    template = environment.get_template("page.html")
    style = environment.get_template("page.css").render()
    html = template.render(
        report=report,
        style=style,
        cell=words.cell,
        drawn=drawn,
        kind=_kind,
        runs=_runs,
        width=WIDTH,
        skip=_("Skip to the report"),
        contents=_("Contents"),
        made_by=_("Made by peermentor from released results and facts, without any answer."),
    )
    return html.strip() + "\n"


def _kind(block: Block) -> str:
    return KINDS[type(block)]


def _runs(blocks: Iterable[Block]) -> list[list[Block]]:
    """Blocks of one kind that follow each other: figures then stand side by side where there is room."""
    return [list(run) for _kind_of_run, run in groupby(blocks, key=_kind)]
