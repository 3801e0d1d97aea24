/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * dirdump dovecot: the accounts of the Dovecot of this machine, and the aliases
 * of its Postfix. See dirdump-dovecot(1).
 */
#include "cli/main.h"
#include "record/address.h"
#include "source/alias-ask.h"
#include "source/dovecot/dovecot.h"
#include "source/postfix/boxes.h"
#include "source/postfix/domains.h"
#include "source/postfix/postfix.h"
#include "source/postfix/tables.h"
#include "source/run.h"

static struct run {
	struct source_run source;
	struct dovecot_options dovecot;
	const char *dir; /* of Postfix */
	struct postfix postfix;
	struct postfix_boxes boxes;
} run;

static const struct opt options[] = {
	OPT_STRING('c', "config", "FILE",
	    "a dovecot.conf, or a saved output of \"doveconf -nP\"; Postfix is "
	    "then asked only with --postfix",
	    &run.dovecot.config),
	SOURCE_DOMAIN(&run.source),
	SOURCE_HOST_MAP,
	OPT_STRING(0, "postfix", "DIR", "the configuration folder of Postfix",
	    &run.dir),
	SOURCE_ROOT(&run.source),
	SOURCE_SCHEME(&run.dovecot.default_scheme),
	SOURCE_COMMON(&run.source, "record"),
};

/* Where Dovecot has no list of its users, or not their addresses, Postfix may
 * have one of mailboxes. */
struct finding {
	void (*found)(void *ctx, const char *name);
	void *ctx;
};

static void
mailbox(void *ctx, struct emit *e, const char *key, char *value)
{
	const struct finding *f = ctx;

	(void)e;
	(void)value;
	f->found(f->ctx, key);
}

/* The targets of aliases, as far as they are no aliases themselves. */
static void
find_targets(struct aliases *a, struct emit *e,
    const struct postfix_domains *domains, const struct finding *f)
{
	for (size_t i = 0; i < a->n; i++)
		for (size_t j = 0; j < a->v[i]->targets.n; j++) {
			const char *target = a->v[i]->targets.v[j];

			e->at = a->v[i]->at;
			if (postfix_domains_has(
				domains, address_domain(target)) &&
			    !alias_takes(a, e, target))
				f->found(f->ctx, target);
		}
}

/* Without a table Postfix takes every name of its domains for a mailbox: those are
 * known that an alias leads to. */
static void
all_domains(struct postfix *p, struct emit *e, const struct finding *f)
{
	struct postfix_config *config = &p->config;
	static const char domains[] = "virtual_mailbox_domains";
	struct postfix_domains all = { 0 };
	char *value = postfix_parameter(config, domains, NULL);

	if (value != NULL)
		postfix_domains_read(&all, e, config->dir, value, domains);
	for (size_t i = 0; i < all.names.n; i++) {
		struct buf key = { 0 };

		buf_addf(&key, "@%s", all.names.v[i]);
		f->found(f->ctx, key.data);
		buf_free(&key);
	}
	find_targets(&p->aliases, e, &all, f);
	postfix_domains_free(&all);
}

static void
names(void *ctx, struct emit *e, void (*found)(void *ctx, const char *name),
    void *found_ctx)
{
	static const char maps[] = "virtual_mailbox_maps";
	struct finding f = { found, found_ctx };
	struct postfix *p = ctx;
	const struct postfix_reader reader = {
		.dir = p->config.dir, .emit = e, .entry = mailbox, .ctx = &f
	};
	char *list = postfix_parameter(&p->config, maps, NULL);

	if (list != NULL && *list == '\0')
		all_domains(p, e, &f);
	else if (list != NULL)
		postfix_tables(&reader, list, maps);
}

static bool
takes(void *ctx, struct emit *e, const char *address)
{
	return postfix_boxes_takes(&run.boxes, ctx, e, address);
}

/* A Postfix that is not the one before this Dovecot says nothing of its users. */
static void
judge(void *ctx, struct emit *e, struct record *r)
{
	struct postfix *p = ctx;
	const char *domain = address_domain(r->address);

	if (postfix_has_mailboxes(p))
		postfix_judge(p, e, r);
	else if (!postfix_serves(p, domain))
		emit_note(e, r->address,
		    "the Postfix here takes no mail for its domain, nor for "
		    "any with mailboxes: its mail is taken to come by another "
		    "server",
		    NULL);
}

static int
dump(char **operands)
{
	struct emit *e = &run.source.emit;
	struct postfix *p = &run.postfix;

	(void)operands;
	source_begin(&run.source, &tool);
	if (!source_enter(&run.source))
		return source_finish(&run.source);
	p->config.dir = run.dir;
	run.dovecot.domain = run.source.domain.data;
	p->aliases.domain = run.dovecot.domain;
	if (run.dovecot.config == NULL || run.dir != NULL) {
		p->with_users = true;
		postfix_read(p, e);
		run.dovecot.names = names;
		run.dovecot.takes = takes;
		run.dovecot.judge = judge;
		run.dovecot.names_ctx = p;
		run.dovecot.mail_elsewhere =
		    postfix_is_set(&p->config, "virtual_mailbox_domains") !=
			NULL &&
		    postfix_delivers(p);
	}
	if (!run.source.tally.fatal && !emit_stop(e))
		dovecot_read(e, &run.dovecot, &p->aliases);
	if (!run.source.tally.fatal && !emit_stop(e))
		postfix_end(p, e);
	postfix_boxes_free(&run.boxes);
	postfix_free(p);
	return source_finish(&run.source);
}

const struct opt_tool tool = {
	SOURCE_TOOL("dovecot", NULL, 0, 0),
	.about =
	    "Lists the accounts of the Dovecot of this machine, in the "
	    "databases "
	    "that\nits configuration names, and the aliases and domains of its "
	    "Postfix.\n",
	.status = "0 every record is listed; 1 something could not be listed "
		  "or carried; 2 the run did not finish; 75 a database "
		  "could not be reached: run it again.",
	.options = options,
	.run = dump,
};
