/*
 * How ps and top print what programs use.
 */
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <abi/abi.h>

enum { TIME_TEXT = 24, MEMORY_TEXT = 24 };

/* Nanoseconds: seconds and hundredths, or hours, minutes and seconds from a thousand seconds on. At most 8 characters. */
static inline const char *programs_time(uint64_t time, char text[TIME_TEXT])
{
	unsigned long hundredths = (unsigned long)(time / 10000000), seconds = hundredths / 100;
	if (seconds < 1000)
		snprintf(text, TIME_TEXT, "%lu.%02lu", seconds, hundredths % 100);
	else if (seconds < 360000)
		snprintf(text, TIME_TEXT, "%lu:%02lu:%02lu", seconds / 3600, seconds / 60 % 60, seconds % 60);
	else
		snprintf(text, TIME_TEXT, "%luh", seconds / 3600);
	return text;
}

/* Bytes: in KiB, or MiB from 100,000 KiB on. At most 7 characters. */
static inline const char *programs_memory(uint64_t bytes, char text[MEMORY_TEXT])
{
	unsigned long kibibytes = (unsigned long)((bytes + 1023) >> 10);
	if (kibibytes < 100000)
		snprintf(text, MEMORY_TEXT, "%luK", kibibytes);
	else
		snprintf(text, MEMORY_TEXT, "%luM", kibibytes >> 10);
	return text;
}

/* Where a thread runs, or will. One that is not there is nowhere. */
static inline const char *programs_hart(const struct thread_info *thread)
{
	static char text[12];
	if (thread == NULL)
		return "-";
	snprintf(text, sizeof text, "%u", (unsigned)thread->hart);
	return text;
}
