/*
 * Broken programs: files cut short, absurd headers, overlapping and forbidden segments, random bits flipped. Loading
 * gives a clean error, or a program that runs or faults like any other.
 */
#include "suite.h"

#include <limits.h>

struct header {
	uint8_t identity[16];
	uint16_t type, machine;
	uint32_t version;
	uint64_t entry, segment_table, section_table;
	uint32_t flags;
	uint16_t size, segment_size, segment_count, section_size, section_count, section_names;
};

struct segment {
	uint32_t type, flags;
	uint64_t offset, address, physical, file_size, memory_size, align;
};

struct section {
	uint32_t name, type;
	uint64_t flags, address, offset, size;
	uint32_t link, info;
	uint64_t align, entry_size;
};

enum { LOAD = 1, X = 1, W = 2, R = 4, SECTION_SYMBOLS = 2, SECTION_STRINGS = 3 };

/* A whole program in one page: the header, three segments, and an instruction that exits. */
static struct image {
	struct header header;
	struct segment segment[3];
	struct section section[3];
	uint32_t code[32];
	uint8_t rest[512];
} image;

#define BASE 0x40000000ul

static memory_handle file;
static process_handle process;

static void image_reset(void)
{
	image = (struct image){
		.header =
			{
				.identity = {0x7f, 'E', 'L', 'F', 2, 1, 1},
				.type = 2,
				.machine = 243,
				.version = 1,
				.entry = BASE + offsetof(struct image, code),
				.segment_table = offsetof(struct image, segment),
				.size = sizeof(struct header),
				.segment_size = sizeof(struct segment),
				.segment_count = 3,
				.section_size = sizeof(struct section),
			},
		.segment =
			{
				{LOAD, R | X, 0, BASE, 0, sizeof(image), sizeof(image), PAGE_SIZE},
				{LOAD, R | W, 0x100, BASE + 0x10100, 0, 0x40, 0x3000, PAGE_SIZE},
				{LOAD, R, 0, BASE + 0x20000, 0, 0x10, 0x10, PAGE_SIZE},
			},
		.code = {0x00000513, 0x00000893 | SYS_process_exit << 20, 0x00000073},
	};
}

static long load_sized(uint64_t offset, uint64_t size)
{
	return process_load(process, file, offset, size);
}

/* Loads `image` into a fresh process. */
static long load(void)
{
	memory_write(file, 0, (const uint8_t *)&image, sizeof(image));
	handle_close(ANY(process));
	process = process_create((const uint8_t *)"elf", 3);
	return load_sized(0, sizeof(image));
}

static struct process_result run(uint64_t entry, uint64_t limit)
{
	struct process_result result = {.reason = (enum end_reason) - 1};
	thread_handle t = thread_create(process, entry, 0, 0);

	if (t.value < 0)
		return result;
	handle_close(ANY(t));
	process_wait(process, now() + limit, &result);
	return result;
}

static void test_good(void)
{
	struct checks c = {0};
	struct process_result r;
	long entry;

	image_reset();
	entry = load();
	check(&c, entry == (long)image.header.entry, "loading gave %ld", entry);
	r = run((uint64_t)entry, PATIENCE);
	check(&c, child_exited(&r, 0), "reason %d", (int)r.reason);
	checks_report(&c, "a program in one page");
}

