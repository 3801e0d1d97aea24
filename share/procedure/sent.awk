# Of a settings file (mkaccounts --settings): the sum, as cksum says it, and the name of
# each script, without its line ends at the end and without the CR of others.

function unquoted(s,    out, at, c) {
	out = ""
	while ((at = index(s, "\\")) > 0) {
		out = out substr(s, 1, at - 1)
		c = substr(s, at + 1, 1)
		s = substr(s, at + 2)
		if (c == "u") {
			out = out sprintf("%c", hex(substr(s, 3, 2)))
			s = substr(s, 5)
		} else
			out = out ((c in escape) ? escape[c] : c)
	}
	return out s
}
function hex(two) {
	return 16 * digit(substr(two, 1, 1)) + digit(substr(two, 2, 1))
}
function digit(c) {
	return index("0123456789abcdef", tolower(c)) - 1
}

BEGIN {
	escape["n"] = "\n"
	escape["t"] = "\t"
	escape["r"] = escape["b"] = escape["f"] = ""
	string = "\"([^\"\\\\]|\\\\.)*\""
	script = "[{]\"name\":" string ",(\"active\":(true|false),)?\"text\":" string
}
(at = index($0, "\"scripts\":[")) > 0 {
	rest = substr($0, at + 11)
	while (match(rest, "^,?" script)) {
		one = substr(rest, 1, RLENGTH)
		rest = substr(rest, RLENGTH + 1)
		sub(/^[^}]*[}]/, "", rest)
		sub(/^,?[{]"name":"/, "", one)
		match(one, /^([^"\\]|\\.)*"/)
		name = unquoted(substr(one, 1, RLENGTH - 1))
		sub(/^([^"\\]|\\.)*",/, "", one)
		sub(/^"active":[a-z]*,/, "", one)
		text = unquoted(substr(one, 9, length(one) - 9))
		gsub(/\r/, "", text)
		sub(/\n+$/, "", text)
		printf "%s", text | "cksum | tr \"\\n\" \" \""
		close("cksum | tr \"\\n\" \" \"")
		print name
		fflush()
	}
}
