/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/run.h"

#include <string.h>

#include "core/alloc.h"
#include "record/address.h"

static const char prefix[] = "dirdump-";

void
source_run_init(struct source_run *run, const char *name, const char *usage,
    const char *help)
{
	*run = (struct source_run){ .usage = usage, .help = help };
	tool_init(name);
	emit_init(&run->emit, name + strlen(prefix), &run->tally);
}

static int
set_domain(struct source_run *run, const char *name)
{
	struct why why = { 0 };

	buf_reset(&run->domain);
	if (domain_normalise(name, &run->domain, &why) == 0)
		return SOURCE_GO_ON;
	tool_say("--domain", "%s", why.text);
	return EXIT_BROKEN;
}

int
source_option(struct source_run *run, int option, const char *value)
{
	switch (option) {
	case 'd':
		return set_domain(run, value);
	case 'h':
		return tool_help(run->usage, run->help);
	case 'q':
		run->emit.quiet = true;
		return SOURCE_GO_ON;
	case 'V':
		return tool_version();
	case 'v':
		run->tally.verbose++;
		return SOURCE_GO_ON;
	case 'x':
		run->tally.strict = true;
		return SOURCE_GO_ON;
	default:
		return tool_usage(run->usage);
	}
}

int
source_secret(
    char **secret, char *(*get)(const char *, struct why *), const char *value)
{
	return tool_secret(secret, get, value) ? SOURCE_GO_ON : EXIT_BROKEN;
}

int
source_map(struct fieldmap *map, const char *name)
{
	struct why why = { 0 };

	if (fieldmap_read(map, name, &why) == 0)
		return SOURCE_GO_ON;
	tool_say(NULL, "%s", why.text);
	return EXIT_BROKEN;
}

int
source_finish(struct source_run *run)
{
	emit_end(&run->emit);
	return tally_finish(&run->tally);
}

void
source_run_free(struct source_run *run)
{
	emit_free(&run->emit);
	buf_free(&run->domain);
}
