"""Which process a run belongs to: several servers may share one data directory."""

import os
from pathlib import Path


def own_name() -> str:
    """This process: its number and the moment it started, which together never come again."""
    return f"{os.getpid()}:{_started(os.getpid())}"


def alive(name: str) -> bool:
    """Whether the process that called itself so still lives."""
    number, _, started = name.partition(":")
    if not number.isdigit():
        return False
    return _exists(int(number)) and _started(int(number)) == started


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _started(pid: int) -> str:
    """Ticks since boot and the boot itself; empty where the system does not say."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""
    return f"{stat.rpartition(')')[2].split()[19]}:{boot}"
