"""Proves that what the tables say is sound, apart from what has been published (lock.py)."""

from __future__ import annotations

from . import model
from .check_calls import CallChecker
from .check_tables import TableChecker
from .check_types import TypeChecker
from .source import Complaints


def check(interface: model.Interface, complaints: Complaints) -> None:
    """Complains about everything that is wrong in itself."""
    for checker in (TypeChecker, TableChecker, CallChecker):
        checker(interface, complaints).run()
