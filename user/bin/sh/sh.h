/*
 * What the parts of the shell share. Lines come from the console (edit*.c) or a file (main.c); words are cut off
 * (lex.c, alias.c) and put together into a tree (parse*.c, tree.c), which is walked (execute.c) with words expanded on the
 * way (expand.c, parameter.c, arithmetic.c, pattern.c, variable.c), files opened (redirect.c), and programs started and
 * waited for (launch.c, foreground.c, job.c). What concerns the shell itself it does itself (builtin*.c, trap.c).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "tree.h"

enum {
	STATUS_USAGE = 2,
	STATUS_NOT_EXECUTABLE = 126,
	STATUS_NOT_FOUND = 127,
	STATUS_SIGNAL = 128, /* and the number of the signal, also of one that has stopped what runs */
	STATUS_INTERRUPTED = 130,
};

enum {
	TEXT_MAX = 1 << 20, /* bytes of one input, and of one word after expansion */
	DEPTH_MAX = 128, /* commands within commands, and functions within functions */
};

#define GROUP_NONE ((pid_t)-1)

/* What takes the shell out of the commands that it is in. */
enum unwind { UNWIND_NONE, UNWIND_BREAK, UNWIND_CONTINUE, UNWIND_RETURN, UNWIND_INTERRUPT, UNWIND_EXIT };

/* words.c: a list of strings; once something was added, a null pointer ends it. */
struct words {
	char **words;
	size_t count, room;
};

bool words_add(struct words *list, const char *word, size_t length);
void words_free(struct words *list);

/* $1, $2 and so on. */
struct arguments {
	char **list;
	int count; /* $# */
	struct words own; /* where the list lies if `set` has made it */
};

struct shell {
	int status; /* $? */
	const char *name; /* $0 */
	struct arguments arguments;
	pid_t pid; /* $$: that of the first shell, in all its subshells */
	pid_t background; /* $!, or 0 */
	enum unwind unwind;
	int levels; /* loops that break or continue still have to leave */
	int loops; /* loops around the current command */
	int depth; /* functions, sourced files and texts of eval around it */
	int substitutions; /* that this shell is a copy for, in each other */
	int reader; /* the end of a pipe that a copy of the shell has to close, or -1 */
	int tested; /* conditions around it: what fails there is no reason for -e to leave */
	int forgiving; /* `command`s around it: no mistake there is a reason to leave */
	pid_t group; /* of the processes that are being started; 0: the first of them makes it; GROUP_NONE: this one's */
	bool interactive;
	bool job_control; /* each job has a group of its own, and the terminal while it is in the foreground */
	bool subshell;
	bool substituted; /* a word of the last command had a substitution: its status counts if there is no command */
	bool stop_on_error, stop_on_unset, trace, no_patterns, no_clobber; /* -e -u -x -f -C */
	bool export_all, check_only, verbose; /* -a -n -v */
};

/* Complains on stderr, after what stdout holds: "sh: ...". */
__attribute__((format(printf, 1, 2))) void complain(const char *format, ...);

/* What the shell does itself when `words[0]` is asked for; returns the status. */
typedef int builtin_function(struct shell *shell, char **words);

/* words.c: a string that grows; `failed` stays set once memory or TEXT_MAX is used up. */
struct text {
	char *bytes; /* terminated once anything was added */
	size_t length, room;
	bool failed;
};

void text_add(struct text *text, const char *bytes, size_t length);
void text_clear(struct text *text);
void text_free(struct text *text);
/* The string, which is "" before anything was added. */
const char *text_string(const struct text *text);

/* parse.c */
enum parse_result {
	PARSE_OK,
	PARSE_END, /* no command is left */
	PARSE_INCOMPLETE, /* a quote, a here-document or a compound command is open at the end */
	PARSE_ERROR,
};

/* What is parsed. The name, "" for none, and the line are for complaints, which are not made when quiet. */
struct source {
	const char *name;
	const char *at;
	int line;
	bool quiet;
};

/* Takes the next whole line of commands off a source. The caller lets go of `*program` if PARSE_OK. */
enum parse_result parse_next(struct source *source, struct program **program);
/* Takes all there is, so that no part of what is broken runs. */
enum parse_result parse_all(struct source *source, struct program **program);
/* Whether more has to be typed before an input can be run. Says nothing. */
bool input_is_incomplete(const char *input);
/* Where a command ends whose `)` is not part of it: at that `)`. Null if there is none. For the lexer. */
const char *parse_until_parenthesis(struct source *source, int depth, enum parse_result *result);
/* parse_token.c: whether a word means something to the grammar where a command begins. */
bool word_is_reserved(const char *word);

