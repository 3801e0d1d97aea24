/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* opendkim.conf, a KeyTable and a SigningTable, which empty lines divide, on a
 * machine that has no other file. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/io.h"
#include "fuzz/fuzz.h"
#include "source/dkim/opendkim.h"

static char root[] = "/tmp/fuzz-opendkim.XXXXXX";

static void
leave(void)
{
	static const char *const names[] = { "conf", "keys", "signing", "" };
	char path[64];

	for (size_t i = 0; i < 4; i++) {
		(void)snprintf(path, sizeof path, "%s/%s", root, names[i]);
		(void)remove(path);
	}
}

static void
put(const char *name, const uint8_t *data, size_t len)
{
	char path[64];
	int fd;

	(void)snprintf(path, sizeof path, "%s/%s", root, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd == -1 || write_all(fd, data, len) == -1)
		abort();
	(void)close(fd);
}

/* The part up to an empty line, which goes into a file. */
static void
cut(const uint8_t **data, size_t *len, const char *name)
{
	const uint8_t *end = memmem(*data, *len, "\n\n", 2);
	size_t part = end == NULL ? *len : (size_t)(end - *data) + 1;

	put(name, *data, part);
	*data += part;
	*len -= part;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct dkim_options options = { .root = root };
	static bool ready;
	struct tally tally = { 0 };
	struct emit e;
	struct dkim d = { .emit = &e, .options = &options };

	if (!ready) {
		ready = true;
		/* What is wrong is said each time. */
		stderr = fopen("/dev/null", "w");
		if (stderr == NULL || mkdtemp(root) == NULL ||
		    atexit(leave) != 0)
			abort();
	}
	emit_init(&e, "dkim", &tally);
	e.quiet = e.silent = true;
	cut(&data, &len, "conf");
	cut(&data, &len, "keys");
	cut(&data, &len, "signing");
	opendkim_read(&d, "/conf");
	opendkim_tables(&d, "file:/keys", "refile:/signing");
	opendkim_tables(&d, "/keys", NULL);
	/* There is no key to be found but in the KeyTable itself. */
	if (tally.ok > 0 && d.found == 0)
		abort();
	map_free(&d.seen);
	arena_free(&d.arena);
	emit_free(&e);
	return 0;
}
