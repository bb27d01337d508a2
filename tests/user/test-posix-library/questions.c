/* Who the user is, searches in arrays and lists, and what is no terminal. */
#define _GNU_SOURCE
#include "posix-library.h"

#include <grp.h>
#include <pwd.h>
#include <search.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

void test_users(void)
{
	struct checks c = {0};
	struct passwd entry, *found = NULL;
	char buffer[64];

	check(&c,
		getpwuid(0) && !strcmp(getpwuid(0)->pw_name, "root") &&
			!strcmp(getpwnam("root")->pw_dir, "/"),
		"root");
	check(&c, !getpwuid(1) && !getpwnam("nobody") && !getgrgid(1) && getgrnam("root")->gr_gid == 0,
		"others");
	check(&c, !getpwuid_r(0, &entry, buffer, sizeof(buffer), &found) && found == &entry, "into a place");
	setpwent();
	check(&c, getpwent() && !getpwent(), "all");
	check(&c, !setuid(0) && setuid(7) == -1 && errno == EPERM && !setregid((gid_t)-1, 0), "becoming");
	check(&c, !strcmp(getlogin(), "root") && getgroups(0, NULL) == 0, "who");
	checks_report(&c, "users");
}

static int compare(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

void test_search(void)
{
	struct checks c = {0};
	struct node {
		struct node *next, *before;
	} a, b, d;
	int array[4] = {5, 6}, seven = 7;
	size_t count = 2;

	check(&c, !lfind(&seven, array, &count, sizeof(int), compare) && count == 2, "not there");
	check(&c, lsearch(&seven, array, &count, sizeof(int), compare) == &array[2] && count == 3, "added");
	check(&c, lfind(&seven, array, &count, sizeof(int), compare) == &array[2], "there");
	insque(&a, NULL);
	insque(&b, &a);
	insque(&d, &a);
	check(&c, a.next == &d && d.next == &b && b.before == &d && !b.next, "a list");
	remque(&d);
	check(&c, a.next == &b && b.before == &a, "without one");
	checks_report(&c, "search.h");
}

/* What a terminal is asked and what is none: tests/boot/test_termios.py types at one. */
void test_no_terminal(void)
{
	struct checks c = {0};
	struct termios attributes;
	struct winsize size;
	int ends[2], count = 0;

	check(&c, !pipe(ends) && tcgetattr(ends[0], &attributes) == -1 && errno == ENOTTY, "a pipe");
	check(&c, ioctl(ends[0], TIOCGWINSZ, &size) == -1 && errno == ENOTTY, "its size");
	check(&c, tcsetattr(-1, TCSANOW, &attributes) == -1 && errno == EBADF, "no descriptor");
	check(&c, tcsetattr(0, 7, &attributes) == -1 && errno == EINVAL, "no time to do it");
	check(&c, write(ends[1], "abc", 3) == 3 && !ioctl(ends[0], FIONREAD, &count) && count == 3, "%d wait",
		count);
	close(ends[0]);
	close(ends[1]);
	attributes = (struct termios){.c_lflag = ICANON | ECHO | ISIG, .c_iflag = ICRNL, .c_oflag = OPOST};
	cfmakeraw(&attributes);
	check(&c,
		!attributes.c_lflag && !attributes.c_iflag && !attributes.c_oflag &&
			attributes.c_cc[VMIN] == 1,
		"raw");
	check(&c, !cfsetspeed(&attributes, B9600) && cfgetospeed(&attributes) == B9600, "speed");
	checks_report(&c, "what is no terminal");
}
