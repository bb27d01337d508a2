/* Crowds, beside an array in the order in which they came: who is the first for some bits, and how deep they get. */
#include "pure.h"

#include "hosted.h"
#include "lib/crowd.h"

enum { PEOPLE = 1000 };

static struct crowd_member people[PEOPLE];
static struct crowd_member *in_order[PEOPLE];
static bool is_there[PEOPLE];
static unsigned count;

/* Checks what stands below `parent` on one side, the first of which comes at *at; returns how deep it is. */
static unsigned check_below(
	const struct crowd_member *member, const struct crowd_member *parent, unsigned *at, uint64_t *all)
{
	uint64_t wanted = 0;
	unsigned left, right;

	if (!member)
		return 0;
	HOSTED_REQUIRE(member->parent == parent && (!parent || parent->weight <= member->weight));
	left = check_below(member->left, member, at, &wanted);
	HOSTED_REQUIRE(*at < count && in_order[(*at)++] == member);
	right = check_below(member->right, member, at, &wanted);
	wanted |= member->wants;
	HOSTED_REQUIRE(member->all_want == wanted);
	*all |= wanted;
	return 1 + (left > right ? left : right);
}

static void check_crowd(const struct crowd *crowd)
{
	uint64_t all = 0;
	unsigned at = 0;

	HOSTED_REQUIRE(check_below(crowd->root, NULL, &at, &all) < 48);
	HOSTED_REQUIRE(at == count && crowd->count == count && crowd_wants(crowd) == all);
	for (unsigned i = 0; i < PEOPLE; i += 37)
		HOSTED_REQUIRE(!is_there[i] || crowd_has(crowd, &people[i]));
}

static void come(struct crowd *crowd, unsigned i, uint64_t wants)
{
	crowd_append(crowd, &people[i], wants, any());
	in_order[count++] = &people[i];
	is_there[i] = true;
}

static void leave(struct crowd *crowd, struct crowd_member *member)
{
	unsigned at = 0;

	crowd_remove(crowd, member);
	while (in_order[at] != member)
		at++;
	for (count--; at < count; at++)
		in_order[at] = in_order[at + 1];
	is_there[member - people] = false;
}

static struct crowd_member *first_in_order(uint64_t bits)
{
	for (unsigned i = 0; i < count; i++)
		if (in_order[i]->wants & bits)
			return in_order[i];
	return NULL;
}

/* Most want the same, some one bit of many, others any. */
static uint64_t some_wish(void)
{
	switch (below(4)) {
	case 0:
		return 1ul << below(64);
	case 1:
		return any() & any();
	default:
		return 6;
	}
}

void test_crowd(void)
{
	struct crowd crowd = {0};

	for (unsigned step = 0; step < 40 * PEOPLE; step++) {
		uint64_t bits = below(2) ? 1ul << below(64) : any() & any() & any() & any();
		struct crowd_member *first = crowd_first(&crowd, bits);
		unsigned i = (unsigned)below(PEOPLE);

		HOSTED_REQUIRE(first == first_in_order(bits));
		if (first && below(2))
			leave(&crowd, first);
		if (is_there[i])
			leave(&crowd, &people[i]);
		else
			come(&crowd, i, some_wish());
		if (step % 97 == 0)
			check_crowd(&crowd);
	}
	/* All of them, then nobody: they leave from the front, as when they are woken. */
	for (unsigned i = 0; i < PEOPLE; i++)
		if (!is_there[i])
			come(&crowd, i, some_wish());
	check_crowd(&crowd);
	while (count) {
		leave(&crowd, crowd_first(&crowd, UINT64_MAX));
		if (count % 97 == 0)
			check_crowd(&crowd);
	}
	HOSTED_REQUIRE(!crowd.root && !crowd_first(&crowd, UINT64_MAX) && !crowd_wants(&crowd));
}
