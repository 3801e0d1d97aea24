/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "cli/hostport.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <string.h>

#include "core/num.h"
#include "core/str.h"

enum {
	LABEL_MAX = 63, /* RFC 1035, 2.3.4 */
	HOST_MAX = 253
};

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

static bool
is_address(int family, const char *s)
{
	unsigned char bytes[sizeof(struct in6_addr)];

	return inet_pton(family, s, bytes) == 1;
}

/* RFC 1123, 2.1, and "_", which names in private networks have. */
static bool
is_name(const char *s)
{
	size_t n;

	if (strlen(s) > HOST_MAX)
		return false;
	for (;; s += n + 1) {
		n = strspn(s, LETTERS DIGITS "_-");
		if (n == 0 || n > LABEL_MAX || *s == '-' || s[n - 1] == '-')
			return false;
		if (s[n] == '\0')
			return true;
		if (s[n] != '.')
			return false;
	}
}

static bool
is_host(const char *s)
{
	if (s[strspn(s, DIGITS ".")] == '\0')
		return is_address(AF_INET, s);
	return is_name(s);
}

int
host_port_parse(char *text, struct host_port *out, struct why *why)
{
	char *end = *text == '[' ? strchr(text, ']') : NULL, *port;
	int64_t number = 0;
	bool fine;

	if (*text != '[' && is_address(AF_INET6, text))
		return why_set(why, FAIL_FATAL,
		    "%s: an IPv6 address stands in brackets: [%s]", text, text);
	port = strchr(end == NULL ? text : end, ':');
	if (end != NULL && end[1] != '\0' && port != end + 1)
		return why_set(why, FAIL_FATAL, "not of the form HOST[:PORT]");
	if (port != NULL) {
		*port++ = '\0';
		if (!is_digits(port) ||
		    !parse_num(port, 1, UINT16_MAX, &number, NULL))
			return why_set(why, FAIL_FATAL,
			    "%s: not a port number (HOST[:PORT] is wanted)",
			    port);
	}
	if (end != NULL) {
		*end = '\0';
		text++;
	}
	fine = is_host(text) || (end != NULL && is_address(AF_INET6, text));
	if (!fine)
		return why_set(why, FAIL_FATAL,
		    "%s: not a host (HOST[:PORT] is wanted)", text);
	*out = (struct host_port){ text, (uint16_t)number };
	return 0;
}
