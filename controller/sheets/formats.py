"""This file shows a number as its format does, where that is another text than the number; pure.

Source: ECMA-376 part 1, 18.8.31 (number formats).
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Final, NamedTuple

_ASIDE: Final = re.compile(r"\[[^\]]*\]|_.|\*.")  # colours, languages, blanks of a width
_LITERAL: Final = r'((?:"[^"]*"|\\.|[-/ ():])*)'
_SHAPE: Final = re.compile(rf"^{_LITERAL}([#0,]*)(?:\.(0+))?{_LITERAL}$")
_CURRENCY: Final = re.compile(r"^(?:vnđ|vnd|đồng|đ|₫|d)?$")
_LONGEST: Final = 40  # digits, of which a spreadsheet keeps 15
_CODE_CHARS: Final = 100


class NumberFormat(NamedTuple):
    """Text before and after, the least digits of the whole part and those of the fraction."""

    before: str
    whole: int
    fraction: int
    after: str
    is_grouped: bool

    def text_of(self, value: str) -> str | None:
        """The number as the sheet shows it; None where the format changes nothing."""
        try:
            number = Decimal(value)
        except InvalidOperation:
            return None
        if not number.is_finite() or number.adjusted() > _LONGEST or number < 0:
            return None
        is_plain = not (self.before or self.after)
        if is_plain and self.whole < 2 and number == number.to_integral_value():  # noqa: PLR2004 - 0 is one digit
            return None  # 203 is 203, though shown as 203.00
        places = Decimal(1).scaleb(-self.fraction)
        whole, _, fraction = str(number.quantize(places, ROUND_HALF_UP)).partition(".")
        digits = f"{int(whole):,}" if self.is_grouped else whole.zfill(self.whole)
        point = f".{fraction}" if fraction else ""
        return f"{self.before}{digits}{point}{self.after}".strip()


def number_format(code: str) -> NumberFormat | None:
    """The format of a code such as "TS-"000 or 0.00; None where the number says as much.

    Groups of thousands and the names of our money are no other text.
    """
    positive = _ASIDE.sub("", code[:_CODE_CHARS]).partition(";")[0]
    shape = _SHAPE.match(positive)
    if shape is None or not shape[2]:
        return None
    before, digits, fraction, after = shape[1], shape[2], shape[3] or "", shape[4]
    form = NumberFormat(
        _words(before), digits.count("0"), len(fraction), _words(after), "," in digits
    )
    if not (_is_currency(form.before) and _is_currency(form.after)):
        return form
    is_money = bool(form.before or form.after) or form.is_grouped
    return form if not is_money and (form.whole > 1 or form.fraction) else None


def _words(literal: str) -> str:
    """A literal without the signs that quote it."""
    return re.sub(r'"([^"]*)"|\\(.)', lambda part: part[1] or part[2] or "", literal)


def _is_currency(words: str) -> bool:
    return _CURRENCY.match("".join(words.casefold().split()).strip("().-")) is not None