/* One field at a time takes a wrong value. */
static void test_headers(void)
{
	struct checks c = {0};
	static const struct {
		size_t at, size;
		uint64_t value;
	} wrong[] = {
#define FIELD(name, value) {offsetof(struct image, name), sizeof(image.name), value}
		FIELD(header.identity[0], 0),
		FIELD(header.identity[3], 'f'),
		FIELD(header.identity[4], 1),
		FIELD(header.identity[5], 2),
		FIELD(header.type, 0),
		FIELD(header.type, 1),
		FIELD(header.type, 3),
		FIELD(header.type, 4),
		FIELD(header.machine, 62),
		FIELD(header.machine, 0),
		FIELD(header.entry, 0),
		FIELD(header.entry, 1),
		FIELD(header.entry, BASE + 1),
		FIELD(header.entry, BASE - 2),
		FIELD(header.entry, BASE + sizeof(image)),
		FIELD(header.entry, BASE + 0x10100),
		FIELD(header.entry, USER_TOP),
		FIELD(header.entry, 0xffffffff80200000),
		FIELD(header.segment_table, sizeof(image)),
		FIELD(header.segment_table, sizeof(image) - 8),
		FIELD(header.segment_table, UINT64_MAX),
		FIELD(header.segment_table, UINT64_MAX - 55),
		FIELD(header.segment_table, 1ul << 63),
		FIELD(header.segment_size, 0),
		FIELD(header.segment_size, 55),
		FIELD(header.segment_size, 57),
		FIELD(header.segment_count, 0),
		FIELD(header.segment_count, 33),
		FIELD(header.segment_count, 65535),
		FIELD(segment[0].flags, R | W | X),
		FIELD(segment[0].flags, W | X),
		FIELD(segment[1].flags, R | W | X),
		FIELD(segment[0].flags, R),
		FIELD(segment[0].offset, sizeof(image)),
		FIELD(segment[0].offset, 1),
		FIELD(segment[0].offset, UINT64_MAX),
		FIELD(segment[0].offset, 1ul << 63),
		FIELD(segment[0].file_size, sizeof(image) + 1),
		FIELD(segment[0].file_size, UINT64_MAX),
		FIELD(segment[0].memory_size, sizeof(image) - 1),
		FIELD(segment[0].memory_size, UINT64_MAX),
		FIELD(segment[0].memory_size, 0),
		FIELD(segment[1].memory_size, USER_TOP - BASE),
		FIELD(segment[1].memory_size, UINT64_MAX - BASE - 0x100ff),
		FIELD(segment[1].address, 0),
		FIELD(segment[1].address, USER_BASE - 1),
		FIELD(segment[1].address, USER_TOP),
		FIELD(segment[1].address, USER_TOP - 0x2fff),
		FIELD(segment[1].address, 0xffffffc000000000),
		FIELD(segment[1].address, 0xffffffff80200000),
		FIELD(segment[1].address, UINT64_MAX),
		FIELD(segment[1].address, BASE),
		FIELD(segment[1].address, BASE + 8),
		FIELD(segment[1].address, BASE - 0x1000),
		FIELD(segment[2].address, BASE + 0x10800),
		FIELD(segment[2].address, BASE + 0x12fff),
		FIELD(segment[2].address, BASE + 0x13080),
	};

	for (unsigned i = 0; i < COUNT(wrong); i++) {
		image_reset();
		memcpy((uint8_t *)&image + wrong[i].at, &wrong[i].value, wrong[i].size);
		long result = load();

		check(&c, result == -ENOEXEC, "%#lx at offset %zu gave %ld", (unsigned long)wrong[i].value,
			wrong[i].at, result);
		image_reset(); /* what failed has left nothing behind */
		memory_write(file, 0, (const uint8_t *)&image, sizeof(image));
		check(&c, load_sized(0, sizeof(image)) > 0, "and then a good one is refused (%u)", i);
	}
	checks_report(&c, "headers with one wrong field");
}

/* What is unusual and yet in order. */
static void test_odd(void)
{
	struct checks c = {0};
	struct process_result r;

	image_reset();
	image.segment[1].memory_size = 1ul << 36; /* 64 GiB of zeros that nobody touches */
	image.segment[2].address = BASE - 0x10000;
	r = run((uint64_t)load(), PATIENCE);
	check(&c, child_exited(&r, 0), "a huge segment: reason %d", (int)r.reason);
	image_reset();
	image.segment[1].address = USER_TOP - 0x3000;
	image.segment[2].address = USER_BASE;
	r = run((uint64_t)load(), PATIENCE);
	check(&c, child_exited(&r, 0), "segments at both ends: reason %d", (int)r.reason);
	image_reset();
	image.segment[0].flags = X;
	r = run((uint64_t)load(), PATIENCE);
	check(&c, child_exited(&r, 0), "code that can't be read: reason %d", (int)r.reason);
	checks_report(&c, "unusual programs");
}

/* Looks at the pages of the second segment but for its bytes from the file. */
/* clang-format off */
CHILD_PROGRAM(zero_check,
	"	li	a1, 0x40010000\n"
	"	li	a2, 0x40010100\n"
	"	li	a3, 0x40010140\n"
	"	li	a4, 0x40014000\n"
	"1:	lb	a0, (a1)\n"
	"	bnez	a0, 3f\n"
	"	addi	a1, a1, 1\n"
	"	bne	a1, a2, 2f\n"
	"	mv	a1, a3\n"
	"2:	bne	a1, a4, 1b\n"
	"3:\n"
	CHILD_EXIT);
