# report.awk: the report of migration-report(1), as text or as a page of HTML.
# Variables: html (0 or 1), state, when, and the names of files with: journals (the
# names of all steps.ndjson, a line each), reports (of all report.ndjson), secrets
# (records of secretcheck), zone (DNS records), known (number of accounts), conf.

function member(line, name,    at, rest, value, c, i) {
	at = index(line, "\"" name "\":")
	if (at == 0)
		return ""
	rest = substr(line, at + length(name) + 3)
	if (substr(rest, 1, 1) != "\"") {
		match(rest, /^[a-z0-9.-]+/)
		return substr(rest, 1, RLENGTH)
	}
	value = ""
	for (i = 2; i <= length(rest); i++) {
		c = substr(rest, i, 1)
		if (c == "\"")
			break
		if (c == "\\") {
			i++
			c = substr(rest, i, 1)
			if (c == "n" || c == "t" || c == "r") c = " "
			if (c == "u") { i += 4; c = "?" }
		}
		value = value c
	}
	return value
}
function esc(s) {
	gsub(/&/, "\\&amp;", s)
	gsub(/</, "\\&lt;", s)
	gsub(/>/, "\\&gt;", s)
	gsub(/"/, "\\&quot;", s)
	return s
}
# Days since 1970-01-01 by the civil calendar; seconds of a time in UTC.
function seconds(t,    y, m, d, era, yoe, doy, doe) {
	y = substr(t, 1, 4) + 0; m = substr(t, 6, 2) + 0; d = substr(t, 9, 2) + 0
	if (m <= 2) y--
	era = int(y / 400)
	yoe = y - era * 400
	doy = int((153 * (m + (m > 2 ? -3 : 9)) + 2) / 5) + d - 1
	doe = yoe * 365 + int(yoe / 4) - int(yoe / 100) + doy
	return (era * 146097 + doe - 719468) * 86400 + substr(t, 12, 2) * 3600 + substr(t, 15, 2) * 60 + substr(t, 18, 2)
}
function span(s) {
	if (s < 60) return s " s"
	if (s < 3600) return int(s / 60) " min"
	if (s < 86400) return int(s / 3600) " h " int(s % 3600 / 60) " min"
	return int(s / 86400) " d " int(s % 86400 / 3600) " h"
}
function ways(way) {
	return way == "rollback" ? back_steps : move_steps
}

# --- reading ---

function journal(file,    line, step, good, address, begun) {
	address = file
	sub(/\/[^\/]*$/, "", address)
	sub(/.*\//, "", address)
	n++
	name[n] = address
	split("", good)
	while ((getline line < file) > 0) {
		if (line !~ /}$/)
			continue
		if (member(line, "way") != way[n]) {
			split("", good)
			begun = member(line, "started")
			failed[n] = ""
		}
		way[n] = member(line, "way")
		step = member(line, "step")
		last[n] = step
		sub(/-back$/, "", step)
		if (member(line, "type") == "begin") {
			ended[n] = member(line, "started")
			delete good[step]
			if (step == failed[n] && last[n] == step) failed[n] = ""
			continue
		}
		ended[n] = member(line, "ended")
		status[n] = member(line, "status") + 0
		text[n] = member(line, "text")
		if (last[n] != step) {
			delete good[step]
		} else if (status[n] == 0) {
			good[step] = 1
			if (way[n] == "migrate" && step == "after") event(ended[n], 1)
			if (way[n] == "rollback" && step == "check" && was[n]) event(ended[n], -1)
		} else {
			delete good[step]
			failed[n] = step
			failure[n] = text[n]
			code[n] = status[n]
		}
		if (way[n] == "migrate" && step == "after" && status[n] == 0) was[n] = 1
		if (way[n] == "rollback" && step == "check" && status[n] == 0) was[n] = 0
		if (status[n] == 0 && last[n] == failed[n]) failed[n] = ""
	}
	close(file)
	took[n] = begun == "" ? 0 : seconds(ended[n]) - seconds(begun)
	steps_of(n, good)
	count[kind[n]]++
}
function steps_of(n, good,    all, i, total) {
	total = split(ways(way[n]), all, " ")
	marks[n] = ""
	for (i = 1; i <= total; i++)
		marks[n] = marks[n] (all[i] in good ? "+" : all[i] == failed[n] ? "x" : ".")
	if (marks[n] !~ /[.x]/) kind[n] = way[n] == "migrate" ? "moved" : "back"
	else if (failed[n] != "") kind[n] = code[n] == 75 ? "again" : "failed"
	else if (way[n] == "migrate" && ("check" in good) && !("mail" in good)) kind[n] = "prepared"
	else kind[n] = "under way"
}
function event(t, change) {
	events++
	event_time[events] = seconds(t)
	event_text[events] = t
	event_change[events] = change
}
# By time: a shell sort, for journals come in the order of their addresses.
function sort_events(    gap, i, j, t, x, c) {
	for (gap = int(events / 2); gap > 0; gap = int(gap / 2))
		for (i = gap + 1; i <= events; i++) {
			t = event_time[i]; x = event_text[i]; c = event_change[i]
			for (j = i; j > gap && event_time[j - gap] > t; j -= gap) {
				event_time[j] = event_time[j - gap]
				event_text[j] = event_text[j - gap]
				event_change[j] = event_change[j - gap]
			}
			event_time[j] = t; event_text[j] = x; event_change[j] = c
		}
}
function read_reports(    file, line, key, n) {
	while ((getline file < reports) > 0) {
		while ((getline line < file) > 0) {
			if (member(line, "reason") == "")
				continue
			n = member(line, "count")
			key = member(line, "status") ": " member(line, "reason")
			if (!(key in lost)) lost_order[++losses] = key
			lost[key] += n == "" ? 1 : n
			if (!(key in lost_one)) lost_one[key] = member(line, "address")
		}
		close(file)
	}
}
function read_secrets(    line, key) {
	while ((getline line < secrets) > 0) {
		key = member(line, "verdict") "\t" member(line, "scheme")
		if (key == "\t")
			continue
		if (!(key in hash)) hash_order[++hashes] = key
		hash[key]++
	}
}

# --- text ---

function tell(    i, k, p) {
	printf "Migration in %s, %s\n\n", state, when
	for (i = 1; i <= kinds; i++)
		if (count[kind_name[i]])
			printf "  %6d  %s\n", count[kind_name[i]], kind_text[kind_name[i]]
	if (known > n)
		printf "  %6d  not begun\n", known - n
	printf "  %6d  in all\n", (known > n ? known : n)
	if (events) {
		printf "\nFrom %s to %s\n", event_text[1], event_text[events]
	}
	if (count["failed"] + count["again"]) {
		print "\nWhat failed, and the command that goes on:"
		for (i = 1; i <= n; i++)
			if (kind[i] == "failed" || kind[i] == "again")
				printf "  %s: %s: %s\n      %s\n", name[i], failed[i], failure[i], command(i)
	}
	if (hashes) {
		print "\nPasswords:"
		for (i = 1; i <= hashes; i++) {
			split(hash_order[i], p, "\t")
			printf "  %6d  %-10s  %s\n", hash[hash_order[i]], p[1], p[2]
		}
	}
	if (losses) {
		print "\nNot carried, or changed on the way:"
		for (i = 1; i <= losses; i++) {
			k = lost_order[i]
			printf "  %6d  %s (%s%s)\n", lost[k], k, lost_one[k], (lost[k] > 1 ? ", ..." : "")
		}
	}
	print "\nAccounts (" move_steps "; back: " back_steps "):"
	for (i = 1; i <= n; i++)
		printf "  %-8s  %-9s  %-20s  %s\n", marks[i], kind[i], ended[i], name[i]
	if ((getline line < zone) > 0) {
		print "\nDNS records that the new server wants:"
		do print "  " line; while ((getline line < zone) > 0)
	}
}
function command(i) {
	return (way[i] == "rollback" ? "rollback-account" : "migrate-account") (conf == "" ? "" : " -c " word(conf)) " " word(name[i])
}
# A word as the shell reads it.
function word(s) {
	if (s ~ /^[A-Za-z0-9_@%+=:,.\/-]+$/)
		return s
	gsub(/'/, "'\\''", s)
	return "'" s "'"
}

# --- HTML ---

function chart(    w, h, i, c, top, x, y, t0, t1, points, every) {
	if (!events)
		return
	w = 640; h = 180
	top = 0; c = 0
	for (i = 1; i <= events; i++) { c += event_change[i]; if (c > top) top = c }
	t0 = event_time[1]; t1 = event_time[events]
	if (t1 <= t0) t1 = t0 + 1
	if (top == 0) top = 1
	every = int(events / 300) + 1
	points = "40," h - 20
	c = 0
	for (i = 1; i <= events; i++) {
		x = 40 + (event_time[i] - t0) * (w - 60) / (t1 - t0)
		if (i % every == 0 || i == events)
			points = points sprintf(" %.1f,%.1f", x, h - 20 - c * (h - 40) / top)
		c += event_change[i]
		if (i % every == 0 || i == events)
			points = points sprintf(" %.1f,%.1f", x, h - 20 - c * (h - 40) / top)
	}
	print "<h2>Accounts on the new server</h2>"
	printf "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"accounts on the new server over time: %d at the end\">\n", w, h, c
	printf "<line x1=\"40\" y1=\"%d\" x2=\"%d\" y2=\"%d\" class=\"axis\"/><line x1=\"40\" y1=\"20\" x2=\"40\" y2=\"%d\" class=\"axis\"/>\n", h - 20, w - 20, h - 20, h - 20
	printf "<text x=\"34\" y=\"26\" text-anchor=\"end\">%d</text><text x=\"34\" y=\"%d\" text-anchor=\"end\">0</text>\n", top, h - 20
	printf "<text x=\"40\" y=\"%d\">%s</text><text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>\n", h - 4, short(event_text[1]), w - 20, h - 4, short(event_text[events])
	printf "<polyline points=\"%s\"/>\n</svg>\n", points
}
function short(t) {
	return substr(t, 1, 10) " " substr(t, 12, 5)
}
# The share of each kind, in one bar.
function bar(    total, i, k, x, wide) {
	total = known > n ? known : n
	if (total == 0)
		return
	print "<svg viewBox=\"0 0 640 28\" role=\"img\" aria-label=\"shares\">"
	print "<rect x=\"0\" y=\"0\" width=\"640\" height=\"28\" class=\"rest\"/>"
	x = 0
	for (i = 1; i <= kinds; i++) {
		k = kind_name[i]
		if (!count[k])
			continue
		wide = count[k] * 640 / total
		printf "<rect x=\"%.2f\" y=\"0\" width=\"%.2f\" height=\"28\" class=\"%s\"/>\n", x, wide, class(k)
		x += wide
	}
	print "</svg>"
}
function class(k) {
	gsub(/ /, "-", k)
	return "k-" k
}
function page(    i, k, p, j, c, all, total, address) {
	print "<!DOCTYPE html><!-- migration-report -->\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">"
	print "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
	print "<title>Migration, " esc(when) "</title>\n<style>"
	print ":root{color-scheme:light dark;--line:#8886;--soft:#8882}"
	print "body{font:16px/1.45 system-ui,sans-serif;margin:0 auto;padding:1rem;max-width:60rem;overflow-wrap:anywhere}"
	print "h1{font-size:1.4rem;margin:.2rem 0}h2{font-size:1.1rem;margin:1.8rem 0 .4rem}"
	print "svg{width:100%;height:auto;display:block}svg text{font:12px system-ui,sans-serif;fill:currentColor}"
	print ".axis{stroke:currentColor;stroke-width:1}polyline{fill:none;stroke:#2a7;stroke-width:2.5}"
	print ".rest{fill:#8884}.k-moved{fill:#2a7}.k-back{fill:#48c}.k-prepared{fill:#9c6}.k-under-way{fill:#db4}.k-again{fill:#e83}.k-failed{fill:#d33}"
	print "ul.counts{list-style:none;padding:0;display:flex;flex-wrap:wrap;gap:.4rem 1.2rem}ul.counts b{font-size:1.3rem}"
	print "i.key{display:inline-block;width:.8em;height:.8em;border-radius:2px;margin-right:.3em}"
	print "table{border-collapse:collapse;width:100%}td,th{text-align:left;vertical-align:top;padding:.25rem .6rem .25rem 0;border-bottom:1px solid var(--line)}td.n{text-align:right;white-space:nowrap;width:1%}th:first-child{white-space:nowrap}"
	print ".steps{font-family:ui-monospace,monospace;letter-spacing:.15em;white-space:nowrap}.steps .x{color:#d33;font-weight:bold}.steps .y{color:#2a7}"
	print "code,pre{font:13px/1.4 ui-monospace,monospace;background:var(--soft);padding:.1em .3em;border-radius:3px}pre{padding:.6rem;overflow-x:auto;white-space:pre-wrap}"
	print "@media(max-width:34rem){.wide{display:none}svg text{font-size:20px}dd{margin-left:0}td,th{padding-right:.35rem}.steps{letter-spacing:0}}"
	print "</style>\n</head>\n<body>"
	printf "<h1>Migration</h1>\n<p>%s, %s</p>\n<ul class=\"counts\">\n", esc(state), esc(when)
	for (i = 1; i <= kinds; i++) {
		k = kind_name[i]
		if (count[k])
			printf "<li><svg style=\"display:inline;width:.8em\" viewBox=\"0 0 8 8\" aria-hidden=\"true\"><rect width=\"8\" height=\"8\" class=\"%s\"/></svg> <b>%d</b> %s</li>\n", class(k), count[k], kind_text[k]
	}
	if (known > n)
		printf "<li><b>%d</b> not begun</li>\n", known - n
	printf "<li><b>%d</b> in all</li>\n</ul>\n", (known > n ? known : n)
	bar()
	chart()
	if (count["failed"] + count["again"]) {
		print "<h2>What failed, and the command that goes on</h2>\n<dl>"
		for (i = 1; i <= n; i++)
			if (kind[i] == "failed" || kind[i] == "again")
				printf "<dt><b>%s</b>, %s</dt><dd>%s<pre>%s</pre></dd>\n", esc(name[i]), esc(failed[i]), esc(failure[i]), esc(command(i))
		print "</dl>"
	}
	if (hashes) {
		print "<h2>Passwords</h2>\n<table><tr><th>accounts</th><th>verdict</th><th>scheme</th></tr>"
		for (i = 1; i <= hashes; i++) {
			split(hash_order[i], p, "\t")
			printf "<tr><td class=\"n\">%d</td><td>%s</td><td>%s</td></tr>\n", hash[hash_order[i]], esc(p[1]), esc(p[2])
		}
		print "</table>"
	}
	if (losses) {
		print "<h2>Not carried, or changed on the way</h2>\n<table><tr><th>times</th><th>what</th><th class=\"wide\">such as</th></tr>"
		for (i = 1; i <= losses; i++) {
			k = lost_order[i]
			printf "<tr><td class=\"n\">%d</td><td>%s</td><td class=\"wide\">%s</td></tr>\n", lost[k], esc(k), esc(lost_one[k])
		}
		print "</table>"
	}
	print "<h2>Accounts</h2>\n<p>Steps: " move_steps "; on the way back: " back_steps ".</p>"
	print "<table><tr><th>account</th><th>steps</th><th>now</th><th class=\"wide\">since</th><th class=\"wide\">took</th></tr>"
	for (i = 1; i <= n; i++) {
		address = esc(name[i])
		sub(/@/, "@<wbr>", address)
		printf "<tr><td>%s</td><td class=\"steps\">", address
		for (j = 1; j <= length(marks[i]); j++) {
			c = substr(marks[i], j, 1)
			printf "%s", c == "+" ? "<span class=\"y\">&#10003;</span>" : c == "x" ? "<span class=\"x\">&#10007;</span>" : "&middot;"
		}
		printf "</td><td>%s</td><td class=\"wide\">%s</td><td class=\"wide\">%s</td></tr>\n", kind_text[kind[i]], short(ended[i]), span(took[i])
	}
	print "</table>"
	if ((getline line < zone) > 0) {
		print "<h2>DNS records that the new server wants</h2>\n<pre>"
		do print esc(line); while ((getline line < zone) > 0)
		print "</pre>"
	}
	print "</body>\n</html>"
}

BEGIN {
	move_steps = "record create copy check mail again login after"
	back_steps = "login mail read extract merge dav sieve check"
	kinds = split("moved;back;prepared;under way;again;failed", kind_name, ";")
	kind_text["moved"] = "moved"
	kind_text["back"] = "back on the old server"
	kind_text["prepared"] = "prepared"
	kind_text["under way"] = "under way"
	kind_text["again"] = "to run again"
	kind_text["failed"] = "for a person to look at"
	while ((getline file < journals) > 0)
		journal(file)
	sort_events()
	read_reports()
	read_secrets()
	if (html)
		page()
	else
		tell()
}
