/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * Dovecot's chain of databases, rule by rule. Each row was answered by a running
 * Dovecot 2.3 first, by tests/source/chains.py or by doveadm auth login.
 */
#include "source/dovecot/chain.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/buf.h"
#include "core/str.h"
#include "unit/tap.h"

enum {
	DBS_MAX = 6,
	USERS_MAX = 4
};

/*
 * A database is "SETTINGS ; USER:SECRET FIELDS ; USER:SECRET FIELDS". Settings
 * are those of a block; "before:KEY=VALUE" and "after:KEY=VALUE" stand for
 * default_fields and override_fields, "unsure" for a database that cannot be
 * read, "prefetch" and "static" for those userdbs. A secret "?" is one that is
 * checked elsewhere, "!" one that no password fits, "-" none. "*" is any user.
 */
static const struct row {
	const char *name;
	const char *passdbs, *userdbs; /* divided by "|" */
	const char *user, *want;
} rows[] = {
	{ "one passdb", "; ann:a1", "; ann: home=/h", "ann",
	    "login a1 home=/h" },
	{ "a user whom no passdb has", "; ann:a1", "; bob: home=/h", "bob",
	    "locked home=/h" },
	{ "a user whom no userdb has", "; ann:a1", "; bob: home=/h", "ann",
	    "unknown" },
	{ "either of two passwords", "; ann:a1 | ; ann:a2", "; ann:", "ann",
	    "login a1 another" },
	{ "the same password twice", "; ann:a1 | ; ann:a1", "; ann:", "ann",
	    "login a1" },
	{ "a locked hash in the first", "; ann:! | ; ann:a2", "; ann:", "ann",
	    "login a2" },
	{ "one for all in the first", "; *:? | ; ann:a2", "; ann:", "ann",
	    "login a2 another" },
	{ "no password in the first", "; ann:- | ; ann:a2", "; ann:", "ann",
	    "login a2" },
	/* Filters. */
	{ "username_filter",
	    "username_filter=*@two ; ann@one:a1 | ; ann@one:a2",
	    "; ann@one:", "ann@one", "login a2" },
	{ "username_filter that keeps out",
	    "username_filter=!ann@* ; ann@one:a1 | ; ann@one:a2",
	    "; ann@one:", "ann@one", "login a2" },
	{ "username_filter that skips all", "username_filter=bob ; ann:a1",
	    "; ann:", "ann", "locked" },
	{ "mechanisms", "mechanisms=cram-md5 ; ann:a1 | ; ann:a2",
	    "; ann:", "ann", "login a2" },
	{ "mechanisms that need another login", "mechanisms=cram-md5 ; ann:a1",
	    "; ann:", "ann", "login a1 by cram-md5" },
	{ "mechanisms that keep the clear password out",
	    "mechanisms=plain result_failure=return-fail ; bob:b1 | ; ann:a1",
	    "; ann:", "ann", "login a1 by cram-md5" },
	{ "a challenge is checked with the first secret that is there",
	    "result_success=return ; ann:a1 | mechanisms=cram-md5 ; ann:a2",
	    "; ann:", "ann", "locked a1" },
	{ "or with the one that let in and went on",
	    "mechanisms=cram-md5 result_success=continue-ok ; ann:a1 | "
	    "mechanisms=cram-md5 ; ann:-",
	    "; ann:", "ann", "login a1 by cram-md5" },
	{ "a hash is nothing to a challenge",
	    "mechanisms=cram-md5 ; ann:{SHA}qUqP5cyxm6YcTAhz05Hph5gvu9M=",
	    "; ann:", "ann", "locked {SHA}qUqP5cyxm6YcTAhz05Hph5gvu9M=" },
	/* The flow. */
	{ "result_success=return-fail", "result_success=return-fail ; ann:a1",
	    "; ann:", "ann", "locked a1" },
	{ "result_success=return without an earlier success",
	    "result_success=return ; ann:a1", "; ann:", "ann", "locked a1" },
	{ "result_success=continue as the last",
	    "result_success=continue ; ann:a1", "; ann:", "ann", "locked a1" },
	{ "result_success=continue needs the user in the next",
	    "result_success=continue ; ann:a1 ; bob:b1 | ; ann:a2",
	    "; bob:", "bob", "locked b1" },
	{ "result_success=continue: the next need not fit",
	    "result_success=continue ; ann:a1 | ; ann:a2", "; ann:", "ann",
	    "login a1 another" },
	{ "pass=yes", "pass=yes ; ann:a1 | ; ann:a2", "; ann:", "ann",
	    "login a1 another" },
	{ "result_success=continue-fail",
	    "result_success=continue-fail ; ann:a1", "; ann:", "ann",
	    "locked a1" },
	{ "result_failure=return-fail",
	    "result_failure=return-fail ; ann:a1 | ; ann:a2 ; bob:b2",
	    "; ann:", "ann", "login a1" },
	{ "result_failure=return-fail of a user whom it does not have",
	    "result_failure=return-fail ; ann:a1 | ; bob:b2", "; bob:", "bob",
	    "locked" },
	{ "result_failure=return-ok", "result_failure=return-ok ; ann:a1",
	    "; bob:", "bob", "login any" },
	{ "result_failure=continue-ok",
	    "result_failure=continue-ok ; ann:a1 | ; ann:a2", "; ann:", "ann",
	    "login any" },
	{ "skip=authenticated",
	    "result_success=continue-ok ; ann:a1 | skip=authenticated "
	    "result_success=return-fail ; ann:a2",
	    "; ann:", "ann", "login a1" },
	{ "skip=unauthenticated", "skip=unauthenticated ; ann:a1 | ; ann:a2",
	    "; ann:", "ann", "login a2" },
	{ "an internal failure goes on", "broken | ; ann:a2", "; ann:", "ann",
	    "login a2" },
	{ "result_internalfail=return-fail",
	    "broken result_internalfail=return-fail | ; ann:a2",
	    "; ann:", "ann", "locked" },
	/* Fields that are taken back, with those that came before the first
	 * change of another. */
	{ "a userdb that fails takes its fields back",
	    "before:userdb_home=/x ; bob:b1 | ; ann:a1 userdb_home=/p",
	    "before:quota=1 ; bob: | prefetch", "ann", "login a1 home=/p" },
	{ "but not those before one that was there",
	    "before:userdb_home=/x ; bob:b1 | ; ann:a1 userdb_home=/p",
	    "before:quota=1 before:home=/d ; bob: | prefetch", "ann",
	    "login a1 home=/p quota=1" },
	{ "a prefetch that is the only userdb", "; ann:a1",
	    "prefetch result_failure=return-ok", "ann", "unknown" },
	{ "a prefetch before another", "; ann:a1",
	    "prefetch result_failure=return-ok | ; ann: home=/h", "ann",
	    "login a1" },
	{ "variables of a block are those of the name before it", "; ann:a1",
	    "before:user=bob before:home=/d/%u ; bob:", "ann",
	    "login a1 is bob home=/d/ann" },
	/* Deny. */
	{ "deny before", "deny=yes ; ann:- | ; ann:a1", "; ann:", "ann",
	    "locked" },
	{ "deny of somebody else", "deny=yes ; bob:- | ; ann:a1",
	    "; ann:", "ann", "login a1" },
	{ "deny after the passdb that lets in", "; ann:a1 | deny=yes ; ann:-",
	    "; ann:", "ann", "login a1" },
	{ "deny after one that goes on",
	    "result_success=continue-ok ; ann:a1 | deny=yes ; ann:-",
	    "; ann:", "ann", "locked a1" },
	{ "deny that is broken", "broken deny=yes | ; ann:a1", "; ann:", "ann",
	    "locked" },
	/* Fields of passdbs. */
	{ "nopassword", "; ann:- nopassword", "; ann:", "ann", "login any" },
	{ "nopassword beside a password", "; ann:a1 nopassword",
	    "; ann:", "ann", "login a1" },
	{ "nopassword of default_fields", "before:nopassword=y ; ann:a1",
	    "; ann:", "ann", "login any" },
	{ "nologin", "; ann:a1 nologin", "; ann:", "ann", "locked a1" },
	{ "fail", "; ann:a1 fail | ; ann:a2", "; ann:", "ann", "login a2" },
	{ "allow_nets of nobody",
	    "; ann:a1 allow_nets= | ; ann:a2 allow_nets=10.0.0.0/8",
	    "; ann:", "ann", "login a2" },
	{ "noauthenticate asks the next", "; ann:a1 noauthenticate | ; ann:a2",
	    "; ann:", "ann", "login a2" },
	{ "noauthenticate of override_fields comes too late",
	    "after:noauthenticate ; ann:a1", "; ann:", "ann", "login a1" },
	{ "noauthenticate as the last", "; ann:a1 noauthenticate",
	    "; ann:", "ann", "locked" },
	{ "what a failed lookup sets is taken back",
	    "; ann:a1 nologin | ; ann:a2", "; ann:", "ann", "login a2" },
	/* Prefetch. */
	{ "prefetch", "; ann:a1 userdb_home=/p", "prefetch", "ann",
	    "login a1 home=/p" },
	{ "prefetch without a field", "; ann:a1", "prefetch | ; ann: home=/h",
	    "ann", "login a1 home=/h" },
	{ "prefetch: the line beats default_fields",
	    "before:userdb_home=/d before:userdb_uid=5 ; ann:a1 userdb_home=/p",
	    "prefetch", "ann", "login a1 home=/p uid=5" },
	{ "prefetch: override_fields beat the line",
	    "after:userdb_home=/o ; ann:a1 userdb_home=/p", "prefetch", "ann",
	    "login a1 home=/o" },
	{ "prefetch: a field of a passdb that failed is not one",
	    "; ann:! userdb_home=/p | ; ann:a2", "prefetch | ; ann: home=/h",
	    "ann", "login a2 home=/h" },
	{ "fields of a passdb stay beside a userdb's",
	    "; ann:a1 userdb_quota=5", "; ann: home=/h", "ann",
	    "login a1 quota=5 home=/h" },
	{ ":protected",
	    "before:userdb_home=/d ; ann:a1 userdb_home:protected=/p",
	    "prefetch", "ann", "login a1 home=/d" },
	{ ":remove in a userdb", "; ann:a1 userdb_home=/p",
	    "; ann: home:remove quota=1", "ann", "login a1 quota=1" },
	/* New names. */
	{ "user= goes on under the new name", "; ann:a1 user=bob",
	    "; bob: home=/h", "ann", "login a1 is bob home=/h" },
	{ "username= keeps the domain", "; ann@one:a1 username=bob",
	    "; bob@one:", "ann@one", "login a1 is bob@one" },
	{ "domain=", "; ann:a1 domain=one", "; ann@one: home=/h", "ann",
	    "login a1 is ann@one home=/h" },
	{ "a new name stays where the lookup fails",
	    "; ann:! user=bob | ; bob:b1", "; bob: home=/h", "ann",
	    "login b1 is bob home=/h" },
	{ "user= of default_fields is who is looked up",
	    "before:user=bob ; bob:b1", "; bob:", "ann", "login b1 is bob" },
	{ "user= of override_fields", "after:user=%n@two ; ann@one:a1",
	    "; ann@two: home=/%u", "ann@one",
	    "login a1 is ann@two home=/ann@two" },
	{ "a userdb that renames: mail for an office is the owner's",
	    "; ann:a1", "; office: user=ann home=/h", "office",
	    "locked mail for ann home=/h" },
	/* Userdbs. */
	{ "the first userdb that has the user", "; ann:a1",
	    "; ann: home=/1 | ; ann: home=/2", "ann", "login a1 home=/1" },
	{ "a userdb that goes on", "; ann:a1",
	    "result_success=continue-ok ; ann: home=/1 quota=1 | ; ann: "
	    "home=/2",
	    "ann", "login a1 home=/2 quota=1" },
	{ "a userdb that goes on, and the next has not the user", "; ann:a1",
	    "result_success=continue-ok ; ann: home=/1 | ; bob:", "ann",
	    "login a1 home=/1" },
	{ "result_success=continue of the only userdb", "; ann:a1",
	    "result_success=continue ; ann: home=/1", "ann", "unknown" },
	{ "result_failure=return-ok of a userdb", "; ann:a1",
	    "result_failure=return-ok ; bob:", "ann", "login a1" },
	{ "skip=found", "; ann:a1",
	    "result_success=continue-ok ; ann: home=/1 | skip=found ; ann: "
	    "home=/2",
	    "ann", "login a1 home=/1" },
	{ "skip=notfound", "; ann:a1", "; bob: | skip=notfound ; ann: home=/2",
	    "ann", "unknown" },
	{ "default_fields of a userdb give way to its line", "; ann:a1",
	    "before:home=/d before:uid=8 ; ann: home=/h", "ann",
	    "login a1 home=/h uid=8" },
	{ "override_fields of a userdb", "; ann:a1",
	    "after:home=/o ; ann: home=/h", "ann", "login a1 home=/o" },
	{ "static beside another userdb", "; ann:a1",
	    "; svc: home=/svc | static ; *: home=/s/%n", "ann",
	    "login a1 home=/s/ann" },
	{ "static knows whom the passdbs know", "; ann:!",
	    "static ; *: home=/s/%n", "ann", "locked home=/s/ann" },
	{ "and nobody else", "; ann:a1", "static ; *: home=/s/%n", "bob",
	    "unknown" },
	/* Databases that cannot be read. */
	{ "pam alone", "unsure", "; ann: home=/h", "ann",
	    "login unsure home=/h" },
	{ "pam after a passdb", "; ann:a1 | unsure", "; ann:", "ann",
	    "login a1 maybe" },
	{ "pam before a passdb", "unsure | ; ann:a1", "; ann:", "ann",
	    "login a1 maybe" },
	{ "pam, and a locked hash elsewhere", "; ann:! | unsure",
	    "; ann:", "ann", "login unsure" },
	{ "pam after a deny", "deny=yes ; ann:- | unsure", "; ann:", "ann",
	    "locked" },
	{ "pam that comes to no end", "result_success=return-fail unsure",
	    "; ann:", "ann", "locked" },
	{ "a directory that checks the password", "; ann:?", "; ann: home=/h",
	    "ann", "login hidden home=/h" },
	{ "a userdb that cannot be read", "; ann:a1", "unsure", "ann",
	    "login a1 somewhere" },
	{ "a userdb that cannot be read beside one that has the user",
	    "; ann:a1", "unsure | ; ann: home=/h", "ann", "login a1 home=/h" },
};

