"""Which names in a comment are pointed out, and which words are left alone."""

import string
import unicodedata
from random import Random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.surveys.names import COMMON, NEVER_ALONE, named_in

MEMBERS = [
    "Amara Okonjo", "Grace Mensah", "Will Young", "Zoë King", "Sinéad O'Neill", "Mei-Ling Chow", "Noor Al-Jabri",
    "Mo Li", "Dr Tomasz Wilk", "Rosalind van der Berg", "Said Haddad", "Łukasz Sørensen", "Max",
]  # fmt: skip
HOSPITALS = [
    "Larkhill General", "St Brannock's Hospital", "Harbour Road Hospital", "Royal Ashdown Hospital",
    "Regional School of Paediatrics", "Guy's and St Thomas' NHS Foundation Trust", "Two Rivers Hospital NHS Trust",
    "Medical Education Centre",
]  # fmt: skip
NAMES = MEMBERS + HOSPITALS


@pytest.mark.parametrize(
    ("text", "told"),
    [
        # of members
        ("Amara Okonjo listens.", ["Amara Okonjo"]),
        ("amara okonjo listens", ["amara okonjo"]),
        ("I met AMARA twice", ["AMARA"]),
        ("amara is patient, and Amara listens", ["amara"]),
        ("Okonjo, A. was there; so was Wilk.", ["Okonjo", "Wilk"]),
        ("Amara's advice; amara\u2019s time; Amara'll help", ["Amara's"]),
        ("it was good,amara.okonjo@h.example helped", ["amara.okonjo"]),
        ("_Amara_ (Okonjo) “Tomasz”", ["Amara", "Okonjo", "Tomasz"]),
        ("mo li and Mo and Li", ["mo li"]),
        ("the van der Berg approach, and the Berg one", ["Berg"]),
        ("max 20 minutes", ["max"]),
        # accents, apostrophes, hyphens
        ("Zoe, ZOË, zoë", ["Zoe"]),
        ("Zoe\u0308 came", ["Zoë"]),
        ("ONeill, O\u2019Neill, o`neill, o neill", ["ONeill"]),
        ("sinead was there", ["sinead"]),
        ("mei-ling and Mei\u2011Ling Chow", ["mei-ling", "Mei\u2011Ling Chow"]),
        ("Jabri came", ["Jabri"]),
        ("Lukasz Sorensen", ["Lukasz Sorensen"]),
        ("A\u00admara", ["Amara"]),
        # names that are English words
        ("I saw Grace and Will", ["Grace", "Will"]),
        ("Grace was shown. Will you come? Young doctors like it.\nKing of it\n- Said so", []),
        ("by the grace of the king I will, he said", []),
        ("Thanks to Dr. Grace and e.g. Will", ["Grace", "Will"]),
        ("Grace Mensah is kind", ["Grace Mensah"]),
        ("I think grace mensah is kind", ["grace mensah"]),
        # of organisations
        ("the rota at larkhill general, the Larkhill way", ["larkhill general", "Larkhill"]),
        ("St Brannock's, St. Brannocks, brannock", ["St Brannock's", "St. Brannocks", "brannock"]),
        ("Harbour Road is far; harbour road hospital too", ["Harbour Road", "harbour road hospital"]),
        ("a road by the harbour, two rivers and the Road there", []),
        ("Ashdown and the Royal Ashdown", ["Ashdown", "Royal Ashdown"]),
        ("the general hospital, the Royal Infirmary, our Trust, the NHS, Children and Paediatrics in general", []),
        ("medical education matters; the Medical Education Centre", ["Medical Education Centre"]),
        ("the regional school of paediatrics", ["regional school of paediatrics"]),
        ("at Thomas'", ["Thomas"]),
        # neither
        ("amaranth okonjos maximum tomaszek", []),
        ("", []),
        ("...", []),
    ],
)
def test_names_are_pointed_out_as_they_are_written(text: str, told: list[str]) -> None:
    assert named_in(text, NAMES) == told


def test_names_of_nothing_name_nobody() -> None:
    assert (
        named_in("Amara and Grace, ( [ .* \\", ["", " ", "-", "'", ".*", "(", "[", "\\", "Dr", "General Hospital"])
        == []
    )


def test_what_is_pointed_out_does_not_tell_the_rest_of_a_name() -> None:
    assert named_in("I like Amara", ["Amara Okonjo"]) == ["Amara"]


WORD = st.text(string.ascii_lowercase, min_size=3, max_size=8).filter(lambda word: word not in COMMON | NEVER_ALONE)
NAME = st.lists(WORD, min_size=1, max_size=3).map(lambda words: " ".join(words).title())
PROSE = st.lists(WORD | st.sampled_from(sorted(COMMON)) | st.sampled_from([".", "(", '"', "\n", "-"]), max_size=8).map(
    " ".join
)


def spelt(draw: st.DrawFn, name: str) -> str:
    """The name as somebody may write it."""
    changed = draw(st.sampled_from([str.lower, str.upper, str.title, str.swapcase]))(name)
    accent = draw(st.sampled_from(["", "\u0301", "\u0308"]))
    return unicodedata.normalize(draw(st.sampled_from(["NFC", "NFD"])), changed[0] + accent + changed[1:])


def plain(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", text.lower()) if not unicodedata.combining(c))


SPELT = st.composite(spelt)


@given(st.data(), NAME, st.lists(NAME, max_size=5), PROSE, PROSE)
def test_a_name_is_found_wherever_and_however_it_is_written(
    data: st.DataObject, name: str, others: list[str], before: str, after: str
) -> None:
    written = data.draw(SPELT(name))
    told = named_in(f"{before} {written} {after}", [*others, name])
    assert name.lower() in plain(" ".join(told))


@given(st.data(), NAME, PROSE)
def test_one_word_of_a_name_is_enough(data: st.DataObject, name: str, before: str) -> None:
    word = data.draw(st.sampled_from(name.split()))
    assert word.lower() in " ".join(named_in(f"{before} {word}", [name])).lower()


@given(NAME.filter(lambda name: " " not in name), WORD)
def test_a_name_within_another_word_is_none(name: str, other: str) -> None:
    for text in (name + other, other + name.lower(), f"{name}_{other}".replace("_", "9")):
        assume(text.lower() != name.lower())
        assert named_in(text, [name]) == []


@given(st.text(max_size=200), st.lists(st.text(max_size=30) | st.sampled_from(NAMES), max_size=8))
def test_nothing_breaks_it_and_all_that_it_tells_is_in_the_text(text: str, names: list[str]) -> None:
    told = named_in(text, names)
    shown = unicodedata.normalize(
        "NFC", text.translate(dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufeff")))
    )
    assert all(piece in shown for piece in told)
    assert len(set(told)) == len(told)


@given(PROSE, st.lists(NAME, max_size=6), st.randoms(use_true_random=False))
def test_neither_the_order_of_the_names_nor_one_twice_matters(text: str, names: list[str], random: Random) -> None:
    text = f"{text} {' '.join(names[:2])}"
    shuffled = names + names[:1]
    random.shuffle(shuffled)
    assert named_in(text, shuffled) == named_in(text, names)


@given(PROSE, st.lists(NAME, max_size=4), NAME)
def test_words_that_no_name_has_are_never_told(text: str, names: list[str], other: str) -> None:
    words = {word.lower() for name in names for word in name.split()}
    assume(not words & set(other.lower().split()))
    assert not set(other.lower().split()) & {
        word.lower() for told in named_in(f"{text} {other}", names) for word in told.split()
    }
