/*
 * What is asked of a terminal besides <termios.h>: its size in characters, zeros when nobody knows, and its groups; and of
 * anything that is read, how many bytes wait there.
 */
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

struct winsize {
	unsigned short ws_row, ws_col, ws_xpixel, ws_ypixel;
};

#define TIOCGWINSZ 0x5413 /* struct winsize * */
#define TIOCSWINSZ 0x5414 /* const struct winsize * */
#define TIOCGPGRP  0x540f /* pid_t * */
#define TIOCSPGRP  0x5410 /* const pid_t * */
#define FIONREAD   0x541b /* int * */

int ioctl(int fd, unsigned long request, ...);

#ifdef __cplusplus
}
#endif
