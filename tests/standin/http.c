/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "standin/http.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/io.h"
#include "core/json.h"
#include "core/str.h"

static struct http_server *server;
static char url[128];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static FILE *log_file;
static size_t count;
/* Requests that are here and not answered yet. */
static _Atomic int under_way;
/* For how long nobody is to listen; see serve_until. */
static _Atomic long refuse_ms;

const char *
http_url(void)
{
	return url;
}

bool
http_fault(struct http_server *s, const char *text)
{
	static const struct {
		const char *name;
		enum fault_kind kind;
		int status;
	} kinds[] = { { "202", FAULT_STATUS, 202 },
		{ "429", FAULT_STATUS, 429 }, { "503", FAULT_STATUS, 503 },
		{ "500", FAULT_STATUS, 500 },
		{ "reset-before", FAULT_RESET_BEFORE, 0 },
		{ "reset-after", FAULT_RESET_AFTER, 0 },
		{ "cut", FAULT_CUT, 0 }, { "badjson", FAULT_BADJSON, 0 },
		{ "no-list", FAULT_NO_LIST, 0 }, { "slow", FAULT_SLOW, 0 },
		{ "refuse", FAULT_REFUSE, 0 }, { "mid-set", FAULT_MID_SET, 0 },
		{ "method-error", FAULT_METHOD_ERROR, 0 } };
	char *copy = xstrdup(text), *rest = copy;
	const char *when = str_cut(&rest, ':'), *what = str_cut(&rest, ':');
	struct fault f = { .arg = -1 };
	bool ok = false;

	for (size_t i = 0; what != NULL && i < sizeof kinds / sizeof *kinds;
	     i++)
		if (strcmp(kinds[i].name, what) == 0) {
			f.kind = kinds[i].kind;
			f.status = kinds[i].status;
			ok = is_digits(when) || strcmp(when, "*") == 0;
		}
	if (ok) {
		f.when = (size_t)strtoul(when, NULL, 10);
		if (rest != NULL) {
			f.arg = strtol(rest, NULL, 10);
			(void)snprintf(f.text, sizeof f.text, "%s", rest);
		}
		s->faults = xreallocarray(
		    s->faults, s->n_faults + 1, sizeof *s->faults);
		s->faults[s->n_faults++] = f;
	}
	free(copy);
	return ok;
}

/* Takes "user:password" out of Basic authorization. */
static void
read_basic(struct request *q)
{
	unsigned char out[768];
	const char *text;
	char *colon;
	int n;

	if (q->authorization == NULL ||
	    strncasecmp(q->authorization, "Basic ", 6) != 0)
		return;
	text = q->authorization + 6;
	if (strlen(text) % 4 != 0 || strlen(text) > 1000)
		return;
	n = EVP_DecodeBlock(
	    out, (const unsigned char *)text, (int)strlen(text));
	if (n < 0)
		return;
	out[n] = '\0';
	colon = strchr((char *)out, ':');
	if (colon == NULL)
		return;
	*colon = '\0';
	(void)snprintf(q->user, sizeof q->user, "%.255s", (char *)out);
	(void)snprintf(q->password, sizeof q->password, "%.511s", colon + 1);
}

static void
log_request(const struct request *q)
{
	struct buf line = { 0 };

	if (log_file == NULL)
		return;
	jw_open(&line, '{');
	jw_kint(&line, "under_way", under_way);
	jw_kstr(&line, "method", q->method);
	jw_kstr(&line, "path", server->closes ? q->uri : q->path);
	if (*q->user != '\0')
		jw_kstr(&line, "user", q->user);
	if (utf8_valid(q->body, q->len))
		jw_kstr(&line, "body", q->body);
	jw_close(&line, '}');
	buf_addc(&line, '\n');
	(void)fwrite(line.data, 1, line.len, log_file);
	(void)fflush(log_file);
	buf_free(&line);
}

static struct fault
find_fault(const struct request *q)
{
	size_t n;

	if (!server->counted(q))
		return (struct fault){ 0 };
	n = ++count;
	for (size_t i = 0; i < server->n_faults; i++)
		if (server->faults[i].when == 0 || server->faults[i].when == n)
			return server->faults[i];
	return (struct fault){ 0 };
}

static void
fail_reply(struct reply *r, int status, long seconds)
{
	r->status = status;
	r->type = "application/problem+json";
	buf_addf(&r->body,
	    "{\"type\":\"about:blank\",\"status\":%d,\"title\":\"Fault\"}",
	    status);
	if (seconds >= 0) {
		(void)snprintf(
		    r->header_name, sizeof r->header_name, "Retry-After");
		(void)snprintf(
		    r->header_value, sizeof r->header_value, "%ld", seconds);
	}
}

