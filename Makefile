# mailferry. GNU make; see README.md. Settings go on the command line or into
# config.mk:
#	PREFIX BINDIR MANDIR SHAREDIR DESTDIR CC CFLAGS LDFLAGS PKG_CONFIG PROVE
#	WERROR=1		warnings are errors
#	SAN=address,undefined	sanitizers (see "make asan")
#	BUILD=dir		where everything generated goes
#	V=1			show the commands
-include config.mk

PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
LIBEXECDIR ?= $(PREFIX)/libexec/mailferry
MANDIR ?= $(PREFIX)/share/man
SHAREDIR ?= $(PREFIX)/share/mailferry
COMPDIR ?= $(PREFIX)/share/bash-completion/completions
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
endif

# A library is named by its pkg-config module; DEB.module is the Debian package
# that has it. LIBS.folder: what a folder of lib/ is compiled and linked with.
DEB.libidn2 = libidn2-dev
DEB.libcrypto = libssl-dev
DEB.libcrypt = libcrypt-dev
DEB.libargon2 = libargon2-dev
DEB.jansson = libjansson-dev
DEB.libical = libical-dev
DEB.expat = libexpat1-dev
DEB.libcurl = libcurl4-openssl-dev
DEB.libmicrohttpd = libmicrohttpd-dev
DEB.libpsl = libpsl-dev
DEB.sqlite3 = libsqlite3-dev
DEB.libpq = libpq-dev
DEB.libmariadb = libmariadb-dev
DEB.ldap = libldap-dev
DEB.lber = libldap-dev
LIBS.record = libidn2
LIBS.secret = libcrypto libcrypt libargon2
LIBS.maildir = libcrypto
LIBS.jmap = jansson
LIBS.archive = jansson libical sqlite3
LIBS.extract = libcrypto
LIBS.dav = expat
LIBS.http = libcurl
# No folders: the drivers of lib/source/sql.h, and lib/source/ldap.c. The rest of
# source/ needs none of these.
LIBS.sql = libpq libmariadb sqlite3
LIBS.ldap = ldap lber
LIBS.standin = libmicrohttpd jansson libpsl libidn2 libcrypto libcrypt libargon2
# libunistring has no .pc file.
LDLIBS.record = -lunistring
LDLIBS.maildir = -lunistring
LDLIBS.standin = -lunistring -lz

