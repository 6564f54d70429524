#ifndef WARCMILL_TEST_BASE_H
#define WARCMILL_TEST_BASE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those four first */
#include <cmocka.h>

int test_text(void); /* UTF-8, addresses, JSON; failures */

#endif
