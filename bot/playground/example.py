"""The example programme: 18 pairs and 26 controls in six hospitals, half on Slack, half on Teams; names invented."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from bot import handlers
from bot.playground.client import Member
from bot.surveys.instrument import ROLES
from storage import places
from storage.records import Account, Conversation, Newcomer, SupportService
from storage.unit_of_work import UnitOfWork

STARTS = datetime(2026, 9, 1, 6, 0, tzinfo=UTC)
"""When the example's clock starts: a Tuesday, early in the morning."""
STARTS_ON = date(2026, 9, 1)
ENDS_ON = date(2027, 8, 31)
SLACK_TEAM = "T0WESTMARCH"
TEAMS_TENANT = "5f0c1f2e-0000-4000-8000-00000000aaaa"

HOSPITALS = (
    "Fenmoor Infirmary",
    "St Brannock's Hospital",
    "Ashdown Children's Hospital",
    "Larkhill General",
    "Two Rivers Hospital",
    "Harbour Road Hospital",
)

MENTORS = """
Amara Okonjo; Tomasz Wilk; Bethan Rees; Imran Qureshi; Sinead Doyle; Farah Rahmani; Callum Fraser; Yuki Tanabe;
Rosalind Achebe; Mateus Oliveira; Hannah Lindqvist; Devika Nair; Owen Cadogan; Layla Mansour; Piotr Zawada;
Grace Mensah; Jonah Whitfield; Anjali Deshpande
"""
MENTEES = """
Niamh Gallagher; Haruki Sato; Chidi Eze; Megan Pryce; Sofia Marchetti; Ravi Balasubramaniam; Ailsa Drummond;
Kwabena Osei; Zainab Siddiqui; Luca Ferrante; Freya Halvorsen; Omar El-Sayed; Catrin Bevan; Nadia Petrova;
Tobias Kern; Ifeoma Uche; Samuel Adeyemi; Mei-Ling Chow
"""
CONTROLS = """
Leila Haddad; Duncan Muir; Priya Venkatesan; Aoife Brennan; Marek Novotny; Esther Boateng; Rhys Llewellyn;
Hana Kobayashi; Yusuf Demir; Charlotte Ashby; Kofi Asante; Elena Popescu; Gareth Vaughan; Noor Al-Jabri;
Isobel Kerr; Andrei Stoica; Temperance Moyo; Lukas Brandt; Fatima Bello; Joss Penhaligon; Meera Iyer;
Conor McAteer; Sunniva Dahl; Tendai Chikwanha; Alice Thornbury; Hamza Farouk
"""
OTHERS = (
    ("Gwen Pritchard", "slack", "lead", "Regional School of Paediatrics", "Head of school"),
    ("Dominic Hale", "slack", "lead", "Regional School of Paediatrics", "Programme manager"),
    ("Oluwaseun Bello", "teams", "senior support", "Ashdown Children's Hospital", "Consultant paediatrician"),
    ("Brigid Murphy", "slack", "senior support", "St Brannock's Hospital", "Consultant neonatologist"),
    ("Vikram Chaudhary", "teams", "senior support", "Harbour Road Hospital", "Consultant paediatrician"),
    ("Marguerite Sands", "slack", "facilitator", "Larkhill General", "Consultant and coach"),
    ("Anselm Okafor", "teams", "facilitator", "Two Rivers Hospital", "Consultant in medical education"),
    ("Judith Carrow", "slack", "facilitator", "Regional School of Paediatrics", "Coach"),
)
INTERESTS = (
    "Happy to talk about exams, less than full time training and allotments.",
    "Trained abroad, learnt the ropes here the slow way, and glad to shorten it for others.",
    "Neonates on weekdays, cold-water swimming on Sundays.",
    "Interested in community child health, teaching, and how to say no kindly.",
    "Two small children, one long commute, and a soft spot for quality improvement.",
    "Returned from research last year; knows about gaps, grants and starting again.",
)


@dataclass(frozen=True, slots=True)
class ExamplePerson:
    """Somebody invented. ``part``: mentor, mentee, control, or a duty. ``duties``: those beside a part or another."""

    account: Account
    name: str
    email: str
    part: str
    organisation: str
    grade: str
    profile: str
    region: str
    duties: frozenset[str] = frozenset()

    @property
    def member(self) -> Member:
        """The person as a stand-in knows them."""
        return Member(self.account, self.name, self.email)


def people() -> list[ExamplePerson]:
    """Everybody: 18 mentors, 18 mentees in the same order as their mentors, 26 controls, then leads and seniors.

    Pairs 1-6 share the Slack workspace, 7-12 are across the platforms, 13-18 are both on Teams.
    """
    everybody: list[ExamplePerson] = []

    def add(name: str, part: str, *, on_slack: bool, organisation: str, grade: str) -> None:
        number = len(everybody)
        everybody.append(
            ExamplePerson(
                account=account_of(number, on_slack=on_slack),
                name=name,
                email=address_of(name),
                part=part,
                organisation=organisation,
                grade=grade,
                profile=INTERESTS[number % len(INTERESTS)],
                region="WLS" if number % 15 == 2 else "ENG",
            )
        )

    for i, name in enumerate(_names(MENTORS)):
        add(name, "mentor", on_slack=i < 9, organisation=HOSPITALS[i % 6], grade=f"ST{5 + i % 4} paediatrics")
    for i, name in enumerate(_names(MENTEES)):
        on_slack = i < 6 or 9 <= i < 12
        add(name, "mentee", on_slack=on_slack, organisation=HOSPITALS[(i + 1) % 6], grade="ST1 paediatrics")
    for i, name in enumerate(_names(CONTROLS)):
        add(name, "control", on_slack=i % 2 == 0, organisation=HOSPITALS[i % 6], grade="ST1 paediatrics")
    for name, platform, part, organisation, grade in OTHERS:
        add(name, part, on_slack=platform == "slack", organisation=organisation, grade=grade)
    return everybody


