# User mode: the SDK (picolibc, our C library, headers, specs), programs built with it, and the boot archive.

SDK     := $(B)/sdk
SYSROOT := $(SDK)/sysroot
SPECS   := $(SDK)/tabula.specs

# Where a program begins is its own business in the file, but each has a base of its own, so that a debugger can
# hold the symbols of all of them. Programs from outside get the default of user/libc/program.ld. Bases are multiples of
# 2 MiB, so that a small program, with its stack and the first of its heap, needs one page table.
# The tree's own specs file has relative paths: what is built with it is as good in a tree that was moved or copied.
USER_CC     := $(CC) --specs=$(SDK)/tree.specs
USER_CFLAGS := -std=gnu17 -O2 -g -ffunction-sections -fdata-sections $(WARNINGS)

# NAME.c or NAME/*.c and NAME/*.S, in each of user/bin, user/servers, tests/user and tests/bench.
# Objects lie apart, in build/obj, because build/user/bin/NAME is the program.
USER_DIRS     := $(patsubst %/,%,$(sort $(dir $(wildcard user/bin/*/*.c user/servers/*/*.c tests/user/*/*.c tests/bench/*/*.c))))
USER_FILES    := $(wildcard user/bin/*.c tests/user/*.c tests/bench/*.c)
USER_PROGRAMS := $(sort $(notdir $(USER_DIRS)) $(notdir $(USER_FILES:.c=)))
user_sources   = $(filter %/$1.c,$(USER_FILES)) $(foreach d,$(filter %/$1,$(USER_DIRS)),$(wildcard $d/*.c $d/*.S))
user_objects   = $(patsubst %.S,$(B)/obj/%.S.o,$(patsubst %.c,$(B)/obj/%.o,$(call user_sources,$1)))

USER_BASES := $(shell i=0; for p in $(USER_PROGRAMS); do \
	printf '%s=0x%x ' $$p $$((0x10000000 + i * 0x1000000)); i=$$((i + 1)); done)
user_base = $(patsubst $1=%,%,$(filter $1=%,$(USER_BASES)))

# Protocols: user/servers/NAME/PROTOCOL.tbl, and those of tests. Their code is part of the library, where a server that
# refers to a protocol finds it.
PROTOCOL_TABLES := $(wildcard user/servers/types.tbl) $(sort $(wildcard user/servers/*/*.tbl))
TEST_PROTOCOLS  := $(sort $(wildcard tests/user/*.tbl))
PROTOCOLS       := $(filter-out types,$(basename $(notdir $(PROTOCOL_TABLES) $(TEST_PROTOCOLS))))
PROTOCOL_O      := $(PROTOCOLS:%=$(B)/obj/protocols/%.o) $(B)/obj/protocols/methods.o

LIBC_C := $(wildcard user/libc/*.c)
LIBC_O := $(LIBC_C:%.c=$(B)/obj/%.o) $(PROTOCOL_O)
USER_O := $(foreach p,$(USER_PROGRAMS),$(call user_objects,$p))

.PHONY: user sdk
user: $(B)/initrd.cpio
sdk: $(SYSROOT)/lib/libtabula.a $(SYSROOT)/lib/crt0.o $(SYSROOT)/lib/program.ld $(SDK)/headers.stamp
all: user

# ---- generated from the protocols

PROTOCOL_GEN := $(PYTHON) scripts/tablegen --types kernel/abi/types.tbl --calls kernel/abi/syscalls.tbl \
                --lock user/servers/protocols.lock $(PROTOCOL_TABLES:%=--protocol %)

$(GEN)/protocols.stamp: $(TABLES) $(PROTOCOL_TABLES) $(TEST_PROTOCOLS) \
                        $(wildcard user/servers/protocols.lock scripts/tablegen/*.py) $(B)/protocols.list
	$(call say,GEN    ,user/servers)
	$(Q)mkdir -p $(GEN) && $(PROTOCOL_GEN) $(TEST_PROTOCOLS:%=--protocol %) --out $(GEN) && touch $@

$(PROTOCOL_O:$(B)/obj/%.o=$(GEN)/user/%.c): $(GEN)/protocols.stamp ;

# ---- the SDK

$(SDK)/base.stamp: scripts/mksdk $(B)/where
	$(call say,SDK    ,$(SDK))
	$(Q)scripts/mksdk $(SDK) $(CC) && touch $@

USER_HEADERS := $(shell find user/include -name '*.h')

# Headers are copied only if they differ, so that what includes the others is not built again.
$(SDK)/headers.stamp: $(SDK)/base.stamp $(USER_HEADERS) kernel/abi/abi.h $(GEN)/stamp $(GEN)/protocols.stamp
	$(Q)copy() { cmp -s $$1 $(SYSROOT)/include/$$2 || \
		{ mkdir -p $$(dirname $(SYSROOT)/include/$$2) && cp $$1 $(SYSROOT)/include/$$2; }; }; \
	for h in $(USER_HEADERS:user/include/%=%); do copy user/include/$$h $$h || exit 1; done; \
	for h in protocol/types $(PROTOCOLS:%=protocol/%) $(PROTOCOLS:%=serve/%); do \
		copy $(GEN)/user/tabula/$$h.h tabula/$$h.h || exit 1; done; \
	for h in types syscall_numbers; do copy $(GEN)/abi/$$h.h abi/$$h.h || exit 1; done; \
	copy kernel/abi/abi.h abi/abi.h && copy $(GEN)/user/tabula/syscalls.h tabula/syscalls.h && touch $@

# Not an empty recipe: make looks at a file again only after it has run something.
$(SYSROOT)/include/%.h: $(SDK)/headers.stamp ; @:

$(SYSROOT)/lib/program.ld: user/libc/program.ld | $(SDK)/base.stamp
	$(Q)cp $< $@

$(SYSROOT)/lib/crt0.o: $(B)/obj/user/libc/crt0.S.o
	$(Q)cp $< $@

$(SYSROOT)/lib/libtabula.a: $(LIBC_O) $(B)/user/libc.list
	$(call say,AR     ,$@)
	$(Q)rm -f $@ && $(AR) rcsD $@ $(LIBC_O)

# ---- what a later build has to know of an earlier one: files that change when their text does. What depends on one is in
# directories that are made with it, all at once: the second argument.

keep = $(Q)mkdir -p $(sort $(@D) $(2:%/=%)) && echo '$1' | cmp -s - $@ || echo '$1' > $@

$(B)/flags.user: FORCE
	$(call keep,$(USER_CC) $(USER_CFLAGS),$(dir $(LIBC_O) $(USER_O)))
# The specs file for programs from outside names the sysroot by its full path, so a tree that has moved needs another.
$(B)/where: FORCE
	$(call keep,$(CURDIR))
$(B)/protocols.list: FORCE
	$(call keep,$(PROTOCOLS))
$(B)/user/libc.list: FORCE
	$(call keep,$(LIBC_O))
$(B)/user/programs.list: FORCE
	$(call keep,$(foreach p,$(USER_PROGRAMS),$p=$(call user_base,$p) $(call user_objects,$p)),$(B)/user/bin $(B)/archive/bin)
# One /NAME=PATH a line; scripts/run reads it, too.
$(B)/archive.list: FORCE
	$(Q)mkdir -p $(@D) && printf '%s\n' $(ARCHIVE_FILES) | cmp -s - $@ || printf '%s\n' $(ARCHIVE_FILES) > $@

# ---- objects

# Suites read the kernel's own metadata, so that each call of the table is tested without a list of our own.
$(B)/obj/tests/user/%.o: USER_CFLAGS += -iquote tests/user -iquote kernel -I$(GEN)

$(B)/obj/%.o: %.c $(B)/flags.user | $(SDK)/headers.stamp
	$(call say,CC     ,$<)
	$(Q)$(USER_CC) $(USER_CFLAGS) -MD -MP -c -o $@ $<

$(B)/obj/protocols/%.o: $(GEN)/user/protocols/%.c $(B)/flags.user | $(SDK)/headers.stamp
	$(call say,CC     ,$<)
	$(Q)$(USER_CC) $(USER_CFLAGS) -MD -MP -c -o $@ $<

$(B)/obj/%.S.o: %.S $(B)/flags.user | $(SDK)/headers.stamp
	$(call say,AS     ,$<)
	$(Q)$(USER_CC) -g -MD -MP -c -o $@ $<

# ---- programs: with symbols for the debugger, and without debug information for the archive

define program_rule
$(B)/user/bin/$1: $(call user_objects,$1)
$(B)/user/bin/$1: LINK_BASE := $(call user_base,$1)
endef
$(foreach p,$(USER_PROGRAMS),$(eval $(call program_rule,$p)))

USER_ELFS := $(USER_PROGRAMS:%=$(B)/user/bin/%)

$(USER_ELFS): $(SYSROOT)/lib/libtabula.a $(SYSROOT)/lib/crt0.o $(SYSROOT)/lib/program.ld $(B)/user/programs.list
	$(call say,LD     ,$@)
	$(Q)$(USER_CC) -Wl,-Ttext-segment=$(LINK_BASE) -o $@ $(filter %.o,$(filter-out %/crt0.o,$^)) -lm

$(B)/archive/bin/%: $(B)/user/bin/%
	$(Q)$(OBJCOPY) --strip-debug $< $@

# Programs of other systems, for tests: they include nothing of ours, and none of our libraries is linked to them.
FOREIGN_PROGRAMS := $(notdir $(basename $(wildcard tests/foreign/*.c)))

$(B)/archive/bin/foreign-%: tests/foreign/%.c $(B)/flags.user
	$(call say,CC     ,$<)
	$(Q)mkdir -p $(@D) && $(CC) -std=gnu17 -O2 -ffreestanding -nostdlib -static $(WARNINGS) -march=rv64gc -mabi=lp64d \
		-Wl,--build-id=none -o $@ $<

# ---- the boot archive. PROGRAMS='path/a path/b' adds files from outside to its /bin, in place of those of that name.

ARCHIVE_ETC   := $(wildcard user/etc/*)
SERVERS       := $(filter-out init,$(notdir $(filter user/servers/%,$(USER_DIRS))))
ARCHIVE_BIN   := $(filter-out init $(SERVERS) $(notdir $(PROGRAMS)),$(USER_PROGRAMS))
ARCHIVE_FILES := /init=$(B)/archive/bin/init /bin/[=$(B)/archive/bin/test $(foreach p,$(ARCHIVE_BIN),/bin/$p=$(B)/archive/bin/$p) \
                 $(foreach p,$(FOREIGN_PROGRAMS),/bin/foreign-$p=$(B)/archive/bin/foreign-$p) \
                 $(foreach p,$(SERVERS),/servers/$p=$(B)/archive/bin/$p) \
                 $(foreach f,$(ARCHIVE_ETC),/etc/$(notdir $f)=$f) $(foreach f,$(PROGRAMS),/bin/$(notdir $f)=$f)

$(foreach f,$(PROGRAMS),$(if $(wildcard $f),,$(error PROGRAMS: there is no file '$f'; compile it first: \
	$(CC) --specs=$(SPECS) $(notdir $f).c -o $f)))

$(B)/initrd.cpio: $(USER_PROGRAMS:%=$(B)/archive/bin/%) $(FOREIGN_PROGRAMS:%=$(B)/archive/bin/foreign-%) $(ARCHIVE_ETC) $(PROGRAMS) scripts/mkarchive $(B)/archive.list
	$(call say,CPIO   ,$@)
	$(Q)$(PYTHON) scripts/mkarchive $@ --list $(B)/archive.list

-include $(LIBC_O:.o=.d) $(USER_O:.o=.d)
