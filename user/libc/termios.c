/*
 * The attributes of the terminal, over the modes that the console has. What it can't do otherwise is told as it is: keys
 * that edit and signal are those of the console, and newlines that are written go out with a carriage return.
 */
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>
#include <tabula/handles.h>
#include <tabula/protocol/file.h>
#include <tabula/protocol/program.h>
#include <tabula/protocol/terminal.h>

#include "process.h"
#include "signals.h"
#include "terminal.h"

enum { KEY_INTERRUPT = 3, KEY_END = 4, KEY_KILL = 21, KEY_WORD = 23, KEY_STOP = 26, KEY_QUIT = 28 };
enum { KEY_ERASE = 127 };

static endpoint_handle terminal(void)
{
	return (endpoint_handle){startup_handle(STARTUP_CONSOLE).value};
}

static int terminal_check(int fd)
{
	if (!isatty(fd))
		return -1;
	return terminal().value > 0 ? 0 : (int)posix_result(-ENOTTY);
}

/* ---- attributes */

static void attributes_fill(struct termios *to, uint32_t mode)
{
	*to = (struct termios){
		.c_iflag = mode & TERMINAL_MODE_ENTER ? ICRNL : 0,
		.c_oflag = OPOST | ONLCR,
		.c_cflag = CS8 | CREAD | CLOCAL,
		.c_ispeed = B38400,
		.c_ospeed = B38400,
		.c_cc = {[VINTR] = KEY_INTERRUPT,
			[VQUIT] = KEY_QUIT,
			[VERASE] = KEY_ERASE,
			[VKILL] = KEY_KILL,
			[VEOF] = KEY_END,
			[VSUSP] = KEY_STOP,
			[VWERASE] = KEY_WORD,
			[VMIN] = terminal_reads.minimum,
			[VTIME] = terminal_reads.tenths},
	};
	if (mode & TERMINAL_MODE_LINES)
		to->c_lflag |= ICANON | IEXTEN | ECHOE | ECHOK | ECHOKE;
	if (mode & TERMINAL_MODE_ECHO)
		to->c_lflag |= ECHO | ECHOCTL;
	if (mode & TERMINAL_MODE_SIGNALS)
		to->c_lflag |= ISIG;
}

static uint32_t mode_of(const struct termios *from)
{
	return (from->c_lflag & ICANON ? TERMINAL_MODE_LINES : 0) |
	       (from->c_lflag & ECHO ? TERMINAL_MODE_ECHO : 0) |
	       (from->c_lflag & ISIG ? TERMINAL_MODE_SIGNALS : 0) |
	       (from->c_iflag & ICRNL || from->c_lflag & ICANON ? TERMINAL_MODE_ENTER : 0);
}

int tcgetattr(int fd, struct termios *attributes)
{
	if (terminal_check(fd) != 0)
		return -1;
	long mode = terminal_get_mode(terminal());
	if (mode >= 0)
		attributes_fill(attributes, (uint32_t)mode);
	return (int)server_result(mode < 0 ? mode : 0);
}

static bool ignores_stop(void)
{
	return (thread_self->blocked | signals_ignored()) & signal_bit(SIGTTOU);
}

/* Whoever is in the background stops by SIGTTOU first, and is -EINTR when it goes on, unless it does not hear of that. */
static int may_change(void)
{
	long foreground = PROGRAM_CALL(program_foreground(own_program()));
	if (foreground <= 0 || foreground == getpgrp() || ignores_stop())
		return 0;
	(void)kill(0, SIGTTOU);
	return -EINTR;
}

int tcsetattr(int fd, int when, const struct termios *attributes)
{
	if (when != TCSANOW && when != TCSADRAIN && when != TCSAFLUSH)
		return (int)posix_result(-EINVAL);
	if (terminal_check(fd) != 0)
		return -1;
	int error;
	while ((error = may_change()) == -EINTR)
		continue;
	if (error == 0 && when != TCSANOW)
		error = file_sync(terminal(), DEADLINE_NEVER);
	if (error == 0 && when == TCSAFLUSH)
		error = terminal_discard(terminal());
	if (error == 0)
		error = terminal_set_mode(terminal(), (enum terminal_mode)mode_of(attributes));
	if (error == 0)
		terminal_reads = (struct terminal_reads){.bytes = !(attributes->c_lflag & ICANON),
			.minimum = attributes->c_cc[VMIN],
			.tenths = attributes->c_cc[VTIME]};
	return (int)server_result(error);
}

