#include "device.h"

#include <errno.h>

static const char zeros[4096];

enum { ZEROS_MAX = 1 << 20 };

static long give_zeros(struct lent_out *to)
{
	size_t done = 0, size = to->size < ZEROS_MAX ? to->size : ZEROS_MAX;
	while (done < size) {
		size_t count = size - done < sizeof zeros ? size - done : sizeof zeros;
		int error = lent_write(to, done, zeros, count);
		if (error != 0)
			return done > 0 ? (long)done : error;
		done += count;
	}
	return (long)done;
}

long device_read(enum device device, struct lent_out *to)
{
	switch (device) {
	case DEVICE_NULL:
		return 0;
	case DEVICE_ZERO:
	case DEVICE_FULL:
		return give_zeros(to);
	case DEVICE_CONSOLE:
		break;
	}
	return -EIO;
}

long device_write(enum device device, const struct lent_in *from)
{
	switch (device) {
	case DEVICE_NULL:
	case DEVICE_ZERO:
		return (long)from->size;
	case DEVICE_FULL:
		return from->size > 0 ? -ENOSPC : 0;
	case DEVICE_CONSOLE:
		break;
	}
	return -EIO;
}
