"""The suites that run inside the system: programs of tests/user, each in a fresh machine."""

from __future__ import annotations

import unittest
from typing import Iterator, Set, Type

from tests.support import boot, ktap

WITHOUT_SSTC = {"cpu": "rv64,sstc=off"}
SMALL = {"mem": "64M"}
TWO = {"smp": 2}
FOUR = {"smp": 4}
KERNEL_CONSOLE = {"append": "console=kernel"}


class Numbers(ktap.KtapSuite):
    command = "test-numbers"


class NumbersOfTwo(Numbers):
    machine = TWO


class Pointers(ktap.KtapSuite):
    command = "test-pointers"


class PointersOfTwo(Pointers):
    machine = TWO


class Handles(ktap.KtapSuite):
    command = "test-handles"


class HandlesOfTwo(Handles):
    machine = TWO


class Copies(ktap.KtapSuite):
    command = "test-copies"


class CopiesOfTwo(Copies):
    machine = TWO


class Registers(ktap.KtapSuite):
    command = "test-registers"


class RegistersWithoutSstc(Registers):
    machine = WITHOUT_SSTC


class RegistersOfFour(Registers):
    machine = FOUR


class Privilege(ktap.KtapSuite):
    command = "test-privilege"


class PrivilegeOfTwo(Privilege):
    machine = TWO


class Memory(ktap.KtapSuite):
    command = "test-memory"


class MemoryOfTwo(Memory):
    machine = TWO


class MemoryOfFour(Memory):
    machine = FOUR


class Clone(ktap.KtapSuite):
    command = "test-clone"


class CloneOfTwo(Clone):
    machine = TWO


class CloneOfFour(Clone):
    machine = FOUR


class Lifetime(ktap.KtapSuite):
    command = "test-lifetime"


class LifetimeOfASmallMachine(Lifetime):
    machine = SMALL


class LifetimeOfTwo(Lifetime):
    """On more than one hart each keeps some free pages for itself, so what is free can't be told to the page."""

    machine = TWO


class LifetimeOfFour(Lifetime):
    machine = FOUR
    checked = True


class Exhaustion(ktap.KtapSuite):
    command = "test-exhaustion"


class ExhaustionOfASmallMachine(Exhaustion):
    machine = SMALL


class ExhaustionOfTwo(Exhaustion):
    machine = TWO


class ExhaustionOfFour(Exhaustion):
    machine = FOUR


class Info(ktap.KtapSuite):
    command = "test-info"


class InfoOfTwo(Info):
    machine = TWO


class InfoOfFour(Info):
    machine = FOUR


class Log(ktap.KtapSuite):
    command = "test-log"


class LogOfTwo(Log):
    machine = TWO


class LogWithTheKernelsConsole(Log):
    """Without a console server, the suite prints the log itself."""

    machine = KERNEL_CONSOLE
    checked = True


class LogOfFourWithTheKernelsConsole(Log):
    machine = {**KERNEL_CONSOLE, **FOUR}


class Quota(ktap.KtapSuite):
    command = "test-quota"


class QuotaOfTwo(Quota):
    machine = TWO


class QuotaOfFour(Quota):
    machine = FOUR


class QuotaOfASmallMachine(Quota):
    machine = SMALL


class Programs(ktap.KtapSuite):
    command = "test-elf"


class ProgramsOfTwo(Programs):
    machine = TWO


class Time(ktap.KtapSuite):
    command = "test-time"


class TimeWithoutSstc(Time):
    machine = WITHOUT_SSTC


class TimeOfFour(Time):
    command = "test-time 1 harts"
    machine = FOUR


class Calls(ktap.KtapSuite):
    command = "test-ipc"


class CallsOfTwo(Calls):
    machine = {"smp": 2}


class CallsOfFour(Calls):
    machine = FOUR


class Windows(ktap.KtapSuite):
    command = "test-ipc-windows"


class WindowsOfTwo(Windows):
    machine = TWO


class WindowsOfFour(WindowsOfTwo):
    machine = FOUR


class MovedHandles(ktap.KtapSuite):
    command = "test-ipc-handles"


class MovedHandlesOfTwo(MovedHandles):
    machine = TWO


class MovedHandlesOfFour(MovedHandlesOfTwo):
    machine = FOUR


class Control(ktap.KtapSuite):
    command = "test-control"


class ControlOfTwo(Control):
    machine = TWO


class ControlOfFour(Control):
    machine = FOUR


class ThreadRegisters(ktap.KtapSuite):
    command = "test-thread-registers"


