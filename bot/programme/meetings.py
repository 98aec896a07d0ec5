"""What can be said of a meeting: its topics come from a fixed list, content is never asked for. Pure rules."""

from datetime import date, timedelta

TOPICS = (
    "professional_development",
    "learning_opportunities",
    "exams",
    "career_planning",
    "performance",
    "work_life_balance",
    "relationships",
    "personal",
    "other",
)
"""What a meeting can have been about."""

WAYS = ("in_person", "video", "phone", "messages")
"""How two people can have met."""

SHORTEST = 5
LONGEST = 480
"""Minutes of a meeting."""

FURTHEST = timedelta(days=365)
"""How far back a meeting can be logged, and how far ahead one can be arranged."""


def is_too_long_ago(day: date, today: date) -> bool:
    """Whether a meeting of this day can no longer be logged."""
    return day < today - FURTHEST


def is_too_far_ahead(day: date, today: date) -> bool:
    """Whether a day is too far ahead to be kept in mind."""
    return day > today + FURTHEST
