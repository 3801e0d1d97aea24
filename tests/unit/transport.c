/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Lines of ours in a transport table of somebody else's. */
#include <string.h>

#include "proxy/transport.h"
#include "unit/tap.h"

static const struct export_options options = {
	.hosts = { { "new", { "new.test", 25 } },
	    { "newer", { "2001:db8::1", 0 } }, { "old", { "-", 0 } } },
	.n_hosts = 3,
};

/* The table after an address was set, in a buffer that the next call changes;
 * NULL where it was refused. */
static const char *
after(const char *table, const char *address, const char *destination,
    enum transport_change wanted)
{
	static char text[512];
	struct transport t = { .file.fd = -1 };
	enum transport_change change = TRANSPORT_ABSENT;
	struct buf out = { 0 };
	struct why why = { 0 };
	bool ok;

	transport_parse(&t, table, strlen(table));
	ok = transport_set(&t, &options, address, destination, &change, &why) ==
		 0 &&
	     change == wanted;
	if (!ok)
		printf("# %s %s\n", transport_change_name(change), why.text);
	transport_text(&t, &out);
	(void)snprintf(text, sizeof text, "%s", buf_str(&out));
	buf_free(&out);
	transport_close(&t);
	return ok ? text : NULL;
}

static void
test_setting(void)
{
	SAME(after("", "a@one.test", "new", TRANSPORT_SET),
	    "a@one.test\tsmtp:[new.test]:25\n", "into an empty table");
	SAME(after("x smtp:y", "a@one.test", "newer", TRANSPORT_SET),
	    "x smtp:y\na@one.test\tsmtp:[2001:db8::1]\n",
	    "after a line without an end");
	SAME(after("a@one.test smtp:[new.test]:25\n", "a@one.test", "new",
		 TRANSPORT_EXISTS),
	    "a@one.test smtp:[new.test]:25\n", "already there, with a blank");
	SAME(after("A@One.test  smtp:[new.test]:25 \r\nb x\n", "a@one.test",
		 "newer", TRANSPORT_SET),
	    "a@one.test\tsmtp:[2001:db8::1]\nb x\n",
	    "another host, whatever the case");
	SAME(after("a@one.test smtp:[new.test]:25\n#c\na@one.test "
		   "smtp:[2001:db8::1]\n",
		 "a@one.test", "new", TRANSPORT_SET),
	    "a@one.test\tsmtp:[new.test]:25\n#c\n", "twice becomes once");
}

static void
test_taking(void)
{
	SAME(after("# c\n\na@one.test smtp:[new.test]:25\nb x\n", "a@one.test",
		 "old", TRANSPORT_UNSET),
	    "# c\n\nb x\n", "taken out, and nothing else");
	SAME(after("b x\n", "a@one.test", "old", TRANSPORT_ABSENT), "b x\n",
	    "nothing to take out");
	SAME(after("a@one.test smtp:[new.test]:25", "a@one.test", "old",
		 TRANSPORT_UNSET),
	    "", "the only line");
}

static void
test_others(void)
{
	OK(after("a@one.test smtp:[special]\n", "a@one.test", "new",
	       TRANSPORT_SET) == NULL,
	    "a line of somebody else is not replaced");
	OK(after("a@one.test smtp:[special]\n", "a@one.test", "old",
	       TRANSPORT_UNSET) == NULL,
	    "nor taken out");
	OK(after("a@one.test\n# c\n  smtp:[new.test]:25\n", "a@one.test", "old",
	       TRANSPORT_UNSET) == NULL,
	    "a line that is continued is somebody else's");
	SAME(after(" smtp:stray\nb\n c\n# d\n\te\nf g\n", "a@one.test", "new",
		 TRANSPORT_SET),
	    " smtp:stray\nb\n c\n# d\n\te\nf g\n"
	    "a@one.test\tsmtp:[new.test]:25\n",
	    "continued lines stay as they are");
	OK(after("", "bare", "new", TRANSPORT_SET) == NULL, "no address");
	OK(after("", "@one.test", "new", TRANSPORT_SET) == NULL, "a domain");
	OK(after("", "#a@one.test", "new", TRANSPORT_SET) == NULL, "a comment");
	OK(after("", "a@one.test", "nowhere", TRANSPORT_SET) == NULL,
	    "a destination without a host");
}

int
main(void)
{
	test_setting();
	test_taking();
	test_others();
	TAP_DONE();
}
