# others.awk: of a verification record (acctcheck(1)) the prefixes of folders that are
# not the owner's, each as a regular expression, on a line.
function member(line, name,    at) {
	at = index(line, name)
	return at == 0 ? "" : substr(line, at + length(name))
}
{
	rest = member(member($0, "\"source\":{"), "\"foreign\":[")
	for (; substr(rest, 1, 1) == "\""; rest = substr(rest, substr(rest, 2, 1) == "," ? 3 : 2)) {
		text = ""
		for (i = 2; (c = substr(rest, i, 1)) != "\"" && c != ""; i++) {
			if (c == "\\")
				c = substr(rest, ++i, 1)
			text = text (c ~ /[].\\+*?()|[{}^$]/ ? "\\" c : c)
		}
		print "^" text
		rest = substr(rest, i)
	}
}
