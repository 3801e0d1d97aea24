# Where login and mail of an account go, as the proxy and the new server say it. Read by
# common.sh.
# shellcheck shell=sh disable=SC2034,SC2154,SC2317 # set here, used there

# ask_login: login_is is where the proxy sends the login of the account, the name of a
# destination, and empty where there is no proxy.
ask_login() {
	login_is=''
	[ -n "${PROXY_ADMIN_URL:-}" ] || return 0
	# shellcheck disable=SC2086 # words
	run -o "$dir/remap" remap get --token-file "$PROXY_TOKEN_FILE" ${CACERT:+--cacert "$CACERT"} \
	    ${INSECURE:+-k} ${REMAP_OPTIONS:-} "$address" || return
	login_is=$(sed -n 's/.*"destination":"\([^"]*\)".*/\1/p' "$dir/remap")
}
# where_is: that, and mail_is, where its mail goes: new, old, partly or unknown, as
# mailroute says it. where_text is both in words.
where_is() {
	ask_login || return
	$wave && grep -sF -e "\"address\":\"$address\"" -- "$STATE/wave.mail" >"$dir/mailroute.get" ||
	    ask_keys || return
	mail_is=$(keys_say)
	where_text="${login_is:+the proxy sends the login to \"$login_is\", and }new mail goes "
	case $mail_is in
	new | old) where_text="${where_text}to the $mail_is server" ;;
	partly) where_text="${where_text}to the new server for some of the addresses only (mailroute get $address)" ;;
	*) where_text="$where_text where nobody can say (mailroute check)" ;;
	esac
}

# ask_keys: what mailroute says of the keys of the account; keys_say has a word of it.
ask_keys() {
	known_keys
	# shellcheck disable=SC2086 # words
	run -o "$dir/mailroute.get" mailroute --password-file "$NEW_PASSWORD_FILE" \
	    ${CACERT:+--cacert "$CACERT"} ${INSECURE:+-k} ${own_keys:+--keys "$own_keys"} \
	    ${MAILROUTE_OPTIONS:-} get "$address"
}
keys_say() {
	sed -n 's/.*"mail":"\([^"]*\)".*/\1/p' "$dir/mailroute.get"
}
