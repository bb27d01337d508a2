/* The machine: a page of nothing, the archive, and memory in two ranges with a hole between them. */
#include "seam.h"

#include "abi/abi.h"

uint8_t *hosted_memory;
struct hosted_machine hosted_options;
static struct machine machine;

const struct machine *arch_machine_read(void)
{
	uint64_t middle = hosted_options.memory / 2 & ~(uint64_t)(PAGE_SIZE - 1);

	machine = (struct machine){
		.memory = {{0, hosted_options.memory}},
		.memory_count = 1,
		.free = {{2 * PAGE_SIZE, middle - 2 * PAGE_SIZE}, {middle, 0},
			{middle + PAGE_SIZE, hosted_options.memory - middle - PAGE_SIZE},
			{hosted_options.memory, 0}},
		.free_count = 4,
		.initrd = {PAGE_SIZE, put_archive((char *)hosted_memory + PAGE_SIZE)},
		.harts = hosted_options.harts,
		.timebase = 1000000000,
		.bootargs = hosted_options.bootargs,
		.seed = 1,
	};
	for (unsigned i = 0; i < hosted_options.harts; i++)
		machine.hart[i] = i;
	return &machine;
}

const struct machine *arch_machine(void)
{
	return &machine;
}

void arch_memory_init(void)
{
}
