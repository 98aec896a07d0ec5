"""Invented people, for the examples that every conversation gives of its messages and forms."""

from dataclasses import replace
from datetime import UTC, date, datetime

from storage.records import LearningSet, Meeting, Pair, Participant, Person, Programme, ResearchPlan, Session

PROGRAMME = Programme(
    id=1,
    name="Westmarch peer mentoring",
    starts_on=date(2026, 9, 1),
    ends_on=date(2027, 8, 31),
    time_zone="Europe/London",
    region="ENG",
    contact_name="Dominic Hale",
    contact_email="dominic.hale@westmarch.example",
    is_demo=True,
)


def _person(person_id: int, name: str, grade: str, profile: str) -> Person:
    email = f"{name.split(maxsplit=1)[0].lower()}@westmarch.example"
    return Person(person_id, name, email, profile, grade, "Europe/London", "ENG", quiet_from=20, quiet_until=8)


MENTOR = _person(11, "Sinead Doyle", "ST6 paediatrics", "Neonates on weekdays, cold-water swimming on Sundays.")
MENTEE = _person(12, "Kwabena Osei", "ST1 paediatrics", "New to the region. Curious about research and community work.")
CONTROL = _person(13, "Aoife Brennan", "ST1 paediatrics", "")
LEAD = _person(14, "Dominic Hale", "Programme manager", "")

PAIR = Pair(5, PROGRAMME.id, MENTOR, MENTEE, "introduced", datetime(2026, 9, 8, 9, 0, tzinfo=UTC))
ARRANGED = Meeting(21, PAIR.id, date(2026, 11, 17), "arranged", None, "", (), None, version=1)
SCHEDULED = replace(
    ARRANGED,
    minutes=45,
    starts_at=datetime(2026, 11, 17, 17, 30, tzinfo=UTC),
    place="Café by the main entrance",
    uid="5d0e6c1f@westmarch.example",
)
LOGGED = Meeting(
    20,
    PAIR.id,
    date(2026, 10, 6),
    "logged",
    minutes=60,
    how="video",
    topics=("exams", "work_life_balance"),
    logged_by=MENTEE.id,
    version=1,
)

FACILITATOR = _person(15, "Marguerite Sands", "Consultant and coach", "")
LEARNING_SET = LearningSet(3, PROGRAMME.id, "Northern set", FACILITATOR)
SESSION = Session(
    31,
    LEARNING_SET,
    datetime(2026, 11, 18, 14, 0, tzinfo=UTC),
    minutes=120,
    place="Seminar room 2, Larkhill General",
    state="planned",
    uid="5d1f6b1e-1c39-4f0f-9d52-3c1f6a7b2e10",
    sequence=0,
    version=1,
)
COMING = (
    (replace(MENTOR, id=16, name="Amara Okonjo"), "yes"),
    (replace(MENTOR, id=17, name="Devika Nair"), "maybe"),
    (replace(MENTOR, id=18, name="Jonah Whitfield"), ""),
    (MENTOR, "yes"),
)


RESEARCH_PLAN = ResearchPlan(
    ethics_reference="REC 26/WM/0417",
    evaluator="Dr Ilse Verhoeven, University of Westmarch",
    evaluator_key="",
    retention_until=date(2031, 8, 31),
)


def participant(person: Person, role: str, state: str = "invited") -> Participant:
    """This person's part in the example programme."""
    return Participant(PROGRAMME.id, person, role, state, version=1)
