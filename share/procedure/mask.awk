# mask.awk: text with "***" in place of secrets. NEEDLES in the environment has a line
# for each: "text SECRET", or "base64 PART", of which the whole word is covered. What is
# looked for are the forms that our own programs know, lib/core/mask.h: each character
# as itself, in percent encoding, escaped as in JSON or by a shell, as a reference of
# HTML; and the first half of it, and eight characters at least, where it was cut. What
# is shorter than eight bytes is covered where it stands as a word, and below three bytes
# never, as there.

# literal CHARACTER: it as a regular expression.
function literal(c) {
	if (c ~ /[A-Za-z0-9]/ || c > "\177")
		return c
	if (c == "\\" || c == "^")
		return "\\" c
	return "[" c "]"
}
# hex NUMBER DIGITS: the digits, small or capital.
function hex(n, digits,    s, out, i, c) {
	s = sprintf("%0" digits "x", n)
	for (i = 1; i <= length(s); i++) {
		c = substr(s, i, 1)
		out = out (c ~ /[a-f]/ ? "[" c toupper(c) "]" : c)
	}
	return out
}
# code NUMBER: a character by its number, in JSON, Rust and HTML.
function code(n,    out) {
	if (n > 65535)
		out = "\\\\u" hex(55296 + int((n - 65536) / 1024), 4) "\\\\u" hex(56320 + (n - 65536) % 1024, 4)
	else
		out = "\\\\u" hex(n, 4)
	return out "|\\\\u[{]0*" hex(n, 1) "[}]|&#0*" n ";|&#[xX]0*" hex(n, 1) ";"
}
# form CHARACTER CODED: all forms of it. CODED: a letter of base64.
function form(c, coded,    out) {
	out = literal(c) "|%" hex(ord[c], 2) "|" code(ord[c])
	if (c !~ /[A-Za-z0-9]/ && c <= "\177")
		out = out "|[\\\\]+" literal(c)
	if (c == " ") out = out "|[+]"
	else if (c == "&") out = out "|&amp;"
	else if (c == "<") out = out "|&lt;"
	else if (c == ">") out = out "|&gt;"
	else if (c == "\"") out = out "|&quot;"
	else if (c == "\047") out = out "|&apos;|\047[\\\\]\047\047|\047\"\047\"\047"
	else if (coded && c == "+") out = out "|-"
	else if (coded && c == "/") out = out "|_"
	return "(" out ")"
}
# wide TEXT LENGTH: the forms of a character of several bytes of UTF-8.
function wide(s, len,    n, i, raw, percent) {
	n = ord[substr(s, 1, 1)] % (len == 2 ? 32 : len == 3 ? 16 : 8)
	for (i = 1; i <= len; i++) {
		if (i > 1) n = n * 64 + ord[substr(s, i, 1)] % 64
		raw = raw substr(s, i, 1)
		percent = percent "%" hex(ord[substr(s, i, 1)], 2)
	}
	return "(" raw "|" percent "|" code(n) ")"
}
# forms TEXT CODED [CUT]: what it may look like; CUT: from its half on it may end.
function forms(s, coded, cut,    i, b, len, out, whole, ends) {
	whole = length(s) / 2 > 8 ? length(s) / 2 : 8
	for (i = 1; i <= length(s); i += len) {
		if (cut && i > whole) {
			out = out "("
			ends = ends ")?"
		}
		b = ord[substr(s, i, 1)]
		len = b >= 240 ? 4 : b >= 224 ? 3 : b >= 194 ? 2 : 1
		if (len > 1 && substr(s, i + 1, len - 1) ~ /^[\200-\277]+$/ && i + len - 1 <= length(s))
			out = out wide(substr(s, i, len), len)
		else {
			len = 1
			out = out form(substr(s, i, 1), coded)
		}
	}
	return out ends
}

# inside BEFORE AFTER: whether what is between them is a part of a word. What ends an
# encoding is no letter.
function inside(before, after) {
	if (after ~ /^[A-Za-z0-9\200-\377]/)
		return 1
	return before ~ /[A-Za-z0-9\200-\377]$/ &&
	    before !~ /(\\.|%([0-2][0-9A-Fa-f]|3[A-Fa-f]|40|5[B-Fb-f]|60|7[B-Fb-f]))$/
}
function cover(s, i,    out, before, after, found, passes) {
	while (match(s, forms_of[i])) {
		before = substr(s, 1, RSTART - 1)
		found = substr(s, RSTART, RLENGTH)
		after = substr(s, RSTART + RLENGTH)
		if (word[i])
			passes = inside(out before, after)
		else
			passes = after ~ /^[A-Za-z0-9\200-\377]/ && found !~ all_of[i]
		if (passes) {
			out = out substr(s, 1, RSTART)
			s = substr(s, RSTART + 1)
			continue
		}
		if (coded[i]) {
			sub(/([A-Za-z0-9+\/_-]|%2[BbFf]|\\\/)+$/, "", before)
			sub(/^([A-Za-z0-9+\/_=-]|%2[BbFf]|%3[Dd]|\\\/)+/, "", after)
		}
		out = out before "***"
		s = after
	}
	return out s
}

BEGIN {
	for (i = 1; i < 256; i++)
		ord[sprintf("%c", i)] = i
	lines = split(ENVIRON["NEEDLES"], needles, "\n")
	for (i = 1; i <= lines; i++) {
		kind = needles[i]
		sub(/ .*/, "", kind)
		needle = substr(needles[i], length(kind) + 2)
		if (length(needle) < (kind == "base64" ? 6 : 3))
			continue
		n++
		coded[n] = kind == "base64"
		word[n] = !coded[n] && length(needle) < 8
		all_of[n] = forms(needle, coded[n])
		forms_of[n] = word[n] || coded[n] ? all_of[n] : forms(needle, 0, 1)
	}
}
{
	for (i = 1; i <= n; i++)
		$0 = cover($0, i)
	print
}
