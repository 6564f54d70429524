/* cmd_sign: how fast texts become signatures, with the df table that a build would have. Texts are cut to one length,
 * because the cost of a document is that of its words. */
#include "bench/duplicates.h"
#include "bench/growth.h"
#include "bench/measure.h"

#include "dedup/dedup.h"

#include <getopt.h>
#include <stdlib.h>

static const char usage[] = "usage: warcmill-bench sign [TEXTS] [option...]\n"
			    "\n"
			    "Time normalising, hashing, SimHash, anchors and sketch of texts, on one core.\n"
			    "\n"
			    "TEXTS             JSON lines as for dedup (id, cluster, text); without, invented texts\n"
			    "  --words N       of every text its first N words, shorter ones left out (350)\n"
			    "  --count N       at most so many texts (5000)\n"
			    "  --rounds N      runs of each (7)\n";

struct input {
	struct span *texts;
	size_t count;
	uint64_t bytes;
	struct df_table *table;
};

/* The first WORDS words of TEXT; nothing when it has fewer. */
static struct span first_words(struct span text, size_t words)
{
	bool inside = false;
	for (size_t i = 0; i < text.size; i++) {
		bool blank = ascii_is_space((uint8_t)text.data[i]);
		words -= inside && blank;
		if (words == 0)
			return (struct span){text.data, i};
		inside = !blank;
	}
	return words == 1 && inside ? text : SPAN_NONE;
}

static void add_text(struct input *input, struct span text)
{
	input->texts[input->count++] = text;
	input->bytes += text.size;
}

static void read_texts(struct input *input, const struct documents *documents, size_t words, size_t most)
{
	for (size_t i = 0; i < documents->count && input->count < most; i++) {
		struct span text = first_words(documents->at[i].text, words);
		if (text.data)
			add_text(input, text);
	}
}

static void invent_texts(struct input *input, struct buffer *texts, size_t words, size_t count)
{
	struct dice dice = {7};
	size_t *ends = need((count + 1) * sizeof *ends);
	ends[0] = 0;
	for (size_t i = 0; i < count; i++) {
		invent_text(&dice, words, texts);
		ends[i + 1] = texts->size;
	}
	for (size_t i = 0; i < count; i++)
		add_text(input, (struct span){texts->data + ends[i], ends[i + 1] - ends[i]});
	free(ends);
}

static struct df_table *count_shingles(const struct input *input)
{
	struct signer *signer = signer_new(NULL, SIMHASH_128);
	struct df_counter *counter = df_counter_new(input->count);
	for (size_t i = 0; signer && counter && i < input->count; i++)
		if (df_counter_add(counter, signer, input->texts[i]))
			bench_die(BENCH_IO, "no memory to count shingles");
	signer_free(signer);
	struct df_table *table = counter ? df_counter_finish(counter) : NULL;
	if (!table)
		bench_die(BENCH_IO, "no memory for a df table");
	return table;
}

static bool sign(const struct input *input, const struct df_table *table, bool exact_only, struct work *work)
{
	struct signer *signer = signer_new(table, SIMHASH_128);
	struct signature signature;
	bool good = signer != NULL;
	memset(&signature, 0, sizeof signature);
	for (size_t i = 0; good && i < input->count; i++) {
		good = !(exact_only ? signer_exact(signer, input->texts[i], &signature.exact, NULL)
				    : signer_sign(signer, input->texts[i], &signature));
		work->check += signature.exact.low ^ signature.simhash[0] ^ signature.sketch[0] ^ signature.anchors[0];
	}
	signer_free(signer);
	work->bytes = input->bytes;
	work->units = input->count;
	return good;
}

static bool run_exact(void *context, struct work *work)
{
	return sign(context, NULL, true, work);
}

static bool run_plain(void *context, struct work *work)
{
	return sign(context, NULL, false, work);
}

static bool run_weighted(void *context, struct work *work)
{
	struct input *input = context;
	return sign(input, input->table, false, work);
}

static void time_all(struct input *input, size_t rounds)
{
	struct task tasks[] = {
		{"exact", "stage", "normalise, hash of the tokens", "document", NULL, input, run_exact, NULL, false},
		{"unweighted", "stage", "the whole signature, without a df table", "document", NULL, input, run_plain,
		 NULL, false},
		{"sign", "stage", "the whole signature, under the df table of the texts", "document", NULL, input,
		 run_weighted, NULL, false},
	};
	enum { TASKS = sizeof tasks / sizeof *tasks };
	struct samples samples[TASKS];
	measure(tasks, TASKS, rounds, 0, samples);
	for (size_t i = 0; i < TASKS; i++) {
		double median = samples_median(&samples[i]) / (double)input->count;
		printf("%-11s %6.2f µs a document  %8.0f documents/s  %6.1f MB/s  spread %.1f%%  %s\n", tasks[i].name,
		       median * 1e6, 1 / median, (double)input->bytes / (double)input->count / median / 1e6,
		       100 * samples_spread(&samples[i]), tasks[i].about);
		if (samples[i].unsteady)
			bench_die(BENCH_DATA, "signatures differ between runs");
		samples_free(&samples[i]);
	}
}

int bench_sign(int argc, char **argv)
{
	static const struct option options[] = {{"words", required_argument, NULL, 'w'},
						{"count", required_argument, NULL, 'c'},
						{"rounds", required_argument, NULL, 'r'},
						{"help", no_argument, NULL, 'h'},
						{NULL, 0, NULL, 0}};
	uint64_t words = 350, count = 5000, rounds = 7;
	for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		if (option == 'w')
			words = bench_number(optarg, "--words");
		else if (option == 'c')
			count = bench_number(optarg, "--count");
		else if (option == 'r')
			rounds = bench_number(optarg, "--rounds");
		else {
			fputs(usage, option == 'h' ? stdout : stderr);
			return option == 'h' ? BENCH_DONE : BENCH_USAGE;
		}
	}
	if (argc - optind > 1 || words == 0 || count == 0 || rounds == 0) {
		fputs(usage, stderr);
		return BENCH_USAGE;
	}
	struct input input = {.texts = need(count * sizeof *input.texts)};
	struct documents documents = {0};
	struct buffer texts;
	buffer_init(&texts, SIZE_MAX / 2);
	if (optind < argc) {
		documents_open(argv[optind], &documents);
		read_texts(&input, &documents, words, count);
	} else {
		invent_texts(&input, &texts, words, count);
	}
	if (input.count == 0)
		bench_die(BENCH_DATA, "no text has %llu words", (unsigned long long)words);
	input.table = count_shingles(&input);
	printf("%zu texts of %llu words, %.0f bytes each\n", input.count, (unsigned long long)words,
	       (double)input.bytes / (double)input.count);
	time_all(&input, rounds);
	df_free(input.table);
	free(input.texts);
	if (optind < argc)
		documents_close(&documents);
	buffer_free(&texts);
	return BENCH_DONE;
}
