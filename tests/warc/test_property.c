/* test_property: split = sequential; sums; damage costs only what it overlaps; always forward. */
#include "tests/warc/support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

typedef void (*packer)(struct buffer *, struct span);

static void check_sums(const struct events *events)
{
	assert_int_equal(events->status, STATUS_END);
	assert_int_equal(events_sum(events), events->end);
	if (events->bytes)
		assert_int_equal(events->end, events->bytes);
	for (size_t i = 1; i < events->count; i++) {
		const struct event *a = &events->list[i - 1], *b = &events->list[i];
		if (b->offset == a->offset && b->inner == a->inner)
			print_message("%d %s, %d %s at %llu\n", a->damage, a->text, b->damage, b->text,
				      (unsigned long long)a->offset);
		assert_true(b->offset > a->offset ||
			    (b->offset == a->offset && (b->inner > a->inner || b->damage != a->damage)));
	}
}

static void same_events(const struct events *a, const struct events *b)
{
	for (size_t i = 0; i < a->count && i < b->count; i++)
		if (!event_same(&a->list[i], &b->list[i]))
			fail_msg("event %zu differs: %llu+%llu and %llu+%llu (%s, %s)", i,
				 (unsigned long long)a->list[i].offset, (unsigned long long)a->list[i].inner,
				 (unsigned long long)b->list[i].offset, (unsigned long long)b->list[i].inner,
				 a->list[i].text, b->list[i].text);
	assert_int_equal(a->count, b->count);
	assert_int_equal(a->end, b->end);
}

static void split_is_sequential(struct span bytes)
{
	const char *path = temp_file("split", bytes);
	struct events whole = read_whole(path, NULL);
	check_sums(&whole);
	static const uint64_t sizes[] = {257, 1000, 4096, 37 << 10, 1 << 20};
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		unsigned again = 0;
		if (bytes.size / sizes[i] > 600)
			continue;
		struct events split = read_split(path, sizes[i], &again);
		same_events(&whole, &split);
		events_free(&split);
	}
	events_free(&whole);
}

/* A WARC within a WARC's payload, stored and packed. */
static void put_nested(struct buffer *out, packer pack)
{
	struct buffer inner, record;
	buffer_init(&inner, GENEROUS);
	buffer_init(&record, GENEROUS);
	put_archive(&inner, 9, 77, pack);
	put_record(&record, "resource", "http://site.example/inner.warc", NULL, buffer_span(&inner));
	if (pack)
		pack(out, buffer_span(&record));
	else
		buffer_append_span(out, buffer_span(&record));
	buffer_free(&inner);
	buffer_free(&record);
}

static void put_level0(struct buffer *out, struct span bytes) /* stored: inner members stay visible */
{
	static const char head[] = "\x1f\x8b\x08\0\0\0\0\0\0\xff";
	struct buffer packed;
	buffer_init(&packed, GENEROUS);
	put_gzip(&packed, bytes);
	buffer_append(out, head, 10);
	for (size_t at = 0; at < bytes.size;) {
		size_t size = bytes.size - at < 60000 ? bytes.size - at : 60000;
		char block[5] = {at + size == bytes.size, (char)size, (char)(size >> 8), (char)~size,
				 (char)(~size >> 8)};
		buffer_append(out, block, 5);
		buffer_append(out, bytes.data + at, size);
		at += size;
	}
	buffer_append(out, packed.data + packed.size - 8, 8);
	buffer_free(&packed);
}

static const packer packers[] = {NULL, put_gzip, put_zstd, put_level0};

static void test_split(void **state)
{
	(void)state;
	for (size_t p = 0; p < sizeof packers / sizeof *packers; p++) {
		struct buffer out;
		buffer_init(&out, GENEROUS);
		put_archive(&out, 40, 1 + (unsigned)p, packers[p]);
		put_nested(&out, packers[p]);
		put_archive(&out, 20, 11, packers[p]);
		put_nested(&out, packers[p]);
		split_is_sequential(buffer_span(&out));
		buffer_free(&out);
	}
}

