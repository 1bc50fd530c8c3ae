/* SPDX-License-Identifier: ISC */
/*
 * What a program without a C library needs: the tool root has a compiler, and nothing to link with. x86-64 (Linux syscall table).
 * PROGRAM is defined before: the name under which it complains.
 */

struct timespec {
	long sec;
	long nsec;
};

struct utsname {
	char sysname[65], nodename[65], release[65], version[65], machine[65], domainname[65];
};

enum { SYS_READ = 0, SYS_WRITE = 1, SYS_OPEN = 2, SYS_CLOSE = 3, SYS_EXIT = 60, SYS_WAIT4 = 61 };
enum { RDONLY = 0, WRONLY = 1, CREATE = 0100, TRUNCATE = 01000, CLOSE_ON_EXEC = 02000000 };

static long call(long number, long a, long b, long c)
{
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c)
			 : "rcx", "r11", "memory");
	return result;
}

static void leave(int status)
{
	call(SYS_EXIT, status, 0, 0);
	__builtin_unreachable();
}

__attribute__((unused)) static long length(const char *text)
{
	long count = 0;

	while (text[count])
		count++;
	return count;
}

/* Its end, to append more. */
__attribute__((unused)) static char *append(char *to, const char *text)
{
	while ((*to = *text++))
		to++;
	return to;
}

__attribute__((unused)) static void put(int fd, const char *data, long count)
{
	while (count > 0) {
		long done = call(SYS_WRITE, fd, (long)data, count);

		if (done <= 0)
			leave(1);
		data += done;
		count -= done;
	}
}

/* Says what, and ends. */
__attribute__((unused)) static void fail(const char *what)
{
	static const char program[] = PROGRAM ": ";

	put(2, program, sizeof(program) - 1);
	put(2, what, length(what));
	put(2, "\n", 1);
	leave(1);
}

/* What the decimal digits say; there is nothing else in the text. */
__attribute__((unused)) static unsigned long number(const char *text)
{
	unsigned long value = 0;

	if (!*text)
		fail("a number is missing");
	for (const char *at = text; *at; at++) {
		if (*at < '0' || *at > '9')
			fail(text);
		value = value * 10 + (unsigned long)(*at - '0');
	}
	return value;
}

/* Writes the value in decimal digits, at most 20, in front of `end`: where they begin. */
__attribute__((unused)) static char *digits_before(char *end, unsigned long value)
{
	do {
		*--end = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	return end;
}

__attribute__((unused)) static int starts(const char *text, const char *with)
{
	while (*with)
		if (*text++ != *with++)
			return 0;
	return 1;
}

/* Until that child has ended: its status. The one call with a fourth argument: where to put what the child has used, which is nowhere. */
__attribute__((unused)) static int wait_for(long child)
{
	register long usage __asm__("r10") = 0;
	int status = 0;
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(SYS_WAIT4), "D"(child), "S"(&status), "d"(0L), "r"(usage)
			 : "rcx", "r11", "memory");
	if (result < 0)
		fail("wait4(2)");
	return status;
}

/* The program itself. The stack at its start: argc, then argv, a null, the environment, a null. */
__attribute__((used)) void run(long *stack);

__asm__(".globl _start\n_start:\n\tmov %rsp, %rdi\n\tand $-16, %rsp\n\tcall run\n");
