/* Memory objects: bytes against an array, and views of them. */
#include "models.h"

#include "hosted.h"
#include "lib/string.h"
#include "mem/account.h"
#include "object/process.h"

enum { CONTENT = 6 * PAGE_SIZE };

void test_memory(void *result)
{
	static uint8_t bytes[CONTENT], got[CONTENT], shown[CONTENT];
	struct memory *memory = memory_create(CONTENT);

	HOSTED_REQUIRE(memory);
	for (unsigned step = 0; step < 3000; step++) {
		uint64_t offset = below(CONTENT), size = below(CONTENT - offset + 1);
		paddr_t frame;

		HOSTED_REQUIRE(memory_extent(memory, offset, size) == size);
		HOSTED_REQUIRE(memory_extent(memory, offset, UINT64_MAX) == CONTENT - offset);
		if (below(2)) {
			HOSTED_REQUIRE(!memory_frame(memory, offset >> PAGE_SHIFT, &frame));
			bytes[offset] = (uint8_t)step;
			((uint8_t *)direct(frame))[offset & (PAGE_SIZE - 1)] = (uint8_t)step;
			continue;
		}
		HOSTED_REQUIRE(!memory_get(memory, offset, got, size));
		HOSTED_REQUIRE(!memcmp(got, bytes + offset, size));
		if (step % 16)
			continue;

		uint64_t lead = below(PAGE_SIZE), start = below(CONTENT), length = below(CONTENT - start + 1);
		uint64_t whole = (lead + length + PAGE_SIZE) & ~(uint64_t)(PAGE_SIZE - 1);
		struct memory *view = memory_create_view(&kernel_account, memory, start, length, lead, whole);

		whole = whole < CONTENT ? whole : CONTENT;
		memset(shown, 0, sizeof(shown));
		memcpy(shown + lead, bytes + start, length < CONTENT - lead ? length : CONTENT - lead);
		HOSTED_REQUIRE(view && !memory_get(view, 0, got, whole));
		HOSTED_REQUIRE(!memcmp(got, shown, whole));
		object_put(&view->object);
		object_reclaim();
	}
	object_put(&memory->object);
	*(bool *)result = true;
}
