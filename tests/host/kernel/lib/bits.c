/* Bits, beside the compiler's own functions. */
#include "pure.h"

#include "hosted.h"
#include "lib/bits.h"

void test_bits(void)
{
	for (unsigned bit = 0; bit < 32; bit++)
		for (unsigned i = 0; i < 100; i++) {
			uint32_t other = (uint32_t)any();
			uint32_t from = (1u << bit) | (bit < 31 ? other << (bit + 1) : 0);
			uint32_t up_to = (1u << bit) | (other & ((1u << bit) - 1));

			HOSTED_REQUIRE(bits_lowest(from) == bit && bits_highest(up_to) == bit);
			HOSTED_REQUIRE(bits_highest(from) == 31 - (unsigned)__builtin_clz(from));
			HOSTED_REQUIRE(bits_lowest(up_to) == (unsigned)__builtin_ctz(up_to));
		}
}
