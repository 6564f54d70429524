/* The program: soup COUNT parses COUNT generated pages of random markup and prints one digest of all their trees. Built
 * twice, with vectors and with WARCMILL_PLAIN, both must print the same. */
#include "extract/html.h"

#include <stdio.h>
#include <stdlib.h>

/* clang-format off */
static const char *const pieces[] = {
	"<p>", "</p>", "<b>", "</b>", "<i class=x>", "</i>", "<a href=\"/path/to/some/page?with=query&amp;and=more\">", "</a>",
	"<table>", "<tr>", "<td>", "</td>", "</table>", "<div class=\"a somewhat longer class attribute, to cross blocks\">",
	"</div>", "<svg viewBox='0 0 1 1'>", "</svg>", "<math><mi>", "</math>", "<template>", "</template>", "<select><option>",
	"</select>", "<script>if (a < b && c > d) { e(\"</div>\"); }</script>", "<!-- comment - with -- dashes --->", "<br/>",
	"<style>a > b { c: d }</style>", "<title>t &amp; u</title>", "<custom-element data-long-attribute-name-here='v'>",
	"</custom-element>", "text ", "some text that is longer than a vector of sixteen bytes, and than one of sixty-four bytes too ",
	"&nbsp;", "&copy", "&#x20AC;", "\r\n", "\t", "<", "</", "< ", "<!doctype html>", "<ul><li>", "</ul>", "<IMG SRC=x ALT='y\rz'>",
	"\xC3\xA9\xE2\x82\xAC", "<textarea>\n", "</textarea>", "<?php echo 1 ?>", "<a\vb\f=c>", "<pre>\n\n", "</pre>",
};
/* clang-format on */

static uint64_t dice(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

int main(int argc, char **argv)
{
	uint64_t random = 88172645463325252u, digest = 0;
	struct html_parser *parser = html_parser_new(NULL);
	struct buffer dump;
	buffer_init(&dump, (size_t)1 << 26);
	if (parser == NULL || argc < 2)
		return 64;
	for (long count = strtol(argv[1], NULL, 10); count > 0; count--) {
		struct buffer page;
		buffer_init(&page, 1 << 20);
		for (uint64_t n = 1 + dice(&random) % 60; n > 0; n--) {
			const char *piece = pieces[dice(&random) % (sizeof pieces / sizeof *pieces)];
			buffer_append(&page, piece, strlen(piece));
		}
		if (dice(&random) % 4 == 0) /* end anywhere */
			page.size =
				utf8_valid_prefix((struct span){page.data, page.size * (dice(&random) % 100) / 100});
		char *exact = malloc(page.size + 1); /* so that reading outside is seen */
		if (exact == NULL)
			return 74;
		memcpy(exact, page.data, page.size);
		const struct html_tree *tree;
		html_parse(parser, (struct span){exact, page.size}, &tree);
		buffer_clear(&dump);
		html_dump(tree, html_root(tree), &dump);
		digest = hash64(dump.data, dump.size, digest);
		free(exact);
		buffer_free(&page);
	}
	printf("%016llx\n", (unsigned long long)digest);
	html_parser_free(parser);
	buffer_free(&dump);
	return 0;
}