# A tool is one file in bin/; USES.tool names the folders of lib/ that need
# libraries and that it calls, so that it links no others.
TOOLS := $(basename $(notdir $(wildcard bin/*.c)))
USES.secretcheck = record secret
USES.maildir-merge = maildir
USES.maildir-check = maildir
USES.maildir-ids = maildir
USES.mkaccounts = record secret
USES.stalwart-apply = record secret http jmap
USES.davmerge = http dav
USES.archive2maildir = maildir archive extract
USES.remap = record http
USES.acctcheck = record secret maildir http jmap
USES.dirdump-passwd-file = record
USES.dirdump-shadow = record
USES.dirdump-dms = record
USES.dirdump-postfix = record sql ldap
USES.dirdump-stalwart = record http
USES.dirdump-mailcow-api = record http
USES.dirdump-dovecot = record sql ldap
USES.dirdump-sql = record secret sql
USES.dirdump-mailcow = record secret sql
USES.dirdump-mail-in-a-box = record secret sql
USES.dirdump-iredmail = record secret sql
USES.dirdump-ldap = record secret ldap
USES.dirdump-ldif = record secret

TOOL_BINS := $(TOOLS:%=$(BUILD)/bin/%)
STANDINS := $(basename $(notdir $(wildcard tests/standin/standin-*.c)))
STANDIN_BINS := $(STANDINS:%=$(BUILD)/%)
UNITS := $(basename $(notdir $(wildcard tests/unit/*.c)))
UNIT_BINS := $(UNITS:%=$(BUILD)/unit/%.t)
FUZZERS := $(basename $(notdir $(wildcard tests/fuzz/fuzz-*.c)))
REPLAY_BINS := $(FUZZERS:%=$(BUILD)/fuzz/%-replay)
SHIMS := $(patsubst tests/shim/%.c,$(BUILD)/shim/%.so,$(wildcard tests/shim/*.c))
HELPERS := $(patsubst tests/helper/%.c,$(BUILD)/helper/%,$(wildcard tests/helper/*.c))
BENCHES := $(patsubst tests/bench/%.c,$(BUILD)/bench/%,$(wildcard tests/bench/*.c))
MANPAGES := $(wildcard man/*.[1-8])
SCRIPTS := $(filter-out scripts/setup scripts/demo scripts/check,$(wildcard scripts/*))

LIB := $(BUILD)/libferry.a
LIB_SRC := $(wildcard lib/*/*.c)
STANDIN_SRC := $(filter-out tests/standin/standin-%.c,$(wildcard tests/standin/*.c))

# No library is asked for when nothing is built.
ifneq ($(filter-out clean help format install-scripts,$(or $(MAKECMDGOALS),all)),)
need = $(foreach m,$(1),$(if $(shell $(PKG_CONFIG) --exists $(m) && echo y),,\
	$(error $(m) is missing: install the Debian package $(DEB.$(m)), or run scripts/setup)))
ALL_MODULES := $(sort $(foreach v,$(filter LIBS.%,$(.VARIABLES)),$($(v))))
ifeq ($(shell command -v $(PKG_CONFIG)),)
$(error $(PKG_CONFIG) is missing: install the Debian package pkg-config, or run scripts/setup)
endif
$(call need,$(ALL_MODULES))
PC_CFLAGS := $(shell $(PKG_CONFIG) --cflags $(ALL_MODULES))
endif
libs_of = $(if $(LIBS.$(1)),$(shell $(PKG_CONFIG) --libs $(LIBS.$(1)))) $(LDLIBS.$(1))
link_libs = $(foreach f,$(1),$(call libs_of,$(f)))
ALL_USES := $(patsubst LIBS.%,%,$(filter-out LIBS.standin,$(filter LIBS.%,$(.VARIABLES))))

ALL_CFLAGS = -std=c11 -D_GNU_SOURCE $(HARDEN) -DFERRY_VERSION='"$(VERSION)"' \
	-DFERRY_LIBEXECDIR='"$(LIBEXECDIR)"' -DFERRY_SHAREDIR='"$(SHAREDIR)"' \
	$(WARN) -fstack-protector-strong -fPIE -Ilib -Itests $(PC_CFLAGS) \
	$(CPPFLAGS) $(CFLAGS) $(SANFLAGS)
ALL_LDFLAGS = -pie -Wl,-z,relro,-z,now $(LDFLAGS) $(SANFLAGS)

all: $(TOOL_BINS)

help:
	@echo 'targets: all check asan valgrind lint format fuzz bench demo dist'
	@echo '         distcheck install uninstall clean'

$(BUILD)/obj/%.o: %.c Makefile VERSION
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(LIB): $(LIB_SRC:%.c=$(BUILD)/obj/%.o)
	@rm -f $@
	$(call say,AR)
	$(Q)$(AR) rcs $@ $^

$(TOOL_BINS): $(BUILD)/bin/%: $(BUILD)/obj/bin/%.o $(LIB)
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $< $(LIB) $(call link_libs,$(USES.$*)) -lpthread

# An archive, so that each stand-in takes what it uses.
STANDIN_LIB := $(BUILD)/libstandin.a
$(STANDIN_LIB): $(STANDIN_SRC:%.c=$(BUILD)/obj/%.o)
	@rm -f $@
	$(call say,AR)
	$(Q)$(AR) rcs $@ $^

$(STANDIN_BINS): $(BUILD)/%: $(BUILD)/obj/tests/standin/%.o $(STANDIN_LIB) $(LIB)
	$(call say,LINK)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(call libs_of,standin) -lpthread

$(UNIT_BINS): $(BUILD)/unit/%.t: $(BUILD)/obj/tests/unit/%.o $(LIB)
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $< $(LIB) $(call link_libs,$(ALL_USES)) -lpthread

# Each fuzz target is built with a plain main that replays files, so that it
# cannot rot; "make fuzz" builds it with libFuzzer.
$(REPLAY_BINS): $(BUILD)/fuzz/%-replay: $(BUILD)/obj/tests/fuzz/%.o \
	$(BUILD)/obj/tests/fuzz/replay.o $(LIB)
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(call link_libs,$(ALL_USES)) -lpthread

$(BUILD)/shim/%.so: tests/shim/%.c Makefile
	@mkdir -p $(@D)
	$(call say,SHIM)
	$(Q)$(CC) -std=c11 -D_GNU_SOURCE $(WARN) $(CFLAGS) -shared -fPIC -o $@ $< -ldl

$(HELPERS): $(BUILD)/helper/%: $(BUILD)/obj/tests/helper/%.o $(LIB)
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $< $(LIB) $(call link_libs,$(ALL_USES)) -lpthread

$(BENCHES): $(BUILD)/bench/%: $(BUILD)/obj/tests/bench/%.o $(LIB)
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $< $(LIB) $(call link_libs,$(ALL_USES)) -lpthread

tests: all $(STANDIN_BINS) $(UNIT_BINS) $(REPLAY_BINS) $(SHIMS) $(HELPERS)

# T: which tests, e.g. make check T=t/20-*.t
T ?= $(wildcard t/*.t) $(UNIT_BINS)
check: tests
	@BUILD=$(BUILD) $(PROVE) -e '' -j2 $(PROVEFLAGS) $(T)

asan:
	ASAN_OPTIONS=exitcode=99:detect_leaks=1 \
	UBSAN_OPTIONS=halt_on_error=1:exitcode=99:print_stacktrace=1 \
	$(MAKE) BUILD=build/asan CFLAGS='-O1 -g' SAN=address,undefined check

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
	    $(call link_libs,$(ALL_USES)) -lpthread

lint:
	CLANG_FORMAT=$(CLANG_FORMAT) tests/lint

format:
	$(CLANG_FORMAT) -i $$(git ls-files -co --exclude-standard '*.[ch]')

bench: all $(BENCHES) $(STANDIN_BINS)
	BUILD=$(BUILD) tests/bench/run

demo: all $(STANDIN_BINS)
	BUILD=$(BUILD) tests/demo

# What a user calls goes to BINDIR; dirdump finds its sources in LIBEXECDIR.
USER_BINS := $(filter-out $(BUILD)/bin/dirdump-%,$(TOOL_BINS))
SOURCE_BINS := $(filter $(BUILD)/bin/dirdump-%,$(TOOL_BINS))
install: all
	$(INSTALL) -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(LIBEXECDIR) \
	    $(DESTDIR)$(COMPDIR) $(DESTDIR)$(SHAREDIR)/fieldmap $(sort $(foreach m,$(MANPAGES),\
	    $(DESTDIR)$(MANDIR)/man$(patsubst .%,%,$(suffix $(m)))))
	$(INSTALL) $(USER_BINS) $(SCRIPTS) $(DESTDIR)$(BINDIR)
	$(INSTALL) $(SOURCE_BINS) $(DESTDIR)$(LIBEXECDIR)
	for m in $(MANPAGES); do $(INSTALL) -m 644 $$m \
	    $(DESTDIR)$(MANDIR)/man$${m##*.}/ || exit 1; done
	$(INSTALL) -m 644 share/completion/mailferry $(DESTDIR)$(COMPDIR)/mailferry
	$(INSTALL) -m 644 share/fieldmap/* $(DESTDIR)$(SHAREDIR)/fieldmap
	for t in $(notdir $(USER_BINS)); do \
	    ln -sf mailferry $(DESTDIR)$(COMPDIR)/$$t || exit 1; done

uninstall:
	rm -f $(foreach t,$(notdir $(USER_BINS) $(SCRIPTS)),$(DESTDIR)$(BINDIR)/$(t) \
	    $(DESTDIR)$(COMPDIR)/$(t)) $(DESTDIR)$(COMPDIR)/mailferry
	rm -f $(foreach t,$(notdir $(SOURCE_BINS)),$(DESTDIR)$(LIBEXECDIR)/$(t))
	rm -f $(foreach m,$(MANPAGES),\
	    $(DESTDIR)$(MANDIR)/man$(patsubst .%,%,$(suffix $(m)))/$(notdir $(m)))
	rm -f $(foreach f,$(notdir $(wildcard share/fieldmap/*)),\
	    $(DESTDIR)$(SHAREDIR)/fieldmap/$(f))
	-rmdir $(DESTDIR)$(LIBEXECDIR) $(DESTDIR)$(SHAREDIR)/fieldmap \
	    $(DESTDIR)$(SHAREDIR)

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

clean:
	rm -rf $(BUILD)

.PHONY: all help tests check asan valgrind fuzz fuzz-objects lint format bench demo install \
	uninstall dist distcheck clean
.DELETE_ON_ERROR:
.SECONDARY:
-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)
