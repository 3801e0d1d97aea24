/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* An LDIF text, and a search filter, of any bytes. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/io.h"
#include "fuzz/fuzz.h"
#include "ldap/filter.h"
#include "ldap/ldif.h"

/* A value, escaped, is found by the filter that it makes. */
static void
find_again(const struct ldap_entry *e)
{
	struct buf text = { 0 };
	struct value v;
	struct why why;
	struct filter *f;
	size_t at = 0;

	if (!entry_next(e, "cn", &at, &v))
		return;
	buf_adds(&text, "(&(!(cn=*x\\00y*z))(cn=");
	filter_escape(&text, v.data, v.len);
	buf_adds(&text, "))");
	f = filter_parse(text.data, &why);
	if (f == NULL)
		abort();
	(void)filter_match(f, e);
	filter_free(f);
	text.data[text.len - 1] = '\0';
	f = filter_parse(text.data + strlen("(&(!(cn=*x\\00y*z))"), &why);
	if (f == NULL || !filter_match(f, e))
		abort();
	filter_free(f);
	buf_free(&text);
}

static void
read_ldif(const uint8_t *data, size_t len)
{
	int fd = memfd_create("ldif", MFD_CLOEXEC);
	struct ldif in;
	struct ldap_entry e;
	struct why why;
	size_t last = 0;
	int r;

	if (fd == -1 || write_all(fd, data, len) == -1 ||
	    lseek(fd, 0, SEEK_SET) == -1)
		abort();
	ldif_init(&in, fd);
	entry_init(&e);
	while ((r = ldif_next(&in, &e, &why)) != 0) {
		if (r == -1 && why.kind == FAIL_FATAL)
			break;
		if (in.line <= last && r == 1)
			abort();
		last = in.line;
		if (r == 1)
			find_again(&e);
	}
	ldif_free(&in);
	entry_free(&e);
	(void)close(fd);
}

static void
read_filter(const uint8_t *data, size_t len)
{
	char *text = xmemdup(data, len);
	struct ldap_entry e;
	struct why why;
	struct filter *f = filter_parse(text, &why);

	entry_init(&e);
	entry_reset(&e, "cn=a", 4);
	entry_add(&e, "cn", 2, "a", 1);
	if (f != NULL)
		(void)filter_match(f, &e);
	filter_free(f);
	entry_free(&e);
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	if (len != 0) {
		read_ldif(data, len);
		read_filter(data, len);
	}
	return 0;
}
