/* metadata_jsonld: evidence from a page's JSON-LD (schema.org vocabulary).
 *
 * JSON-LD in the wild is often not JSON: line breaks inside strings, commas before closing brackets, comments or CDATA
 * around it, character references instead of quotes. It is parsed as it stands; when that fails, repaired in one pass
 * and parsed again; when that fails too, the few keys that matter are looked for in the bytes. Only the page's own
 * thing is read: what hangs below comments, reviews, lists and related works describes other pages. */
#include "extract/metadata_internal.h"

enum { STACK_MAX = 256, IDS_MAX = 128, SCRIPT_MAX = 1 << 20 };

enum ld_kind { LD_IGNORED, LD_THING, LD_PAGE, LD_ARTICLE, LD_PERSON, LD_SITE, LD_ORGANISATION };

#define KIND(name, kind, suffix)                                                                                       \
	{                                                                                                              \
		name, sizeof(name) - 1, kind, suffix                                                                   \
	}
static const struct kind_row {
	const char *name;
	uint8_t size, kind;
	bool suffix; /* any type that ends so: NewsArticle, BlogPosting, … */
} kind_rows[] = {
	KIND("Article", LD_ARTICLE, true),
	KIND("Posting", LD_ARTICLE, true),
	KIND("Report", LD_ARTICLE, true),
	KIND("JobPosting", LD_THING, false),
	KIND("Recipe", LD_ARTICLE, false),
	KIND("HowTo", LD_ARTICLE, false),
	KIND("Review", LD_ARTICLE, true),
	KIND("ClaimReview", LD_ARTICLE, false),
	KIND("LiveBlog", LD_ARTICLE, false),
	KIND("Page", LD_PAGE, true),
	KIND("Person", LD_PERSON, false),
	KIND("WebSite", LD_SITE, false),
	KIND("Organization", LD_ORGANISATION, true),
	KIND("Corporation", LD_ORGANISATION, false),
	KIND("Product", LD_THING, false),
	KIND("VideoObject", LD_THING, false),
	KIND("Question", LD_THING, false),
	KIND("Event", LD_THING, true),
	KIND("Course", LD_THING, false),
	KIND("Book", LD_THING, false),
	KIND("Movie", LD_THING, false),
	KIND("PodcastEpisode", LD_THING, false),
	KIND("CreativeWork", LD_ARTICLE, true),
	KIND("Dataset", LD_THING, false),
	KIND("ProfilePage", LD_THING, false),
	KIND("SoftwareApplication", LD_THING, true),
	KIND("BreadcrumbList", LD_IGNORED, false),
	KIND("ImageObject", LD_IGNORED, false),
	KIND("ItemList", LD_IGNORED, false),
};

struct ld {
	struct metadata_reader *reader;
	struct {
		struct span id;
		const struct json *object;
	} ids[IDS_MAX];
	size_t id_count;
};

static enum ld_kind kind_of_name(struct span name)
{
	size_t slash = 0;
	for (size_t i = 0; i < name.size; i++)
		if (name.data[i] == '/' || name.data[i] == '#' || name.data[i] == ':')
			slash = i + 1;
	name = span_slice(name, slash, SIZE_MAX);
	enum ld_kind kind = LD_IGNORED;
	unsigned char last = name.size ? ascii_lower((unsigned char)name.data[name.size - 1]) : 0;
	for (size_t i = 0; i < sizeof kind_rows / sizeof *kind_rows; i++) {
		struct span want = {kind_rows[i].name, kind_rows[i].size};
		if ((unsigned char)want.data[want.size - 1] != last || name.size < want.size ||
		    !span_equal_nocase(span_slice(name, name.size - want.size, want.size), want))
			continue;
		if (name.size == want.size)
			return kind_rows[i].kind;
		if (kind_rows[i].suffix)
			kind = kind_rows[i].kind;
	}
	return kind;
}

static enum ld_kind kind_of(const struct json *object, struct span *name)
{
	const struct json *type = json_get(object, "@type");
	enum ld_kind best = LD_IGNORED;
	*name = SPAN_NONE;
	const struct json *one = type && type->kind == JSON_ARRAY ? type->first : type;
	for (; one; one = one->next) {
		if (one->kind == JSON_STRING) {
			enum ld_kind kind = kind_of_name(one->text);
			if (kind == LD_ARTICLE || best == LD_IGNORED)
				best = kind, *name = one->text;
		}
		if (!type || type->kind != JSON_ARRAY)
			break;
	}
	return best;
}

