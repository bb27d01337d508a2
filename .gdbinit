# `make gdb` reads this from the top of the tree.
source scripts/gdb/setup.gdb
attach-tabula
