/*
 * stat: tells what is known of a file.
 */
#include <sys/stat.h>
#include <time.h>

#include "tool.h"

static const char usage[] =
	"usage: stat [-L] [-c FORMAT] FILE...\n"
	"Tells type, mode, size, number, links and times of each file.\n"
	"  -L  of what a symbolic link leads to\n"
	"  -c  only what the format says:\n"
	"      %n name      %s size         %b blocks of 512 bytes   %i number  %h links\n"
	"      %F type      %a %A mode      %u %g user and group     %d device\n"
	"      %x %y %z  when it was read, written, changed in any way\n"
	"      %X %Y %Z  the same in seconds since 1970\n";

static const char whole[] =
	"  File: %n\n  Type: %F\n  Size: %s (%b blocks of 512)\n Inode: %i on device %d, links: %h\n"
	"  Mode: %a %A, user: %u, group: %g\n  Read: %x\n Write: %y\nChange: %z\n";

static const char *type_of(const struct stat *status)
{
	mode_t mode = status->st_mode;
	return S_ISDIR(mode)    ? "directory"
	       : S_ISLNK(mode)  ? "symbolic link"
	       : S_ISCHR(mode)  ? "character device"
	       : S_ISBLK(mode)  ? "block device"
	       : S_ISFIFO(mode) ? "fifo"
	       : S_ISSOCK(mode) ? "socket"
				: "file";
}

static void mode_print(mode_t mode)
{
	static const char types[] = "?pc?d?b?-?l?s???", letters[] = "rwxrwxrwx";
	putchar(types[(mode & S_IFMT) >> 12]);
	for (int i = 0; i < 9; i++)
		putchar(mode & (0400u >> i) ? letters[i] : '-');
}

static void time_print(const struct timespec *when)
{
	char text[64];
	const struct tm *local = localtime(&when->tv_sec);
	if (local == NULL || strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", local) == 0)
		printf("%lld", (long long)when->tv_sec);
	else
		printf("%s.%09ld", text, (long)when->tv_nsec);
}

/* False if the letter means nothing. */
static bool field_print(char letter, const char *name, const struct stat *status)
{
	switch (letter) {
	case 'n':
		return fputs(name, stdout) >= 0;
	case 'F':
		return fputs(type_of(status), stdout) >= 0;
	case 'A':
		mode_print(status->st_mode);
		return true;
	case 'a':
		return printf("%o", (unsigned)status->st_mode & 07777);
	case 'x':
		time_print(&status->st_atim);
		return true;
	case 'y':
		time_print(&status->st_mtim);
		return true;
	case 'z':
		time_print(&status->st_ctim);
		return true;
	case '%':
		return putchar('%');
	}
	static const char letters[] = "sihbugdXYZ";
	const long long numbers[] = {status->st_size, (long long)status->st_ino, (long long)status->st_nlink,
		status->st_blocks, status->st_uid, status->st_gid, (long long)status->st_dev,
		status->st_atim.tv_sec, status->st_mtim.tv_sec, status->st_ctim.tv_sec};
	const char *found = letter != '\0' ? strchr(letters, letter) : NULL;
	return found != NULL && printf("%lld", numbers[found - letters]);
}

static void format_print(const char *format, const char *name, const struct stat *status)
{
	for (; *format != '\0'; format++) {
		if (*format != '%')
			putchar(*format);
		else if (field_print(format[1], name, status))
			format++;
		else
			putchar('%');
	}
}

int main(int argc, char **argv)
{
	const char *format = NULL;
	bool follow = false;
	int option, end = 0;
	tool_help(argc, argv, usage);
	while ((option = getopt(argc, argv, "c:L")) != -1) {
		if (option == '?')
			return tool_usage(usage, 1);
		follow |= option == 'L';
		if (option == 'c')
			format = optarg;
	}
	if (optind == argc)
		return tool_usage(usage, 1);
	for (; optind < argc; optind++) {
		struct stat status;
		if ((follow ? stat : lstat)(argv[optind], &status) != 0) {
			tool_complain("stat", argv[optind]);
			end = 1;
			continue;
		}
		format_print(format != NULL ? format : whole, argv[optind], &status);
		if (format != NULL)
			putchar('\n');
	}
	return tool_end("stat", end);
}
