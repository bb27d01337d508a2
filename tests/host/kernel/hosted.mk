# The hosted kernel: kernel/ with tests/host/kernel as its architecture, built for this machine. HOSTED chooses how:
# asan (addresses and undefined behaviour), tsan (data races), coverage, fuzz. The test programs of a kind go to HOSTED_B.

HOSTED   ?= asan
HOSTED_B ?= $(B)/host/$(HOSTED)
HOST_CC  ?= $(if $(filter coverage fuzz,$(HOSTED)),clang,cc)

HOSTED_FLAGS_asan     := -fsanitize=address,undefined -fno-sanitize-recover=all
HOSTED_FLAGS_tsan     := -fsanitize=thread -Wno-tsan -Wno-maybe-uninitialized
HOSTED_FLAGS_fuzz     := -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -fno-sanitize=function \
                         -Wno-unknown-pragmas
HOSTED_FLAGS_coverage := -fprofile-instr-generate -fcoverage-mapping -Wno-unknown-pragmas

# Names of the kernel that are names of the C library too.
HOSTED_NAMES := $(foreach name,memcpy memmove memset memcmp strlen strcmp strncmp sched_yield,-D$(name)=kernel_$(name))

HOSTED_CFLAGS = -std=gnu17 -O1 -g -fno-strict-aliasing -fno-omit-frame-pointer -fno-stack-protector -ffreestanding \
                -pthread -D_GNU_SOURCE -DDEBUG_CHECKS=1 $(WARNINGS) -Wno-cast-qual $(HOSTED_FLAGS_$(HOSTED)) \
                -iquote tests/host/kernel -iquote kernel -iquote arch/riscv -iquote user/include -I$(GEN)

HOSTED_KERNEL_C := $(wildcard kernel/*.c kernel/*/*.c) arch/riscv/fdt.c $(KERNEL_GEN_C) \
                   $(addprefix tests/host/kernel/,check.c device.c make.c world.c) $(wildcard tests/host/kernel/seam/*.c)
HOSTED_O        := $(HOSTED_KERNEL_C:%.c=$(HOSTED_B)/%.o) $(HOSTED_B)/tests/host/kernel/host.o
HOSTED_PARTS_C  := $(wildcard tests/host/kernel/*/*.c)
HOSTED_TESTS    := $(patsubst tests/host/kernel/test_%.c,%,$(wildcard tests/host/kernel/test_*.c))

.PHONY: hosted
hosted: $(HOSTED_TESTS:%=$(HOSTED_B)/%)

$(HOSTED_B)/tests/host/kernel/host.o: HOSTED_NAMES :=

$(HOSTED_B)/flags: FORCE
	$(call keep,$(HOST_CC) $(HOSTED_CFLAGS),$(dir $(HOSTED_O) $(HOSTED_PARTS_C:%=$(HOSTED_B)/%)))

$(HOSTED_B)/%.o: %.c $(HOSTED_B)/flags tests/host/kernel/hosted.mk | $(GEN)/stamp
	$(call say,HOSTCC ,$<)
	$(Q)$(HOST_CC) $(HOSTED_CFLAGS) $(HOSTED_NAMES) -MMD -MP -c -o $@ $<

# A test of several files: test_NAME.c, and those of the directory NAME.
define HOSTED_PARTS
$(HOSTED_B)/$1: $(patsubst %.c,$(HOSTED_B)/%.o,$(wildcard tests/host/kernel/$1/*.c))
endef
$(foreach test,$(HOSTED_TESTS),$(eval $(call HOSTED_PARTS,$(test))))

# These put functions of their own in the place of some of the kernel's.
$(HOSTED_B)/failures: HOSTED_LINK := $(foreach name,frame_alloc frame_alloc_zeroed frame_alloc_run pool_alloc pool_alloc_unset pool_free,-Wl,--wrap=$(name))
$(HOSTED_B)/readers: HOSTED_LINK := $(foreach name,system_poll wait_queue_wake_first_again,-Wl,--wrap=$(name))
$(HOSTED_B)/mail: HOSTED_LINK := -Wl,--wrap=thread_destroy

$(HOSTED_TESTS:%=$(HOSTED_B)/%): $(HOSTED_B)/%: $(HOSTED_B)/tests/host/kernel/test_%.o $(HOSTED_O)
	$(call say,LINK   ,$@)
	$(Q)$(HOST_CC) $(HOSTED_CFLAGS) $(HOSTED_LINK) -o $@ $^

$(HOSTED_B)/calls: $(HOSTED_B)/tests/host/kernel/fuzz_calls.o $(HOSTED_O)
	$(call say,LINK   ,$@)
	$(Q)$(HOST_CC) $(HOSTED_CFLAGS) -fsanitize=fuzzer -o $@ $^

## fuzz [TIME=60]    make random calls of the kernel on this machine, guided by what they reach in it
TIME   ?= 60
CORPUS := $(B)/host/corpus
.PHONY: fuzz fuzzer
fuzzer:
	$(Q)$(MAKE) --no-print-directory HOSTED=fuzz $(B)/host/fuzz/calls
fuzz: fuzzer
	$(Q)mkdir -p $(CORPUS) && $(B)/host/fuzz/calls -max_total_time=$(TIME) -artifact_prefix=$(CORPUS)- -rss_limit_mb=4096 \
		-print_final_stats=1 $(CORPUS) || \
		{ echo 'fuzz: an input broke the kernel; `$(B)/host/fuzz/calls FILE` repeats it' >&2; exit 1; }

## coverage          run the kernel on this machine under its tests; print which lines and branches of kernel/ have run
.PHONY: coverage
coverage:
	$(Q)$(MAKE) --no-print-directory HOSTED=coverage HOST_CC=clang hosted
	$(Q)for test in $(HOSTED_TESTS); do \
		LLVM_PROFILE_FILE=$(B)/host/coverage/$$test.profraw $(B)/host/coverage/$$test > $(B)/host/coverage/$$test.log || \
			{ cat $(B)/host/coverage/$$test.log; exit 1; }; done
	$(Q)llvm-profdata merge -o $(B)/host/coverage/all.profdata $(HOSTED_TESTS:%=$(B)/host/coverage/%.profraw)
	$(Q)llvm-cov report -instr-profile $(B)/host/coverage/all.profdata $(B)/host/coverage/$(firstword $(HOSTED_TESTS)) \
		$(patsubst %,-object $(B)/host/coverage/%,$(wordlist 2,99,$(HOSTED_TESTS))) $(wildcard kernel/*.c kernel/*/*.c) | \
		awk 'NF > 12 && $$8 + 0 { printf "%-28s %5d lines %8s %5d branches %8s\n", $$1, $$8, $$10, $$11, $$13 }'

-include $(shell find $(HOSTED_B) -name '*.d' 2>/dev/null)
