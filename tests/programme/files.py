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