/* The lists in an answer of JMAP, and what was created, get another name. */
static void
lose_lists(char *body)
{
	static const char *const lost[] = { "\"list\":[", "\"ids\":[",
		"\"created\":{" };

	for (size_t i = 0; i < sizeof lost / sizeof *lost; i++)
		for (char *s; (s = strstr(body, lost[i])) != NULL;)
			s[1] = 'x';
}

static enum MHD_Result
send_reply(struct MHD_Connection *c, struct reply *r, const struct fault *f)
{
	struct MHD_Response *m;
	enum MHD_Result result;

	if (f->kind == FAULT_BADJSON) {
		buf_reset(&r->body);
		buf_adds(&r->body, "<html>not what you expected");
	}
	if (f->kind == FAULT_NO_LIST)
		lose_lists(r->body.data);
	m = MHD_create_response_from_buffer(
	    f->kind == FAULT_CUT ? r->body.len / 2 : r->body.len, r->body.data,
	    MHD_RESPMEM_MUST_COPY);
	if (r->type != NULL)
		(void)MHD_add_response_header(m, "Content-Type", r->type);
	if (*r->location != '\0')
		(void)MHD_add_response_header(m, "Location", r->location);
	if (*r->header_name != '\0')
		(void)MHD_add_response_header(
		    m, r->header_name, r->header_value);
	if (server->realm != NULL && r->status == 401)
		(void)MHD_add_response_header(
		    m, "WWW-Authenticate", server->realm);
	if (server->closes)
		(void)MHD_add_response_header(m, "Connection", "close");
	result = MHD_queue_response(c, (unsigned int)r->status, m);
	MHD_destroy_response(m);
	return result;
}

static enum MHD_Result
handle(struct MHD_Connection *c, struct request *q)
{
	struct reply r = { .status = 200 };
	enum MHD_Result result = MHD_NO;
	struct fault fault;

	under_way++;
	(void)pthread_mutex_lock(&lock);
	log_request(q);
	fault = find_fault(q);
	if (fault.kind == FAULT_STATUS)
		fail_reply(&r, fault.status, fault.arg);
	else if (fault.kind != FAULT_RESET_BEFORE && fault.kind != FAULT_REFUSE)
		server->answer(q, &r, &fault);
	(void)pthread_mutex_unlock(&lock);
	if (fault.kind == FAULT_SLOW)
		(void)usleep((useconds_t)fault.arg * 1000);
	under_way--;
	if (fault.kind == FAULT_REFUSE) {
		refuse_ms = fault.arg;
		(void)kill(getpid(), SIGUSR1);
	}
	if (fault.kind != FAULT_RESET_BEFORE && fault.kind != FAULT_REFUSE &&
	    fault.kind != FAULT_RESET_AFTER && r.status != 0)
		result = send_reply(c, &r, &fault);
	buf_wipe(&r.body);
	return result;
}

/* What is kept of a request while it arrives. */
struct arriving {
	char *uri;
	struct buf body;
	bool begun;
};

static void *
on_uri(void *cls, const char *uri, struct MHD_Connection *c)
{
	struct arriving *a = xcalloc(1, sizeof *a);

	(void)cls;
	(void)c;
	a->uri = xstrdup(uri);
	return a;
}

static enum MHD_Result
on_request(void *cls, struct MHD_Connection *c, const char *path,
    const char *method, const char *version, const char *data, size_t *len,
    void **state)
{
	static char empty[1];
	struct arriving *a = *state;
	struct request q = { .method = method, .path = path };
	enum MHD_Result result;

	(void)cls;
	(void)version;
	if (!a->begun) {
		a->begun = true;
		return MHD_YES;
	}
	if (*len != 0) {
		buf_add(&a->body, data, *len);
		*len = 0;
		return MHD_YES;
	}
	q.content_type =
	    MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Content-Type");
	q.authorization =
	    MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Authorization");
	read_basic(&q);
	q.uri = a->uri;
	q.body = a->body.data == NULL ? empty : a->body.data;
	q.len = a->body.len;
	q.connection = c;
	result = handle(c, &q);
	explicit_bzero(q.password, sizeof q.password);
	return result;
}

static void
on_done(void *cls, struct MHD_Connection *c, void **state,
    enum MHD_RequestTerminationCode why)
{
	struct arriving *a = *state;

	(void)cls;
	(void)c;
	(void)why;
	if (a != NULL) {
		buf_wipe(&a->body);
		free(a->uri);
		free(a);
		*state = NULL;
	}
}

