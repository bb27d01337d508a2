/*
 * A program for another system: it makes Linux's calls (number in a7, arguments in a0 to a5, result or -errno in a0), and
 * knows nothing of the kernel it runs on. Prints what it was called with and exits with the number of its process.
 */
#include <stddef.h>

enum { WRITE = 64, EXIT = 93, EXIT_GROUP = 94, GETPID = 172, NO_CALL = 1000, ENOSYS = 38 };

void _start(void);
void begin(const long *stack);

/* Where the kernel enters it: sp points to argc, argv, and so on. */
__asm__("	.text\n"
	"	.globl _start\n"
	"_start:\n"
	"	mv	a0, sp\n"
	"	andi	sp, sp, -16\n"
	"	call	begin\n");

static long call(long number, long a, long b, long c)
{
	register long a7 __asm__("a7") = number;
	register long a0 __asm__("a0") = a;
	register long a1 __asm__("a1") = b;
	register long a2 __asm__("a2") = c;

	__asm__ volatile("ecall" : "+r"(a0) : "r"(a7), "r"(a1), "r"(a2) : "memory");
	return a0;
}

static void print(const char *text)
{
	size_t length = 0;

	while (text[length])
		length++;
	call(WRITE, 1, (long)text, (long)length);
}

__attribute__((used)) void begin(const long *stack)
{
	const char *const *arguments = (const char *const *)(stack + 1);

	print("called");
	for (long i = 0; i < stack[0]; i++) {
		print(" ");
		print(arguments[i]);
	}
	print("\n");
	if (call(NO_CALL, 1, 2, 3) != -ENOSYS)
		call(EXIT, 1, 0, 0);
	call(EXIT_GROUP, call(GETPID, 0, 0, 0), 0, 0);
}
