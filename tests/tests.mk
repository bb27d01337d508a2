# Targets to boot, debug, test and check what is built. The list of `make help` comes from the `##` lines here.

SMP    ?= 1
MEM    ?= 128M
CPU    ?= rv64
APPEND ?=
T      ?=
GDB    ?= $(or $(shell command -v gdb-multiarch),$(CROSS)gdb)

SETUP := CROSS=$(CROSS) scripts/setup

# Without the tools there would be many complaints; this is one. Targets that install them, or need none, go on.
NEED_NO_TOOLS := help doctor setup clean qemu qemu-gdb run test bench profile mutate
ifneq ($(filter-out $(NEED_NO_TOOLS),$(or $(MAKECMDGOALS),all)),)
MISSING := $(shell $(SETUP) --missing build)
ifneq ($(MISSING),)
$(error missing: $(MISSING); `make setup` installs it, `make doctor` says what it is)
endif
endif

# ---- `make` alone

# The stamp is newer than all products; the file beside it tells `all` that something was done.
$(B)/built: $(B)/kernel.elf $(B)/initrd.cpio $(SYSROOT)/lib/libtabula.a $(SYSROOT)/lib/crt0.o \
            $(SYSROOT)/lib/program.ld $(SDK)/headers.stamp compile_commands.json
	$(Q)touch $@ $(B)/built.now

## all               build everything (also `make` alone)
all: $(B)/built
	@rm $(B)/built.now 2>/dev/null || echo 'tabula is up to date'

.PHONY: built
built: $(B)/built
	@rm -f $(B)/built.now

# What the compilers are really called with, for editors. The list of sources changes only if its text does.
$(B)/sources.list: FORCE
	$(Q)mkdir -p $(@D) && echo '$(sort $(KERNEL_C) $(LIBC_C) $(USER_O))' | cmp -s - $@ || \
		echo '$(sort $(KERNEL_C) $(LIBC_C) $(USER_O))' > $@

compile_commands.json: $(B)/sources.list $(B)/flags.kernel $(B)/flags.user scripts/compile-commands | $(GEN)/stamp
	$(call say,GEN    ,$@)
	$(Q)$(MAKE) -nB --no-print-directory V=1 $(B)/kernel.elf $(B)/initrd.cpio | scripts/compile-commands $@

## setup             install the tools that are missing
## doctor            say which tools are missing and how to get them
## clean             remove everything that was built
.PHONY: setup doctor clean
setup:
	@$(SETUP)
doctor:
	@$(SETUP) --check
clean:
	$(Q)rm -rf $(B) compile_commands.json

# ---- boot. Each target installs what is missing and builds first; recursion, so that the tools are there by then.

quoted = '$(subst ','\'',$1)'
MACHINE = --smp $(SMP) --mem $(MEM) --cpu $(CPU) $(DISK:%=--disk %)
# On all cores, unless -j says how many.
JOBS = $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc))
PREPARE = @$(SETUP) build && $(MAKE) $(JOBS) --no-print-directory built

## qemu              boot to the prompt (SMP= MEM= CPU= DISK= APPEND= PROGRAMS=); Ctrl-A X leaves
## run CMD='ls /'    boot, run one command line, print its output (SMP= MEM= CPU= DISK= APPEND= PROGRAMS=)
.PHONY: qemu run
qemu:
	$(PREPARE)
	@scripts/run --interactive $(MACHINE) --append $(call quoted,$(APPEND))
run:
	@test -n $(call quoted,$(value CMD)) || { echo "make run: say what to run: make run CMD='ls -l /'" >&2; exit 1; }
	$(PREPARE)
	@scripts/run $(MACHINE) --append $(call quoted,$(APPEND)) $(call quoted,$(value CMD))

## qemu-gdb          boot as `qemu` does, but wait for the debugger
## gdb               attach the debugger to it, with the symbols of the kernel and of every program
.PHONY: qemu-gdb gdb
qemu-gdb:
	$(PREPARE)
	@scripts/run --interactive --gdb auto $(MACHINE) --append $(call quoted,$(APPEND))
