/*
 * The kernel's half of the Sv39 address space; also for assembly.
 *
 *   0xffffffc000000000  direct map: physical address + DIRECT_BASE, 128 GiB
 *   0xffffffe000000000  stacks: one slot a hart, the stack at its top, nothing below it
 *   0xffffffe040000000  device registers that the kernel itself uses
 *   0xffffffff80200000  kernel image
 */
#pragma once

#ifdef __ASSEMBLER__
#define ADDRESS(x) x
#else
#define ADDRESS(x) x##ul
#endif

#define DIRECT_BASE ADDRESS(0xffffffc000000000)
#define DIRECT_SIZE ADDRESS(0x0000002000000000)
#define STACK_BASE  ADDRESS(0xffffffe000000000)
#define STACK_SLOT  ADDRESS(0x10000)
#define DEVICE_BASE ADDRESS(0xffffffe040000000)
#define DEVICE_END  ADDRESS(0xffffffe080000000)
