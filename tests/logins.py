"""This file lets a test's own client into a controller's broker."""

from __future__ import annotations

import json
import os
from pathlib import Path

import paho.mqtt.client as mqtt

from protocol.door_key import own_login


def as_local(client: mqtt.Client, port: int) -> mqtt.Client:
    """By this account's key, as a room played on this computer."""
    client.username_pw_set(*own_login("127.0.0.1", port, os.environ))
    return client


def as_controller(client: mqtt.Client, data: Path) -> mqtt.Client:
    """With the controller's own password: it may say whatever another broker would let pass."""
    words = json.loads((data / "agents.json").read_bytes())
    client.username_pw_set("controller", words["controller"])
    return client
