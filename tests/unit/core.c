/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* lib/core: buffers, numbers, text, maps, the JSON scanner and writer. */
#include "unit/tap.h"

#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/arena.h"
#include "core/buf.h"
#include "core/io.h"
#include "core/json.h"
#include "core/lines.h"
#include "core/map.h"
#include "core/num.h"
#include "core/str.h"
#include "core/strtab.h"

static void
test_buf(void)
{
	struct buf b;

	buf_init(&b, 8);
	buf_adds(&b, "12345678");
	OK(b.len == 8 && !b.overflow, "a buffer holds its maximum");
	buf_addc(&b, '9');
	OK(b.overflow, "one byte more overflows");
	SAME(buf_str(&b), "12345678", "and leaves the buffer as it was");
	buf_reset(&b);
	buf_addf(&b, "%d", 42);
	SAME(buf_str(&b), "42", "usable again after a reset");
	buf_free(&b);
	SAME(buf_str(&b), "", "an empty buffer is an empty string");
}

static void
test_num(void)
{
	static const struct {
		const char *text;
		int64_t want; /* -1: refused */
	} sizes[] = { { "0", 0 }, { "1000", 1000 }, { "5G", 5368709120 },
		{ "5 GiB", 5368709120 }, { "5gb", 5368709120 }, { "1k", 1024 },
		{ "7B", 7 }, { "2T", 2199023255552 }, { "", -1 }, { "G", -1 },
		{ "5X", -1 }, { "5Gx", -1 }, { "-1", -1 }, { "1.5G", -1 },
		{ "9223372036854775807", INT64_MAX },
		{ "9223372036854775808", -1 }, { "9000000T", -1 },
		{ "99999999999999999999999999", -1 } };
	const char *wrong = NULL;
	int64_t n;

	OK(parse_num("-9223372036854775808", INT64_MIN, 0, &n, NULL) &&
		n == INT64_MIN,
	    "the smallest number");
	OK(parse_num("9223372036854775807", 0, INT64_MAX, &n, NULL) &&
		n == INT64_MAX,
	    "the largest number");
	OK(!parse_num("9223372036854775808", 0, INT64_MAX, &n, &wrong),
	    "one more is refused");
	SAME(wrong, "too large", "as too large");
	OK(!parse_num("12x", 0, 100, &n, &wrong), "12x is refused");
	SAME(wrong, "invalid", "as invalid");
	OK(!parse_num("", 0, 100, &n, &wrong), "nothing is refused");
	OK(!parse_num("-", 0, 100, &n, &wrong), "a minus is refused");
	OK(!parse_num(" 1", 0, 100, &n, &wrong), "a blank is refused");
	OK(!parse_num("3", 4, 100, &n, &wrong), "below the range");
	SAME(wrong, "too small", "is too small");
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		n = -1;
		OK(parse_size(sizes[i].text, &n) == (sizes[i].want != -1) &&
			n == sizes[i].want,
		    "size '%s'", sizes[i].text);
	}
}

/* A text of any length with one odd byte anywhere in it. */
static void
test_utf8_text(void)
{
	size_t wrong = 0;

	for (size_t len = 0; len <= 50; len++) {
		char text[50];

		memset(text, 'a', sizeof text);
		wrong += !utf8_text(text, len);
		for (size_t at = 0; at < len; at++) {
			text[at] = '\0';
			wrong += utf8_text(text, len);
			wrong += !utf8_valid(text, len);
			text[at] = '\xff';
			wrong += utf8_text(text, len);
			wrong += utf8_prefix(text, len) != at;
			text[at] = 'a';
		}
	}
	OK(wrong == 0, "one odd byte is seen wherever it is");
	OK(utf8_text("gr\xc3\xbc\xc3\x9f", 6) && !utf8_text("gr\xc3\xbc\0", 5),
	    "letters that are not ASCII are text, with a NUL they are not");
}

