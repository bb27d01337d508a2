/* Pages: mapped, touched for the first time, unmapped. And the library's allocator. */
#include "bench.h"

#include <stdlib.h>

enum { MAP_PAGES = 4 };

memory_handle page;
static long mapped;

void make_page(void)
{
	page = memory_create(MAP_PAGES * PAGE_SIZE);
	check("memory_create", page.value);
}

void map_page(void)
{
	mapped = vm_place(own_process(), page, 0, PAGE_SIZE, PROT_READ | PROT_WRITE, 0);
}

/* The same with an argument more, so that they go in a struct. */
static void map_page_packed(void)
{
	mapped = vm_map(own_process(), 0, page, 0, PAGE_SIZE, PROT_READ | PROT_WRITE, 0);
}

static void unmap_page(void)
{
	vm_unmap(own_process(), (uint64_t)mapped, PAGE_SIZE);
}

void touch(void)
{
	*(volatile char *)mapped = 1;
}

void make_and_map(void)
{
	make_page();
	map_page();
	check("vm_map", mapped);
}

static void map_and_touch(void)
{
	make_and_map();
	touch();
}

static void close_page(void)
{
	check("handle_close", handle_close(ANY(page)));
}

void unmap_and_close(void)
{
	unmap_page();
	close_page();
}

static void malloc_free_small(void)
{
	void *volatile p = malloc(32);

	free(p);
}

const struct operation memory_operations[] = {
	{.name = "anon_touch", .before = make_and_map, .run = touch, .after = unmap_and_close},
	{.name = "map_page", .before = make_page, .run = map_page, .after = unmap_and_close},
	{.name = "map_page_packed", .before = make_page, .run = map_page_packed, .after = unmap_and_close},
	{.name = "unmap_page", .before = map_and_touch, .run = unmap_page, .after = close_page},
	{.name = "malloc_free_small", .run = malloc_free_small},
	{.name = NULL},
};
