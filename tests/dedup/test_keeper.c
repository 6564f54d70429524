/* The keeper: each rule, its rank among the rules, and names. */
#include "dedup/dedup_internal.h"
#include "invent.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { COPIES = 4 };

/* COPIES copies of one story, the second the longest. */
struct cluster {
	struct texts texts;
	struct signature *signatures;
	struct signature_table *table;
	struct dedup_attributes attributes[COPIES];
};

static void cluster_make(struct cluster *c)
{
	struct buffer story;
	buffer_init(&story, 1 << 20);
	texts_init(&c->texts);
	invent(&story, 77, 300);
	for (unsigned i = 0; i < COPIES; i++) {
		invent_edit(&c->texts.bytes, buffer_span(&story), i + 1, 20);
		if (i == 1)
			invent(&c->texts.bytes, 78, 30);
		texts_end(&c->texts);
		c->attributes[i] = (struct dedup_attributes){.address = 100 + i, .date = DATE_NONE};
	}
	c->signatures = texts_sign(&c->texts, SIMHASH_128);
	c->table = signature_table_new();
	assert_int_equal(signature_table_add(c->table, c->signatures, COPIES), STATUS_OK);
	buffer_free(&story);
}

static void cluster_free(struct cluster *c)
{
	signature_table_free(c->table);
	free(c->signatures);
	texts_free(&c->texts);
}

static void assert_keeper(const struct cluster *c, uint32_t keeper, enum keeper_rule rule)
{
	struct dedup_options options;
	struct dedup_result result;
	struct fault fault;
	dedup_options_default(&options);
	struct dedup_input input = {.table = c->table, .attributes = c->attributes};
	assert_int_equal(dedup_run(&input, &options, &result, &fault), STATUS_OK);
	for (size_t i = 0; i < COPIES; i++) {
		assert_int_equal(result.rows[i].keeper, keeper);
		assert_int_equal(result.rows[i].keeper_rule, rule);
		assert_int_equal(result.rows[i].evidence.rule == PAIR_NONE, i == keeper);
	}
	dedup_result_free(&result);
}

static void rules_in_order(void **state)
{
	(void)state;
	struct cluster c;
	cluster_make(&c);
	assert_keeper(&c, 1, KEEPER_LENGTH);
	c.attributes[2].date = date_from_civil(2020, 1, 2, 0, 0, 0);
	c.attributes[3].date = date_from_civil(2020, 1, 3, 0, 0, 0);
	assert_keeper(&c, 2, KEEPER_DATE);
	c.attributes[3].publisher[1] = dedup_name_key(SPAN("www.reuters.com"));
	c.attributes[0].source = dedup_name_key(SPAN("Reuters"));
	assert_keeper(&c, 3, KEEPER_SOURCE);
	c.attributes[1].canonical = 100;
	assert_keeper(&c, 0, KEEPER_CANONICAL);
	c.attributes[0].canonical = 102; /* a chain of two: the end of it */
	assert_keeper(&c, 2, KEEPER_CANONICAL);
	cluster_free(&c);
}

static void canonical_of_itself_is_no_claim(void **state)
{
	(void)state;
	struct cluster c;
	cluster_make(&c);
	for (unsigned i = 0; i < COPIES; i++)
		c.attributes[i].canonical = c.attributes[i].address;
	assert_keeper(&c, 1, KEEPER_LENGTH);
	cluster_free(&c);
}

static void equal_texts_go_by_id(void **state)
{
	(void)state;
	struct cluster c;
	cluster_make(&c);
	for (unsigned i = 1; i < COPIES; i++)
		c.signatures[i] = c.signatures[0];
	struct dedup_options options;
	struct dedup_result result;
	struct fault fault;
	dedup_options_default(&options);
	struct dedup_input input = {.table = c.table, .attributes = c.attributes};
	assert_int_equal(dedup_run(&input, &options, &result, &fault), STATUS_OK);
	for (size_t i = 0; i < COPIES; i++) {
		assert_int_equal(result.rows[i].keeper, 0);
		assert_int_equal(result.rows[i].keeper_rule, KEEPER_ID);
	}
	assert_int_equal(result.exact, COPIES - 1);
	dedup_result_free(&result);
	cluster_free(&c);
}

/* Longer only through foreign text around it: in the same script, and in another one behind it. */
static void a_wrapped_copy_does_not_win_by_length(void **state)
{
	(void)state;
	for (int other_script = 0; other_script < 2; other_script++) {
		struct texts t;
		struct buffer story;
		texts_init(&t);
		buffer_init(&story, 1 << 20);
		invent(&story, 21, 400);
		if (!other_script)
			invent(&t.bytes, 900, 120);
		buffer_append_span(&t.bytes, buffer_span(&story));
		if (other_script) {
			char bytes[4];
			uint64_t seed = 4;
			for (unsigned i = 0; i < 300; i++)
				buffer_append(&t.bytes, bytes,
					      utf8_encode(0x4E00 + (uint32_t)(invent_next(&seed) % 500), bytes));
		} else {
			invent(&t.bytes, 901, 120);
		}
		texts_end(&t);
		buffer_append_span(&t.bytes, buffer_span(&story));
		texts_end(&t);
		struct signature *all = texts_sign(&t, SIMHASH_128);
		struct signature_table *table = signature_table_new();
		struct dedup_options options;
		struct dedup_result result;
		struct fault fault;
		dedup_options_default(&options);
		assert_int_equal(signature_table_add(table, all, 2), STATUS_OK);
		assert_int_equal(dedup_run(&(struct dedup_input){.table = table}, &options, &result, &fault),
				 STATUS_OK);
		assert_int_equal(result.rows[0].keeper, 1);
		assert_int_equal(result.rows[1].keeper, 1);
		dedup_result_free(&result);
		signature_table_free(table);
		free(all);
		buffer_free(&story);
		texts_free(&t);
	}
}

static void names(void **state)
{
	(void)state;
	assert_true(dedup_name_key(SPAN("")) == 0);
	assert_true(dedup_name_key(SPAN_NONE) == 0);
	assert_true(dedup_name_key(SPAN("The Associated Press")) == dedup_name_key(SPAN("AP")));
	assert_true(dedup_name_key(SPAN("apnews.com")) == dedup_name_key(SPAN("AP")));
	assert_true(dedup_name_key(SPAN("www.lowford-herald.co.uk")) == dedup_name_key(SPAN("Lowford Herald")));
	assert_true(dedup_name_key(SPAN("Lowford Herald")) != dedup_name_key(SPAN("Lowford Post")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules_in_order),
		cmocka_unit_test(canonical_of_itself_is_no_claim),
		cmocka_unit_test(equal_texts_go_by_id),
		cmocka_unit_test(a_wrapped_copy_does_not_win_by_length),
		cmocka_unit_test(names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
