/*
 * The file server: files in memory, which begin as those of the boot archive, and pipes.
 *
 *	files [MEBIBYTES]
 *
 * Without a number, the files have 64 MiB, or half of the machine's memory if that is less.
 *
 * Its endpoint comes from init, which keeps it, so that a server that takes this one's place hears the same clients.
 * The badge of the root directory is good for every such server; all others go with the server that gave them.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tabula/files.h>
#include <tabula/handles.h>
#include <tabula/serve/directory.h>
#include <tabula/serve/file.h>

#include "archive.h"
#include "block.h"
#include "description.h"
#include "disk.h"
#include "files.h"
#include "tree.h"

enum { MEBIBYTES = 64, MEBIBYTES_MAX = 4096, BLOCKS_OF_MEBIBYTE = (1 << 20) / BLOCK_SIZE };

struct server files;

/* Made as any other, so that there is always one: their first block is not taken and dropped with each open file. */
static struct description *root;

static const struct protocol *const protocols[] = {&file_protocol, &directory_protocol, NULL};

_Noreturn static void give_up(const char *what)
{
	fprintf(stderr, "files: %s; no files can be served\n", what);
	exit(1);
}

static struct client *root_adopt(struct server *server, uint64_t badge)
{
	(void)server;
	return badge == FILES_ROOT ? &root->client : NULL;
}

static void client_gone(struct server *server, struct client *client)
{
	(void)server;
	if (client != &root->client)
		description_close(description_of(client));
}

/* Half of the machine at most: with files that fill all of its memory, nobody could start the program that removes one. */
static long mebibytes_usual(void)
{
	struct system_info info;
	uint64_t half = system_info(own_system(), &info) == 0 ? (info.memory_total / 2) >> 20 : MEBIBYTES;
	return half < 1 ? 1 : half < MEBIBYTES ? (long)half : MEBIBYTES;
}

static uint32_t blocks_wanted(int argc, char **argv)
{
	long mebibytes = argc > 1 ? strtol(argv[1], NULL, 10) : mebibytes_usual();
	if (mebibytes < 1 || mebibytes > MEBIBYTES_MAX)
		give_up("the size is a number of mebibytes, from 1 to 4096");
	return (uint32_t)mebibytes * BLOCKS_OF_MEBIBYTE;
}

static void make_root(void)
{
	int error = tree_begin();
	root = error == 0 ? description_make(OPEN_READ, &error) : NULL;
	if (root == NULL)
		give_up("there is no memory");
	root->node = tree_root();
	node_use(root->node);
}

static void make_devices(void)
{
	static const struct {
		const char *path;
		enum device device;
	} devices[] = {
		{"/dev/null", DEVICE_NULL},
		{"/dev/zero", DEVICE_ZERO},
		{"/dev/full", DEVICE_FULL},
		{"/dev/console", DEVICE_CONSOLE},
		{"/dev/tty", DEVICE_CONSOLE},
	};
	(void)tree_make_directory(tree_root(), "/dev", 0755); /* the archive may have them */
	(void)tree_make_directory(tree_root(), "/tmp", 0777);
	for (size_t i = 0; i < sizeof devices / sizeof devices[0]; i++)
		(void)tree_make_device(tree_root(), devices[i].path, devices[i].device);
}

/* Those that the server was started with. */
static void make_disks(void)
{
	for (uint32_t number = 0; disk_is_there(number); number++) {
		char path[24];
		snprintf(path, sizeof path, "/dev/disk%u", (unsigned)number);
		(void)tree_make_disk(tree_root(), path, number);
	}
}

int main(int argc, char **argv)
{
	if (!block_begin(blocks_wanted(argc, argv)))
		give_up("there is no memory");
	make_root();
	const char *wrong = archive_begin();
	if (wrong != NULL)
		fprintf(stderr, "files: %s; going on with what there is\n", wrong);
	make_devices();
	make_disks();
	if (server_init(&files, (endpoint_handle){startup_handle(STARTUP_ENDPOINT).value}, protocols) != 0)
		give_up("there is no endpoint");
	files.adopt = root_adopt;
	files.gone = client_gone;
	server_run(&files);
}
