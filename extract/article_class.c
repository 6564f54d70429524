/* article_class: tells pages that are no article apart, with the reason.
 *
 * The order is that of evidence: nothing there; a title that says "not found", and little text; a password field, and
 * little text; text that speaks of little but cookies; a search page by title or address; a page of many teasers and no
 * body of its own. Each phrase is a row; a phrase alone never rejects a page with a real body. */
#include "extract/article_internal.h"

enum page_class { CLASS_ERROR, CLASS_CHALLENGE, CLASS_LOGIN, CLASS_SEARCH, CLASS_COUNT };

static const char *const class_names[CLASS_COUNT] = {"error-page", "bot-check", "log-in", "search-results"};
/* Most words that a page of the class can keep: beyond, its title is a headline ("404 days in prison"). */
static const uint32_t class_words[CLASS_COUNT] = {120, 120, 100, 400};

/* Title phrases: the whole title, its beginning, or anywhere. */
enum where { WHOLE, BEGINS, HOLDS };
static const struct title_phrase {
	uint8_t class, where;
	const char *phrase;
} title_phrases[] = {
	{CLASS_ERROR, BEGINS, "404"},
	{CLASS_ERROR, BEGINS, "403"},
	{CLASS_ERROR, BEGINS, "410"},
	{CLASS_ERROR, BEGINS, "500"},
	{CLASS_ERROR, BEGINS, "502"},
	{CLASS_ERROR, BEGINS, "503"},
	{CLASS_ERROR, BEGINS, "error 4"},
	{CLASS_ERROR, BEGINS, "error 5"},
	{CLASS_ERROR, WHOLE, "error"},
	{CLASS_ERROR, HOLDS, "page not found"},
	{CLASS_ERROR, WHOLE, "not found"},
	{CLASS_ERROR, BEGINS, "not found"},
	{CLASS_ERROR, HOLDS, "page unavailable"},
	{CLASS_ERROR, HOLDS, "no longer available"},
	{CLASS_ERROR, BEGINS, "access denied"},
	{CLASS_ERROR, BEGINS, "forbidden"},
	{CLASS_ERROR, HOLDS, "internal server error"},
	{CLASS_ERROR, HOLDS, "service unavailable"},
	{CLASS_ERROR, HOLDS, "bad gateway"},
	{CLASS_ERROR, HOLDS, "gateway timeout"},
	{CLASS_ERROR, HOLDS, "site is under maintenance"},
	{CLASS_ERROR, HOLDS, "account suspended"},
	{CLASS_ERROR, HOLDS, "seite nicht gefunden"},
	{CLASS_ERROR, HOLDS, "page introuvable"},
	{CLASS_ERROR, HOLDS, "page non trouv"},
	{CLASS_ERROR, HOLDS, "gina no encontrada"},
	{CLASS_ERROR, HOLDS, "gina n\xc3\xa3o encontrada"},
	{CLASS_ERROR, HOLDS, "pagina non trovata"},
	{CLASS_ERROR, HOLDS, "pagina niet gevonden"},
	{CLASS_ERROR, HOLDS, "sidan hittades inte"},
	{CLASS_ERROR, HOLDS, "siden blev ikke fundet"},
	{CLASS_ERROR, HOLDS, "nie znaleziono strony"},
	{CLASS_ERROR, HOLDS, "sayfa bulunamad"},
	{CLASS_ERROR, HOLDS,
	 "\xd1\x81\xd1\x82\xd1\x80\xd0\xb0\xd0\xbd\xd0\xb8\xd1\x86\xd0\xb0 \xd0\xbd\xd0\xb5 "
	 "\xd0\xbd\xd0\xb0\xd0\xb9\xd0\xb4\xd0\xb5\xd0\xbd\xd0\xb0"},
	{CLASS_ERROR, HOLDS, "\xe9\xa1\xb5\xe9\x9d\xa2\xe4\xb8\x8d\xe5\xad\x98\xe5\x9c\xa8"},
	{CLASS_ERROR, HOLDS,
	 "\xe3\x83\x9a\xe3\x83\xbc\xe3\x82\xb8\xe3\x81\x8c\xe8\xa6\x8b\xe3\x81\xa4\xe3\x81\x8b\xe3\x82\x8a"},
	{CLASS_CHALLENGE, BEGINS, "just a moment"},
	{CLASS_CHALLENGE, BEGINS, "attention required"},
	{CLASS_CHALLENGE, HOLDS, "are you a robot"},
	{CLASS_CHALLENGE, HOLDS, "are you human"},
	{CLASS_CHALLENGE, HOLDS, "captcha"},
	{CLASS_CHALLENGE, BEGINS, "verify you are"},
	{CLASS_CHALLENGE, HOLDS, "checking your browser"},
	{CLASS_CHALLENGE, BEGINS, "pardon our interruption"},
	{CLASS_CHALLENGE, BEGINS, "ddos-guard"},
	{CLASS_LOGIN, BEGINS, "log in"},
	{CLASS_LOGIN, BEGINS, "login"},
	{CLASS_LOGIN, BEGINS, "sign in"},
	{CLASS_LOGIN, BEGINS, "sign up"},
	{CLASS_LOGIN, BEGINS, "register"},
	{CLASS_LOGIN, BEGINS, "create account"},
	{CLASS_LOGIN, BEGINS, "anmelden"},
	{CLASS_LOGIN, BEGINS, "anmeldung"},
	{CLASS_LOGIN, BEGINS, "connexion"},
	{CLASS_LOGIN, BEGINS, "iniciar sesi"},
	{CLASS_LOGIN, BEGINS, "accedi"},
	{CLASS_LOGIN, BEGINS, "inloggen"},
	{CLASS_LOGIN, BEGINS, "zaloguj"},
	{CLASS_LOGIN, BEGINS, "\xd0\xb2\xd1\x85\xd0\xbe\xd0\xb4"},
	{CLASS_SEARCH, BEGINS, "search results"},
	{CLASS_SEARCH, BEGINS, "search:"},
	{CLASS_SEARCH, WHOLE, "search"},
	{CLASS_SEARCH, BEGINS, "you searched for"},
	{CLASS_SEARCH, BEGINS, "results for"},
	{CLASS_SEARCH, BEGINS, "suchergebnis"},
	{CLASS_SEARCH, WHOLE, "suche"},
	{CLASS_SEARCH, BEGINS, "r\xc3\xa9sultats de"},
	{CLASS_SEARCH, BEGINS, "resultados de"},
	{CLASS_SEARCH, BEGINS, "zoekresultaten"},
	{CLASS_SEARCH, BEGINS, "risultati della ricerca"}};

