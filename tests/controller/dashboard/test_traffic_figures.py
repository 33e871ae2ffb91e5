"""What each agent has sent stands on /metrics, on a line of its own whatever its name is."""

from __future__ import annotations

import re
from pathlib import Path

from hypothesis import example, given
from hypothesis import strategies as st

from controller.broker.traffic import PeerTraffic
from controller.dashboard.api import _exposition, _traffic_figures
from tests.controller.web_school import a_program, a_store

LINE = re.compile(r'lophoc_peer_(\w+)_total\{peer="((?:[^"\\\n]|\\["\\])*)"\} (\d+)')


def test_an_agents_traffic_is_told_in_the_text_format(tmp_path: Path) -> None:
    """Names are strangers' to choose: no quote, backslash or end of line breaks out of one."""
    with a_store(tmp_path) as store:
        program = a_program(store)

        @given(st.dictionaries(st.text(max_size=9), st.integers(1, 9), max_size=5))
        @example({'a"} 1\nlophoc_agents 7\n': 1, "\\": 2, "\r": 3})
        def check(counts: dict[str, int]) -> None:
            traffic = {peer: PeerTraffic(messages=n, cut=n) for peer, n in counts.items()}
            program.traffic = lambda: traffic
            figures = _traffic_figures(program)
            lines = [line for line in _exposition(figures).split("\n") if line[:1] not in {"", "#"}]
            assert all(LINE.fullmatch(line) for line in lines)
            assert len(lines) == len(figures)
            assert {line.split("{")[0] for line in lines} <= {
                "lophoc_peer_messages_total",
                "lophoc_peer_cut_total",
            }

        check()
