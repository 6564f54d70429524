/* memory: allocation that does not forget a failure. A page that meets its ceiling goes on without what did not fit; a
 * machine without memory must not look like that, or the output would depend on the machine. So every failure is
 * counted, and who commits results asks first. The count is of the process: memory is. */
#include "base/base.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static atomic_uint failures;

void memory_fail(void)
{
	atomic_fetch_add_explicit(&failures, 1, memory_order_relaxed);
}

bool memory_failed(void)
{
	return atomic_load_explicit(&failures, memory_order_relaxed) != 0;
}

enum status memory_status(struct fault *fault)
{
	return memory_failed() ? fault_set(fault, STATUS_MEMORY, 0, "no memory") : STATUS_OK;
}

static void *checked(void *memory)
{
	if (!memory)
		memory_fail();
	return memory;
}

void *memory_new(size_t size)
{
	return checked(malloc(size ? size : 1));
}

void *memory_zeroed(size_t count, size_t size)
{
	return checked(calloc(count ? count : 1, size ? size : 1));
}

void *memory_grow(void *old, size_t size)
{
	return checked(realloc(old, size ? size : 1));
}

char *memory_text(struct span text)
{
	char *copy = memory_new(text.size + 1);
	if (!copy)
		return NULL;
	if (text.size)
		memcpy(copy, text.data, text.size);
	copy[text.size] = 0;
	return copy;
}

char *memory_format(const char *format, ...)
{
	char *made = NULL;
	va_list arguments;
	va_start(arguments, format);
	int size = vasprintf(&made, format, arguments);
	va_end(arguments);
	return checked(size < 0 ? NULL : made);
}