/* Members that do not match records: several in one, one in several, whole-file. */
static void test_split_odd_members(void **state)
{
	(void)state;
	for (size_t p = 1; p < sizeof packers / sizeof *packers; p++) {
		struct buffer out, plain;
		buffer_init(&out, GENEROUS);
		buffer_init(&plain, GENEROUS);
		put_archive(&plain, 60, 5, NULL);
		packers[p](&out, buffer_span(&plain)); /* all in one */
		split_is_sequential(buffer_span(&out));
		struct events events = read_bytes(buffer_span(&out));
		assert_int_equal(events_records(&events), 60);
		events_free(&events);
		buffer_clear(&out);
		for (size_t at = 0; at < plain.size; at += 1500) /* cut anywhere */
			packers[p](&out, span_slice(buffer_span(&plain), at, 1500));
		split_is_sequential(buffer_span(&out));
		events = read_bytes(buffer_span(&out));
		assert_int_equal(events_records(&events), 60);
		events_free(&events);
		buffer_free(&out);
		buffer_free(&plain);
	}
}

/* Every record of WHOLE that the damage does not touch is in GOT, unchanged. */
static void untouched_found(const struct events *whole, const struct events *got, uint64_t from, uint64_t to)
{
	size_t at = 0;
	for (size_t i = 0; i < whole->count; i++) {
		const struct event *event = &whole->list[i];
		if (event->damage || (event->offset < to && event->offset + event->length > from))
			continue;
		while (at < got->count && (got->list[at].damage || got->list[at].offset < event->offset))
			at++;
		if (at == got->count || !event_same(event, &got->list[at])) {
			for (size_t k = 0; k < got->count; k++)
				print_message(
					"%s %llu+%llu %llu flags %u %s\n", got->list[k].damage ? "damage" : "record",
					(unsigned long long)got->list[k].offset, (unsigned long long)got->list[k].inner,
					(unsigned long long)got->list[k].length, got->list[k].flags,
					got->list[k].damage ? got->list[k].text : got->list[k].uri);
			fail_msg("damage at %llu–%llu lost the record at %llu", (unsigned long long)from,
				 (unsigned long long)to, (unsigned long long)event->offset);
		}
	}
}

static void test_damage(void **state)
{
	(void)state;
	uint64_t random = 99;
	for (size_t p = 0; p < 3; p++) {
		struct buffer out;
		buffer_init(&out, GENEROUS);
		put_archive(&out, 24, 31, packers[p]);
		struct events whole = read_bytes(buffer_span(&out));
		char *copy = malloc(out.size);
		for (int round = 0; round < 400; round++) {
			uint64_t r = random_next(&random);
			size_t size = r % 3 == 0 ? 1 : r % 3 == 1 ? (r >> 8) % 64 : (r >> 8) % 5000;
			size_t from = (r >> 24) % out.size;
			size = size > out.size - from ? out.size - from : size;
			memcpy(copy, out.data, out.size);
			for (size_t i = from; i < from + size; i++)
				copy[i] ^= (char)(1 + random_next(&random) % 255);
			struct events got = read_bytes((struct span){copy, out.size});
			check_sums(&got);
			untouched_found(&whole, &got, from, from + size);
			events_free(&got);
		}
		free(copy);
		events_free(&whole);
		buffer_free(&out);
	}
}

