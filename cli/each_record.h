/* each_record: the loop that ls and check share: every record and every damaged place of every input. */
#ifndef WARCMILL_CLI_EACH_RECORD_H
#define WARCMILL_CLI_EACH_RECORD_H

#include "cli/cli.h"
#include "warc/warc.h"

struct record_visitor {
	const char *command; /* for messages */
	void *user;
	/* Status other than OK ends the whole loop. INPUT's reader is READER. */
	enum status (*record)(void *user, const struct warc_input *input, struct warc_reader *reader,
			      const struct warc_record *record);
	enum status (*damage)(void *user, const struct warc_input *input, const struct warc_damage *damage);
	enum status (*input_end)(void *user, const struct warc_input *input); /* may be NULL */
};
/* An input that cannot be read is reported and the next one is read. Returns the exit code so far. */
int each_record(const char *const *arguments, size_t count, const struct warc_options *options,
		const struct record_visitor *visitor);
/* "name@offset" or "name@offset+inner". */
void put_address(struct buffer *out, const struct warc_input *input, uint64_t offset, uint64_t inner);
/* Write OUT to standard output and clear it. STATUS_IO when that fails. */
enum status put_out(struct buffer *out);

#endif
