/* dedup_job: what `warcmill dedup` and `warcmill recluster` share. */
#ifndef WARCMILL_DEDUP_JOB_H
#define WARCMILL_DEDUP_JOB_H

#include "corpus/output.h"
#include "dedup/dedup.h"

/* One line of input that became a document. */
struct job_row {
	uint64_t id_at; /* in job.ids */
	uint32_t id_size, file;
	uint64_t line;
	uint32_t rank; /* place among ids in ascending order */
	bool sampled;  /* counts for the df table */
};

/* A piece of the spool: lines of consecutive rows, compressed. */
struct job_frame {
	uint64_t at;
	size_t packed, size, first_row, row_count;
};

struct job_worker { /* scratch of one thread */
	struct arena *arena;
	struct signer *signer;
	struct buffer raw, packed, documents, duplicates, text;
};

struct dedup_job {
	/* given */
	const char *const *inputs;
	size_t input_count;
	const char *folder, *df_path, *against;
	struct dedup_options options;
	bool force, quiet, strict, passages;
	bool corpus;            /* the one input is a corpus to recluster */
	uint32_t drop_passages; /* 0: none */
	enum compression compression;
	uint64_t part_bytes;

	/* made */
	const char **names; /* inputs in name order */
	struct buffer ids;
	struct job_row *rows;
	size_t row_count, row_capacity;
	struct job_frame *frames;
	size_t frame_count, frame_capacity;
	int spool;
	uint64_t spool_size, lines, malformed, malformed_here; /* HERE: in the input that is being read */
	unsigned threads;
	struct job_worker *workers; /* [threads] */
	struct df_candidate *candidates;
	size_t candidate_count, candidate_capacity;
	struct df_table *df;
	struct dedup_attributes *attributes; /* [old_count + row_count], the new ones by rank */
	struct signature *signatures;        /* [row_count] by rank, a mapped file */
	uint32_t *row_of;                    /* [row_count] rank → row */
	struct ceiling *ceiling;             /* of attributes, members and all that the search holds */
	struct passages *passage_counts;
	uint64_t dropped_passages, documents_changed;

	/* the older corpus */
	size_t old_count;
	struct buffer old_text;              /* its clusters.tsv */
	struct span *old_ids, *old_clusters; /* [old_count] */
	uint32_t *old_keeper;
	void *old_signatures; /* of a corpus, whose are made again; NULL: they lie in a file */

	struct dedup_result result;
	uint64_t kept, collapsed;
	struct buffer files; /* JSON of the files written, for the manifest */
	size_t file_count;
};

/* The options of `warcmill dedup`; -1 after help, EXIT_DONE to go on. */
int dedup_job_parse(int argc, char **argv, struct dedup_job *job);
/* Run it all. Complaints about single lines go to stderr; the rest is in FAULT. */
enum status dedup_job_run(struct dedup_job *job, struct fault *fault);
void dedup_job_free(struct dedup_job *job);

/* recluster_corpus.c: the same for a corpus of `warcmill build` at job->inputs[0]: clusters.tsv and manifest.json. */
enum status recluster_corpus(struct dedup_job *job, struct fault *fault);

/* dedup_read.c */
enum status job_read(struct dedup_job *job, struct fault *fault);
enum status job_frame_load(struct dedup_job *job, const struct job_frame *frame, struct job_worker *worker,
			   struct fault *fault);
/* The member NAME of OBJECT or of its "metadata". */
struct span job_field(const struct json *object, const char *name);
struct span job_id(const struct json *object); /* a string or a number */
struct span job_host(struct arena *arena, const struct json *object);
struct dedup_attributes job_attributes(struct arena *arena, const struct json *object);
struct span job_row_id(const struct dedup_job *job, size_t row);

/* dedup_sign.c */
enum status job_sign(struct dedup_job *job, struct fault *fault);
enum status job_old_load(struct dedup_job *job, struct signature_table *table, struct fault *fault);

/* dedup_emit.c */
enum status job_emit(struct dedup_job *job, struct fault *fault);
enum status job_write(struct dedup_job *job, const char *name, struct span bytes, struct fault *fault);
void job_note_file(struct dedup_job *job, const char *name, uint64_t size, const uint8_t *sha256);

#endif
