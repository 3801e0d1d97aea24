/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * The options of a program: one table, from which come the parser, --help, the
 * usage line and the list for the shell's completion. How a tool uses it:
 *
 *	static struct run { struct tally tally; bool quiet; ... } run;
 *
 *	static const struct opt options[] = {
 *		OPT_NUMBER(0, "retry-budget", "SECONDS",
 *		    "how long to wait for the server in all", &run.budget, 0,
 *		    86400),
 *		OPT_QUIET("no summary, no progress", &run.quiet),
 *		OPT_STANDARD,
 *	};
 *
 *	static int
 *	merge(char **operands)
 *	{
 *		...
 *		return tally_finish(&run.tally);
 *	}
 *
 *	const struct opt_tool tool = {
 *		OPT_TOOL("davmerge", "URL tree", 2, 2),
 *		.about = "Puts the calendars of a tree onto a server.\n",
 *		.status = "0 all is there; 1 an object failed; ...",
 *		.options = options,
 *		.run = merge,
 *	};
 *
 * There is no main to write: that of cli/main.h does the rest. Defaults are the
 * values that the variables have before the call: --help shows those of numbers
 * and words by itself. Options are listed in the order of the table;
 * OPT_STANDARD (-h and -V) ends it.
 *
 * The same letter is the same long name in every program (t/90-docs holds them
 * against this list):
 *
 *	-a address  -b base      -c config    -D bind-dn         -d domain
 *	-E rejects  -h help      -i index     -J journal         -j jobs
 *	-k insecure -l list      -m map       -n dry-run         -o output
 *	-p passwords             -q quiet     -s default-scheme  -u update
 *	-V version  -v verbose   -x stop
 *
 * An option with another meaning has no letter. The rows that several programs
 * share are the macros at the end, so that they are spelled alike everywhere.
 */
#ifndef FERRY_CLI_OPT_H
#define FERRY_CLI_OPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/tool.h"
#include "core/why.h"
#include "core/workers.h"

enum opt_kind {
	OPT_KIND_END,
	OPT_KIND_SET,    /* a flag: becomes true */
	OPT_KIND_CLEAR,  /* a flag: becomes false */
	OPT_KIND_COUNT,  /* a flag: counts how often it is given */
	OPT_KIND_STRING, /* anything but the empty text */
	OPT_KIND_NUMBER,
	OPT_KIND_WORD,    /* one of words; its index is stored */
	OPT_KIND_FILE,    /* a secret: the first line of a file */
	OPT_KIND_COMMAND, /* a secret: the first line that a command prints */
	OPT_KIND_LIST,    /* may be repeated */
	OPT_KIND_CALL,
	OPT_KIND_REJECTS,
	OPT_KIND_HELP,
	OPT_KIND_VERSION
};

/* The values of an option that may be repeated: NULL-terminated, the texts
 * borrowed from argv. */
struct opt_list {
	char **v;
	size_t n, cap;
};

/* What an option does with its value (NULL where it takes none); the text is
 * argv's and may be changed. 0, or -1 and why, which is printed after the
 * option's name; the run ends. */
typedef int opt_call(void *to, char *value, struct why *why);

/* Use the macros below to fill in a row. */
struct opt {
	enum opt_kind kind;
	char letter; /* 0: none */
	const char *name;
	const char *arg; /* what the value is called; NULL: takes none */
	const char *help;
	union {
		bool *flag;
		int *count;
		const char **string;
		int64_t *number;
		unsigned int *word; /* or an enum */
		char **secret;      /* free_secret */
		struct opt_list *list;
		struct tally *tally;
		void *any;
	} to;
	int64_t min, max;         /* of a number */
	const char *const *words; /* by the enum; a NULL is not allowed */
	size_t n_words;
	opt_call *call;
};

struct opt_tool {
	const char *name;     /* before messages: "dirdump-sql" */
	const char *command;  /* how it is called: "dirdump sql"; NULL: name */
	const char *operands; /* "[file ...]"; NULL: takes none */
	const char *about;    /* what it does: whole lines */
	const char *notes;    /* after the options: whole lines, or NULL */
	const char *status;   /* the exit statuses, wrapped by --help */
	const struct opt *options;
	int min, max;         /* number of operands; max -1: any */
	bool stop_at_operand; /* what follows is another program's */
	bool no_sigpipe;      /* writing to who is gone fails, and no more */
	/* The work: the operands, NULL-terminated, to the exit status. */
	int (*run)(char **operands);
	/* Frees what options and run leave, after a wrong call too; or NULL. */
	void (*release)(void);
};

/* What opt_parse returns where there is no exit status yet. */
enum {
	OPT_GO_ON = -1
};

/*
 * For main (it calls tool_init). Takes options before and after the
 * operands, in any unambiguous abbreviation, up to "--". Returns OPT_GO_ON with
 * *argv the operands, NULL-terminated, and *argc their number; or the exit
 * status after --help, --version or a wrong call, about which all is said.
 */
int opt_parse(const struct opt_tool *tool, int *argc, char ***argv);

/* A wrong call that only the program can see: says what is wrong and prints the
 * usage line. EXIT_BROKEN. */
