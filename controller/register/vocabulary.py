"""This file knows the words of equipment books: types, makers and conditions; pure.

A word that is not known stays as it is written, in one case: a book may hold anything.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from controller.sheets.text import folded
from protocol.model import DeviceKind
from protocol.words import N_, Translate


class Condition(StrEnum):
    """How an item fares in its life; the words are those of Vietnamese stocktakes."""

    GOOD = "good"
    BROKEN = "broken"
    REPAIR = "repair"
    AWAITING_DISPOSAL = "awaiting_disposal"
    DISPOSED = "disposed"
    LOST = "lost"


OUT_OF_USE: Final = frozenset(
    {Condition.BROKEN, Condition.REPAIR, Condition.AWAITING_DISPOSAL, Condition.DISPOSED}
)

# What an agent can sense: unseen, it is missed.
VISIBLE: Final = frozenset(
    {
        "board", "display", "projector", "camera", "tablet", "laptop", "desktop", "computer",
        "printer", "access_point", "router", "switch",
    }
)  # fmt: skip
# What has a maker's serial, so that a record without it is not complete.
IT_EQUIPMENT: Final = VISIBLE | {"server", "monitor", "tv", "phone", "ups", "scanner", "visualizer"}
# A visitor carries these: one that is seen is never put forward as an asset.
PERSONAL: Final = frozenset({"phone"})

TYPE_OF_KIND: Final[Mapping[DeviceKind, str]] = {
    DeviceKind.HOST: "computer",
    DeviceKind.BOARD: "board",
    DeviceKind.PROJECTOR: "projector",
    DeviceKind.CAMERA: "camera",
    DeviceKind.TABLET: "tablet",
    DeviceKind.PRINTER: "printer",
    DeviceKind.NETWORK: "access_point",
}

# A text is of the type whose longest word it begins with: "giá treo máy chiếu" is no projector.
_TYPES: Final[dict[str, tuple[str, ...]]] = {
    "board": (
        "bang tuong tac", "bang thong minh", "bang dien tu", "bang tuong tac thong minh",
        "interactive board", "interactive whiteboard", "bang tt", "smart board", "smartboard",
        "board",
        "whiteboard interactive", "iwb",
    ),
    "display": (
        "man hinh tuong tac", "man hinh cam ung", "man hinh thong minh", "man hinh",
        "interactive display", "interactive flat panel", "interactive panel", "touch display",
        "display", "ifp",
    ),
    "projector": ("may chieu", "may chieu da nang", "projector"),
    "visualizer": ("may chieu vat the", "document camera", "may soi vat the", "may soi",
                   "visualizer", "visualiser"),
    "camera": ("camera", "may quay", "webcam", "ip camera"),
    "tablet": ("may tinh bang", "tablet", "ipad", "may bang", "mtb"),
    "laptop": ("may tinh xach tay", "laptop", "notebook", "may xach tay", "chromebook"),
    "desktop": ("may tinh de ban", "may de ban", "may vi tinh de ban", "desktop",
                "may tinh ban", "pc", "cpu", "case", "case may tinh", "thung may", "cay may tinh"),
    "calculator": ("may tinh bo tui", "may tinh cam tay", "calculator"),
    "monitor": ("man hinh may tinh", "monitor"),
    "computer": ("may tinh", "may vi tinh", "computer", "host"),
    "server": ("may chu", "server"),
    "printer": ("may in", "printer"),
    "scanner": ("may quet", "may scan", "scanner"),
    "access_point": (
        "bo phat wi fi", "bo phat wifi", "thiet bi phat wifi", "thiet bi phat wi fi", "wifi",
        "wi fi", "diem truy cap", "access point", "wifi access point",
        "dau phat wifi", "cuc phat wifi", "dau phat wi fi", "cuc phat wi fi",
        "wi fi access point", "ap", "network",
    ),
    "router": ("router", "bo dinh tuyen", "modem"),
    "switch": ("switch", "bo chuyen mach", "thiet bi chuyen mach", "bo chia mang"),
    "tv": ("ti vi", "tivi", "tv", "smart tv", "television"),
    "ups": ("bo luu dien", "ups"),
    "phone": ("dien thoai", "phone", "smartphone", "mobile phone", "visitor phone"),
    "speaker": ("loa", "speaker", "he thong am thanh", "am thanh"),
    "microphone": ("micro", "microphone", "mic"),
    "charging_cart": ("tu sac", "xe sac", "charging cart", "cart", "tu sac may tinh bang"),
    "screen": ("man chieu", "man hinh chieu", "projection screen"),
    "air_conditioner": ("dieu hoa", "may lanh", "may dieu hoa", "air conditioner"),
    "desk": ("ban hoc sinh", "ban giao vien", "ban gv", "ban hs", "ban ghe", "ban",
             "desk", "table"),
    "chair": ("ghe", "chair"),
    "cabinet": ("tu", "tu tai lieu", "tu dung", "cabinet"),
    "blackboard": ("bang viet", "bang tu", "bang den", "bang chong loa", "blackboard"),
    "fan": ("quat", "fan"),
}  # fmt: skip
# Alone they are a type, before other words they are part of another: "bản đồ" is no desk.
_ALONE: Final = frozenset({"ap", "ban", "cart", "man hinh", "network", "tu"})
_TYPE_OF: Final = {alias: code for code, aliases in _TYPES.items() for alias in aliases}
_LEADING: Final = ("", "bo ", "chiec ", "cai ", "he thong ")

TYPE_WORDS: Final[Mapping[str, str]] = {
    "board": N_("interactive board"),
    "display": N_("interactive display"),
    "projector": N_("projector"),
    "visualizer": N_("document camera"),
    "camera": N_("camera"),
    "tablet": N_("tablet"),
    "laptop": N_("laptop"),
    "desktop": N_("desktop computer"),
    "computer": N_("computer"),
    "calculator": N_("pocket calculator"),
    "monitor": N_("monitor"),
    "server": N_("server"),
    "printer": N_("printer"),
    "scanner": N_("scanner"),
    "access_point": N_("Wi-Fi access point"),
    "router": N_("router"),
    "switch": N_("network switch"),
    "tv": N_("television"),
    "ups": N_("battery backup"),
    "phone": N_("telephone"),
    "speaker": N_("loudspeaker"),
    "microphone": N_("microphone"),
    "charging_cart": N_("charging cart"),
    "screen": N_("projection screen"),
    "air_conditioner": N_("air conditioner"),
    "desk": N_("desk"),
    "chair": N_("chair"),
    "cabinet": N_("cabinet"),
    "blackboard": N_("blackboard"),
    "fan": N_("fan"),
}

_MAKERS: Final = (
    "Acer", "AOC", "APC", "Apple", "Aruba", "Asus", "AVer", "BenQ", "Boxlight", "Brother", "Canon",
    "Casio", "Cisco", "Clevertouch", "D-Link", "Dahua", "Dell", "Epson", "ezviz", "FPT", "Gaoke",
    "Hikvision", "Hitachi", "Hitevision", "Hòa Phát", "HP", "Huawei", "Imou", "InFocus", "KBVision",
    "Lenovo", "LG", "Linksys", "Logitech", "Masstel", "Maxell", "Microsoft", "MikroTik", "NEC",
    "Newline", "Nokia", "Optoma", "Panasonic", "Philips", "Promethean", "Ricoh", "Ruijie",
    "Samsung", "Santak", "Sharp", "SMART", "Sony", "TCL", "Tenda", "Toshiba", "TP-Link", "Ubiquiti",
    "ViewSonic", "Viettel", "VNPT", "Xiaomi", "Yealink",
)  # fmt: skip


def _squeezed(text: str) -> str:
    return folded(text).replace(" ", "")


_MAKER_OF: Final = {_squeezed(maker): maker for maker in _MAKERS}

_CONDITIONS: Final[dict[Condition, tuple[str, ...]]] = {
    Condition.GOOD: (
        "tot", "con tot", "binh thuong", "dang su dung", "su dung tot", "dang dung", "con su dung",
        "moi", "kha", "trung binh", "hoat dong tot", "hoat dong", "good", "ok", "in use", "working",
        "active", "new", "deployed", "tb", "su dung duoc", "con dung duoc", "dung duoc",
        "hoat dong binh thuong", "dang su dung binh thuong", "su dung binh thuong", "moi 100",
        "con moi", "dang hoat dong", "dang su dung tot", "con hoat dong", "dang su dung duoc",
        "con su dung duoc", "con su dung tot", "van tot", "rat tot",
    ),
    Condition.BROKEN: ("hong", "hu", "hu hong", "bi hong", "khong su dung duoc", "khong hoat dong",
                       "khong con su dung duoc", "khong con dung duoc", "khong con hoat dong",
                       "khong dung duoc", "da hong", "da hu", "bi hu", "broken",
                       "faulty", "damaged", "defective"),
    Condition.REPAIR: ("dang sua", "dang sua chua", "sua chua", "cho sua", "cho sua chua",
                       "can sua chua", "can sua", "dang bao hanh", "dang bao tri", "gui bao hanh",
                       "repair",
                       "under repair", "in repair"),
    Condition.AWAITING_DISPOSAL: ("cho thanh ly", "de nghi thanh ly", "can thanh ly",
                                  "xin thanh ly", "awaiting disposal"),
    Condition.DISPOSED: ("da thanh ly", "thanh ly", "disposed", "retired"),
    Condition.LOST: ("that lac", "mat", "bi mat", "lost", "stolen", "missing"),
}  # fmt: skip
# What is not used may be broken or as new: such words name no condition.
_IDLE: Final = re.compile(
    r"(?:hien |dang |tam |tam thoi )?(?:khong|ko|k|chua|ngung|het|dung)"
    r"(?: con| can| duoc| dua vao| co| nhu cau)* (?:dung|su dung|xai|khai thac)"
    r"(?: den| toi| nua| vao)?"
    r"|(?:dang )?(?:(?:cat|luu|de|bo)(?: trong| o| tai| vao)?|trong|o trong) kho|du phong"
    r"|not in use|unused|not used|in storage|stored|spare|idle"
)
IDLE: Final = "idle"  # of a column that is ticked: no Condition
# What follows these says what or how much of it is: "hỏng nặng", "hỏng màn hình".
_LI: Final = re.compile(r"\bthanh li\b")
_BROKEN_LEADS: Final = ("hong ", "hu hong ", "bi hong ", "hu ")
_CONDITION_OF: Final = {
    alias: condition for condition, aliases in _CONDITIONS.items() for alias in aliases
}
CONDITION_WORDS: Final[Mapping[str, str]] = {
    Condition.GOOD: N_("in good repair"),
    Condition.BROKEN: N_("broken"),
    Condition.REPAIR: N_("under repair"),
    Condition.AWAITING_DISPOSAL: N_("awaiting disposal"),
    Condition.DISPOSED: N_("disposed"),
    Condition.LOST: N_("lost"),
}


def type_of(text: str) -> str:
    """The type's code, such as access_point; a type that is not known in sentence case."""
    plain = folded(text)
    for lead in _LEADING:
        if code := _begins_with(plain.removeprefix(lead) if lead else plain):
            return code
    return text[:1].upper() + text[1:].lower()


