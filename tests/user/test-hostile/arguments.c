/* Every method, with each of its arguments spoiled, sent to every target. */
#include "hostile.h"

static void attack_all(void)
{
	for (uint32_t protocol = PROTOCOL_FILE; protocol <= PROTOCOL_PROGRAM; protocol++)
		for (uint32_t number = 1; number < METHODS_MOST; number++) {
			const struct method_info *method = method_by_label(protocol << 16 | number);

			for (unsigned t = 0; method && t < target_count; t++)
				attack_method(&targets[t], method);
			if (method)
				check_service(&cells, method->name);
		}
}

void test_arguments(void)
{
	struct checks c = {0};

	for (unsigned round = 0; round < 2; round++) { /* for what the servers keep */
		attack_all();
		clean();
	}
	check_costs(&c, attack_all);
	checks_report(&cells, "every method, with each of its arguments spoiled");
	checks_report(&c, "the servers have what they had before");
}
