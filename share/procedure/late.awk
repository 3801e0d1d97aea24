# late.awk: reads the records of accounts as they are now, and prints those that have
# moved, as their journals in STATE say, and whose record was another when they did:
# the address, and whether it is the password alone.

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
# last: the last line of the file that has the text and is of the type.
function last(file, text, type,    line, found) {
	while ((getline line <file) > 0)
		if (index(line, text) && line ~ "\"type\": *\"" type "\"") found = line
	close(file)
	return found
}
/"type": *"account"/ && match($0, /"address": *"[^"]*"/) {
	named = substr($0, RSTART, RLENGTH)
	address = named
	gsub(/^.*: *"|"$/, "", address)
	folder = ENVIRON["STATE"] "/" address "/"
	if (last(folder "steps.ndjson", "", "(begin|step)") !~ /"type":"step","way":"migrate","step":"after".*"status":0,/)
		next
	was = plain(last(folder "record.ndjson", named, "account"))
	if (was != plain($0))
		print address, (but_secrets(was) == but_secrets(plain($0)) ? "password" : "record")
}
