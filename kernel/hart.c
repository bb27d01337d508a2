/* The harts. */
#include "hart.h"

#include "arch.h"

struct hart harts[CONFIG_HARTS];

static unsigned online;

unsigned hart_count(void)
{
	return __atomic_load_n(&online, __ATOMIC_ACQUIRE);
}

/* As published by Steele, Lea and Flood in 2014. */
uint64_t hart_random(void)
{
	uint64_t x = this_hart()->random += 0x9e3779b97f4a7c15;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
	x = (x ^ x >> 27) * 0x94d049bb133111eb;
	return x ^ x >> 31;
}

void hart_init(struct hart *hart, unsigned index, unsigned hardware)
{
	hart->self = 1ul << index;
	hart->index = index;
	hart->hardware = hardware;
	hart->random = arch_machine()->seed + index;
	list_init(&hart->doomed);
	list_init(&hart->dying);
	list_init(&hart->finishing);
	list_init(&hart->leaving);
	list_init(&hart->left);
}

void hart_set_online(struct hart *hart)
{
	hart->online = true;
	__atomic_fetch_add(&online, 1, __ATOMIC_RELEASE); /* partner: hart_count */
}