/* Strings of VALUE: itself, or the members of an array. */
static struct span text_of(const struct json *value)
{
	while (value && value->kind == JSON_ARRAY)
		value = value->first;
	if (value && value->kind == JSON_OBJECT)
		value = json_get(value, "@value") ? json_get(value, "@value") : json_get(value, "name");
	while (value && value->kind == JSON_ARRAY)
		value = value->first;
	return value && value->kind == JSON_STRING ? value->text : SPAN_NONE;
}

static const struct json *by_id(const struct ld *ld, const struct json *object)
{
	struct span id = json_get_text(object, "@id");
	if (!id.data || json_get(object, "name"))
		return object;
	for (size_t i = 0; i < ld->id_count; i++)
		if (span_equal(ld->ids[i].id, id))
			return ld->ids[i].object;
	return object;
}

/* Names of VALUE (string, object, reference, array of these) joined by semicolons. PERSON is set when one says so. */
static struct span join_names(const struct ld *ld, const struct json *value, bool *person)
{
	struct buffer *out = &ld->reader->scratch;
	bool array = value && value->kind == JSON_ARRAY;
	buffer_clear(out);
	for (const struct json *one = array ? value->first : value; one; one = array ? one->next : NULL) {
		const struct json *object = one->kind == JSON_OBJECT ? by_id(ld, one) : one;
		struct span name = object->kind == JSON_STRING ? object->text : SPAN_NONE, type;
		if (object->kind == JSON_OBJECT) {
			name = text_of(json_get(object, "name"));
			if (!name.size && json_get(object, "givenName"))
				name = arena_print(ld->reader->arena, "%.*s %.*s",
						   SPAN_ARG(json_get_text(object, "givenName")),
						   SPAN_ARG(json_get_text(object, "familyName")));
			*person |= kind_of(object, &type) == LD_PERSON;
			const struct json *names = json_get(object, "name");
			if (names && names->kind == JSON_ARRAY)
				for (const struct json *more = names->first; more && more->next; more = more->next)
					if (more->kind == JSON_STRING && more != names->first)
						buffer_print(out, "%.*s; ", SPAN_ARG(more->text));
		}
		if (!name.size)
			continue;
		if (out->size)
			buffer_append_span(out, SPAN("; "));
		buffer_append_span(out, name);
	}
	return out->size ? arena_copy(ld->reader->arena, buffer_span(out)) : SPAN_NONE;
}

static void put(struct ld *ld, enum metadata_source source, struct span text)
{
	if (text.size)
		evidence_add(ld->reader, source, text, 0, false);
}

static void read_names(struct ld *ld, const struct json *object, bool article)
{
	bool person = false;
	struct span names = join_names(ld, json_get(object, "author"), &person);
	put(ld, !article ? AUTHOR_LD_LOOSE : person ? AUTHOR_LD_PERSON : AUTHOR_LD_OTHER, names);
	if (!article)
		return;
	put(ld, AUTHOR_LD_CREATOR, join_names(ld, json_get(object, "creator"), &person));
	put(ld, AUTHOR_LD_CREATOR, join_names(ld, json_get(object, "contributor"), &person));
	struct span publisher = text_of(json_get(object, "publisher"));
	const struct json *value = json_get(object, "publisher");
	if (!publisher.size && value && value->kind == JSON_OBJECT)
		publisher = text_of(json_get(by_id(ld, value), "name"));
	if (publisher.size && !ld->reader->publisher.size)
		ld->reader->publisher = publisher;
	struct span source = text_of(json_get(object, "sourceOrganization"));
	if (source.size && !ld->reader->source_name.size)
		ld->reader->source_name = source;
}

static void keep(struct span *field, struct span value)
{
	if (!field->size && value.size)
		*field = value;
}