/* clang-format on */

/* The pages that a program is put into were full of somebody's secrets: of these nothing is left. */
static void test_zeros(void)
{
	struct checks c = {0};
	static uint8_t secrets[PAGE_SIZE];
	memory_handle former = memory_create(256 * PAGE_SIZE);

	memset(secrets, 0xee, sizeof(secrets));
	for (uint64_t at = 0; at < 256 * PAGE_SIZE; at += sizeof(secrets))
		memory_write(former, at, secrets, sizeof(secrets));
	handle_close(ANY(former));
	image_reset();
	memcpy(image.code, zero_check, (size_t)(zero_check_end - zero_check));
	struct process_result r = run((uint64_t)load(), PATIENCE);

	check(&c, child_exited(&r, 0), "reason %d, byte %d", (int)r.reason, (int)r.status);
	checks_report(&c, "zeros around the bytes of a segment");
}

/* Zeros of a segment of their own, which ends in the page in which the next one begins. */
static void test_zeros_before(void)
{
	struct checks c = {0};
	struct segment *zeros = &image.segment[1], *data = &image.segment[2];
	struct process_result r;
	uint8_t byte = 1;

	image_reset();
	memcpy(image.code, zero_check, (size_t)(zero_check_end - zero_check));
	*zeros = (struct segment){LOAD, R | W, 0, BASE + 0x8000, 0, 0, 0x8080, PAGE_SIZE};
	*data = (struct segment){LOAD, R | W, 0x100, BASE + 0x10100, 0, 0x40, 0x3000, PAGE_SIZE};
	check(&c, load() > 0, "in one page with bytes of the file");
	check(&c, process_read(process, BASE + 0x7fff, &byte, 1) == -EBADMSG, "nothing before them");
	check(&c, process_read(process, BASE + 0x8000, &byte, 1) == 1 && byte == 0, "the first");
	for (unsigned i = 0; i < 0x40; i++)
		check(&c,
			process_read(process, BASE + 0x10100 + i, &byte, 1) == 1 &&
				byte == ((uint8_t *)&image)[0x100 + i],
			"byte %u behind them is %u", i, byte);
	r = run(image.header.entry, PATIENCE);
	check(&c, child_exited(&r, 0), "reason %d, byte %d", (int)r.reason, (int)r.status);

	zeros->flags = R;
	check(&c, load() == -ENOEXEC, "in one page, with other rights");
	zeros->flags = R | W;
	zeros->memory_size = 0x8101;
	check(&c, load() == -ENOEXEC, "they go on among the bytes");
	zeros->memory_size = 0x8080;
	zeros->file_size = 1;
	check(&c, load() == -ENOEXEC, "not all zeros");
	*zeros = (struct segment){LOAD, R | W, 0, BASE + 0x8000, 0, 0, 0x7000, PAGE_SIZE};
	check(&c, load() > 0 && process_read(process, BASE + 0xf000, &byte, 1) == -EBADMSG,
		"a gap stays one");
	zeros->memory_size = USER_TOP - zeros->address;
	check(&c, load() == -ENOEXEC, "up to the end");
	checks_report(&c, "zeros before the bytes of a segment");
}

static void test_ranges(void)
{
	struct checks c = {0};

	image_reset();
	check(&c, load() > 0 && load_sized(0, sizeof(image)) == -EEXIST, "loading twice");
	handle_close(ANY(process));
	process = process_create((const uint8_t *)"elf", 3);
	for (uint64_t size = 0; size < sizeof(image); size++)
		check(&c, load_sized(0, size) == -ENOEXEC, "%lu bytes of it", (unsigned long)size);
	uint64_t all = (uint64_t)memory_size(file);

	check(&c,
		load_sized(0, all + 1) == -EINVAL && load_sized(all, 1) == -EINVAL &&
			load_sized(all + 1, 0) == -EINVAL,
		"past the end");
	check(&c,
		load_sized(1, UINT64_MAX) == -EINVAL && load_sized(UINT64_MAX, 1) == -EINVAL &&
			load_sized(UINT64_MAX, UINT64_MAX) == -EINVAL,
		"ranges that wrap");
	check(&c, load_sized(all, 0) == -ENOEXEC && load_sized(8, sizeof(image)) == -ENOEXEC,
		"empty, or from the middle");
	memory_write(file, 8 * PAGE_SIZE + 3, (const uint8_t *)&image, sizeof(image));
	check(&c, load_sized(8 * PAGE_SIZE + 3, sizeof(image)) > 0, "at an odd offset");
	struct process_result r = run(image.header.entry, PATIENCE);

	check(&c, child_exited(&r, 0), "from an odd offset: reason %d", (int)r.reason);
	checks_report(&c, "parts of a file");
}

