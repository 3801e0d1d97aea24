/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* TAP for unit tests: OK(expression, name...), and TAP_DONE() at the end. */
#ifndef FERRY_TAP_H
#define FERRY_TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static int tap_n, tap_bad;

__attribute__((format(printf, 4, 5))) static bool
tap_ok(bool good, const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	(void)printf("%sok %d - ", good ? "" : "not ", ++tap_n);
	va_start(ap, fmt);
	(void)vprintf(fmt, ap);
	va_end(ap);
	(void)printf("\n");
	if (!good) {
		tap_bad++;
		(void)fprintf(stderr, "#   at %s:%d\n", file, line);
	}
	return good;
}

#define OK(expr, ...) tap_ok((expr), __FILE__, __LINE__, __VA_ARGS__)

/* Two strings are the same; both are shown where they are not. */
#define SAME(got, want, ...)                                                   \
	tap_same((got), (want), __FILE__, __LINE__, __VA_ARGS__)

__attribute__((format(printf, 5, 6), unused)) static bool
tap_same(const char *got, const char *want, const char *file, int line,
    const char *fmt, ...)
{
	char name[512];
	va_list ap;
	bool good =
	    got != NULL && want != NULL ? strcmp(got, want) == 0 : got == want;

	va_start(ap, fmt);
	(void)vsnprintf(name, sizeof name, fmt, ap);
	va_end(ap);
	if (!tap_ok(good, file, line, "%s", name))
		(void)fprintf(stderr, "#   got:    %s\n#   wanted: %s\n",
		    got == NULL ? "(null)" : got,
		    want == NULL ? "(null)" : want);
	return good;
}

static int
tap_done(void)
{
	(void)printf("1..%d\n", tap_n);
	return tap_bad != 0;
}
#define TAP_DONE() return tap_done()

#endif
