/* Calls of the Supervisor Binary Interface Specification 1.0: console, timer, system reset. */
#include "hart.h"
#include "riscv.h"

enum {
	SBI_LEGACY_PUTCHAR = 1, /* 5.2: the console extension of later versions is not in OpenSBI 1.1 */
	SBI_LEGACY_GETCHAR = 2, /* 5.3 */
	SBI_TIMER = 0x54494d45, /* 6 */
	SBI_IPI = 0x735049, /* 7 */
	SBI_HSM = 0x48534d, /* 9 */
	SBI_HSM_START = 0,
	SBI_RESET = 0x53525354, /* 10 */
	SBI_RESET_SHUTDOWN = 0,
	SBI_RESET_NO_REASON = 0,
	SBI_RESET_FAILURE = 1,
};

struct sbi_result sbi_call(
	long extension, long function, uint64_t first, uint64_t second, uint64_t third, uint64_t fourth)
{
	register uint64_t a0 __asm__("a0") = first;
	register uint64_t a1 __asm__("a1") = second;
	register uint64_t a2 __asm__("a2") = third;
	register uint64_t a3 __asm__("a3") = fourth;
	register long a6 __asm__("a6") = function;
	register long a7 __asm__("a7") = extension;

	__asm__ volatile("ecall" : "+r"(a0), "+r"(a1) : "r"(a2), "r"(a3), "r"(a6), "r"(a7) : "memory");
	return (struct sbi_result){(long)a0, (long)a1};
}

void arch_console_put(char c)
{
	uint64_t start = riscv_instructions();

	sbi_call(SBI_LEGACY_PUTCHAR, 0, (unsigned char)c, 0, 0, 0);
	this_hart()->stretch.firmware += riscv_instructions() - start;
}

int arch_console_get(void)
{
	return (int)sbi_call(SBI_LEGACY_GETCHAR, 0, 0, 0, 0, 0).error;
}

void sbi_set_timer(uint64_t time)
{
	sbi_call(SBI_TIMER, 0, time, 0, 0, 0);
}

long sbi_hart_start(uint64_t hardware, uint64_t address, uint64_t argument)
{
	return sbi_call(SBI_HSM, SBI_HSM_START, hardware, address, argument, 0).error;
}

void sbi_send_ipi(uint64_t hardware)
{
	sbi_call(SBI_IPI, 0, 1, hardware, 0, 0);
}

void sbi_shutdown(bool failure)
{
	sbi_call(SBI_RESET, 0, SBI_RESET_SHUTDOWN, failure ? SBI_RESET_FAILURE : SBI_RESET_NO_REASON, 0, 0);
	arch_halt();
}
