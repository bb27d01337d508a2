/* What POSIX programs use of the C library beside files, processes and signals. */
#define _GNU_SOURCE
#include "suite.h"

#include <err.h>
#include <errno.h>
#include <error.h>
#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <search.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define HERE "/tmp/library"

static void make(const char *path)
{
	close(open(path, O_RDWR | O_CREAT | O_TRUNC, 0644));
}

/* a file, a folder with two, a link to each, one to nothing and one to the folder above. */
static void tree_make(void)
{
	make("file");
	mkdir("folder", 0755);
	make("folder/one");
	make("folder/.two");
	(void)!symlink("file", "to-file");
	(void)!symlink("folder", "to-folder");
	(void)!symlink("none", "to-none");
	(void)!symlink(HERE, "folder/up");
	(void)!symlink("ring", "ring");
}

static void tree_remove(void)
{
	static const char *const names[] = {
		"folder/up", "folder/.two", "folder/one", "to-none", "to-folder", "to-file", "ring", "file"};

	for (size_t i = 0; i < COUNT(names); i++)
		unlink(names[i]);
	rmdir("folder");
}

static void is_real(struct checks *c, const char *path, const char *real)
{
	char name[PATH_MAX] = "";
	char *result = realpath(path, name);

	check(c, result == name && !strcmp(name, real), "%s: %s", path, name);
}

static void test_realpath(void)
{
	struct checks c = {0};

	is_real(&c, ".", HERE);
	is_real(&c, "/", "/");
	is_real(&c, "/tmp/..//tmp/./library/", HERE);
	is_real(&c, "file", HERE "/file");
	is_real(&c, "/init", "/init");
	is_real(&c, "to-file", HERE "/file");
	is_real(&c, "folder/up/to-folder/one", HERE "/folder/one");
	is_real(&c, "folder/up", HERE);
	check(&c, !realpath("to-none", NULL) && errno == ENOENT, "to nothing: %s", strerror(errno));
	check(&c, !realpath("ring", NULL) && errno == ELOOP, "a ring: %s", strerror(errno));
	check(&c, !realpath("file/x", NULL) && errno == ENOTDIR, "below a file: %s", strerror(errno));
	check(&c, !realpath("", NULL) && errno == ENOENT, "no name: %s", strerror(errno));
	checks_report(&c, "realpath");
}

