/* See image.h. */
#include "object/image.h"

static int read(const struct elf_source *source, uint64_t offset, void *to, size_t size)
{
	const struct image *image = container_of(source, const struct image, source);

	return memory_get(image->memory, image->start + offset, to, size);
}

struct image image_in(struct memory *memory, uint64_t offset, uint64_t size)
{
	return (struct image){{read, size}, memory, offset};
}
