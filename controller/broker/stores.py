"""This file bounds what nats-server keeps: what lies on topics, what waits for who is away.

Nothing in its configuration does. Measured: 100 MB left lying (retained) by one agent are more
than it hands to a subscriber at once (MaxPending, 64 MB), so that it cut the controller at every
subscription. Its JetStream API takes the bounds over MQTT, where `/` is NATS's `.`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

import msgspec

from protocol.link import Letter

_API: Final = "$JS/API/STREAM/UPDATE"
_COMMON: Final = {"storage": "file", "num_replicas": 1, "discard": "old"}
_NEWEST: Final = {"retention": "limits", "max_msgs_per_subject": 1}

# The oldest go first. What is lost so is said again: an outbox keeps it, a presence is repeated.
STORES: Final[Mapping[str, Mapping[str, object]]] = MappingProxyType(
    {
        "$MQTT_rmsgs": {**_NEWEST, "subjects": ["$MQTT.rmsgs.>"], "max_bytes": 16 << 20},
        "$MQTT_sess": {**_NEWEST, "subjects": ["$MQTT.sess.>"], "max_bytes": 16 << 20},
        "$MQTT_msgs": {
            "retention": "interest",
            "subjects": ["$MQTT.msgs.>"],
            "max_bytes": 256 << 20,
        },
    }
)


def bounds() -> Sequence[Letter]:
    """What the controller says before it subscribes; the broker remembers it."""
    return [
        Letter(f"{_API}/{name}", msgspec.json.encode({"name": name, **_COMMON, **store}))
        for name, store in STORES.items()
    ]


def subjects() -> list[str]:
    """NATS's names for where it is said."""
    return [f"{_API}/{name}".replace("/", ".") for name in STORES]
