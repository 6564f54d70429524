/* record: small helpers about records, their types, fields and addresses. */
#include "warc/warc_internal.h"

#include <stdio.h>

static const char *const type_names[] = {
	[WARC_TYPE_OTHER] = "other",
	[WARC_TYPE_WARCINFO] = "warcinfo",
	[WARC_TYPE_RESPONSE] = "response",
	[WARC_TYPE_RESOURCE] = "resource",
	[WARC_TYPE_REQUEST] = "request",
	[WARC_TYPE_METADATA] = "metadata",
	[WARC_TYPE_REVISIT] = "revisit",
	[WARC_TYPE_CONVERSION] = "conversion",
	[WARC_TYPE_CONTINUATION] = "continuation",
};

const char *warc_type_name(enum warc_type type)
{
	return (size_t)type < sizeof type_names / sizeof *type_names ? type_names[type] : "other";
}

struct span warc_field_get(const struct warc_field *fields, size_t count, const char *name)
{
	struct span wanted = span_of(name);
	for (size_t i = 0; i < count; i++)
		if (fields[i].name.size == wanted.size && span_equal_nocase(fields[i].name, wanted))
			return fields[i].value;
	return SPAN_NONE;
}

void warc_address_format(uint64_t offset, uint64_t inner, char out[WARC_ADDRESS_MAX])
{
	if (inner)
		snprintf(out, WARC_ADDRESS_MAX, "%llu+%llu", (unsigned long long)offset, (unsigned long long)inner);
	else
		snprintf(out, WARC_ADDRESS_MAX, "%llu", (unsigned long long)offset);
}

bool warc_address_parse(struct span text, uint64_t *offset, uint64_t *inner)
{
	size_t plus = span_find_byte(text, '+');
	*inner = 0;
	if (plus == SIZE_MAX)
		return span_to_u64(text, offset);
	return span_to_u64(span_slice(text, 0, plus), offset) &&
	       span_to_u64(span_slice(text, plus + 1, text.size - plus - 1), inner);
}