/* Bytes taken out or put in: what lies before stays, what lies after is found at its new place. */
static void test_cut_and_insert(void **state)
{
	(void)state;
	uint64_t random = 7;
	for (size_t p = 0; p < 3; p++) {
		struct buffer out, changed;
		buffer_init(&out, GENEROUS);
		buffer_init(&changed, GENEROUS);
		put_archive(&out, 16, 8, packers[p]);
		struct events whole = read_bytes(buffer_span(&out));
		for (int round = 0; round < 120; round++) {
			size_t from = random_next(&random) % out.size, size = 1 + random_next(&random) % 700;
			bool insert = round & 1;
			buffer_clear(&changed);
			buffer_append(&changed, out.data, from);
			for (size_t i = 0; insert && i < size; i++)
				buffer_append_byte(&changed, (char)random_next(&random));
			size_t to = insert ? from : from + size > out.size ? out.size : from + size;
			buffer_append(&changed, out.data + to, out.size - to);
			struct events got = read_bytes(buffer_span(&changed));
			check_sums(&got);
			int64_t shift = (int64_t)changed.size - (int64_t)out.size;
			for (size_t i = 0; i < got.count; i++) /* move back what lies behind */
				if (got.list[i].offset >= from + (insert ? size : 0))
					got.list[i].offset -= (uint64_t)shift;
			untouched_found(&whole, &got, from, to > from ? to : from + 1);
			events_free(&got);
		}
		events_free(&whole);
		buffer_free(&out);
		buffer_free(&changed);
	}
}

/* A file cut anywhere: everything before is found, the part is delivered or counted. */
static void test_cut_tail(void **state)
{
	(void)state;
	for (size_t p = 0; p < 3; p++) {
		struct buffer out;
		buffer_init(&out, GENEROUS);
		put_archive(&out, 5, 21, packers[p]);
		struct events whole = read_bytes(buffer_span(&out));
		for (size_t size = 0; size < out.size; size += 1 + out.size / 500) {
			struct events got = read_bytes((struct span){out.data, size});
			check_sums(&got);
			untouched_found(&whole, &got, size, out.size);
			events_free(&got);
		}
		events_free(&whole);
		buffer_free(&out);
	}
}

/* Records whose lengths are far too long, in files and in streams: all others are found, and the one with the wrong
 * length ends where it ends. CLAIM: of the record at WRONG. */
static void put_wrong(struct buffer *out, unsigned count, unsigned wrong, const char *claim)
{
	struct buffer record;
	buffer_init(&record, GENEROUS);
	for (unsigned i = 0; i < count; i++) {
		buffer_clear(&record);
		put_archive(&record, 1, 50 + i, NULL);
		static const char field[] = "Content-Length: ";
		const char *at = memmem(record.data, record.size, field, sizeof field - 1);
		assert_non_null(at);
		size_t digits = (size_t)(at - record.data) + sizeof field - 1, end = digits;
		while (ascii_is_digit((unsigned char)record.data[end]))
			end++;
		buffer_append(out, record.data, digits);
		buffer_append_span(out, i == wrong ? span_of(claim)
						   : span_slice(buffer_span(&record), digits, end - digits));
		buffer_append(out, record.data + end, record.size - end);
	}
	buffer_free(&record);
}

static void expect_all_but(const struct events *whole, const struct events *got, unsigned wrong, const char *claim)
{
	check_sums(got);
	if (events_records(got) != events_records(whole))
		fail_msg("%s in record %u: %zu records of %zu", claim, wrong, events_records(got),
			 events_records(whole));
	for (size_t i = 0; i < events_records(whole); i++)
		if (i != wrong)
			assert_int_equal(events_record(got, i)->block, events_record(whole, i)->block);
}

static void test_wrong_lengths(void **state)
{
	(void)state;
	static const char *const claims[] = {"90000", "9000000", "60000000", "90000000", "900000000000"};
	const unsigned count = 8;
	struct buffer right, out, packed;
	buffer_init(&right, GENEROUS);
	buffer_init(&out, GENEROUS);
	buffer_init(&packed, GENEROUS);
	put_wrong(&right, count, count, "");
	struct events whole = read_bytes(buffer_span(&right));
	assert_int_equal(events_records(&whole), count);
	for (size_t c = 0; c < sizeof claims / sizeof *claims; c++)
		for (unsigned wrong = 0; wrong < count; wrong++) {
			buffer_clear(&out);
			put_wrong(&out, count, wrong, claims[c]);
			struct span forms[4] = {buffer_span(&out)};
			size_t ends[4] = {0};
			buffer_clear(&packed);
			put_gzip(&packed, buffer_span(&out)); /* all in one */
			ends[1] = packed.size;
			put_zstd(&packed, buffer_span(&out));
			ends[2] = packed.size;
			for (size_t at = 0; at < out.size; at += 3000) /* cut anywhere */
				put_gzip(&packed, span_slice(buffer_span(&out), at, 3000));
			ends[3] = packed.size;
			for (size_t i = 1; i < 4; i++)
				forms[i] = (struct span){packed.data + ends[i - 1], ends[i] - ends[i - 1]};
			for (size_t i = 0; i < 4; i++) {
				struct events got = read_bytes(forms[i]);
				expect_all_but(&whole, &got, wrong, claims[c]);
				events_free(&got);
			}
			struct events got = read_stream(buffer_span(&out));
			expect_all_but(&whole, &got, wrong, claims[c]);
			events_free(&got);
		}
	events_free(&whole);
	buffer_free(&right);
	buffer_free(&out);
	buffer_free(&packed);
}

