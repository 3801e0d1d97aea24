/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * dirdump shadow: the users of a system as mail accounts. See
 * dirdump-shadow(1).
 */
#include <getopt.h>
#include <string.h>
#include <time.h>

#include "core/num.h"
#include "core/tool.h"
#include "record/address.h"
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

struct run {
	struct tally tally;
	struct emit emit;
	struct shadow shadow;
	struct buf domain;
};

static int
set_uid(const char *name, const char *value, int64_t *uid)
{
	const char *wrong;

	if (parse_num(value, 0, UINT32_MAX, uid, &wrong))
		return EXIT_DONE;
	tool_say(name, "%s", wrong);
	return EXIT_BROKEN;
}

static int
set_domain(struct run *run, const char *name)
{
	struct why why = { 0 };

	buf_reset(&run->domain);
	if (domain_normalise(name, &run->domain, &why) == -1) {
		tool_say("--domain", "%s", why.text);
		return EXIT_BROKEN;
	}
	run->shadow.account.domain = run->domain.data;
	return EXIT_DONE;
}

static int
option(struct run *run, int c, const char *value)
{
	switch (c) {
	case 'd':
		return set_domain(run, value);
	case MIN_UID:
		return set_uid("--min-uid", value, &run->shadow.min_uid);
	case MAX_UID:
		return set_uid("--max-uid", value, &run->shadow.max_uid);
	case 'q':
		run->emit.quiet = true;
		return EXIT_DONE;
	case 'v':
		run->tally.verbose++;
		return EXIT_DONE;
	case 'x':
		run->tally.strict = true;
		return EXIT_DONE;
	default:
		return tool_usage(usage);
	}
}

static int
dump(struct run *run, char **files)
{
	const char *passwd = "/etc/passwd", *shadow = "/etc/shadow";
	int status;

	if (files[0] != NULL) {
		passwd = files[0];
		shadow = files[1];
	}
	shadow_read(&run->shadow, passwd, shadow);
	emit_end(&run->emit);
	status = tally_finish(&run->tally);
	shadow_free(&run->shadow);
	emit_free(&run->emit);
	buf_free(&run->domain);
	return status;
}

int
main(int argc, char **argv)
{
	static const struct option options[] = { { "domain", required_argument,
						     NULL, 'd' },
		{ "min-uid", required_argument, NULL, MIN_UID },
		{ "max-uid", required_argument, NULL, MAX_UID },
		{ "quiet", no_argument, NULL, 'q' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "stop", no_argument, NULL, 'x' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' }, { 0 } };
	struct run run = { 0 };
	int c, status;

	tool_init("dirdump-shadow");
	emit_init(&run.emit, "shadow", &run.tally);
	run.shadow = (struct shadow){ .account = { .emit = &run.emit,
					  .default_scheme = "CRYPT",
					  .bare_login = true },
		.min_uid = 1000,
		.max_uid = 60000,
		.now = time(NULL) };
	run.shadow.today = run.shadow.now / DAY;
	while ((c = getopt_long(argc, argv, "+d:hqVvx", options, NULL)) != -1) {
		if (c == 'h')
			return tool_help(usage, help);
		if (c == 'V')
			return tool_version();
		status = option(&run, c, optarg);
		if (status != EXIT_DONE)
			return status;
	}
	if (argc - optind > 2)
		return tool_usage(usage);
	if (run.shadow.account.domain == NULL) {
		tool_say(NULL, "the domain of the addresses is not in these "
			       "files: give --domain");
		return EXIT_BROKEN;
	}
	return dump(&run, argv + optind);
}
