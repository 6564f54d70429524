/* revisit: what a record says about its original (WARC/1.1 §6.7, and the profiles of 1.0, 1.1 and of crawlers that
 * leave the address open). */
#include "warc/warc_internal.h"

static const struct {
	const char *end;
	enum warc_profile profile;
} profiles[] = {
	{"/revisit/identical-payload-digest", WARC_PROFILE_IDENTICAL},
	{"/revisit/uri-agnostic-identical-payload-digest", WARC_PROFILE_IDENTICAL},
	{"/revisit/server-not-modified", WARC_PROFILE_NOT_MODIFIED},
};

static struct span bare(struct span text)
{
	if (text.size && *text.data == '<')
		text.data++, text.size--;
	if (text.size && text.data[text.size - 1] == '>')
		text.size--;
	return text;
}

static struct span field(const struct warc_record *record, const char *name)
{
	struct span value = warc_field_get(record->fields, record->field_count, name);
	return value.size ? bare(value) : SPAN_NONE;
}

void warc_revisit_target(const struct warc_record *record, struct warc_revisit *target)
{
	struct span profile = field(record, "WARC-Profile");
	*target = (struct warc_revisit){
		.profile = profile.size ? WARC_PROFILE_OTHER : WARC_PROFILE_NONE,
		.id = field(record, "WARC-Refers-To"),
		.uri = field(record, "WARC-Refers-To-Target-URI"),
		.date_text = field(record, "WARC-Refers-To-Date"),
		.digest = field(record, "WARC-Payload-Digest"),
		.date = DATE_NONE,
	};
	for (size_t i = 0; i < sizeof profiles / sizeof *profiles; i++)
		if (span_ends(profile, span_of(profiles[i].end)))
			target->profile = profiles[i].profile;
	if (target->date_text.data)
		target->date = date_parse_w3c(target->date_text);
}
