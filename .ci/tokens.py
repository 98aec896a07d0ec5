"""What the tokens of this project's own services look like, for detect-secrets, which does not know them."""

import re

from detect_secrets.plugins.base import RegexBasedDetector


class PlatformTokenDetector(RegexBasedDetector):
    """Slack's app-level and refresh tokens, and client secrets of Microsoft Entra."""

    secret_type = "Platform Token"  # noqa: S105  # pragma: allowlist secret - a name
    denylist = (
        re.compile(r"xapp-\d-[A-Z0-9]+-\d+-[a-f0-9]{16,}"),
        re.compile(r"xoxe(?:\.xox[bp])?-\d-[A-Za-z0-9]{20,}"),
        re.compile(r"(?<![\w~.])[\w~.]{3}\dQ~[\w~.-]{31,34}(?![\w~.])"),
    )