static void read_rest(struct ld *ld, const struct json *object)
{
	struct metadata_reader *reader = ld->reader;
	struct span text = text_of(json_get(object, "description"));
	if (text.size)
		metadata_description(reader, text);
	const struct json *words = json_get(object, "keywords");
	if (words && words->kind == JSON_STRING)
		metadata_tags(reader, words->text);
	if (words && words->kind == JSON_ARRAY)
		for (const struct json *one = words->first; one; one = one->next)
			if (one->kind == JSON_STRING)
				metadata_tags(reader, one->text);
	keep(&reader->language, text_of(json_get(object, "inLanguage")));
	const struct json *license = json_get(object, "license");
	if (license && license->kind == JSON_OBJECT)
		license = json_get(license, "url") ? json_get(license, "url") : json_get(license, "@id");
	text = text_of(license);
	if (span_starts_nocase(text, SPAN("http")))
		keep(&reader->license, text);
	static const char *const bodies[] = {"articleBody", "reviewBody", "text"};
	for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
		text = json_get_text(object, bodies[i]);
		if (text.size > reader->body.size)
			reader->body = text;
	}
}

static void read_thing(struct ld *ld, const struct json *object, enum ld_kind kind, struct span type)
{
	struct metadata_reader *reader = ld->reader;
	bool article = kind == LD_ARTICLE && reader->ld_articles++ == 0;
	struct span name = text_of(json_get(object, "name"));
	if (kind == LD_SITE || kind == LD_ORGANISATION) {
		if (name.size && name.size < 100 && kind == LD_SITE && reader->site_name_count < 4)
			reader->site_names[reader->site_name_count++] = name;
		if (kind == LD_ORGANISATION && name.size)
			keep(&reader->publisher, name);
		return;
	}
	if (kind == LD_PERSON) {
		put(ld, AUTHOR_LD_LOOSE, name);
		return;
	}
	if (article) {
		reader->ld_article = true;
		reader->ld_type = type;
		put(ld, TITLE_LD_HEADLINE, text_of(json_get(object, "headline")));
		put(ld, TITLE_LD_NAME, name);
		put(ld, DATE_LD_PUBLISHED, text_of(json_get(object, "datePublished")));
		put(ld, DATE_LD_CREATED, text_of(json_get(object, "dateCreated")));
	} else {
		keep(&reader->ld_type, type);
		put(ld, TITLE_LD_PAGE, text_of(json_get(object, "headline")));
		put(ld, TITLE_LD_PAGE, name);
		put(ld, DATE_LD_PAGE, text_of(json_get(object, "datePublished")));
		put(ld, DATE_LD_PAGE, text_of(json_get(object, "dateCreated")));
		put(ld, DATE_LD_PAGE, text_of(json_get(object, "uploadDate")));
	}
	put(ld, DATE_LD_MODIFIED, text_of(json_get(object, "dateModified")));
	read_names(ld, object, article);
	if (article || !reader->ld_article)
		read_rest(ld, object);
}

/* Objects that describe the page hang below these keys. */
static bool leads_on(struct span key)
{
	static const char *const keys[] = {"@graph",  "mainEntity", "mainEntityOfPage", "subjectOf", "blogPost",
					   "hasPart", NULL};
	for (const char *const *at = keys; *at; at++)
		if (span_equal(key, span_of(*at)))
			return true;
	return false;
}

static void note_id(struct ld *ld, const struct json *object)
{
	struct span id = json_get_text(object, "@id");
	if (id.data && ld->id_count < IDS_MAX && json_get(object, "name")) {
		ld->ids[ld->id_count].id = id;
		ld->ids[ld->id_count++].object = object;
	}
}

/* All objects of the tree in document order; REACHED only those that describe the page. */
static void walk(struct ld *ld, const struct json *root, bool reached)
{
	const struct json *stack[STACK_MAX];
	size_t depth = 0;
	stack[depth++] = root;
	while (depth) {
		const struct json *node = stack[--depth];
		if (node->next && node != root && depth < STACK_MAX)
			stack[depth++] = node->next;
		if (node->kind != JSON_OBJECT && node->kind != JSON_ARRAY)
			continue;
		struct span type;
		if (node->kind == JSON_OBJECT && !reached) {
			note_id(ld, node);
		} else if (node->kind == JSON_OBJECT) {
			if (node != root && node->key.data && !leads_on(node->key))
				continue;
			enum ld_kind kind = kind_of(node, &type);
			if (kind != LD_IGNORED)
				read_thing(ld, node, kind, type);
		} else if (reached && node != root && node->key.data && !leads_on(node->key)) {
			continue;
		}
		if (node->first && depth < STACK_MAX)
			stack[depth++] = node->first;
	}
}

