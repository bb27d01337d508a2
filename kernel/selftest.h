/* Breaking the kernel on purpose, to see that it says so. */
#pragma once

/* Does what the option `test=` of the command line asks for; returns when there is none. */
void selftest(const char *bootargs);
