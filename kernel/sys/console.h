/* Console input for the doors. */
#pragma once

/* Looks for input, and wakes the readers when there is some. */
void console_poll(void);
