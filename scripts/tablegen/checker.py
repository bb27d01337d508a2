"""Proves that what the tables say is sound, apart from what has been published (lock.py)."""

from __future__ import annotations

from typing import Set

from . import model
from .check_calls import CallChecker
from .check_protocols import MethodChecker, ProtocolChecker
from .check_tables import TableChecker
from .check_types import TypeChecker
from .source import Complaints


def check(interface: model.Interface, complaints: Complaints) -> None:
    """Complains about everything that is wrong in the call tables themselves."""
    for protocol in interface.protocols:
        complaints.add(protocol.span, "a protocol is for a server: it has a file of its own in user/servers")
    for checker in (TypeChecker, TableChecker, CallChecker):
        checker(interface, complaints).run()


def check_protocols(interface: model.Interface, calls: Set[str], complaints: Complaints) -> None:
    """The same for protocols, beside system calls of these names."""
    for checker in (TypeChecker, TableChecker, ProtocolChecker):
        checker(interface, complaints).run()
    MethodChecker(interface, complaints, calls).run()
