# mailferry. GNU make; see README.md. Settings go on the command line or into
# config.mk:
#	PREFIX BINDIR MANDIR SHAREDIR DESTDIR CC CFLAGS LDFLAGS PKG_CONFIG PROVE
#	WERROR=1		warnings are errors
#	SAN=address,undefined	sanitizers (see "make asan")
#	BUILD=dir		where everything generated goes
#	ALL_TOOLS=1		a missing library is an error: no tool is left out
#	V=1			show the commands
-include config.mk
.DEFAULT_GOAL := all

PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
LIBEXECDIR ?= $(PREFIX)/libexec/mailferry
MANDIR ?= $(PREFIX)/share/man
SHAREDIR ?= $(PREFIX)/share/mailferry
COMPDIR ?= $(PREFIX)/share/bash-completion/completions
EXAMPLEDIR ?= $(PREFIX)/share/doc/mailferry/examples
BUILD ?= build
CFLAGS ?= -O2 -g
PKG_CONFIG ?= pkg-config
INSTALL ?= install
PROVE ?= prove
CLANG ?= clang
CLANG_FORMAT ?= clang-format
VERSION := $(shell cat VERSION)
ifndef V
Q = @
say = @printf '  %-5s %s\n' $(1) $@
endif

WARN = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wold-style-definition -Wwrite-strings -Wcast-qual -Wpointer-arith \
	-Wvla -Wundef -Wformat=2 -Wconversion -Wsign-conversion
ifdef WERROR
WARN += -Werror
endif
ifdef SAN
SANFLAGS = -fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer
else
HARDEN = -D_FORTIFY_SOURCE=2
# Not with a sanitizer: its library has a crypt_r of its own, so that libcrypt,
# which that one calls, would seem to be needed by nobody.
AS_NEEDED = ,--as-needed
endif

# A library is named by its pkg-config module, and DEB.module is the Debian
# package that has it. One without a .pc file has a HEADER.module, which is looked
# for, and a LINK.module.
DEB.libidn2 = libidn2-dev
DEB.unistring = libunistring-dev
HEADER.unistring = uninorm.h
LINK.unistring = -lunistring
DEB.libcrypto = libssl-dev
DEB.libcrypt = libcrypt-dev
DEB.libargon2 = libargon2-dev
DEB.jansson = libjansson-dev
DEB.libical = libical-dev
DEB.expat = libexpat1-dev
DEB.libcurl = libcurl4-openssl-dev
DEB.libmicrohttpd = libmicrohttpd-dev
DEB.libpsl = libpsl-dev
DEB.zlib = zlib1g-dev
DEB.sqlite3 = libsqlite3-dev
DEB.libpq = libpq-dev
DEB.libmariadb = libmariadb-dev
DEB.ldap = libldap-dev
DEB.lber = libldap-dev

# LIBS.folder: the libraries whose headers the files of a folder of lib/ include,
# by themselves or through headers of other folders; no others are on their
# command line. Without one of them the folder is not built.
LIBS.core = libcrypto
LIBS.record = libidn2 unistring
LIBS.secret = libcrypto libcrypt libargon2
LIBS.http = libcurl
LIBS.sql = sqlite3
LIBS.source/webmail = jansson
LIBS.mailbox = unistring
LIBS.jmap = jansson
LIBS.dav = expat unistring
LIBS.plan = unistring
LIBS.settings = jansson
LIBS.planfile = jansson
LIBS.apply = jansson libpsl
LIBS.route = jansson
LIBS.archive = sqlite3
LIBS.convert = jansson
LIBS.convert/ical = jansson libical
LIBS.extract = jansson
LIBS.acct = jansson
# What brings a library that few of a tool's users want is a plugin, which the tool
# loads when it is needed (core/plugin.h): the file of lib/, and its libraries.
PLUGINS = pgsql mysql ldap
PLUGIN.pgsql = lib/sql/postgresql.c
PLUGIN.mysql = lib/sql/mysql.c
PLUGIN.ldap = lib/ldap/libldap.c
NEEDS.pgsql = libpq
NEEDS.mysql = libmariadb
NEEDS.ldap = ldap lber
# The stand-ins of tests/standin; nothing that is installed needs these.
TEST_LIBS = libmicrohttpd libpsl zlib jansson libidn2 unistring libcrypto \
	libcrypt libargon2

