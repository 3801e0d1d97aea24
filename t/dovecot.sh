# A running Dovecot 2.3 for a test: its auth service only, over sockets in the
# scratch folder. Read after lib.sh. With dovecot_wanted=2.4 it is one of that release,
# whose start_dovecot is in dovecot24.sh.
# shellcheck shell=sh
. "$top/t/dovecot-root.sh"
use_dovecot "${dovecot_wanted:-2.3}"
# The path of a socket has at most 107 bytes (unix(7)).
[ ${#tmp} -lt 70 ] || skip_all 'the scratch folder has too long a name'

# doveadm quota works as the user, who may not be root.
ids=$(id -u):$(id -g)
[ "$(id -u)" -ne 0 ] || ids=1000:1000
mkdir home
chmod 777 home
# The auth service of a root Dovecot runs as another user.
chmod 755 .

# start_dovecot NAME <SETTINGS: a Dovecot of its own folder; $conf is its
# configuration.
start_dovecot() {
	conf=$tmp/$1/dovecot.conf
	mkdir -p "$1/base" "$1/state"
	chmod 755 "$1" "$1/base" "$1/state"
	cat >"$conf" <<-END
	base_dir = $tmp/$1/base
	state_dir = $tmp/$1/state
	log_path = $tmp/$1/log
	protocols =
	ssl = no
	mail_plugins = quota
	plugin {
	  quota = maildir:User
	}
	auth_mechanisms = plain
	auth_failure_delay = 0
	mail_location = maildir:~/Maildir
	first_valid_uid = 1
	service anvil {
	  unix_listener anvil-auth-penalty {
	    mode = 0
	  }
	}
	END
	if [ "$(id -u)" -ne 0 ]; then
		cat >>"$conf" <<-END
		default_internal_user = $(id -un)
		default_internal_group = $(id -gn)
		default_login_user = $(id -un)
		service anvil {
		  chroot =
		}
		service stats {
		  chroot =
		}
		END
	fi
	cat >>"$conf"
	dovecot -c "$conf" 2>"$1/start.err" || {
		echo 'Bail out! dovecot does not start'
		exit 2
	}
	at_exit="stop_dovecot '$tmp/$1'; $at_exit"
}

# stop_dovecot FOLDER: as doveadm stop does, which looks once a second whether it
# is gone.
stop_dovecot() {
	stop_pid=$(cat "$1/base/master.pid" 2>/dev/null) &&
		kill "$stop_pid" 2>/dev/null || return 0
	stop_tries=0
	while kill -0 "$stop_pid" 2>/dev/null && [ "$stop_tries" -lt 3000 ]; do
		stop_tries=$((stop_tries + 1))
		sleep 0.02
	done
}

# may_login USER [PASSWORD]: Dovecot takes the password, and lets the login in.
may_login() {
	doveadm -c "$conf" auth test -x rip=127.0.0.1 "$1" "${2:-secret}" \
	    >"auth.$1" 2>&1 && ! grep -q '[[:space:]]nologin' "auth.$1"
}

crypt() {
	doveadm pw -s "$1" -p "$2"
}

# member ADDRESS NAME: a member of an account's record, a string, number or
# truth value.
member() {
	sed -n "/\"type\":\"account\",\"address\":\"$1\"/{
	s/.*\"$2\":\"\([^\"]*\)\".*/\1/p
	s/.*\"$2\":\([0-9a-z][0-9a-z]*\).*/\1/p
	}" out
}

# agrees USER PASSWORD: the record of the user says what the server does.
agrees() {
	if may_login "$1" "$2"; then
		[ "$(member "$1" active)" = true ]
		secret=$(member "$1" secret)
		case $secret in
		"{"*) ;;
		*) secret="{$(member "$1" default_scheme)}$secret" ;;
		esac
		[ "$secret" = "{PLAIN}$2" ] || doveadm pw -t "$secret" -p "$2" >/dev/null
	else
		[ "$(member "$1" active)" = false ]
	fi
	doveadm -c "$conf" user "$1" >"user.$1"
	for field in home uid gid; do
		[ "$(sed -n "s/^${field}[[:space:]]//p" "user.$1")" = "$(member "$1" "$field")" ]
	done
	[ "$(sed -n "s,^mail[[:space:]],,p" "user.$1")" = "$(member "$1" mail)" ] ||
	    ! grep -q "^mail[[:space:]]" "user.$1"
	doveadm -c "$conf" -f tab quota get -u "$1" |
	    awk -F "\t" '$2 == "STORAGE" { print $4 }' >want
	bytes=$(member "$1" quota)
	echo "${bytes:+$(((bytes + 1023) / 1024))}" | sed 's/^$/-/' >got
	same want got
}

# everybody <USERS: each line "USER PASSWORD" agrees, and nobody else is there.
everybody() {
	while read -r user password; do
		echo "$user" >&3
		echo "$user"
		agrees "$user" "$password"
	done 3>asked
	sort asked >want
	sed -n 's/.*"type":"account","address":"\([^"]*\)".*/\1/p' out | sort >got
	same want got
}
