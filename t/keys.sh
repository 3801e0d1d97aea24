# Private keys in the forms in which they could be in an output.
# shellcheck shell=sh

# key_forms PEM...: pieces of the base64 of each as PKCS#8 and, of RSA, as PKCS#1,
# and of the bytes as hexadecimal digits, one a line.
key_forms() {
	for key_file; do
		for key_as in "pkcs8 -topk8 -nocrypt" "rsa -traditional"; do
			# shellcheck disable=SC2086 # words
			openssl $key_as -in "$key_file" -outform DER -out key.der 2>/dev/null || continue
			{
				base64 -w 0 key.der
				echo
			} | fold -w 32 | awk 'length == 32'
			od -An -v -tx1 key.der | tr -d ' \n' | fold -w 48 | awk 'length == 48'
		done
	done
}
# flat FILE...: without what ends the lines of a key, also as JSON has it.
flat() {
	cat -- "$@" | sed 's/\\[nr]//g' | tr -d '\r\n\t "'
}
# keyless FORMS FILE...: no piece is in any of them; keyed FORMS FILE: it would be
# found where it is.
keyless() {
	key_list=$1
	shift
	for key_out; do
		flat "$key_out" >flat.text
		if grep -qiF -f "$key_list" flat.text; then
			echo "a key is in $key_out"
			return 1
		fi
	done
}
keyed() {
	flat "$2" >flat.text
	grep -qF -f "$1" flat.text
}
