"""What Microsoft's sign-in codes mean for who runs the bot: why the app gets no token, and what to do about it."""

import re

from bot.platforms.health import Refusal

_CODE = re.compile(r"AADSTS([0-9]{4,9})")

_MAKE_ANOTHER = (
    'make a new one in Azure under "Certificates & secrets" of the app, give its Value as TEAMS_APP_PASSWORD, and put '
    "the day on which it expires into your calendar"
)
_REFUSALS = {
    "7000215": Refusal(
        "the secret is not one of the app's",
        "give the Value of the secret as TEAMS_APP_PASSWORD, not its Secret ID; Azure shows it only once, so you may "
        "have to make a new one",
    ),
    "7000222": Refusal("the secret has expired", _MAKE_ANOTHER),
    "700016": Refusal(
        "the app is not in this tenant",
        "compare TEAMS_APP_ID and TEAMS_TENANT_ID with the bot's Configuration in Azure",
    ),
    "90002": Refusal("there is no such tenant", "compare TEAMS_TENANT_ID with the bot's Configuration in Azure"),
    "900023": Refusal(
        "the tenant is not named as Microsoft names them", "give the App Tenant ID from Azure as TEAMS_TENANT_ID"
    ),
    "7000112": Refusal("the app is disabled", "ask an administrator of the tenant to enable it"),
    "53003": Refusal(
        "a rule of the tenant's (Conditional Access) keeps the app out",
        "ask an administrator of the tenant to let the app sign in from this machine",
    ),
}
_UNKNOWN = Refusal(
    "Microsoft does not accept the app and its secret",
    "compare TEAMS_APP_ID, TEAMS_APP_PASSWORD and TEAMS_TENANT_ID with the bot's Configuration in Azure",
)


def code_in(said: str) -> str:
    """The number of the first AADSTS code in an answer of Microsoft's; empty where there is none."""
    found = _CODE.search(said)
    return found[1] if found else ""


def refusal(code: str) -> Refusal:
    """What the number of an AADSTS code means."""
    known = _REFUSALS.get(code)
    if known or not code:
        return known or _UNKNOWN
    return Refusal(f"{_UNKNOWN.reason} (AADSTS{code})", _UNKNOWN.to_do)
