"""This file holds processes in jobs: Windows ends them with us, and bounds their memory.

Source: Microsoft, "Job Objects"; JOBOBJECT_EXTENDED_LIMIT_INFORMATION (winnt.h).
"""

from __future__ import annotations

import sys

assert sys.platform == "win32"  # for mypy: read on Windows alone

import ctypes
from ctypes import wintypes
from functools import cache
from typing import Any, Final

_KILL_ON_CLOSE: Final = 0x2000
_PROCESS_MEMORY: Final = 0x100
_DIE_QUIETLY: Final = 0x400  # no window that says so and waits for a person
_CHILD_BYTES: Final = 2 << 30  # whatever a camera sends
_EXTENDED: Final = 9  # JobObjectExtendedLimitInformation


class _Limits(ctypes.Structure):
    """JOBOBJECT_EXTENDED_LIMIT_INFORMATION."""

    _fields_ = (
        ("per_process_time", wintypes.LARGE_INTEGER),
        ("per_job_time", wintypes.LARGE_INTEGER),
        ("flags", wintypes.DWORD),
        ("least_working_set", ctypes.c_size_t),
        ("most_working_set", ctypes.c_size_t),
        ("most_processes", wintypes.DWORD),
        ("affinity", ctypes.c_size_t),
        ("priority", wintypes.DWORD),
        ("scheduling", wintypes.DWORD),
        ("io", ctypes.c_uint64 * 6),
        ("process_memory", ctypes.c_size_t),
        ("job_memory", ctypes.c_size_t),
        ("peak_process_memory", ctypes.c_size_t),
        ("peak_job_memory", ctypes.c_size_t),
    )


def end_with_us(process: int) -> None:
    """Have Windows end this process when ours ends. process: its handle.

    One that has ended already, or that an old system lets into no second job, is left as it is.
    """
    _kernel().AssignProcessToJobObject(_family(), process)


@cache
def _family() -> int:
    """The job of all our children: its last handle is ours, and goes with us."""
    job: int = _kernel().CreateJobObjectW(None, None)
    flags = _KILL_ON_CLOSE | _DIE_QUIETLY | _PROCESS_MEMORY
    limits = _Limits(flags=flags, process_memory=_CHILD_BYTES)
    _kernel().SetInformationJobObject(job, _EXTENDED, ctypes.byref(limits), ctypes.sizeof(limits))
    return job


@cache
def _kernel() -> Any:
    kernel = ctypes.WinDLL("kernel32")
    kernel.CreateJobObjectW.restype = wintypes.HANDLE
    kernel.CreateJobObjectW.argtypes = (wintypes.LPVOID, wintypes.LPCWSTR)
    kernel.AssignProcessToJobObject.argtypes = (wintypes.HANDLE, wintypes.HANDLE)
    kernel.SetInformationJobObject.argtypes = (
        wintypes.HANDLE,
        ctypes.c_int,
        wintypes.LPVOID,
        wintypes.DWORD,
    )
    return kernel
