/* SPDX-License-Identifier: ISC */
/* What a program without a C library needs: the tool root has a compiler, and nothing to link with. x86-64 (Linux syscall table). */

enum { SYS_READ = 0, SYS_WRITE = 1, SYS_OPEN = 2, SYS_CLOSE = 3, SYS_EXIT = 60 };
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

/* The program itself. The stack at its start: argc, then argv, a null, the environment, a null. */
__attribute__((used)) void run(long *stack);

__asm__(".globl _start\n_start:\n\tmov %rsp, %rdi\n\tand $-16, %rsp\n\tcall run\n");