int opt_wrong(const struct opt_tool *tool, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* What a call does not say, nor the environment: names it and where it may be
 * given, without a usage line, for the call has no fault. EXIT_BROKEN. */
int opt_lacks(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

void opt_list_free(struct opt_list *list);

/* clang-format off */

/* What a tool's operands are called, at least and at most how many: "[file]", 0,
 * 1; high -1: any number. */
#define OPT_OPERANDS(text, low, high) \
	.operands = (text), .min = (low), .max = (high)
/* How a tool is called: "davmerge", "URL tree", 2, 2. */
#define OPT_TOOL(tool_name, text, low, high) \
	.name = (tool_name), OPT_OPERANDS(text, low, high)

/* --- rows: letter, long name, argument, help, where the value goes --- */

#define OPT_SET(l, n, h, v) \
	{ .kind = OPT_KIND_SET, .letter = (l), .name = (n), .help = (h), \
	    .to.flag = (v) }
#define OPT_CLEAR(l, n, h, v) \
	{ .kind = OPT_KIND_CLEAR, .letter = (l), .name = (n), .help = (h), \
	    .to.flag = (v) }
#define OPT_COUNT(l, n, h, v) \
	{ .kind = OPT_KIND_COUNT, .letter = (l), .name = (n), .help = (h), \
	    .to.count = (v) }
#define OPT_STRING(l, n, a, h, v) \
	{ .kind = OPT_KIND_STRING, .letter = (l), .name = (n), .arg = (a), \
	    .help = (h), .to.string = (v) }
/* An int64_t from low to high. */
#define OPT_NUMBER(l, n, a, h, v, low, high) \
	{ .kind = OPT_KIND_NUMBER, .letter = (l), .name = (n), .arg = (a), \
	    .help = (h), .to.number = (v), .min = (low), .max = (high) }
/* An enum, and the array of its words, indexed by it. */
#define OPT_WORD(l, n, a, h, v, w) \
	{ .kind = OPT_KIND_WORD, .letter = (l), .name = (n), .arg = (a), \
	    .help = (h), .to.word = (v), .words = (w), \
	    .n_words = sizeof(w) / sizeof *(w) }
#define OPT_SECRET_FILE(n, h, v) \
	{ .kind = OPT_KIND_FILE, .name = (n), .arg = "FILE", .help = (h), \
	    .to.secret = (v) }
#define OPT_SECRET_COMMAND(n, h, v) \
	{ .kind = OPT_KIND_COMMAND, .name = (n), .arg = "CMD", \
	    .help = (h), .to.secret = (v) }
#define OPT_LIST(l, n, a, h, v) \
	{ .kind = OPT_KIND_LIST, .letter = (l), .name = (n), .arg = (a), \
	    .help = (h), .to.list = (v) }
#define OPT_CALL(l, n, a, h, f, v) \
	{ .kind = OPT_KIND_CALL, .letter = (l), .name = (n), .arg = (a), \
	    .help = (h), .call = (f), .to.any = (v) }
#define OPT_END { .kind = OPT_KIND_END }

/* --- rows that are alike in every program --- */

/* The end of every table. */
#define OPT_STANDARD \
	{ .kind = OPT_KIND_HELP, .letter = 'h', .name = "help", \
	    .help = "this text" }, \
	{ .kind = OPT_KIND_VERSION, .letter = 'V', .name = "version", \
	    .help = "the version" }, \
	OPT_END
#define OPT_QUIET(h, v) OPT_SET('q', "quiet", h, v)
/* v: int, such as tally.verbose */
#define OPT_VERBOSE(h, v) OPT_COUNT('v', "verbose", h, v)
/* v: tally.strict */
#define OPT_STOP(h, v) OPT_SET('x', "stop", h, v)
#define OPT_DRY_RUN(h, v) OPT_SET('n', "dry-run", h, v)
/* v: a struct tally, whose file is opened when all options are right. */
#define OPT_REJECTS(h, v) \
	{ .kind = OPT_KIND_REJECTS, .letter = 'E', .name = "rejects", \
	    .arg = "FILE", .help = (h), .to.tally = (v) }
/* v: int64_t. One limit everywhere. */
#define OPT_JOBS(h, v) OPT_NUMBER('j', "jobs", "N", h, v, 1, WORKERS_MAX)

/* --- TLS and credentials; http/login.h has the rows of a whole login --- */

/* cacert: const char *, insecure: bool; who: "the server". */
#define OPT_TLS(who, cacert, insecure) \
	OPT_STRING(0, "cacert", "FILE", "trust these certificates (PEM)", \
	    cacert), \
	OPT_SET('k', "insecure", "do not check the certificate of " who, \
	    insecure)
#define OPT_INSECURE_HTTP(what, v) \
	OPT_SET(0, "insecure-http", "send " what " in clear over http://", v)
/* password: char *; what: "the password (or DAV_PASSWORD)" */
#define OPT_PASSWORD(what, password) \
	OPT_SECRET_FILE("password-file", what, password), \
	OPT_SECRET_COMMAND("password-command", "a command that prints it", \
	    password)
#define OPT_TOKEN(what, token) \
	OPT_SECRET_FILE("token-file", what, token), \
	OPT_SECRET_COMMAND("token-command", "a command that prints it", token)

/* clang-format on */

#endif
