/* reading: a finished corpus folder and the lines of its parts. Decompression streams in pieces; a line longer than the
 * ceiling is damage, since no writer here makes one. */
#include "corpus/reading_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

enum { PIECE = 1 << 17, LINE_MAX_BYTES = 1 << 30 };

struct line_reader {
	int file;
	enum compression compression;
	ZSTD_DStream *zstd;
	z_stream gzip;
	bool gzip_ready, ended, frame_open;
	bool more; /* the decompressor filled the room it had: it may hold more output */
	char in[PIECE];
	size_t in_size, in_at;
	struct buffer lines; /* decompressed, not yet given out from `at` on */
	size_t at;
	uint64_t offset; /* of the compressed file */
};

enum status line_reader_open(const char *path, struct line_reader **out, struct fault *fault)
{
	struct line_reader *reader = memory_zeroed(1, sizeof *reader);
	*out = NULL;
	if (!reader)
		return fault_set(fault, STATUS_MEMORY, 0, "no memory to read %.160s", path);
	struct span name = span_of(path);
	reader->compression = span_ends(name, SPAN(".zst"))  ? COMPRESS_ZSTD
			      : span_ends(name, SPAN(".gz")) ? COMPRESS_GZIP
							     : COMPRESS_NONE;
	buffer_init(&reader->lines, LINE_MAX_BYTES);
	reader->file = open(path, O_RDONLY | O_CLOEXEC);
	if (reader->file < 0) {
		enum status status = fault_set(fault, STATUS_IO, 0, "cannot open %.160s: %s", path, strerror(errno));
		line_reader_close(reader);
		return status;
	}
	if (reader->compression == COMPRESS_ZSTD)
		reader->zstd = ZSTD_createDStream();
	if (reader->compression == COMPRESS_GZIP)
		reader->gzip_ready = inflateInit2(&reader->gzip, 31) == Z_OK;
	if ((reader->compression == COMPRESS_ZSTD && !reader->zstd) ||
	    (reader->compression == COMPRESS_GZIP && !reader->gzip_ready)) {
		line_reader_close(reader);
		return fault_set(fault, STATUS_MEMORY, 0, "no memory to read %.160s", path);
	}
	*out = reader;
	return STATUS_OK;
}

void line_reader_close(struct line_reader *reader)
{
	if (!reader)
		return;
	if (reader->file >= 0)
		close(reader->file);
	ZSTD_freeDStream(reader->zstd);
	if (reader->gzip_ready)
		inflateEnd(&reader->gzip);
	buffer_free(&reader->lines);
	free(reader);
}

static enum status refill(struct line_reader *reader, struct fault *fault)
{
	ssize_t got;
	do
		got = read(reader->file, reader->in, PIECE);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return fault_set(fault, STATUS_IO, reader->offset, "cannot read: %s", strerror(errno));
	reader->in_size = (size_t)got;
	reader->in_at = 0;
	reader->offset += (uint64_t)got;
	return got ? STATUS_OK : STATUS_END;
}

/* Decompress what is in hand, at least a little. */
static enum status unpack_zstd(struct line_reader *reader, struct fault *fault)
{
	ZSTD_inBuffer in = {reader->in, reader->in_size, reader->in_at};
	ZSTD_outBuffer out = {reader->lines.data + reader->lines.size, PIECE, 0};
	size_t code = ZSTD_decompressStream(reader->zstd, &out, &in);
	if (ZSTD_isError(code))
		return fault_set(fault, STATUS_DATA, reader->offset, "the zstd data are damaged: %s",
				 ZSTD_getErrorName(code));
	reader->in_at = in.pos;
	reader->lines.size += out.pos;
	reader->frame_open = code != 0;
	reader->more = out.pos == PIECE;
	return STATUS_OK;
}

static enum status unpack_gzip(struct line_reader *reader, struct fault *fault)
{
	z_stream *gzip = &reader->gzip;
	gzip->next_in = (Bytef *)reader->in + reader->in_at;
	gzip->avail_in = (uInt)(reader->in_size - reader->in_at);
	gzip->next_out = (Bytef *)reader->lines.data + reader->lines.size;
	gzip->avail_out = PIECE;
	int code = inflate(gzip, Z_NO_FLUSH);
	reader->lines.size += PIECE - gzip->avail_out;
	reader->in_at = reader->in_size - gzip->avail_in;
	reader->frame_open = code != Z_STREAM_END;
	reader->more = gzip->avail_out == 0;
	if (code == Z_STREAM_END)
		inflateReset(gzip);
	else if (code != Z_OK && code != Z_BUF_ERROR)
		return fault_set(fault, STATUS_DATA, reader->offset, "the gzip data are damaged");
	return STATUS_OK;
}