static void matches(struct checks *c, const char *pattern, int flags, const char *names)
{
	char text[200] = "";
	glob_t found = {.gl_offs = 2};
	int result = glob(pattern, flags, NULL, &found);
	int from = flags & GLOB_DOOFFS ? 2 : 0;

	for (int i = 0; i < found.gl_pathc; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s ", found.gl_pathv[from + i]);
	check(c, result == (*names ? 0 : GLOB_NOMATCH) && !strcmp(text, names), "%s: %d, %s", pattern, result,
		text);
	check(c, !found.gl_pathc || !found.gl_pathv[from + found.gl_pathc], "%s: the end", pattern);
	globfree(&found);
}

static int failed_at;

static int note_failure(const char *path, int number)
{
	(void)path;
	failed_at = number;
	return 1;
}

static void test_glob(void)
{
	struct checks c = {0};
	glob_t found = {0};

	matches(&c, "f*", 0, "file folder ");
	matches(&c, "f*", GLOB_MARK, "file folder/ ");
	matches(&c, "f*", GLOB_DOOFFS, "file folder ");
	matches(&c, "folder/*", 0, "folder/one folder/up ");
	matches(&c, "*/.t*", 0, "folder/.two to-folder/.two ");
	matches(&c, "fold[a-f]r/o?e", 0, "folder/one ");
	matches(&c, HERE "/f*/one", 0, HERE "/folder/one ");
	matches(&c, "to-n*", 0, "to-none ");
	matches(&c, "fil\\e", 0, "file ");
	matches(&c, "fil\\e", GLOB_NOESCAPE, "");
	matches(&c, "none*", 0, "");
	matches(&c, "none*", GLOB_NOCHECK, "none* ");
	check(&c,
		!glob("file", 0, NULL, &found) && !glob("fold*", GLOB_APPEND, NULL, &found) &&
			found.gl_pathc == 2 && !strcmp(found.gl_pathv[0], "file") &&
			!strcmp(found.gl_pathv[1], "folder"),
		"one behind the other");
	globfree(&found);
	check(&c, glob("ring/*", 0, note_failure, &found) == GLOB_ABORTED && failed_at == ELOOP, "aborted");
	globfree(&found);
	checks_report(&c, "glob");
}

static char walked[400];
static int stop_at = -1;

static int note(const char *path, const struct stat *status, int what, struct FTW *where)
{
	(void)status;
	snprintf(walked + strlen(walked), sizeof(walked) - strlen(walked), "%s:%d:%d ", path + where->base,
		what, where->level);
	return what == stop_at ? 7 : 0;
}

static int note_plain(const char *path, const struct stat *status, int what)
{
	return note(path, status, what, &(struct FTW){0, 0});
}

static int is_there(const char *path, const struct stat *status, int what, struct FTW *where)
{
	struct stat own;

	(void)status;
	(void)what;
	return lstat(path + where->base, &own) ? 1 : 0;
}

static void test_walk(void)
{
	struct checks c = {0};

	check(&c,
		!nftw("folder", note, 5, FTW_PHYS) && strstr(walked, "folder:1:0 ") == walked &&
			strstr(walked, "one:0:1 ") && strstr(walked, "up:4:1 "),
		"down: %s", walked);
	walked[0] = '\0';
	check(&c, !nftw("folder", note, 5, FTW_PHYS | FTW_DEPTH) && strstr(walked, " folder:5:0 "), "up: %s",
		walked);
	walked[0] = '\0';
	check(&c, !nftw("folder", note, 5, 0) && strstr(walked, "to-none:6:2 "), "through links: %s", walked);
	walked[0] = '\0';
	stop_at = FTW_F;
	check(&c, nftw("folder", note, 5, FTW_PHYS) == 7, "stopped");
	stop_at = -1;
	walked[0] = '\0';
	check(&c, !ftw("folder/one", note_plain, 5) && !strcmp(walked, "folder/one:0:0 "), "a file: %s",
		walked);
	check(&c, nftw("none", note, 5, 0) == -1 && errno == ENOENT, "nothing");
	check(&c, !nftw(".", is_there, 5, FTW_PHYS | FTW_CHDIR), "each from its own directory");
	is_real(&c, ".", HERE);
	checks_report(&c, "ftw and nftw");
}

static void test_temporary(void)
{
	struct checks c = {0};
	char folder[] = HERE "/dXXXXXX", other[] = HERE "/dXXXXXX", file[] = "aXXXXXX.txt", bad[] = "aXXXXX";
	struct stat status;

	check(&c, mkdtemp(folder) && !stat(folder, &status) && S_ISDIR(status.st_mode), "a folder");
	check(&c, mkdtemp(other) && strcmp(folder, other), "another");
	int fd = mkstemps(file, 4);
	check(&c, fd >= 0 && !strcmp(file + 7, ".txt") && (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDWR,
		"a file");
	close(fd);
	check(&c, mkstemp(bad) == -1 && errno == EINVAL, "no place");
	unlink(file);
	rmdir(folder);
	rmdir(other);
	checks_report(&c, "temporary names");
}

static void test_streams(void)
{
	struct checks c = {0};
	char *bytes = NULL, text[32] = "";
	size_t size = 99;
	fpos_t place;
	FILE *file = open_memstream(&bytes, &size);

	check(&c, file && fprintf(file, "%d", 12) == 2 && !fflush(file) && size == 2 && !strcmp(bytes, "12"),
		"flushed");
	for (int i = 0; i < 1000; i++)
		fputs("0123456789", file);
	check(&c, !fclose(file) && size == 10002 && strlen(bytes) == size && !strcmp(bytes + 9999, "789"),
		"grown");
	free(bytes);
	file = tmpfile();
	check(&c,
		fputs("abcdef", file) >= 0 && !fflush(file) && !fseek(file, 2, SEEK_SET) &&
			!fgetpos(file, &place) && getc_unlocked(file) == 'c' && getc(file) == 'd' &&
			!fsetpos(file, &place) && getc(file) == 'c',
		"places");
	check(&c, __freading(file) && !__fwriting(file) && __freadable(file) && __fwritable(file), "reads");
	fseek(file, 0, SEEK_END);
	check(&c, fputs("xyz", file) >= 0 && __fpending(file) == 3 && __fwriting(file), "%zu pending",
		__fpending(file));
	__fpurge(file);
	check(&c, !__fpending(file) && !fflush(file) && !fseek(file, 0, SEEK_END) && ftell(file) == 6,
		"forgotten");
	fclose(file);
	int fd = open("file", O_RDWR | O_TRUNC);
	check(&c,
		dprintf(fd, "%s %d", "to", 1) == 4 && pread(fd, text, sizeof(text), 0) == 4 &&
			!strcmp(text, "to 1"),
		"to a descriptor");
	close(fd);
	check(&c, dprintf(fd, "x") == -1 && errno == EBADF, "to none");
	check(&c, !truncate("file", 2) && truncate("none", 2) == -1, "truncate");
	checks_report(&c, "streams in memory and beside streams");
}

/* What is printed on stderr by a child, and how that ends. */
static int said(void (*say)(void), char *text, size_t size)
{
	int ends[2], status = -1;
	ssize_t count;
	size_t length = 0;

	fflush(stdout); /* the child would print it, too */
	if (pipe(ends))
		return -1;
	pid_t pid = fork();
	if (pid == 0) {
		dup2(ends[1], 2);
		say();
		_exit(0);
	}
	close(ends[1]);
	while (length < size - 1 && (count = read(ends[0], text + length, size - 1 - length)) > 0)
		length += (size_t)count;
	text[length] = '\0';
	close(ends[0]);
	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void say_err(void)
{
	errno = ENOENT;
	err(3, "%s", "file");
}

static void say_warnx(void)
{
	warnx("%d left", 2);
}

static void say_error(void)
{
	error(0, EACCES, "one");
	error(error_message_count == 1 ? 5 : 6, 0, "two");
}

static void say_line(void)
{
	error_one_per_line = 1;
	error_at_line(0, 0, "f", 7, "first");
	error_at_line(4, 0, "f", 7, "not said");
	error_at_line(0, 0, "f", 8, "second");
}

static void test_messages(void)
{
	struct checks c = {0};
	char text[200];

#define SAYS(function, result, message) \
	check(&c, said(function, text, sizeof(text)) == (result) && !strcmp(text, message), \
		#function ": %s", text)
	SAYS(say_err, 3, "test-posix-library: file: No such file or directory\n");
	SAYS(say_warnx, 0, "test-posix-library: 2 left\n");
	SAYS(say_error, 5, "test-posix-library: one: Permission denied\ntest-posix-library: two\n");
	SAYS(say_line, 0, "test-posix-library:f:7: first\ntest-posix-library:f:8: second\n");
	checks_report(&c, "err, warn and error");
}

static void test_users(void)
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

static void spin(void)
{
	uint64_t end = (uint64_t)clock_now() + 30000000;

	while ((uint64_t)clock_now() < end)
		continue;
}

/* How much more a child takes that touches so many bytes for a while, in KiB: it and those before it, at most. */
static long memory_of_child(struct checks *c, size_t size)
{
	struct rusage usage = {0};
	pid_t pid = (fflush(stdout), fork());
	int status;

	if (pid == 0) {
		char *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		for (size_t i = 0; i < size; i += 4096)
			at[i] = 1;
		_exit(at == MAP_FAILED || munmap(at, size));
	}
	check(c, wait4(pid, &status, 0, &usage) == pid && status == 0, "waited for: %#x", status);
	return usage.ru_maxrss;
}

static void test_memory_use(void)
{
	struct checks c = {0};
	struct rusage own, children;
	long small = memory_of_child(&c, 4096), large = memory_of_child(&c, 3000 * 1024);
	long again = memory_of_child(&c, 4096);

	check(&c, small > 4 && small < 2000, "a small one has %ld KiB", small);
	check(&c, large >= small + 2900 && large < small + 3200, "a large one has %ld KiB", large);
	check(&c, again == large, "the largest has %ld KiB", again);
	check(&c, !getrusage(RUSAGE_CHILDREN, &children) && children.ru_maxrss == large,
		"%ld KiB of children", children.ru_maxrss);
	check(&c, !getrusage(RUSAGE_SELF, &own) && own.ru_maxrss > 4 && own.ru_maxrss < large,
		"%ld KiB of its own", own.ru_maxrss);
	checks_report(&c, "the most memory that it has had");
}

static void test_use(void)
{
	struct checks c = {0};
	struct rusage usage;
	struct rlimit limit;
	struct timespec now, later;
	pid_t pid = (fflush(stdout), fork());
	int status;

	if (pid == 0) {
		spin();
		_exit(4);
	}
	check(&c, wait4(pid, &status, 0, &usage) == pid && WEXITSTATUS(status) == 4, "waited for");
	check(&c, usage.ru_utime.tv_sec == 0 && usage.ru_utime.tv_usec >= 10000, "%ld us",
		(long)usage.ru_utime.tv_usec);
	check(&c, !getrusage(RUSAGE_SELF, &usage) && usage.ru_utime.tv_usec > 0, "its own");
	check(&c, getrusage(5, &usage) == -1 && errno == EINVAL, "nobody's");
	check(&c, !getrlimit(RLIMIT_NOFILE, &limit) && limit.rlim_cur == (rlim_t)getdtablesize(),
		"descriptors");
	check(&c, !setrlimit(RLIMIT_NOFILE, &limit), "as it is");
	limit.rlim_cur--;
	check(&c, setrlimit(RLIMIT_NOFILE, &limit) == -1 && errno == EPERM, "changed");
	check(&c, pathconf("/", _PC_NAME_MAX) == NAME_MAX && pathconf("/none", _PC_NAME_MAX) == -1, "names");

	clock_gettime(CLOCK_MONOTONIC, &now);
	now.tv_nsec += 20000000;
	now.tv_sec += now.tv_nsec / 1000000000;
	now.tv_nsec %= 1000000000;
	check(&c, !clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &now, NULL), "sleeps");
	clock_gettime(CLOCK_MONOTONIC, &later);
	check(&c, later.tv_sec > now.tv_sec || (later.tv_sec == now.tv_sec && later.tv_nsec >= now.tv_nsec),
		"until then");
	check(&c, clock_nanosleep(CLOCK_MONOTONIC, 0, &(struct timespec){0, -1}, NULL) == EINVAL, "no time");
	check(&c, !clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now) && (now.tv_sec || now.tv_nsec),
		"of the processor");
	check(&c, clock_settime(CLOCK_REALTIME, &now) == -1 && errno == EPERM, "not set");
	checks_report(&c, "what is used, limits, clocks");
}

static int compare(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

static void test_search(void)
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

static void say_last(void)
{
	(void)!write(2, "last ", 5);
}

static void say_first(void)
{
	(void)!write(2, "first ", 6);
}

static void leave_quickly(void)
{
	at_quick_exit(say_last);
	at_quick_exit(say_first);
	atexit(leave_quickly); /* not called, or it would not come to an end */
	quick_exit(clearenv() || getenv("PATH") ? 1 : 6);
}

static void leave_to_background(void)
{
	if (!daemon(0, 1)) {
		char *name = getcwd(NULL, 0);

		dprintf(2, "%s %d", name, getsid(0) == getpid());
		free(name);
	}
	_exit(0);
}

static void test_ends(void)
{
	struct checks c = {0};
	char text[40];

	SAYS(leave_quickly, 6, "first last ");
	SAYS(leave_to_background, 0, "/ 1");
	checks_report(&c, "quick_exit, daemon");
}

/* What a terminal is asked and what is none: tests/boot/test_termios.py types at one. */
static void test_no_terminal(void)
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

/* ---- mappings */

#define USABLE (PROT_READ | PROT_WRITE)

static bool can_be_read(const volatile char *at)
{
	char byte;

	return process_read(own_process(), (uintptr_t)at, (uint8_t *)&byte, 1) == 1;
}

/* Whether a store there ends a child. */
static bool can_be_written(volatile char *at)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		*at = 1;
		_exit(0);
	}
	return waitpid(pid, &status, 0) == pid && status == 0;
}

static void test_mappings(void)
{
	struct checks c = {0};
	int status;
	char *own = mmap(NULL, 3 * PAGE_SIZE - 1, USABLE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *shared = mmap(NULL, 1, USABLE, MAP_SHARED | MAP_ANON, -1, 0);

	check(&c, own != MAP_FAILED && shared != MAP_FAILED && own != shared, "anonymous");
	check(&c, !own[0] && !own[3 * PAGE_SIZE - 1], "zeros up to the end of the page");
	own[PAGE_SIZE] = 5;
	pid_t pid = fork();
	if (pid == 0) {
		own[PAGE_SIZE] = 6;
		shared[0] = 7;
		_exit(0);
	}
	check(&c, waitpid(pid, &status, 0) == pid && own[PAGE_SIZE] == 5 && shared[0] == 7,
		"what a child sees");
	check(&c,
		!mprotect(own + PAGE_SIZE, 1, PROT_READ) && !can_be_written(own + PAGE_SIZE) &&
			can_be_written(own) && can_be_written(own + 2 * PAGE_SIZE),
		"one page to read only");
	check(&c, !mprotect(own + PAGE_SIZE, PAGE_SIZE, PROT_NONE) && !can_be_read(own + PAGE_SIZE),
		"and not at all");
	check(&c,
		!mprotect(own + PAGE_SIZE, PAGE_SIZE, USABLE) && own[PAGE_SIZE] == 5 &&
			can_be_written(own + PAGE_SIZE),
		"and again");
	check(&c, !munmap(own + PAGE_SIZE, 1) && !can_be_read(own + PAGE_SIZE) && can_be_read(own), "a hole");
	check(&c, mprotect(own, 3 * PAGE_SIZE, PROT_READ) == -1 && errno == ENOMEM, "where nothing is");
	check(&c,
		mmap(own, 2 * PAGE_SIZE, PROT_READ, MAP_PRIVATE | MAP_ANON | MAP_FIXED, -1, 0) == own &&
			!can_be_written(own) && can_be_written(own + 2 * PAGE_SIZE),
		"in place of others");
	check(&c, !munmap(own, 3 * PAGE_SIZE) && !can_be_read(own) && !munmap(shared, 1), "the end");
	checks_report(&c, "memory that is mapped");
}

static bool refuses(int error, size_t size, int prot, int flags, int fd, off_t offset)
{
	return mmap(NULL, size, prot, flags, fd, offset) == MAP_FAILED && errno == error;
}

static void test_mapped_files(void)
{
	struct checks c = {0};
	int fd = open("mapped", O_RDWR | O_CREAT | O_TRUNC, 0644), writes = open("mapped", O_WRONLY), ends[2];
	char page[PAGE_SIZE];

	memset(page, 'a', sizeof(page));
	check(&c, write(fd, page, sizeof(page)) == PAGE_SIZE && write(fd, "behind", 6) == 6, "a file");
	char *at = mmap(NULL, 2 * PAGE_SIZE, USABLE, MAP_PRIVATE, fd, 0);
	char *second = mmap(NULL, 6, PROT_READ, MAP_PRIVATE, fd, PAGE_SIZE);
	check(&c, at != MAP_FAILED && !memcmp(at, page, sizeof(page)) && !strcmp(at + PAGE_SIZE, "behind"),
		"all");
	check(&c, second != MAP_FAILED && !strcmp(second, "behind") && !can_be_written(second),
		"the second page");
	at[0] = 'b';
	check(&c, pread(fd, page, 1, 0) == 1 && page[0] == 'a', "the file stays as it is");
	check(&c, !munmap(at, 2 * PAGE_SIZE) && !munmap(second, 6), "the end");
	at = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	check(&c, at != MAP_FAILED && at[1] == 'a' && mprotect(at, 1, PROT_WRITE) == -1 && errno == EACCES,
		"code");
	check(&c, at == MAP_FAILED || !munmap(at, PAGE_SIZE), "its end");
	check(&c, refuses(ENODEV, 1, PROT_READ, MAP_SHARED, fd, 0), "a shared one");
	check(&c, refuses(EACCES, 1, PROT_READ, MAP_PRIVATE, writes, 0), "one that can't be read");
	check(&c, refuses(EBADF, 1, PROT_READ, MAP_PRIVATE, -1, 0), "none");
	check(&c, refuses(EINVAL, 1, PROT_READ, MAP_PRIVATE, fd, 1), "inside of a page");
	check(&c, refuses(EINVAL, 0, PROT_READ, MAP_PRIVATE, fd, 0), "nothing");
	check(&c, refuses(EINVAL, 1, PROT_READ, 0, fd, 0), "neither shared nor private");
	check(&c, refuses(EINVAL, 1, 8, MAP_PRIVATE, fd, 0), "an unknown right");
	check(&c, refuses(ENOTSUP, 1, PROT_WRITE | PROT_EXEC, MAP_PRIVATE, fd, 0), "to write and execute");
	check(&c, refuses(ENOMEM, SIZE_MAX, PROT_READ, MAP_PRIVATE | MAP_ANON, -1, 0), "too much");
	check(&c, refuses(ENOMEM, 1ul << 50, PROT_READ, MAP_PRIVATE | MAP_ANON, -1, 0), "much too much");
	check(&c, !pipe(ends) && refuses(ENODEV, 1, PROT_READ, MAP_PRIVATE, ends[0], 0), "a pipe");
	check(&c, munmap(page + 1, 1) == -1 && errno == EINVAL, "munmap");
	close(ends[0]);
	close(ends[1]);
	close(fd);
	close(writes);
	unlink("mapped");
	checks_report(&c, "files that are mapped");
}

int main(void)
{
	ktap_plan(14);
	if (mkdir(HERE, 0755) || chdir(HERE))
		ktap_bail_out("no place for the test: %s", strerror(errno));
	tree_make();
	test_realpath();
	test_glob();
	test_walk();
	test_temporary();
	test_streams();
	test_messages();
	test_users();
	test_use();
	test_memory_use();
	test_search();
	test_ends();
	test_no_terminal();
	test_mappings();
	test_mapped_files();
	tree_remove();
	(void)!chdir("/");
	rmdir(HERE);
	return ktap_end();
}
