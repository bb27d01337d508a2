/* The harts. */
#include "hart.h"

struct hart harts[CONFIG_HARTS];

static unsigned online;

unsigned hart_count(void)
{
	return __atomic_load_n(&online, __ATOMIC_ACQUIRE);
}

void hart_init(struct hart *hart, unsigned index, unsigned hardware)
{
	hart->self = 1ul << index;
	hart->index = index;
	hart->hardware = hardware;
	list_init(&hart->doomed);
	list_init(&hart->dying);
	list_init(&hart->finishing);
}

void hart_set_online(struct hart *hart)
{
	hart->online = true;
	__atomic_fetch_add(&online, 1, __ATOMIC_RELEASE); /* partner: hart_count */
}