struct db {
	struct pairs before, after;
	bool unsure, broken;
	char *name[USERS_MAX];
	struct answer answer[USERS_MAX];
	size_t n;
};

struct config {
	struct arena arena;
	struct link links[2][DBS_MAX];
	struct db dbs[2][DBS_MAX];
	struct setting blocks[2][DBS_MAX];
	size_t n[2];
};

static const struct answer *
ask(void *ctx, const struct link *link, const struct asked *who)
{
	static const struct answer no = { .found = FOUND_NO },
				   unsure = { .found = FOUND_UNSURE },
				   broken = { .found = FOUND_BROKEN };
	const struct db *db = link->db;

	(void)ctx;
	for (size_t i = 0; i < db->n; i++)
		if (strcmp(db->name[i], who->user) == 0 ||
		    strcmp(db->name[i], "*") == 0)
			return &db->answer[i];
	if (db->broken)
		return &broken;
	return db->unsure ? &unsure : &no;
}

static bool
is_dead(void *ctx, const struct answer *a)
{
	(void)ctx;
	return *a->secret == '!';
}

static void
unknown(
    void *ctx, const struct link *link, const char *key, const char *variable)
{
	(void)ctx;
	(void)link;
	(void)key;
	(void)variable;
}

static void
add_setting(
    struct config *c, struct setting *block, const char *key, const char *value)
{
	struct setting *s = arena_alloc(&c->arena, sizeof *s);

