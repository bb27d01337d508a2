/*
 * ceil, floor and trunc: those of picolibc 1.8 are wrong for many large numbers. The processor rounds as
 * asked when it converts to an integer; numbers too large for that have no fraction.
 */
#include <math.h>

/* False, with nothing to round, for large numbers, infinities and NaNs. */
static int has_fraction(double x)
{
	return fabs(x) < 0x1p52;
}

double ceil(double x)
{
	long whole;
	if (!has_fraction(x))
		return x;
	__asm__("fcvt.l.d %0, %1, rup" : "=r"(whole) : "f"(x));
	return copysign((double)whole, x);
}

double floor(double x)
{
	long whole;
	if (!has_fraction(x))
		return x;
	__asm__("fcvt.l.d %0, %1, rdn" : "=r"(whole) : "f"(x));
	return copysign((double)whole, x);
}

double trunc(double x)
{
	long whole;
	if (!has_fraction(x))
		return x;
	__asm__("fcvt.l.d %0, %1, rtz" : "=r"(whole) : "f"(x));
	return copysign((double)whole, x);
}

float ceilf(float x)
{
	return (float)ceil((double)x);
}

float floorf(float x)
{
	return (float)floor((double)x);
}

float truncf(float x)
{
	return (float)trunc((double)x);
}
