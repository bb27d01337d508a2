"""scripts/run: output byte for byte, the command's status, and a status of its own for everything that goes wrong."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import unittest
from pathlib import Path

from tests.support import boot

BYTES = r"""
#include <unistd.h>
int main(void)
{
	unsigned char all[256];
	for (int i = 0; i < 256; i++)
		all[i] = i;
	write(1, all, sizeof(all));
	write(1, "\r\n\r\r\n\n\r", 7);
	return 0;
}
"""


class Output(unittest.TestCase):
    def test_output_and_nothing_else(self) -> None:
        result = boot.run("echo one; echo '  two  '")
        self.assertEqual((result.status, result.raw, result.errors), (0, b"one\n  two  \n", ""), result.log)

    def test_every_byte(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            program = boot.program_build(BYTES, folder, "bytes")
            result = boot.run("bytes", programs=[program])
        self.assertEqual(result.raw, bytes(range(256)) + b"\r\n\r\r\n\n\r", result.log)

    def test_no_newline_at_the_end(self) -> None:
        self.assertEqual(boot.run("echo -n end").raw, b"end")

    def test_command_line_arrives_as_it_is(self) -> None:
        result = boot.run("""echo "a  b" 'c"d' -- mark=x '$HOME' é""")
        self.assertEqual(result.output, "a  b c\"d -- mark=x $HOME é\n", result.log)

    def test_standard_input_is_empty(self) -> None:
        result = boot.run("cat; echo $?")
        self.assertEqual(result.output, "0\n", result.log)

    def test_much_output(self) -> None:
        """More than all buffers on the way hold."""
        result = boot.run("cat /bin/sh /bin/sh", timeout=120)
        one = (boot.ROOT / "build/archive/bin/sh").read_bytes()
        self.assertEqual(result.status, 0, result.errors)
        self.assertTrue(result.raw == one + one, f"{len(result.raw)} bytes, not {2 * len(one)} or not the same")

    def test_program_from_outside_takes_precedence(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            source = '#include <stdio.h>\nint main(void) { puts("mine"); return 5; }\n'
            program = boot.program_build(source, folder, "hello")
            result = boot.run("hello", programs=[program])
        self.assertEqual((result.status, result.output), (5, "mine\n"), result.log)

    def test_report_of_a_fault_goes_to_standard_error(self) -> None:
        result = boot.run("crash null")
        self.assertEqual(result.status, 139, result)
        self.assertRegex(result.errors, r"crash.*page fault at 0x")
        self.assertRegex(result.errors, r"pc 0x[0-9a-f]+ in null_read\+0x")
        self.assertNotIn("page fault", result.output)

    def test_log_file_has_everything(self) -> None:
        result = boot.run("echo here")
        self.assertIn("OpenSBI", result.log)
        self.assertIn("here\n", result.log)
        self.assertNotIn("\x01", result.log)

    def test_same_run_with_icount(self) -> None:
        self.assertEqual(boot.run("echo counted", icount=True).output, "counted\n")


class Status(unittest.TestCase):
    def test_of_the_command(self) -> None:
        for command, status in (("true", 0), ("false", 1), ("sh -c 'exit 77'", 77), ("no-such-program", 127)):
            with self.subTest(command):
                self.assertEqual(boot.run(command).status, status)

    def test_panic(self) -> None:
        result = boot.run("echo never", append="test=panic")
        self.assertEqual((result.status, result.raw), (boot.STATUS_PANIC, b""), result)
        self.assertIn("the kernel panicked", result.errors)
        self.assertIn("panic: asked for by test=panic", result.errors)

    def test_panic_tells_who_waits_for_whom(self) -> None:
        for harts in (1, 4):
            with self.subTest(harts=harts):
                result = boot.run("true", append="test=shutdown", smp=harts)
                self.assertEqual(result.status, boot.STATUS_PANIC, result)
                self.assertIn("panic: asked for by test=shutdown", result.errors)
                report = result.errors.partition("who waits for whom:")[2]
                self.assertRegex(report, r"process 1 \(init\), thread 1: runs\n")
                self.assertRegex(report, r"\(init\), thread \d+: waits for the end of a process, object \d+, of process \d+\n")
                self.assertRegex(report, r"\(console\), thread \d+: waits for a call, object \d+\n")
                self.assertIn("make qemu-gdb", report, "the report goes on to its end")

    def test_fault_of_the_kernel(self) -> None:
        result = boot.run("echo never", append="test=fault")
        self.assertEqual(result.status, boot.STATUS_PANIC, result)
        self.assertRegex(result.errors, r"scause|page fault")
        self.assertRegex(result.errors, r"touch_nothing\+0x|selftest\+0x", "the backtrace has names")

    def test_overflow_of_the_kernel_stack(self) -> None:
        result = boot.run("echo never", append="test=overflow")
        self.assertEqual(result.status, boot.STATUS_PANIC, result)
        self.assertRegex(result.errors, r"(?i)panic: .*stack")

    @staticmethod
    def enough() -> int:
        """Seconds in which any machine here would be done, even if it gets slower from now on."""
        return 2 + round(5 * boot.run("true").seconds)

    def test_hang(self) -> None:
        timeout = self.enough()
        result = boot.run("echo never", append="test=hang", timeout=timeout)
        self.assertEqual(result.status, boot.STATUS_HANG, result)
        self.assertIn(f"did not begin within {timeout} s", result.errors)
        self.assertIn("OpenSBI", result.errors)

    def test_command_that_does_not_end(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            program = boot.program_build("int main(void) { for (;;); }", folder, "forever")
            timeout = self.enough()
            result = boot.run("echo begun; forever", programs=[program], timeout=timeout)
        self.assertEqual((result.status, result.output), (boot.STATUS_HANG, "begun\n"), result)
        self.assertIn(f"did not end within {timeout} s", result.errors)

    def test_lost_machine(self) -> None:
        """The emulator is killed while the command runs."""
        with tempfile.TemporaryDirectory() as folder:
            program = boot.program_build("int main(void) { for (;;); }", folder, "forever")
            run = subprocess.Popen([str(boot.RUN), "--program", str(program), "echo begun; forever"],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            assert run.stdout
            self.assertEqual(run.stdout.read(6), b"begun\n")
            os.kill(child_of(run.pid), signal.SIGKILL)
            errors = run.communicate(timeout=60)[1].decode()
        self.assertEqual(run.returncode, boot.STATUS_LOST, errors)
        self.assertIn("the machine ended", errors)

    def test_interrupt_ends_the_emulator(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            program = boot.program_build("int main(void) { for (;;); }", folder, "forever")
            run = subprocess.Popen([str(boot.RUN), "--program", str(program), "echo begun; forever"],
                                   stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            assert run.stdout
            self.assertEqual(run.stdout.read(6), b"begun\n")
            emulator = child_of(run.pid)
            run.send_signal(signal.SIGINT)
            run.communicate(timeout=60)
        self.assertEqual(run.returncode, 130)
        self.assertFalse(Path(f"/proc/{emulator}").exists(), "the emulator goes on")


def child_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])


class Refusals(unittest.TestCase):
    """Arguments that can't be right: a message that says what to do, and status 252."""

    def refused(self, message: str, *arguments: str) -> None:
        done = subprocess.run([str(boot.RUN), *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
        errors = done.stderr.decode()
        self.assertEqual((done.returncode, done.stdout), (boot.STATUS_REFUSED, b""), errors)
        self.assertRegex(errors, message)

    def test_no_command(self) -> None:
        self.refused("give one command line, in quotes")

    def test_several_commands(self) -> None:
        self.refused("unrecognized arguments: /", "ls", "/")

    def test_unknown_option(self) -> None:
        self.refused("--frob.*--help", "--frob", "ls")

    def test_harts(self) -> None:
        self.refused("--smp", "--smp", "0", "ls")
        self.refused("--smp", "--smp", "many", "ls")

    def test_program_missing(self) -> None:
        self.refused("no program /no/such", "--program", "/no/such", "ls")

    def test_separator_in_append(self) -> None:
        self.refused("'--' ends the kernel command line", "--append", "log=debug -- x", "ls")

    def test_kernel_missing(self) -> None:
        self.refused("run `make` first", "--kernel", "/no/such/kernel.elf", "ls")


if __name__ == "__main__":
    unittest.main()