class ThreadRegistersOfTwo(ThreadRegisters):
    machine = TWO


class ThreadRegistersOfFour(ThreadRegisters):
    machine = FOUR


class Kill(ktap.KtapSuite):
    command = "test-kill"


class KillOfTwo(Kill):
    machine = TWO


class KillOfFour(Kill):
    machine = FOUR


class Exceptions(ktap.KtapSuite):
    command = "test-exceptions"


class ExceptionsOfTwo(Exceptions):
    machine = TWO


class ExceptionsOfFour(ExceptionsOfTwo):
    machine = FOUR


class Foreign(ktap.KtapSuite):
    command = "test-foreign"


class ForeignOfTwo(Foreign):
    machine = TWO


class ForeignOfFour(Foreign):
    machine = FOUR


class Debugger(ktap.KtapSuite):
    command = "test-debugger"


class DebuggerOfTwo(Debugger):
    machine = TWO


class DebuggerOfFour(Debugger):
    machine = FOUR


class Scheduling(ktap.KtapSuite):
    command = "test-sched"


class SchedulingOfTwo(Scheduling):
    machine = TWO


class SchedulingOfFour(Scheduling):
    machine = FOUR


class Notifications(ktap.KtapSuite):
    command = "test-notify"


class NotificationsOfTwo(Notifications):
    machine = TWO


class NotificationsOfFour(Notifications):
    machine = FOUR


class Futex(ktap.KtapSuite):
    command = "test-futex"


class FutexOfTwo(Futex):
    machine = TWO


class FutexOfFour(Futex):
    machine = FOUR


class Crowds(ktap.KtapSuite):
    command = "test-crowds"


class CrowdsOfFour(Crowds):
    machine = FOUR


class Timers(ktap.KtapSuite):
    command = "test-timers"


class TimersWithoutSstc(Timers):
    machine = WITHOUT_SSTC


class TimersOfFour(Timers):
    machine = FOUR


class Interrupts(ktap.KtapSuite):
    command = "test-interrupts"


class InterruptsOfFour(Interrupts):
    machine = FOUR


class InterruptsWithTheKernelsConsole(Interrupts):
    machine = KERNEL_CONSOLE
    checked = True


class Shootdown(ktap.KtapSuite):
    command = "test-shootdown"


class ShootdownOfTwo(Shootdown):
    machine = TWO


class ShootdownOfFour(Shootdown):
    machine = FOUR


class Asids(ktap.KtapSuite):
    command = "test-asids"


class AsidsOfFour(Asids):
    machine = FOUR


class FewAsids(Asids):
    machine = {"append": "asid-bits=2"}


class FewAsidsOfTwo(Asids):
    machine = {"append": "asid-bits=2", "smp": 2}


class FewAsidsOfFour(Asids):
    machine = {"append": "asid-bits=2", "smp": 4}


class NoAsids(Asids):
    machine = {"append": "asid-bits=0"}


class NoAsidsOfFour(Asids):
    machine = {"append": "asid-bits=0", "smp": 4}


class ShootdownWithFewAsids(Shootdown):
    machine = {"append": "asid-bits=2", "smp": 2}


class ExceptionsWithFewAsids(Exceptions):
    machine = {"append": "asid-bits=1", "smp": 2}


class ForeignWithFewAsids(Foreign):
    machine = {"append": "asid-bits=1", "smp": 2}


class DebuggerWithFewAsids(Debugger):
    machine = {"append": "asid-bits=1", "smp": 2}


class ControlWithoutAsids(Control):
    machine = {"append": "asid-bits=0", "smp": 4}


class KillWithoutAsids(Kill):
    machine = {"append": "asid-bits=0", "smp": 4}


class Code(ktap.KtapSuite):
    command = "test-code"


class CodeOfTwo(Code):
    machine = TWO


class CodeOfFour(Code):
    machine = FOUR


class CodeWithFewAsids(Code):
    machine = {"append": "asid-bits=1", "smp": 2}


class Contiguous(ktap.KtapSuite):
    command = "test-contiguous"


class ContiguousOfTwo(Contiguous):
    machine = TWO


class ContiguousOfFour(Contiguous):
    machine = FOUR


class ContiguousInFourGigabytes(Contiguous):
    """Finding a run, and running out of memory, where there is most of it."""

    machine = {"mem": "4G"}


class Threads(ktap.KtapSuite):
    command = "test-threads"


class ThreadsOfTwo(Threads):
    machine = TWO


