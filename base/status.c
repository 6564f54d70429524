/* status: names of outcomes, and the fault that carries where and why. */
#include "base/base.h"

#include <stdio.h>
#include <string.h>

static const char *const status_names[] = {
	[STATUS_OK] = "ok",         [STATUS_END] = "end", [STATUS_DATA] = "data",   [STATUS_LIMIT] = "limit",
	[STATUS_MEMORY] = "memory", [STATUS_IO] = "i/o",  [STATUS_USAGE] = "usage", [STATUS_RETRY] = "retry",
};

const char *status_name(enum status status)
{
	return (unsigned)status < sizeof status_names / sizeof *status_names ? status_names[status] : "unknown";
}

enum status fault_set(struct fault *fault, enum status status, uint64_t offset, const char *format, ...)
{
	if (status == STATUS_MEMORY)
		memory_fail();
	if (!fault)
		return status;
	/* Beside the fault, then copied: an argument may be the fault's own text, with more said before it. */
	char text[sizeof fault->text];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	fault->status = status;
	fault->offset = offset;
	memcpy(fault->text, text, sizeof text);
	for (char *c = fault->text; *c; c++)
		if ((unsigned char)*c < ' ')
			*c = ' ';
	return status;
}
