/* Answers to calls that were set aside. */
#pragma once

#include <tabula/server.h>

int answer_file_read(struct server *server, uint32_t token, long result, const struct lent_out *buf);
int answer_file_write(struct server *server, uint32_t token, long result);
int answer_file_ready(struct server *server, uint32_t token, long result);
int answer_file_lock(struct server *server, uint32_t token, long result);
int answer_file_meet(struct server *server, uint32_t token, long result);