/* Split equals sequential on damaged files, too. */
static void test_split_damaged(void **state)
{
	(void)state;
	uint64_t random = 5;
	for (size_t p = 0; p < 3; p++) {
		struct buffer out;
		buffer_init(&out, GENEROUS);
		put_archive(&out, 20, 13, packers[p]);
		for (int round = 0; round < 12; round++) {
			for (int hit = 0; hit < 4; hit++)
				out.data[random_next(&random) % out.size] ^= (char)(1 + random_next(&random) % 255);
			split_is_sequential(buffer_span(&out));
		}
		buffer_free(&out);
	}
}

/* A length that is wrong makes the reader look ahead, up to a damaged member. The sound ones before that are still read
 * one by one: their records are found, and segments that begin among them see the same. */
static void test_damage_after_wrong_length(void **state)
{
	(void)state;
	for (size_t p = 1; p < 3; p++) {
		struct buffer out, part;
		buffer_init(&out, GENEROUS);
		buffer_init(&part, GENEROUS);
		put(&part, "WARC/1.0\r\nWARC-Type: metadata\r\nWARC-Target-URI: a:1\r\nContent-Length: 4000\r\n\r\n");
		packers[p](&out, buffer_span(&part));
		for (unsigned i = 2; i < 5; i++) {
			buffer_clear(&part);
			put(&part, "Tivo morandel\r\n");
			put_record(&part, "metadata", i == 2 ? "a:2" : i == 3 ? "a:3" : "a:4", NULL, SPAN("one"));
			packers[p](&out, buffer_span(&part));
			packers[p](&out, SPAN("Pera"));
			packers[p](&out, SPAN(""));
			packers[p](&out, SPAN(""));
		}
		packers[p](&out, SPAN("Sulo tavi remo dan"));
		uint64_t damaged = out.size - 5;
		out.data[damaged] ^= 0x55; /* check sum or last byte */
		buffer_clear(&part);
		put_record(&part, "metadata", "a:5", NULL, SPAN("five"));
		packers[p](&out, buffer_span(&part));
		split_is_sequential(buffer_span(&out));
		struct events events = read_bytes(buffer_span(&out));
		check_sums(&events);
		assert_int_equal(events_records(&events), 5);
		for (size_t i = 0; i < events.count; i++) /* what is damaged is a place of its own */
			if (events.list[i].damage && damaged - events.list[i].offset < events.list[i].length)
				assert_true(events.list[i].length < 64);
		events_free(&events);
		buffer_free(&out);
		buffer_free(&part);
	}
}

static int begin(void **state)
{
	(void)state;
	temp_begin();
	return 0;
}

static int end(void **state)
{
	(void)state;
	temp_end();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_split),         cmocka_unit_test(test_split_odd_members),
		cmocka_unit_test(test_damage),        cmocka_unit_test(test_cut_and_insert),
		cmocka_unit_test(test_cut_tail),      cmocka_unit_test(test_split_damaged),
		cmocka_unit_test(test_wrong_lengths), cmocka_unit_test(test_damage_after_wrong_length),
	};
	return cmocka_run_group_tests(tests, begin, end);
}
