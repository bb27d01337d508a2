/* Names of signals as POSIX has had them since 2024, which the library of this machine lacks. */
#pragma once

#include <signal.h>

#define SIG2STR_MAX 32

int sig2str(int number, char *name);
int str2sig(const char *restrict name, int *restrict number);