static void
test_utf8(void)
{
	static const struct {
		const char *text;
		size_t valid;
	} cases[] = { { "abc", 3 }, { "gr\xc3\xbc\xc3\x9f", 6 },
		{ "\xf0\x9f\x98\x80", 4 }, { "a\xff", 1 }, { "\xc3", 0 },
		{ "\xc0\x80", 0 }, { "\xed\xa0\x80", 0 },
		{ "\xf4\x90\x80\x80", 0 }, { "\xe0\x80\x80", 0 },
		{ "12345678\xe2\x82\xac", 11 }, { "12345678\xe2\x82", 8 } };
	struct buf b = { 0 };

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		OK(utf8_prefix(cases[i].text, strlen(cases[i].text)) ==
			cases[i].valid,
		    "UTF-8 case %zu", i);
	test_utf8_text();
	str_vis(&b, "a\x1b[31m\xc3\xbc\xff\xe2\x80\xae\n", 0);
	SAME(buf_str(&b), "a\\x1b[31m\xc3\xbc\\xff\\xe2\\x80\\xae\\x0a",
	    "what a terminal would obey is escaped");
	buf_free(&b);
}

static void
test_unquote(void)
{
	static const struct {
		const char *written, *read;
	} texts[] = { { "", "" }, { "plain", "plain" },
		{ "\"Boss, the\"", "Boss, the" }, { "a\"b c\"d", "ab cd" },
		{ "\"a \\\"b\\\" \\\\c\"", "a \"b\" \\c" },
		{ "open \"end", "open end" }, { "last\\", "last\\" } };

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		char *s = xstrdup(texts[i].written);

		str_unquote(s);
		SAME(s, texts[i].read, "%s", texts[i].written);
		free(s);
	}
}

static void
test_map(void)
{
	struct arena a = { 0 };
	struct map m = { 0 };
	size_t good = 0, at = 0, seen = 0;
	const char *key;
	void *value;
	bool added;

	OK(map_get(&m, "x") == NULL, "nothing is in an empty map");
	for (uintptr_t i = 0; i < 10000; i++) {
		char *k = xasprintf("key %zu", (size_t)i);

		*map_put(&m, arena_adds(&a, k), &added) = (void *)(i + 1);
		good += added;
		free(k);
	}
	OK(good == 10000 && m.n == 10000, "10,000 keys go in");
	good = 0;
	for (uintptr_t i = 0; i < 10000; i++) {
		char *k = xasprintf("key %zu", (size_t)i);
		void **v = map_get(&m, k);

		good += v != NULL && *v == (void *)(i + 1);
		free(k);
	}
	OK(good == 10000, "and are found");
	(void)map_put(&m, "key 7", &added);
	OK(!added, "a key goes in once");
	{
		char once[] = "copied";

		*map_put_copy(&m, &a, once, &added) = &m;
		once[0] = 'x';
	}
	OK(added && map_get(&m, "copied") != NULL, "a key is copied");
	(void)map_put_copy(&m, &a, "copied", &added);
	OK(!added, "once");
	while (map_next(&m, &at, &key, &value) && value != &m)
		seen += value == (void *)(uintptr_t)(seen + 1);
	OK(seen == 10000 && at == 10001,
	    "a walk sees each once, in the order in which they came");
	map_free(&m);
	arena_free(&a);
}

/* Whether a text is accepted whole by json_skip. */
static const char *
skipped(const char *text)
{
	static struct json_reader s;
	char *copy = xstrdup(text);
	const char *error;

	jr_init(&s, copy);
	(void)jr_skip(&s);
	(void)jr_done(&s);
	error = s.error;
	free(copy);
	return error;
}

