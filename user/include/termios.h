/*
 * The terminal as POSIX has it. There is one, which all programs share, and which the console serves: what of its
 * attributes can be changed is ICANON, ECHO, ISIG, ICRNL, VMIN and VTIME. tcgetattr tells what is so, whatever was asked for.
 */
#pragma once

#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef unsigned char cc_t;
typedef unsigned int speed_t, tcflag_t;

enum { NCCS = 16 };

struct termios {
	tcflag_t c_iflag, c_oflag, c_cflag, c_lflag;
	cc_t c_cc[NCCS];
	speed_t c_ispeed, c_ospeed;
};

/* c_cc. VMIN and VTIME are what this program has set, for its own reads. */
#define VINTR    0
#define VQUIT    1
#define VERASE   2
#define VKILL    3
#define VEOF     4
#define VTIME    5
#define VMIN     6
#define VSTART   7
#define VSTOP    8
#define VSUSP    9
#define VEOL     10
#define VREPRINT 11
#define VDISCARD 12
#define VWERASE  13
#define VLNEXT   14
#define VEOL2    15

#define _POSIX_VDISABLE 0

/* c_iflag */
#define IGNBRK 0x001
#define BRKINT 0x002
#define IGNPAR 0x004
#define PARMRK 0x008
#define INPCK  0x010
#define ISTRIP 0x020
#define INLCR  0x040
#define IGNCR  0x080
#define ICRNL  0x100
#define IXON   0x200
#define IXOFF  0x400
#define IXANY  0x800
#define IUTF8  0x1000

/* c_oflag */
#define OPOST  0x01
#define ONLCR  0x02
#define OCRNL  0x04
#define ONOCR  0x08
#define ONLRET 0x10

/* c_cflag */
#define CSIZE  0x003
#define CS5    0x000
#define CS6    0x001
#define CS7    0x002
#define CS8    0x003
#define CSTOPB 0x004
#define CREAD  0x008
#define PARENB 0x010
#define PARODD 0x020
#define HUPCL  0x040
#define CLOCAL 0x080

/* c_lflag */
#define ISIG    0x001
#define ICANON  0x002
#define ECHO    0x004
#define ECHOE   0x008
#define ECHOK   0x010
#define ECHONL  0x020
#define NOFLSH  0x040
#define TOSTOP  0x080
#define IEXTEN  0x100
#define ECHOCTL 0x200
#define ECHOKE  0x400

#define B0      0
#define B50     50
#define B75     75
#define B110    110
#define B134    134
#define B150    150
#define B200    200
#define B300    300
#define B600    600
#define B1200   1200
#define B1800   1800
#define B2400   2400
#define B4800   4800
#define B9600   9600
#define B19200  19200
#define B38400  38400
#define B57600  57600
#define B115200 115200

#define TCSANOW   0
#define TCSADRAIN 1
#define TCSAFLUSH 2

#define TCIFLUSH  0
#define TCOFLUSH  1
#define TCIOFLUSH 2

#define TCOOFF 0
#define TCOON  1
#define TCIOFF 2
#define TCION  3

int tcgetattr(int fd, struct termios *attributes);
int tcsetattr(int fd, int when, const struct termios *attributes);
int tcdrain(int fd);
int tcflow(int fd, int action);
int tcflush(int fd, int queue);
int tcsendbreak(int fd, int duration);
pid_t tcgetsid(int fd);

void cfmakeraw(struct termios *attributes);
speed_t cfgetispeed(const struct termios *attributes);
speed_t cfgetospeed(const struct termios *attributes);
int cfsetispeed(struct termios *attributes, speed_t speed);
int cfsetospeed(struct termios *attributes, speed_t speed);
int cfsetspeed(struct termios *attributes, speed_t speed);

#ifdef __cplusplus
}
#endif
