"""Which names of members and organisations a comment contains, so that a form can point them out before it is sent.

It points out rather too much than too little, and it only points out: the author decides. It knows names as they are
written, whole or by one of their words; it knows no nicknames, initials, misspellings or descriptions of a person.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple

SHORTEST = 3
"""Letters of a word that stands for a whole name by itself."""


def _listed(words: str) -> frozenset[str]:
    return frozenset(words.split())


ORGANISATIONS = _listed(
    """
    academy association board centre center clinic clinics college deanery department foundation general health
    healthcare hospice hospital hospitals infirmary institute institution medicine network nhs paediatric paediatrics
    practice royal school service services surgery trust unit university
    """
)
"""Words by which a name is known for that of an organisation. None of them says which."""

NEVER_ALONE = ORGANISATIONS | _listed(
    """
    and for from the with
    dame doctor lady lord miss mrs prof professor rev reverend sir
    bin bint das del della den der des dos ibn las los san santa ter van ver von zur
    """
)
"""Words that point at nobody by themselves: kinds of organisation, titles, and small words within names."""

TITLES = _listed("dr doctor mr mrs ms miss mx prof professor sir dame lord lady rev reverend")
"""Words before a name that are no part of it."""
ABBREVIATIONS = TITLES | _listed("st sr jr eg ie etc vs approx no")
"""Words after which a full stop ends no sentence."""

COMMON = _listed(
    """
    amber an angel april art ash ask august autumn bacon bailey baker ball bank banks barber bay bean bell bent berry
    best bill birch bird bishop black blessing bliss bloom blue bond book booth bow box boy branch brand brave bridge
    bridges bright brook brooks brown bud buddy bush butler camp can candy care carter case cash castle central
    chamber chambers chance chapman charity charm chase cherry child children choice christian christmas church city
    clay clear clinical close coach cole comfort community con constant cook cooper coral corn cotton county cox crane
    cross crystal daisy dale dash dawn day days deacon dean dear destiny dick don door drew drum duke dusty earl early
    earnest east easter eastern eden education elder else england english eve even ever fair faith fan farmer favour
    fern few field fields finch fine fish fisher flood flower flowers foot forbes force ford forest fortune foster fox
    frank free freeman french friday frost gay gene gentle gift ginger given glass glen glory gold golden good
    goodness gore grace grand grange grant grave graves gray great green grey grove guy guys hail hall hand hands
    happy harbour hard hardy harmony harry haven hazel head heart heath heather hill hills ho holiday holly honesty
    honey honor honour hook hope hopes horn house hunt hunter innocent international ireland iris irish isle ivy jack
    jade jasmine jay jewel job jolly josh joy judge july june just justice keen ken key keys kind king kings knight
    lad lake lamb lane large lark last law lee less light lily lin link lion little lock lodge london long love lovely
    low luck lucky ma maiden major man many march mark market marks marsh marshal mason master masters matt may meadow
    meadows medical melody memorial mental mercy merit merry mild miles mill miller mills ming miracle misty monday
    moon moor moral more morning moss most mount much must my national new newman nice nick night noble noon nor north
    northern nurse odd olive opal page pain pan park parker parks parsons pass past pat patience pay peace pearl penny
    per pike piper pitt place plain plum pool pope porter post potter pound power powers praise precious price prime
    primrose prince prior promise prosper proud prudence queen queens quick quill rain rainbow rand ray read reader
    real red reed region regional rest rice rich ridge ring rise river rivers road rob robin rock rod root rose roses
    row rowan ruby rush sad safe sage said sailor saint sand sands sandy savage say see self senior sense sergeant
    shade sharp shepherd shine shore short silver sim simple sing singer skinner skip small smart so song south
    southern spark sparks speed spring star stark steel step sterling steward still stock stone storm strange street
    strong success sue summer summers sun sunday sunny sure swallow swift tall tan tanner teaching temple ten thorn
    three thursday tin tong tower town training travers treasure trip true tuesday turner twin two unity usher vale
    valley verity vicar victor victory violet virtue wade wait wales walk walker wall walls wan wang ward warden ware
    warm warner wash water waters watt way weeks well wells west western wheeler white will willing willow wills win
    wing winner winter winters wisdom wise wish wolf women won wood woods worth wright yard yew young zen
    """
)
"""English words that are names, too. Alone they are taken for a name only with a capital letter within a sentence."""

APOSTROPHES = "'\u2019\u2018\u02bc\u02bb\u2032\u00b4`\uff07"
HYPHENS = frozenset("-\u2010\u2011")
_WORD = re.compile(rf"[^\W_]+(?:[{APOSTROPHES}\u0300-\u036f][^\W_]+)*")
_ENDING = re.compile(rf"[{APOSTROPHES}](?:s|d|ll|re|ve)$", re.IGNORECASE)
_ENDS_A_SENTENCE = re.compile(r"[.!?\u2026\n\r]")
_WITHIN_A_NAME = re.compile(r"[\s.\-\u2010\u2011]+")
_INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufeff"))
_PLAIN = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "\u0131": "i", "ħ": "h"}
    | dict.fromkeys(APOSTROPHES, "")
)

Forms = tuple[str, ...]
"""A word as it is compared; with an ending such as ``'s``, also without."""


class _Token(NamedTuple):
    """A word of the text. ``within``: it stands within a sentence, not at the start of one. ``joined``: between it and
    the word before there is nothing but what may stand within a name."""

    start: int
    end: int
    forms: Forms
    capital: bool
    within: bool
    joined: bool


