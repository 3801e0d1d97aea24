# A Dovecot 2.4 as the old server of a test: what acctcheck.sh has for 2.3. Read after
# procedure.sh, which has been told dovecot_wanted=2.4.
# shellcheck shell=sh

# serve_imap NAME [SETTINGS...]: a Dovecot whose users are in NAME.users, and its fields
# of the userdb with them in NAME.db; whose master users are in masters. Sets $imap,
# $sieve, its URLs, and $conf. Mail is below homes/NAME.
serve_imap() {
	imap_name=$1
	shift
	mkdir -p "homes/$imap_name" "$imap_name/base" "$imap_name/state"
	chmod 755 homes "$imap_name" "$imap_name/base" "$imap_name/state"
	# shellcheck disable=SC2046 # two words
	set -- $(free_ports) "$@"
	imap=imap://127.0.0.1:$1 sieve=sieve://127.0.0.1:$2
	[ -e "$imap_name.db" ] || sed 's/$/::::::/' "$imap_name.users" >"$imap_name.db"
	chmod 644 "$imap_name.db" masters
	conf=$tmp/$imap_name/dovecot.conf
	{
		cat <<-END
		dovecot_config_version = 2.4.1
		dovecot_storage_version = 2.4.1
		base_dir = $tmp/$imap_name/base
		state_dir = $tmp/$imap_name/state
		log_path = $tmp/$imap_name/log
		protocols = imap sieve
		ssl = no
		auth_allow_cleartext = yes
		auth_mechanisms = plain
		auth_failure_delay = 0
		auth_master_user_separator = *
		first_valid_uid = 1
		mail_driver = maildir
		mail_path = ~/Maildir
		namespace inbox {
		  inbox = yes
		  separator = .
		}
		passdb masters {
		  driver = passwd-file
		  passwd_file_path = $tmp/masters
		  master = yes
		  result_success = continue
		}
		passdb users {
		  driver = passwd-file
		  passwd_file_path = $tmp/$imap_name.db
		}
		userdb users {
		  driver = passwd-file
		  passwd_file_path = $tmp/$imap_name.db
		  fields {
		    uid:default = ${ids%:*}
		    gid:default = ${ids#*:}
		    home:default = $tmp/homes/$imap_name/%{user}
		  }
		}
		sieve_script personal {
		  type = personal
		  driver = file
		  path = ~/sieve
		  active_path = ~/.dovecot.sieve
		}
		service anvil {
		  unix_listener anvil-auth-penalty {
		    mode = 0
		  }
		}
		service imap-login {
		  chroot =
		  inet_listener imap {
		    listen = 127.0.0.1
		    port = $1
		  }
		  inet_listener imaps {
		    port = 0
		  }
		}
		service managesieve-login {
		  chroot =
		  inet_listener sieve {
		    listen = 127.0.0.1
		    port = $2
		  }
		}
		END
		shift 2
		[ $# -eq 0 ] || printf '%s\n' "$@"
	} >"$conf"
	dovecot -c "$conf" 2>"$imap_name/start.err" || {
		echo 'Bail out! dovecot does not start'
		cat "$imap_name/start.err"
		exit 2
	}
	at_exit="doveadm -c '$conf' stop 2>/dev/null; $at_exit"
}
