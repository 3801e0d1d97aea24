/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/run.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/str.h"
#include "record/address.h"
#include "source/host-map.h"
#include "source/host.h"

enum {
	PIPE_ROOM = 1 << 20 /* bytes; what anybody may have (pipe(7)) */
};

static const char prefix[] = "dirdump-";

void
source_begin(struct source_run *run, const struct opt_tool *tool)
{
	bool quiet = run->emit.quiet; /* an option of the tool */

	/* The two programs of a pipeline work on longer before one has to wait
	 * for the other; what is no pipe stays as it is. */
	(void)fcntl(STDOUT_FILENO, F_SETPIPE_SZ, PIPE_ROOM);
	emit_init(&run->emit, tool->name + strlen(prefix), &run->tally);
	run->emit.quiet = quiet;
}

/* A member of the tar. */
static void
left_out(void *ctx, const char *name, const char *text)
{
	struct source_run *run = ctx;
	struct why why = { 0 };

	why_set(&why, FAIL_DATA, "left out: %s", text);
	emit_fail_at(&run->emit, name, NULL, &why);
}

/* What dirdump-collect could not gather, a line for each: it may be what this run
 * is about. */
static void
say_missing(struct source_run *run)
{
	struct buf text = { 0 };
	struct why why = { 0 };
	char *rest, *line;

	if (host_read_file("mailferry-missing", &text, NULL) == -1) {
		buf_free(&text);
		return;
	}
	rest = text.data;
	while ((line = str_cut(&rest, '\n')) != NULL && *line != '\0') {
		why_set(&why, FAIL_DATA, "not gathered there: %s", line);
		emit_fail_at(&run->emit, run->root, NULL, &why);
	}
	buf_free(&text);
}

bool
source_enter(struct source_run *run)
{
	struct why why = { 0 };

	if (run->root == NULL)
		return true;
	if (host_enter(run->root, left_out, run, &why) == 0) {
		say_missing(run);
		return true;
	}
	emit_fail_at(&run->emit, "--root", NULL, &why);
	return false;
}

int
source_host_map(void *to, char *value, struct why *why)
{
	(void)to;
	return host_map_add(value, why);
}

int
source_domain(void *to, char *value, struct why *why)
{
	struct buf *domain = to;

	buf_reset(domain);
	return domain_normalise(value, domain, why);
}

int
source_refuse(const struct why *why)
{
	host_leave();
	tool_say(NULL, "%s", why->text);
	return EXIT_BROKEN;
}

/* Where a server could not be reached not all was read, whatever else failed. */
int
source_finish(struct source_run *run)
{
	int status;

	emit_end(&run->emit);
	host_leave();
	host_map_free();
	emit_free(&run->emit);
	buf_free(&run->domain);
	status = tally_finish(&run->tally);
	return status == EXIT_FAILED && run->tally.temp != 0 ? EXIT_TEMP
							     : status;
}
