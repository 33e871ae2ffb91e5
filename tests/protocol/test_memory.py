"""A program's threads share one heap, so that what one let go another has."""

from __future__ import annotations

import subprocess
import sys

import pytest

# Each of some threads asks the C library for memory at once, and lives on.
PROGRAM = """
import ctypes, sys, threading
from protocol.memory import hold_memory

if sys.argv[1] == "held":
    hold_memory()
libc = ctypes.CDLL(None)  # a call lets go of Python's lock, so that threads do meet in the heap
libc.malloc.restype = libc.fdopen.restype = ctypes.c_void_p
libc.malloc_info.argtypes = [ctypes.c_int, ctypes.c_void_p]
libc.fflush.argtypes = [ctypes.c_void_p]
all_have, end = threading.Barrier(9), threading.Event()

def work():
    for _ in range(1000):
        libc.malloc(5_000)
    all_have.wait()
    end.wait()

threads = [threading.Thread(target=work) for _ in range(8)]
for thread in threads:
    thread.start()
all_have.wait()
out = libc.fdopen(1, b"w")
libc.malloc_info(0, out)
libc.fflush(out)
end.set()
"""

# Small pieces, too large for Python's own arenas, below one that stays.
GIVEN = """
import ctypes
from pathlib import Path
from protocol.memory import give_memory_back, hold_memory

def kib():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon"))

hold_memory()
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.free.argtypes = [ctypes.c_void_p]
pieces = [libc.malloc(20_000) for _ in range(1_000)]
for piece in pieces:
    ctypes.memset(piece, 1, 20_000)
for piece in pieces[:-1]:
    libc.free(piece)
before = kib()
give_memory_back()
print(before, kib())
"""


def heaps(how: str) -> int:
    """How many heaps a program with eight busy threads has (malloc_info(3))."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, how], capture_output=True, check=True, text=True
    )
    return done.stdout.count("<heap nr=")


@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone has such heaps")
def test_all_threads_share_one_heap() -> None:
    """Left alone, they have several, and each keeps what it once needed."""
    assert heaps("held") == 1
    assert heaps("free") > 1


@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone has such heaps")
def test_what_was_needed_for_a_moment_is_given_back() -> None:
    """Memory in the middle of the heap, where nothing else gives it back."""
    done = subprocess.run([sys.executable, "-c", GIVEN], capture_output=True, check=True, text=True)
    before_kib, after_kib = map(int, done.stdout.split())
    assert before_kib - after_kib > 10_000
