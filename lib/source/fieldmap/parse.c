/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/fieldmap/parse.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/buf.h"
#include "core/str.h"

#define ON(kind) (1U << (kind))
enum {
	NAME = ON(FIELDMAP_NAME),
	DOMAIN_ALIAS = ON(FIELDMAP_DOMAIN_ALIAS),
	ALIAS = ON(FIELDMAP_ALIAS),
	DOMAIN_ = ON(FIELDMAP_DOMAIN),
	GROUP = ON(FIELDMAP_GROUP),
	ACCOUNT = ON(FIELDMAP_ACCOUNT),
	SETTINGS = ON(FIELDMAP_SETTINGS),
	NOTE = ON(FIELDMAP_NOTE),
	HOLDERS = NAME | ALIAS | GROUP | ACCOUNT | SETTINGS,
	ANY = HOLDERS | DOMAIN_ALIAS | DOMAIN_ | NOTE
};

/* The kinds of section that a line may be in, and those that need it. */
static const struct field_name {
	const char *name;
	unsigned int kinds, need;
} fields[FIELD_COUNT] = {
	[FIELD_ADDRESS] = { "address", HOLDERS | NOTE, HOLDERS },
	[FIELD_DOMAIN] = { "domain", DOMAIN_ALIAS | DOMAIN_,
	    DOMAIN_ALIAS | DOMAIN_ },
	[FIELD_LOGINS] = { "logins", NAME | ACCOUNT, NAME },
	[FIELD_NAME] = { "name", GROUP | ACCOUNT, 0 },
	[FIELD_SECRET] = { "secret", ACCOUNT, 0 },
	[FIELD_DEFAULT_SCHEME] = { "default_scheme", ACCOUNT, 0 },
	[FIELD_OTP] = { "otp", ACCOUNT, 0 },
	[FIELD_ACTIVE] = { "active", DOMAIN_ALIAS | ALIAS | DOMAIN_ | ACCOUNT,
	    0 },
	[FIELD_RECEIVE] = { "receive", ACCOUNT, 0 },
	[FIELD_UNTIL] = { "until", ALIAS | ACCOUNT, 0 },
	[FIELD_QUOTA] = { "quota", GROUP | ACCOUNT, 0 },
	[FIELD_ALIASES] = { "aliases", DOMAIN_ALIAS | DOMAIN_ | GROUP | ACCOUNT,
	    DOMAIN_ALIAS },
	[FIELD_GROUPS] = { "groups", ACCOUNT, 0 },
	[FIELD_TARGETS] = { "targets", ALIAS, ALIAS },
	[FIELD_FORWARD] = { "forward", ACCOUNT, 0 },
	[FIELD_KEEP] = { "keep", ACCOUNT, 0 },
	[FIELD_HOME] = { "home", ACCOUNT, 0 },
	[FIELD_MAIL] = { "mail", ACCOUNT, 0 },
	[FIELD_UID] = { "uid", ACCOUNT, 0 },
	[FIELD_GID] = { "gid", ACCOUNT, 0 },
	[FIELD_DISABLED] = { "disabled", ACCOUNT, 0 },
	[FIELD_ALLOW_NETS] = { "allow_nets", ACCOUNT, 0 },
	[FIELD_ACL_GROUPS] = { "acl_groups", ACCOUNT, 0 },
	[FIELD_ACL_SETTINGS] = { "acl_settings", ACCOUNT, 0 },
	[FIELD_SEND_AS] = { "send_as", ACCOUNT | SETTINGS, 0 },
	[FIELD_LOCALE] = { "locale", ACCOUNT, 0 },
	[FIELD_TIME_ZONE] = { "time_zone", ACCOUNT, 0 },
	[FIELD_ADMIN] = { "admin", ACCOUNT | SETTINGS, 0 },
	[FIELD_VACATION_ACTIVE] = { "vacation_active", SETTINGS, 0 },
	[FIELD_VACATION_SUBJECT] = { "vacation_subject", SETTINGS, 0 },
	[FIELD_VACATION_TEXT] = { "vacation_text", SETTINGS, 0 },
	[FIELD_VACATION_HTML] = { "vacation_html", SETTINGS, 0 },
	[FIELD_VACATION_FROM] = { "vacation_from", SETTINGS, 0 },
	[FIELD_VACATION_UNTIL] = { "vacation_until", SETTINGS, 0 },
	[FIELD_SCRIPT_NAME] = { "script_name", SETTINGS, 0 },
	[FIELD_SCRIPT_ACTIVE] = { "script_active", SETTINGS, 0 },
	[FIELD_SCRIPT_TEXT] = { "script_text", SETTINGS, 0 },
	[FIELD_APP_PASSWORD] = { "app_password", SETTINGS, 0 },
	[FIELD_DROP] = { "drop", ANY, 0 },
	[FIELD_FAIL] = { "fail", ANY, 0 },
	[FIELD_NOTE] = { "note", ANY, NOTE },
};