static bool phrase_matches(struct span title, const struct title_phrase *row)
{
	struct span phrase = span_of(row->phrase);
	switch (row->where) {
	case WHOLE:
		return span_equal_nocase(title, phrase);
	case BEGINS: /* and a whole word, where it is a number */
		return span_starts_nocase(title, phrase) &&
		       (!ascii_is_digit((unsigned char)phrase.data[0]) || title.size == phrase.size ||
			!ascii_is_digit((unsigned char)title.data[phrase.size]));
	default:
		return span_find_nocase(title, phrase) != SIZE_MAX;
	}
}

static const char *class_by_title(const struct page_metadata *metadata, uint32_t words)
{
	const struct span titles[2] = {metadata->title, metadata->title_full};
	for (int k = 0; k < 2; k++)
		for (size_t i = 0; titles[k].size && i < sizeof title_phrases / sizeof *title_phrases; i++)
			if (words <= class_words[title_phrases[i].class] &&
			    phrase_matches(titles[k], &title_phrases[i]))
				return class_names[title_phrases[i].class];
	return NULL;
}

static bool has_password_field(const struct html_tree *tree)
{
	for (uint32_t node = html_root(tree); node != HTML_NONE; node = html_walk(tree, node, html_root(tree)))
		if (html_tag(tree, node) == HTML_TAG_INPUT &&
		    span_equal_nocase(html_attr(tree, node, HTML_ATTR_TYPE), SPAN("password")))
			return true;
	return false;
}

