"""What a command may be kept from: called in its process before it begins."""

from __future__ import annotations

import ctypes
import os
import resource
import sys

CANNOT = 77
SMALL = 64 * 1024
_OVERRIDE, _READ_SEARCH = 1, 2
_DROP = 24
_VERSION_3 = 0x20080522


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Data(ctypes.Structure):
    _fields_ = (("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32))


def as_anybody() -> None:
    """File modes bind the superuser, too: without the two capabilities that lift them, here and in what is started
    from here."""
    if os.geteuid() == 0 and not (sys.platform == "linux" and _dropped(_OVERRIDE, _READ_SEARCH)):
        os._exit(CANNOT)


def _dropped(*capabilities: int) -> bool:
    system, header, held = ctypes.CDLL(None), _Header(_VERSION_3, 0), (_Data * 2)()
    if any(system.prctl(_DROP, one, 0, 0, 0) != 0 for one in capabilities):
        return False
    if system.capget(ctypes.byref(header), held) != 0:
        return False
    kept = ~sum(1 << one for one in capabilities)
    held[0].effective &= kept
    held[0].permitted &= kept
    return bool(system.capset(ctypes.byref(header), held) == 0)


def with_small_files() -> None:
    """No file may grow beyond `SMALL` bytes, less than the tables need."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (SMALL, SMALL))