static const char *const transforms[] = {
	[TRANSFORM_NONE] = "",
	[TRANSFORM_ADDRESS] = "address",
	[TRANSFORM_BIT2] = "bit2",
	[TRANSFORM_CATCHALL] = "catchall",
	[TRANSFORM_DAYS] = "days",
	[TRANSFORM_DOMAIN] = "domain",
	[TRANSFORM_FILETIME] = "filetime",
	[TRANSFORM_FUTURE] = "future",
	[TRANSFORM_GIB] = "GiB",
	[TRANSFORM_KIB] = "KiB",
	[TRANSFORM_LOCAL] = "local",
	[TRANSFORM_LOWER] = "lower",
	[TRANSFORM_MIB] = "MiB",
	[TRANSFORM_NOT] = "not",
	[TRANSFORM_SMTP] = "smtp",
};

/* --- reading a line --- */

enum token {
	END,
	WORD,
	STRING,
	BAR,
	EQUAL,
	UNEQUAL,
	WRONG
};

struct parser {
	struct fieldmap *map;
	struct fieldmap_section *section;
	size_t line;
	struct why *why;
	char *at; /* in the line that is read */
	enum token token;
	char *text; /* of a word, or a string with its escapes */
};

static int __attribute__((format(printf, 2, 3)))
wrong(const struct parser *p, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	return why_set(
	    p->why, FAIL_FATAL, "%s:%zu: %s", p->map->path, p->line, text);
}

static bool
is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || (unsigned char)c >= 0x80 ||
	       (c != '\0' && strchr("_-.;$?*@", c) != NULL);
}

/* The text between double quotes; escapes stay, for the reader of texts. */
static void
next_string(struct parser *p)
{
	char *end = p->at + 1;

	while (*end != '\0' && *end != '"')
		end += *end == '\\' && end[1] != '\0' ? 2 : 1;
	p->token = *end == '"' ? STRING : WRONG;
	p->text =
	    arena_add(&p->map->arena, p->at + 1, (size_t)(end - p->at - 1));
	p->at = *end == '"' ? end + 1 : end;
}

static void
next_token(struct parser *p)
{
	char *start;

	p->at += strspn(p->at, " \t");
	start = p->at;
	p->text = NULL;
	if (*start == '\0') {
		p->token = END;
	} else if (*start == '"') {
		next_string(p);
	} else if (*start == '|') {
		p->token = BAR;
		p->at++;
	} else if (*start == '=') {
		p->token = EQUAL;
		p->at++;
	} else if (strncmp(start, "!=", 2) == 0) {
		p->token = UNEQUAL;
		p->at += 2;
	} else if (is_word(*start)) {
		while (is_word(*p->at))
			p->at++;
		p->token = WORD;
		p->text =
		    arena_add(&p->map->arena, start, (size_t)(p->at - start));
	} else {
		p->token = WRONG;
	}
}

static bool
is_keyword(const struct parser *p, const char *word)
{
	return p->token == WORD && strcmp(p->text, word) == 0;
}

/* --- columns and texts --- */

/* The number of a column, "name" or "name?"; FIELDMAP_NO_COLUMN where it is
 * not a name, which is reported. */
static int
column(struct parser *p, const char *word)
{
	struct fieldmap_section *s = p->section;
	size_t len = strlen(word), i;
	bool required = true;

	if (strcmp(word, "$target") == 0)
		return FIELDMAP_TARGET;
	if (len > 0 && word[len - 1] == '?') {
		required = false;
		len--;
	}
	if (len == 0 || strcspn(word, "?*@$") < len) {
		(void)wrong(p, "not the name of a column: %s", word);
		return FIELDMAP_NO_COLUMN;
	}
	for (i = 0; i < s->ncolumns; i++)
		if (strlen(s->columns[i].name) == len &&
		    str_starts_nocase(word, s->columns[i].name))
			break;
	if (i == s->ncolumns) {
		s->columns = xgrow(s->columns, s->ncolumns, &s->columns_cap,
		    sizeof *s->columns);
		s->columns[s->ncolumns++] = (struct fieldmap_column){
			.name = arena_add(&p->map->arena, word, len)
		};
	}
	if (required)
		s->columns[i].required = true;
	return (int)i;
}