# A tool is one file in bin/; USES.tool names the folders of lib/ that have
# libraries and that it calls, so that it needs and links no others. A tool
# whose libraries are not all there is left out.
TOOLS := $(basename $(notdir $(wildcard bin/*.c)))
USES.acctcheck = record secret mailbox http jmap acct
USES.archive2maildir = mailbox archive convert convert/ical extract
USES.davmerge = mailbox http dav
USES.dirdump =
USES.dirdump-acl = record mailbox sql
USES.dirdump-dkim = record secret sql
USES.dirdump-dms = record
USES.dirdump-dovecot = record sql
USES.dirdump-iredmail = record secret sql
USES.dirdump-ldap = record secret
USES.dirdump-ldif = record secret
USES.dirdump-mail-in-a-box = record secret sql
USES.dirdump-mailcow = record secret sql
USES.dirdump-mailcow-api = record http
USES.dirdump-passwd-file = record
USES.dirdump-postfix = record sql
USES.dirdump-roundcube = record sql source/webmail
USES.dirdump-shadow = record
USES.dirdump-sogo = record sql source/webmail
USES.dirdump-sql = record secret sql
USES.dirdump-stalwart = record http
USES.maildir-check = mailbox
USES.maildir-ids = mailbox
USES.maildir-merge = mailbox
USES.mailroute = record http jmap route
USES.mkaccounts = record secret plan
USES.recfilter = record
USES.remap = record http
USES.secretcheck = record secret
USES.sievecheck = record sieve
USES.stalwart-apply = record secret plan http jmap settings apply
$(foreach t,$(TOOLS),$(if $(filter undefined,$(origin USES.$(t))),$(error \
	USES.$(t) is missing: name the folders of lib/ whose libraries bin/$(t).c needs)))
# Every tool uses core.
libs = $(sort $(foreach f,core $(1),$(LIBS.$(f))))

# What is there is looked for only when something is built. The tests need
# everything.
NO_BUILD = clean help format dist deb uninstall lint
TEST_GOALS = tests check asan valgrind fuzz bench demo distcheck
GOALS := $(or $(MAKECMDGOALS),all)
FOLDERS := $(patsubst LIBS.%,%,$(filter LIBS.%,$(.VARIABLES)))
ifneq ($(filter-out $(NO_BUILD),$(GOALS)),)
ifeq ($(shell command -v $(PKG_CONFIG)),)
$(error $(PKG_CONFIG) is missing: install the Debian package pkg-config, or run scripts/setup)
endif
MODULES := $(sort $(call libs,$(FOLDERS)) $(foreach p,$(PLUGINS),$(NEEDS.$(p))) \
	$(TEST_LIBS))
has = $(shell $(if $(HEADER.$(1)),$(CC) $(CPPFLAGS) -E -include $(HEADER.$(1)) \
	-x c /dev/null >/dev/null 2>&1,$(PKG_CONFIG) --exists $(1)) && echo y)
MISSING := $(strip $(foreach m,$(MODULES),$(if $(call has,$(m)),,$(m))))
packages = $(sort $(foreach m,$(1),$(DEB.$(m))))
needs = $(filter $(MISSING),$(sort $(call libs,$(USES.$(1))) $(NEEDS.$(1:plugin-%=%))))
LEFT_OUT := $(strip $(foreach t,$(TOOLS) $(PLUGINS:%=plugin-%),\
	$(if $(call needs,$(t)),$(t))))
strict = $(or $(filter $(TEST_GOALS),$(GOALS)),$(and $(ALL_TOOLS),$(LEFT_OUT)))
ifneq ($(and $(MISSING),$(strict)),)
$(error missing: $(MISSING) (Debian: $(call packages,$(MISSING))); scripts/setup \
	installs them)
endif
$(foreach t,$(LEFT_OUT),$(info $(t) is left out: it needs $(call needs,$(t)) \
	(Debian: $(call packages,$(call needs,$(t))))))
$(foreach m,$(filter-out $(MISSING),$(MODULES)),$(if $(HEADER.$(m)),,\
	$(eval CFLAGS.$(m) := $(shell $(PKG_CONFIG) --cflags $(m)))\
	$(eval LINK.$(m) := $(shell $(PKG_CONFIG) --libs $(m)))))
endif
BUILT := $(filter-out $(LEFT_OUT),$(TOOLS))
BUILT_PLUGINS := $(filter-out $(LEFT_OUT),$(PLUGINS:%=plugin-%))
cflags_of = $(foreach m,$(1),$(CFLAGS.$(m)))
link_of = $(foreach m,$(1),$(LINK.$(m)))
# The libraries that the file of an object is compiled with.
libs_of = $(or $(and $(filter bin/%,$(1)),$(call libs,$(USES.$(basename $(notdir $(1)))))),\
	$(and $(filter tests/%,$(1)),$(MODULES)),\
	$(strip $(foreach p,$(PLUGINS),$(if $(filter $(1),$(PLUGIN.$(p))),$(NEEDS.$(p))))),\
	$(LIBS.$(patsubst lib/%/,%,$(dir $(1)))))

TOOL_BINS := $(BUILT:%=$(BUILD)/bin/%)
PLUGIN_BINS := $(BUILT_PLUGINS:%=$(BUILD)/bin/%.so)
STANDINS := $(basename $(notdir $(wildcard tests/standin/standin-*.c)))
STANDIN_BINS := $(STANDINS:%=$(BUILD)/%)
UNITS := $(basename $(notdir $(wildcard tests/unit/*.c)))
UNIT_BINS := $(UNITS:%=$(BUILD)/unit/%.t)
FUZZERS := $(basename $(notdir $(wildcard tests/fuzz/fuzz-*.c)))
REPLAY_BINS := $(FUZZERS:%=$(BUILD)/fuzz/%-replay)
SHIMS := $(patsubst tests/shim/%.c,$(BUILD)/shim/%.so,$(wildcard tests/shim/*.c))
HELPERS := $(patsubst tests/helper/%.c,$(BUILD)/helper/%,$(wildcard tests/helper/*.c))
BENCHES := $(patsubst tests/bench/%.c,$(BUILD)/bench/%,$(wildcard tests/bench/*.c))
MANPAGES := $(filter-out $(LEFT_OUT:%=man/%.1),$(wildcard man/*.[1-8]))
SCRIPTS := $(filter-out scripts/setup scripts/demo scripts/check,$(wildcard scripts/*))

LIB := $(BUILD)/libferry.a
LIB_SRC := $(foreach f,$(filter-out $(foreach p,$(PLUGINS),$(PLUGIN.$(p))),\
	$(wildcard lib/*/*.c lib/*/*/*.c)),$(if $(filter $(MISSING),$(call libs_of,$(f))),,$(f)))