	s->key = key;
	s->value = value;
	s->next = block->child;
	block->child = s;
}

static void
add_word(struct config *c, struct link *link, struct db *db,
    struct setting *block, char *word)
{
	bool before = str_starts(word, "before:");
	bool is_field = before || str_starts(word, "after:");
	char *value = is_field ? strchr(word, ':') + 1 : word;
	char *key = str_cut(&value, '=');

	if (is_field)
		pairs_add(before ? &db->before : &db->after, &c->arena, key,
		    value == NULL ? "" : value);
	else if (strcmp(key, "unsure") == 0)
		db->unsure = true;
	else if (strcmp(key, "broken") == 0)
		db->broken = true;
	else if (strcmp(key, "prefetch") == 0)
		link->prefetch = true;
	else if (strcmp(key, "static") == 0)
		link->checks_passdbs = true;
	else
		add_setting(c, block, key, value);
}

static void
add_user(struct config *c, struct db *db, char *text)
{
	struct answer *a = &db->answer[db->n];
	char *word = str_cut(&text, ' '), *secret = word;

	db->name[db->n++] = str_cut(&secret, ':');
	*a = (struct answer){ .found = FOUND_YES,
		.variables = true,
		.hidden = strcmp(secret, "?") == 0,
		.scheme = "PLAIN" };
	a->secret = strcmp(secret, "-") == 0 ? NULL : secret;
	while ((word = str_cut(&text, ' ')) != NULL) {
		char *value = word, *key = str_cut(&value, '=');

		if (*key != '\0')
			pairs_add(&a->fields, &c->arena, key,
			    value == NULL ? "" : value);
	}
}

