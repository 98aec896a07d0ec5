"""The demo's year in a terminal: a line for each message as it arrives, then what it came to."""

from datetime import date, datetime
from pathlib import Path

from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from bot.playground.client import Post
from bot.playground.figures import BUDGET, LONDON, Arrived, Figures, Month
from bot.texts import said_month

WIDE = 110
"""Columns from which there is room for more than a name."""
NAMED = 2
"""So many readers of one message are named; more are counted."""

INTRODUCTION = """\
A simulation: the real bot, invented people, and stand-ins of Slack and Teams.
All of it happens on this machine; nobody real is written to. Each line below is
a message that reached somebody: when, who, where, and how it begins.
"""
NEXT_STEPS = """\
What next?
  Be anyone, in a browser: peermentor demo
  A year with other luck:  peermentor demo --headless --seed 8
  What leads have read:    peermentor demo --headless --channel
  All that was stored:     {database} (SQLite)
  A programme of your own: fill in .env (see .env.example), then: peermentor run
"""


class Diary:
    """Prints what arrives: a heading for each month, and one line for what many people get within the same minute."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._waiting: list[Arrived] = []
        self._month = ""

    def note(self, arrived: Arrived) -> None:
        """Take in a message; it is printed once the minute is over."""
        if self._waiting and _minute(self._waiting[0]) != _minute(arrived):
            self.finish()
        self._waiting.append(arrived)

    def finish(self) -> None:
        """Print what has not been printed yet."""
        alike: dict[str, list[Arrived]] = {}
        for arrived in self._waiting:
            alike.setdefault(" ".join(arrived.post.lines[:1]), []).append(arrived)
        self._waiting = []
        for text, those in alike.items():
            self._print(text, those)

    def _print(self, text: str, those: list[Arrived]) -> None:
        at = _minute(those[0])
        if (month := said_month(at.date())) != self._month:
            self._month = month
            self._console.print(f"\n{month}", style="bold")
        wide = self._console.width >= WIDE
        line = Text(f"{at:%a %d  %H:%M}  ", style="dim")
        line.append(_fitted(_who(those, wide=wide), 32 if wide else 20), style="bold")
        line.append(f"  {_where(those):<8}", style="cyan")
        line.append(text)
        self._console.print(line, no_wrap=True, overflow="ellipsis")


def _minute(arrived: Arrived) -> datetime:
    return arrived.at.astimezone(LONDON).replace(second=0, microsecond=0)


def _who(those: list[Arrived], *, wide: bool) -> str:
    readers = [arrived.reader for arrived in those]
    if len(readers) <= NAMED:
        return ", ".join(f"{reader.name} ({reader.part})" if wide else reader.name for reader in readers)
    parts = {reader.part for reader in readers}
    return f"{len(readers)} {f'{parts.pop()}s' if len(parts) == 1 else 'people'}"


def _where(those: list[Arrived]) -> str:
    places = {_place(arrived) for arrived in those}
    return places.pop() if len(places) == 1 else "both"


def _place(arrived: Arrived) -> str:
    in_company = {"group": "group", "channel": "channel"}
    return in_company.get(arrived.post.kind, arrived.reader.account.platform.title())


def _fitted(text: str, width: int) -> str:
    return text.ljust(width) if len(text) <= width else f"{text[: width - 1]}…"


def channel(posts: list[Post]) -> list[Panel]:
    """Every message of the leads' channel, as it can be read there."""
    return [
        Panel(Text("\n".join(post.lines)), title=f"{post.at.astimezone(LONDON):%a %d %B %Y, %H:%M}", title_align="left")
        for post in posts
    ]


def months(rows: list[Month]) -> Table:
    """What happened in each month."""
    table = Table(title="\nMonth by month", title_justify="left", caption_justify="left")
    table.caption = "Prompts are messages that nobody had asked for just then."
    table.add_column("month")
    for name in ("messages", "of these, prompts", "meetings logged"):
        table.add_column(name, justify="right")
    for row in rows:
        month = said_month(date.fromisoformat(f"{row.name}-01"))
        table.add_row(month, str(row.messages), str(row.prompts), str(row.meetings))
    table.add_section()
    sums = (sum(row.messages for row in rows), sum(row.prompts for row in rows), sum(row.meetings for row in rows))
    table.add_row("all", *map(str, sums))
    return table


def summary(figures: Figures) -> Table:
    """What it came to, in words."""
    most = ", ".join(f"{role} {count} (limit {BUDGET[role]} a year)" for role, count in figures.max_messages.items())
    table = Table(title="\nWhat it came to", title_justify="left", show_header=False)
    table.add_column()
    table.add_column(overflow="fold")
    table.add_row("Mentors, mentees and controls", str(figures.participants))
    table.add_row("Pairs introduced", str(figures.pairs_introduced))
    table.add_row("Meetings logged", str(figures.meetings_logged))
    table.add_row("Digests for the leads", str(figures.digests_posted))
    table.add_row("Check-ins that closed", str(figures.waves_closed))
    table.add_row("Results released", str(figures.releases))
    table.add_row("Of those asked, answered", f"{figures.response_rate:.0%}")
    table.add_row("Messages delivered", str(figures.messages_delivered))
    table.add_row("Messages given up", str(figures.messages_dead))
    table.add_row("Messages that came twice (must be 0)", str(figures.duplicates))
    table.add_row("Prompts in quiet time (must be 0)", str(figures.quiet_time_violations))
    table.add_row("Most prompts to one person", most.replace("), ", ")\n"))
    table.add_row("Seconds it took", f"{figures.seconds:.0f}")
    return table


def next_steps(database: Path) -> str:
    """What somebody who has seen it may want to do."""
    return f"\n{NEXT_STEPS.format(database=database)}"
