/* Another system's calls: they take the way of exceptions, and a server answers them. */
#include "exceptions.h"

/* clang-format off */
/* Calls with a7 = a0, and exits by another call with what it got; all other registers as above. */
CHILD_PROGRAM(calls_foreign,
	"	mv	a7, a0\n"
	"	mv	ra, a0\n"
	"	.irp n, 3,4,5,6,7,8,9,11,12,13,14,15,16,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n"
	"	addi	x\\n, ra, \\n\n"
	"	.endr\n"
	"	ecall\n"
	"	sub	s0, s0, s0\n"
	"	mv	s1, a0\n"
	"	.irp n, 3,4,5,6,7,11,12,13,14,15,16,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n"
	"	addi	a0, ra, \\n\n"
	"	beq	a0, x\\n, 1f\n"
	"	li	s0, \\n\n"
	"1:\n"
	"	.endr\n"
	"	mv	a0, s0\n"
	"	mv	a1, s1\n"
	"	li	a7, 94\n"
	"	ecall\n"
	"	unimp\n");
/* clang-format on */

static struct message receive_foreign(struct checks *c, uint64_t number)
{
	struct message m = receive(c);

	check(c, m.label == MESSAGE_FOREIGN && m.word[0] == number && m.badge == BADGE,
		"label %#x, number %#lx", m.label, m.word[0]);
	return m;
}

/* Every number, of 64 bits. The thread goes on with all registers as they were but a0. */
static void test_foreign_numbers(void)
{
	static const uint64_t numbers[] = {0, 1, 2, 63, 94, 127, 128, 129, SYSCALL_SLOTS, 1ul << 31,
		1ul << 32, (1ul << 32) + 1, 1ul << 63, UINT64_MAX - 31};
	struct checks c = {0};

	for (unsigned i = 0; i < COUNT(numbers); i++) {
		uint64_t number = numbers[i], value = random_next();
		struct registers r;
		struct message m;

		make(&c, CODE(calls_foreign));
		check(&c, !process_set_table(child.process, ABI_FOREIGN), "process_set_table");
		start(&c, number);
		m = receive_foreign(&c, number);
		check(&c, m.word[1] == number && m.word[2] == number + 11 && m.word[3] == number + 12,
			"arguments %#lx %#lx %#lx", m.word[1], m.word[2], m.word[3]);
		check(&c, !exception_read(endpoint, m.token, &r), "exception_read");
		for (unsigned n = 3; n < 32; n++)
			check(&c, n == 10 || n == 17 || r.x[n - 1] == number + n, "x%u is %#lx", n,
				r.x[n - 1]);
		if (i % 2) { /* the call is made again when nothing has changed */
			answer(&c, m.token, EXCEPTION_GO_ON, 0);
			m = receive_foreign(&c, number);
		}
		answer(&c, m.token, EXCEPTION_RETURN, value);
		m = receive_foreign(&c, 94);
		check(&c, m.word[1] == 0, "x%lu has changed", m.word[1]);
		check(&c, m.word[2] == value, "a0 was %#lx", m.word[2]);
		check(&c, !process_kill(child.process, 0), "process_kill");
		result_of_child(&c);
		finish();
	}
	checks_report(&c, "every number comes through the foreign table");
}

static void test_foreign_nobody(void)
{
	struct checks c = {0};
	struct message m;

	make(&c, CODE(calls_foreign));
	check(&c, !process_set_table(child.process, ABI_FOREIGN), "process_set_table");
	check(&c, !process_clear_exceptions(child.process), "process_clear_exceptions");
	start(&c, 5);
	expect_fault(&c, 8);

	make(&c, CODE(calls_foreign));
	check(&c, !process_set_table(child.process, ABI_FOREIGN), "process_set_table");
	start(&c, 5);
	m = receive_foreign(&c, 5);
	answer(&c, m.token, EXCEPTION_REFUSE, 0);
	expect_fault(&c, 8);
	checks_report(&c, "a foreign call that nobody takes");
}

/* ---- a program of another system */

static char printed[256];
static size_t printed_count;

/* Linux's calls, as far as the program needs them. */
static void be_linux(struct checks *c, uint64_t pid)
{
	for (bool over = false; !over;) {
		struct message m = receive(c);
		uint64_t value = (uint64_t)-38; /* its ENOSYS */

		if (m.label == MESSAGE_FOREIGN && m.word[0] == 64) {
			value = (uint64_t)process_read(
				child.process, m.word[2], (uint8_t *)printed + printed_count, m.word[3] % 64);
			printed_count += value;
		} else if (m.label == MESSAGE_FOREIGN && m.word[0] == 172) {
			value = pid;
		} else if (m.label != MESSAGE_FOREIGN || m.word[0] == 93 || m.word[0] == 94) {
			process_kill(child.process, (int32_t)m.word[1]);
			over = true;
		}
		m = (struct message){.label = EXCEPTION_RETURN, .token = m.token, .word = {value}};
		ipc_reply(endpoint, &m);
	}
}

/* The stack as Linux leaves it: argc, argv, envp, auxiliary vector. */
static uint64_t linux_stack(struct checks *c, process_handle process)
{
	const uint64_t top = 0x30000000, base = top - 4 * PAGE_SIZE, at = base + 3 * PAGE_SIZE;
	struct {
		uint64_t argc, argv[3], envp, auxiliary[2];
		char text[32];
	} stack = {.argc = 2, .text = "linux\0works"};
	memory_handle memory = memory_create(4 * PAGE_SIZE);

	stack.argv[0] = at + offsetof(__typeof__(stack), text);
	stack.argv[1] = stack.argv[0] + 6;
	memory_write(memory, at - base, (const uint8_t *)&stack, sizeof(stack));
	check(c, vm_map(process, base, memory, 0, 4 * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_FIXED) > 0,
		"stack");
	handle_close(ANY(memory));
	return at;
}

static void test_linux(void)
{
	struct checks c = {0};
	struct process_result result;
	uint64_t size;
	memory_handle image = file_object("/bin/foreign-linux", &size);
	thread_handle thread;
	long entry;

	endpoint = endpoint_create();
	badge = endpoint_badge(endpoint, BADGE);
	child.process = process_create((const uint8_t *)"linux", 5);
	child.data = memory_create(PAGE_SIZE);
	entry = process_load(child.process, image, 0, size);
	check(&c, entry > 0, "process_load gave %ld", entry);
	check(&c, !process_set_exceptions(child.process, badge), "process_set_exceptions");
	check(&c, !process_set_table(child.process, ABI_FOREIGN), "process_set_table");
	thread = thread_create(child.process, (uintptr_t)entry, linux_stack(&c, child.process), 0);
	check(&c, thread.value > 0, "thread");
	be_linux(&c, 123);
	result = result_of_child(&c);
	check(&c, result.status == 123, "status %d", (int)result.status);
	check(&c, printed_count == 19 && !memcmp(printed, "called linux works\n", 19), "it printed %.*s",
		(int)printed_count, printed);
	handle_close(ANY(thread));
	handle_close(ANY(image));
	finish();
	checks_report(&c, "a program for Linux runs");
}

/* Argument: the seed. */
int main(int argc, char **argv)
{
	ktap_plan(3);
	random_start(argc > 1 ? argv[1] : NULL);
	test_foreign_numbers();
	test_foreign_nobody();
	test_linux();
	return ktap_end();
}