/* A real program, cut at every 64th byte. Its symbols come last, so a cut among them leaves a good program. */
static void test_truncated(void)
{
	struct checks c = {0};
	uint64_t size, loaded = 0;
	memory_handle real = file_object("/bin/true", &size);
	process_handle p = process_create((const uint8_t *)"cut", 3);

	for (uint64_t cut = 0; cut < size; cut += 64) {
		long result = process_load(p, real, 0, cut);

		check(&c, result == -ENOEXEC || result > 0, "%lu bytes gave %ld", (unsigned long)cut, result);
		check(&c, result > 0 || !loaded, "%lu bytes fail, fewer did not", (unsigned long)cut);
		if (result > 0) {
			loaded++;
			check(&c, !vm_unmap(p, USER_BASE, USER_TOP - USER_BASE), "unmapping");
		}
	}
	handle_close(ANY(p));
	handle_close(ANY(real));
	checks_report(&c, "a program cut at every 64th byte");
}

/* The name of a place is looked up when a program faults. Whatever its tables hold, that is soon done. */
static void test_symbols(void)
{
	struct checks c = {0};
	static const struct {
		uint64_t offset, size;
		uint32_t link;
		uint64_t strings;
	} tables[] = {
		{0, 24 * 10, 2, 0}, {0, UINT64_MAX, 2, 0}, {UINT64_MAX, 24, 2, 0},
		{UINT64_MAX - 23, UINT64_MAX, 2, 0}, {0, 240, 3, 0}, {0, 240, UINT32_MAX, 0},
		{0, 240, 2, UINT64_MAX}, {0, 240, 2, UINT64_MAX - 3}, {0, 240, 1, 0},
		{0, 1ul << 37, 2, 0}, /* with a file as long */
	};

	memory_handle sparse = memory_create(1ul << 38);

	for (unsigned i = 0; i < COUNT(tables); i++) {
		bool long_file = i == COUNT(tables) - 1;

		image_reset();
		image.code[0] = 0;
		image.header.section_table = offsetof(struct image, section);
		image.header.section_count = 3;
		image.section[1] = (struct section){.type = SECTION_SYMBOLS,
			.offset = tables[i].offset,
			.size = tables[i].size,
			.link = tables[i].link};
		image.section[2] =
			(struct section){.type = SECTION_STRINGS, .offset = tables[i].strings, .size = 100};
		load();
		if (long_file) {
			memory_write(sparse, 0, (const uint8_t *)&image, sizeof(image));
			handle_close(ANY(process));
			process = process_create((const uint8_t *)"long", 4);
			check(&c, process_load(process, sparse, 0, 1ul << 38) > 0, "a long file");
		}
		struct process_result r = run(image.header.entry, PATIENCE);

		check(&c, r.reason == END_REASON_FAULTED, "table %u: reason %d", i, (int)r.reason);
	}
	/* Reading a name has not filled the holes of the file: there is memory left. */
	memory_handle other = memory_create(1ul << 30);

	for (unsigned i = 0; i < 1000; i++)
		check(&c, page_fill(other, i), "memory is out after %u pages", i);
	handle_close(ANY(other));
	handle_close(ANY(sparse));
	checks_report(&c, "symbol tables that lie");
}

struct symbol {
	uint32_t name;
	uint8_t info, other;
	uint16_t section;
	uint64_t value, size;
};

enum { SYMBOLS = 1 << 16, FUNCTION = 2, LOG_TAIL = 4096 };

/* Whether the last of the log has this in it. */
static bool log_says(const char *what)
{
	static char text[LOG_TAIL + 1];
	struct system_info info = {0};
	uint64_t position;
	size_t done = 0;
	long n = 1;

	system_info(own_system(), &info);
	position = info.log_end - info.log_start > LOG_TAIL ? info.log_end - LOG_TAIL : info.log_start;
	for (; n > 0 && done < LOG_TAIL; done += (size_t)n)
		n = log_read(own_system(), position + done, (uint8_t *)text + done, LOG_TAIL - done);
	return n >= 0 && strstr(text, what);
}

