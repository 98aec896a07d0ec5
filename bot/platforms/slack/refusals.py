"""What Slack's codes mean for who runs the bot: why a token is not accepted, and what to do about it."""

from bot.platforms.health import Refusal

_INSTALL = 'install the app again under "Install App", and give its new Bot User OAuth Token as SLACK_BOT_TOKEN'
_REFUSALS = {
    "account_inactive": Refusal("the app was removed from the workspace", _INSTALL),
    "invalid_auth": Refusal(
        "the token is not one of Slack's", 'give the Bot User OAuth Token under "Install App" as SLACK_BOT_TOKEN'
    ),
    "not_allowed_token_type": Refusal(
        "the token is of another kind", "give the token that begins with xoxb- as SLACK_BOT_TOKEN"
    ),
    "not_authed": Refusal("no token was given", "give SLACK_BOT_TOKEN"),
    "org_login_required": Refusal(
        "the workspace is moving to an organisation", "wait until an administrator of Slack says that it has moved"
    ),
    "team_access_not_granted": Refusal(
        "the organisation does not let the app into this workspace", "ask an administrator of Slack to approve it"
    ),
    "token_expired": Refusal("the token has expired", _INSTALL),
    "token_revoked": Refusal("the token was revoked", _INSTALL),
}


def refusal(code: str) -> Refusal:
    """What a code means for whose token it is."""
    return _REFUSALS.get(code) or Refusal(f"Slack says {code[:40]}", _INSTALL)
