/* html5lib: runs the html5lib test suite (https://github.com/html5lib/html5lib-tests) against the parser. */
#ifndef WARCMILL_TESTS_HTML5LIB_H
#define WARCMILL_TESTS_HTML5LIB_H

#include "base/base.h"

struct score {
	unsigned passed, total;
	bool verbose; /* print each failure */
};

/* One file of each kind. NAME is shown with failures. False when the file cannot be read as what it should be. */
bool html5lib_tokenizer_file(const char *path, const char *name, struct score *score);
bool html5lib_tree_file(const char *path, const char *name, struct score *score);

#endif
