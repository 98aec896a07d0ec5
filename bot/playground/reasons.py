"""Why the bot wrote: the rule behind each message, read from the key that the message has in the outbox."""

from fnmatch import fnmatchcase

REASONS = (
    ("welcome:*", "The programme starts: everybody who is invited is asked whether they take part"),
    ("welcome_reminder:*", "Reminder: no answer to the invitation yet"),
    ("consent:*", "Somebody has joined: two things that they can choose, before the first questionnaire opens"),
    ("introduction:*", "Both of the pair have said yes: they are introduced"),
    ("pair_ended:*", "A lead has ended the pair"),
    ("date:*", "Nudge: the pair has no date, and has logged no meeting lately"),
    ("times:*:first", "One of the pair has proposed times"),
    ("times:*", "Reminder: proposed times wait for an answer"),
    ("arranged:*", "The two have a time for their meeting, or it has changed: calendar and details"),
    ("met:*", "The day after an arranged meeting: did it take place?"),
    ("meeting:*", "The other of the pair has logged a meeting"),
    ("als:*:invitation", "A session of the Action Learning Set is near: who comes?"),
    ("als:*:reminder", "Reminder: no answer about the session of the set yet"),
    ("als:*:changed:*", "The session of the set has changed: who comes now?"),
    ("als_changed:*", "The session of the set has changed"),
    ("als_people:*", "Somebody has joined the set, left it or leads it now"),
    ("als_who_comes:*", "For the facilitator: who comes to the next session"),
    ("als_register:*", "After the session: the facilitator is asked who was there"),
    ("als_missed:*", "Somebody has missed two sessions in a row: what would help?"),
    ("wave:*:invite", "A check-in or questionnaire has opened"),
    ("wave:*", "Reminder: a check-in or questionnaire closes soon, and an answer is missing"),
    ("release:*:comments:*", "A check-in or questionnaire has closed: comments whose authors let them be shown"),
    ("release:*", "A check-in or questionnaire has closed: its result is released, once"),
    ("digest:*", "The first working morning of a month: facts about all pairs, for the leads"),
    ("lead_change:*", "A lead has changed something: the other leads see it"),
    ("report:*", "A lead has asked for the end report: it is ready"),
    ("claim:*", "Somebody unknown has the e-mail address of a person on the list: is it them?"),
    ("linked:*", "A lead has confirmed an account"),
    ("unreachable:*", "Nothing arrives at somebody any more: the leads are told"),
    ("support:*", "Somebody has asked this senior colleague for a talk"),
    ("answer:*", "Answer to something that this person did"),
)
"""Patterns of keys and what the bot does then; the first that fits counts."""
UNKNOWN = "No reason is known for this key"


def why(key: str) -> str:
    """The rule behind a message, in one plain line; empty for a message without a key."""
    if not key:
        return ""
    return next((words for pattern, words in REASONS if fnmatchcase(key, pattern)), UNKNOWN)
