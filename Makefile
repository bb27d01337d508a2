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
say_then =
else
Q := @
# What a rule does is said by make itself, when it begins: a build has hundreds of them, and a process costs as much as a
# small file. Where a rule has several steps, each is said at its time, by say_then.
say = $(info $(empty)  $1 $2)
say_then = @printf '  %-7s %s\n' $1 $2
endif

.PHONY: all
all: kernel

include kernel/kernel.mk
-include user/user.mk
-include tests/tests.mk
-include tests/host/kernel/hosted.mk
