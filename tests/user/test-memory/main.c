/* Address spaces and memory objects: edges, overlaps, cuts, protection, zeros, and nothing left after unmapping. */
#include "memory.h"

memory_handle object;

process_handle empty_process(void)
{
	return process_create((const uint8_t *)"map", 3);
}

long map(process_handle p, uint64_t at, uint64_t offset, uint64_t size, uint32_t prot)
{
	return vm_map(p, at, object, offset, size, prot, MAP_FIXED);
}

int main(void)
{
	ktap_plan(19);
	object = memory_create(16 * PAGE_SIZE);
	test_edges();
	test_sizes();
	test_overlaps();
	test_protection();
	test_versions();
	test_changing_args();
	test_cuts();
	test_remap();
	test_unmap_other();
	test_unmap_own();
	test_fresh();
	test_anywhere();
	test_places();
	test_holes();
	test_image();
	test_access();
	test_large();
	test_protect_large();
	test_nothing_is_lost(kill_protectors, 6000, "programs that end while they change rights");
	return ktap_end();
}