def named_in(text: str, names: Iterable[str]) -> list[str]:
    """The names in a text, as its author wrote them, in their order, each once.

    They are told in the author's words, not by the whole name of the member, which the author may not know. ``names``:
    of members and organisations, whole. A name is pointed out whole, by its first name or surname, or by what is
    distinctive in that of an organisation; never within another word; without regard to case, accents and apostrophes.
    """
    text = _composed(text)
    tokens = list(_tokens(text))
    places: dict[str, list[int]] = defaultdict(list)
    for number, token in enumerate(tokens):
        for form in token.forms:
            places[form].append(number)
    there = places.keys()
    mentioned = [words for words in map(_words, names) if any(not there.isdisjoint(forms) for forms in words)]
    alone, careful = _single_words(mentioned)
    spans = {
        (number, number + 1)
        for number, token in enumerate(tokens)
        if _in(alone, token.forms) or (token.capital and token.within and _in(careful, token.forms))
    }
    for words in mentioned:
        spans.update(_whole(words, tokens, places))
        if _of_organisation(words):
            spans.update(_shortened(words, tokens, places))
    return _told(text, tokens, spans)


def _composed(text: str) -> str:
    return text if text.isascii() else unicodedata.normalize("NFC", text.translate(_INVISIBLE))


def _tokens(text: str) -> Iterator[_Token]:
    end, before = 0, ""
    for found in _WORD.finditer(text):
        word, gap = found.group(), text[end : found.start()]
        stop = _ENDS_A_SENTENCE.search(gap)
        abbreviated = gap.startswith(".") and (before in ABBREVIATIONS or len(before) == 1)
        within = bool(before) and (stop is None or (abbreviated and _ENDS_A_SENTENCE.search(gap, 1) is None))
        forms = _forms(word)
        yield _Token(
            found.start(), found.end(), forms, word[0].isupper(), within, _WITHIN_A_NAME.fullmatch(gap) is not None
        )
        end, before = found.end(), forms[0]


def _words(name: str) -> list[Forms]:
    """The words of a name, without a title before it."""
    words = [_forms(word) for word in _WORD.findall(_composed(name))]
    while len(words) > 1 and words[0][0] in TITLES:
        del words[0]
    return words


def _forms(word: str) -> Forms:
    if word.isalpha() and word.isascii():
        return (word.lower(),)
    stem = _ENDING.sub("", word)
    return (_folded(word),) if stem == word else (_folded(word), _folded(stem))


def _folded(word: str) -> str:
    lower = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", word).casefold())
    return "".join(letter for letter in lower if not unicodedata.combining(letter)).translate(_PLAIN)


def _in(known: AbstractSet[str], forms: Forms) -> bool:
    return not known.isdisjoint(forms)


def _of_organisation(words: Sequence[Forms]) -> bool:
    return any(_in(ORGANISATIONS, forms) for forms in words)


def _single_words(names: Iterable[Sequence[Forms]]) -> tuple[set[str], set[str]]:
    """The words that stand for a name by themselves: anyhow, and only where they are written like a name."""
    of_people: set[Forms] = set()
    of_organisations: set[Forms] = set()
    for words in names:
        (of_organisations if _of_organisation(words) else of_people).update(words)
    alone: set[str] = set()
    careful: set[str] = set()
    for forms in of_people | of_organisations:
        if len(forms[-1]) < SHORTEST or _in(NEVER_ALONE, forms):
            continue
        if not _in(COMMON, forms):
            alone.update(forms)
        elif forms in of_people:
            careful.update(forms)
    return alone, careful


def _whole(
    words: Sequence[Forms], tokens: Sequence[_Token], places: Mapping[str, list[int]]
) -> Iterator[tuple[int, int]]:
    """Where all these words stand, one after the other."""
    if not words[1:] or not all(_in(places.keys(), forms) for forms in words):
        return
    for start in sorted({number for form in words[0] for number in places.get(form, ())}):
        run = tokens[start : start + len(words)]
        if len(run) == len(words) and all(token.joined for token in run[1:]) and all(map(_alike, run, words)):
            yield start, start + len(words)


def _alike(token: _Token, forms: Forms) -> bool:
    return any(form in forms for form in token.forms)


def _shortened(
    words: list[Forms], tokens: Sequence[_Token], places: Mapping[str, list[int]]
) -> Iterator[tuple[int, int]]:
    """Where an organisation is named without the words that many have at the end, or at both ends. Where all that is
    left are words of English, they count with capital letters only."""
    first, last = 0, len(words)
    while last and _in(NEVER_ALONE, words[last - 1]):
        last -= 1
    while first < last and _in(NEVER_ALONE, words[first]):
        first += 1
    for start in {0, first}:
        plain = all(_in(COMMON | NEVER_ALONE, forms) for forms in words[start:last])
        for begin, end in _whole(words[start:last], tokens, places):
            if not plain or all(token.capital for token in tokens[begin:end]):
                yield begin, end


def _told(text: str, tokens: Sequence[_Token], spans: set[tuple[int, int]]) -> list[str]:
    """What the author wrote there, without what is part of something longer."""
    pieces: list[tuple[int, int]] = []
    for begin, end in sorted(spans, key=lambda span: (span[0], -span[1])):
        reached = pieces[-1][1] if pieces else 0
        if pieces and begin == reached and text[tokens[begin - 1].end : tokens[begin].start] in HYPHENS:
            pieces[-1] = (pieces[-1][0], end)
        elif end > reached:
            pieces.append((begin, end))
    told: dict[tuple[str, ...], str] = {}
    for begin, end in pieces:
        key = tuple(token.forms[-1] for token in tokens[begin:end])
        told.setdefault(key, text[tokens[begin].start : tokens[end - 1].end])
    return list(told.values())
