"""The shell, init and the tools: command lines run without a prompt, and keys typed at one."""

import os
import select
import signal
import subprocess
import tempfile
import time
import unittest
from pathlib import Path
from typing import Tuple

ROOT = Path(__file__).resolve().parents[2]
RUN = str(ROOT / "scripts/run")
PROMPT = "\ntabula$ "
DEADLINE = 60.0


def run(command: str, *options: str) -> Tuple[int, str]:
    done = subprocess.run([RUN, *options, command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE)
    return done.returncode, done.stdout.decode()


class Commands(unittest.TestCase):
    def expect(self, command: str, output: str, status: int = 0) -> None:
        self.assertEqual(run(command), (status, output))

    def test_connectors_and_status(self) -> None:
        self.expect("true && echo a || echo b; false && echo c || echo d; false; echo $?; exit 300",
                    "a\nd\n1\n", 300 % 256)

    def test_status_of_the_last_command(self) -> None:
        self.expect("true; false", "", 1)

    def test_what_can_not_run(self) -> None:
        self.expect("nothing; echo $?; /etc/motd; echo $?; /bin; echo $?; /bin/nothing; echo $?; '' ; echo $?",
                    "sh: nothing: not found; 'ls /bin' shows what there is\n127\n"
                    "sh: /etc/motd: Permission denied\n126\nsh: /bin: Is a directory\n126\n"
                    "sh: /bin/nothing: No such file or directory\n127\n"
                    "sh: : not found; 'ls /bin' shows what there is\n127\n")

    def test_variables(self) -> None:
        self.expect("A='x y' B=2; echo \"$A\" $B; A=3 sh -c 'echo [$A][$B]'; export B; sh -c 'echo $B'; unset B; "
                    "echo [$B]; sh -c 'echo $0 $# \"$@\"' name 'a b' c",
                    "x y 2\n[3][]\n2\n[]\nname 2 a b c\n")

    def test_directories(self) -> None:
        self.expect("cd bin && pwd && sh -c pwd && ls ls* && cd - && cd nothing; echo $?; cd /etc/motd",
                    "/bin\n/bin\nls\n/\nsh: cd: nothing: No such file or directory\n1\n"
                    "sh: cd: /etc/motd: Not a directory\n", 1)

    def test_nothing_of_a_broken_input_runs(self) -> None:
        self.expect("echo a; echo 'b", "sh: syntax error: the end comes too early; is a quote, a parenthesis, an 'if' or a "
                    "loop open?\n", 2)
        self.expect("echo a; fi", "sh: syntax error: a command is missing before 'fi'\n", 2)

    def test_language(self) -> None:
        self.expect("f() { local i=$1; while [ $i -gt 0 ]; do echo -n $i; i=$((i - 1)); done; echo; return 4; }; f 3; echo $?",
                    "321\n4\n")
        self.expect("for w in a 'b c'; do case $w in a) echo one;; b*) echo \"two $w\";; esac; done; if false; then echo no; "
                    "elif test -d /etc; then echo dir; fi", "one\ntwo b c\ndir\n")
        self.expect("cd /etc; read first second rest < motd; echo \"$second\"; n=0; while read x; do n=$((n+1)); done < motd; "
                    "echo $n", "a\n" + f"{len((ROOT / 'user/etc/motd').read_text().splitlines())}\n")
        self.expect("x=archive.tar.gz; echo ${x%.*} ${x##*.} ${#x} ${none:-default}; set -- p q; shift; echo $1 $#",
                    "archive.tar gz 14 default\nq 1\n")
        self.expect("trap 'echo bye' EXIT; echo a >&2; { echo b; } 2>&1; printf '%s-%d\\n' x 7; set -e; false; echo no",
                    "a\nb\nx-7\nbye\n", 1)

    def test_scripts(self) -> None:
        with tempfile.TemporaryDirectory() as directory:
            script = Path(directory) / "script"
            script.write_text("echo $0 $# \"$@\"\nif\ntrue\nthen\n  echo yes\nfi\n. /bin/script2\nexit 5\n")
            (Path(directory) / "script2").write_text("echo sourced\n")
            done = subprocess.run([RUN, "--program", str(script), "--program", str(Path(directory) / "script2"),
                                   "sh /bin/script 'a b' c; echo $?"],
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.assertEqual(done.stdout, "/bin/script 2 a b c\nyes\nsourced\n5\n")

    def test_pipes(self) -> None:
        self.expect("echo a | cat; echo b | cat | cat | cat; seq 3 | while read x; do echo -n $x; done; echo; true | false; "
                    "echo $?; ! echo c | grep d; echo $?; yes | head -n 1; echo $?", "a\nb\n123\n1\n0\ny\n0\n")
        self.expect("seq 20000 | sort -n | tail -n 1; seq 5000 | cat | wc -l; x=1; echo | x=2; echo $x", "20000\n5000\n1\n")

    def test_subshells(self) -> None:
        self.expect("x=1; (x=2; cd /tmp; echo $x; pwd; exit 4); echo $? $x; pwd; (echo a; (echo b; exit 2); echo $?) | cat",
                    "2\n/tmp\n4 1\n/\na\nb\n2\n")
        self.expect("x=$(echo a; echo b; exit 3); echo \"$x\" $?; echo $(echo $(echo in $(echo each other))); f() { echo $1; }; "
                    "y=$(f word); echo [$y]; echo `expr_is_missing 2>&1 | wc -l`", "a\nb 3\nin each other\n[word]\n1\n")
        self.expect("echo $(($$ == $(echo $$))); sh -c 'kill -9 $$'; echo $?", "1\nsh: Killed\n137\n")

    def test_jobs(self) -> None:
        self.expect("sleep 0.1 & first=$!; (exit 7) & wait $!; echo $?; wait $first; echo $?; wait 99; echo $?", "7\n0\n127\n")
        self.expect("sleep 20 & kill $!; wait $!; echo $?; { echo in; exit 5; } & wait; echo $?; jobs",
                    "sleep: Terminated\n143\nin\n0\n")
        self.expect("for i in 1 2 3 4 5 6 7 8; do (sleep 0.0$i; exit $i) & pids=\"$pids $!\"; done; "
                    "for p in $pids; do wait $p; echo -n $?; done; echo", "12345678\n")

    def test_names_of_signals(self) -> None:
        self.expect("kill -l 9 143 int SIGCHLD; kill -l 99; echo $?; kill -l | head -n 2",
                    "KILL\nTERM\n2\n20\nsh: kill: 99: there is no such signal; kill -l lists them\n1\n 1 HUP\n 2 INT\n")

    def test_realtime_signals(self) -> None:
        self.expect("kill -l 32 35 62 191 rtmin+3 SIGRTMAX; kill -l RTMIN+32; echo $?; kill -l | tail -n 1",
                    "RTMIN\nRTMIN+3\nRTMAX-1\nRTMAX\n35\n63\n"
                    "sh: kill: RTMIN+32: there is no such signal; kill -l lists them\n1\n63 RTMAX\n")
        self.expect("trap 'echo three' RTMIN+3; trap 'echo max' 63; trap '' RTMIN; kill -RTMIN+3 $$; kill -s RTMAX $$; "
                    "kill -RTMIN $$; trap; trap - RTMAX; sh -c 'kill -63 $$'; echo $?",
                    "three\nmax\ntrap -- '' RTMIN\ntrap -- 'echo three' RTMIN+3\ntrap -- 'echo max' RTMAX\n"
                    "sh: Real-time signal 31\n191\n")
        self.expect("sleep 20 & kill -sigrtmin+4 $!; wait $!; echo $?", "sleep: Real-time signal 4\n164\n")

    def test_traps(self) -> None:
        self.expect("trap 'echo usr1' USR1; kill -USR1 $$; echo behind; trap '' TERM; kill -TERM $$; echo still; "
                    "sh -c 'kill -TERM $$; echo ignored'; (trap - TERM; sh -c 'kill -TERM $$'; echo $?)",
                    "usr1\nbehind\nstill\nignored\nsh: Terminated\n143\n")
        self.expect("trap 'echo caught; exit 3' TERM; (sleep 0.1; kill -TERM $$) & while :; do :; done", "caught\n", 3)
        # One that comes before the shell waits does not end that.
        self.expect("trap caught=yes USR1; (while kill -USR1 $$; do sleep 0.05; done) & sleep 1000 & wait $!; echo $? $caught",
                    "158 yes\n")

    def test_exec(self) -> None:
        self.expect("echo a; exec echo b; echo never", "a\nb\n")
        self.expect("exec sh -c 'exit 6'", "", 6)
        self.expect("(exec nothing; echo never); echo $?; sh -c 'exec cat /etc/nothing'; echo $?",
                    "sh: nothing: not found; 'ls /bin' shows what there is\n127\n"
                    "cat: /etc/nothing: No such file or directory\n1\n")

    def test_redirections(self) -> None:
        self.expect("echo one > /tmp/a; echo two >> /tmp/a; cat < /tmp/a; head -n 1 /tmp/a > /tmp/b; wc -l < /tmp/b",
                    "one\ntwo\n1\n")

    def test_faults_are_named_and_survived(self) -> None:
        ways = [("null", "Segmentation fault", 139), ("text-write", "Segmentation fault", 139),
                ("data-jump", "Segmentation fault", 139), ("stack", "Segmentation fault", 139),
                ("bad-stack", "Segmentation fault", 139), ("kernel", "Segmentation fault", 139),
                ("illegal", "Illegal instruction", 132), ("privileged", "Illegal instruction", 132),
                ("break", "Trace/breakpoint trap", 133), ("misaligned", "Bus error", 138)]
        command = "; ".join(f"crash {way}; echo $?" for way, _, _ in ways)
        self.expect(command, "".join(f"crash: {text}\n{status}\n" for _, text, status in ways))

    def test_input_is_at_its_end(self) -> None:
        self.expect("cat; cat -; sh; echo done", "done\n")

    def test_tools(self) -> None:
        self.expect("echo -n a; echo b; cat /etc/motd /nothing /etc; echo $?",
                    "ab\nTabula: a small RISC-V kernel whose system calls all come from one table.\n"
                    "cat: /nothing: No such file or directory\ncat: /etc: Is a directory\n1\n")
        self.expect("ls /etc /nothing /etc/motd; echo $?; ls -d /etc; ls -a /etc",
                    "ls: /nothing: No such file or directory\n/etc/motd\n\n/etc:\nmotd\n2\n/etc\n.\n..\nmotd\n")
        self.expect("ls -x 2>&1 | head -n 2 | cut -d ' ' -f 1-2; ls -x 2> /dev/null; echo $?", "ls: invalid\nusage: ls\n2\n")

    def test_long_listing(self) -> None:
        size = (ROOT / "user/etc/motd").stat().st_size
        self.assertEqual(run("ls -l /etc", "--date", "2031-02-03T04:05:06"),
                         (0, f"total 0\n-rw-r--r--  1 {size:9} Feb  3 04:05 motd\n"))

    def test_binary_output_is_exact(self) -> None:
        with tempfile.TemporaryDirectory() as directory:
            every = bytes(range(256)) * 20 + b"\r\n\r\r\n\n"
            (Path(directory) / "every").write_bytes(every)
            done = subprocess.run([RUN, "--program", str(Path(directory) / "every"), "cat /bin/every"],
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertEqual((done.returncode, done.stdout), (0, every))


class BootArchive(unittest.TestCase):
    """What init says when the archive is not what it should be."""

    def boot(self, *files: str) -> Tuple[int, str]:
        with tempfile.TemporaryDirectory() as directory:
            archive = os.path.join(directory, "initrd.cpio")
            subprocess.run([str(ROOT / "scripts/mkarchive"), archive, *files], check=True, cwd=str(ROOT))
            done = subprocess.run([RUN, "--initrd", archive, "echo a"], stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return done.returncode, done.stdout.decode()

    def test_no_shell(self) -> None:
        _, output = self.boot("/init=build/archive/bin/init")
        self.assertIn("init: /bin/sh: No such file or directory\n", output)
        self.assertIn("init: nothing can be run; rebuild build/initrd.cpio with 'make'\n", output)

    def test_shell_is_no_program(self) -> None:
        _, output = self.boot("/init=build/archive/bin/init", "/bin/sh=user/etc/motd")
        self.assertIn("init: /bin/sh: Permission denied\n", output)


class Prompt(unittest.TestCase):
    def setUp(self) -> None:
        self.machine = subprocess.Popen([RUN, "--interactive"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, bufsize=0, start_new_session=True)
        self.addCleanup(self.end)
        self.raw, self.seen = b"", ""
        self.first_screen = self.until(PROMPT)

    def end(self) -> None:
        # The emulator is a child of scripts/run: a signal to that alone would leave it running.
        try:
            os.killpg(self.machine.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.machine.wait()
        for stream in (self.machine.stdin, self.machine.stdout):
            if stream:
                stream.close()

    def until(self, text: str) -> str:
        """What comes up to a text; the rest is kept for the next time."""
        limit = time.monotonic() + DEADLINE
        while text not in self.seen:
            ready, _, _ = select.select([self.machine.stdout], [], [], max(0, limit - time.monotonic()))
            got = os.read(self.machine.stdout.fileno(), 65536) if ready else b""
            self.assertTrue(got, f"{text!r} never came after {self.seen!r}")
            self.raw += got
            self.seen += self.take_text()
        before, _, self.seen = self.seen.partition(text)
        return before

    def take_text(self) -> str:
        """What has come, up to a byte that may be the start of more: a return before its newline, half a character."""
        end = len(self.raw)
        while end > 0 and (self.raw[end - 1] == ord("\r") or self.raw[end - 1] >= 0x80):
            end -= 1
        text, self.raw = self.raw[:end], self.raw[end:]
        return text.decode().replace("\r\n", "\n")

    def keys(self, keys: str) -> None:
        self.machine.stdin.write(keys.encode())

    def enter(self, keys: str) -> str:
        """Types a line; returns what is printed between its echo and the next prompt."""
        self.keys(keys + "\r")
        return self.until(PROMPT).partition("\n")[2]

    def test_first_screen(self) -> None:
        self.assertIn("Welcome to Tabula. Try:\n", self.first_screen)
        self.assertLessEqual(len(self.first_screen.partition("Welcome")[2].splitlines()), 10)

    def test_editing(self) -> None:
        # QEMU keeps one Ctrl-A for itself and passes on the second.
        self.assertEqual(self.enter("echo ab\x7fc"), "ac")
        self.assertEqual(self.enter("ecx\x1b[D\x1b[3~ho a\x1b[Hnot\x08\x08\x08\x1b[F b"), "a b")
        self.assertEqual(self.enter("junk\x15echo one two three\x17four"), "one two four")
        self.assertEqual(self.enter("xecho a b\x01\x01\x04\x05\x02\x02\x0b"), "a")
        self.assertEqual(self.enter("echo \u00e9x\x7f\x7fe"), "e")
        self.assertEqual(self.enter("echo " + "x" * 300), "x" * 300)

    def test_history(self) -> None:
        self.enter("echo first")
        self.enter("echo second")
        self.assertEqual(self.enter("\x1b[A\x1b[A"), "first")
        self.assertEqual(self.enter("new\x10\x10\x0e\x0e\x15echo \x1b[A\x1b[B\x15echo kept"), "kept")
        self.assertEqual(self.enter("\x1b[A\x1b[A\x1b[A\x1b[A\x1b[B"), "second")

    def test_lines_that_go_on(self) -> None:
        self.keys("echo 'a\r")
        self.until("\n> ")
        self.keys("b' &&\r")
        self.until("\n> ")
        self.assertEqual(self.enter("echo c"), "a\nb\nc")

    def test_interrupt(self) -> None:
        self.keys("echo no\x03")
        self.until(PROMPT)
        self.assertEqual(self.enter("echo $?"), "130")
        self.keys("echo 'a\r")
        self.until("\n> ")
        self.keys("b\x03")
        self.until(PROMPT)
        self.assertEqual(self.enter("echo c"), "c")
        self.keys("cat\r")
        self.until("cat\n")
        self.keys("no\x03")
        self.until(PROMPT)
        self.assertEqual(self.enter("echo $?"), "130")

    def test_interrupt_of_what_begins(self) -> None:
        """It comes while the program is started: to the shell, before that has made the program, or before it runs."""
        for _ in range(20):
            self.keys("cat\r")
            self.until("cat\n")
            self.keys("\x03")
            self.until(PROMPT)
            self.assertEqual(self.enter("echo $?"), "130")

    def interrupt(self, command: str, after: str) -> None:
        """Ctrl-C, once something has been printed."""
        self.keys(command + "\r")
        self.until("\n" + after)
        self.keys("\x03")
        self.until(PROMPT)
        self.assertEqual(self.enter("echo $?"), "130")

    def test_interrupt_of_pipes_and_subshells(self) -> None:
        self.interrupt("cat | (echo begun; cat) | cat", "begun\n")
        self.interrupt("(echo begun; while :; do :; done)", "begun\n")
        self.interrupt("echo begun; while :; do true; done", "begun\n")
        self.interrupt("x=$(echo begun >&2; sleep 100)", "begun\n")
        self.interrupt("sh -c 'sh -c \"echo begun; sleep 100\"'", "begun\n")
        self.interrupt("yes | (echo begun; cat > /dev/null)", "begun\n")
        self.keys("read x; echo never\r")
        self.until("never\n")
        self.keys("abc\x03")
        self.until(PROMPT)
        self.assertEqual(self.enter("echo still here"), "still here")

    def test_jobs(self) -> None:
        self.assertRegex(self.enter("sleep 100 &"), r"^\[1\] \d+$")
        self.interrupt("echo begun; sleep 100", "begun\n")
        self.assertEqual(self.enter("jobs"), "[1]  Running   sleep 100 ")
        self.interrupt("echo begun; wait", "begun\n")
        self.assertEqual(self.enter("kill %1; wait; echo $?"), "sleep: Terminated\n0")
        self.assertEqual(self.enter("jobs"), "")
        self.enter("sleep 100 &")
        ended = "until ps -p $! | grep -q ended; do :; done"
        self.assertRegex(self.enter(f"kill %1; {ended}; jobs"), r"\[1\]  Terminated sleep 100 $")
        self.assertRegex(self.enter(f"sh -c 'exit 3' & {ended}"), r"^\[1\] \d+\n\[1\]  Exit 3    sh -c 'exit 3' $")

    def test_too_long_a_line_is_refused(self) -> None:
        self.assertIn("sh: the input is too long", self.enter("echo " + "x" * 5000))
        self.assertEqual(self.enter("echo fine"), "fine")

    def test_input_of_a_program(self) -> None:
        self.keys("cat\rabX\x7fc\r")
        self.until("abX\x08 \x08c\nabc\n")
        self.keys("no newline\x04")
        self.until("no newlineno newline")
        self.keys("\x04")
        self.until("tabula$ ")
        self.assertEqual(self.enter("echo typed ahead"), "typed ahead")

    def test_typed_ahead(self) -> None:
        self.keys("hello\recho next\r")
        self.until("echo next\nnext" + PROMPT)

    def test_fault_and_end_of_the_shell(self) -> None:
        self.assertIn("crash: Segmentation fault", self.enter("crash"))
        self.assertIn("init: the shell has ended with status 3; here is a new one", self.enter("exit 3"))
        self.assertEqual(self.enter("echo again"), "again")
        self.keys("\x04")
        self.assertIn("init: the shell has ended", self.until(PROMPT))

    def test_shutdown(self) -> None:
        self.assertIn("'256' is not a number from 0 to 255", self.enter("shutdown 256"))
        self.keys("shutdown 7\r")
        self.assertEqual(self.machine.wait(DEADLINE), 7)


if __name__ == "__main__":
    unittest.main()
