"""What tests need besides what `make` leaves: built once, kept in build/, and only what has changed is built again.

Tests run side by side, so each directory is built by one at a time.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DEBUG = ("B=build/debug", "DEBUG=1")
DEBUG_KERNEL = ROOT / "build/debug/kernel.elf"


def debug_kernel() -> Path:
    """The kernel with the checks of debug builds."""
    _make("build/debug", *DEBUG, "kernel")
    return DEBUG_KERNEL


def hosted(kind: str, *targets: str) -> Path:
    """Builds targets of the hosted kernel; returns the directory in which the programs of this kind are."""
    _make(f"build/host/{kind}", f"HOSTED={kind}", *targets)
    return ROOT / "build/host" / kind


def _make(directory: str, *arguments: str) -> None:
    (ROOT / directory).mkdir(parents=True, exist_ok=True)
    environment = {key: value for key, value in os.environ.items() if not key.startswith("MAKE") and key != "MFLAGS"}
    with open(ROOT / directory / "lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        made = subprocess.run(["make", "--no-print-directory", "-j2", *arguments], cwd=ROOT, env=environment,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              errors="replace", check=False)
    if made.returncode:
        raise AssertionError(f"make {' '.join(arguments)} fails:\n{made.stdout}")
