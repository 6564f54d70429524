/* main: the commands of warcmill-bench. */
#include "bench/bench.h"

static const struct bench_command commands[] = {
	{"speed", "time the stages of a build, floors and other parsers", bench_speed},
	{"reading", "archives read, against bare decompression of the same bytes", bench_reading},
	{"growth", "cost against size, with the exponent of growth", bench_growth},
	{"hostile", "markup made to be slow, against ordinary pages", bench_hostile},
	{"peers", "other extractors and readers, on the same input in turns", bench_peers},
	{"report", "join results and show them as a page", bench_report},
	{"compare", "what became slower or worse between two results", bench_compare},
	{"extraction", "score extracted articles against the truth of a set", bench_extraction},
	{"archive", "write a web archive from a folder of pages", bench_archive},
	{"crawl", "write a web archive with wget, from a loopback site", bench_crawl},
	{"run", "run a program; tell its time and peak memory", bench_run},
	{"dedup", "score clusterings of near-duplicates, with baselines", bench_dedup},
	{"sign", "texts of one length to signatures, a second and core", bench_sign},
	{"scale", "near-duplicates among generated documents, by number", bench_scale},
};

static void usage(FILE *out)
{
	fputs("usage: warcmill-bench COMMAND ... (--help on each)\n\n", out);
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
		fprintf(out, "  %-11s %s\n", commands[i].name, commands[i].summary);
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		usage(stderr);
		return BENCH_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0) {
		usage(stdout);
		return BENCH_DONE;
	}
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	bench_say("there is no command '%s'", argv[1]);
	usage(stderr);
	return BENCH_USAGE;
}
