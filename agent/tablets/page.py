"""This file writes the tablet's page: one plain form, with numbers and no names. Pure.

It works without scripts, and with browsers of 2014 (ES5, no flexible boxes, no variables).
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from html import escape
from typing import Final

from agent.tablets.checkins import GOOD, CheckInAnswer, CheckInOutcome
from agent.tablets.lesson import ANY_CLASS, CheckInPhase, TabletLesson
from agent.tablets.presence import BEAT_S
from protocol.formats import phrase
from protocol.words import N_, Translate

_STYLE: Final = """body{font:24px/1.3 sans-serif;margin:0;padding:12px;color:#111;background:#fff;\
text-align:center}
h1{font-size:28px;margin:4px}h2{font-size:24px;margin:14px 0 0}p{margin:8px}
button,input,a{font:bold 28px sans-serif;min-height:72px;margin:4px;border:2px solid #444;\
border-radius:8px;background:#fff;color:#111;vertical-align:top}
button{width:104px}input{width:200px;text-align:center}
.t{background:#cde8cf;border-color:#14532d;font-weight:normal}.t:after{content:" \\2713"}
.g,.b{font-size:28px;font-weight:bold;padding:10px;border:3px solid}
.g{color:#14532d;background:#e6f4e7}.b{color:#8a1010;background:#fdeaea}
button:focus,input:focus,a:focus{outline:4px solid #0b57d0}
.h{display:none}iframe{border:0;width:100%;height:120px}
@media(max-width:480px){button{width:76px;min-height:60px}}"""

# Asks how things are, and marks who is in; a new lesson, or its end, loads the page anew.
_SCRIPT: Final = """(function(){var d=document,f=d.getElementById("f"),
v=f.getAttribute("data-v"),e="";
function ask(){var x=new XMLHttpRequest(),i,b,a;x.open("POST","/beat",true);
x.setRequestHeader("Content-Type","application/x-www-form-urlencoded");
x.onreadystatechange=function(){if(x.readyState!==4||x.status!==200){return}
a=x.responseText.split(" ");if(a[0]!==v){location.replace("/");return}
b=d.getElementsByTagName("button");
for(i=0;i<b.length;i++){if(b[i].value){b[i].className=a.indexOf(b[i].value)>0?"t":""}}};
x.send("e="+encodeURIComponent(e))}
if(navigator.getBattery){navigator.getBattery().then(function(m){function r(){
e=Math.round(m.level*100)+(m.charging?"+":"")}
r();m.onlevelchange=m.onchargingchange=r})}
ask();setInterval(ask,BEAT_MS)})()""".replace("BEAT_MS", f"{BEAT_S * 1000:.0f}")


def digest(text: str) -> str:
    """A text as a page's content security policy allows it (CSP 3, hash-source)."""
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


POLICY: Final = (
    f"default-src 'none'; style-src {digest(_STYLE)}; script-src {digest(_SCRIPT)};"
    " connect-src 'self'; form-action 'self'; frame-src 'self'; frame-ancestors 'self';"
    " base-uri 'none'"
)

_VIEWPORT: Final = '<meta name=viewport content="width=device-width,initial-scale=1">'
_TITLE: Final = N_("Check in")
_SENTENCES: Final = {
    CheckInOutcome.IN: N_("Number {number} is noted."),
    CheckInOutcome.SHARED: N_(
        "Number {number} is noted; the teacher sees that you share this tablet."
    ),
    CheckInOutcome.MOVED: N_(
        "Number {number} is noted; the teacher sees that it was on another tablet."
    ),
    CheckInOutcome.ALREADY: N_("Number {number} has been noted already."),
    CheckInOutcome.NOT_YET: N_("Not yet: wait until the teacher starts the lesson."),
    CheckInOutcome.OVER: N_("The lesson is over."),
    CheckInOutcome.NO_LIST: N_("There is no class list here yet: tell your teacher."),
    CheckInOutcome.NO_CODE: N_("Type the code on the board first, then touch your number."),
    CheckInOutcome.NO_NUMBER: N_("Now touch your number."),
    CheckInOutcome.WRONG_CODE: N_("This code is not right: look at the board again."),
    CheckInOutcome.OLD_CODE: N_("This code is too old: take the one on the board now."),
    CheckInOutcome.TWO_PUPILS: N_("Two pupils have this number: touch it under your own class."),
    CheckInOutcome.NOT_ON_ROSTER: N_("This number is not in the class list."),
    CheckInOutcome.TOO_MANY_TRIES: N_("Too many wrong tries: wait a minute, or tell your teacher."),
    CheckInOutcome.NO_MORE_TRIES: N_("Too many wrong tries in this lesson: tell your teacher."),
    CheckInOutcome.TYPING_OFF: N_(
        "Too many codes were guessed, so none can be typed now: scan the code on the board."
    ),
    CheckInOutcome.TABLET_FULL: N_("Two pupils are on this tablet already: tell your teacher."),
    CheckInOutcome.NO_PLACE: N_("All the tablets' numbers are taken: tell your teacher."),
}
NOT_KEPT: Final = N_("This could not be kept: tell your teacher.")
NOT_UNDERSTOOD: Final = N_("This could not be understood: open the page again.")
_CLOSED: Final = {
    CheckInPhase.BEFORE: _SENTENCES[CheckInOutcome.NOT_YET],
    CheckInPhase.OVER: _SENTENCES[CheckInOutcome.OVER],
    CheckInPhase.NO_LIST: _SENTENCES[CheckInOutcome.NO_LIST],
}
_FALLBACK: Final = N_("Connection")
_CODE: Final = N_("Code on the board")
_SCANNED: Final = N_("Code scanned. Touch your number.")
_HOW: Final = N_("Type the code, then touch your number in class.")
_AGAIN: Final = N_("Load again")
_NOTED: Final = N_("noted")
_CONNECTED: Final = N_("Connected")
_CLASS: Final = N_("Class {code}")


@dataclass(frozen=True, slots=True, kw_only=True)
class TabletView:
    """What one tablet is shown. mine: the numbers that are in on it. typed: digits to keep."""

    phase: CheckInPhase
    version: str
    lesson: TabletLesson | None = None
    checked_in: Collection[str] = ()
    own_numbers: tuple[int, ...] = ()
    has_pass: bool = False
    answer: CheckInAnswer | None = None
    typed: str = ""
    trouble: str = ""


def page(view: TabletView, language: str, say: Translate) -> str:
    """The whole page."""
    title = escape(say(_TITLE))
    open_to_all = view.phase is CheckInPhase.OPEN
    body = _form(view, say) if open_to_all else _closed_part(view, say)
    return (
        f"{_head(language, title, _VIEWPORT)}"
        f'<body><main id=f data-v="{view.version}"><h1>{title}</h1>{_result(view, say)}{body}'
        f'<noscript><iframe src="/beat?v={view.version}" title="{escape(say(_FALLBACK))}">'
        f"</iframe></noscript></main><script>{_SCRIPT}</script>"
    )


def beat_page(*, same: bool, language: str, say: Translate) -> str:
    """What stands in for the script where there is none; asks again by itself."""
    words = say(_CONNECTED) if same else say(_AGAIN)
    inner = f"<p>{words}</p>" if same else f'<a href="/" target=_top>{words}</a>'
    return _head(language, words, f'<meta http-equiv=refresh content="{BEAT_S:.0f}">') + inner


def beat_text(view: TabletView) -> str:
    """What the script reads: the version, then the fields of the numbers that are in."""
    return " ".join([view.version, *_checked_in_fields(view)])


def plain_page(sentence: str, language: str, say: Translate) -> str:
    """A page that says one thing and leads back."""
    words = escape(say(sentence))
    return (
        f"{_head(language, words, _VIEWPORT)}<main><h1>{words}</h1>"
        f'<p><a href="/">{escape(say(_AGAIN))}</a></main>'
    )


def sentence_of(answer: CheckInAnswer, say: Translate) -> str:
    """What came of a check-in, in one sentence."""
    number = answer.pupil.number if answer.pupil else ""
    return phrase(_SENTENCES[answer.outcome], say, number=number)


def _head(language: str, title: str, meta: str) -> str:
    return (
        f"<!doctype html><html lang={language}><meta charset=utf-8>{meta}"
        f"<title>{title}</title><style>{_STYLE}</style>"
    )


def _result(view: TabletView, say: Translate) -> str:
    if view.trouble:
        return f"<p class=b role=alert>{escape(say(view.trouble))}"
    if view.answer is not None:
        look = "g" if view.answer.outcome in GOOD else "b"
        mark = "\u2713 " if look == "g" else ""
        return f"<p class={look} role=alert>{mark}{escape(sentence_of(view.answer, say))}"
    if view.own_numbers:
        numbers = ", ".join(map(str, view.own_numbers))
        return f"<p class=g>\u2713 {numbers}: {escape(say(_NOTED))}"
    return ""


def _closed_part(view: TabletView, say: Translate) -> str:
    words = "" if view.answer else f"<p>{escape(say(_CLOSED[view.phase]))}"
    return f'{words}<p><a href="/">{escape(say(_AGAIN))}</a>'


def _form(view: TabletView, say: Translate) -> str:
    if view.has_pass:
        head = f"<p class=g>{escape(say(_SCANNED))}"
    else:
        head = (
            f"<p>{escape(say(_HOW))}<p><label>{escape(say(_CODE))}<br>"
            "<input name=c inputmode=numeric pattern=[0-9]{4} maxlength=4 autocomplete=off"
            f' value="{escape(view.typed)}"></label>'
        )
    # The Enter key presses a form's first button: it must be nobody's number.
    nobody = '<button class=h name=n value="">-</button>'
    order = view.lesson.order if view.lesson else ""
    return f'<form method=post action="/?k={order}">{nobody}{head}{_numbers(view, say)}</form>'


def _numbers(view: TabletView, say: Translate) -> str:
    lesson, parts = view.lesson or TabletLesson(id=""), []
    checked_in = set(_checked_in_fields(view))
    for at, code in enumerate(lesson.classes):
        if len(lesson.classes) > 1:
            parts.append(f"<h2>{escape(say(_CLASS).replace('{code}', code))}</h2>")
        else:
            parts.append("<p>")
        for pupil in lesson.pupils:
            if pupil.class_code == code:
                field = f"{at}.{pupil.number}"
                look = " class=t" if field in checked_in else ""
                parts.append(f"<button name=n value={field}{look}>{pupil.number}</button>")
    return "".join(parts)


def _checked_in_fields(view: TabletView) -> list[str]:
    if view.lesson is None:
        return []
    at = {code: number for number, code in enumerate(view.lesson.classes)}
    return [
        f"{at[pupil.class_code]}.{pupil.number}"
        for pupil in view.lesson.pupils
        if pupil.student in view.checked_in and pupil.class_code in at
    ]


def number_of(field: str) -> tuple[int, int] | None:
    """The class's place and the number that a button's field names; None where it names none.

    The place is -1 for a bare number: in a class alone it is that pupil's, else it may be two.
    """
    place, dot, number = field.partition(".")
    if not dot:
        place, number = "", field
    both = (place, number) if dot else (number,)
    if not all(digits.isascii() and digits.isdecimal() and len(digits) <= 3 for digits in both):  # noqa: PLR2004 - digits
        return None
    return (int(place) if dot else ANY_CLASS), int(number)