def _begins_with(plain: str) -> str:
    """The type whose longest word the text begins with."""
    words = plain.split()
    for count in range(len(words), 0, -1):
        word = " ".join(words[:count])
        if word in _TYPE_OF and (count == len(words) or word not in _ALONE):
            return _TYPE_OF[word]
    return ""


def maker_of(text: str) -> str:
    """The maker in one writing, whatever the case it came in."""
    maker = _MAKER_OF.get(_squeezed(text))
    if maker or not text:
        return maker or ""
    return text.title() if text.isupper() or text.islower() else text


def condition_of(text: str) -> Condition | None:
    """The condition; None where the text names none."""
    plain = _LI.sub("thanh ly", folded(text))
    if plain.startswith(_BROKEN_LEADS) and not any(char.isdigit() for char in plain):
        return Condition.BROKEN
    return _CONDITION_OF.get(plain)


def is_idle(text: str) -> bool:
    """Whether the text says that a thing is not used, which tells nothing of its condition."""
    return condition_of(text) is None and _IDLE.fullmatch(folded(text)) is not None


def ticked_of(head: str) -> str:
    """What a tick below this heading means: a condition, IDLE, or nothing."""
    condition = condition_of(head)
    return condition.value if condition else IDLE if is_idle(head) else ""


def type_word(kind: str, say: Translate) -> str:
    """The type as people call it; a word of the book's own as it is."""
    return say(TYPE_WORDS[kind]) if kind in TYPE_WORDS else kind
