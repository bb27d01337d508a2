/*
 * The first program: /init of the boot archive, started as any program is (struct startup in abi.h), with handles to
 * itself, the system root and the archive. Its argument is the kernel command line. Without it there is nothing to
 * do, so whatever is wrong is a panic that says what.
 */
#include "init.h"

#include "abi/abi.h"
#include "kernel/syscalls.h"
#include "lib/cpio.h"
#include "lib/string.h"
#include "mem/frame.h"
#include "mem/share.h"
#include "object/process.h"
#include "object/system.h"
#include "object/thread.h"
#include "panic.h"

/* The initial stack's last bytes, as the program sees them. Pointers are its addresses. */
struct init_stack {
	uint64_t argv[3];
	uint64_t envp[1];
	char name[8];
	char bootargs[CONFIG_BOOTARGS];
	struct startup startup;
} __attribute__((aligned(16)));

static struct memory *archive_memory(const struct machine *machine)
{
	if (!machine->initrd.size)
		panic("no boot archive: start QEMU with -initrd build/initrd.cpio");

	uint64_t start = machine->initrd.start, size = machine->initrd.size;

	if (start % PAGE_SIZE)
		panic("the boot archive is not page-aligned: it lies at 0x%lx", start);

	struct memory *memory =
		memory_create_physical((paddr_t){start}, (size + PAGE_SIZE - 1) & ~(uint64_t)(PAGE_SIZE - 1));

	/* Programs are mapped where they lie: that this costs nobody a page later keeps what is free countable. */
	if (!memory || share_prepare((paddr_t){start}, size))
		panic("no memory for the first program");
	return memory;
}

static uint32_t give(struct process *process, struct object *object, uint32_t rights)
{
	handle_result handle = handle_add(process, object, rights);

	if (handle.value < 0)
		panic("no memory for the first program");
	return (uint32_t)handle.value;
}

static uint64_t load(struct process *process, struct memory *archive, const struct machine *machine)
{
	const uint8_t *bytes = direct((paddr_t){machine->initrd.start});
	size_t offset, size;
	const char *wrong = cpio_find(bytes, machine->initrd.size, "init", &offset, &size);
	uint64_t entry;

	if (wrong)
		panic("no /init in the boot archive: %s", wrong);
	if (process_load(process, archive, offset, size, &entry))
		panic("/init in the boot archive is not a program: it must be a static RISC-V ELF file for user space");
	return entry;
}

/* Writes the end of the stack into its memory; returns the address of the struct startup. */
static uint64_t fill_stack(struct memory *memory, uint64_t top, const struct init_stack *content)
{
	uint64_t start = CONFIG_INIT_STACK - sizeof(*content);

	for (uint64_t done = 0; done < sizeof(*content);) {
		uint64_t offset = start + done, within = offset & (PAGE_SIZE - 1);
		uint64_t n = PAGE_SIZE - within < sizeof(*content) - done ? PAGE_SIZE - within
									  : sizeof(*content) - done;
		paddr_t frame;

		if (memory_frame(memory, offset >> PAGE_SHIFT, &frame))
			panic("no memory for the first program");
		memcpy((char *)direct(frame) + within, (const char *)content + done, n);
		done += n;
	}
	return top - sizeof(*content) + offsetof(struct init_stack, startup);
}

static uint64_t make_stack(struct process *process, struct memory *archive, const char *bootargs)
{
	static struct init_stack content; /* too large for the boot stack */
	uint64_t top = USER_TOP - PAGE_SIZE, base = top - sizeof(content);
	uint64_t bottom = top - CONFIG_INIT_STACK;
	struct memory *stack = memory_create(CONFIG_INIT_STACK);

	if (!stack || aspace_map(&process->aspace, bottom,
			      &(struct mapping){.memory = stack,
				      .size = CONFIG_INIT_STACK,
				      .prot = PROT_READ | PROT_WRITE,
				      .most = PROT_READ | PROT_WRITE}) < 0)
		panic("no memory for the first program");
	content.argv[0] = base + offsetof(struct init_stack, name);
	content.argv[1] = base + offsetof(struct init_stack, bootargs);
	memcpy(content.name, "init", sizeof("init"));
	memcpy(content.bootargs, bootargs, strlen(bootargs) + 1);
	content.startup = (struct startup){
		.size = sizeof(struct startup),
		.argc = 2,
		.argv = base + offsetof(struct init_stack, argv),
		.envp = base + offsetof(struct init_stack, envp),
		.process = give(process, &process->object, RIGHTS_PROCESS_ALL),
		.system = give(process, &system_root.object, RIGHTS_SYSTEM_ALL),
		.archive =
			give(process, &archive->object, RIGHT_DUPLICATE | RIGHT_TRANSFER | RIGHT_MEMORY_READ),
	};
	base = fill_stack(stack, top, &content);
	object_put(&stack->object);
	return base;
}

void init_start(const struct machine *machine)
{
	struct memory *archive = archive_memory(machine);
	struct process *process = process_create("init", 4);

	if (!process)
		panic("no memory for the first program");

	uint64_t entry = load(process, archive, machine);
	uint64_t startup = make_stack(process, archive, machine->bootargs);
	uint64_t stack = (startup - offsetof(struct init_stack, startup)) & ~15ul;
	struct thread *thread = thread_create(
		native_table, &(struct frame_start){.entry = entry, .stack = stack, .argument = startup});

	if (!thread || thread_start(thread, process))
		panic("no memory for the first program");
	object_put(&thread->object);
	object_put(&archive->object);
	object_put(&process->object);
}