STANDIN_SRC := $(filter-out tests/standin/standin-%.c,$(wildcard tests/standin/*.c))

ALL_CFLAGS = -std=c11 -D_GNU_SOURCE $(HARDEN) $(WARN) -fstack-protector-strong \
	-fPIC -fvisibility=hidden -Ilib -Itests $(CPPFLAGS) $(CFLAGS) $(SANFLAGS)
ALL_LDFLAGS = -pie -Wl,-z,relro,-z,now$(AS_NEEDED) $(LDFLAGS) $(SANFLAGS)
CONSTANTS = -DFERRY_VERSION='"$(VERSION)"' -DFERRY_LIBEXECDIR='"$(LIBEXECDIR)"' \
	-DFERRY_SHAREDIR='"$(SHAREDIR)"'

# What things are made with. Each file changes only when its settings do, and
# what depends on it is then made anew. -Werror makes nothing different.
FLAGS = $(strip $(filter-out -Werror, $(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) $(call cflags_of,$(MODULES)) \
	$(call link_of,$(MODULES))))
SETTINGS := flags constants files
SETTING.flags := $(FLAGS)
SETTING.constants := $(strip $(CONSTANTS))
SETTING.files := $(strip $(LIB_SRC))
quote = '$(subst ','\'',$(1))'
changed = $(if $(findstring =$(2)=,=$(shell cat $(1) 2>/dev/null)=),,$(1))
ifneq ($(filter-out $(NO_BUILD),$(GOALS)),)
.PHONY: $(foreach s,$(SETTINGS),$(call changed,$(BUILD)/$(s),$(SETTING.$(s))))
endif
$(SETTINGS:%=$(BUILD)/%): $(BUILD)/%:
	@mkdir -p $(@D)
	@printf '%s\n' $(call quote,$(SETTING.$*)) >$@

all: $(TOOL_BINS) $(PLUGIN_BINS)

help:
	@echo 'targets: all check asan valgrind lint format fuzz bench demo dist'
	@echo '         distcheck deb install uninstall clean'

$(BUILD)/obj/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(ALL_CFLAGS) $(DEFINES) $(call cflags_of,$(call libs_of,$<)) \
	    -MMD -MP -c -o $@ $<

# A test itself is compiled for speed of compiling: what it tests is compiled as ever.
ifndef SAN
$(UNITS:%=$(BUILD)/obj/tests/unit/%.o): HARDEN =
$(UNITS:%=$(BUILD)/obj/tests/unit/%.o): CFLAGS += -O0 -g1
endif

# The files that know the version, and where things are installed.
WITH_CONSTANTS := $(patsubst %,$(BUILD)/obj/%.o,lib/cli/tool lib/core/place \
	lib/core/plugin $(foreach p,$(PLUGINS),$(basename $(PLUGIN.$(p)))) \
	lib/convert/ical/icalendar tests/unit/fieldmap)
$(WITH_CONSTANTS): $(BUILD)/constants
$(WITH_CONSTANTS): DEFINES = $(CONSTANTS)

$(LIB): $(LIB_SRC:%.c=$(BUILD)/obj/%.o) $(BUILD)/files
	@rm -f $@
	$(call say,AR)
	$(Q)$(AR) rcs $@ $(filter %.o,$^)

# The build's folder looks like an installation, to the tools.
$(BUILD)/share/mailferry: | share
	@mkdir -p $(@D)
	@ln -sfn $(CURDIR)/share $@

$(TOOL_BINS): $(BUILD)/bin/%: $(BUILD)/obj/bin/%.o $(LIB) | $(BUILD)/share/mailferry
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $< $(LIB) \
	    $(call link_of,$(call libs,$(USES.$*))) -lpthread

# Nothing but the plugin's table is seen from outside.
define plugin_rule
$(BUILD)/bin/plugin-$(1).so: $(PLUGIN.$(1):%.c=$(BUILD)/obj/%.o) $(LIB)
	@mkdir -p $$(@D)
	$$(call say,LINK)
	$$(Q)$$(CC) -shared $$(filter-out -pie,$$(ALL_LDFLAGS)) -Wl,--exclude-libs,ALL \
	    -o $$@ $$^ $(call link_of,$(NEEDS.$(1))) -lpthread
endef
$(foreach p,$(BUILT_PLUGINS:plugin-%=%),$(eval $(call plugin_rule,$(p))))

# An archive, so that each stand-in takes what it uses.
STANDIN_LIB := $(BUILD)/libstandin.a
$(STANDIN_LIB): $(STANDIN_SRC:%.c=$(BUILD)/obj/%.o)
	@rm -f $@
	$(call say,AR)
	$(Q)$(AR) rcs $@ $^

$(STANDIN_BINS): $(BUILD)/%: $(BUILD)/obj/tests/standin/%.o $(STANDIN_LIB) $(LIB)
	$(call say,LINK)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(call link_of,$(TEST_LIBS)) -lpthread

$(UNIT_BINS): $(BUILD)/unit/%.t: $(BUILD)/obj/tests/unit/%.o $(LIB)
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $< $(LIB) $(call link_of,$(call libs,$(FOLDERS))) -lpthread

# Each fuzz target is built with a plain main that replays files, so that it
# cannot rot; "make fuzz" builds it with libFuzzer.
$(REPLAY_BINS): $(BUILD)/fuzz/%-replay: $(BUILD)/obj/tests/fuzz/%.o \
	$(BUILD)/obj/tests/fuzz/replay.o $(LIB)
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(call link_of,$(call libs,$(FOLDERS))) -lpthread

$(BUILD)/shim/%.so: tests/shim/%.c tests/shim/count.h $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,SHIM)
	$(Q)$(CC) -std=c11 -D_GNU_SOURCE $(WARN) $(CFLAGS) -shared -fPIC -o $@ $< -ldl

$(HELPERS): $(BUILD)/helper/%: $(BUILD)/obj/tests/helper/%.o $(LIB)
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $< $(LIB) $(call link_of,$(call libs,$(FOLDERS))) -lpthread

$(BENCHES): $(BUILD)/bench/%: $(BUILD)/obj/tests/bench/%.o $(LIB)
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $< $(LIB) $(call link_of,$(call libs,$(FOLDERS))) -lpthread

tests: all $(STANDIN_BINS) $(UNIT_BINS) $(REPLAY_BINS) $(SHIMS) $(HELPERS)

# T: which tests, e.g. make check T=t/20-*.t
# LATER: which to leave out, by their names in t, if T does not say.
# JOBS: how many at a time. They wait for servers more often than they compute.
# PROVEFLAGS: of prove(1); --timer says how long each took.
LATER ?=
JOBS ?= $(shell expr $$(nproc) \* 3)
# Those that take longest begin first: nothing is left to wait for at the end.
LONGEST = 34-dovecot-chain 82-through-doveadm24 73-wave 82-maildir-dovecot24 \
	82-through-doveadm 82-maildir-two-ways 82-maildir-dovecot 91-examples \
	93-signals 38-postfix-queries 73-steps-killed 73-configuration \
	72-migrate-given 81-maildir-crash 39-acl24 39-acl 37-ldap-columns \
	38-postfix-words 36-fieldmap-mariadb 72-migrate-record \
	39-collect-lists 38-postfix-patterns 89-davmerge 36-fieldmap-columns \
	73-two-hosts 72-ledger-faults 72-migrate-killed 86-archive-property \
	72-migrate-faults 73-rollback-faults 72-ledger 34-dovecot24 \
	82-maildir-places
FIRST = $(wildcard $(LONGEST:%=t/%.t))
T ?= $(filter-out $(LATER:%=t/%.t),$(FIRST) $(filter-out $(FIRST),$(wildcard t/*.t))) \
	$(UNIT_BINS)
# Seconds after which a test that hangs is ended, and has failed.
TESTTIME ?= 1200
check: tests
	@BUILD=$(BUILD) MAILFERRY_LIBEXEC=$(abspath $(BUILD))/bin \
	    $(PROVE) -e 'timeout -k 10 $(TESTTIME)' -j$(JOBS) $(PROVEFLAGS) $(T)

asan:
	ASAN_OPTIONS=exitcode=99:detect_leaks=1 \
	UBSAN_OPTIONS=halt_on_error=1:exitcode=99:print_stacktrace=1 \
	$(MAKE) BUILD=build/asan CFLAGS='-O1 -g1' SAN=address,undefined check

valgrind: tests
	for u in $(UNIT_BINS); do valgrind -q --leak-check=full \
	    --error-exitcode=99 $$u >/dev/null || exit 1; done

# FUZZTIME seconds for each target; new inputs go to build/fuzz/corpus.
FUZZTIME ?= 60
fuzz:
	CLANG=$(CLANG) tests/fuzz/run $(FUZZTIME) $(FUZZERS)
FUZZ_BINS := $(FUZZERS:%=$(BUILD)/bin/%)
fuzz-objects: $(FUZZ_BINS)
$(FUZZ_BINS): $(BUILD)/bin/%: $(BUILD)/obj/tests/fuzz/%.o $(LIB)
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)$(CC) $(ALL_LDFLAGS) -fsanitize=fuzzer -o $@ $^ \
	    $(call link_of,$(call libs,$(FOLDERS))) -lpthread

lint:
	CLANG_FORMAT=$(CLANG_FORMAT) tests/lint

format:
	$(CLANG_FORMAT) -i $$(git ls-files -co --exclude-standard '*.[ch]')

bench: all $(BENCHES) $(STANDIN_BINS)
	BUILD=$(BUILD) tests/bench/run

demo: all $(STANDIN_BINS)
	BUILD=$(BUILD) tests/demo

# What a user calls goes to BINDIR; dirdump finds its sources in LIBEXECDIR.
USER_TOOLS := $(filter-out dirdump-%,$(TOOLS))
SOURCES := $(filter dirdump-%,$(TOOLS))
built = $(filter $(BUILT),$(1))
page_dirs = $(sort $(foreach m,$(1),$(MANDIR)/man$(patsubst .%,%,$(suffix $(m)))))
install: all
	$(INSTALL) -d $(addprefix $(DESTDIR),$(BINDIR) $(LIBEXECDIR) $(COMPDIR) \
	    $(SHAREDIR)/fieldmap $(SHAREDIR)/procedure $(call page_dirs,$(MANPAGES)))
	$(INSTALL) $(addprefix $(BUILD)/bin/,$(call built,$(USER_TOOLS))) $(SCRIPTS) \
	    $(DESTDIR)$(BINDIR)
	$(if $(call built,$(SOURCES)),$(INSTALL) \
	    $(addprefix $(BUILD)/bin/,$(call built,$(SOURCES))) $(DESTDIR)$(LIBEXECDIR))
	$(if $(PLUGIN_BINS),$(INSTALL) -m 644 $(PLUGIN_BINS) $(DESTDIR)$(LIBEXECDIR))
	for m in $(MANPAGES); do $(INSTALL) -m 644 $$m \
	    $(DESTDIR)$(MANDIR)/man$${m##*.}/ || exit 1; done
	$(INSTALL) -m 644 share/completion/mailferry $(DESTDIR)$(COMPDIR)/mailferry
	$(INSTALL) -m 644 share/fieldmap/* $(DESTDIR)$(SHAREDIR)/fieldmap
	$(INSTALL) -m 644 share/procedure/* $(DESTDIR)$(SHAREDIR)/procedure
	$(INSTALL) -d $(DESTDIR)$(EXAMPLEDIR)
	$(INSTALL) -m 644 share/examples/* $(DESTDIR)$(EXAMPLEDIR)
	for t in $(call built,$(USER_TOOLS)); do \
	    ln -sf mailferry $(DESTDIR)$(COMPDIR)/$$t || exit 1; done

# All that "make install" can have put there, whatever libraries there were.
PAGES := $(wildcard man/*.[1-8])
uninstall:
	rm -f $(addprefix $(DESTDIR)$(BINDIR)/,$(notdir $(USER_TOOLS) $(SCRIPTS))) \
	    $(addprefix $(DESTDIR)$(COMPDIR)/,mailferry $(USER_TOOLS)) \
	    $(addprefix $(DESTDIR)$(LIBEXECDIR)/,$(SOURCES) $(PLUGINS:%=plugin-%.so)) \
	    $(foreach m,$(PAGES),$(DESTDIR)$(call page_dirs,$(m))/$(notdir $(m))) \
	    $(addprefix $(DESTDIR)$(SHAREDIR)/fieldmap/,$(notdir $(wildcard share/fieldmap/*))) \
	    $(addprefix $(DESTDIR)$(SHAREDIR)/procedure/,$(notdir $(wildcard share/procedure/*))) \
	    $(addprefix $(DESTDIR)$(EXAMPLEDIR)/,$(notdir $(wildcard share/examples/*)))
	for d in $(LIBEXECDIR) $(SHAREDIR)/fieldmap $(SHAREDIR)/procedure $(SHAREDIR) $(EXAMPLEDIR); do \
	    ! [ -d $(DESTDIR)$$d ] || rmdir --ignore-fail-on-non-empty $(DESTDIR)$$d; done

DIST = mailferry-$(VERSION)
dist:
	@mkdir -p $(BUILD)
	git archive --prefix=$(DIST)/ HEAD | gzip -9n >$(BUILD)/$(DIST).tar.gz

# Builds and tests the unpacked tarball, and installs it into a folder.
distcheck: dist
	rm -rf $(BUILD)/distcheck && mkdir -p $(BUILD)/distcheck
	tar -xzf $(BUILD)/$(DIST).tar.gz -C $(BUILD)/distcheck
	cd $(BUILD)/distcheck/$(DIST) && $(MAKE) BUILD=build check && \
	    $(MAKE) BUILD=build DESTDIR="$$PWD/root" install && \
	    $(MAKE) BUILD=build DESTDIR="$$PWD/root" uninstall && \
	    test -z "$$(find root ! -type d)"

# Packages for the Debian that this is, from the tarball: build/deb/*.deb.
deb: dist
	rm -rf $(BUILD)/deb && mkdir -p $(BUILD)/deb
	tar -xzf $(BUILD)/$(DIST).tar.gz -C $(BUILD)/deb
	cd $(BUILD)/deb/$(DIST) && env -u MAKEFLAGS -u MAKELEVEL -u BUILD \
	    dpkg-buildpackage -us -uc -b
	lintian --fail-on error,warning $(BUILD)/deb/*.changes

clean:
	rm -rf $(BUILD)

.PHONY: all help tests check asan valgrind fuzz fuzz-objects lint format bench demo install \
	uninstall dist distcheck deb clean
.DELETE_ON_ERROR:
.SECONDARY:
-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)