static void
test_json_grammar(void)
{
	static const char *const good[] = { "{}", "[]", "0", "-0", "1.5e-3",
		"\"\"", "true", "null", " [1, {\"a\": [ ]}, \"\\u00fc\"] ",
		"\"\\ud83d\\ude00\"", "{\"a\":1,\"b\":{}}" };
	static const char *const bad[] = { "", "{", "[", "[1", "[1,]", "[,1]",
		"{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "01", "1.", ".5",
		"1e", "+1", "tru", "nul", "\"", "\"\\x\"", "\"\\u12\"",
		"\"\\ud800\"", "\"\\ud800\\u0041\"", "\"\\udc00\"",
		"\"\\u0000\"", "\"\t\"", "1 2", "{} x", "[1 2]", "'a'",
		"{\"a\" 1}", "{1:2}", "[}", "{]" };
	char deep[2 * JR_DEPTH_MAX + 4];

	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		SAME(skipped(good[i]), NULL, "JSON: %s", good[i]);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		OK(skipped(bad[i]) != NULL, "not JSON: %s", bad[i]);
	memset(deep, '[', JR_DEPTH_MAX + 1);
	deep[JR_DEPTH_MAX + 1] = '\0';
	SAME(skipped(deep), "nested too deeply", "a limit on nesting");
	memset(deep, '[', JR_DEPTH_MAX);
	memset(deep + JR_DEPTH_MAX, ']', JR_DEPTH_MAX);
	deep[2 * JR_DEPTH_MAX] = '\0';
	SAME(skipped(deep), NULL, "as deep as allowed");
}

static void
test_json_values(void)
{
	char text[] = "{\"s\":\"a\\n\\u00fc\\ud83d\\ude00\\\"\",\"n\":-12,"
		      "\"b\":true,\"l\":[\"x\",\"y\"]}";
	struct json_reader s;
	char *name, *value;
	int64_t n = 0;
	bool b = false;

	jr_init(&s, text);
	OK(jr_enter(&s, '{') && jr_member(&s, &name), "the first member");
	OK(jr_string(&s, &value), "is a string");
	SAME(value, "a\n\xc3\xbc\xf0\x9f\x98\x80\"", "unescaped");
	OK(jr_member(&s, &name) && jr_int(&s, &n) && n == -12, "a number");
	OK(jr_member(&s, &name) && jr_bool(&s, &b) && b, "a boolean");
	OK(jr_member(&s, &name) && jr_enter(&s, '['), "a list");
	OK(jr_element(&s) && jr_string(&s, &value), "its first element");
	SAME(value, "x", "is x");
	OK(jr_element(&s) && jr_string(&s, &value), "its second element");
	SAME(value, "y", "is y");
	OK(!jr_element(&s) && !jr_member(&s, &name) && jr_done(&s),
	    "and then both end");
}

static void
test_json_writer(void)
{
	struct buf b = { 0 };

	jw_open(&b, '{');
	jw_kint(&b, "a", INT64_MIN);
	jw_kstr(&b, "none", NULL);
	jw_key(&b, "l");
	jw_open(&b, '[');
	jw_str(&b, "q\"\\\n\x01\x7f\xc3\xbc");
	jw_int(&b, 0);
	jw_open(&b, '[');
	jw_close(&b, ']');
	jw_bool(&b, false);
	jw_close(&b, ']');
	jw_kbool(&b, "z", true);
	jw_close(&b, '}');
	SAME(buf_str(&b),
	    "{\"a\":-9223372036854775808,\"l\":[\"q\\\"\\\\\\n\\u0001"
	    "\\u007f\xc3\xbc\",0,[],false],\"z\":true}",
	    "the writer puts commas and escapes");
	buf_free(&b);
}

/* Every byte at every place of a text: the writer looks at eight at a time. */
static void
test_json_writer_places(void)
{
	size_t good = 0;

	for (int c = 1; c < 128; c++)
		for (size_t at = 0; at < 20; at++) {
			bool special =
			    c < ' ' || c == 0x7f || c == '"' || c == '\\';
			char text[] = "abcdefghijklmnopqrst";
			struct buf b = { 0 };
			struct json_reader s;
			char *value = NULL;

			text[at] = (char)c;
			jw_str(&b, text);
			jr_init(&s, b.data);
			good += special == (b.len != sizeof text + 1) &&
				jr_string(&s, &value) &&
				strcmp(value, text) == 0;
			buf_free(&b);
		}
	OK(good == 127 * 20, "each byte is escaped where it must be");
}

