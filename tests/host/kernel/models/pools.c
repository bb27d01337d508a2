/* Pools: a piece is zero when it comes, and belongs to one. */
#include "models.h"

#include "hosted.h"
#include "lib/string.h"
#include "mem/account.h"
#include "mem/frame.h"
#include "mem/pool.h"

enum { PIECES = 600 };

struct odd_piece {
	uint64_t words[13];
};

static struct pool odd_pieces = POOL_INIT(odd_pieces, struct odd_piece);

void test_pool(void *result)
{
	static struct odd_piece *pieces[PIECES];
	size_t before = frame_free_count(), held = 0;

	for (unsigned step = 0; step < STEPS; step++) {
		if (held < PIECES && (below(2) || !held)) {
			struct odd_piece *piece = pool_alloc(&odd_pieces, &kernel_account);

			HOSTED_REQUIRE(piece);
			for (unsigned i = 0; i < 13; i++)
				HOSTED_REQUIRE(!piece->words[i]);
			memset(piece, (int)(held & 0xff), sizeof(*piece));
			piece->words[0] = (uint64_t)piece;
			pieces[held++] = piece;
		} else {
			size_t i = below(held);

			HOSTED_REQUIRE(pieces[i]->words[0] == (uint64_t)pieces[i]);
			HOSTED_REQUIRE(pieces[i]->words[1] == pieces[i]->words[12]);
			pool_free(&odd_pieces, &kernel_account, pieces[i]);
			pieces[i] = pieces[--held];
		}
		HOSTED_REQUIRE(pool_used(&odd_pieces) == held);
	}
	while (held)
		pool_free(&odd_pieces, &kernel_account, pieces[--held]);
	HOSTED_REQUIRE(frame_free_count() == before);
	*(bool *)result = true;
}
