/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* A host and a port as an administrator writes them. */
#ifndef FERRY_HOSTPORT_H
#define FERRY_HOSTPORT_H

#include <stdint.h>

#include "core/why.h"

struct host_port {
	const char *host; /* without brackets */
	uint16_t port;    /* 0: none */
};

/*
 * Reads "HOST[:PORT]", HOST a name or an address, one of IPv6 in brackets. A name
 * is what the resolver and Postfix take for one; a port is a number. text is
 * changed, and borrowed. 0, or -1 and why (FATAL).
 */
int host_port_parse(char *text, struct host_port *out, struct why *why);

#endif