static enum status fetch(struct line_reader *reader, struct fault *fault)
{
	if (reader->at) {
		memmove(reader->lines.data, reader->lines.data + reader->at, reader->lines.size - reader->at);
		reader->lines.size -= reader->at;
		reader->at = 0;
	}
	if (buffer_reserve(&reader->lines, PIECE) != STATUS_OK)
		return fault_set(fault, reader->lines.status, reader->offset, "a line is too long");
	/* A decompressor may hold more output than fitted: it is asked before more input is read. */
	size_t before = reader->lines.size;
	enum status status = STATUS_OK;
	while (status == STATUS_OK && reader->lines.size == before) {
		if (!reader->more && reader->in_at == reader->in_size && (status = refill(reader, fault)) != STATUS_OK)
			break;
		if (reader->compression == COMPRESS_ZSTD)
			status = unpack_zstd(reader, fault);
		else if (reader->compression == COMPRESS_GZIP)
			status = unpack_gzip(reader, fault);
		else {
			buffer_append(&reader->lines, reader->in, reader->in_size);
			reader->in_at = reader->in_size;
		}
	}
	if (status == STATUS_END && reader->frame_open)
		return fault_set(fault, STATUS_DATA, reader->offset, "the file ends too early");
	return status;
}

enum status line_reader_next(struct line_reader *reader, struct span *line, struct fault *fault)
{
	size_t from = 0;
	for (;;) {
		struct span rest = span_slice(buffer_span(&reader->lines), reader->at, SIZE_MAX);
		size_t end = span_find_byte(span_slice(rest, from, SIZE_MAX), '\n');
		if (end != SIZE_MAX) {
			*line = span_slice(rest, 0, from + end);
			reader->at += from + end + 1;
			return STATUS_OK;
		}
		from = rest.size;
		enum status status = reader->ended ? STATUS_END : fetch(reader, fault);
		if (status == STATUS_END) {
			reader->ended = true;
			*line = span_slice(buffer_span(&reader->lines), reader->at, SIZE_MAX);
			reader->at = reader->lines.size;
			return line->size ? STATUS_OK : STATUS_END;
		}
		if (status != STATUS_OK)
			return status;
	}
}

/* ---- The folder ------------------------------------------------------------------------------------------------- */

static enum status read_files(struct corpus *corpus, struct fault *fault)
{
	const struct json *files = json_get(corpus->manifest, "files");
	size_t count = 0;
	for (const struct json *at = files ? files->first : NULL; at; at = at->next)
		count++;
	corpus->files = memory_zeroed(count + 1, sizeof *corpus->files);
	if (!corpus->files)
		return fault_set(fault, STATUS_MEMORY, 0, "no memory for the list of files");
	for (const struct json *at = files ? files->first : NULL; at; at = at->next) {
		struct span table = json_get_text(at, "table"), name = json_get_text(at, "name");
		for (int i = 0; i < TABLE_COUNT; i++) {
			if (!table.data || !name.data || !span_equal(table, span_of(corpus_table_names[i])))
				continue;
			struct corpus_file *file = &corpus->files[corpus->file_count];
			file->table = (enum corpus_table)i;
			json_get_u64(at, "rows", &file->rows);
			json_get_u64(at, "bytes", &file->bytes);
			if (!(file->name = memory_text(name)))
				return fault_set(fault, STATUS_MEMORY, 0, "no memory for the list of files");
			corpus->file_count++;
		}
	}
	return STATUS_OK;
}

enum status corpus_open(const char *folder, struct corpus **out, struct fault *fault)
{
	struct fault inner = {0};
	struct corpus *corpus = memory_zeroed(1, sizeof *corpus);
	*out = NULL;
	if (!corpus)
		return fault_set(fault, STATUS_MEMORY, 0, "no memory");
	buffer_init(&corpus->bytes, SIZE_MAX / 2);
	corpus->folder = memory_text(span_of(folder));
	corpus->arena = arena_new(SIZE_MAX / 2);
	char *path = memory_format("%s/manifest.json", folder);
	enum status status =
		path && corpus->folder && corpus->arena ? STATUS_OK : fault_set(fault, STATUS_MEMORY, 0, "no memory");
	if (status == STATUS_OK && !file_exists(path))
		status = fault_set(fault, STATUS_USAGE, 0, "%.160s holds no finished corpus: there is no manifest.json",
				   folder);
	if (status == STATUS_OK && (status = file_read(path, &corpus->bytes, &inner)) != STATUS_OK)
		fault_set(fault, status, 0, "%.120s: %.100s", path, inner.text);
	if (status == STATUS_OK &&
	    (json_parse(corpus->arena, buffer_span(&corpus->bytes), 0, &corpus->manifest, &inner) != STATUS_OK ||
	     !span_equal(json_get_text(corpus->manifest, "format"), SPAN("warcmill-corpus/1"))))
		status = fault_set(fault, STATUS_DATA, 0, "%.160s is damaged", path);
	if (status == STATUS_OK)
		status = read_files(corpus, fault);
	if (status == STATUS_OK) {
		corpus->format = json_get_text(json_get(corpus->manifest, "options"), "format");
		if (!corpus->format.data)
			corpus->format = SPAN("jsonl");
	}
	free(path);
	if (status == STATUS_OK)
		*out = corpus;
	else
		corpus_close(corpus);
	return status;
}

