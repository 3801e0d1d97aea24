/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * Why something failed: the one error type of the library. A function that
 * can fail returns 0 or -1 (or a pointer or NULL) and fills in a struct why.
 */
#ifndef FERRY_WHY_H
#define FERRY_WHY_H

/*
 * How far a failure reaches. DATA: this record will never work, the next one
 * may. TEMP: the same call may work later. FATAL: going on is useless
 * (configuration, credentials, disk full).
 */
enum fail {
	FAIL_NONE,
	FAIL_DATA,
	FAIL_TEMP,
	FAIL_FATAL
};

struct why {
	enum fail kind;
	/* One phrase for people, without a full stop. Holds no secret (core/mask.h). What
	 * came from outside is escaped when it is printed. */
	char text[512];
};

/* Fills in why (which may be NULL) and returns -1, so that a caller can
 * return it. A text that does not fit is cut, between two characters. */
int why_set(struct why *why, enum fail kind, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The same, followed by ": " and the text of errno. */
int why_errno(struct why *why, enum fail kind, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* What a failed system call means: FAIL_TEMP where there may be more room,
 * memory or descriptors another time, otherwise FAIL_DATA. */
enum fail fail_of_errno(int error);

/* The name that error records and -E files carry: "data", "temporary",
 * "fatal". */
const char *fail_name(enum fail kind);

#endif