/* ---- What is not JSON ----------------------------------------------------------------------------------- */

static struct span strip_wrapping(struct span text)
{
	static const char *const front[] = {"<!--",      "//<![CDATA[",  "/*<![CDATA[*/",
					    "<![CDATA[", "// <![CDATA[", "/* <![CDATA[ */"};
	text = span_trim(text);
	for (size_t i = 0; i < sizeof front / sizeof *front; i++)
		if (span_starts(text, span_of(front[i])))
			text = span_trim(span_slice(text, span_of(front[i]).size, SIZE_MAX));
	size_t start = 0;
	while (start < text.size && text.data[start] != '{' && text.data[start] != '[' && start < 200)
		start++;
	if (start < 200)
		text = span_slice(text, start, SIZE_MAX);
	size_t end = text.size;
	while (end && text.data[end - 1] != '}' && text.data[end - 1] != ']')
		end--;
	return end ? span_slice(text, 0, end) : text;
}

/* Control characters to blanks, no comma before a closing bracket, &quot; to a quote where quotes are written so, a
 * quote inside a string escaped when what follows can not follow a string. */
static struct span repair(struct ld *ld, struct span text)
{
	struct buffer *out = &ld->reader->text;
	bool references = span_find(span_slice(text, 0, 64), SPAN("&quot;")) != SIZE_MAX;
	bool in_string = false;
	buffer_clear(out);
	for (size_t i = 0; i < text.size; i++) {
		char c = text.data[i];
		if (references && c == '&' && span_starts(span_slice(text, i, 6), SPAN("&quot;"))) {
			c = '"';
			i += 5;
		}
		if ((unsigned char)c < ' ')
			c = ' ';
		if (in_string && c == '\\' && i + 1 < text.size) {
			char next = text.data[i + 1];
			if (strchr("\"\\/bfnrtu", next) && next) {
				buffer_append_byte(out, c);
				buffer_append_byte(out, next);
			} else if ((unsigned char)next >= ' ') {
				buffer_append_byte(out, next);
			}
			i++;
			continue;
		}
		if (c == '"' && in_string) {
			size_t after = i + 1;
			while (after < text.size && ascii_is_space((unsigned char)text.data[after]))
				after++;
			if (!references && after < text.size && !strchr(",:}]", text.data[after])) {
				buffer_append_span(out, SPAN("\\\""));
				continue;
			}
		}
		if (c == '"')
			in_string = !in_string;
		if (!in_string && c == ',') {
			size_t after = i + 1;
			while (after < text.size && ascii_is_space((unsigned char)text.data[after]))
				after++;
			if (after < text.size && strchr("}],", text.data[after]))
				continue;
		}
		buffer_append_byte(out, c);
	}
	return arena_copy(ld->reader->arena, buffer_span(out));
}

/* The string behind "KEY": in bytes that are nearly JSON; escapes stay. */
static struct span loose_value(struct span text, const char *key, struct span *rest)
{
	struct span name = span_of(key);
	*rest = SPAN_NONE;
	for (;;) {
		size_t at = span_find(text, name);
		if (at == SIZE_MAX)
			return SPAN_NONE;
		text = span_slice(text, at + name.size, SIZE_MAX);
		if (!text.size || *text.data != '"')
			continue;
		struct span value = span_trim(span_slice(text, 1, SIZE_MAX));
		if (!value.size || *value.data != ':')
			continue;
		value = span_trim(span_slice(value, 1, SIZE_MAX));
		*rest = value;
		if (!value.size || *value.data != '"')
			return SPAN_NONE;
		size_t end = 1;
		while (end < value.size && (value.data[end] != '"' || value.data[end - 1] == '\\'))
			end++;
		return span_slice(value, 1, end - 1);
	}
}

static void read_loose(struct ld *ld, struct span text)
{
	static const struct {
		const char *key;
		uint8_t source;
	} rows[] = {{"headline", TITLE_LD_HEADLINE},
		    {"datePublished", DATE_LD_PUBLISHED},
		    {"dateCreated", DATE_LD_CREATED},
		    {"dateModified", DATE_LD_MODIFIED}};
	struct span rest;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		put(ld, rows[i].source, loose_value(text, rows[i].key, &rest));
	struct span author = loose_value(text, "author", &rest);
	if (!author.size && rest.size)
		author = loose_value(span_slice(rest, 0, 400), "name", &rest);
	put(ld, AUTHOR_LD_OTHER, author);
	struct span body = loose_value(text, "articleBody", &rest);
	if (body.size > ld->reader->body.size)
		ld->reader->body = body;
}

