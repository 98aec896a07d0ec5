"""Files of a small programme, as a lead would write them."""

SETTINGS = """\
name = "Harbourside peer mentoring"
starts_on = 2026-09-01
ends_on = 2027-08-31

[contact]
name = "Dominic Hale"
email = "dominic.hale@harbourside.example"

[[support]]
nation = "ENG"
name = "NHS Practitioner Health"
reach = "0300 0303 300"
checked_on = 2026-08-03
"""

HEADER = "name,email,accounts,organisation,region,grade,role,time_zone,profile"
PEOPLE = f"""\
{HEADER}
Bethan Rees,bethan@harbourside.example,slack:T0HARBOUR/U0BETHAN,Larkhill General,WLS,ST6 paediatrics,mentor,,Swims.
Megan Pryce,megan@harbourside.example,,Fenmoor Infirmary,,ST1 paediatrics,mentee,Europe/Dublin,
Rhys Llewellyn,rhys@harbourside.example,slack:T0HARBOUR/U0RHYS,Larkhill General,,ST1 paediatrics,control,,
Dominic Hale,dominic.hale@harbourside.example,slack:T0HARBOUR/U0DOMINIC,School of Paediatrics,,Manager,lead,,
Brigid Murphy,brigid@harbourside.example,slack:T0HARBOUR/U0BRIGID,St Brannock's,,Consultant,senior support,,
Vikram Chaudhary,vikram@harbourside.example,,Harbour Road,,Consultant,senior support; facilitator,,
"""

PAIRS = """\
mentor_email,mentee_email
bethan@harbourside.example,megan@harbourside.example
"""


def with_line(sheet: str, line: str) -> str:
    """The sheet with one more line."""
    return f"{sheet}{line}\n"


PEOPLE_OF_SETS = f"""\
{PEOPLE}Omar El-Sayed,omar@harbourside.example,slack:T0HARBOUR/U0OMAR,,,ST6,mentor,,
Noor Rahman,noor@harbourside.example,slack:T0HARBOUR/U0NOOR,,,ST7,mentor,,
Tomasz Zielinski,tomasz@harbourside.example,,,,ST7,mentor,,
Devika Nair,devika@harbourside.example,slack:T0HARBOUR/U0DEVIKA,,,ST6,mentor,,
Hanna Lindqvist,hanna@harbourside.example,slack:T0HARBOUR/U0HANNA,,,Consultant,facilitator,,
"""

SETS = """
[[als]]
name = "Northern set"
facilitator = "vikram@harbourside.example"
members = [
    "bethan@harbourside.example",
    "omar@harbourside.example",
]

[[als.session]]
starts_at = 2026-10-07 14:00
place = "Seminar room 2"

[[als.session]]
starts_at = 2026-12-02 14:00
minutes = 90
place = "https://meet.harbourside.example/north"

[[als]]
name = "Southern set"
facilitator = "hanna@harbourside.example"
members = ["noor@harbourside.example", "tomasz@harbourside.example"]

[[als.session]]
starts_at = 2026-10-08 09:30
"""