static void
add_dbs(struct config *c, int kind, const char *text)
{
	char *rest = arena_adds(&c->arena, text), *one;
	struct why why = { 0 };

	while ((one = str_cut(&rest, '|')) != NULL) {
		size_t n = c->n[kind]++;
		struct link *link = &c->links[kind][n];
		struct db *db = &c->dbs[kind][n];
		char *part, *word;

		link->db = db;
		part = str_trim(str_cut(&one, ';'));
		while ((word = str_cut(&part, ' ')) != NULL)
			if (*word != '\0')
				add_word(
				    c, link, db, &c->blocks[kind][n], word);
		while ((part = str_cut(&one, ';')) != NULL)
			add_user(c, db, str_trim(part));
		if (rules_read(&link->rules, &c->blocks[kind][n], kind == 0,
			false, &why) == -1)
			OK(false, "the rules of %s: %s", text, why.text);
		link->before = &db->before;
		link->after = &db->after;
	}
}

/* The outcome as a text. */
static void
describe(const struct outcome *o, const char *user, struct buf *out)
{
	const char *secret = o->secret == NULL ? "" : o->secret->secret;

	if (!o->found) {
		buf_adds(out, "unknown");
		return;
	}
	buf_adds(out, o->login ? "login" : "locked");
	if (o->login && *secret == '\0')
		secret = o->any_password ? "any"
			 : o->unsure     ? "unsure"
					 : "hidden";
	if (*secret != '\0' && *secret != '!')
		buf_addf(out, " %s", secret);
	if (o->another)
		buf_adds(out, " another");
	if (o->maybe_another)
		buf_adds(out, " maybe");
	if (o->mechanism != NULL)
		buf_addf(out, " by %s", o->mechanism);
	if (o->found_unsure)
		buf_adds(out, " somewhere");
	if (!o->login && strcmp(o->receiver, user) != 0)
		buf_addf(out, " mail for %s", o->receiver);
	else if (strcmp(o->user, user) != 0)
		buf_addf(out, " is %s", o->user);
	for (size_t i = 0; i < o->reply.n; i++)
		buf_addf(out, " %s=%s", o->reply.v[i].key, o->reply.v[i].value);
}

