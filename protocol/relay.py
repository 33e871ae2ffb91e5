"""This file carries the outbox over the link, until the receiver itself says it is safe.

A broker's PUBACK settles nothing: measured, brokers lose what they have PUBACKed. What a receiver
has lost is told again beside, at a gentle pace.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from typing import Final

from protocol.backoff import Backoff
from protocol.link import Letter, Link
from protocol.messages import Ack, ControllerState, EventsStored
from protocol.outbox import Outbox, OutboxError
from protocol.parcel import Parcel
from protocol.retelling import Retelling
from protocol.state_log import StateLog
from protocol.window import Window

_LOGGER = logging.getLogger(__name__)

WINDOW: Final = 256  # events in flight; below the 1,024 unacked that nats-server allows a session
PATIENCE_S: Final = 5.0  # a commit takes milliseconds; a lost message is sent again after this
PATIENCE_CAP_S: Final = 60.0


class Relay:
    """Sends states first, then events oldest first, a window at a time.

    window: of events under way at most; fewer while the receiver is slow.
    """

    def __init__(
        self,
        outbox: Outbox,
        link: Link,
        *,
        now_s: Callable[[], float],
        window: int = WINDOW,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._outbox = outbox
        self._link = link
        self._now_s = now_s
        self._window = Window(window)
        self._patience = Backoff(patience_s, PATIENCE_CAP_S)
        self._states: dict[int, float] = {}  # in flight: places in the outbox, sent when
        self._events: dict[int, float] = {}
        self._last_event_no = 0
        self._round = 0  # of sending: a new one begins with all that waits
        self._receiver: tuple[int, str, int] | None = None  # our session; its boot and session
        self._retelling: Retelling | None = None
        self._stirred = asyncio.Event()
        self._unsettled = StateLog(_LOGGER, "settling failed, will be sent again")

    async def run(self) -> None:
        """Carry until cancelled."""
        while True:
            if self.hears_receiver:
                await self._fill_window()
                await self._retell_some()
            await self._stir()

    def wake(self) -> None:
        """Something new is in the outbox."""
        self._stirred.set()

    def hear(self, state: ControllerState) -> None:
        """The receiver listens, or does not: sending into a void only fills brokers."""
        session = self._link.session
        receiver = (session, state.boot, state.session) if state.online else None
        if receiver != self._receiver:
            self._receiver = receiver
            self._send_again()
            if self._retelling and state.boot != self._retelling.receiver:
                self._retelling = None  # another start says itself what it lacks
            elif self._retelling:
                self._retelling.send_again()
        self._stirred.set()

    async def settle(self, ack: Ack) -> None:
        """Let go of what the receiver has committed."""
        try:
            places = await asyncio.to_thread(self._outbox.settle, ack)
        except OutboxError as error:
            self._unsettled.failed(error)
            return
        self._unsettled.went_well()
        self._let_go(places)
        if self._retelling:
            self._retelling.settle(places)
        if places:
            self._patience.reset()
        self._stirred.set()

    def _let_go(self, places: Sequence[int]) -> None:
        for place in places:
            self._states.pop(place, None)
        sent_s = [self._events.pop(place) for place in places if place in self._events]
        if sent_s:
            self._window.note(min(sent_s), self._now_s(), len(sent_s))

    async def retell(self, stored: EventsStored) -> None:
        """Tell again, beside all else, what the receiver has lost."""
        places = await asyncio.to_thread(self._outbox.lacking, stored.runs)
        if places:
            _LOGGER.info("telling %d events again", len(places))
        self._retelling = Retelling(stored.boot, stored.since_ms, places) if places else None
        self._stirred.set()

    @property
    def hears_receiver(self) -> bool:
        """Whether the receiver has said, in this session of the link, that it listens."""
        return (
            self._link.connected.is_set()
            and self._receiver is not None
            and self._receiver[0] == self._link.session
        )

    def _send_again(self) -> None:
        self._states.clear()
        self._events.clear()
        self._last_event_no = 0
        self._round += 1

    async def _fill_window(self) -> None:
        now_s = self._now_s()
        oldest_s = min([*self._states.values(), *self._events.values()], default=now_s)
        if now_s - oldest_s >= self._patience.bound_s:
            waiting = len(self._states) + len(self._events)
            _LOGGER.info("no answer for %d messages, sending again", waiting)
            self._patience.lengthen()
            self._send_again()
        for parcel in await self._next(self._window.size - len(self._events)):
            if not self._link.say(Letter(parcel.topic, parcel.payload)):
                return
            (self._events if parcel.lane else self._states)[parcel.no] = now_s

    async def _next(self, room: int) -> list[Parcel]:
        """The newest states, then the oldest events that are not on their way."""
        sending = self._round
        states, events = await asyncio.to_thread(self._read, self._last_event_no, room)
        if sending != self._round:  # read for a receiver that is gone: `hear` has stirred us
            return []
        places = {parcel.no for parcel in states}
        # A state that a newer one replaced will not be answered for.
        self._states = {no: sent_s for no, sent_s in self._states.items() if no in places}
        if events:
            self._last_event_no = events[-1].no
        return [parcel for parcel in states if parcel.no not in self._states] + events

    def _read(self, after: int, room: int) -> tuple[list[Parcel], list[Parcel]]:
        """All states, and as many events behind a place as there is room for."""
        states = self._outbox.waiting_states()
        return states, self._outbox.waiting_events(after, room) if room > 0 else []

    async def _retell_some(self) -> None:
        """Tell again what is due; what is not here any more counts as told."""
        retelling, now_s = self._retelling, self._now_s()
        places = retelling.due(now_s) if retelling else []
        if not retelling or not places:
            return
        parcels = await asyncio.to_thread(self._outbox.archived, places, retelling.since_ms)
        retelling.settle({*places} - {parcel.no for parcel in parcels})
        for parcel in parcels:
            self._link.say(Letter(parcel.topic, parcel.payload))
        if retelling.is_over and retelling is self._retelling:
            self._retelling = None

    async def _stir(self) -> None:
        """Sleep until there is something to do, or patience may have ended."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._rest_s()):
                await self._stirred.wait()
        self._stirred.clear()

    def _rest_s(self) -> float | None:
        """How long there is nothing to do if nothing happens; None for ever."""
        if not self.hears_receiver:
            return None
        bounds = [self._patience.bound_s / 2] if self._states or self._events else []
        if self._retelling and not self._retelling.is_over:
            bounds.append(self._retelling.wait_s(self._now_s()))
        return min(bounds, default=None)
