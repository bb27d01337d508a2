/*
 * Walks through a directory and all below it.
 */
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What something is that was found. */
#define FTW_F   0 /* no directory */
#define FTW_D   1 /* a directory, before what is in it */
#define FTW_DNR 2 /* one that can't be read */
#define FTW_NS  3 /* nothing is known of it */
#define FTW_SL  4 /* a link */
#define FTW_DP  5 /* a directory, after what is in it */
#define FTW_SLN 6 /* a link to nothing */

/* How nftw walks. */
#define FTW_PHYS  1 /* links are not followed */
#define FTW_MOUNT 2 /* not to other servers' files */
#define FTW_CHDIR 4 /* the working directory is that of what was found */
#define FTW_DEPTH 8 /* a directory comes after what is in it */

struct FTW {
	int base; /* where the name begins in the path */
	int level; /* 0: where the walk begins */
};

/* Both end with what the function returns as soon as that is not 0. -1 with errno set when the walk can't begin. */
int ftw(const char *path, int (*function)(const char *path, const struct stat *status, int what), int most);
int nftw(const char *path,
	int (*function)(const char *path, const struct stat *status, int what, struct FTW *where), int most,
	int flags);

#ifdef __cplusplus
}
#endif
