/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "http/retry.h"

#include <sys/random.h>
#include <time.h>
#include <unistd.h>

/* Seconds. */
static const double WAIT_FIRST = 0.25, WAIT_MAX = 60;
/* How late a signal is seen. */
static const double STEP = 0.2;
/* At most so much of a wait is added to it. */
static const double JITTER = 0.2;

double
http_now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static bool
stopped(const struct http_retry *t)
{
	return t->stop != NULL && t->stop();
}

/* 0 to 1; xorshift64, seeded for each client. */
static double
random_part(struct http_retry *t)
{
	uint64_t *x = &t->random;

	if (*x == 0 && getrandom(x, sizeof *x, GRND_NONBLOCK) != sizeof *x)
		*x = (uint64_t)getpid() << 32;
	*x |= *x == 0;
	*x ^= *x << 13;
	*x ^= *x >> 7;
	*x ^= *x << 17;
	return (double)(*x >> 11) / (double)(UINT64_C(1) << 53);
}

static bool
pay(struct http_retry *t, double from, double until)
{
	double cost = until - (t->paid > from ? t->paid : from);

	if (cost <= 0)
		return true;
	if (cost > t->budget)
		return false;
	t->budget -= cost;
	t->paid = until;
	return true;
}

double
http_again(
    struct http_retry *t, double *last, long asked, const struct why *why)
{
	double start = http_now(), seconds = (double)asked;

	if (asked < 0)
		seconds = *last > 0 ? *last * 2 : WAIT_FIRST;
	if (asked < 0 && seconds > WAIT_MAX)
		seconds = WAIT_MAX;
	if (stopped(t) || !pay(t, start, start + seconds))
		return -1;
	if (t->waiting != NULL)
		t->waiting(seconds, why);
	*last = seconds;
	return seconds * (1 + JITTER * random_part(t));
}

/* False when it was stopped. */
static bool
wait_for(const struct http_retry *t, double seconds)
{
	double end = http_now() + seconds, left;

	while (!stopped(t) && (left = end - http_now()) > 0) {
		struct timespec s = { 0 };

		left = left > STEP ? STEP : left;
		s.tv_nsec = (long)(left * 1e9);
		(void)nanosleep(&s, NULL);
	}
	return !stopped(t);
}

/* Whether an attempt that failed may be made again; why says what failed. */
static bool
may_repeat(struct http_retry *t, int result, bool doubt, bool repeat,
    const struct http_reply *reply, struct why *why)
{
	const struct http_status *s;

	if (result == -1)
		return t->answered && why->kind == FAIL_TEMP &&
		       (repeat || !doubt);
	t->answered = true;
	s = http_status_find(t->own, reply->status);
	if (s->meaning != HTTP_WAIT && (s->meaning != HTTP_BROKEN || !repeat))
		return false;
	(void)http_status_why(t->own, reply, NULL, why);
	return true;
}

int
http_exchange(struct http *h, struct http_retry *t,
    const struct http_request *r, bool repeat, struct http_reply *reply,
    bool *unsure, size_t *sent, struct why *why)
{
	double last = 0, seconds;

	*unsure = false;
	for (unsigned int tries = 1;; tries++) {
		struct why failed = { 0 };
		bool doubt = false;
		int result = http_request(h, r, reply, &doubt, &failed);

		if (sent != NULL)
			++*sent;
		*unsure = *unsure || (result == -1 && doubt);
		if (!may_repeat(t, result, doubt, repeat, reply, &failed)) {
			if (result == -1 && why != NULL)
				*why = failed;
			return result;
		}
		seconds =
		    tries == t->tries
			? -1
			: http_again(t, &last,
			      result == 0 ? reply->retry_after : -1, &failed);
		if (seconds < 0 || !wait_for(t, seconds)) {
			if (why != NULL)
				*why = failed;
			return -1;
		}
	}
}
