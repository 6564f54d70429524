/* fixture: what the tests of metadata read their pages with. */
#ifndef WARCMILL_TEST_METADATA_FIXTURE_H
#define WARCMILL_TEST_METADATA_FIXTURE_H

#include "extract/extract.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h> /* wants those above */

struct fixture {
	struct html_parser *parser;
	struct metadata_reader *reader;
	struct arena *arena;
	struct page page;
	struct page_metadata out;
};

static int open_fixture(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	assert_non_null(f);
	f->parser = html_parser_new(NULL);
	f->reader = metadata_reader_new();
	f->arena = arena_new(1 << 24);
	*state = f;
	return !f->parser || !f->reader || !f->arena;
}

static int close_fixture(void **state)
{
	struct fixture *f = *state;
	html_parser_free(f->parser);
	metadata_reader_free(f->reader);
	arena_free(f->arena);
	free(f);
	return 0;
}

#endif