/* expand.c: words as programs get them. False, told on stderr, if it can't. */
bool expand_words(struct shell *shell, const struct word *list, struct words *words);
/* One string, neither split nor matched with files: what is assigned, or the name of a file. */
bool expand_one(struct shell *shell, const char *word, struct text *text);
/* One pattern for fnmatch: what was quoted is escaped. */
bool expand_pattern(struct shell *shell, const char *word, struct text *text);
/* The text of a here-document. */
bool expand_document(struct shell *shell, const char *document, struct text *text);

/* arithmetic.c: the value of an expression. False, told on stderr, if it has none. */
bool arithmetic(struct shell *shell, const char *expression, long *value);

/* pattern.c: adds the files that a pattern matches, sorted. False if there are none. */
bool pattern_expand(const char *pattern, struct words *words);

/* variable.c: variables of the shell; those that are exported go to programs. */
void variables_import(char **environment);
const char *variable_get(const char *name, size_t length);
bool variable_set(const char *name, size_t length, const char *value);
bool variable_export(const char *name, size_t length);
bool variable_protect(const char *name, size_t length);
bool variable_unset(const char *name); /* false, told on stderr, if it may not be */
size_t variable_name_length(const char *text); /* 0 if no name stands there */
/* What programs get; null when out of memory. Free the list itself only. */
char **variables_environment(void);
/* Prints `command` and each variable that is exported, or protected. */
void variables_print(const char *command, bool exported);
/* Prints a value in quotes, so that it can be read again. */
void quoted_print(const char *value);

/* variable.c: how a variable was before, for those that are set only for a while. */
struct saved_variable {
	struct saved_variable *next;
	char *text; /* NAME=value; NAME alone if it was not set */
	bool exported;
};

bool variable_save(struct saved_variable **list, const char *name, size_t length);
void variables_restore(struct saved_variable **list);

struct process;

/* execute.c */
/* A mistake that ends a script: in an expansion, an assignment, or what a special builtin is given. At the prompt it does not. */
void script_fail(struct shell *shell);
int execute(struct shell *shell, const struct node *node);
/* Parses and runs a text: eval, trap, -c. */
int execute_text(struct shell *shell, const char *name, const char *text);
/* Runs a tree in a process of its own and reads what that prints, without the newlines at its end. */
bool execute_substitution(struct shell *shell, const char *text, struct text *output);
/* Expands a command that is_plain_program and starts it. */
struct process execute_program(struct shell *shell, const struct node *node, bool background);
/* Whether starting a command needs no copy of the shell: a program, with words that change nothing here. */
bool is_plain_program(const struct shell *shell, const struct node *node);

/* Makes words $1, $2 and so on, as long as they are there. */
void arguments_set(struct shell *shell, char **words);

/* function.c */
struct function;
struct function *function_find(const char *name);
void functions_match(
	const char *start, size_t length, struct words *names); /* adds the names that begin so */
bool function_define(struct program *program, const struct node *node);
bool function_remove(const char *name);
int function_call(struct shell *shell, struct function *function, char **words);
/* A variable that has its value back when the function returns. False outside of functions. */
bool function_local(const char *name, size_t length);

/* alias.c: what a word stands for; null if it is no alias. It lasts until aliases are changed. */
const char *alias_find(const char *name, size_t length);
/* Adds the names that begin so. */
void aliases_match(const char *start, size_t length, struct words *names);
/* Prints `command` and NAME='value'; false if it is none. */
bool alias_print(const char *command, const char *name);
builtin_function builtin_alias, builtin_unalias;

/* redirect.c: what this process had open before redirections, so that it can be had back. */
struct saved_file {
	struct saved_file *next;
	int fd, copy; /* a copy of -1: it was closed */
};

/* Opens files as they stand in the list; with `saved` they can be undone. False, told on stderr, if it can't. */
bool redirect_all(struct shell *shell, const struct redirect *list, struct saved_file **saved);

/* Whether opening one of the files may have to wait, as a fifo does; `doubt`: also of names that are yet to be expanded. */
bool redirects_wait(const struct redirect *list, bool doubt);
/* Puts the open file `from`, which is closed, in the place of `fd`. */
bool redirect_to(int from, int fd, struct saved_file **saved);
void redirect_undo(struct saved_file **saved);

