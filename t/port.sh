# A port of this machine for a server that takes none of the system's choice.
# shellcheck shell=sh

# One that was free a moment ago; whoever starts a server tries again.
free_port() {
	perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(Listen => 1,
		LocalAddr => "127.0.0.1")->sockport'
}
