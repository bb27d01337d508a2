/* What the files share that serve calls: who calls. */
#pragma once

#include "program.h"

static inline struct program *serve_caller(const struct request *request)
{
	return program_of(request->client);
}

/* A child of the caller, or itself if `pid` is 0. */
struct program *serve_own_or_child(const struct request *request, uint32_t pid);
