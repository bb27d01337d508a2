"""Locks of files over the end of the file server."""

from __future__ import annotations

import tempfile
import unittest

from tests.boot.test_servers import KILLER
from tests.support import boot

# A parent has a lock, and its child waits for it, when the server ends; then the same with the files of the next one. The file
# "ready" is there when of the two only the child calls the server, for that lock: SCRIPT then ends it, and tells the parent.
WAITS = r"""
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int open_it(void)
{
	int fd;

	while ((fd = open("/tmp/locked", O_RDWR | O_CREAT, 0600)) < 0)
		usleep(10000);
	return fd;
}

static int act(int fd, int command, short type)
{
	struct flock flock = {.l_type = type, .l_whence = SEEK_SET};

	return fcntl(fd, command, &flock) == 0 ? 0 : errno;
}

/* Takes a lock of its own first, so that it has an owner that the next server does not know. */
static int child(void)
{
	int own = open("/tmp/other", O_RDWR | O_CREAT, 0600), fd = open_it();

	if (act(own, F_SETLK, F_WRLCK) != 0)
		return 1;
	kill(getppid(), SIGUSR2);
	int first = act(fd, F_SETLKW, F_WRLCK), second;
	char byte = '-';

	fd = open_it();
	while (act(fd, F_SETLK, F_WRLCK) == 0 && act(fd, F_SETLK, F_UNLCK) == 0)
		usleep(10000); /* the parent is not there yet */
	kill(getppid(), SIGUSR1);
	second = act(fd, F_SETLKW, F_WRLCK);
	if (read(fd, &byte, 1) != 1)
		return 3;
	printf("child: %s, %s, %c\n", strerror(first), strerror(second), byte);
	return 0;
}

int main(void)
{
	int fd = open_it(), number;
	sigset_t wanted, ended;

	sigemptyset(&wanted);
	sigaddset(&wanted, SIGUSR1);
	sigemptyset(&ended);
	sigaddset(&ended, SIGUSR2);
	sigprocmask(SIG_BLOCK, &wanted, NULL);
	sigprocmask(SIG_BLOCK, &ended, NULL);
	if (act(fd, F_SETLK, F_WRLCK) != 0)
		return 1;
	if (fork() == 0)
		return child();
	sigwait(&ended, &number);
	close(open("/tmp/ready", O_WRONLY | O_CREAT, 0600));
	sigwait(&ended, &number);
	while (act(fd, F_SETLK, F_WRLCK) == 0)
		usleep(10000);
	fd = open_it();
	int error = act(fd, F_SETLKW, F_WRLCK);

	sigwait(&wanted, &number);
	usleep(50000); /* most likely it waits by now */
	if (write(fd, "u", 1) != 1 || act(fd, F_SETLK, F_UNLCK) != 0)
		return 3;
	while (wait(NULL) > 0)
		continue;
	printf("parent: %s\n", strerror(error));
	return 0;
}
"""


SCRIPT = ("waits-for-locks & until test -e /tmp/ready && ps -t | grep -q 'waits-for-locks *reply from files'; do :; done; "
          "killer files; kill -USR2 $!; wait $!")


class Locks(unittest.TestCase):
    def test_the_end_of_the_file_server(self) -> None:
        """Who waits is told; who opens the file anew can lock it, and wait for others, with what it had for its locks before."""
        with tempfile.TemporaryDirectory() as folder:
            programs = [boot.program_build(KILLER, folder, "killer"), boot.program_build(WAITS, folder, "waits-for-locks")]
            for smp in (1, 2):
                with self.subTest(smp=smp):
                    result = boot.run(SCRIPT, programs=programs, smp=smp)
                    self.assertTrue(result.output.endswith("child: I/O error, Success, u\nparent: Success\n"), str(result))


if __name__ == "__main__":
    unittest.main()