void cfmakeraw(struct termios *attributes)
{
	attributes->c_iflag &= ~(tcflag_t)(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
	attributes->c_oflag &= ~(tcflag_t)OPOST;
	attributes->c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
	attributes->c_cflag = (attributes->c_cflag & ~(tcflag_t)(CSIZE | PARENB)) | CS8;
	attributes->c_cc[VMIN] = 1;
	attributes->c_cc[VTIME] = 0;
}

/* ---- what was typed and written */

int tcdrain(int fd)
{
	return terminal_check(fd) == 0 ? (int)server_result(console_sync()) : -1;
}

/* What was written can't be taken back. */
int tcflush(int fd, int queue)
{
	if (queue != TCIFLUSH && queue != TCOFLUSH && queue != TCIOFLUSH)
		return (int)posix_result(-EINVAL);
	if (terminal_check(fd) != 0)
		return -1;
	return (int)server_result(queue == TCOFLUSH ? 0 : terminal_discard(terminal()));
}

/* Nobody stops the terminal's output, so there is nothing to start, either. */
int tcflow(int fd, int action)
{
	if (action != TCOON && action != TCION)
		return (int)posix_result(action == TCOOFF || action == TCIOFF ? -ENOTSUP : -EINVAL);
	return terminal_check(fd);
}

int tcsendbreak(int fd, int duration)
{
	(void)duration;
	return terminal_check(fd) == 0 ? (int)posix_result(-ENOTSUP) : -1;
}

pid_t tcgetsid(int fd)
{
	return terminal_check(fd) == 0 ? getsid(0) : -1;
}

/* ---- speeds: kept where they are given, and of no meaning to the console */

speed_t cfgetispeed(const struct termios *attributes)
{
	return attributes->c_ispeed;
}

speed_t cfgetospeed(const struct termios *attributes)
{
	return attributes->c_ospeed;
}

int cfsetispeed(struct termios *attributes, speed_t speed)
{
	attributes->c_ispeed = speed;
	return 0;
}

int cfsetospeed(struct termios *attributes, speed_t speed)
{
	attributes->c_ospeed = speed;
	return 0;
}

int cfsetspeed(struct termios *attributes, speed_t speed)
{
	attributes->c_ispeed = attributes->c_ospeed = speed;
	return 0;
}

/* ---- ioctl */

static int size_get(struct winsize *size)
{
	*size = (struct winsize){0};
	return terminal_get_size(terminal(), &size->ws_row, &size->ws_col);
}

static int terminal_control(int fd, unsigned long request, void *argument)
{
	const struct winsize *size = argument;
	if (terminal_check(fd) != 0)
		return -1;
	switch (request) {
	case TIOCGWINSZ:
		return (int)server_result(size_get(argument));
	case TIOCSWINSZ:
		return (int)server_result(terminal_set_size(terminal(), size->ws_row, size->ws_col));
	case TIOCGPGRP: {
		pid_t group = tcgetpgrp(fd);
		if (group >= 0)
			memcpy(argument, &group, sizeof group);
		return group >= 0 ? 0 : -1;
	}
	case TIOCSPGRP:
		return tcsetpgrp(fd, *(const pid_t *)argument);
	default:
		return (int)posix_result(-EINVAL);
	}
}

/* Of a pipe, what waits there; of a file, what lies behind the offset. A terminal does not tell. */
static int bytes_waiting(int fd, int *count)
{
	struct stat status;
	if (fstat(fd, &status) != 0)
		return -1;
	off_t offset = S_ISREG(status.st_mode) ? lseek(fd, 0, SEEK_CUR) : 0;
	if (!S_ISREG(status.st_mode) && !S_ISFIFO(status.st_mode))
		return (int)posix_result(-ENOTTY);
	*count = status.st_size > offset ? (int)(status.st_size - offset) : 0;
	return 0;
}

int ioctl(int fd, unsigned long request, ...)
{
	va_list arguments;
	va_start(arguments, request);
	void *argument = va_arg(arguments, void *);
	va_end(arguments);
	return request == FIONREAD ? bytes_waiting(fd, argument) : terminal_control(fd, request, argument);
}