/* launch.c: a process that was started, or was not: then its number is 0 and its status says why. */
struct process {
	pid_t pid;
	int status;
	int stopped; /* the signal that has stopped it; 0: it runs */
	int ended_by; /* the signal that has ended it; 0: it ended by itself */
	bool ended;
	char name[32]; /* for people */
};

/* Starts a command as a process of its own, which has what is open here. Told on stderr if it can't. */
struct process launch_node(struct shell *shell, const struct node *node, bool background);
/* Starts a program. */
struct process launch_program(struct shell *shell, char **words, bool background);
/* Becomes a program. Returns only if it can't: the status. */
int launch_replace(struct shell *shell, char **words);
/* Where a program lies: `path` is filled in from PATH if the name has no slash. */
bool program_find(const char *name, char *path, size_t size);

/* foreground.c: the shell gets a group of its own, and the terminal. False if it can't. */
bool job_control_begin(void);
int job_terminal(void);
/* Processes that belong together: those of a pipe. Before the first is started, and without job control nothing: */
void job_begin(struct shell *shell);
/* For the handler of SIGINT: those that the shell waits for in the foreground get it, too. */
void job_interrupted(void);

/* job.c: waits for them in the foreground; if they stop, they are a job, which `node` says how it was written, or null. The status. */
int processes_wait(struct shell *shell, struct process *processes, size_t count, const struct node *node);
/* Keeps them as a job in the background. */
bool job_add(struct shell *shell, const struct process *processes, size_t count, const struct node *node);
/* Says which jobs have ended or stopped since the last time. */
void jobs_report(struct shell *shell);
void jobs_forget(void);
/* builtin_job.c, builtin_kill.c */
builtin_function builtin_jobs, builtin_wait, builtin_fg, builtin_bg, builtin_kill;

/* trap.c: signals. */
builtin_function builtin_trap;
/* At the prompt, Ctrl-C ends commands and not the shell, and nothing stops it. */
void trap_interactive(void);
/* Has the shell ignore what stops programs, or not, unless a trap says otherwise. */
void trap_stops(bool ignored);
/* Runs what signals have asked for since the last time; an interrupt without a trap unwinds. */
void trap_run(struct shell *shell);
/* Has the end of a child end a sigsuspend, or not any more. */
void trap_children(bool wanted);
/* The first signal that trap_run would do something about; 0 if there is none. */
int trap_came(void);
/* read, which goes on after a signal, unless that is Ctrl-C at the prompt. */
ssize_t input_read(int fd, void *buffer, size_t size);
/* Runs the trap of the end, once. */
void trap_exit(struct shell *shell);
/* For a copy of the shell: what was caught does what it does by default. */
void trap_reset(void);
int signal_number(const char *name); /* "INT", "SIGINT" or "2"; -1 if there is none */
const char *signal_name(int number); /* "INT"; null if there is none */

/* builtin.c: what the shell does itself. Null if it is no builtin. */
struct builtin {
	const char *name;
	builtin_function *function;
	bool special; /* assignments before it stay */
};

const struct builtin *builtin_find(const char *name);
void builtins_match(const char *start, size_t length, struct words *names); /* adds the names that begin so */

/* builtin_flow.c, builtin_io.c, builtin_option.c, builtin_test.c */
builtin_function builtin_break, builtin_continue, builtin_return, builtin_exit, builtin_eval, builtin_source;
builtin_function builtin_shift, builtin_set, builtin_exec, builtin_command, builtin_type;
builtin_function builtin_getopts, builtin_umask, builtin_hash, builtin_times, builtin_ulimit;
/*
 * Does what the words with options of `set` say; returns those that follow, and whether there are none, not even --, so that the
 * arguments stay. Null, told on stderr, if an option is not known.
 */
char **options_set(struct shell *shell, char **words, bool *only);
/* Those that are on, for $-. */
enum { OPTION_LETTERS = 16 };
void options_letters(const struct shell *shell, char letters[OPTION_LETTERS]);
builtin_function builtin_echo, builtin_printf, builtin_read, builtin_test;

/* main.c: reads and runs a file. False, told on stderr, if it can't be read; the status is in the shell. */
bool run_file(struct shell *shell, const char *path);

/* edit.c: reads a line with editing and history. */
enum edit_result { EDIT_LINE, EDIT_INTERRUPTED, EDIT_END };
enum edit_result line_edit(const char *prompt, struct text *line);
