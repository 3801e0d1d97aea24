/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * dirdump mailcow: the database of the mailcow on this machine. See
 * dirdump-mailcow(1).
 */
#include <string.h>

#include "cli/main.h"
#include "core/io.h"
#include "core/str.h"
#include "source/suite/suite.h"

enum {
	FILTER_MAX = 1 << 20
};

static const char *socket_path, *docker_root = "/var/lib/docker";

static int
find(struct install *found, const char *place, struct why *why)
{
	if (install_mailcow(found, place, docker_root, why) == -1)
		return -1;
	if (socket_path != NULL) {
		found->sql.socket = socket_path;
		found->sql.host = NULL;
	}
	return 0;
}

/* Whether a script has a line other than comments. */
static bool
says_something(const char *path)
{
	struct buf text = { .max = FILTER_MAX };
	bool found = false;
	char *rest, *line;

	if (read_file(path, &text, NULL) == 0)
		for (rest = text.data;
		     !found && (line = str_cut(&rest, '\n')) != NULL;)
			found =
			    *(line = str_trim(line)) != '\0' && *line != '#';
	buf_free(&text);
	return found;
}

/* The filters for all mailboxes are files beside mailcow.conf. */
static void
note_filters(struct emit *e, const char *place)
{
	static const char file[] = "/mailcow.conf";
	static const char *const names[] = { "before", "after" };
	size_t len = strlen(place), cut = strlen(file);

	if (strcmp(place, file + 1) == 0)
		len = strlen(place = ".");
	else if (len >= cut && strcmp(place + len - cut, file) == 0)
		len -= cut;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct buf path = { 0 };

		buf_add(&path, place, len);
		buf_addf(&path, "/data/conf/dovecot/global_sieve_%s", names[i]);
		if (says_something(path.data))
			emit_note(e, NULL,
			    "a Sieve filter for all mailboxes is not carried",
			    path.data);
		buf_free(&path);
	}
}

static struct suite suite = {
	.map_name = "mailcow",
	.place = "/opt/mailcow-dockerized",
	.find = find,
	.note = note_filters,
};

static const struct opt options[] = {
	OPT_STRING(
	    0, "socket", "FILE", "the socket of the database", &socket_path),
	OPT_STRING(0, "docker-root", "DIR",
	    "where Docker keeps its volumes (/var/lib/docker)", &docker_root),
	SUITE_MAP("mailcow", &suite.map_name),
	SOURCE_COMMON(&suite.run, "row"),
};

static int
dump(char **operands)
{
	return suite_run(&suite, &tool, operands);
}

const struct opt_tool tool = {
	SOURCE_SERVER_TOOL("mailcow", "[directory]", 0, 1, "a row", "database"),
	.about =
	    "Lists the domains, mailboxes and aliases of the mailcow on this "
	    "machine. The\n"
	    "folder with mailcow.conf is /opt/mailcow-dockerized by default; "
	    "it "
	    "says how\n"
	    "to reach the database, over its socket or its port.\n",
	.options = options,
	.run = dump,
};