SMALL = {0, 1, 6, 7, 12, 13}
"""The pairs of a small programme: two on Slack, two across the platforms, two on Teams."""


def few_people() -> list[ExamplePerson]:
    """Six of the pairs, one facilitator, and the leads and seniors."""
    everybody = people()
    mentors, mentees, others = everybody[:18], everybody[18:36], [p for p in everybody[36:] if p.part != "control"]
    pairs = [each for several in (mentors, mentees) for number, each in enumerate(several) if number in SMALL]
    return [*pairs, *others[:-2]]


def load(uow: UnitOfWork, everybody: Sequence[ExamplePerson], leads_channel: str = "") -> int:
    """Enter the example into an empty database and start it; the id of the programme. ``leads_channel``: the Slack
    channel that stands for the leads' own, where it is to be bound as if a lead had typed ``leads here``."""
    programme_id = uow.programmes.add(
        name="Westmarch peer mentoring",
        starts_on=STARTS_ON,
        ends_on=ENDS_ON,
        time_zone="Europe/London",
        region="ENG",
        contact_name="Dominic Hale",
        contact_email="dominic.hale@westmarch.example",
        is_demo=True,
    )
    ids = enter(uow, programme_id, everybody)
    uow.pairs.add_all(programme_id, zip(ids["mentor"], ids["mentee"], strict=True))
    _add_sets(programme_id, ids, uow)
    for service in SERVICES:
        uow.programmes.add_service(programme_id, service)
    programme = uow.programmes.get(programme_id)
    if leads_channel:
        uow.places.bind(places.leads(programme), Conversation("slack", SLACK_TEAM, leads_channel, "channel"))
    handlers.begin(programme, uow)
    return programme_id


def enter(uow: UnitOfWork, programme_id: int, everybody: Sequence[ExamplePerson]) -> dict[str, list[int]]:
    """Enter people with their parts and duties; the ids of those with each part."""
    newcomers = [
        Newcomer(
            name=person.name,
            email=person.email,
            accounts=(person.account,),
            time_zone="Europe/London",
            region=person.region,
            profile=person.profile,
            grade=person.grade,
            organisation=person.organisation,
            since=date(2026, 8, 5),
        )
        for person in everybody
    ]
    ids: dict[str, list[int]] = {}
    roles = {}
    for person, person_id in zip(everybody, uow.people.add_all(newcomers), strict=True):
        ids.setdefault(person.part, []).append(person_id)
        if person.part in ROLES:
            roles[person_id] = person.part
        else:
            uow.people.give_duty(programme_id, person_id, person.part)
    uow.people.enrol_all(programme_id, roles)
    return ids


LONDON = ZoneInfo("Europe/London")
SESSIONS_IN_A_YEAR = 6
SETS = (
    ("Northern set", datetime(2026, 10, 14, 14, 0, tzinfo=LONDON), "Seminar room 2, Larkhill General"),
    ("Valley set", datetime(2026, 10, 15, 15, 30, tzinfo=LONDON), "https://meet.westmarch.example/valley-set"),
    ("Coastal set", datetime(2026, 10, 26, 10, 0, tzinfo=LONDON), "Education centre, Harbour Road Hospital"),
)
"""Name, first session by the clock on the wall, and place; the others follow every eight weeks."""


def _add_sets(programme_id: int, ids: dict[str, list[int]], uow: UnitOfWork) -> None:
    """An Action Learning Set for each facilitator, of six mentors: all on Slack, across the platforms, all on Teams."""
    for number, facilitator_id in enumerate(ids["facilitator"]):
        name, first, place = SETS[number]
        learning_set = uow.sets.add(programme_id, name, facilitator_id)
        for mentor_id in ids["mentor"][6 * number : 6 * number + 6]:
            uow.sets.add_member(learning_set.id, mentor_id)
        for session in range(SESSIONS_IN_A_YEAR):
            uow.sets.add_session(learning_set.id, first + session * timedelta(weeks=8), 120, place)


CHECKED = date(2026, 8, 3)
SERVICES = (
    SupportService("ENG", "NHS Practitioner Health", "0300 0303 300", CHECKED),
    SupportService("SCT", "National Wellbeing Hub", "https://wellbeinghub.scot", CHECKED),
    SupportService("WLS", "Canopi", "https://canopi.nhs.wales", CHECKED),
    SupportService("UK", "BMA counselling, also for non-members", "0330 123 1245", CHECKED),
    SupportService("UK", "Doctors' Support Network", "https://www.dsn.org.uk", CHECKED),
)


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.replace("\n", " ").split(";")]


def address_of(name: str) -> str:
    """Somebody's e-mail address, which leads nowhere."""
    return name.lower().replace(" ", ".").replace("'", "") + "@westmarch.example"


def account_of(number: int, *, on_slack: bool) -> Account:
    """The account of the person with this number, from 0, in the workspace or the tenant of the examples."""
    if on_slack:
        return Account("slack", SLACK_TEAM, f"U{number + 1:04}WM")
    return Account("teams", TEAMS_TENANT, f"00000000-0000-4000-8000-{number + 1:012}")
