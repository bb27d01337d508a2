# What GDB has to know of Tabula; .gdbinit reads it, and so can a batch: gdb-multiarch -nx -x scripts/gdb/setup.gdb ...

# First of all: taken for GNU/Linux, single steps over ecall and sret would go wrong.
set osabi none
set architecture riscv:rv64

set confirm off
set pagination off
set print pretty on
set disassemble-next-line auto

# The kernel's symbols, and those of every program: each program is linked at a base of its own.
source scripts/gdb/symbols.py
