"""The shell, compiled for this machine with sanitizers: what it understands, what it refuses, and what it runs."""

import concurrent.futures
import os
import pty
import select
import signal
import subprocess
import tempfile
import termios
import time
import unittest
from pathlib import Path
from typing import List, Tuple

ROOT = Path(__file__).resolve().parents[2]
SHELL = ROOT / "user/bin/sh"
HERE = ROOT / "tests/host/shell"
FLAGS = ["-std=gnu17", "-D_GNU_SOURCE", "-g", "-Wall", "-Wextra", "-Wshadow", "-Werror", "-fsanitize=address,undefined",
         "-fno-sanitize-recover=all", "-idirafter", str(ROOT / "user/include"), "-I", str(SHELL),
         "-include", str(HERE / "names.h")]
PURE = ["alias", "arithmetic", "expand", "lex", "parameter", "parse", "parse_command", "parse_compound",
        "parse_redirect", "parse_token", "pattern", "tree", "variable", "words"]
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "HOME": "/root", "LC_ALL": "C"}


class Binaries:
    """The shell and a driver for its parser, compiled once."""

    folder: "tempfile.TemporaryDirectory[str]"
    shell = driver = ""


def setUpModule() -> None:
    Binaries.folder = tempfile.TemporaryDirectory()
    folder = Path(Binaries.folder.name)
    sources = sorted(SHELL.glob("*.c")) + [HERE / "console.c", HERE / "names.c", HERE / "driver.c"]
    objects = {source.stem: str(folder / f"{source.stem}.o") for source in sources}

    def compile_one(source: Path) -> None:
        subprocess.run(["cc", *FLAGS, "-c", str(source), "-o", objects[source.stem]], check=True)

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(compile_one, sources))
    Binaries.shell, Binaries.driver = str(folder / "sh"), str(folder / "driver")
    link = ["cc", "-fsanitize=address,undefined", "-Wl,--wrap=read"]
    subprocess.run([*link, *(o for n, o in objects.items() if n != "driver"), "-o", Binaries.shell], check=True)
    subprocess.run([*link, objects["driver"], *(objects[n] for n in PURE), "-o", Binaries.driver], check=True)


def tearDownModule() -> None:
    Binaries.folder.cleanup()


