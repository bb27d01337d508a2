# Tabula. `make help` lists the targets, V=1 shows commands, DEBUG=1 builds with the checks of debug builds.

MAKEFLAGS += -rR
.DELETE_ON_ERROR:
.SECONDARY:

B := build

CROSS   := riscv64-unknown-elf-
CC      := $(CROSS)gcc
LD      := $(CROSS)ld
AR      := $(CROSS)ar
NM      := $(CROSS)nm
OBJCOPY := $(CROSS)objcopy
PYTHON  := python3

ifeq ($(V),1)
Q :=
say =
else
Q := @
say = @printf '  %-7s %s\n' $(1) $(2)
endif

.PHONY: all
all: kernel

include kernel/kernel.mk
-include user/user.mk
-include tests/tests.mk
-include tests/host/kernel/hosted.mk
