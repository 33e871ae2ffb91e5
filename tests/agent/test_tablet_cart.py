"""These tests are about the cart's numbers and who is awake."""

from __future__ import annotations

from agent.tablets.cart import MAX_SLOTS, Cart, Slot, is_cookie, key_of, name_of
from agent.tablets.presence import ASLEEP_S, GONE_S, TabletPresence, WakeState
from hardware.readings import IdentityKind, Kind

KEYS = [f"{n:016x}" for n in range(MAX_SLOTS + 2)]


def test_numbers_go_by_who_came_first_and_stay() -> None:
    """The same over a restart, whatever comes after."""
    cart = Cart()
    first, second = cart.seat(KEYS[0]), cart.seat(KEYS[1])
    again = Cart(cart.slots()).seat(KEYS[0])
    assert [each and each.number for each in (first, second, again)] == [1, 2, 1]
    assert name_of(7) == "Máy 07"


def test_a_full_cart_gives_the_longest_unused_slot_anew() -> None:
    """But none that is in use in this lesson; where all are, there is none."""
    cart = Cart(Slot(number=n, key=KEYS[n], used=n) for n in range(1, MAX_SLOTS + 1))
    assert cart.seat(KEYS[0], reserved=range(1, MAX_SLOTS + 1)) is None
    taken = cart.seat(KEYS[0], reserved=[1, 2])
    assert taken is not None
    assert taken.number == 3
    assert cart.find(KEYS[3]) is None
    assert len(cart.slots()) == MAX_SLOTS


def test_a_cookie_is_not_kept_but_its_hash() -> None:
    """Nobody who reads the disk can pass for a tablet."""
    cookie = "ab" * 16
    assert is_cookie(cookie)
    assert not any(map(is_cookie, ("", "AB" * 16, cookie + "a", cookie[:-1] + "\n")))
    assert key_of(cookie) not in cookie
    assert len(key_of(cookie)) == 16


def test_a_tablet_is_present_then_asleep_then_gone_then_back() -> None:
    """Each change is reported once, by the tablet's own key, and names no child."""
    slot, presence = Slot(number=7, key=KEYS[7]), TabletPresence()
    (here,) = presence.beat(slot, 0)
    assert (here.kind, here.identity, here.source) == (Kind.TABLET, IdentityKind.TOKEN, "checkin")
    assert (here.key, here.name, here.present) == (f"token:{KEYS[7]}", "Máy 07", True)
    assert presence.beat(slot, 25) == []
    assert presence.look(25 + ASLEEP_S - 1) == []
    (asleep,) = presence.look(25 + ASLEEP_S)
    assert (asleep.present, asleep.reason) == (False, "sleeping")
    assert presence.look(25 + ASLEEP_S + 10) == []
    (gone,) = presence.look(25 + GONE_S)
    assert (gone.present, gone.reason) == (False, "goodbye")
    (back,) = presence.beat(slot, 26 + GONE_S)
    assert back.present


def test_a_slot_given_anew_takes_its_old_tablet_away() -> None:
    """Two tablets never have one number at a time."""
    presence = TabletPresence()
    presence.beat(Slot(number=7, key=KEYS[1]), 0)
    gone, here = presence.beat(Slot(number=7, key=KEYS[2]), 1)
    assert (gone.key, gone.present) == (f"token:{KEYS[1]}", False)
    assert (here.key, here.present) == (f"token:{KEYS[2]}", True)
    assert [each.wake for each in presence.tablets()] == [WakeState.PRESENT]


def test_a_battery_is_told_where_the_browser_tells() -> None:
    """Whatever else comes is no battery."""
    presence, slot = TabletPresence(), Slot(number=1, key=KEYS[1])
    told = {}
    for text in ("80", "80+", "", "+", "-1", "1e9", "9999", "101", "٨"):
        presence.beat(slot, 0, text)
        (tablet,) = presence.tablets()
        told[text] = tablet.battery_percent, tablet.charging
    nothing = (None, False)
    assert told == {"80": (80, False), "80+": (80, True), "101": (100, False)} | dict.fromkeys(
        ("", "+", "-1", "1e9", "9999", "٨"), nothing
    )