gdb:
	@test -e $(B)/gdb.port || { echo "make gdb: nothing waits; run 'make qemu-gdb' in another terminal first" >&2; exit 1; }
	@$(GDB) -q -nx -x .gdbinit

# ---- check

## test [T=pattern]  run the tests, or those whose name has the pattern in it
.PHONY: test
test:
	@$(SETUP) test && $(MAKE) $(JOBS) --no-print-directory built
	@scripts/test $(call quoted,$(T))

## lint              check layout, layers, and what clang has to say
## format            lay the C files out as .clang-format has it
C_FILES := $(wildcard kernel/*.[ch] kernel/*/*.[ch] arch/riscv/*.[ch] user/*/*.[ch] user/*/*/*.[ch] tests/*/*.[ch] \
           tests/user/*/*.[ch] tests/host/kernel/*.[ch] tests/host/kernel/*/*.[ch] tests/host/shell/*.[ch])
CLANG_FLAGS = $(filter-out -ffixed-x% -Werror -march=% -mabi=%,$(KERNEL_CFLAGS)) --target=riscv64-unknown-elf \
              -march=rv64imac -mabi=lp64 -Wthread-safety -Wno-unused-command-line-argument -Wno-unknown-pragmas -Werror -fsyntax-only

.PHONY: lint format
lint: $(GEN)/stamp $(GEN)/offsets.h
	$(call say_then,FORMAT,all C files)
	$(Q)clang-format --dry-run -Werror $(C_FILES)
	$(call say_then,LAYERS,kernel arch user)
	$(Q)scripts/layers
	$(call say_then,CLANG,kernel arch)
	$(Q)for file in $(KERNEL_C); do clang $(CLANG_FLAGS) $$file || exit 1; done
	$(call say_then,PYTHON,scripts tests)
	$(Q)scripts/lint-python
format:
	$(Q)clang-format -i $(C_FILES)

# ---- the tables

## docs              write docs/SYSCALLS.md and docs/PROTOCOLS.md anew from the tables
## abi-accept        record new calls and protocols as published, in kernel/abi/syscalls.lock and user/servers/protocols.lock
.PHONY: docs abi-accept
docs:
	$(call say_then,GEN,docs/SYSCALLS.md)
	$(Q)$(TABLEGEN) --manual docs/SYSCALLS.md
	$(call say_then,GEN,docs/PROTOCOLS.md)
	$(Q)$(PROTOCOL_GEN) --manual docs/PROTOCOLS.md
abi-accept:
	$(call say_then,GEN,kernel/abi/syscalls.lock)
	$(Q)$(TABLEGEN) --accept
	$(call say_then,GEN,user/servers/protocols.lock)
	$(Q)$(PROTOCOL_GEN) --accept

## mutate            take checks, fences and locks out, 20 chosen by SEED, and see which test falls (COUNT= SEED=)
COUNT ?= 20
.PHONY: mutate
mutate:
	$(PREPARE)
	@scripts/mutate --count $(COUNT) $(if $(SEED),--seed $(SEED))

## bench             count the instructions of the basic operations
.PHONY: bench
bench:
	$(PREPARE)
	@scripts/bench

## size              bytes of the kernel: text, constants, data
.PHONY: size
size: $(B)/kernel.elf
	@$(CROSS)size -A $< | awk '/^\.(text|rodata|data|bss|symbols)/ { printf "  %-10s %8d\n", $$1, $$2; all += $$2 } \
		END { printf "  %-10s %8d\n", "all", all }'

## profile OP=name   one round of an operation of `bench`: each instruction, by function
.PHONY: profile
OP ?=
profile:
	@test -n $(call quoted,$(OP)) || { echo "make profile: say which operation: make profile OP=ipc_call_4w" >&2; exit 1; }
	$(PREPARE)
	@scripts/profile $(call quoted,$(OP))

## sdk               leave the SDK for programs from outside in build/sdk

## help              this list
.PHONY: help
help:
	@echo 'Targets of Tabula (V=1 shows commands, DEBUG=1 builds with more checks):'
	@sed -n 's/^## /  make /p' tests/tests.mk tests/host/kernel/hosted.mk
