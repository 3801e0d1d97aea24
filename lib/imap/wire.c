/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "imap/wire.h"

#include "imap/token.h"

enum {
	/* All that a session may bring: 100,000 folders. */
	SESSION_MAX = 32 << 20
};

/* Reads more into w->in. */
static int
fill(struct wire *w, struct why *why)
{
	char data[16384];
	ssize_t n = stream_read(w->stream, data, sizeof data, why);

	if (n == -1)
		return -1;
	if (n == 0)
		return why_set(
		    why, FAIL_TEMP, "the server closed the connection");
	w->received += (size_t)n;
	if (w->received > SESSION_MAX)
		return why_set(why, FAIL_DATA,
		    "the server sends more than %d bytes", SESSION_MAX);
	if (w->from == w->in.len) {
		buf_reset(&w->in);
		w->from = 0;
	}
	buf_add(&w->in, data, (size_t)n);
	return 0;
}

int
wire_receive(struct wire *w, const char **data, size_t *len, struct why *why)
{
	for (;;) {
		const char *at = buf_str(&w->in) + w->from;
		ssize_t n = imap_complete(at, w->in.len - w->from);

		if (n == -1)
			return why_set(
			    why, FAIL_TEMP, "a line of the server has no end");
		if (n > 0) {
			w->from += (size_t)n;
			*data = at;
			*len = (size_t)n;
			return 0;
		}
		if (fill(w, why) == -1)
			return -1;
	}
}

int
wire_send(struct wire *w, struct why *why)
{
	int r = stream_write(w->stream, buf_str(&w->out), w->out.len, why);

	buf_wipe(&w->out);
	return r;
}

bool
wire_has_more(const struct wire *w)
{
	return w->from < w->in.len;
}

void
wire_close(struct wire *w)
{
	stream_close(w->stream);
	buf_free(&w->in);
	buf_wipe(&w->out);
	*w = (struct wire){ 0 };
}