static void
test_lines(void)
{
	static const char text[] = "\xef\xbb\xbf"
				   "one\r\n\nthree, too long\n\xef\xbb\xbf"
				   "4";
	struct lines l;
	char *line;
	size_t len;
	int ends[2];

	OK(pipe(ends) == 0 && write_all(ends[1], text, strlen(text)) == 0,
	    "a pipe");
	(void)close(ends[1]);
	lines_init(&l, ends[0], 8);
	OK(lines_next(&l, &line, &len) == LINE_OK && len == 4, "line 1");
	SAME(line, "one\r", "keeps its CR, without a mark before it");
	OK(l.at == 3, "which counts");
	OK(lines_next(&l, &line, &len) == LINE_OK && len == 0, "line 2: empty");
	OK(lines_next(&l, &line, &len) == LINE_LONG && l.number == 3,
	    "line 3 is too long");
	OK(lines_next(&l, &line, &len) == LINE_OK && l.truncated,
	    "line 4 has no newline");
	SAME(line,
	    "\xef\xbb\xbf"
	    "4",
	    "and is there as it is");
	OK(lines_next(&l, &line, &len) == LINE_END, "the end");
	lines_free(&l);
	(void)close(ends[0]);
}

static void
test_texts(void)
{
	enum {
		N = 30000,
		LONG = 1 << 20
	};
	struct texts t = { 0 };
	struct intern in = { 0 };
	char *big = xmalloc(LONG), word[24];
	uint32_t first, last;
	bool good = true;

	memset(big, 'x', LONG);
	OK(texts_get(&t, 0) == NULL, "the number 0 is no text");
	first = texts_add(&t, "", 0);
	OK(first != 0, "an empty text has a number");
	/* Blocks are of 2 MiB: the third does not fit with the others. */
	for (int i = 0; i < 3; i++)
		last = texts_add(&t, big, LONG);
	OK(strlen(texts_get(&t, last)) == LONG, "a long text");
	SAME(texts_get(&t, first), "", "the first is where it was");
	OK(texts_size(&t) >= (size_t)3 * LONG, "the size");
	texts_free(&t);

	OK(intern_get(&in, "a", 1) == 0, "nothing is in an empty table");
	for (int round = 0; round < 2; round++)
		for (uint32_t i = 1; i <= N; i++) {
			int n = snprintf(word, sizeof word, "word %u", i);

			good = good && intern_put(&in, word, (size_t)n) == i;
		}
	OK(good && in.n == N, "equal texts have equal numbers, from 1 on");
	OK(intern_get(&in, "word 7 or 8", 6) == 7, "found by its bytes");
	OK(intern_get(&in, "word", 4) == 0, "a prefix is another text");
	SAME(intern_text(&in, N), "word 30000", "and back");
	intern_free(&in);
	free(big);
}

static void
test_loopback(void)
{
	static const char *const yes[] = { "localhost", "LocalHost",
		"127.0.0.1", "127.1.2.3", "::1", "[::1]" };
	static const char *const no[] = { "", "127.example.org", "127.0.0.1.x",
		"localhost.example.org", "128.0.0.1", "::2", "2130706433" };

	for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
		OK(is_loopback(yes[i]), "%s is this machine", yes[i]);
	for (size_t i = 0; i < sizeof no / sizeof *no; i++)
		OK(!is_loopback(no[i]), "\"%s\" need not be", no[i]);
}

int
main(void)
{
	test_loopback();
	test_buf();
	test_num();
	test_utf8();
	test_unquote();
	test_map();
	test_json_grammar();
	test_json_values();
	test_json_writer();
	test_json_writer_places();
	test_lines();
	test_texts();
	TAP_DONE();
}
