/* The boot archive: one program, which is a page that nobody reads, since programs of this machine are functions. */
#include "seam.h"

#include "abi/abi.h"
#include "lib/string.h"

static void put_hex(char *to, uint64_t value)
{
	static const char digits[] = "0123456789abcdef";

	for (unsigned i = 0; i < 8; i++)
		to[i] = digits[value >> 4 * (7 - i) & 15];
}

/* One file of a cpio archive of the newc format; returns where the next begins. */
static char *put_file(char *to, const char *name, const void *bytes, size_t size)
{
	size_t length = strlen(name) + 1;
	char *at = to + 110;

	memcpy(to, "070701", 6);
	memset(to + 6, '0', 104);
	put_hex(to + 6 + 8 * 6, size);
	put_hex(to + 6 + 8 * 11, length);
	memcpy(at, name, length);
	at += (length + 2 + 3) / 4 * 4 -
	      2; /* header and name end at a multiple of 4; the header has 110 bytes */
	memcpy(at, bytes, size);
	return at + (size + 3) / 4 * 4;
}

/* The smallest program: one page that may be executed, which begins at HOSTED_ENTRY(0). */
static void put_program(uint8_t *elf)
{
	static const uint8_t identity[] = {0x7f, 'E', 'L', 'F', 2, 1, 1};
	uint16_t half[] = {2, 243}; /* ET_EXEC, EM_RISCV */
	uint32_t one = 1, load = 1, flags = 5;
	uint64_t entry = HOSTED_ENTRY(0), table = 64, size = 256, align = PAGE_SIZE;
	uint16_t sizes[] = {64, 56, 1, 64, 0, 0};

	memset(elf, 0, 256);
	memcpy(elf, identity, sizeof(identity));
	memcpy(elf + 16, half, 4);
	memcpy(elf + 20, &one, 4);
	memcpy(elf + 24, &entry, 8);
	memcpy(elf + 32, &table, 8);
	memcpy(elf + 52, sizes, sizeof(sizes));
	memcpy(elf + 64, &load, 4);
	memcpy(elf + 68, &flags, 4);
	memcpy(elf + 80, &entry, 8);
	memcpy(elf + 88, &entry, 8);
	memcpy(elf + 96, &size, 8);
	memcpy(elf + 104, &size, 8);
	memcpy(elf + 112, &align, 8);
}

size_t put_archive(char *to)
{
	uint8_t elf[256];
	char *end;

	put_program(elf);
	end = put_file(to, "init", elf, sizeof(elf));
	end = put_file(end, "TRAILER!!!", "", 0);
	return (size_t)(end - to);
}