/* As many as are looked at, in pieces: the report names the last one, and who waits hears of the end after it. */
static void test_many_symbols(void)
{
	struct checks c = {0};
	uint64_t at = 4 * PAGE_SIZE, size = SYMBOLS * sizeof(struct symbol);
	memory_handle large = memory_create(at + size);
	struct symbol last = {.name = 1, .info = FUNCTION, .value = BASE, .size = sizeof(image)};
	struct process_result r;

	image_reset();
	image.code[0] = 0;
	image.header.section_table = offsetof(struct image, section);
	image.header.section_count = 3;
	image.section[1] = (struct section){.type = SECTION_SYMBOLS, .offset = at, .size = size, .link = 2};
	image.section[2] = (struct section){
		.type = SECTION_STRINGS, .offset = offsetof(struct image, rest), .size = 100};
	memcpy(image.rest, "\0the_last_of_many", 18);
	memory_write(large, 0, (const uint8_t *)&image, sizeof(image));
	memory_write(large, at + size - sizeof(last), (const uint8_t *)&last, sizeof(last));
	handle_close(ANY(process));
	process = process_create((const uint8_t *)"many", 4);
	check(&c, process_load(process, large, 0, at + size) > 0, "loading");
	r = run(image.header.entry, PATIENCE);
	check(&c, r.reason == END_REASON_FAULTED, "reason %d", (int)r.reason);
	check(&c, log_says("in the_last_of_many+0x"), "the report does not name it");
	handle_close(ANY(large));
	checks_report(&c, "the name of a place, among very many");
}

static void test_flips(void)
{
	struct checks c = {0};
	unsigned loaded = 0, ran = 0, stuck = 0;

	for (unsigned i = 0; i < 1500; i++) {
		unsigned flips = 1 + (unsigned)random_below(4);

		image_reset();
		for (unsigned k = 0; k < flips; k++) {
			uint64_t bit = random_below(offsetof(struct image, section) * 8);

			((uint8_t *)&image)[bit / 8] ^= (uint8_t)(1u << bit % 8);
		}
		long result = load();

		check(&c, result > 0 || result == -ENOEXEC || result == -ENOMEM, "gave %ld", result);
		if (result <= 0)
			continue;
		loaded++;
		if (stuck > 3)
			continue;
		struct process_result r = run((uint64_t)result, SECOND / 2);

		ran += r.reason == END_REASON_EXITED;
		stuck += (int)r.reason == -1;
	}
	checks_report(&c, "random bits flipped in headers");
	ktap_diagnose("%u loaded, %u ran to their end, %u did not end", loaded, ran, stuck);
}

/* ---- pages that lie in the file as they are to be in memory, and are mapped where they lie */

_Alignas(PAGE_SIZE) static const volatile uint8_t constant[2 * PAGE_SIZE] = {71, [PAGE_SIZE] = 72};

/* What another process that runs this program finds there. */
static int seen_by_another(void)
{
	char *words[] = {"test-elf", "constant", NULL};
	struct process_result result = {0};
	process_handle another = spawn("/bin/test-elf", words, NULL, RIGHTS_SAME);

	if (another.value < 0 || spawn_wait(another, &result) || result.reason != END_REASON_EXITED)
		return -1;
	return result.status;
}

static void test_constant(void)
{
	struct checks c = {0};
	uint8_t changed = 73, byte = 0;

	check(&c, constant[0] == 71 && seen_by_another() == 71, "before");
	check(&c, process_write(own_process(), (uintptr_t)constant, &changed, 1) == 1, "as for a breakpoint");
	check(&c, constant[0] == 73 && constant[PAGE_SIZE] == 72, "the program sees it");
	check(&c, process_read(own_process(), (uintptr_t)constant, &byte, 1) == 1 && byte == 73,
		"others, too");
	check(&c, seen_by_another() == 71, "the file has not changed, nor another process");
	checks_report(&c, "pages mapped where the file lies");
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "constant"))
		return constant[0];
	ktap_plan(11);
	random_start(argc > 1 ? argv[1] : NULL);
	file = memory_create(16 * PAGE_SIZE);
	process = process_create((const uint8_t *)"elf", 3);
	test_good();
	test_headers();
	test_odd();
	test_zeros();
	test_zeros_before();
	test_ranges();
	test_truncated();
	test_symbols();
	test_many_symbols();
	test_flips();
	test_constant();
	return ktap_end();
}