void metadata_jsonld(struct metadata_reader *reader, struct span script)
{
	struct ld ld = {.reader = reader};
	script = span_trim(script);
	if (script.size < 2 || script.size > SCRIPT_MAX)
		return;
	const struct json *root;
	enum status status = json_parse_within(reader->arena, script, 0, &root, NULL);
	if (status == STATUS_DATA) {
		script = strip_wrapping(script);
		struct span repaired = repair(&ld, script);
		status = repaired.size ? json_parse_within(reader->arena, repaired, 0, &root, NULL) : STATUS_DATA;
	}
	if (status != STATUS_OK) {
		read_loose(&ld, script);
		return;
	}
	walk(&ld, root, false);
	walk(&ld, root, true);
}

#define KEY(text)                                                                                                      \
	{                                                                                                              \
		text, sizeof(text) - 1                                                                                 \
	}
static const struct span script_keys[] = {
	KEY("datePublished"),      KEY("publishDate"),  KEY("publishedAt"),          KEY("published_at"),
	KEY("publishedDate"),      KEY("pubDate"),      KEY("published_time"),       KEY("publicationDate"),
	KEY("publish_date"),       KEY("publish_time"), KEY("article_publish_date"), KEY("datePosted"),
	KEY("articlePublishDate"), KEY("displayDate"),  KEY("firstPublished"),       KEY("published"),
	KEY("page_publish_date"),  KEY("dateCreated"),  KEY("created_at"),           KEY("createdAt")};
enum { SCRIPT_KEYS = sizeof script_keys / sizeof *script_keys };

/* For each key what stands behind its first use as one, "KEY":, in one pass over the quotes. A key may be the end of a
 * longer one. */
static void find_keys(struct span script, struct span rests[SCRIPT_KEYS])
{
	const char *at = script.data, *end = at + script.size;
	while (at < end && (at = memchr(at, '"', (size_t)(end - at)))) {
		const char *value = at + 1;
		while (value < end && ascii_is_space((unsigned char)*value))
			value++;
		unsigned char last = at > script.data ? (unsigned char)at[-1] : 0;
		struct span name = {script.data, (size_t)(at - script.data)};
		at++;
		if (value == end || *value != ':' || (last != 'd' && last != 'e' && last != 't'))
			continue;
		char before = at - script.data > 2 ? at[-3] : 0; /* the key's last but one */
		for (size_t k = 0; k < SCRIPT_KEYS; k++)
			if (!rests[k].data && script_keys[k].data[script_keys[k].size - 2] == before &&
			    span_ends(name, script_keys[k]))
				rests[k] = span_trim((struct span){value + 1, (size_t)(end - value) - 1});
	}
}

/* The string, or the digits, at the start of REST. */
static struct span script_value(struct span rest)
{
	size_t end = 0;
	if (rest.size && *rest.data == '"') {
		for (end = 1; end < rest.size && (rest.data[end] != '"' || rest.data[end - 1] == '\\');)
			end++;
		struct span value = span_slice(rest, 1, end - 1);
		if (value.size)
			return value;
	}
	for (end = 0; end < rest.size && end < 15 && ascii_is_digit((unsigned char)rest.data[end]);)
		end++;
	return span_slice(rest, 0, end);
}

void metadata_scripts(struct metadata_reader *reader)
{
	struct span rests[LD_MAX][SCRIPT_KEYS];
	memset(rests, 0, reader->script_count * sizeof *rests);
	for (size_t i = 0; i < reader->script_count; i++)
		find_keys(reader->scripts[i], rests[i]);
	for (size_t k = 0; k < SCRIPT_KEYS; k++)
		for (size_t i = 0; i < reader->script_count; i++) {
			struct span value = script_value(rests[i][k]);
			if (value.size >= 8 && value.size < 60)
				evidence_add(reader, DATE_SCRIPT, value, 0, false);
		}
}
