/* html_names: names to ids and back.
 *
 * A name's first 16 bytes in lower case are two 64-bit words; two multiplications give the slot of a table made
 * without collisions by extract/gen/html_names.py, and one comparison decides. No branch on the name's length, and
 * the table of a page's few dozen names stays in the first-level cache. */
#include "extract/html_names_internal.h"

static struct name_key key_of(struct span name)
{
	char folded[16] = {0};
	for (size_t i = 0; i < name.size && i < 16; i++)
		folded[i] = (char)ascii_lower((unsigned char)name.data[i]);
	struct name_key key;
	block_halves(block_load(folded), &key.low, &key.high);
	return key;
}

enum html_tag html_tag_of(struct span name)
{
	return name_tag(key_of(name), name.size);
}

enum html_attr html_attr_of(struct span name)
{
	return name_attr(key_of(name), name.data, name.size);
}

struct span html_tag_name(enum html_tag tag)
{
	return (struct span){html_tag_names[tag].name, html_tag_names[tag].size};
}

struct span html_attr_name(enum html_attr attr)
{
	return (struct span){html_attr_names[attr].name, html_attr_names[attr].size};
}

static struct span case_find(const char *const *table, size_t count, struct span name)
{
	size_t from = 0, to = count;
	while (from < to) {
		size_t middle = (from + to) / 2, i = 0;
		const char *entry = table[middle];
		while (i < name.size && entry[i] && ascii_lower((unsigned char)entry[i]) == (unsigned char)name.data[i])
			i++;
		if (i == name.size && !entry[i])
			return span_of(entry);
		if (i == name.size || (entry[i] && ascii_lower((unsigned char)entry[i]) > (unsigned char)name.data[i]))
			to = middle;
		else
			from = middle + 1;
	}
	return name;
}

struct span html_svg_tag_case(struct span name)
{
	return case_find(html_svg_tag_case_table, sizeof html_svg_tag_case_table / sizeof *html_svg_tag_case_table,
			 name);
}

struct span html_attr_case(struct span name, enum html_namespace ns)
{
	if (ns == HTML_NS_SVG)
		return case_find(html_svg_attr_case_table,
				 sizeof html_svg_attr_case_table / sizeof *html_svg_attr_case_table, name);
	if (ns == HTML_NS_MATHML && span_equal(name, SPAN("definitionurl")))
		return SPAN("definitionURL");
	return name;
}
