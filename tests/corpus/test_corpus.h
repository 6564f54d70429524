/* test_corpus: what the files of this test program share. */
#ifndef TEST_CORPUS_H
#define TEST_CORPUS_H

#include "corpus/corpus_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

/* cmocka wants those before it. */
#include <cmocka.h>

extern const struct CMUnitTest spool_tests[];
extern const size_t spool_test_count;

/* A plan of the example archives in a fresh folder below FOLDER. */
struct plan *test_plan(const char *folder, const char *segment_bytes, struct build_options **options);
char *test_folder(void); /* fresh; free() it after test_folder_remove */
void test_folder_remove(char *folder);

#endif
