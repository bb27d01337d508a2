/* Accounts: a tree of them, with limits; the model adds up what each has below it. */
#include "models.h"

#include "hosted.h"
#include "mem/account.h"

enum { ACCOUNTS = 16 };

struct model_account {
	struct account *account;
	int parent; /* the one that made it; -1: the kernel's */
	uint64_t own, limit;
	uint64_t drawn; /* the most that was there already when the limit was set */
	bool has_heirs;
};

static struct model_account tree[ACCOUNTS];
static unsigned tree_size;
static uint64_t account_piece; /* what an account is charged for itself */

static bool is_below(int index, int above)
{
	while (index >= 0 && index != above)
		index = tree[index].parent;
	return index == above;
}

static uint64_t used_below(int above)
{
	uint64_t used = 0;

	for (unsigned i = 0; i < tree_size; i++)
		if (is_below((int)i, above))
			used += tree[i].own;
	return used;
}

/* What accounts may have drawn beyond their need. */
static uint64_t slack_below(int above)
{
	uint64_t slack = 0;

	for (unsigned i = 0; i < tree_size; i++)
		if (is_below((int)i, above))
			slack += used_below((int)i) / 2 + 4 * PAGE_SIZE;
	return slack;
}

static bool may_charge(int index, uint64_t bytes)
{
	for (; index >= 0; index = tree[index].parent) {
		uint64_t used = used_below(index) + bytes;

		if (used > tree[index].limit && used > tree[index].drawn)
			return false;
	}
	return true;
}

/* There is enough even if all have drawn what they can. */
static bool must_charge(int index, uint64_t bytes)
{
	for (; index >= 0; index = tree[index].parent)
		if (used_below(index) + slack_below(index) + bytes > tree[index].limit)
			return false;
	return true;
}

static void make_account(void)
{
	int creator = tree_size ? (int)below(tree_size + 1) - 1 : -1;
	struct account *account;

	if (tree_size == ACCOUNTS)
		return;
	account = account_create(creator < 0 ? &kernel_account : tree[creator].account);
	if (creator >= 0)
		tree[creator].has_heirs = true;
	if (account)
		tree[tree_size++] =
			(struct model_account){account, creator, account_piece, ACCOUNT_NO_LIMIT, 0, false};
	else
		HOSTED_REQUIRE(!must_charge(creator, account_piece));
}

static void limit_account(int index)
{
	struct model_account *model = &tree[index];
	uint64_t limit = below(1 << (14 + below(9)));
	int error = account_limit(model->account, limit);

	if (limit > model->limit)
		HOSTED_REQUIRE(error == -EINVAL);
	else if (model->has_heirs && model->limit == ACCOUNT_NO_LIMIT)
		HOSTED_REQUIRE(error == -EBUSY);
	else
		HOSTED_REQUIRE(!error);
	if (!error) {
		model->limit = limit;
		model->drawn = used_below(index) + slack_below(index);
	}
}

static void charge_account(int index)
{
	struct model_account *model = &tree[index];
	uint64_t bytes = 1 + below(2 * PAGE_SIZE);

	if (!account_charge(model->account, bytes)) {
		HOSTED_REQUIRE(may_charge(index, bytes));
		model->own += bytes;
	} else {
		HOSTED_REQUIRE(!must_charge(index, bytes));
	}
}

static void uncharge_account(struct model_account *model)
{
	uint64_t bytes = below(model->own - account_piece + 1);

	account_uncharge(model->account, bytes);
	model->own -= bytes;
}

/* In any order: one with others below stays until these are gone. */
static void end_accounts(void)
{
	for (; tree_size; tree_size--) {
		unsigned index = (unsigned)below(tree_size);

		account_uncharge(tree[index].account, tree[index].own - account_piece);
		account_put(tree[index].account);
		tree[index] = tree[tree_size - 1];
	}
}

void test_accounts(void *result)
{
	struct account *first = account_create(&kernel_account);
	uint64_t before, unused;

	HOSTED_REQUIRE(first);
	account_read(first, &account_piece, &unused);
	account_put(first);
	before = account_total();
	for (unsigned round = 0; round < 40; round++) {
		tree_size = 0;
		for (unsigned step = 0; step < 1000; step++) {
			unsigned what = (unsigned)below(100),
				 index = tree_size ? (unsigned)below(tree_size) : 0;

			if (!tree_size || what < 5)
				make_account();
			else if (what < 10)
				limit_account((int)index);
			else if (what < 60)
				charge_account((int)index);
			else
				uncharge_account(&tree[index]);
			HOSTED_REQUIRE(account_total() - before == used_below(-1));
		}
		end_accounts();
		HOSTED_REQUIRE(account_total() == before);
	}
	*(bool *)result = true;
}
