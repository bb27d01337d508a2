/* The methods of the protocols `file` and `device`. What is neither reading nor writing nor `sync` is answered at once. */
#include "disk.h"

#include <errno.h>
#include <sys/stat.h>
#include <tabula/handles.h>
#include <tabula/serve/device.h>
#include <tabula/serve/file.h>

static struct opened *open_of(const struct request *request)
{
	return (struct opened *)request->client;
}

/* ---- jobs */

static long ask(struct job *job)
{
	struct disk *disk = job->open->disk;

	job_ask(job);
	disk_work(disk);
	return DEFERRED;
}

static long read_for(
	const struct request *request, enum job_work work, uint64_t offset, const struct lent_out *buf)
{
	struct opened *open = open_of(request);

	if (!(open->how & OPEN_READ))
		return -EBADF;
	if (offset > INT64_MAX)
		return -EINVAL;

	struct job *job = job_make(open, request->server, request->token, work);

	if (!job)
		return -EIO;
	job->offset = offset;
	job->size = buf->size;
	job->to = *buf;
	return ask(job);
}

static long write_for(
	const struct request *request, enum job_work work, uint64_t offset, const struct lent_in *buf)
{
	struct opened *open = open_of(request);

	if (!(open->how & OPEN_WRITE))
		return -EBADF;
	if (offset > INT64_MAX)
		return -EINVAL;

	struct job *job = job_make(open, request->server, request->token, work);

	if (!job)
		return -EIO;
	job->offset = offset;
	job->size = buf->size;
	job->from = *buf;
	return ask(job);
}

long serve_file_read(struct request *request, struct lent_out *buf)
{
	return read_for(request, JOB_READ, 0, buf);
}

long serve_file_write(struct request *request, const struct lent_in *buf)
{
	return write_for(request, JOB_WRITE, 0, buf);
}

long serve_file_read_at(struct request *request, uint64_t offset, struct lent_out *buf)
{
	return read_for(request, JOB_READ_AT, offset, buf);
}

long serve_file_write_at(struct request *request, uint64_t offset, const struct lent_in *buf)
{
	return write_for(request, JOB_WRITE_AT, offset, buf);
}

long serve_file_sync(struct request *request)
{
	struct job *job = job_make(open_of(request), request->server, request->token, JOB_SYNC);

	return job ? ask(job) : -EIO;
}

long serve_file_interrupt(struct request *request)
{
	jobs_interrupt(open_of(request));
	disk_work(open_of(request)->disk);
	return 0;
}

/* ---- the offset, and what is known */

enum { DEVICE = 2 }; /* not that of any file of the file server */

long serve_file_seek(struct request *request, int64_t offset, enum whence whence)
{
	struct opened *open = open_of(request);
	int64_t base = 0, to;

	if (whence == WHENCE_CURRENT)
		base = (int64_t)open->offset;
	else if (whence == WHENCE_END)
		base = (int64_t)open->disk->size;
	if (__builtin_add_overflow(base, offset, &to))
		return -EOVERFLOW;
	if (to < 0)
		return -EINVAL;
	open->offset = (uint64_t)to;
	open->has_been_moved = true;
	return to;
}

long serve_file_stat(struct request *request, struct file_status *status)
{
	const struct disk *disk = open_of(request)->disk;

	status->number = disk->number;
	status->device = DEVICE;
	status->mode = S_IFBLK | S_IRUSR | (disk->is_readonly ? 0 : S_IWUSR);
	status->links = 1;
	status->size = disk->size;
	status->blocks = disk->size / 512;
	return 0;
}

long serve_file_flags(struct request *request)
{
	return open_of(request)->how;
}

long serve_file_set_flags(struct request *request, enum open how)
{
	const uint32_t changes = OPEN_APPEND | OPEN_NONBLOCK;
	struct opened *open = open_of(request);

	open->how = (open->how & ~changes) | (how & changes);
	return 0;
}

/* ---- what a disk never keeps anybody waiting for */

long serve_file_ready(struct request *request, enum ready wanted)
{
	(void)request;
	return wanted & (READY_READ | READY_WRITE);
}

long serve_file_ready_now(struct request *request, enum ready wanted)
{
	return serve_file_ready(request, wanted);
}

long serve_file_watch(
	struct request *request, enum ready wanted, uint64_t bits, notification_handle n, uint32_t *watch)
{
	(void)bits;
	*watch = 0;
	(void)handle_close(ANY(n));
	return serve_file_ready(request, wanted);
}

long serve_file_unwatch(struct request *request, uint32_t watch)
{
	(void)request;
	(void)watch;
	return 0;
}

long serve_file_meet(struct request *request)
{
	(void)request;
	return 0;
}

/* ---- what it does not do */

long serve_file_truncate(struct request *request, uint64_t length)
{
	(void)length;
	return open_of(request)->how & OPEN_WRITE ? -EINVAL : -EBADF;
}

long serve_file_set_mode(struct request *request, uint32_t mode)
{
	(void)request;
	(void)mode;
	return -EPERM;
}

long serve_file_set_times(struct request *request, uint64_t accessed, uint64_t modified, enum times which)
{
	(void)request;
	(void)accessed;
	(void)modified;
	(void)which;
	return -EPERM;
}

long serve_file_lock(
	struct request *request, struct client *owner, enum locking how, const struct file_range *range)
{
	(void)request;
	(void)owner;
	(void)how;
	(void)range;
	return -EINVAL;
}

long serve_file_find_lock(struct request *request, struct client *owner, enum locking how,
	const struct file_range *range, uint64_t *begin, uint64_t *last, uint32_t *name)
{
	(void)request;
	(void)owner;
	(void)how;
	(void)range;
	*begin = *last = *name = 0;
	return -EINVAL;
}

long serve_file_image(struct request *request, uint64_t *offset, uint64_t *length, struct gift *result)
{
	(void)request;
	(void)offset;
	(void)length;
	(void)result;
	return -ENODATA;
}

/* ---- device */

/* Only what is not open yet opens it, so that who was given a disk to be read can't write to it. */
long serve_device_open(struct request *request, enum open how, struct gift *result)
{
	const uint32_t known = OPEN_READ | OPEN_WRITE | OPEN_APPEND | OPEN_NONBLOCK;
	struct disk *disk = open_of(request)->disk;
	struct opened *open;

	if (request->client != &disk->door.client)
		return -EINVAL;
	if (how & OPEN_WRITE && disk->is_readonly)
		return -EROFS;
	open = open_make(disk, how & known);
	if (!open)
		return -ENFILE;
	if (client_give(request->server, &open->client, RIGHTS_SAME, result) == 0)
		return 0;
	open_close(open);
	return -ENOMEM;
}
