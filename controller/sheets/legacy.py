"""This file makes Unicode of Vietnamese in the letters of TCVN3 (.VnTime) or VNI fonts; pure.

Such text is one of Windows-1252 letters. Sources: TCVN 5712:1993, third set (single bytes); the
VNI-Windows table (a vowel, then the letter that stands for its marks).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from enum import StrEnum
from functools import lru_cache
from typing import Final, NamedTuple


class Legacy(StrEnum):
    """An encoding of fonts from before Unicode."""

    TCVN3 = "tcvn3"
    VNI = "vni"


_TCVN3: Final = dict(
    zip(
        "¡¢£¤¥¦§¨©ª«¬\u00ad®µ\u00b6·\u00b8¹»¼½¾ÆÇÈÉÊËÌÎÏÐ"
        "ÑÒÓÔÕÖ\u00d7ØÜÝÞßáâãäåæçèéêëìíîïñòóôõö÷øùúûüýþ",
        "ĂÂÊÔƠƯĐăâêôơưđàảãáạằẳẵắặầẩẫấậèẻẽéẹềểễếệìỉĩíịòỏõóọồổỗốộờởỡớợùủũúụừửữứựỳỷỹýỵ",
        strict=True,
    )
)
_HAT, _BREVE = "\u0302", "\u0306"
_ACUTE, _GRAVE, _HOOK, _TILDE, _DOT = _TONES = "\u0301\u0300\u0309\u0303\u0323"
_VNI_TONES: Final = dict(zip("ùøûõï", _TONES, strict=True))
_VNI_HATS: Final = dict(zip("âáàåãä", (_HAT + tone for tone in ("", *_TONES)), strict=True))
_VNI_BREVES: Final = dict(zip("êéèúüë", (_BREVE + tone for tone in ("", *_TONES)), strict=True))
_VNI_MARKS: Final = {
    "a": _VNI_TONES | _VNI_HATS | _VNI_BREVES,
    "e": _VNI_TONES | _VNI_HATS,
    "o": _VNI_TONES | _VNI_HATS,
    **dict.fromkeys("uyôö", _VNI_TONES),
}
_VNI_ALONE: Final = dict(zip("ôöñíìæóòî", "ơưđíìỉĩịỵ", strict=True))
_VNI_PART: Final = re.compile(r"[aeouyôö][ùøûõïâáàåãäêéèúüë]?|.", re.IGNORECASE | re.DOTALL)

_RHYMES: Final = """
a ai ay ao au am an ang anh ac ach ap at ăm ăn ăng ăc ăp ăt âu ây âm ân âng âc âp ât
e eo em en eng ec ep et ê êu êm ên êng ênh êch êp êt i ia iu im in inh ich ip it
iêu iêm iên iêng iêc iêp iêt o oi om on ong oc op ot oong ooc oa oai oay oao oam oan oang oanh
oac oach oap oat oăm oăn oăng oăc oăt oe oeo oem oen oet ô ôi ôm ôn ông ôc ôp ôt
ơ ơi ơm ơn ơng ơp ơt u ua ui um un ung uc up ut uân uâng uât uây uê uên uênh uêch uêt
uôi uôm uôn uông uôc uôt uơ uơn uơt uy uya uyn uynh uych uyt uyp uyu uyên uyêt
ư ưa ưi ưu ưm ưn ưng ưc ưt ươi ươu ươm ươn ương ươc ươp ươt y yêu yêm yên yêng yêt
"""
_ONSETS: Final = "ngh|ng|nh|n|th|tr|t|ch|c|kh|k|ph|p|gh|gi|g|qu|q|b|d|đ|h|l|m|r|s|v|x|"
_SYLLABLE: Final = re.compile(rf"(?:{_ONSETS})(?:{'|'.join(_RHYMES.split())})")
_STOPS: Final = ("c", "ch", "p", "t")
_LONGEST: Final = 7  # letters of a syllable: nghiêng
_WORD: Final = re.compile("[A-Za-z\u00a1-\u00af\u00b5-\u00b9\u00bb-\u00ff]+")
_VOWELS: Final = frozenset("aeiouy")
_CAPITALS: Final = 2  # that make a word one in capitals


class Evidence(NamedTuple):
    """Words of a text that are Vietnamese in an encoding alone, as they stand alone, in neither."""

    legacy: frozenset[str]
    plain: frozenset[str]
    neither: frozenset[str]


@lru_cache(maxsize=4096)
def is_syllable(word: str) -> bool:
    """Whether Vietnamese allows this syllable: onset, rhyme, one tone, and which before a stop."""
    parted = unicodedata.normalize("NFD", word[: _LONGEST * 3].lower())
    tones = [char for char in parted if char in _TONES]
    bare = unicodedata.normalize("NFC", "".join(char for char in parted if char not in _TONES))
    if len(bare) > _LONGEST or len(tones) > 1 or not _SYLLABLE.fullmatch(bare):
        return False
    return not bare.endswith(_STOPS) or tones in ([_ACUTE], [_DOT])


def words_of(text: str, legacy: Legacy) -> Evidence:
    """What the words of a text with other than plain letters tell of the encoding."""
    words = {word for word in _WORD.findall(text) if not word.isascii()}
    plain = {word for word in words if is_syllable(word)}
    decoded = {word for word in words if _is_word(_decoded(word, legacy))}
    strict = {word for word in decoded - plain if re.search("[A-Za-z]", word)}
    return Evidence(
        frozenset(strict), frozenset(plain - decoded), frozenset(words - plain - decoded)
    )


def converted(text: str, legacy: Legacy) -> str:
    """The text in Unicode (NFC); its words are Vietnamese in the encoding."""
    return _WORD.sub(lambda match: _decoded(match[0], legacy) or match[0], text)


def _is_word(word: str | None) -> bool:
    """Whether this is a syllable, or a short form without vowels such as "QĐ"."""
    if word is None or is_syllable(word):
        return word is not None
    return _VOWELS.isdisjoint(unicodedata.normalize("NFD", word.lower()))


def _decoded(word: str, legacy: Legacy) -> str | None:
    """The word in Unicode; None where a letter has no meaning in the encoding."""
    return _DECODERS[legacy](word)


def _from_tcvn3(word: str) -> str | None:
    """TCVN3 has small letters alone for most; a font of capitals shows them large."""
    letters = [char if char.isascii() else _TCVN3.get(char) for char in word]
    if None in letters:
        return None
    text = "".join(filter(None, letters))
    plain = [char for char in word if char.isascii()]
    return text.upper() if len(plain) >= _CAPITALS and "".join(plain).isupper() else text


def _from_vni(word: str) -> str | None:
    parts = [_vni_letter(part) for part in _VNI_PART.findall(word)]
    if None in parts:
        return None
    return unicodedata.normalize("NFC", "".join(filter(None, parts)))


def _vni_letter(part: str) -> str | None:
    """A vowel with its marks, or a letter alone; as large as the vowel is."""
    base, mark = part[0], part[1:]
    small = base.lower()
    marks = _VNI_MARKS.get(small, {}).get(mark.lower(), "") if mark else ""
    letter = base if base.isascii() else _VNI_ALONE.get(small)
    if letter is None or (mark and not marks):
        return None
    return (letter.upper() if base.isupper() else letter) + marks


_DECODERS: Final[dict[Legacy, Callable[[str], str | None]]] = {
    Legacy.TCVN3: _from_tcvn3,
    Legacy.VNI: _from_vni,
}