static struct fieldmap_piece *
add_piece(struct fieldmap_value *v)
{
	v->pieces = xgrow(v->pieces, v->n, &v->cap, sizeof *v->pieces);
	v->pieces[v->n] =
	    (struct fieldmap_piece){ .column = FIELDMAP_NO_COLUMN };
	return &v->pieces[v->n++];
}

/* Adds a transform to a list of them. 0, or -1: reported. */
static int
add_transform(
    const struct parser *p, enum fieldmap_transform *list, const char *name)
{
	size_t i = 0, t = 1, n = sizeof transforms / sizeof *transforms;

	while (t < n && strcmp(transforms[t], name) != 0)
		t++;
	if (t == n)
		return wrong(p, "no transform is named \"%s\"", name);
	while (i < FIELDMAP_TRANSFORMS && list[i] != TRANSFORM_NONE)
		i++;
	if (i == FIELDMAP_TRANSFORMS)
		return wrong(p, "more than %d transforms", FIELDMAP_TRANSFORMS);
	list[i] = (enum fieldmap_transform)t;
	return 0;
}

/* "{column|transform|...}", from after the opening brace; *text is moved past the
 * closing one. 0, or -1: reported. */
static int
parse_brace(struct parser *p, struct fieldmap_value *v, char **text)
{
	char *inner = *text, *end = strchr(inner, '}'), *name;
	struct fieldmap_piece *piece;

	if (end == NULL)
		return wrong(p, "a \"{\" without its \"}\"");
	*end = '\0';
	*text = end + 1;
	piece = add_piece(v);
	piece->column = column(p, str_trim(str_cut(&inner, '|')));
	if (piece->column == FIELDMAP_NO_COLUMN)
		return -1;
	if (piece->column == FIELDMAP_TARGET)
		return wrong(p, "$target cannot be a part of a text");
	while ((name = str_cut(&inner, '|')) != NULL)
		if (add_transform(p, piece->transforms, str_trim(name)) == -1)
			return -1;
	return 0;
}

/* The text of a string: \" \\ \{ are the characters, {column} a value. */
static int
parse_text(struct parser *p, struct fieldmap_value *v, char *text)
{
	struct buf plain = { 0 };
	int r = 0;

	v->is_text = true;
	while (*text != '\0' && r == 0) {
		if (*text == '\\' && text[1] != '\0') {
			buf_addc(&plain, text[1]);
			text += 2;
			continue;
		}
		if (*text != '{') {
			buf_addc(&plain, *text++);
			continue;
		}
		if (plain.len > 0)
			add_piece(v)->text =
			    arena_adds(&p->map->arena, plain.data);
		buf_reset(&plain);
		text++;
		r = parse_brace(p, v, &text);
	}
	if (plain.len > 0)
		add_piece(v)->text = arena_adds(&p->map->arena, plain.data);
	buf_free(&plain);
	return r;
}

/* --- a line of a section --- */

/* "column" or a string, and transforms. */
static int
parse_value(struct parser *p, struct fieldmap_value *v)
{
	if (p->token == STRING) {
		if (parse_text(p, v, p->text) == -1)
			return -1;
	} else if (p->token == WORD) {
		int c = column(p, p->text);

		if (c == FIELDMAP_NO_COLUMN)
			return -1;
		if (c == FIELDMAP_TARGET)
			return wrong(p, "$target may only follow \"if\"");
		add_piece(v)->column = c;
	} else {
		return wrong(p, "a column or a text in quotes is missing");
	}
	for (next_token(p); p->token == BAR; next_token(p)) {
		next_token(p);
		if (p->token != WORD)
			return wrong(p, "a transform is missing after \"|\"");
		if (add_transform(p, v->transforms, p->text) == -1)
			return -1;
	}
	return 0;
}

/* "column", "not column", "column = value", "column != value". */
static int
parse_term(struct parser *p, struct fieldmap_line *line)
{
	struct fieldmap_term *t;
	bool negated = is_keyword(p, "not");

	line->terms =
	    xgrow(line->terms, line->nterms, &line->terms_cap, sizeof *t);
	t = &line->terms[line->nterms++];
	*t = (struct fieldmap_term){ .test = negated ? TEST_NO : TEST_YES };
	if (negated)
		next_token(p);
	if (p->token != WORD)
		return wrong(p, "a column is missing in the condition");
	t->column = column(p, p->text);
	if (t->column == FIELDMAP_NO_COLUMN)
		return -1;
	if (t->column == FIELDMAP_TARGET)
		line->of_target = true;
	next_token(p);
	if (negated || (p->token != EQUAL && p->token != UNEQUAL))
		return t->column == FIELDMAP_TARGET
			   ? wrong(p, "$target is neither yes nor no: compare "
				      "it with \"=\"")
			   : 0;
	t->test = p->token == EQUAL ? TEST_EQUAL : TEST_UNEQUAL;
	next_token(p);
	if (p->token == WORD)
		add_piece(&t->pattern)->text = p->text;
	else if (p->token != STRING)
		return wrong(p, "a value is missing in the condition");
	else if (parse_text(p, &t->pattern, p->text) == -1)
		return -1;
	t->pattern.is_text = true;
	next_token(p);
	return 0;
}

