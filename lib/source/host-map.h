/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * Servers that a configuration names as its own machine reaches them, and how
 * this one does (--host-map). It holds for the whole process, as host.h.
 */
#ifndef FERRY_SOURCE_HOST_MAP_H
#define FERRY_SOURCE_HOST_MAP_H

#include <stdbool.h>

#include "core/arena.h"
#include "core/why.h"

/* Takes "OLD=NEW[:PORT]"; OLD is a host, HOST:PORT or the path of a socket. The
 * text is borrowed and changed. 0; or -1 and why (FATAL). */
int host_map_add(char *text, struct why *why);
void host_map_free(void);

/* A server as a configuration has it, and then as it is reached from here. */
struct host_server {
	const char *host; /* NULL: none is named */
	const char *socket;
	unsigned int port; /* 0: the usual one */
};

/*
 * Maps a server. 0, *mapped says whether it is another one now; -1 and why
 * (FATAL) for a server on the other machine itself (host_enter) that is in no
 * --host-map: the same name would mean this machine.
 */
int host_map(struct host_server *server, bool *mapped, struct why *why);

/* The same for the URI of an LDAP server. NULL and why. */
const char *host_map_uri(const char *uri, struct arena *arena, struct why *why);

#endif