static void
check(const struct row *row)
{
	struct config *c = xcalloc(1, sizeof *c);
	struct chain chain = {
		.ask = ask, .is_dead = is_dead, .unknown = unknown
	};
	struct outcome o;
	struct buf got = { 0 };

	add_dbs(c, 0, row->passdbs);
	add_dbs(c, 1, row->userdbs);
	chain.mechanisms = "plain cram-md5";
	chain.passdbs = chain.knowing = c->links[0];
	chain.npassdbs = chain.nknowing = c->n[0];
	chain.userdbs = chain.deliveries = c->links[1];
	chain.nuserdbs = chain.ndeliveries = c->n[1];
	chain_follow(&chain, row->user, row->user, &c->arena, &o);
	describe(&o, row->user, &got);
	SAME(buf_str(&got), row->want, "%s", row->name);
	buf_free(&got);
	arena_free(&c->arena);
	free(c);
}

static void
check_filters(void)
{
	OK(rules_name("*@two.test", "ann@two.test"), "a star");
	OK(!rules_name("*@two.test", "ann@one.test"), "a star, another domain");
	OK(rules_name("?nn@*", "ann@one.test"), "a question mark");
	OK(!rules_name("*@two.test !ann@*", "ann@two.test"),
	    "an exclusion wins");
	OK(rules_name("!ann@*", "bob@two.test"), "only exclusions");
	OK(!rules_name("bob, cid", "ann"), "a comma");
	OK(!rules_name("ANN", "ann"), "capitals are others");
	OK(rules_mechanism("CRAM-MD5 PLAIN", "plain"), "a mechanism");
	OK(!rules_mechanism("cram-md5", "plain"), "another mechanism");
	OK(rules_mechanism(NULL, "plain"), "no list of mechanisms");
}

static void
check_words(void)
{
	struct setting bad = { .key = "result_success", .value = "perhaps" },
		       block = { .child = &bad };
	struct setting odd = { .key = "surprise", .value = "x" },
		       other = { .key = "driver",
			       .value = "sql",
			       .next = &odd },
		       strange = { .child = &other };
	struct rules r;
	struct why why = { 0 };

	OK(rules_read(&r, &block, true, false, &why) == -1 &&
		strstr(why.text, "perhaps") != NULL,
	    "a rule that the server does not know");
	OK(rules_unknown(&strange, NULL) == &odd, "a setting is not known");
	OK(rules_unknown(&strange, &odd) == NULL, "and there are no more");
}

int
main(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		check(&rows[i]);
	check_filters();
	check_words();
	TAP_DONE();
}
