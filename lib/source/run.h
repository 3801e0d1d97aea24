/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * The frame of a program dirdump-SOURCE: what all sources share of the options,
 * the begin and the end of a run. bin/dirdump-dms.c is the smallest.
 */
#ifndef FERRY_SOURCE_RUN_H
#define FERRY_SOURCE_RUN_H

#include "cli/opt.h"
#include "core/buf.h"
#include "source/emit.h"

struct source_run {
	struct tally tally;
	struct emit emit;
	struct buf domain; /* of -d, normalised; data is NULL without it */
	const char *root;  /* of --root; NULL: this machine */
};

/* clang-format off */

/* OPT_TOOL of a source: "dms", "folder", 1, 1 is "dirdump dms folder". */
#define SOURCE_TOOL(source, text, low, high) \
	OPT_TOOL("dirdump-" source, text, low, high), \
	.command = "dirdump " source

/* .status and .no_sigpipe of a source that asks a server; what: "a row", server:
 * "database" */
#define SOURCE_ASKS(what, server) \
	.status = "0 everything is listed; 1 " what " could not be; 2 the " \
	"run did not finish; 75 the " server " could not be reached: run " \
	"it again.", .no_sigpipe = true
/* SOURCE_TOOL and SOURCE_ASKS in one row. */
#define SOURCE_SERVER_TOOL(source, text, low, high, what, server) \
	SOURCE_TOOL(source, text, low, high), SOURCE_ASKS(what, server)

/* -d; run: a struct source_run. */
#define SOURCE_DOMAIN(run) \
	OPT_CALL('d', "domain", "DOMAIN", "the domain of names without one", \
	    source_domain, &(run)->domain)
/* --root: the files of another machine (source/host.h) */
#define SOURCE_ROOT(run) \
	OPT_STRING(0, "root", "TAR", \
	    "read the files of another machine: a tar of dirdump-collect, or a " \
	    "folder", \
	    &(run)->root)
/* --host-map, of sources that --root leads to databases */
#define SOURCE_HOST_MAP \
	OPT_CALL(0, "host-map", "OLD=NEW", \
	    "a database server that is reached here at NEW[:PORT]", \
	    source_host_map, NULL)
/* -s; v: const char * */
#define SOURCE_SCHEME(v) \
	OPT_STRING('s', "default-scheme", "SCHEME", \
	    "of passwords without a {SCHEME}", v)
/* -q, -v, -x, and OPT_STANDARD, which ends the table; what: "row" */
#define SOURCE_COMMON(run, what) \
	OPT_QUIET("do not say what is left out or not carried", \
	    &(run)->emit.quiet), \
	OPT_VERBOSE("name each thing that is left out or not carried", \
	    &(run)->tally.verbose), \
	OPT_STOP("stop at the first " what " that cannot be read", \
	    &(run)->tally.strict), \
	OPT_STANDARD

/* clang-format on */

/* The actions of -d and of --host-map. */
opt_call source_domain;
opt_call source_host_map;

/* First in the tool's run, for its emit; the tool is a SOURCE_TOOL. */
void source_begin(struct source_run *run, const struct opt_tool *tool);

/* Of a tool with SOURCE_ROOT, next: takes the files that --root names. False: it
 * is said why not, and source_finish is to end the run. */
bool source_enter(struct source_run *run);

/* Says why the run cannot start; the exit status. */
int source_refuse(const struct why *why);

/* Last: ends the dump and frees the run; the exit status. */
int source_finish(struct source_run *run);

#endif
