"""What both kinds of run do with lock and manual."""

from __future__ import annotations

import argparse
import os
from typing import Dict, List, Optional

from . import lock, model
from .source import Complaints, Source, Span


def take_lock(options: argparse.Namespace, interface: model.Interface, types: Source,
              complaints: Complaints) -> Dict[str, str]:
    """Compares with the lock; with --accept, what it is to hold from now on."""
    fresh = options.accept and not os.path.exists(options.lock)
    recorded: List[lock.Fact] = [] if fresh else lock.read(options.lock, complaints)
    if complaints:
        return {}
    comparison = lock.compare(interface, recorded, types, complaints)
    if options.check_lock_complete:
        for fact in comparison.new:
            complaints.add(fact.span, f"not in the ABI lock yet: {fact.line}; run `make abi-accept` to publish it")
    return {options.lock: comparison.text()} if options.accept else {}


def take_manual(options: argparse.Namespace, text: str, files: Dict[str, str], complaints: Complaints) -> None:
    """Writes the manual, or complains that the one there is another."""
    if options.manual:
        files[options.manual] = text
    if options.check_manual and _read(options.check_manual) != text:
        path = options.check_manual
        complaints.add(Span(Source(path, ()), 1), "the manual differs from the tables; run `make docs` and commit it")


def _read(path: str) -> Optional[str]:
    try:
        with open(path, encoding="utf-8", newline="") as file:
            return file.read()
    except (OSError, UnicodeDecodeError):
        return None
