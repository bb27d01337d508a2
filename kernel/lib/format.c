/* Text formatting into a buffer. Pure: no state, no allocation. */
#include "lib/format.h"

#include <stdbool.h>
#include <stdint.h>

#include "lib/string.h"

struct sink {
	char *to;
	size_t size;
	size_t length;
};

struct conversion {
	bool left, zero;
	size_t width;
	size_t precision;
	bool is_long;
};

static void put(struct sink *sink, char c)
{
	if (sink->length + 1 < sink->size)
		sink->to[sink->length] = c;
	sink->length++;
}

static void put_padded(struct sink *sink, const struct conversion *how, const char *text, size_t length)
{
	size_t padding = how->width > length ? how->width - length : 0;

	for (; !how->left && padding; padding--)
		put(sink, how->zero ? '0' : ' ');
	for (size_t i = 0; i < length; i++)
		put(sink, text[i]);
	for (; padding; padding--)
		put(sink, ' ');
}

static void put_number(
	struct sink *sink, const struct conversion *how, uint64_t value, unsigned base, const char *prefix)
{
	char digits[24];
	size_t n = sizeof(digits);
	struct conversion rest = *how;

	for (; how->zero && *prefix; prefix++) { /* it stands before the zeros */
		put(sink, *prefix);
		rest.width -= rest.width > 0;
	}
	do
		digits[--n] = "0123456789abcdef"[value % base];
	while (value /= base);
	for (size_t i = strlen(prefix); i--;)
		digits[--n] = prefix[i];
	put_padded(sink, &rest, digits + n, sizeof(digits) - n);
}

static size_t bounded_length(const char *s, size_t most)
{
	size_t n = 0;

	while (n < most && s[n])
		n++;
	return n;
}

static const char *read_flags(const char *f, struct conversion *how)
{
	*how = (struct conversion){.precision = SIZE_MAX};
	for (; *f == '-' || *f == '0'; f++)
		*(*f == '-' ? &how->left : &how->zero) = true;
	for (; *f >= '0' && *f <= '9'; f++)
		how->width = how->width * 10 + (size_t)(*f - '0');
	if (*f == '.')
		for (f++, how->precision = 0; *f >= '0' && *f <= '9'; f++)
			how->precision = how->precision * 10 + (size_t)(*f - '0');
	for (; *f == 'l' || *f == 'z'; f++)
		how->is_long = true;
	return f;
}

static void put_signed(struct sink *sink, const struct conversion *how, int64_t value)
{
	put_number(sink, how, value < 0 ? -(uint64_t)value : (uint64_t)value, 10, value < 0 ? "-" : "");
}

size_t format_va(char *to, size_t size, const char *f, va_list arguments)
{
	struct sink sink = {to, size, 0};

	for (; *f; f++) {
		const char *start = f;
		struct conversion how;
		const char *text;

		if (*f != '%') {
			put(&sink, *f);
			continue;
		}
		f = read_flags(f + 1, &how);
		switch (*f) {
		case 'd':
			put_signed(&sink, &how,
				how.is_long ? va_arg(arguments, int64_t) : va_arg(arguments, int));
			break;
		case 'u':
		case 'x':
			put_number(&sink, &how,
				how.is_long ? va_arg(arguments, uint64_t) : va_arg(arguments, unsigned),
				*f == 'u' ? 10 : 16, "");
			break;
		case 'p':
			put_number(&sink, &how, (uintptr_t)va_arg(arguments, void *), 16, "0x");
			break;
		case 's':
			text = va_arg(arguments, const char *);
			put_padded(&sink, &how, text, bounded_length(text, how.precision));
			break;
		case 'c':
			put(&sink, (char)va_arg(arguments, int));
			break;
		case '%':
			put(&sink, '%');
			break;
		default:
			for (; start < f; start++)
				put(&sink, *start);
			f--;
		}
	}
	if (size)
		to[sink.length < size ? sink.length : size - 1] = '\0';
	return sink.length;
}

size_t format(char *to, size_t size, const char *f, ...)
{
	va_list arguments;
	size_t length;

	va_start(arguments, f);
	length = format_va(to, size, f, arguments);
	va_end(arguments);
	return length;
}
