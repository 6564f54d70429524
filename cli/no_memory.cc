/* no_memory: CLD2 and uchardet are written in C++ and throw std::bad_alloc, which cannot pass through C. The run ends
 * as with any other lack of memory: one sentence, exit 74, and a folder that can be continued. */
#include "cli/cli.h"

#include <new>
#include <unistd.h>

static void no_memory()
{
	static const char text[] = "warcmill: no memory\n";
	if (write(STDERR_FILENO, text, sizeof text - 1) < 0)
		_exit(EXIT_IO);
	_exit(EXIT_IO);
}

extern "C" void cli_catch_no_memory(void)
{
	std::set_new_handler(no_memory);
}
