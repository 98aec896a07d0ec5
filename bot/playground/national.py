"""A national programme four months after its start: thousands of invented people, most of them in touch, for a look at
what leads see at this size. Made by the same rules each time; names are put together at random."""

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from itertools import product
from random import Random

from bot import handlers
from bot.playground import example
from bot.playground.example import INTERESTS, OTHERS, SERVICES, ExamplePerson, account_of, address_of
from bot.playground.luck import TOPICS
from bot.reading import about
from storage.unit_of_work import Database, UnitOfWork

PAIRS = 2_000
SEED = 2_000
STARTS_ON = date(2026, 9, 1)
ENDS_ON = date(2027, 8, 31)
INTRODUCED = datetime(2026, 9, 14, 9, 0, tzinfo=UTC)
STARTS = datetime(2027, 1, 6, 6, 0, tzinfo=UTC)
"""When the clock starts: after the check-in that opened on the fourth, which is left out."""
FIRST_QUESTIONS = date(2027, 2, 1)
"""Late, so that there are some quiet weeks in which to look around."""
REGIONS = ("ENG", "ENG", "ENG", "ENG", "ENG", "ENG", "ENG", "SCT", "WLS", "NIR")

FIRST_NAMES = """
Abigail Adaeze Aditya Agnes Ahmed Aidan Aisha Alasdair Alejandra Amina Ananya Andile Angus Anneliese Anwen Arjun
Arthur Astrid Ayodele Beatriz Benedict Bilal Blessing Bronwen Camille Carys Catriona Cem Chiara Chidinma Christos
Ciara Clara Cormac Dafydd Daisuke Damilola Danuta Deepa Delroy Diana Dylan Edith Eilidh Ekene Elif Emeka Emre Enrique
Eszter Eun-ji Fergus Fiona Florence Folasade Francesca Gabriel Georgios Gethin Grainne Hamish Harpreet Hassan Heledd
Henrik Ibrahim Idris Ikram Imogen Ines Ingrid Iona Isla Jasmin Javier Jelena Joaquim Jomo Kamala Katarzyna Keir
Khadija Kiran Klara Lakshmi Lars Leticia Liam Lorcan Luca Mairi Malika Manon Marguerite Mariam Mehmet Mina Mohamed
Morag Murali Nadine Naoko Nerys Ngozi Nikhil Nkechi Oisin Olena Orla Osman Padraig Paloma Parisa Petra Rafael Rania
Rhiannon Roisin Ruth Sanjay Saoirse Seren Shreya Siobhan Stellan Sunita Tamar Tariq Thandiwe Tiago Uma Vanessa Wanjiru
Wei Xanthe Yasmin Zofia Zuri
"""
LAST_NAMES = """
Abara Abbott Adair Adebayo Ahluwalia Akhtar Albrecht Ambrose Anand Andersen Appiah Armitage Asghar Baptiste Barlow
Begum Bellweather Benali Bhattacharya Birtwistle Blackwood Bondarenko Boyle Braithwaite Buchanan Byrne Cadwallader
Calloway Cardoso Carmichael Chaudhry Chikere Clifford Colquhoun Costa Cunningham Dalgleish Danjuma Davenport Desai
Devereux Dimitriou Dlamini Donnelly Dunmore Eastwood Ekwueme Elliott Eriksen Fairbairn Falola Farrukh Fenwick Ferreira
Finlayson Fitzgerald Galbraith Gathercole Ghosh Gomez Grimshaw Gunawardena Haldane Hartnell Hashimi Hathersage Hughes
Ibekwe Inglis Iqbal Jankowski Jayawardena Johansson Jolliffe Kamara Kapoor Kavanagh Keogh Kipkemboi Kowalczyk Lamont
Larkin Lewandowska Livingstone Lockhart Mabuza Macrae Madueke Maguire Malhotra Mbeki McAllister Mehta Menzies Milburn
Morwenna Mukherjee Naidoo Nakamura Ndlovu Nwosu O'Hanlon Odunsi Olawale Onyango Ormerod Osborne Padmanabhan Papadakis
Parvin Pemberton Pereira Petrides Pickering Prendergast Quaye Rahimi Ramsbottom Redfern Rosewarne Rustomji Salisbury
Sandhu Santangelo Seneviratne Shackleton Sikorski Silvestri Somerville Sorensen Stavros Strachan Sutherland Takahashi
Tennant Thackeray Thomasson Trevelyan Tshabalala Ueda Urquhart Vashisht Venter Wainwright Waweru Whitlock Wojcik
Yamamoto Yeboah Zachariah Zielinska
"""
TOWNS = """
Aldermoor Brackenfield Calderholm Dunraith Eastmere Fallowdale Glenarrin Hexwater Inverloch Kestrelby Llanfarian
Marlowick Northcleave Oakhaven Penhallow Rookhope Silverdale Thornwick Ullsmere Westerleigh
"""
KINDS = ("Infirmary", "Children's Hospital", "General")
HOSPITALS = tuple(f"{town} {kind}" for town, kind in product(TOWNS.split(), KINDS))


