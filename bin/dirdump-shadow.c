/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * dirdump shadow: the users of a system as mail accounts. See
 * dirdump-shadow(1).
 */
#include <getopt.h>
#include <time.h>

#include "core/num.h"
#include "source/run.h"
#include "source/shadow.h"

static const char usage[] =
    "dirdump shadow [-hqVvx] [--min-uid N] [--max-uid N] -d domain "
    "[passwd [shadow]]";

static const char help[] =
    "Lists the users of a system as mail accounts: of /etc/passwd and\n"
    "/etc/shadow, or of the files named.\n"
    "\n"
    "  -d, --domain DOMAIN  the domain of their addresses\n"
    "      --min-uid N      leave users below N out (1000)\n"
    "      --max-uid N      leave users above N out (60000)\n"
    "  -q, --quiet          do not say what is left out\n"
    "  -v, --verbose        name each thing that is left out\n"
    "  -x, --stop           stop at the first line that cannot be read\n"
    "  -h, --help           this text\n"
    "  -V, --version        the version\n"
    "\n"
    "Exit status: 0 every line is listed; 1 a line could not be read; 2 the\n"
    "run did not finish.\n";

enum {
	MIN_UID = 256,
	MAX_UID,
	DAY = 86400
};

static int
set_uid(const char *name, const char *value, int64_t *uid)
{
	const char *wrong;

	if (parse_num(value, 0, UINT32_MAX, uid, &wrong))
		return SOURCE_GO_ON;
	tool_say(name, "%s", wrong);
	return EXIT_BROKEN;
}

static int
option(struct source_run *run, struct shadow *s, int c, const char *value)
{
	if (c == MIN_UID)
		return set_uid("--min-uid", value, &s->min_uid);
	if (c == MAX_UID)
		return set_uid("--max-uid", value, &s->max_uid);
	return source_option(run, c, value);
}

static int
dump(struct source_run *run, struct shadow *s, char **files)
{
	if (run->domain.data == NULL) {
		tool_say(NULL, "the domain of the addresses is not in these "
			       "files: give --domain");
		return EXIT_BROKEN;
	}
	s->account.naming.domain = run->domain.data;
	if (files[0] != NULL)
		shadow_read(s, files[0], files[1]);
	else
		shadow_read(s, "/etc/passwd", "/etc/shadow");
	return source_finish(run);
}

static const struct option options[] = { { "domain", required_argument, NULL,
					     'd' },
	{ "min-uid", required_argument, NULL, MIN_UID },
	{ "max-uid", required_argument, NULL, MAX_UID },
	{ "quiet", no_argument, NULL, 'q' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "stop", no_argument, NULL, 'x' }, { "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' }, { 0 } };

int
main(int argc, char **argv)
{
	struct source_run run;
	struct shadow s = { .account = { .emit = &run.emit,
				.default_scheme = "CRYPT",
				.naming.bare_login = true },
		.min_uid = 1000,
		.max_uid = 60000,
		.now = time(NULL) };
	int c, status = SOURCE_GO_ON;

	source_run_init(&run, "dirdump-shadow", usage, help);
	s.today = s.now / DAY;
	while (status == SOURCE_GO_ON &&
	       (c = getopt_long(argc, argv, "+d:hqVvx", options, NULL)) != -1)
		status = option(&run, &s, c, optarg);
	if (status == SOURCE_GO_ON && argc - optind > 2)
		status = tool_usage(usage);
	if (status == SOURCE_GO_ON)
		status = dump(&run, &s, argv + optind);
	shadow_free(&s);
	source_run_free(&run);
	return status;
}
