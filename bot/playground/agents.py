"""The bot for Microsoft's own local client, the Microsoft 365 Agents Playground, which signs nothing: a small programme
in which its first user, Alex Wilber, is a mentee. Served on this machine and to this machine only.

That client shows messages, cards and one-tap buttons; dialogs it does not know.
"""

import asyncio
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from pathlib import Path
from random import Random

from bot import app as application
from bot import handlers
from bot.clock import Clock, real_time
from bot.config import Settings, Teams
from bot.playground.figures import LONDON
from bot.playground.simulation import keys_beside
from bot.programme.cadence import MORNING
from bot.programme.quiet import Quiet, next_allowed
from bot.reading import about
from storage.records import Account
from storage.unit_of_work import UnitOfWork

TENANT = "00000000-0000-0000-0000-0000000000001"
BOT = "00000000-0000-0000-0000-00000000000011"
ALEX = Account("teams", TENANT, "00000000-0000-0000-0000-0000000000020")
"""As that client has them."""
PORT = 3978
LOOK_EVERY = 1.0
"""Seconds of real time between one look for due work and the next: somebody waits for it."""

NEXT_STEPS = """\
A simulation: the real bot, and invented people. Start Microsoft's local client in another terminal:

  npx -p @microsoft/m365agentsplayground agentsplayground -e http://localhost:{port}/api/messages -c msteams

There, install the app or say hello, say yes to the invitation, and type: home
For the bot it is ten in the morning of a working day. It answers this machine only. Ctrl-C ends it.
"""


def morning_of_work(now: datetime) -> datetime:
    """Ten o'clock on the first day from today on that is no weekend and no bank holiday in England."""
    until_ten = Quiet(LONDON, "ENG", from_hour=0, until_hour=MORNING.hour)
    return next_allowed([until_ten], datetime.combine(now.astimezone(LONDON), time(), LONDON))


def settings(database: Path, port: int) -> Settings:
    """Teams alone, and anonymous."""
    return Settings(
        database_url=f"sqlite:///{database}",
        key_dir=keys_beside(database),
        key_database_url="",
        host="127.0.0.1",
        port=port,
        public_url="",
        slack=None,
        teams=Teams(app_id=BOT, app_password="", tenant_id=TENANT, anonymous=True),
    )


async def serve(database: Path, port: int, tell: Callable[[str], None]) -> None:
    """Serve until cancelled; ``tell`` hears how to reach it."""
    began, morning = real_time(), morning_of_work(real_time())

    def clock() -> datetime:
        return morning + (real_time() - began)

    app = application.build(settings(database, port), clock=clock, random=Random(0))
    try:
        with app.database.begin(clock()) as uow:
            pair_id = load(uow, morning.date())
        async with application.listening(app, "127.0.0.1", port) as address:
            tell(NEXT_STEPS.format(port=address.rpartition(":")[2]))
            await asyncio.gather(app.delivery.run(), _do_what_is_due(app, pair_id, clock))
    finally:
        await app.close()


def load(uow: UnitOfWork, starts_on: date) -> int:
    """Enter the programme into an empty database and start it; the id of its one pair. The mentor has said yes
    already, and has no account here."""
    programme_id = uow.programmes.add(
        name="Westmarch peer mentoring",
        starts_on=starts_on,
        ends_on=starts_on + timedelta(days=365),
        time_zone="Europe/London",
        region="ENG",
        contact_name="Dominic Hale",
        contact_email="dominic.hale@westmarch.example",
        is_demo=True,
    )
    people: tuple[tuple[str, str, list[Account]], ...] = (
        ("Bethan Rees", "mentor", []),
        ("Alex Wilber", "mentee", [ALEX]),
    )
    mentor_id, mentee_id = (
        uow.people.add(
            name=name,
            email=f"{name.lower().replace(' ', '.')}@westmarch.example",
            accounts=accounts,
            time_zone="Europe/London",
            region="ENG",
            profile="Likes allotments and neonates.",
            grade="ST6 paediatrics" if role == "mentor" else "ST1 paediatrics",
            organisation_name="Larkhill General" if role == "mentor" else "Fenmoor Infirmary",
            since=starts_on,
        )
        for name, role, accounts in people
    )
    uow.people.enrol(programme_id, mentor_id, "mentor")
    uow.people.enrol(programme_id, mentee_id, "mentee")
    uow.pairs.add(programme_id, mentor_id, mentee_id)
    handlers.begin(uow.programmes.get(programme_id), uow)
    uow.people.set_state(mentor_id, "joined")
    return uow.pairs.ids(programme_id)[mentor_id, mentee_id]


async def _do_what_is_due(app: application.App, pair_id: int, clock: Clock) -> None:
    while True:
        await app.jobs.tick()
        await app.database.run(lambda uow: _let_them_have_met(pair_id, uow), clock())
        await asyncio.sleep(LOOK_EVERY)


def _let_them_have_met(pair_id: int, uow: UnitOfWork) -> None:
    """Once the pair is introduced, let it have had a date yesterday, so that there is something to answer."""
    pair = uow.pairs.get(pair_id)
    yesterday = uow.now.date() - timedelta(days=1)
    if pair.introduced_at is not None and uow.meetings.on_day(pair.id, yesterday) is None:
        meeting = uow.meetings.arrange(pair.id, yesterday)
        uow.due.add("did_you_meet", about(meeting.id, pair.mentee.id), uow.now)