void corpus_close(struct corpus *corpus)
{
	if (!corpus)
		return;
	for (size_t i = 0; i < corpus->file_count; i++)
		free(corpus->files[i].name);
	free(corpus->files);
	free(corpus->folder);
	arena_free(corpus->arena);
	buffer_free(&corpus->bytes);
	free(corpus);
}

/* VISIT's own faults go through as they are; a part's are told with its name. */
static enum status hand_on(struct row_visitor *visitor, const struct json *row, struct fault *fault)
{
	enum status status = visitor->visit(visitor->self, row, fault);
	visitor->refused = status != STATUS_OK;
	return status;
}

enum status row_visit(struct row_visitor *visitor, struct fault *fault)
{
	const struct json *row;
	arena_reset(visitor->arena);
	if (visitor->line.status != STATUS_OK)
		return fault_set(fault, visitor->line.status, 0, "a row is too long");
	if (json_parse(visitor->arena, buffer_span(&visitor->line), READING_DEPTH, &row, fault) != STATUS_OK)
		return STATUS_DATA;
	return hand_on(visitor, row, fault);
}

static enum status line_rows(const char *path, struct row_visitor *visitor, struct fault *fault)
{
	struct span line;
	struct line_reader *reader = NULL;
	uint64_t number = 0;
	struct fault inner = {0};
	enum status status = line_reader_open(path, &reader, fault);
	while (status == STATUS_OK && (status = line_reader_next(reader, &line, fault)) == STATUS_OK) {
		const struct json *row;
		arena_reset(visitor->arena);
		number++;
		if (json_parse(visitor->arena, line, READING_DEPTH, &row, &inner) != STATUS_OK)
			status = fault_set(fault, STATUS_DATA, 0, "line %llu: %.80s", (unsigned long long)number,
					   inner.text);
		else
			status = hand_on(visitor, row, fault);
	}
	line_reader_close(reader);
	return status == STATUS_END && !visitor->refused ? STATUS_OK : status;
}

static enum status part_rows(const struct corpus *corpus, const struct corpus_file *file, struct row_visitor *visitor,
			     struct fault *fault)
{
	struct fault inner = {0};
	char *path = memory_format("%s/%s", corpus->folder, file->name);
	if (!path)
		return fault_set(fault, STATUS_MEMORY, 0, "no memory");
	enum status status = span_equal(corpus->format, SPAN("parquet")) ? parquet_rows(path, visitor, &inner)
			     : span_equal(corpus->format, SPAN("wet"))   ? wet_rows(path, visitor, &inner)
									 : line_rows(path, visitor, &inner);
	free(path);
	if (status == STATUS_OK)
		return status;
	if (!visitor->refused)
		return fault_set(fault, status, 0, "%.120s: %.100s", file->name, inner.text);
	if (fault)
		*fault = inner;
	return status;
}

enum status corpus_rows(const struct corpus *corpus, enum corpus_table table,
			enum status (*visit)(void *self, const struct json *row, struct fault *fault), void *self,
			struct fault *fault)
{
	struct row_visitor visitor = {.table = table, .arena = arena_new(SIZE_MAX / 2), .visit = visit, .self = self};
	enum status status = visitor.arena ? STATUS_OK : fault_set(fault, STATUS_MEMORY, 0, "no memory");
	buffer_init(&visitor.line, LINE_MAX_BYTES);
	for (size_t i = 0; status == STATUS_OK && i < corpus->file_count; i++)
		if (corpus->files[i].table == table)
			status = part_rows(corpus, &corpus->files[i], &visitor, fault);
	arena_free(visitor.arena);
	buffer_free(&visitor.line);
	return status == STATUS_END ? STATUS_OK : status;
}

bool corpus_rows_whole(const struct corpus *corpus)
{
	return !span_equal(corpus->format, SPAN("wet"));
}
