"""Fifos at the prompt and in scripts: what the shell and the tools make of them, and the end of the file server meanwhile."""

from __future__ import annotations

import tempfile
import unittest

from tests.boot.test_servers import KILLER
from tests.support import boot

# Waits in open, in two processes, and returns in how many of them that has failed.
WAITS = r"""
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
	int failed = 0, status;

	if (mkfifo("/tmp/r", 0600) || mkfifo("/tmp/w", 0600))
		return 99;
	for (int i = 0; i < 2; i++)
		if (fork() == 0)
			_exit(open(i ? "/tmp/w" : "/tmp/r", i ? O_WRONLY : O_RDONLY) < 0 ? errno : 0);
	while (wait(&status) > 0)
		failed += WEXITSTATUS(status) == EIO;
	return failed;
}
"""


class Fifos(unittest.TestCase):
    def expect(self, command: str, output: str, status: int = 0, smp: int = 1) -> None:
        result = boot.run(f"cd /tmp; {command}", smp=smp)
        self.assertEqual((result.output, result.status), (output, status), str(result))

    def test_tools(self) -> None:
        self.expect("mkfifo f; mkfifo -m 604 g; ls -l f g | cut -c 1-10; ls -F f; test -p f; echo $?; mkfifo f 2>&1; echo $?; "
                    "mv f h; cp -r h i; mkdir d; mv h d; cp -r d e; ls -F d e; ln i j; rm i j g; rm -r d; ls -F",
                    "prw-rw-rw-\nprw----r--\nf|\n0\nmkfifo: f: File exists\n1\nd:\nh|\n\ne:\nh|\ne/\n")
        self.expect("mkfifo -m 9 f 2>/dev/null; echo $?; mkfifo 2>/dev/null; echo $?; mkfifo /none/f; echo $?; "
                    "mkdir d; mkfifo d/f; echo a > d/a; grep -r a d; cp -r d e; cp -rf d e; cp -r d/f e",
                    "1\n1\nmkfifo: /none/f: No such file or directory\n1\nd/a:a\ncp: e/f: File exists\n", 1)

    def test_scripts(self) -> None:
        for smp in (1, 2, 4):
            with self.subTest(smp=smp):
                self.expect("mkfifo f g; cat f & echo to a program > f; wait; cat < f & echo redirected > f; wait; "
                            "echo from behind > f & cat < f; wait; seq 3 > f | cat < f; echo copied > \"f\" & cat f; wait; "
                            "cat < f > g & tr a-z A-Z < g & echo both > f; wait; (echo 1; echo 2) > f & "
                            "while read x; do echo got $x; done < f; exec 3<> f; echo kept >&3; read x <&3; echo $x",
                            "to a program\nredirected\nfrom behind\n1\n2\n3\ncopied\nBOTH\ngot 1\ngot 2\nkept\n", smp=smp)

    def test_a_script_that_is_told_to_stop(self) -> None:
        """Its trap runs, though it waits in open."""
        self.expect("mkfifo f; sh -c 'trap \"echo trapped; exit 3\" TERM; echo ready; read x < f' > out 2> said & "
                    "until test -s out; do :; done; while kill $! 2> said; do sleep 0.05; done; wait $!; echo $?; cat out",
                    "3\nready\ntrapped\n")

    def test_the_end_of_the_file_server(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            programs = [boot.program_build(KILLER, folder, "killer"), boot.program_build(WAITS, folder, "waits-in-open")]
            for smp in (1, 2):
                result = boot.run("waits-in-open & "
                                  "until test $(ps -t | grep -c 'waits-in-open *reply from files') = 2; do :; done; "
                                  "killer files; wait $!", programs=programs, smp=smp)
                self.assertEqual(result.status, 2, str(result))


if __name__ == "__main__":
    unittest.main()