class ThreadsOfFour(Threads):
    command = "test-threads 200"
    machine = FOUR


class PosixFiles(ktap.KtapSuite):
    command = "test-posix-files"


class PosixFilesOfTwo(PosixFiles):
    machine = TWO


class PosixFilesOfFour(PosixFiles):
    machine = FOUR


class Fifos(ktap.KtapSuite):
    command = "test-fifos"


class FifosOfTwo(Fifos):
    machine = TWO


class FifosOfFour(Fifos):
    machine = FOUR


class Locks(ktap.KtapSuite):
    command = "test-locks"


class LocksOfTwo(Locks):
    machine = TWO


class LocksOfFour(Locks):
    machine = FOUR


class PosixLibrary(ktap.KtapSuite):
    command = "test-posix-library"


class PosixLibraryOfTwo(PosixLibrary):
    machine = TWO


class FileServer(ktap.KtapSuite):
    command = "test-file-server"


class FileServerOfTwo(FileServer):
    machine = TWO


class FileServerOfFour(FileServer):
    machine = FOUR


class Hostile(ktap.KtapSuite):
    command = "test-hostile"


class HostileOfASmallMachine(Hostile):
    machine = SMALL


class HostileOfTwo(Hostile):
    command = "test-hostile floods"
    machine = TWO


class HostileOfFour(HostileOfTwo):
    machine = FOUR


class Fuzz(ktap.KtapSuite):
    command = "test-fuzz"


class FuzzOfASmallMachine(Fuzz):
    machine = SMALL


class FuzzOfTwo(Fuzz):
    """On a debug kernel: on more than one hart it audits page tables and tables of handles while others run."""

    machine = TWO
    checked = True


class FuzzOfFour(Fuzz):
    machine = FOUR


class PointersWithTheKernelsConsole(Pointers):
    """Without a console server, programs may read the console, so the matrices have console_read in them."""

    machine = KERNEL_CONSOLE


class HandlesWithTheKernelsConsole(Handles):
    machine = KERNEL_CONSOLE


class ControlWithTheKernelsConsole(Control):
    machine = KERNEL_CONSOLE


class RegistersWithTheKernelsConsole(Registers):
    machine = KERNEL_CONSOLE


class Protocol(ktap.KtapSuite):
    command = "test-protocol"


class ProtocolOfFour(Protocol):
    machine = FOUR


class ProcessServer(ktap.KtapSuite):
    command = "test-programs"


class Signals(ktap.KtapSuite):
    command = "test-signals"


class SignalsOfTwo(Signals):
    machine = TWO


class SignalsOfFour(Signals):
    machine = FOUR


class Poll(ktap.KtapSuite):
    command = "test-poll"


class PollOfTwo(Poll):
    machine = TWO


class PollOfFour(Poll):
    machine = FOUR


class Jobs(ktap.KtapSuite):
    command = "test-jobs"


class JobsOfTwo(Jobs):
    machine = TWO


class JobsOfFour(Jobs):
    machine = FOUR


class Constants(ktap.KtapSuite):
    command = "test-constants"


class ConstantsOfTwo(Constants):
    machine = TWO


class Start(ktap.KtapSuite):
    command = "test-start"


class StartOfTwo(Start):
    machine = TWO


class Processes(ktap.KtapSuite):
    command = "test-processes"


class ProcessesOfTwo(Processes):
    machine = TWO


class Forks(ktap.KtapSuite):
    command = "test-fork"


class ForksOfTwo(Forks):
    machine = TWO


class ForksOfFour(Forks):
    machine = FOUR


class ProcessServerOfFour(ProcessServer):
    machine = FOUR


def suites() -> Iterator[Type[ktap.KtapSuite]]:
    for suite in globals().values():
        if isinstance(suite, type) and issubclass(suite, ktap.KtapSuite):
            yield suite


class Complete(unittest.TestCase):
    def test_each_suite_has_a_class(self) -> None:
        there = {file.stem for file in (boot.ROOT / "tests/user").glob("test-*")}
        run: Set[str] = {suite.command for suite in suites()}
        self.assertEqual(there - run, set(), "add a class to tests/boot/test_suites.py for each of these")

    def test_each_suite_runs_on_the_kernel_as_it_is(self) -> None:
        checked = {suite.command for suite in suites() if suite.is_checked()}
        released = {suite.command.split()[0] for suite in suites() if not suite.is_checked()}
        self.assertEqual(checked - released, set(), "add a class with another machine for each of these, such as "
                         "`class MemoryOfTwo(Memory): machine = TWO`")
