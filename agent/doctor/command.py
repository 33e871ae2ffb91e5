"""This file is `lophoc-agent doctor`: what is wrong, what to do, and what may be sent on."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from functools import partial

from agent.config import DEFAULT_DATA, INSTALLED, PREFIX, AgentConfig
from agent.doctor.probes import UNIT, probes
from agent.doctor.running import report_at
from agent.school.credential import settings_with
from protocol import probing
from protocol.command_line import unwritable
from protocol.doctor import WRITTEN, Check, Fact, bundle, diagnose, exit_code, report
from protocol.door_key import door_key
from protocol.folder import EVERYBODY, write_whole
from protocol.formats import phrase
from protocol.settings import SettingsError, load, speaker
from protocol.symptoms import TroubleFact


def examine(
    options: argparse.Namespace, environ: Mapping[str, str], write: Callable[[str], object]
) -> int:
    """Look, tell, and write the bundle if one is wanted; returns the exit code."""
    say = speaker(PREFIX, environ)
    diagnoses = diagnose(_facts(options, environ))
    write(report(diagnoses, say))
    if options.bundle:
        with unwritable(options.bundle):
            text = bundle(UNIT, diagnoses, probing.figures())
            write_whole(options.bundle, text.encode(), EVERYBODY)
        write(phrase(WRITTEN, say, path=options.bundle) + "\n")
    return exit_code(diagnoses)


def _facts(options: argparse.Namespace, environ: Mapping[str, str]) -> list[Fact]:
    try:
        options.config = INSTALLED.settings_file(options, environ)
        options = INSTALLED.for_start(options, environ)
        complete = partial(settings_with, default_data=DEFAULT_DATA)
        config = load(AgentConfig, PREFIX, options, environ, complete)
    except SettingsError as error:
        return [TroubleFact(Check.SETTINGS, error)]
    key = door_key(config.local_port, environ, config.door_folder)
    return probing.examine(probes(config, lambda: report_at(config.local_port, key)))