/* Words of consent; a text in which they come thick is a wall, not an article on cookies. */
static const char *const consent_words[] = {
	"cookie",
	"consent",
	"privacy policy",
	"personal data",
	"legitimate interest",
	"einwilligung",
	"datenschutz",
	"zustimm",
	"consentement",
	("donn\xc3\xa9"
	 "es personnelles"),
	"consentimiento",
	"consenso",
	"toestemming",
	"samtycke",
	"samtykke",
	"zgod",
	"partners",
	"partnern",
	"partenaires",
};

static bool is_consent(struct span text, uint32_t words)
{
	uint32_t hits = 0;
	for (size_t i = 0; i < sizeof consent_words / sizeof *consent_words; i++) {
		struct span rest = text, word = span_of(consent_words[i]);
		for (size_t at; (at = span_find_nocase(rest, word)) != SIZE_MAX; hits++)
			rest = span_slice(rest, at + word.size, rest.size);
	}
	return hits >= 4 && hits * 100 >= words * 4;
}

static bool is_search_address(struct span address)
{
	struct url url;
	if (!address.size || !url_parse(address, &url))
		return false;
	return span_starts_nocase(url.path, SPAN("/search")) || span_starts_nocase(url.path, SPAN("/suche")) ||
	       span_starts(url.query, SPAN("s=")) || (span_starts(url.query, SPAN("q=")) && url.path.size < 16);
}

/* Many teasers, no body: short kept blocks that are mostly links or single sentences, spread over the page. */
static bool is_front(const struct article_extractor *extractor, const struct page *page, const struct article *article)
{
	const struct blocks *blocks = &extractor->blocks;
	const struct page_facts *facts = &extractor->features.facts;
	uint32_t kept = 0, sentences = 0, links = 0, chars = 0, gaps = 0, headlines = 0;
	size_t last = 0;
	for (size_t i = 0; i < blocks->count && blocks->count == article->block_count; i++) {
		if (!extractor->out[i].kept)
			continue;
		const struct block *b = &blocks->items[i];
		gaps += kept && i - last > 3;
		last = i;
		kept++;
		sentences += b->words >= 25 * WORD;
		headlines += b->words >= 3 * WORD && b->link_chars * 10 >= b->chars * 8;
		links += b->link_chars;
		chars += b->chars;
	}
	bool address_of_front = false;
	struct url url;
	if (page->url.size && url_parse(page->url, &url))
		address_of_front = url.path.size <= 1 && !url.query.size;
	bool linked = links * 10 >= chars * 6, thin = sentences * 6 <= kept;
	bool page_linked = facts->link_chars * 2 >= facts->chars;
	if (article->metadata.ld_article || sentences >= 8)
		return false;
	/* A linked headline to every sentence or two: the teasers of other pages. */
	bool teasers = headlines >= 5 && headlines * 10 >= kept * 4;
	return (teasers && thin) || (linked && kept >= 8) || (page_linked && thin && gaps >= 6) ||
	       (address_of_front && page_linked && thin);
}

const char *article_class(const struct article_extractor *extractor, const struct page *page,
			  const struct article *article)
{
	enum { FEW_WORDS = 20, LOGIN_WORDS = 35, CONSENT_WORDS = 300, SEARCH_WORDS = 400 };
	if (extractor->features.facts.words < 3 * WORD && !article->words)
		return "empty";
	const char *class = class_by_title(&article->metadata, article->words);
	if (class)
		return class;
	if (article->words < LOGIN_WORDS && has_password_field(page->tree))
		return "log-in";
	if (article->words < CONSENT_WORDS && is_consent(article->text, article->words))
		return "cookie-wall";
	if (article->words < FEW_WORDS)
		return "too-short";
	if (article->words < SEARCH_WORDS && is_search_address(page->url))
		return "search-results";
	return is_front(extractor, page, article) ? "section-front" : NULL;
}
