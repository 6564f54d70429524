/* cmd_archive: the input generator's command. */
#include "bench/archive.h"
#include "bench/child.h"
#include "bench/growth.h"

#include <getopt.h>
#include <stdlib.h>

static const char usage[] =
	"usage: warcmill-bench archive [FOLDER...] -o FILE [option...]\n"
	"\n"
	"Write a web archive from the pages of the folders (sets with a truth, or any .html, .htm, .html.gz). The same "
	"pages,\n"
	"options and seed give the same archive.\n"
	"\n"
	"  -o, --output FILE   .warc.gz, .warc.zst or .warc: the ending chooses the compression, one record each\n"
	"  --invented N        N invented pages too, of 10 to 200 kB; no folder is needed then\n"
	"  --bytes N[kMG]      stop when the file is that large; pages start again with other addresses when used up\n"
	"  --pages N           stop after so many pages (default: every page once)\n"
	"  --seed N            (1)\n"
	"  --level N           of the compressor (6 for gzip, 3 for zstd)\n"
	"  --mix NAME          crawl: images, scripts, redirects, missing pages, chunks; pages: nearly all HTML "
	"(default);\n"
	"                      html: responses alone\n"
	"  --images X --assets X --redirects X --missing X       such captures for each page, on average\n"
	"  --requests X --metadata X --chunked X --encoded X     share of captures, 0 to 1\n";

enum { INVENTED = 200, INVENTED_MIN = 10000, INVENTED_MAX = 200000, BYTES = 256, PAGES, SEED, LEVEL, MIX, SHARE };

static const struct option options[] = {{"help", no_argument, NULL, 'h'},
					{"output", required_argument, NULL, 'o'},
					{"bytes", required_argument, NULL, BYTES},
					{"invented", required_argument, NULL, INVENTED},
					{"pages", required_argument, NULL, PAGES},
					{"seed", required_argument, NULL, SEED},
					{"level", required_argument, NULL, LEVEL},
					{"mix", required_argument, NULL, MIX},
					{"images", required_argument, NULL, SHARE},
					{"assets", required_argument, NULL, SHARE + 1},
					{"redirects", required_argument, NULL, SHARE + 2},
					{"missing", required_argument, NULL, SHARE + 3},
					{"requests", required_argument, NULL, SHARE + 4},
					{"metadata", required_argument, NULL, SHARE + 5},
					{"chunked", required_argument, NULL, SHARE + 6},
					{"encoded", required_argument, NULL, SHARE + 7},
					{0}};

static double parse_share(const char *text)
{
	char *end;
	double share = strtod(text, &end);
	if (end == text || *end || !(share >= 0 && share <= 1000))
		bench_die(BENCH_USAGE, "a share is a number from 0, not '%s'", text);
	return share;
}

static enum archive_compress compress_of(const char *path)
{
	struct span name = span_of(path);
	if (span_ends(name, SPAN(".gz")))
		return ARCHIVE_GZIP;
	return span_ends(name, SPAN(".zst")) ? ARCHIVE_ZSTD : ARCHIVE_NONE;
}

int bench_archive(int argc, char **argv)
{
	const char *output = NULL;
	uint64_t invented = 0;
	struct archive_options o = {.seed = 1};
	archive_mix_named("pages", &o.mix);
	double *shares[] = {&o.mix.images,   &o.mix.assets,   &o.mix.redirects, &o.mix.missing,
			    &o.mix.requests, &o.mix.metadata, &o.mix.chunked,   &o.mix.encoded};
	for (int option; (option = getopt_long(argc, argv, "ho:", options, NULL)) != -1;) {
		if (option == 'o')
			output = optarg;
		else if (option == INVENTED)
			invented = bench_number(optarg, "--invented");
		else if (option == BYTES)
			o.bytes = bench_number(optarg, "--bytes");
		else if (option == PAGES)
			o.pages = bench_number(optarg, "--pages");
		else if (option == SEED)
			o.seed = bench_number(optarg, "--seed");
		else if (option == LEVEL)
			o.level = (int)bench_number(optarg, "--level");
		else if (option == MIX && !archive_mix_named(optarg, &o.mix))
			bench_die(BENCH_USAGE, "there is no mix '%s'", optarg);
		else if (option >= SHARE && option < SHARE + 8)
			*shares[option - SHARE] = parse_share(optarg);
		else if (option != MIX) {
			fputs(usage, option == 'h' ? stdout : stderr);
			return option == 'h' ? BENCH_DONE : BENCH_USAGE;
		}
	}
	if (!output || (optind == argc && !invented)) {
		fputs(usage, stderr);
		return BENCH_USAGE;
	}
	struct page_sources sources = {0};
	struct archive_stats stats;
	for (int i = optind; i < argc; i++)
		page_sources_add(&sources, argv[i]);
	char *made = invented ? invent_folder(invented, INVENTED_MIN, INVENTED_MAX) : NULL;
	if (made)
		page_sources_add(&sources, made);
	o.compress = compress_of(output);
	archive_write(output, &sources, &o, &stats);
	printf("%s: %llu records, %llu pages, %llu bytes stored, %llu inflated, %llu of HTML\n", output,
	       (unsigned long long)stats.records, (unsigned long long)stats.pages,
	       (unsigned long long)stats.stored_bytes, (unsigned long long)stats.record_bytes,
	       (unsigned long long)stats.html_bytes);
	page_sources_free(&sources);
	if (made)
		folder_remove(made);
	free(made);
	return BENCH_DONE;
}
