/* parsers: other programs' HTML parsers on the same pages, where their libraries were there when this was built. */
#include "bench/stages.h"

#ifdef BENCH_HAVE_GUMBO
#include <gumbo.h>

static bool parse_gumbo(void *context, struct work *work)
{
	struct fixture *fixture = context;
	for (size_t i = 0; i < fixture->page_count; i++) {
		struct span html = fixture->pages[i].html;
		GumboOutput *output = gumbo_parse_with_options(&kGumboDefaultOptions, html.data, html.size);
		if (!output)
			return false;
		work->check += output->root->v.element.children.length;
		gumbo_destroy_output(&kGumboDefaultOptions, output);
	}
	work->bytes = fixture->html_bytes;
	work->units = fixture->page_count;
	return true;
}
#else
#define parse_gumbo NULL
#endif

#ifdef BENCH_HAVE_LIBXML2
#include <libxml/HTMLparser.h>

static bool parse_libxml2(void *context, struct work *work)
{
	struct fixture *fixture = context;
	int options = HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING | HTML_PARSE_NONET;
	for (size_t i = 0; i < fixture->page_count; i++) {
		struct span html = fixture->pages[i].html;
		htmlDocPtr document = htmlReadMemory(html.data, (int)html.size, NULL, "UTF-8", options);
		work->check += document && document->children;
		xmlFreeDoc(document);
	}
	work->bytes = fixture->html_bytes;
	work->units = fixture->page_count;
	return true;
}
#else
#define parse_libxml2 NULL
#endif

#ifdef BENCH_HAVE_MYHTML
#include <myhtml/api.h>

static bool parse_myhtml(void *context, struct work *work)
{
	struct fixture *fixture = context;
	myhtml_t *myhtml = myhtml_create();
	if (!myhtml || myhtml_init(myhtml, MyHTML_OPTIONS_PARSE_MODE_SINGLE, 1, 0))
		return false;
	myhtml_tree_t *tree = myhtml_tree_create();
	bool good = tree && !myhtml_tree_init(tree, myhtml);
	for (size_t i = 0; good && i < fixture->page_count; i++) {
		struct span html = fixture->pages[i].html;
		good = !myhtml_parse(tree, MyENCODING_UTF_8, html.data, html.size);
		work->check += myhtml_tree_get_node_body(tree) != NULL;
		myhtml_tree_clean(tree);
	}
	myhtml_tree_destroy(tree);
	myhtml_destroy(myhtml);
	work->bytes = fixture->html_bytes;
	work->units = fixture->page_count;
	return good;
}
#else
#define parse_myhtml NULL
#endif

void parsers_add(struct tasks *tasks, struct fixture *fixture)
{
	static const struct task parsers[] = {
		{"gumbo", "peer", "gumbo's tree, made and destroyed", "page", "scan", NULL, parse_gumbo, NULL, false},
		{"libxml2", "peer", "libxml2's HTML tree, made and destroyed", "page", "scan", NULL, parse_libxml2,
		 NULL, false},
		{"myhtml", "peer", "myhtml's tree, one thread, tree object reused", "page", "scan", NULL, parse_myhtml,
		 NULL, false},
	};
	for (size_t i = 0; i < sizeof parsers / sizeof *parsers; i++) {
		struct task task = parsers[i];
		task.context = fixture;
		if (!task.run)
			task.absent = "its library was not there when warcmill-bench was built";
		tasks_add(tasks, task);
	}
}