def people(pairs: int = PAIRS) -> list[ExamplePerson]:
    """So many mentors, their mentees in the same order, and those with duties. A third of the pairs is on Slack, a
    third across the platforms, and a third on Teams."""
    random = Random(SEED)
    names = random.sample(list(product(FIRST_NAMES.split(), LAST_NAMES.split())), 2 * pairs)
    everybody = []
    for number, (first, last) in enumerate(names):
        is_mentor, pair = number < pairs, number % pairs
        on_slack = pair % 3 == 0 or (pair % 3 == 1 and is_mentor)
        name = f"{first} {last}"
        everybody.append(
            ExamplePerson(
                account=account_of(number, on_slack=on_slack),
                name=name,
                email=address_of(name),
                part="mentor" if is_mentor else "mentee",
                organisation=random.choice(HOSPITALS),
                grade=f"ST{random.randint(4, 8)} paediatrics" if is_mentor else "ST1 paediatrics",
                profile=random.choice(INTERESTS),
                region=random.choice(REGIONS),
            )
        )
    for name, platform, part, organisation, grade in OTHERS:
        account = account_of(len(everybody), on_slack=platform == "slack")
        everybody.append(ExamplePerson(account, name, address_of(name), part, organisation, grade, INTERESTS[0], "ENG"))
    return everybody


async def load(database: Database, everybody: list[ExamplePerson]) -> int:
    """Enter the programme as it stands at ``STARTS``; its id. Everybody has joined and been introduced; how often each
    pair has met, and when, is a matter of luck."""
    programme_id = await database.run(lambda uow: _enter(uow, everybody), INTRODUCED)
    await database.run(lambda uow: _let_them_have_met(uow, programme_id), STARTS)
    return programme_id


def _enter(uow: UnitOfWork, everybody: list[ExamplePerson]) -> int:
    programme_id = uow.programmes.add(
        name="National peer mentoring",
        starts_on=STARTS_ON,
        ends_on=ENDS_ON,
        time_zone="Europe/London",
        region="ENG",
        contact_name="Dominic Hale",
        contact_email="dominic.hale@westmarch.example",
        is_demo=True,
    )
    uow.programmes.change(programme_id, baseline_on=FIRST_QUESTIONS)
    ids = example.enter(uow, programme_id, everybody)
    for person_id in (*ids["mentor"], *ids["mentee"]):
        uow.people.set_state(person_id, "joined")
    uow.pairs.add_all(programme_id, zip(ids["mentor"], ids["mentee"], strict=True))
    for pair_id in uow.pairs.ids(programme_id).values():
        uow.pairs.introduce(pair_id)
    for service in SERVICES:
        uow.programmes.add_service(programme_id, service)
    return programme_id


def _let_them_have_met(uow: UnitOfWork, programme_id: int) -> None:
    """Meetings of the past months, and what is due from now on."""
    random = Random(SEED)
    programme = uow.programmes.get(programme_id)
    handlers.begin(programme, uow)
    looked_for: defaultdict[int, list[str]] = defaultdict(list)
    for (mentor_id, mentee_id), pair_id in uow.pairs.ids(programme_id).items():
        often = random.choices((0, 25, 45), (12, 45, 43))[0]
        day = INTRODUCED.date() + timedelta(days=random.randint(5, 45))
        while often and day < STARTS.date():
            uow.meetings.log(
                pair_id,
                day,
                by=random.choice((mentor_id, mentee_id)),
                minutes=random.choice((30, 45, 60)),
                how=random.choice(("in_person", "video", "phone")),
                topics=random.sample(TOPICS, random.randint(1, 3)),
            )
            day += timedelta(days=often + random.randint(0, 25))
        looked_for[random.randint(0, 41)] += [about(pair_id, person_id) for person_id in (mentor_id, mentee_id)]
    for days, subjects in looked_for.items():
        uow.due.add_all("find_a_date", subjects, uow.now + timedelta(days=days, hours=4))
