/* bench: what the parts of warcmill-bench share.
 *
 * This is a program, not a library: out of memory it says so and exits (need, need_zero, need_more), and a broken
 * input ends the command with one line. Everything measured is kept as samples; medians are made when they are shown.
 */
#ifndef WARCMILL_BENCH_H
#define WARCMILL_BENCH_H

#include "base/base.h"

#include <stdio.h>

/* ---- The program ---------------------------------------------------------------------------------------- */

enum {
	BENCH_DONE = 0,
	BENCH_WORSE = 1, /* compare: something became slower or worse */
	BENCH_USAGE = 64,
	BENCH_DATA = 65,
	BENCH_IO = 74,
};

/* A command gets its own arguments; argv[0] is its name. Returns the exit code. */
struct bench_command {
	const char *name, *summary;
	int (*run)(int argc, char **argv);
};
int bench_archive(int argc, char **argv);
int bench_compare(int argc, char **argv);
int bench_crawl(int argc, char **argv);
int bench_dedup(int argc, char **argv);
int bench_extraction(int argc, char **argv);
int bench_growth(int argc, char **argv);
int bench_hostile(int argc, char **argv);
int bench_peers(int argc, char **argv);
int bench_reading(int argc, char **argv);
int bench_report(int argc, char **argv);
int bench_run(int argc, char **argv);
int bench_scale(int argc, char **argv);
int bench_sign(int argc, char **argv);
int bench_speed(int argc, char **argv);

/* "warcmill-bench: message" on stderr. */
void bench_say(const char *format, ...) WARCMILL_PRINTF(1, 2);
/* The same, then exit(CODE). */
void bench_die(int code, const char *format, ...) WARCMILL_PRINTF(2, 3) __attribute__((noreturn));
void *need(size_t size);      /* malloc or die; never NULL */
void *need_zero(size_t size); /* calloc or die */
/* *ARRAY (of SIZE bytes an entry) gets room for COUNT entries or more; *CAPACITY follows. */
void need_more(void *array, size_t *capacity, size_t count, size_t size);
char *need_made(char *made);                                  /* MADE, or die when it is NULL */
#define need_print(...) need_made(memory_format(__VA_ARGS__)) /* a string to free() */
/* Number with an optional k, M or G (powers of 1024); dies on nonsense, naming OPTION. */
uint64_t bench_number(const char *text, const char *option);
/* Read PATH whole, decompressed when its first bytes say gzip, zstd, xz or bzip2. Dies when it cannot. OUT is
 * initialised here. */
void bench_read(const char *path, struct buffer *out);
/* One object {name, bytes, sha256} of a file, for a list of inputs. Dies when it cannot be read. */
void inputs_put_file(struct json_writer *json, const char *path);
/* File names in FOLDER (recursively when DEEP), sorted bytewise, as paths. */
struct paths {
	char **at;
	size_t count, capacity;
};
void paths_list(const char *folder, bool deep, struct paths *out);
void paths_free(struct paths *paths);

/* ---- Random numbers that are the same everywhere ------------------------------------------------------------ */

/* splitmix64 (Steele, Lea, Flood 2014): small, full period, good enough for sampling and for noise. */
struct dice {
	uint64_t state;
};
uint64_t dice_next(struct dice *dice);
uint64_t dice_below(struct dice *dice, uint64_t bound); /* 0 … BOUND-1; BOUND > 0 */
double dice_real(struct dice *dice);                    /* [0, 1) */

/* ---- Statistics ------------------------------------------------------------------------------------------ */

double stats_mean(const double *values, size_t count);               /* 0 when empty */
double stats_quantile(const double *values, size_t count, double q); /* linear between neighbours; 0 when empty */
double stats_deviation(const double *values, size_t count);          /* of a sample; 0 below two */
/* Slope of log(y) against log(x): the exponent of growth. Points with x or y <= 0 are left out. */
double stats_exponent(const double *x, const double *y, size_t count);

/* ---- Text as the scorers see it (the semantics of Python's str and re, Unicode by utf8proc) -------------------- */

/* A row of hashed tokens, in order. */
struct tokens {
	uint64_t *at;
	size_t count, capacity;
};
void tokens_free(struct tokens *tokens);
void tokens_sort(struct tokens *tokens);                              /* ascending: a multiset */
size_t tokens_common(const struct tokens *a, const struct tokens *b); /* size of the intersection of two multisets */
bool tokens_equal(const struct tokens *a, const struct tokens *b);
/* Every run of N tokens as one hash; fewer than N give one run of all; none give none (as the field's scorers do). */
void tokens_shingles(const struct tokens *words, size_t n, struct tokens *out);

bool text_is_word(uint32_t code);  /* \w: letters, all three sorts of numbers, underscore */
bool text_is_space(uint32_t code); /* \s and str.strip */
/* str.lower(): full mapping, with the final sigma. Appends to OUT. */
void text_lower(struct span text, struct buffer *out);
/* Runs of \w hashed, appended to OUT after clearing it. Lower the text before where the metric wants it. */
void text_words(struct span text, struct tokens *out);
/* Word code points one by one. */
void text_letters(struct span text, struct tokens *out);
/* White space runs to one blank, trimmed; appended. */
void text_squeeze(struct span text, struct buffer *out);
/* Without what is not \w; appended. */
void text_only_words(struct span text, struct buffer *out);

#endif