static int
parse_condition(struct parser *p, struct fieldmap_line *line)
{
	if (!is_keyword(p, "if"))
		return 0;
	do {
		next_token(p);
		if (parse_term(p, line) == -1)
			return -1;
	} while (is_keyword(p, "and"));
	return 0;
}

static bool
is_constant(const struct fieldmap_value *v)
{
	return v->is_text && v->n == 1 && v->pieces[0].text != NULL;
}

static int
check_line(const struct parser *p, const struct fieldmap_line *line)
{
	const struct field_name *f = &fields[line->field];
	bool outcome = line->field == FIELD_DROP || line->field == FIELD_FAIL ||
		       line->field == FIELD_NOTE;

	if (outcome && !is_constant(&line->value))
		return wrong(p, "%s needs a text without columns", f->name);
	if (outcome && line->nterms == 0 && p->section->kind != FIELDMAP_NOTE)
		return wrong(p, "%s needs a condition", f->name);
	if (line->of_target && !outcome)
		return wrong(p, "$target is for drop, fail and note");
	if (line->of_target && p->section->kind != FIELDMAP_ALIAS &&
	    p->section->kind != FIELDMAP_ACCOUNT)
		return wrong(p, "there are no targets in a section [%s]",
		    fieldmap_kind_name(p->section->kind));
	return 0;
}

static int
parse_field(struct parser *p, enum field field, char *text)
{
	struct fieldmap_section *s = p->section;
	struct fieldmap_line *line;

	if ((fields[field].kinds & ON(s->kind)) == 0)
		return wrong(p, "a section [%s] has no %s",
		    fieldmap_kind_name(s->kind), fields[field].name);
	s->lines = xgrow(s->lines, s->nlines, &s->lines_cap, sizeof *s->lines);
	line = &s->lines[s->nlines++];
	*line = (struct fieldmap_line){ .field = field };
	p->at = text;
	next_token(p);
	if (parse_value(p, &line->value) == -1 ||
	    parse_condition(p, line) == -1)
		return -1;
	if (p->token == WRONG)
		return wrong(p, "not understood: %s", p->at);
	if (p->token != END)
		return wrong(p, "too much after the value: only \"if\" and "
				"\"and\" may follow");
	return check_line(p, line);
}

/* Where the rows come from: the rest of the line, as it is. */
static int
parse_origin(struct parser *p, const char *key, char *text)
{
	struct fieldmap_section *s = p->section;
	const char **to = strcmp(key, "table") == 0   ? &s->table
			  : strcmp(key, "query") == 0 ? &s->query
						      : &s->filter;

	if (*text == '\0')
		return wrong(p, "%s is empty", key);
	if (*to != NULL || s->filter != NULL ||
	    (to == &s->filter && (s->table != NULL || s->query != NULL)))
		return wrong(p, "a section has one table, query or filter");
	*to = arena_adds(&p->map->arena, text);
	return 0;
}

static int
parse_line(struct parser *p, char *text)
{
	char *value = text, *key = str_trim(str_cut(&value, '='));
	char *name;

	if (value == NULL || *key == '\0')
		return wrong(p, "not of the form \"name = value\"");
	if (p->section == NULL)
		return wrong(p, "a line before the first [section]");
	value = str_trim(value);
	if (strcmp(key, "table") == 0 || strcmp(key, "query") == 0 ||
	    strcmp(key, "filter") == 0)
		return parse_origin(p, key, value);
	if (strcmp(key, "weak") == 0) {
		if (p->section->kind != FIELDMAP_ALIAS ||
		    fieldmap_flag(value) == -1)
			return wrong(p, "weak is yes or no, in an [alias]");
		p->section->weak = fieldmap_flag(value) == 1;
		return 0;
	}
	if (strcmp(key, "needs") == 0) {
		while ((name = str_cut(&value, ' ')) != NULL)
			if (*name != '\0')
				strs_add(&p->section->needs,
				    arena_adds(&p->map->arena, name));
		return 0;
	}
	for (int i = 0; i < FIELD_COUNT; i++)
		if (strcmp(key, fields[i].name) == 0)
			return parse_field(p, (enum field)i, value);
	return wrong(p, "no member is named \"%s\"", key);
}

