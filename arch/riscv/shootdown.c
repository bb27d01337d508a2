/*
 * Fences on other harts. Who asks writes down what it wants, sets its bit with each hart concerned, sends them an
 * inter-processor interrupt and waits in wfi until all have answered. A hart answers in user mode, idle, or while it
 * waits for answers itself, so two that ask each other both get them; but not while it spins for a lock, so who asks
 * must hold none.
 *
 *   this hart                                 other hart
 *   changes page table entries                may use what it has cached of them
 *   sets its bit there, sends IPI, waits      returns to user mode, takes the IPI
 *                                             fences, takes itself off those due, sends IPI
 *   goes on
 */
#include "abi/abi.h"
#include "csr.h"
#include "hart.h"
#include "lib/bits.h"
#include "panic.h"
#include "riscv.h"

/* By asking hart. What is asked changes only while nobody is due. */
static struct request {
	struct riscv_fence fence;
	uint32_t due; /* atomic: bits of the harts that have not answered */
} requests[CONFIG_HARTS];

static uint32_t asked[CONFIG_HARTS]; /* atomic, by asked hart: bits of those who ask */

static void carry_out(const struct riscv_fence *fence)
{
	if (fence->code)
		riscv_fence_code();
	if (fence->end - fence->start == PAGE_SIZE)
		riscv_fence_translation(fence->start);
	else if (fence->end > fence->start)
		riscv_fence_translations();
}

void riscv_answer_fences(void)
{
	uint32_t self = this_hart()->index;
	/* Acquire: the request is seen, and the entries it is about. Partner: the release in ask. */
	uint32_t asking = __atomic_exchange_n(&asked[self], 0, __ATOMIC_ACQUIRE);

	for (; asking; asking &= asking - 1) {
		unsigned who = bits_lowest(asking);

		carry_out(&requests[who].fence);
		/* Release: what this hart did through old translations is over. Partner: the load in wait. */
		if (!__atomic_and_fetch(&requests[who].due, ~(1u << self), __ATOMIC_RELEASE))
			arch_send_ipi(&harts[who]);
	}
}

static void ask(struct request *request, uint32_t others)
{
	uint32_t self = 1u << this_hart()->index;

	__atomic_store_n(&request->due, others, __ATOMIC_RELAXED);
	for (; others; others &= others - 1) {
		unsigned other = bits_lowest(others);

		__atomic_fetch_or(&asked[other], self, __ATOMIC_RELEASE);
		arch_send_ipi(&harts[other]);
	}
}

/* The pending interrupt is cleared before each look, so an answer that comes after the look ends the wfi. */
static void wait(const struct request *request)
{
	uint64_t enabled = csr_read(sie);

	csr_write(sie, SIE_SSIE); /* others would stay pending, and end each wfi at once */
	for (;;) {
		csr_clear(sip, SIE_SSIE);
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		riscv_answer_fences();
		if (!__atomic_load_n(&request->due, __ATOMIC_ACQUIRE))
			break;
		arch_wait();
	}
	csr_write(sie, enabled);
	csr_set(sip, SIE_SSIE); /* there may have been mail among them */
}

void arch_harts_settle(void)
{
	uint32_t all = (uint32_t)((1ul << hart_count()) - 1);

	riscv_fence_others(all & ~(1u << this_hart()->index), &(struct riscv_fence){.end = UINT64_MAX});
}

void riscv_fence_others(uint32_t others, const struct riscv_fence *fence)
{
	struct request *request = &requests[this_hart()->index];

	if (!others)
		return;
	request->fence = *fence;
	ask(request, others);
	wait(request);
}
