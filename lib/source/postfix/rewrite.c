/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/postfix/rewrite.h"

#include <string.h>

#include "core/str.h"

static bool
is_no(struct postfix *p, const char *name)
{
	const char *value = postfix_parameter(&p->config, name, NULL);

	return value != NULL && str_eq_nocase(value, "no");
}

void
postfix_rewrite_read(struct postfix *p, struct emit *e)
{
	struct why why = { 0 };

	p->keeps_bangs = is_no(p, "swap_bangpath");
	p->keeps_percents = is_no(p, "allow_percent_hack");
	if (is_no(p, "append_dot_mydomain"))
		return;
	p->below = postfix_parameter(&p->config, "mydomain", &why);
	if (p->below == NULL)
		emit_fail_at(e, "mydomain", NULL, &why);
}

/* Writes "user@host" into address, which user and host may be pieces of. */
static void
join(struct buf *address, const char *user, size_t len, const char *host,
    size_t host_len)
{
	struct buf whole = { 0 };

	buf_add(&whole, user, len);
	buf_addc(&whole, '@');
	buf_add(&whole, host, host_len);
	buf_free(address);
	*address = whole;
}

/* A name without "@", which may have its host in another form. */
static void
find_host(const struct postfix *p, struct buf *address)
{
	const char *text = buf_str(address), *end = text + address->len;
	const char *bang = strchr(text, '!'), *percent = strrchr(text, '%');

	if (bang != NULL && !p->keeps_bangs)
		join(address, bang + 1, (size_t)(end - bang - 1), text,
		    (size_t)(bang - text));
	else if (percent != NULL && !p->keeps_percents)
		join(address, text, (size_t)(percent - text), percent + 1,
		    (size_t)(end - percent - 1));
}

/* The whole name of a host. */
static void
complete(const struct postfix *p, struct buf *host)
{
	if (strchr(host->data, '.') != NULL) {
		if (host->data[host->len - 1] == '.')
			host->data[--host->len] = '\0';
	} else if (p->below != NULL) {
		buf_addf(host, ".%s", p->below);
	}
	if (p->local_domain != NULL &&
	    postfix_is_localhost(str_lower(host->data)) &&
	    postfix_domains_has(&p->locals, host->data)) {
		buf_reset(host);
		buf_adds(host, p->local_domain);
	}
}

void
postfix_rewrite(void *ctx, struct buf *address)
{
	const struct postfix *p = ctx;
	struct buf host = { 0 };
	const char *at;

	if (*buf_str(address) != '"' && strchr(buf_str(address), '@') == NULL)
		find_host(p, address);
	at = strrchr(buf_str(address), '@');
	if (at == NULL || at[1] == '\0' || at[1] == '[')
		return;
	buf_adds(&host, at + 1);
	complete(p, &host);
	join(address, address->data, (size_t)(at - address->data), host.data,
	    host.len);
	buf_free(&host);
}