class Built(unittest.TestCase):
    """A folder to run in, and the programs."""

    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.here = temporary.name

    def run_shell(self, *arguments: str, given: str = "") -> Tuple[int, str]:
        done = subprocess.run([Binaries.shell, *arguments], input=given, cwd=self.here, env=ENVIRONMENT, text=True, timeout=60,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, errors="replace")
        return done.returncode, done.stdout

    def drive(self, *arguments: str) -> str:
        done = subprocess.run([Binaries.driver, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              cwd=self.here, errors="replace", timeout=300)
        self.assertEqual(done.returncode, 0, done.stdout)
        return done.stdout


def cases() -> List[Tuple[str, str, int]]:
    """Scripts with their output and status, from cases.txt: "$ " begins a script, "> " goes on with it."""
    found: List[Tuple[str, str, int]] = []
    for line in (HERE / "cases.txt").read_text().splitlines():
        if line.startswith("$ "):
            found.append((line[2:], "", 0))
            continue
        script, output, status = found.pop()
        if line.startswith("> "):
            script += "\n" + line[2:]
        elif line.startswith("status "):
            status = int(line[7:])
        else:
            output += line + "\n"
        found.append((script, output, status))
    return found


class Language(Built):
    def test_cases(self) -> None:
        self.assertGreater(len(cases()), 100)
        for script, output, status in cases():
            with self.subTest(script), tempfile.TemporaryDirectory() as self.here:
                self.assertEqual(self.run_shell("-c", script), (status, output))

    def test_ways_in(self) -> None:
        script = "echo $0 $# \"$@\"\nread x\necho [$x]\nexit 3\n"
        Path(self.here, "script").write_text(script)
        self.assertEqual(self.run_shell("script", "a b", "c", given="typed\n"), (3, "script 2 a b c\n[typed]\n"))
        # What a command reads is no command, and the other way round.
        self.assertEqual(self.run_shell(given="read x\ntyped\necho [$x]\nexit 3\n"), (3, "[typed]\n"))
        self.assertEqual(self.run_shell("-c", "echo $0 $1", "name", "one"), (0, "name one\n"))
        self.assertEqual(self.run_shell("-e", "-c", "false; echo no"), (1, ""))
        self.assertEqual(self.run_shell("-x", "-c", "echo a $((1 + 1))"), (0, "+ echo a 2\na 2\n"))
        self.assertEqual(self.run_shell("none"), (127, "sh: none: No such file or directory\n"))
        self.assertEqual(self.run_shell("-Z")[0], 2)
        self.assertEqual(self.run_shell("--help")[1].partition(":")[0], "usage")

    def test_what_can_not_run(self) -> None:
        Path(self.here, "data").write_bytes(b"\x7fELFnothing\0")
        os.chmod(Path(self.here, "data"), 0o755)
        Path(self.here, "plain").write_text("text")
        self.assertEqual(self.run_shell("-c", "./data"), (126, "sh: ./data: not a program for this system\n"))
        self.assertEqual(self.run_shell("-c", "./plain"), (126, "sh: ./plain: Permission denied\n"))
        self.assertEqual(self.run_shell("-c", "./none"), (127, "sh: ./none: No such file or directory\n"))
        self.assertEqual(self.run_shell("-c", "none"), (127, "sh: none: not found; 'ls /bin' shows what there is\n"))
        self.assertEqual(self.run_shell("-c", "cat < none; echo $?"), (0, "sh: none: No such file or directory\n1\n"))
        self.assertEqual(self.run_shell("-c", "echo a > none/x; echo $?"), (0, "sh: none/x: No such file or directory\n1\n"))
        self.assertEqual(self.run_shell("-c", "sh -c 'kill -SEGV $$'; echo $?"), (0, "sh: Segmentation fault\n139\n"))

    def test_what_is_wrong_is_told(self) -> None:
        for script, complaint in {
                "echo $((1 / 0))": "$((1 / 0)): division by zero",
                "echo $((1 +))": "$((1 +)): a number is missing",
                "echo $((1 2))": "$((1 2)): an operator is missing before 2",
                "echo ${a!b}": "${a!b}: not understood; ${NAME}, ${#NAME} and ${NAME:-WORD} with - = ? + # % are known",
                "echo ${x?is missing}; echo never": "x: is missing",
                "cd /none": "cd: /none: No such file or directory",
                "exit x": "exit: 'x' is not a status; use a number from 0 to 255",
                "test 1 -eq x": "test: not a number: x",
                "[ 1": "[: ']' is missing at the end",
                "echo a >&x": "x: not the number of a file; '> FILE' writes to a file, '>&2' to the second",
                "kill -NONE 1": "kill: there is no such signal; 'kill [-SIGNAL] PROCESS...' sends TERM, 'kill -l' lists signals",
                "f() { f; }; f": "f: more than 200 functions are in each other",
                "fg": "fg: there is no job",
                "readonly r=1; r=2": "r: is read-only"}.items():
            with self.subTest(script):
                status, output = self.run_shell("-c", script)
                self.assertEqual(output, f"sh: {complaint}\n")
                self.assertNotEqual(status, 0)

    def test_failed_writes_are_told(self) -> None:
        self.assertEqual(self.run_shell("-c", "echo a > /dev/full; echo $?"),
                         (0, "sh: echo: standard output: No space left on device\n1\n"))

    def test_large_things(self) -> None:
        self.assertEqual(self.run_shell("-c", "x=$(yes | head -c 300000 | tr -d '\\n'); echo ${#x}"), (0, "150000\n"))
        self.assertEqual(self.run_shell("-c", "x=$(yes | head -c 4000000); echo $?")[1].splitlines()[0],
                         "sh: the output of a command is longer than 1048576 bytes")
        document = "x" * 200000
        for script, output in {f"cat <<END | wc -c\n{document}\nEND\n": "200001\n",
                               "; ".join(["true"] * 20000) + "; echo end": "end\n",
                               " && ".join(["true"] * 20000) + " && echo end": "end\n"}.items():
            Path(self.here, "script").write_text(script)
            self.assertEqual(self.run_shell("script"), (0, output))
        self.assertEqual(self.run_shell("-c", "echo " + "(" * 100)[0], 2)
        self.assertEqual(self.run_shell("-c", "(" * 5000)[1],
                         "sh: syntax error: commands stand too deep within each other\n")
        self.assertIn("too deep", self.run_shell("-c", "echo " + "$(" * 5000)[1])
        self.assertIn("too deep", self.run_shell("-c", "echo $((" + "(" * 5000 + "1" + ")" * 5000 + "))")[1])

    # The parser alone

    def expect(self, script: str, output: str) -> None:
        with self.subTest(script):
            self.assertEqual(self.drive("parse", script), output + "\n")

    def test_incomplete(self) -> None:
        for script in ("'a", '"a', '"a\\"', "a &&", "a ||\n", "a\\", "a |", "if a", "if a; then b", "while a; do",
                       "for i in a; do", "case a in", "case a in b)", "f() {", "f()", "(a", "{ a;", "$(a", "`a", "${a", "$((1",
                       "cat <<END\ntext", "cat <<END", "\"$(", "! ", "echo $(cat <<E\n"):
            self.expect(script, "incomplete")

    def test_complete(self) -> None:
        for script in ("", " # only a comment", "a; b & c", "if a; then b; fi > f", "f() { a; }; f",
                       "case a in (b|c) d;; e) esac", "for i do a; done", "a $(case b in c) d;; esac) e", "a ${b:-$(c)} d",
                       "while a\ndo\nb\ndone\n", "cat <<A <<B\na\nA\nb\nB\n", "!a", "! a | b", "a '#' b # c", "a=1 b=2",
                       "> f", "{ a; } | { b; }"):
            self.expect(script, "ok")

    def test_errors_have_their_place(self) -> None:
        for script, complaint in {
                "; a": "syntax error: a command is missing before ';'",
                "a ;; b": "syntax error: ';;' has no beginning",
                "&& a": "syntax error: a command is missing before '&&'",
                "a | | b": "syntax error: a command is missing before '|'",
                "a &&& b": "syntax error: a command is missing before '&'",
                "fi": "syntax error: a command is missing before 'fi'",
                "if a; fi": "syntax error: 'then' is missing before 'fi'",
                "a )": "syntax error: ')' has no beginning",
                "a\n\nif b\nthen done": "line 4: syntax error: a command is missing before 'done'",
                "while a; do b; fi": "syntax error: 'done' is missing before 'fi'",
                "for 1 in a; do b; done": "syntax error: the name of a variable is missing before '1'",
                "case a b": "syntax error: 'in' is missing before 'b'",
                "case a in b c) d;; esac": "syntax error: ')' is missing before 'c'",
                "a >": "incomplete", "a > > b": "syntax error: the name of a file is missing before '>'",
                "a > \n b": "syntax error: the name of a file is missing before the end of the line",
                "()": "syntax error: a command is missing before ')'",
                "1a() { b; }": "syntax error: '1a' can't be the name of a function",
                "f() a": "syntax error: a function's commands stand in { }",
                "a $(b": "incomplete", "a\n$(if )": "line 2: syntax error: a command is missing before ')'",
                "{ a }; b": "incomplete"}.items():
            self.expect(script, complaint if complaint == "incomplete" else complaint + "\nerror")

    def test_nothing_of_a_broken_input_runs(self) -> None:
        self.assertEqual(self.run_shell("-c", "echo a\necho b; fi"),
                         (2, "sh: line 2: syntax error: a command is missing before 'fi'\n"))
        self.assertEqual(self.run_shell("-c", "echo a; echo 'b")[0], 2)

    def test_a_script_runs_up_to_its_mistake(self) -> None:
        Path(self.here, "script").write_text("echo a\n\nif b; fi\necho c\n")
        self.assertEqual(self.run_shell("script"),
                         (2, "a\nsh: script: line 3: syntax error: 'then' is missing before 'fi'\n"))
        Path(self.here, "script").write_text("echo a\necho 'b\n")
        status, output = self.run_shell("script")
        self.assertEqual((status, output.splitlines()[0]), (2, "a"))
        self.assertIn("script: line 2: syntax error", output)

    def test_long_words_are_refused(self) -> None:
        self.assertIn("a word is longer than 1048576 bytes",
                      self.run_shell("-c", "x=" + "a" * 60000 + "; x=$x$x$x$x$x; echo $x$x$x$x$x")[1])

    def test_random_inputs_are_survived(self) -> None:
        for seed in range(4):
            self.assertEqual(self.drive("fuzz", str(seed), "5000"), "")


class Terminal(Built):
    """Keys typed at a terminal."""

    def setUp(self) -> None:
        super().setUp()
        pid, self.terminal = pty.fork()
        if pid == 0:
            modes = termios.tcgetattr(0)
            modes[3] &= ~termios.ECHO  # the shell shows what is typed
            termios.tcsetattr(0, termios.TCSANOW, modes)
            os.chdir(self.here)
            os.execve(Binaries.shell, ["sh"], {**ENVIRONMENT, "PS1": "ready> ", "ASAN_OPTIONS": "detect_leaks=0"})
        self.pid, self.seen = pid, ""
        self.addCleanup(self.end)
        self.until("ready> ")

    def end(self) -> None:
        os.close(self.terminal)
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)

    def until(self, text: str) -> str:
        limit = time.monotonic() + 60
        while text not in self.seen:
            ready, _, _ = select.select([self.terminal], [], [], max(0, limit - time.monotonic()))
            self.assertTrue(ready, f"{text!r} never came after {self.seen!r}")
            self.seen += os.read(self.terminal, 65536).decode(errors="replace").replace("\r\n", "\n")
        before, _, self.seen = self.seen.partition(text)
        return before

    def enter(self, keys: str) -> str:
        os.write(self.terminal, keys.encode() + b"\r")
        self.until("\n")
        return self.until("ready> ")

    def test_lines(self) -> None:
        self.assertEqual(self.enter("echo a; echo b | cat"), "a\nb\n")
        os.write(self.terminal, b"for i in 1 2; do\r")
        self.until("> ")
        self.assertEqual(self.enter("echo $i; done"), "1\n2\n")
        self.assertEqual(self.enter("fi; echo no"), "sh: syntax error: a command is missing before 'fi'\n")

    def test_names_that_are_no_programs(self) -> None:
        self.assertEqual(self.enter("alias zzlong='echo long' zzbegin='{'; zzname() { echo f $1; }"), "")
        self.assertEqual(self.enter("zzl\tone; zzn\ttwo; unali\t zzlong; zzlong"),
                         "long one\nf two\nlong\n")
        os.write(self.terminal, b"zz\t")
        self.until("zzbegin  zzname\n")
        self.until("ready> ")
        os.write(self.terminal, b"b\t echo in\r")
        self.until("> ")
        self.assertEqual(self.enter("}"), "in\n")

    def test_interrupt(self) -> None:
        os.write(self.terminal, b"sleep 100; echo no\r")
        self.until("\n")
        time.sleep(0.5)
        os.write(self.terminal, b"\x03")
        self.until("ready> ")
        self.assertEqual(self.enter("echo $?"), "130\n")
        os.write(self.terminal, b"while true; do true; done; echo no\r")
        self.until("\n")
        time.sleep(0.5)
        os.write(self.terminal, b"\x03")
        self.until("ready> ")
        self.assertEqual(self.enter("echo $?"), "130\n")

    def test_interrupt_before_a_read(self) -> None:
        self.assertEqual(self.enter("trap 'echo trapped' INT; : > interrupt; read a; echo no"), "trapped\nno\n")
        self.assertEqual(self.enter("trap - INT; : > interrupt; read a; echo no"), "")
        self.assertEqual(self.enter("echo $?"), "130\n")

    def test_jobs(self) -> None:
        self.assertRegex(self.enter("sleep 100 &"), r"^\[1\] \d+\n$")
        self.assertEqual(self.enter("jobs"), "[1]  Running   sleep 100 \n")
        self.assertEqual(self.enter("kill %1; wait %1; echo $?"), "sleep: Terminated\n143\n")
        self.assertRegex(self.enter("(exit 4) & sleep 0.3"), r"^\[1\] \d+\n\[1\]  Exit 4    \(exit 4\) \n$")
        self.assertRegex(self.enter("sleep 0.2 & fg"), r"^\[1\] \d+\nsleep 0.2 \n$")


if __name__ == "__main__":
    unittest.main()
