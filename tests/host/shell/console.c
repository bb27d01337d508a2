/*
 * The console as the shell wants it, over the development machine's terminal.
 */
#include <termios.h>
#include <unistd.h>
#include <tabula/console.h>

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
	ssize_t count = read(STDIN_FILENO, &byte, 1);
	(void)tcsetattr(STDIN_FILENO, TCSANOW, &before);
	return count == 1 ? byte : -1;
}