const char *
fieldmap_word(enum field field)
{
	return fields[field].name;
}

bool
fieldmap_has(enum fieldmap_kind kind, enum field field)
{
	return (fields[field].kinds & ON(kind)) != 0;
}

/* --- sections --- */

/* drop, fail and note stay in the order of the file. */
static enum field
group(enum field field)
{
	return field > FIELD_DROP ? FIELD_DROP : field;
}

/* Puts the lines of a field together. */
static void
sort_lines(struct fieldmap_section *s)
{
	size_t at = 0;

	for (size_t i = 1; i < s->nlines; i++) {
		struct fieldmap_line line = s->lines[i];
		size_t to = i;

		for (; to > 0 &&
		       group(s->lines[to - 1].field) > group(line.field);
		     to--)
			s->lines[to] = s->lines[to - 1];
		s->lines[to] = line;
	}
	for (size_t f = 0; f < sizeof s->first / sizeof *s->first; f++) {
		while (at < s->nlines && group(s->lines[at].field) < f)
			at++;
		s->first[f] = at;
	}
}

static bool
has_field(const struct fieldmap_section *s, enum field field)
{
	for (size_t i = 0; i < s->nlines; i++)
		if (s->lines[i].field == field)
			return true;
	return false;
}

/* What a section lacks is said with the line that it begins on. */
static int
end_section(struct parser *p)
{
	struct fieldmap_section *s = p->section;

	if (s == NULL)
		return 0;
	p->line = s->line;
	if (s->table == NULL && s->query == NULL && s->filter == NULL)
		return wrong(p, "[%s] has no table, query or filter",
		    fieldmap_kind_name(s->kind));
	for (int i = 0; i < FIELD_COUNT; i++)
		if ((fields[i].need & ON(s->kind)) != 0 &&
		    !has_field(s, (enum field)i))
			return wrong(p, "[%s] has no %s",
			    fieldmap_kind_name(s->kind), fields[i].name);
	sort_lines(s);
	return 0;
}

static int
begin_section(struct parser *p, char *text)
{
	struct fieldmap *map = p->map;
	char *end = strchr(text, ']');
	size_t line = p->line, kind = 0;

	if (end_section(p) == -1)
		return -1;
	p->line = line;
	if (end == NULL || *str_trim(end + 1) != '\0')
		return wrong(p, "not of the form [section]");
	*end = '\0';
	text = str_trim(text + 1);
	while (kind < FIELDMAP_KINDS &&
	       strcmp(fieldmap_kind_name((enum fieldmap_kind)kind), text) != 0)
		kind++;
	if (kind == FIELDMAP_KINDS)
		return wrong(p, "no section is named [%s]", text);
	map->sections =
	    xgrow(map->sections, map->nsections, &map->cap, sizeof *p->section);
	p->section = &map->sections[map->nsections++];
	*p->section =
	    (struct fieldmap_section){ .kind = (enum fieldmap_kind)kind,
		    .line = line };
	return 0;
}

/* A logical line, without its continuations' line ends. */
static int
parse_logical(struct parser *p, char *text)
{
	text = str_trim(text);
	if (*text == '\0' || *text == '#')
		return 0;
	return *text == '[' ? begin_section(p, text) : parse_line(p, text);
}

/* Takes the next logical line off *text: the following lines that begin with
 * a blank belong to it. *lines is how many there were. */
static char *
take_logical(char **text, size_t *lines)
{
	char *start = *text, *end = start;

	*lines = 1;
	for (;;) {
		size_t len = strcspn(end, "\n");

		if (len > 0 && end[len - 1] == '\r')
			end[len - 1] = ' ';
		end += len;
		if (*end == '\0') {
			*text = NULL;
			return start;
		}
		if (*start == '#' || (end[1] != ' ' && end[1] != '\t'))
			break;
		*end = ' ';
		(*lines)++;
	}
	*end = '\0';
	*text = end + 1;
	return start;
}

int
fieldmap_parse(
    struct fieldmap *map, const char *path, char *text, struct why *why)
{
	struct parser p = { .map = map, .line = 1, .why = why };

	map->path = arena_adds(&map->arena, path);
	while (text != NULL) {
		size_t lines;
		char *line = take_logical(&text, &lines);

		if (parse_logical(&p, line) == -1)
			return -1;
		p.line += lines;
	}
	if (end_section(&p) == -1)
		return -1;
	p.line = 1;
	return map->nsections == 0 ? wrong(&p, "there are no sections") : 0;
}
