/*
 * waits: what each thread of the system waits for, and for whom.
 */
#include <tabula/handles.h>

#include "tool.h"

static const char usage[] = "usage: waits\n"
			    "Prints a line for each thread: its process, what it does, the object it waits\n"
			    "for, and the process that has received its call or whose end it waits for.\n";

static const char *const states[] = {"ready", "running", "waiting", "stopped", "ended"};
static const char *const reasons[] = {
	"", "other", "time", "receiver", "reply", "call", "notification", "futex", "end", "input"};

static const char *text(const char *const *texts, size_t count, uint32_t number)
{
	return number < count ? texts[number] : "?";
}

static void print(const struct thread_wait *wait)
{
	bool waits = wait->state == THREAD_STATE_WAITING;

	printf("%7u %-12.12s %6u %-12s", wait->process, (const char *)wait->name, wait->thread,
		waits ? text(reasons, sizeof(reasons) / sizeof(reasons[0]), wait->waits_for)
		      : text(states, sizeof(states) / sizeof(states[0]), wait->state));
	printf(wait->object != 0 ? " %6lu" : "      -", (unsigned long)wait->object);
	printf(wait->server != 0 ? " %6u\n" : "      -\n", wait->server);
}

int main(int argc, char **argv)
{
	tool_help(argc, argv, usage);

	struct thread_wait wait = {0};
	int error = system_thread(own_system(), 0, 0, &wait);

	printf("PROCESS NAME         THREAD DOES         OBJECT     OF\n");
	for (; error == 0; error = system_thread(own_system(), wait.process, wait.thread, &wait))
		print(&wait);
	if (error != -ESRCH) {
		errno = -error;
		tool_complain("waits", "the threads of the system");
		return 1;
	}
	return tool_end("waits", 0);
}
