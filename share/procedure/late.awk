# late.awk: sums of what the records of accounts say, to tell later whether they say it
# still. With "only", an address, it prints of its record
#	moved ADDRESS SUM SUM-WITHOUT-PASSWORD MORE
# or "other ADDRESS" where there is none; MORE is what "more" says, or nothing. With
# "was", a file of such lines, it prints the address of each account whose record is
# another by now, then "password" where that is the password alone, else "record", and
# MORE.

# plain LINE: what it says of the account, wherever that was read.
function plain(line) {
	sub(/,"origin":"([^"\\]|\\.)*"/, "", line)
	return line
}
# but_secrets LINE
function but_secrets(line) {
	gsub(/,"(secret|default_scheme|otp)":"([^"\\]|\\.)*"/, "", line)
	return line
}
# sum TEXT: two numbers, so that other texts have others.
function sum(text,    i, a, b, c) {
	a = b = 1
	for (i = 1; i <= length(text); i++) {
		c = code[substr(text, i, 1)]
		a = (a * 31 + c) % 2147483647
		b = (b * 131 + c) % 2147483629
	}
	return sprintf("%d-%d", a, b)
}
BEGIN {
	for (i = 1; i < 256; i++) code[sprintf("%c", i)] = i
	while (was != "" && (getline line <was) > 0) {
		split(line, word, " ")
		if (word[1] != "moved") continue
		all[word[2]] = word[3]
		but[word[2]] = word[4]
		told[word[2]] = word[5]
	}
}
/"type": *"account"/ && match($0, /"address": *"[^"]*"/) {
	address = substr($0, RSTART, RLENGTH)
	gsub(/^.*: *"|"$/, "", address)
	if (address == only) {
		found = "moved " address " " sum(plain($0)) " " sum(but_secrets(plain($0))) " " more
	} else if ((address in all) && sum(plain($0)) != all[address]) {
		what = sum(but_secrets(plain($0))) == but[address] ? "password" : "record"
		print address, what, told[address]
	}
}
END { if (only != "") print found == "" ? "other " only : found }
