/*
 * The console as the shell wants it, over the development machine's terminal.
 */
#include <signal.h>
#include <termios.h>
#include <unistd.h>
#include <tabula/console.h>

/* What the linker makes of `read` in the shell, and what it was. */
ssize_t __wrap_read(int fd, void *buffer, size_t size);
ssize_t __real_read(int fd, void *buffer, size_t size);

/* A Ctrl-C that comes when the shell has looked for one, and does not wait for its input yet, once there is such a file. */
ssize_t __wrap_read(int fd, void *buffer, size_t size)
{
	if (fd == STDIN_FILENO && unlink("interrupt") == 0)
		(void)raise(SIGINT);
	return __real_read(fd, buffer, size);
}

/* console_get does both each time. */
void console_raw(void)
{
}

void console_lines(void)
{
}

/* Raw only while a key is awaited: what runs in between has the terminal as it was. */
int console_get(void)
{
	struct termios before, raw;
	unsigned char byte;
	(void)tcgetattr(STDIN_FILENO, &before);
	raw = before;
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG);
	(void)tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	ssize_t count = __real_read(STDIN_FILENO, &byte, 1);
	(void)tcsetattr(STDIN_FILENO, TCSANOW, &before);
	return count == 1 ? byte : -1;
}
