/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* A line of a passwd-file, and a Postfix table, of any bytes. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/io.h"
#include "fuzz/fuzz.h"
#include "source/address-list.h"
#include "source/passwd/account.h"
#include "source/passwd/expand.h"
#include "source/passwd/extra-fields.h"
#include "source/targets.h"

static void
read_line(const uint8_t *data, size_t len)
{
	char *line = xmemdup(data, len);
	struct buf b = { 0 };
	struct extra x;
	struct fields f;

	fields_split(&f, line);
	extra_init(&x);
	if (f.extra != NULL)
		extra_read(&x, f.extra);
	if (x.quota < -1)
		abort();
	(void)expand_user(f.name, "user@example.org", &b);
	buf_free(&b);
	free(line);
}

static void
read_map(const uint8_t *data, size_t len, enum map_style style)
{
	int fd = memfd_create("map", MFD_CLOEXEC);
	struct postfix_map m;
	struct why why;
	struct buf list = { 0 };
	char *key, *value, *target, *rest;
	size_t last = 0;
	int n;

	if (fd == -1 || write_all(fd, data, len) == -1 ||
	    lseek(fd, 0, SEEK_SET) == -1)
		abort();
	postfix_map_init(&m, fd, style);
	while ((n = postfix_map_next(&m, &key, &value, &why)) != 0) {
		if (m.line <= last)
			abort();
		last = m.line;
		if (n == 1 && (*key == '\0' || *value == '\0'))
			abort();
		if (n != 1)
			continue;
		buf_reset(&list);
		address_list_read(value, &list);
		rest = list.data;
		while ((target = address_list_next(&rest)) != NULL)
			if (*target == '\0')
				abort();
	}
	postfix_map_close(&m);
	buf_free(&list);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	if (len == 0)
		return 0;
	if (memchr(data, '\0', len) == NULL)
		read_line(data, len);
	read_map(data, len, MAP_TABLE);
	read_map(data, len, MAP_ALIASES);
	read_map(data, len, MAP_LISTED);
	return 0;
}
