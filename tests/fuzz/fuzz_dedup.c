/* Texts to signatures: any bytes give a signature that keeps its invariants, vector and plain code agree, a text is a
 * copy of itself, and half of it never crashes a comparison. */
#include "dedup/dedup_internal.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition)                                                                                               \
	do {                                                                                                           \
		if (!(condition))                                                                                      \
			abort();                                                                                       \
	} while (0)

static void check_signature(const struct signature *s)
{
	CHECK(s->sketch_count <= SIGNATURE_SKETCH && s->anchor_count <= SIGNATURE_ANCHORS);
	CHECK(s->number_count <= SIGNATURE_NUMBERS && s->head_count <= SIGNATURE_HEAD);
	CHECK((s->tokens == 0) == (s->sketch_count == 0) && (s->tokens == 0) == (s->anchor_count == 0));
	for (unsigned i = 1; i < s->sketch_count; i++)
		CHECK(s->sketch[i - 1] <= s->sketch[i]);
	for (unsigned i = 1; i < s->number_count; i++)
		CHECK(s->numbers[i - 1] < s->numbers[i]);
}

static void check_kernels(const struct normaliser *best, struct span text)
{
	struct normaliser plain;
	CHECK(normaliser_init(&plain) == STATUS_OK);
	plain.kernels = &normalise_plain;
	CHECK(normaliser_run(&plain, text) == STATUS_OK);
	CHECK(plain.token_count == best->token_count);
	CHECK(!memcmp(plain.tokens, best->tokens, plain.token_count * sizeof *plain.tokens));
	normaliser_free(&plain);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = {(const char *)data, size};
	struct signature whole, half, again;
	struct pair_evidence evidence;
	struct dedup_options options;
	struct buffer out;
	struct signer *signer = signer_new(NULL, size % 2 ? SIMHASH_128 : SIMHASH_64);
	CHECK(signer);
	dedup_options_default(&options);
	CHECK(signer_sign(signer, text, &whole) == STATUS_OK);
	check_signature(&whole);
	check_kernels(&signer->normaliser, text);
	CHECK(signer_sign(signer, span_slice(text, 0, size / 2), &half) == STATUS_OK);
	check_signature(&half);
	pair_verify(&whole, &half, &options, &evidence);
	CHECK(evidence.hamming <= 128 && evidence.jaccard <= 1000 && evidence.containment <= 1000);
	CHECK(pair_verify(&whole, &whole, &options, &evidence) == (whole.tokens > 0));

	/* What was normalised once stays as it is. */
	buffer_init(&out, 1 << 26);
	CHECK(signer_normalise(signer, text, &out) == STATUS_OK);
	CHECK(utf8_valid(buffer_span(&out)));
	CHECK(signer_sign(signer, text, &again) == STATUS_OK);
	CHECK(!memcmp(&again, &whole, sizeof again));
	dedup_name_key(text);
	buffer_free(&out);
	signer_free(signer);
	return 0;
}
