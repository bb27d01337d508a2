# The kernel: generated tables, kernel/ and arch/riscv, linked twice so that it knows its own symbols.

GEN := $(B)/gen

KERNEL_ARCH   := -march=rv64imac_zicsr_zifencei -mabi=lp64 -mcmodel=medany
WARNINGS      := -Wall -Wextra -Wshadow -Wundef -Wvla -Wcast-qual -Wstrict-prototypes -Wmissing-prototypes \
                 -Wimplicit-fallthrough -Werror
# The kernel leaves t3-t6 alone, so that a call need not save them: see arch/riscv/trap.S.
KERNEL_ARCH   += -ffixed-x28 -ffixed-x29 -ffixed-x30 -ffixed-x31
KERNEL_CPP    := -Ikernel -Iarch/riscv -I$(GEN) $(if $(filter 1,$(DEBUG)),-DDEBUG_CHECKS=1,-DDEBUG_CHECKS=0)
KERNEL_CFLAGS := -std=gnu17 -O2 -g -ffreestanding -fno-pic -fno-common -fno-strict-aliasing -fno-omit-frame-pointer \
                 -fno-stack-protector -fno-asynchronous-unwind-tables -ffunction-sections -fdata-sections \
                 $(WARNINGS) $(KERNEL_ARCH) $(KERNEL_CPP)

KERNEL_C := $(wildcard kernel/*.c kernel/*/*.c arch/riscv/*.c)
KERNEL_S := $(wildcard arch/riscv/*.S)
KERNEL_GEN_C := $(GEN)/kernel/thunks.c $(GEN)/kernel/tables.c $(GEN)/kernel/metadata.c
KERNEL_O := $(KERNEL_C:%.c=$(B)/%.o) $(KERNEL_S:%.S=$(B)/%.S.o) $(KERNEL_GEN_C:%.c=%.o)

.PHONY: kernel generate
kernel: $(B)/kernel.elf
generate: $(GEN)/stamp

# ---- generated from the tables

TABLES    := kernel/abi/types.tbl kernel/abi/syscalls.tbl
TABLEGEN  := $(PYTHON) scripts/tablegen --types kernel/abi/types.tbl --calls kernel/abi/syscalls.tbl \
             --lock kernel/abi/syscalls.lock

$(GEN)/stamp: $(TABLES) $(wildcard kernel/abi/syscalls.lock scripts/tablegen/*.py)
	$(call say,GEN    ,kernel/abi/syscalls.tbl)
	$(Q)mkdir -p $(GEN) && $(TABLEGEN) --out $(GEN) && touch $@

$(KERNEL_GEN_C): $(GEN)/stamp ;

# Offsets of C structures for assembly: compiled, never run.
$(GEN)/offsets.h: arch/riscv/offsets.c $(GEN)/stamp
	$(call say,GEN    ,$@)
	$(Q)mkdir -p $(B)/arch/riscv && $(CC) $(filter-out -g,$(KERNEL_CFLAGS)) -MMD -MP -MT $@ -MF $(B)/arch/riscv/offsets.h.d -S -o - $< | \
		sed -n 's/^.*->\([A-Z0-9_]*\) \(-\{0,1\}[0-9]*\).*/#define \1 \2/p' > $@

# ---- objects

$(KERNEL_C:%.c=$(B)/%.o) $(KERNEL_S:%.S=$(B)/%.S.o): | $(GEN)/stamp $(GEN)/offsets.h

# Objects need these flags, so their directories are made here, all at once.
$(B)/flags.kernel: FORCE
	$(Q)mkdir -p $(B) $(sort $(dir $(KERNEL_O))) && echo '$(CC) $(KERNEL_CFLAGS)' | cmp -s - $@ || echo '$(CC) $(KERNEL_CFLAGS)' > $@
.PHONY: FORCE
FORCE:

# What the trap path comes to first needs no frame pointer: what it calls has one, and a return address in it.
FRAMELESS := $(wildcard kernel/sys/*.c) kernel/fault.c kernel/object/aspace.c kernel/object/aspace_change.c \
             kernel/object/aspace_fault.c kernel/object/aspace_map.c kernel/object/aspace_unmap.c \
             kernel/object/endpoint.c kernel/object/endpoint_call.c kernel/object/exception.c \
             kernel/object/notification.c kernel/object/window.c kernel/lib/tree.c \
             kernel/mem/frame.c kernel/mem/pool.c $(wildcard arch/riscv/mmu*.c) arch/riscv/trap.c
$(FRAMELESS:%.c=$(B)/%.o): KERNEL_CFLAGS += -fomit-frame-pointer

$(B)/kernel/%.o: kernel/%.c $(B)/flags.kernel
	$(call say,CC     ,$<)
	$(Q)$(CC) $(KERNEL_CFLAGS) -MMD -MP -c -o $@ $<

$(B)/arch/%.o: arch/%.c $(B)/flags.kernel
	$(call say,CC     ,$<)
	$(Q)$(CC) $(KERNEL_CFLAGS) -MMD -MP -c -o $@ $<

$(B)/arch/%.S.o: arch/%.S $(B)/flags.kernel $(GEN)/offsets.h
	$(call say,AS     ,$<)
	$(Q)$(CC) $(KERNEL_CFLAGS) -MMD -MP -c -o $@ $<

# Thunks only check and jump on, so they need no frame; a table slot given twice is an error.
$(GEN)/kernel/%.o: $(GEN)/kernel/%.c $(B)/flags.kernel
	$(call say,CC     ,$<)
	$(Q)$(CC) $(KERNEL_CFLAGS) -fomit-frame-pointer -Werror=override-init -MMD -MP -c -o $@ $<

# ---- link: once to learn the addresses of the functions, once more with their names

KERNEL_LINK = $(CC) -march=rv64imac -mabi=lp64 -nostdlib -static -T kernel.ld -Wl,--gc-sections -Wl,--build-id=none \
              -Wl,--fatal-warnings -Wl,--no-warn-rwx-segments

$(B)/kernel.elf: $(KERNEL_O) kernel.ld scripts/symbols $(B)/layers.stamp
	$(call say,LD     ,$@)
	$(Q)scripts/symbols < /dev/null > $(B)/symbols.0.S
	$(Q)$(CC) $(KERNEL_CFLAGS) -c -o $(B)/symbols.0.o $(B)/symbols.0.S
	$(Q)$(KERNEL_LINK) -o $(B)/kernel.0.elf $(KERNEL_O) $(B)/symbols.0.o -lgcc
	$(Q)$(NM) -n $(B)/kernel.0.elf | scripts/symbols > $(B)/symbols.1.S
	$(Q)$(CC) $(KERNEL_CFLAGS) -c -o $(B)/symbols.1.o $(B)/symbols.1.S
	$(Q)$(KERNEL_LINK) -Wl,-Map=$(B)/kernel.map -o $@ $(KERNEL_O) $(B)/symbols.1.o -lgcc

# Who may include whom.
$(B)/layers.stamp: $(wildcard kernel/*.[ch] kernel/*/*.[ch] arch/riscv/*.[chS]) $(wildcard scripts/layers)
	$(Q)mkdir -p $(B)
	$(Q)test ! -x scripts/layers || scripts/layers
	$(Q)touch $@

-include $(shell find $(B)/kernel $(B)/arch $(B)/gen -name '*.d' 2>/dev/null)
