/*
 * touch: makes files, and changes their times.
 */
#include <ctype.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tool.h"

static const char usage[] = "usage: touch [-acm] [-r FILE | -t TIME | -d DATE] FILE...\n"
			    "Sets when the files were last read and written, to the present if nothing else\n"
			    "is said. One that is not there is made.\n"
			    "  -a  only when read    -m  only when written    -c  makes no file\n"
			    "  -r  to the times of this file\n"
			    "  -t  to [[CC]YY]MMDDhhmm[.SS]\n"
			    "  -d  to YYYY-MM-DDThh:mm:SS[.FRACTION][Z]\n";

static bool no_file;
static struct timespec times[2] = {{.tv_nsec = UTIME_NOW}, {.tv_nsec = UTIME_NOW}};

/* Two digits; -1 if these are none. */
static int two_digits(const char *at)
{
	if (!isdigit((unsigned char)at[0]) || !isdigit((unsigned char)at[1]))
		return -1;
	return (at[0] - '0') * 10 + at[1] - '0';
}

static bool all_digits(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (!isdigit((unsigned char)text[i]))
			return false;
	return true;
}

/* mktime takes the 35th of a month as well; here it is a mistake. */
static bool make_time(struct tm *tm, long nanoseconds)
{
	struct tm asked = *tm;
	tm->tm_isdst = -1;
	time_t seconds = mktime(tm);
	if (seconds == (time_t)-1 || tm->tm_mon != asked.tm_mon || tm->tm_mday != asked.tm_mday ||
		tm->tm_hour != asked.tm_hour || tm->tm_min != asked.tm_min)
		return false;
	times[0] = times[1] = (struct timespec){.tv_sec = seconds, .tv_nsec = nanoseconds};
	return true;
}

/* The year in front of MMDDhhmm, of which there are no, two or four digits; as in struct tm. -1: something else. */
static int year_of(const char *digits, size_t count)
{
	time_t now = time(NULL);
	if (count == 0)
		return localtime(&now)->tm_year;
	if (count == 2)
		return two_digits(digits) + (two_digits(digits) < 69 ? 100 : 0);
	return count == 4 ? two_digits(digits) * 100 + two_digits(digits + 2) - 1900 : -1;
}

/* [[CC]YY]MMDDhhmm[.SS] */
static bool parse_time(const char *text)
{
	size_t length = strcspn(text, ".");
	const char *second = text + length;
	if (length < 8 || length > 12 || !all_digits(text, length))
		return false;
	const char *at = text + length - 8;
	struct tm tm = {.tm_year = year_of(text, length - 8),
		.tm_mon = two_digits(at) - 1,
		.tm_mday = two_digits(at + 2),
		.tm_hour = two_digits(at + 4),
		.tm_min = two_digits(at + 6)};
	if (*second == '.' && strlen(second) == 3)
		tm.tm_sec = two_digits(second + 1);
	else if (*second == '.')
		return false;
	return tm.tm_year >= 0 && tm.tm_sec >= 0 && tm.tm_sec <= 60 && make_time(&tm, 0);
}

/* What stands behind the seconds: a fraction, and Z. */
static bool parse_rest(const char *at, long *nanoseconds)
{
	long unit = 100000000;
	*nanoseconds = 0;
	if (*at == '.' || *at == ',')
		for (at++; isdigit((unsigned char)*at); at++, unit /= 10)
			*nanoseconds += (*at - '0') * unit;
	return strcmp(at, "") == 0 || strcmp(at, "Z") == 0;
}

/* YYYY-MM-DDThh:mm:SS[.FRACTION][Z] */
static bool parse_date(const char *text)
{
	static const char form[] = "dddd-dd-dd dd:dd:dd";
	long nanoseconds;
	for (size_t i = 0; i < sizeof form - 1; i++) {
		bool fits = form[i] == 'd'   ? isdigit((unsigned char)text[i])
			    : form[i] == ' ' ? text[i] == 'T' || text[i] == ' '
					     : text[i] == form[i];
		if (!fits)
			return false;
	}
	struct tm tm = {.tm_year = two_digits(text) * 100 + two_digits(text + 2) - 1900,
		.tm_mon = two_digits(text + 5) - 1,
		.tm_mday = two_digits(text + 8),
		.tm_hour = two_digits(text + 11),
		.tm_min = two_digits(text + 14),
		.tm_sec = two_digits(text + 17)};
	return tm.tm_sec <= 60 && parse_rest(text + sizeof form - 1, &nanoseconds) &&
	       make_time(&tm, nanoseconds);
}

static bool times_of(const char *file)
{
	struct stat status;
	if (stat(file, &status) != 0)
		return false;
	times[0] = status.st_atim;
	times[1] = status.st_mtim;
	return true;
}

static bool touch(const char *name)
{
	if (utimensat(AT_FDCWD, name, times, 0) == 0)
		return true;
	if (errno == ENOENT && no_file)
		return true;
	int fd = errno == ENOENT ? open(name, O_WRONLY | O_CREAT, 0666) : -1;
	bool done = fd >= 0 && futimens(fd, times) == 0;
	if (!done)
		tool_complain("touch", name);
	if (fd >= 0)
		(void)close(fd);
	return done;
}

static int not_a_time(const char *text)
{
	fprintf(stderr, "touch: %s: not a time\n", text);
	return 1;
}

int main(int argc, char **argv)
{
	tool_help(argc, argv, usage);
	int option, status = 0;
	bool accessed = false, modified = false;
	while ((option = getopt(argc, argv, "acmr:t:d:")) != -1) {
		switch (option) {
		case 'a':
			accessed = true;
			break;
		case 'm':
			modified = true;
			break;
		case 'c':
			no_file = true;
			break;
		case 'r':
			if (times_of(optarg))
				break;
			tool_complain("touch", optarg);
			return 1;
		case 't':
			if (parse_time(optarg))
				break;
			return not_a_time(optarg);
		case 'd':
			if (parse_date(optarg))
				break;
			return not_a_time(optarg);
		default:
			return tool_usage(usage, 1);
		}
	}
	if (optind == argc)
		return tool_usage(usage, 1);
	if (accessed && !modified)
		times[1].tv_nsec = UTIME_OMIT;
	if (modified && !accessed)
		times[0].tv_nsec = UTIME_OMIT;
	for (; optind < argc; optind++)
		if (!touch(argv[optind]))
			status = 1;
	return status;
}