bool
http_address(const char *text, struct sockaddr_in *sa)
{
	char *copy = xstrdup(text), *colon = strrchr(copy, ':');
	bool ok = false;

	*sa = (struct sockaddr_in){ .sin_family = AF_INET };
	if (colon != NULL && is_digits(colon + 1)) {
		*colon = '\0';
		ok = inet_pton(AF_INET, copy, &sa->sin_addr) == 1;
		sa->sin_port = htons((uint16_t)strtoul(colon + 1, NULL, 10));
	}
	free(copy);
	return ok;
}

/* A daemon at the address; NULL if there cannot be one. */
static struct MHD_Daemon *
start(struct sockaddr_in *sa, const struct buf *cert, const struct buf *key)
{
	unsigned int flags =
	    MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD;

	if (server->cert == NULL)
		return MHD_start_daemon(flags, 0, NULL, NULL, on_request, NULL,
		    MHD_OPTION_SOCK_ADDR, sa, MHD_OPTION_URI_LOG_CALLBACK,
		    on_uri, NULL, MHD_OPTION_NOTIFY_COMPLETED, on_done, NULL,
		    MHD_OPTION_LISTENING_ADDRESS_REUSE, 1U, MHD_OPTION_END);
	return MHD_start_daemon(flags | MHD_USE_TLS, 0, NULL, NULL, on_request,
	    NULL, MHD_OPTION_SOCK_ADDR, sa, MHD_OPTION_URI_LOG_CALLBACK, on_uri,
	    NULL, MHD_OPTION_NOTIFY_COMPLETED, on_done, NULL,
	    MHD_OPTION_HTTPS_MEM_CERT, cert->data, MHD_OPTION_HTTPS_MEM_KEY,
	    key->data, MHD_OPTION_END);
}

/* Serves until it is told to end. When a fault wants nobody to listen, the
 * daemon is stopped for so long, with all connections, and starts again. */
static int
serve_until(struct MHD_Daemon *d, struct sockaddr_in *sa,
    const struct buf *cert, const struct buf *key, const sigset_t *set)
{
	int sig;

	for (;;) {
		(void)sigwait(set, &sig);
		if (sig == SIGUSR2 && server->restarted != NULL) {
			http_lock();
			server->restarted();
			http_unlock();
			continue;
		}
		if (sig != SIGUSR1)
			break;
		MHD_stop_daemon(d);
		(void)usleep((useconds_t)refuse_ms * 1000);
		d = start(sa, cert, key);
		if (d == NULL) {
			perror("cannot listen again");
			return 2;
		}
	}
	MHD_stop_daemon(d);
	return 0;
}

static void
wanted_signals(sigset_t *set)
{
	(void)sigemptyset(set);
	(void)sigaddset(set, SIGTERM);
	(void)sigaddset(set, SIGINT);
	(void)sigaddset(set, SIGUSR1);
	(void)sigaddset(set, SIGUSR2);
}

void
http_block_signals(void)
{
	sigset_t set;

	wanted_signals(&set);
	(void)pthread_sigmask(SIG_BLOCK, &set, NULL);
}

void
http_lock(void)
{
	(void)pthread_mutex_lock(&lock);
}

void
http_unlock(void)
{
	(void)pthread_mutex_unlock(&lock);
}

int
http_serve(struct http_server *s, const char *listen)
{
	struct buf cert = { 0 }, key = { 0 };
	const union MHD_DaemonInfo *info;
	struct sockaddr_in sa;
	struct MHD_Daemon *d;
	struct why why;
	sigset_t set;
	int status;

	server = s;
	(void)signal(SIGPIPE, SIG_IGN);
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	http_block_signals();
	wanted_signals(&set);
	if (!http_address(listen, &sa)) {
		(void)fprintf(stderr, "not ADDRESS:PORT: %s\n", listen);
		return 2;
	}
	if (s->log != NULL && (log_file = fopen(s->log, "ae")) == NULL) {
		perror(s->log);
		return 2;
	}
	if (s->cert != NULL && (read_file(s->cert, &cert, &why) == -1 ||
				   read_file(s->key, &key, &why) == -1)) {
		(void)fprintf(stderr, "%s\n", why.text);
		return 2;
	}
	d = start(&sa, &cert, &key);
	if (d == NULL) {
		perror("cannot listen");
		return 2;
	}
	info = MHD_get_daemon_info(d, MHD_DAEMON_INFO_BIND_PORT);
	sa.sin_port = htons(info->port);
	(void)snprintf(url, sizeof url, "%s://127.0.0.1:%u",
	    s->cert == NULL ? "http" : "https", (unsigned int)info->port);
	(void)printf("%s\n%s", url, s->more == NULL ? "" : s->more);
	(void)fflush(stdout);
	status = serve_until(d, &sa, &cert, &key, &set);
	buf_wipe(&key);
	buf_free(&cert);
	free(s->faults);
	if (log_file != NULL)
		(void)fclose(log_file);
	return status;
}
