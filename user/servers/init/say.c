/* See say.h. */
#include "say.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <tabula/handles.h>
#include <tabula/syscalls.h>

enum { TEXT_MOST = 512 };

void say(const char *format, ...)
{
	char text[TEXT_MOST] = "init: ";
	size_t lead = strlen(text);
	va_list arguments;
	long count;

	va_start(arguments, format);
	(void)vsnprintf(text + lead, sizeof(text) - lead, format, arguments);
	va_end(arguments);
	for (size_t done = 0, size = strlen(text); done < size; done += (size_t)count) {
		count = log_write(own_system(), (const uint8_t *)text + done, size - done);
		if (count <= 0)
			return;
	}
}
