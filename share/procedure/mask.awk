# mask.awk: text with "***" in place of secrets. NEEDLES in the environment has a line
# for each: "text SECRET", or "base64 PART", of which the whole word is covered. What is
# shorter than eight bytes is covered where it stands as a word, and below three bytes
# never, as in our own programs.

function cover(s, needle, coded,    out, at, before, after, word) {
	word = length(needle) < 8
	while ((at = index(s, needle)) > 0) {
		before = substr(s, 1, at - 1)
		after = substr(s, at + length(needle))
		if (!coded && word && (before ~ /[A-Za-z0-9]$/ || after ~ /^[A-Za-z0-9]/)) {
			out = out before substr(needle, 1, 1)
			s = substr(needle, 2) after
			continue
		}
		if (coded) {
			sub(/[A-Za-z0-9+\/_-]+$/, "", before)
			sub(/^[A-Za-z0-9+\/_-]*=*/, "", after)
		}
		out = out before "***"
		s = after
	}
	return out s
}

BEGIN {
	n = split(ENVIRON["NEEDLES"], needles, "\n")
	for (i = 1; i <= n; i++) {
		coded[i] = needles[i] ~ /^base64 /
		sub(/^[a-z0-9]* /, "", needles[i])
	}
}
{
	for (i = 1; i <= n; i++)
		if (length(needles[i]) >= (coded[i] ? 6 : 3))
			$0 = cover($0, needles[i], coded[i])
	print
}
