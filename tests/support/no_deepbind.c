/*
 * FreeRADIUS opens its modules with RTLD_DEEPBIND, which the sanitizers' run-time libraries refuse. Preloaded in front of
 * them, this takes the flag away. Only for tests that are built with GUARD_SANITIZE.
 */
#define _GNU_SOURCE
#include <dlfcn.h>

void *dlopen(char const *file, int flags)
{
	static void *(*real)(char const *, int);

	if (!real) *(void **) &real = dlsym(RTLD_NEXT, "dlopen");
	return real(file, flags & ~RTLD_DEEPBIND);
}
