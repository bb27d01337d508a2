/*
 * Users: there is one, root, in one group. Who wants to become that is it already; others there are none.
 */
#define _GNU_SOURCE /* getlogin_r */
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "libc.h"

static char name[] = "root", nothing[] = "", directory[] = "/", shell[] = "/bin/sh";
static char *members[] = {name, NULL};

static const struct passwd user = {.pw_name = name,
	.pw_passwd = nothing,
	.pw_comment = nothing,
	.pw_gecos = nothing,
	.pw_dir = directory,
	.pw_shell = shell};
static const struct group group = {.gr_name = name, .gr_passwd = nothing, .gr_mem = members};

static bool is_told; /* by getpwent, since setpwent */
static bool group_is_told;

/* A copy, since the caller may write to it. */
static struct passwd *user_if(bool found)
{
	static struct passwd copy;
	copy = user;
	return found ? &copy : NULL;
}

static struct group *group_if(bool found)
{
	static struct group copy;
	copy = group;
	return found ? &copy : NULL;
}

struct passwd *getpwuid(uid_t uid)
{
	return user_if(uid == 0);
}

struct passwd *getpwnam(const char *of)
{
	return user_if(strcmp(of, name) == 0);
}

/* What they point to stays, so the buffer is not needed. */
int getpwuid_r(uid_t uid, struct passwd *to, char *buffer, size_t size, struct passwd **result)
{
	(void)buffer;
	(void)size;
	*to = user;
	*result = uid == 0 ? to : NULL;
	return 0;
}

int getpwnam_r(const char *of, struct passwd *to, char *buffer, size_t size, struct passwd **result)
{
	return getpwuid_r(strcmp(of, name) == 0 ? 0 : 1, to, buffer, size, result);
}

void setpwent(void)
{
	is_told = false;
}

void endpwent(void)
{
	is_told = false;
}

struct passwd *getpwent(void)
{
	bool first = !is_told;
	is_told = true;
	return user_if(first);
}

struct group *getgrgid(gid_t gid)
{
	return group_if(gid == 0);
}

struct group *getgrnam(const char *of)
{
	return group_if(strcmp(of, name) == 0);
}

int getgrgid_r(gid_t gid, struct group *to, char *buffer, size_t size, struct group **result)
{
	(void)buffer;
	(void)size;
	*to = group;
	*result = gid == 0 ? to : NULL;
	return 0;
}

int getgrnam_r(const char *of, struct group *to, char *buffer, size_t size, struct group **result)
{
	return getgrgid_r(strcmp(of, name) == 0 ? 0 : 1, to, buffer, size, result);
}

void setgrent(void)
{
	group_is_told = false;
}

void endgrent(void)
{
	group_is_told = false;
}

struct group *getgrent(void)
{
	bool first = !group_is_told;
	group_is_told = true;
	return group_if(first);
}

int getgroups(int most, gid_t list[])
{
	(void)list;
	return most < 0 ? (int)posix_result(-EINVAL) : 0;
}

int initgroups(const char *of, gid_t gid)
{
	return (int)posix_result(strcmp(of, name) == 0 && gid == 0 ? 0 : -EPERM);
}

char *getlogin(void)
{
	return name;
}

int getlogin_r(char *to, size_t size)
{
	if (size < sizeof name)
		return ERANGE;
	strcpy(to, name);
	return 0;
}

/* ---- to become one */

/* -1 stands for the one that it is. */
static int become(uid_t first, uid_t second)
{
	bool same = (first == 0 || first == (uid_t)-1) && (second == 0 || second == (uid_t)-1);
	return (int)posix_result(same ? 0 : -EPERM);
}

int setuid(uid_t uid)
{
	return become(uid, uid);
}

int seteuid(uid_t uid)
{
	return become(uid, uid);
}

int setreuid(uid_t real, uid_t effective)
{
	return become(real, effective);
}

int setgid(gid_t gid)
{
	return become(gid, gid);
}

int setegid(gid_t gid)
{
	return become(gid, gid);
}

int setregid(gid_t real, gid_t effective)
{
	return become(real, effective);
}
